"""Hostile texts in every name that a table has, on every page, in Chromium."""

import json
from itertools import cycle, islice, product
from pathlib import Path

import pytest

from mnprofile.base.escape import visible
from mnprofile.cli import main
from tests.conftest import GOOD_V1, spoiled
from tests.sampling import sampled
from tests.views.browsing import Watched, unfold

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
PLAIN = (
    "https://example.com/<!--",
    "{{ 7 * 7 }}{% raw %}",
    "a\u202eb\u200b\u2066c",
    "<b>bold</b> &amp; %{customdata} `x` ${1}",
    "-->]]><style>*{display:none}</style>",
    '<a href="https://example.com">link</a>',
)
# Each of 17 shapes with each of nine actions in wraps: the first 25 have all of both.
PAYLOADS = PLAIN + tuple(
    wrap.format(shape.format(action, action) if shape.count("{}") else shape)
    for shape, (wrap, action) in islice(
        zip(cycle(SHAPES), cycle(product(WRAPS, ACTIONS)), strict=False), 150
    )
)
BATCH = 26


def tables(folder: Path, payloads: tuple[str, ...]) -> list[str]:
    """One small table per payload: file, title, source, name, alias and erratum."""
    paths = []
    for index, payload in enumerate(payloads):
        names = json.dumps(payload), json.dumps([payload[:80]])
        text = spoiled(
            GOOD_V1,
            ("# Tiny V1\n", f"# {payload}\n\n{payload}\n"),
            ('name = "tiny_v1"', "name = {}\naliases = {}".format(*names)),
        )
        cell = payload.replace("|", "\\|")
        text += (
            "\n## Errata\n\n| Row | Column | Printed | Read as | Why |\n"
            "|---|---|---|---|---|\n"
            f"| 1 | Type / Stride | Conv / s2 | Conv / s2 | {cell} |\n"
        )
        path = folder / f"{index} {payload.replace('/', '_')[:50]}.md"
        path.write_text(text, "utf-8")
        paths.append(str(path))
    return paths


def written(folder: Path, payloads: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    """Every page that these names reach, and which of them it shows."""
    paths = tables(folder, payloads)
    site = folder / "site"
    assert main(["report", *paths, "-o", str(site)]) == 0
    several = ["diff", *paths[:6], "--by", "layer", "-o", str(site / "several.html")]
    assert main(several) == 0
    assert main(["diff", *paths[-2:], "-o", str(site / "diff.html")]) == 0
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
    return {
        "index.html": payloads,
        "several.html": payloads[:6],
        "diff.html": payloads[-2:],
        "ci.html": payloads,
        "sweep.html": (),
    }


def test_there_are_156_payloads() -> None:
    assert len(set(PAYLOADS)) == 156
    first = PAYLOADS[:BATCH]
    for parts in (PLAIN, ACTIONS, (wrap.split("{}")[0] for wrap in WRAPS)):
        assert all(any(part in text for text in first) for part in parts)


@pytest.mark.parametrize("at", sampled(range(0, len(PAYLOADS), BATCH), [0]))
def test_no_name_is_more_than_text(at: int, watched: Watched, tmp_path: Path) -> None:
    """No script, link, request or element of theirs; each is shown as text."""
    payloads = PAYLOADS[at : at + BATCH]
    pages = written(tmp_path, payloads)

    for name, named in pages.items():
        page = watched.open(tmp_path / "site" / name)
        unfold(page)
        found = page.locator("img, iframe, object, base, body b, body link, body style")
        assert found.count() == 0, name
        links = page.evaluate(
            "[...document.querySelectorAll('a, area')].map((a) => a.href)"
            ".filter((link) => link)"
        )
        assert all(link.startswith(page.url.split("#")[0] + "#") for link in links)
        handlers = page.evaluate(
            "[...document.querySelectorAll('*')].flatMap((one) => [...one.attributes])"
            ".filter((one) => one.name.startsWith('on')).length"
        )
        assert handlers == 0, name
        text = " ".join(page.inner_text("body").split())
        for payload in named:
            assert visible(payload) in text, name
            assert visible(payload) in page.title() or name == "ci.html"
    assert len(watched.requests) == len(pages)
    assert watched.complaints == []
