"""Rows of attention in a table of one's own."""

import pytest

import mnprofile
from mnprofile.base.errors import TableError
from tests.conftest import GOOD_V2, spoiled, words_missing


def table(cell: str) -> str:
    """The good table with a row of attention after the stem."""
    row = f"| 16²×8  | {cell} | - | 8 | 1 | 1 |\n"
    return spoiled(GOOD_V2, ("| 16²×8  | bott", row + "| 16²×8  | bott"))


@pytest.mark.parametrize(
    ("cell", "macs", "params"),
    [
        # 256 positions; 2 heads of 4 channels each: queries, keys, values and
        # projection are 8 -> 8, and every position sees 256 of them, twice.
        ("mha, h2, d4", 4 * 256 * 64 + 2 * 256 * 256 * 8, 16 + 4 * 64),
        # Keys and values have one head: 8 -> 4.
        ("mqa, h2, d4", 256 * (64 + 32 + 32 + 64) + 2 * 256 * 256 * 8, 16 + 192),
        # From a map of 8 x 8 that a depthwise convolution with batch norm makes.
        (
            "mqa, h2, d4, kv2",
            256 * 128 + 64 * 2 * (72 + 32) + 2 * 256 * 64 * 8,
            16 + 192 + 2 * (72 + 16),
        ),
    ],
)
def test_attention_is_counted(cell: str, macs: int, params: int) -> None:
    made = mnprofile.count(mnprofile.build(mnprofile.parse(table(cell))))
    layers = [one for one in made.all_layers if one.block == "block1"]

    assert sum(one.figures.macs for one in layers) == macs
    assert sum(one.figures.params for one in layers) == params


@pytest.mark.parametrize(
    ("cell", "words"),
    [
        ("mha, h2", ['"mha" without its dN', "mha, hN, dN, kvN"]),
        ("mha 3x3, h2, d4", ['"mha" has no kernel']),
        ("mqa, h0, d4", ["number 0 is out of range"]),
        ("mqa, h2, d4, h4", ['"h4" is not understood']),
    ],
)
def test_a_cell_that_says_too_little_or_too_much_is_refused(
    cell: str, words: list[str]
) -> None:
    with pytest.raises(TableError) as caught:
        mnprofile.parse(table(cell))

    assert not words_missing(f"{caught.value.message} {caught.value.accepted}", words)
    assert str(caught.value.place) == '<text>:15:12, column "Operator"'


@pytest.mark.parametrize("key_heads", [1, 2, 4])
def test_the_twin_computes_what_torch_computes(key_heads: int) -> None:
    torch = pytest.importorskip("torch")
    from mnprofile.evidence.profilers.torch_twin import Attending
    from mnprofile.graph.operators.products import Attention

    torch.manual_seed(0)
    queries = torch.randn(2, 4 * 3, 5, 2)
    keys, values = torch.randn(2, 2, key_heads * 3, 2, 2)
    heads = [
        x.reshape(2, -1, 3, x.shape[2] * x.shape[3]) for x in (queries, keys, values)
    ]
    q, k, v = (x.transpose(2, 3) for x in heads)
    expected = torch.nn.functional.scaled_dot_product_attention(
        q, k, v, enable_gqa=True
    )
    made = Attending(Attention(4, key_heads), 12, key_heads * 3)(queries, keys, values)

    assert made.shape == queries.shape
    torch.testing.assert_close(made.reshape(2, 4, 3, 10), expected.transpose(2, 3))


@pytest.mark.parametrize("cell", ["mha, h2, d4", "mqa, h2, d4, kv2"])
def test_profilers_agree_on_attention(cell: str) -> None:
    pytest.importorskip("fvcore")

    checked = mnprofile.check(mnprofile.build(mnprofile.parse(table(cell))))

    assert checked.problems == ()
    assert checked.agrees


def test_profilers_agree_on_a_hybrid() -> None:
    pytest.importorskip("fvcore")

    checked = mnprofile.check(
        mnprofile.build("mobilenet-v4-hybrid-medium", resolution=64)
    )

    assert checked.problems == ()
    assert checked.agrees
    assert checked.count.totals.params == 11_074_648  # timm's mobilenetv4_hybrid_medium
