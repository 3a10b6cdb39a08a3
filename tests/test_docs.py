"""The pages of docs/ hang together: links, ways to each page, the keys of JSON."""

import json
import re
import tomllib
from pathlib import Path

import pytest

from tests.conftest import Run

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
LINK = re.compile(r"\]\(([^)\s]+)\)|<a href=\"([^\"]+)\"|:doc:`[^`<]*<([^>]+)>`")
FENCED = re.compile(r"^(`{3,})(?!\{).*?^\1$", re.DOTALL | re.MULTILINE)
# Built beside the pages by the workflow that publishes them.
BUILT = {"explorer/index.html", "sweep.html"}


def pages() -> list[Path]:
    """Every page that people read in the repository."""
    found = [*DOCS.rglob("*.md"), *DOCS.rglob("*.rst")]
    inside = [one for one in found if not {"_build", "examples"} & {*one.parts}]
    return sorted([*ROOT.glob("*.md"), *(ROOT / "tables").glob("*.md"), *inside])


def links(text: str) -> list[str]:
    """The targets of a page's links, without those in code."""
    return ["".join(found) for found in LINK.findall(FENCED.sub("", text))]


def target(page: Path, link: str) -> Path:
    """The file that a link leads to."""
    path = link.partition("#")[0]
    if page.suffix == ".rst":
        return (DOCS / f"{path.lstrip('/')}.md").resolve()
    return (page.parent / path).resolve() if path else page


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as GitHub and Sphinx make them."""
    headings = re.findall(r"^#+ (.*)$", FENCED.sub("", page.read_text("utf-8")), re.M)
    words = (re.sub(r"[^\w\- ]", "", heading.lower()) for heading in headings)
    return {word.replace(" ", "-") for word in words}


def dead(page: Path, text: str) -> list[str]:
    """The links of a page that lead nowhere in this repository."""
    wrong = []
    for link in links(text):
        if link.startswith(("http", "mailto:")) or link in BUILT:
            continue
        found, anchor = target(page, link), link.partition("#")[2]
        if not found.exists() or (anchor and anchor not in anchors(found)):
            wrong.append(link)
    return wrong


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(ROOT)))
def test_no_link_is_dead(page: Path) -> None:
    assert dead(page, page.read_text("utf-8")) == []


def test_a_dead_link_and_a_dead_anchor_are_seen() -> None:
    text = "[a](docs/gone.md) [b](docs/count.md#gone) [c](docs/count.md#as-deployed)"

    assert dead(ROOT / "README.md", text) == ["docs/gone.md", "docs/count.md#gone"]


def neighbours(page: Path) -> set[Path]:
    """The pages one click away: links, and what a table of contents lists."""
    text = page.read_text("utf-8")
    found = {target(page, link) for link in links(text) if "://" not in link}
    for listed in re.findall(r"```\{toctree\}\n(.*?)```", text, re.DOTALL):
        names = [line for line in listed.split("\n") if line and line[0] != ":"]
        for name in names:
            kinds = (f"{name}.md", f"{name}.rst", f"{name}.ipynb")
            found |= {(page.parent / kind).resolve() for kind in kinds}
    return found


def test_every_page_is_two_clicks_from_the_first() -> None:
    first = neighbours(DOCS / "index.md")
    texts = [one for one in first if one.suffix == ".md" and one.exists()]
    reached = first.union(*map(neighbours, texts))
    mine = {one for one in pages() if DOCS in one.parents} | {*DOCS.glob("*.ipynb")}

    assert mine - reached - {DOCS / "index.md"} == set()


KEYS = dict(
    re.findall(
        r"^\| `(\w+)` \| ((?:`\w+`(?:, )?)+) \|$",
        (DOCS / "reference" / "output.md").read_text("utf-8"),
        re.M,
    )
)
RUNS = {
    "count": ["v2"],
    "show": ["v2"],
    "explain": ["v2", "block2"],
    "memory": ["v2"],
    "ledger": ["v2"],
    "time": ["v2", "--device", "Pixel 1"],
    "sweep": ["v2", "--no-plot"],
    "find": ["--max-macs", "100M"],
    "reproduce": ["paper-v1"],
    "diff": ["v1", "v2"],
    "ci": ["--config", str(ROOT / "pyproject.toml")],
}


@pytest.mark.parametrize("command", KEYS)
@pytest.mark.usefixtures("elsewhere")
def test_json_has_the_keys_that_the_page_lists(command: str, run: Run) -> None:
    record = json.loads(run(command, *RUNS.get(command, []), "--format", "json").out)

    head = ["schema", "schema_version", "tool", "convention"]
    assert [*record] == [*head, *re.findall(r"`(\w+)`", KEYS[command])]


def test_the_page_of_json_lists_commands() -> None:
    assert {"count", "sweep", "diff", "find"} <= {*KEYS}


# "uses: OWNER/NAME@", "github.com/OWNER/NAME" of anything called as this project is.
ADDRESSES = re.compile(r"(?:github\.com/|uses: )([\w.-]+/mnprofile)\b")


def test_the_repository_s_address_is_the_one_of_pyproject() -> None:
    """Each format needs it written out; ``[project.urls]`` says which it is."""
    urls = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"][
        "urls"
    ]
    source = urls["Source"]
    repository = source.removeprefix("https://github.com/")
    owner, _, name = repository.partition("/")
    citation = (ROOT / "CITATION.cff").read_text("utf-8")

    assert f"\nrepository-code: {source}\n" in citation
    assert urls["Issues"] == f"{source}/issues"
    assert urls["Changelog"].startswith(f"{source}/blob/main/")
    assert urls["Documentation"] == f"https://{owner}.github.io/{name}/"
    said = [
        found
        for page in pages()
        for found in ADDRESSES.findall(page.read_text("utf-8"))
    ]
    assert len(said) >= 4
    assert {*said} == {repository}
