"""For any text, the parser returns an architecture or raises an error of its own."""

from hypothesis import example, given, settings
from hypothesis import strategies as st

import mnprofile
from mnprofile.base.errors import MnprofileError
from mnprofile.networks.catalog import tables_folder
from tests.conftest import GOOD_V1, GOOD_V2, GOOD_V3

SEEDS = (
    GOOD_V1,
    GOOD_V2,
    GOOD_V3,
    *(path.read_text("utf-8") for path in sorted(tables_folder().glob("*.md"))),
)
WORDS = "- k 0 1 2 7 1e9 ² × x | \\| ``` # = conv2d bneck, 112²×16 NBN ✓ 5× 99999"
CELLS = st.sampled_from([*WORDS.split(), "\n", "\x00", "\u202e", "| ", " |"])


@st.composite
def mutations(draw: st.DrawFn) -> str:
    """A valid page with one to four splices of text or of other cells."""
    text = draw(st.sampled_from(SEEDS))
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(text)))
        end = min(len(text), start + draw(st.integers(0, 12)))
        inserted = draw(st.one_of(CELLS, st.text(max_size=6)))
        text = text[:start] + inserted + text[end:]
    return text


def answers(text: str) -> None:
    """Fails on any exception except an error with a place."""
    fault = None
    try:
        arch = mnprofile.parse(text)
    except MnprofileError as raised:
        fault = raised
    if fault is None:
        assert mnprofile.count(mnprofile.build(arch)).totals.macs >= 0
    else:
        assert fault.place is not None


@settings(max_examples=150, deadline=None)
@given(st.text(st.characters(codec=None), max_size=400))
@example("# \n```toml\n```\n|a|\n|-|\n|")
def test_any_text(text: str) -> None:
    answers(text)


@settings(max_examples=150, deadline=None)
@given(mutations())
def test_mutated_tables(text: str) -> None:
    answers(text)
