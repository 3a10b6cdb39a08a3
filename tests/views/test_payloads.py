"""Hostile texts in every name that a table has, on every page, in Chromium.

All 150 with PAYLOADS=1, else every sixth.
"""

import itertools
import json
import os
from pathlib import Path

import pytest

from mnprofile.base.escape import visible
from mnprofile.cli import main
from tests.conftest import GOOD_V2
from tests.views.browsing import Watched

ACTIONS = ("alert(1)", "fetch('https://example.com/x')", "location='//example.com'")
SHAPES = (
    "<script>{}</script>",
    "</script><script>{}</script>",
    "</title><img src=x onerror={}>",
    '"><svg onload={}>',
    "' onmouseover='{}' x='",
    "javascript:{}",
    '<a href="javascript:{}">x</a>',
    "<iframe srcdoc='<script>{}</script>'>",
    "<math><mi xlink:href='javascript:{}'>x</mi></math>",
    "<style>@import '//example.com/{}'</style>",
    "]]><script>{}</script><!--",
    "{{{{ {} }}}}{{% raw %}}",
    "${{{}}} `{}` %{{customdata}}",
    "<details open ontoggle={}>",
    "<form action='//example.com/{}'><button>",
    "<link rel=stylesheet href=//example.com/{}>",
    "<base href=//example.com/{}>",
)
WRAPS = ("{}", "a\u202e{}\u2066", "&lt;{}&gt;")
PAYLOADS = tuple(
    wrap.format(shape.format(action, action) if shape.count("{}") else shape)
    for wrap, shape, action in itertools.product(WRAPS, SHAPES, ACTIONS)
)[:150]
BATCH = 25
WHOLE = bool(os.environ.get("PAYLOADS"))  # else every sixth
SHOWN = PAYLOADS if WHOLE else PAYLOADS[::6]


def tables(folder: Path, payloads: tuple[str, ...]) -> list[str]:
    """One small table per payload: file, title, source, name, alias and erratum."""
    paths = []
    for index, payload in enumerate(payloads):
        text = GOOD_V2.replace("# Tiny", f"# {payload}", 1)
        text = text.replace("By hand.", payload.replace("\n", " "), 1)
        text = text.replace(
            'name = "tiny"',
            f"name = {json.dumps(payload)}\naliases = [{json.dumps(payload[:80])}]",
        )
        cell = payload.replace("|", "\\|")
        text += (
            "\n## Errata\n\n| Row | Column | Printed | Read as | Why |\n"
            f"|---|---|---|---|---|\n| 1 | s | 2 | 2 | {cell} |\n"
        )
        path = folder / f"{index} {payload.replace('/', '_')[:50]}.md"
        path.write_text(text, "utf-8")
        paths.append(str(path))
    return paths


def written(folder: Path, payloads: tuple[str, ...]) -> list[str]:
    """Every page that these names reach."""
    paths = tables(folder, payloads)
    site = folder / "site"
    assert main(["report", *paths, "-o", str(site)]) == 0
    pages = ["index.html", "ci.html", "sweep.html"]
    for at in range(0, len(paths), 6):
        some = [*paths[at : at + 6], paths[0]][:6]
        assert (
            main(["diff", *some, "--by", "layer", "-o", str(site / f"d{at}.html")]) == 0
        )
        pages.append(f"d{at}.html")
    config = folder / "b.toml"
    lines = []
    for path, payload in zip(paths, payloads, strict=True):
        name, arch = json.dumps(payload), json.dumps(path)
        lines.append(f"[[tool.mnprofile.budget]]\nname = {name}\narch = {arch}")
        lines.append(f"max-macs = 1\nmessage = {name}\n")
    config.write_text("\n".join(lines), "utf-8")
    assert main(["ci", "--config", str(config), "--html", str(site / "ci.html")]) == 1
    swept = ["-o", str(folder / "rows.csv"), "--plot", str(site / "sweep.html")]
    assert main(["sweep", *paths, *swept]) == 0
    return pages


def test_there_are_150_payloads() -> None:
    assert len(set(PAYLOADS)) == 150


@pytest.mark.parametrize("at", range(0, len(SHOWN), BATCH))
def test_no_name_is_more_than_text(at: int, watched: Watched, tmp_path: Path) -> None:
    """No script, link, request or element of theirs; the report shows each as text."""
    payloads = SHOWN[at : at + BATCH]
    pages = written(tmp_path, payloads)

    for name in pages:
        page = watched.open(tmp_path / "site" / name)
        page.evaluate(
            "document.querySelectorAll('details').forEach((d) => { d.open = true; })"
        )
        page.wait_for_timeout(300)
        assert page.locator("img, iframe, object, base, body link").count() == 0, name
        links = page.evaluate(
            "[...document.querySelectorAll('a[href], area[href]')].map((a) => a.href)"
        )
        assert all(link.startswith(page.url.split("#")[0] + "#") for link in links)
        handlers = page.evaluate(
            "[...document.querySelectorAll('*')].flatMap((one) => [...one.attributes])"
            ".filter((one) => one.name.startsWith('on')).length"
        )
        assert handlers == 0, name
        if name == "index.html":
            text = " ".join(page.inner_text("body").split())
            for payload in payloads:
                assert " ".join(visible(payload).split()) in text
    assert len(watched.requests) == len(pages)
    assert watched.complaints == []
