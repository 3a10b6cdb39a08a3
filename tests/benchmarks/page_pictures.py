"""Every kind of page, looked at: python -m tests.benchmarks.page_pictures FOLDER [NAME]

Makes each page in FOLDER, opens it in Chromium at three widths in both themes, as a
reader finds it and then with all that folds opened, and saves the whole page as tiles
of one screen: FOLDER/tiles/NAME-WIDTH-THEME-01.png. NAME makes only pages whose name
has it. What stands out of a page's width, which no tile shows, is listed.
"""

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright

from mnprofile.cli import main

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"
WIDTHS = {360: 780, 768: 1024, 1440: 1200}
FOUR = ["v1", "v2", "v3-large", "v3-small"]
MORE = [
    *("mobilenet-v4-conv-small", "mobilenet-v4-hybrid-medium", "mnasnet-a1"),
    *("efficientnet-b0", "ghostnet", "shufflenet-v2-1x", "resnet-50"),
    *("vgg-16", "squeezenet-1.0", "fbnet-a"),
]
BUDGETS = """
[[tool.mnprofile.budget]]
name = "phone"
arch = "v2@0.75/160"
max-macs = "100M"
max-params = "3M"
max-increase = "2%"

[[tool.mnprofile.budget]]
name = "watch"
arch = "v3-small@0.5/96"
max-macs = "10M"
"""


def commands(folder: Path) -> dict[str, list[str]]:
    """What makes each page, by its name; the page is FOLDER/NAME.html."""

    def page(name: str) -> str:
        return str(folder / f"{name}.html")

    budgets = folder / "budgets.toml"
    budgets.write_text(BUDGETS, "utf-8")
    rows = ["-o", str(folder / "rows.csv"), "--plot"]
    return {
        "report-four": ["report", *FOUR],
        "report-one": ["report", "v2@0.75/160", "--device", "Pixel 1"],
        "report-read": [
            *("report", "my_nets.py:small", "my_network_int8.tflite"),
        ],
        "report-branched": ["report", "v3-large+ssdlite", "googlenet", "branches.md"],
        "report-many": ["report", *FOUR, *MORE],
        "report-verdicts": ["report", "v1@0.5/320x240", "--reproduce"],
        "sweep-dense": [
            *("sweep", "v1", "v2", "--alpha", "0.1:1.4:0.05", "--res", "96:320:8"),
            *(*rows, page("sweep-dense")),
        ],
        "sweep": ["sweep", *FOUR, *rows, page("sweep")],
        "ci": ["ci", "--config", str(budgets), "--html", page("ci")],
        "diff-two": ["diff", "v2", "v3-large", "--by", "block", "-o", page("diff-two")],
        "diff-read": [
            *("diff", "my_network.md", "my_nets.py:small"),
            *("my_network_int8.tflite", "--by", "layer", "-o", page("diff-read")),
        ],
        "diff-four": ["diff", *FOUR, "-o", page("diff-four")],
        "diff-six": [
            *("diff", *FOUR, "v2@0.75/160", "v2@1.4"),
            *("--by", "layer", "-o", page("diff-six")),
        ],
        "time": ["time", "v2", "--device", "Pixel 1", "--plot", page("time")],
    }


def make(folder: Path, wanted: str) -> list[Path]:
    """Write the pages."""
    os.chdir(EXAMPLES)
    found = []
    for name, arguments in commands(folder).items():
        if wanted not in name:
            continue
        path = folder / f"{name}.html"
        if arguments[0] == "report":
            path = folder / name / "index.html"
            arguments += ["-o", str(folder / name)]
        assert main(arguments) in (0, 1), arguments
        found.append(path)
    return found


def tiles(
    page: Any, path: Path, folder: Path, width: int, scheme: str
) -> Iterator[Path]:
    """The whole page, one screen after the other, as it is found and with all open."""
    height = WIDTHS[width]
    name = path.stem if path.stem != "index" else path.parent.name
    page.set_viewport_size({"width": width, "height": height})
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    page.goto(path.as_uri())
    page.wait_for_timeout(500)
    for state in ("", "-open"):
        if state:
            page.evaluate(OPEN)
            page.wait_for_timeout(200)
        tall = page.evaluate("document.documentElement.scrollHeight")
        for index, top in enumerate(range(0, tall, height)):
            page.evaluate(f"scrollTo({{top: {top}, behavior: 'instant'}})")
            page.wait_for_timeout(60)
            file = folder / f"{name}-{width}-{scheme}{state}-{index + 1:02}.png"
            page.screenshot(path=file)
            yield file


OPEN = "document.querySelectorAll('details').forEach((one) => { one.open = true; })"
OVER = """() => [...document.querySelectorAll('body *')].filter((one) =>
  one.getBoundingClientRect().right > innerWidth + 1
  && !one.closest('.scroll, svg, .skip, nav')
  && getComputedStyle(one).visibility !== 'hidden').slice(0, 5)
  .map((one) => `${one.tagName}.${one.className} ${one.id}`)"""


def run(folder: Path, wanted: str) -> None:
    pages = make(folder, wanted)
    shutil.rmtree(folder / "tiles", ignore_errors=True)
    (folder / "tiles").mkdir()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox"]
        )
        page = browser.new_page()
        for path in pages:
            for width in WIDTHS:
                for scheme in ("light", "dark"):
                    many = len(list(tiles(page, path, folder / "tiles", width, scheme)))
                    out = page.evaluate(OVER)
                    print(f"{path}: {width} {scheme}: {many} tiles; too wide: {out}")
        browser.close()


if __name__ == "__main__":
    where = Path(sys.argv[1]).resolve()
    where.mkdir(parents=True, exist_ok=True)
    run(where, sys.argv[2] if len(sys.argv) > 2 else "")
