"""Formulas: every printed one is read back and evaluated; the papers' own forms."""

import re
from fractions import Fraction
from functools import cache
from itertools import product
from math import ceil, floor
from typing import Any

import hypothesis
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mnprofile import build, count, explain, explain_network, load, parse
from mnprofile.base.errors import UsageError
from mnprofile.costs.explaining import Explanation
from mnprofile.costs.formula import Formula
from mnprofile.costs.formulas import derive
from mnprofile.costs.parts import explainable
from mnprofile.graph.graph import Tape
from mnprofile.graph.operators.convolution import Conv, Depthwise
from mnprofile.graph.operators.elementwise import BatchNorm
from mnprofile.graph.operators.linear import Linear
from mnprofile.graph.operators.op import Shape
from tests.conftest import GOOD_V1, GOOD_V2, GOOD_V3, SAMPLE
from tests.sampling import sampled

# --- reading a printed formula back ---------------------------------------------------


def read(text: str, values: dict[str, Fraction]) -> Fraction:
    """The value of a printed formula, read as Python with exact numbers."""
    text = text.replace("·", "*")
    text = re.sub("⌈([^⌉]*)⌉", r"ceil(\1)", text)
    text = re.sub("⌊([^⌋]*)⌋", r"floor(\1)", text)
    text = re.sub(r"(?<![\w.])([0-9]+(?:\.[0-9]+)?)", r"Fraction('\1')", text)
    scope = {"Fraction": Fraction, "ceil": ceil, "floor": floor, **values}
    return Fraction(eval(text, scope))


def read_latex(text: str, values: dict[str, Fraction]) -> Fraction:
    """The value of a formula in LaTeX."""
    for pattern, plain in (
        (r"\\left\\lceil (.*?) \\right\\rceil", r"⌈\1⌉"),
        (r"\\left\\lfloor (.*?) \\right\\rfloor", r"⌊\1⌋"),
        (r"_\{(\w+)\}", r"_\1"),
        (r"\\frac\{([^{}]*)\}\{([^{}]*)\}", r"((\1)/(\2))"),
        (r"\\left\(", "("),
        (r"\\right\)", ")"),
        (r" \\cdot ", "·"),
        (r"\\alpha ", "α"),
        (r"\\rho ", "ρ"),
    ):
        text = re.sub(pattern, plain, text)
    assert "\\" not in text, text
    return read(text, values)


def check(formula: Formula) -> None:
    """Symbols and numbers, both also in LaTeX, have the value of the formula."""
    values = {one.symbol.text: one.value for one in formula.meanings}
    assert read(formula.text, values) == formula.value
    assert read(formula.numbers, {}) == formula.value
    assert read_latex(formula.latex, values) == formula.value
    assert read_latex(formula.latex_numbers, {}) == formula.value
    for one in formula.meanings:
        if one.definition is not None:
            written = one.definition.write(lambda letter: letter.text)
            assert read(written, values) == one.value


def printed(one: Explanation) -> list[Formula]:
    """Every formula of an explanation."""
    maybe = [one.macs, one.weights, one.standard, one.separable, one.saving, one.scaled]
    return [*(f for f in maybe if f is not None), *(f for _, f in one.layers)]


SETTINGS: list[dict[str, Any]] = [
    {},
    {"alpha": 0.75, "resolution": 160},
    {"alpha": 1.4, "resolution": (99, 160)},
]
CASES = [
    (name, settings if load(name).scaling["paper"].scales else {})
    for name in SAMPLE
    for settings in SETTINGS
]
OTHERS: list[tuple[str, dict[str, Any]]] = [
    ("v1", {"impl": "keras", "resolution": 250}),
    ("v2", {"impl": "torchvision", "alpha": 0.35}),
    ("v2", {"t": 0.5}),
    ("v2", {"t": 0}),
    ("v2", {"classes": 0, "output_stride": 8}),
    ("v3-large", {"impl": "timm", "alpha": 0.6}),
]


@pytest.mark.parametrize(("name", "settings"), [*sampled(CASES, keep=4), *OTHERS])
def test_every_printed_formula_is_worth_the_count(
    name: str, settings: dict[str, Any]
) -> None:
    counted = count(build(name, **settings))
    layers = {layer.name: layer.figures for layer in counted.layers}
    blocks = {group.name: group.figures for group in counted.by("block")}
    network = explain_network(name, **settings)

    assert [block.name for block in network.blocks] == list(blocks)
    for block in network.blocks:
        for formula in printed(block):
            check(formula)
        assert block.macs.value == blocks[block.name].macs
        assert block.weights.value == blocks[block.name].weights
        for layer, formula in block.layers:
            assert formula.value == layers[layer].macs
    assert network.macs == counted.totals.macs


@pytest.mark.parametrize("name", ["v1", "v2", "v3-large"])
def test_every_layer_explains_itself(name: str) -> None:
    counted = count(build(name, alpha=0.75))
    for layer in counted.layers:
        one = explain(name, layer.name, alpha=0.75)
        assert one.macs.value == layer.figures.macs
        assert one.weights.value == layer.figures.weights
        for formula in printed(one):
            check(formula)


@pytest.mark.parametrize("table", [GOOD_V1, GOOD_V2, GOOD_V3])
def test_a_user_s_table_is_explained(table: str) -> None:
    arch = parse(table)
    network = explain_network(arch)

    assert network.macs == count(build(arch)).totals.macs


def test_two_kernels_and_two_strides_in_one_block_have_letters_of_their_own() -> None:
    tape = Tape(Shape(8, 21, 21))
    tape.move(layer="a", block="both")
    tape.add("a.conv", Depthwise(5, 2))
    tape.move(layer="b")
    tape.add("b.conv", Conv(16, 3, 2))
    derived = derive(tuple(tape.nodes))
    formula = Formula(derived.macs, derived.meanings)

    check(formula)
    assert "D_L" in formula.text
    assert "D_G2" in formula.text
    assert formula.value == 25 * 8 * 11 * 11 + 9 * 8 * 16 * 6 * 6


# --- at other numbers -----------------------------------------------------------------


def brute_force(op: Any, x: Shape) -> int:
    """Multiplications of an operator, one by one."""
    y = op.out_shape(x)
    kernel = range(getattr(op, "kernel", 1))
    ins = range(1) if isinstance(op, Depthwise) else range(x.c)
    taken = 0
    for _ in product(range(y.c), ins, range(y.h), range(y.w), kernel, kernel):
        taken += 1
    return taken


@cache
def macs_of(arch: str, layer: str) -> Formula:
    """A formula of a shipped network, to be evaluated at other numbers."""
    return explain(arch, layer).macs


small = st.integers(1, 5)


@hypothesis.settings(deadline=None, max_examples=60)
@given(small, small, st.integers(2, 7), st.integers(2, 5), st.integers(1, 3))
def test_a_convolution_s_formula_is_right_at_any_numbers(
    m: int, n: int, side: int, kernel: int, stride: int
) -> None:
    """The formula of one convolution, evaluated for another: no number is baked in."""
    for template, op in (
        (Conv(32, 3, stride), Conv(n, kernel, stride)),
        (Depthwise(3, stride), Depthwise(kernel, stride)),
        (Linear(10), Linear(n)),
    ):
        tape = Tape(Shape(64, 56, 56) if op.kind != "linear" else Shape(64, 1, 1))
        tape.move(layer="layer")
        tape.add("conv", template)
        tape.add("bn", BatchNorm())
        derived = derive(tuple(tape.nodes))
        formula = Formula(derived.macs, derived.meanings)
        letters = {"M": m, "N": n, "D_F": side, "D_K": kernel}
        x = Shape(m, side, side) if op.kind != "linear" else Shape(m, 1, 1)
        assert formula.at(**letters) == brute_force(op, x)


@hypothesis.settings(deadline=None)
@given(
    st.integers(1, 40),
    st.integers(1, 40),
    st.integers(1, 6),
    st.integers(2, 60),
    st.integers(2, 7),
    st.sampled_from(["block2", "block3"]),
)
def test_an_inverted_residual_s_formula_is_right_at_any_numbers(
    m: int, n: int, t: int, side: int, kernel: int, block: str
) -> None:
    """Block 2 has stride 2, block 3 stride 1; the network's own layers add up to it."""
    formula = macs_of("v2", block)
    stride = 2 if block == "block2" else 1
    tape = Tape(Shape(m, side, side))
    tape.add("expand", Conv(t * m, 1))
    tape.add("depthwise", Depthwise(kernel, stride))
    tape.add("project", Conv(n, 1))
    macs = sum(
        node.op.weights(node.in_shape) * node.out_shape.positions for node in tape.nodes
    )

    assert formula.at(M=m, N=n, t=t, D_F=side, D_K=kernel) == macs


@hypothesis.settings(deadline=None)
@given(st.integers(1, 60), st.integers(1, 12))
def test_a_squeeze_excite_s_formula_is_right_at_any_numbers(
    reduced: int, r: int
) -> None:
    channels = reduced * r
    formula = macs_of("v3-large", "block4.se")

    assert formula.at(C=channels, r=r) == channels * reduced + reduced * channels


# --- the papers' own forms ------------------------------------------------------------


@pytest.mark.parametrize(
    ("arch", "layer", "text"),
    [
        # MobileNetV1 paper, equations 2, 5 and 7 (the last with alpha and rho below)
        ("v1-conv", "block1", "D_K·D_K·M·N·D_F·D_F"),
        ("v1", "block1", "D_K·D_K·M·D_F·D_F + M·N·D_F·D_F"),
        ("v1", "block1.depthwise", "D_K·D_K·M·D_F·D_F"),
        ("v1", "block1.pointwise", "M·N·D_F·D_F"),
        ("v1", "classifier", "M·N"),
        # MobileNetV2 paper, section 3.3: h·w·d'·t(d' + k² + d'')
        ("v2", "block3", "D_F·D_F·M·t·(M + D_K·D_K + N)"),
        ("v2", "block2", "M·t·(M·D_F·D_F + D_G·D_G·(D_K·D_K + N))"),
        ("v3-large", "block4.se", "2·C·C/r"),
    ],
)
def test_formulas_stand_as_the_papers_print_them(
    arch: str, layer: str, text: str
) -> None:
    assert explain(arch, layer).macs.text == text


def test_alpha_and_rho_stand_as_the_paper_prints_them() -> None:
    """MobileNetV1 paper, equation 7."""
    scaled = explain("v1", "block1", alpha=0.75, resolution=160).scaled

    assert scaled is not None
    assert scaled.text == "D_K·D_K·αM·ρD_F·ρD_F + αM·αN·ρD_F·ρD_F"


def test_alpha_leaves_the_image_and_the_classes_alone() -> None:
    stem, classifier = (
        explain("v1", layer, alpha=0.5).scaled for layer in ("stem", "classifier")
    )

    assert stem is not None
    assert stem.text == "D_K·D_K·M·αN·ρD_G·ρD_G"
    assert classifier is not None
    assert classifier.text == "αM·N"


def test_alpha_leaves_v2_s_last_convolution_alone_below_1() -> None:
    """TF-slim keeps 1280 channels."""
    scaled = explain("v2", "last_conv", alpha=0.5).scaled

    assert scaled is not None
    assert scaled.text == "αM·N·ρD_F·ρD_F"


def test_the_saving_is_the_paper_s() -> None:
    """MobileNetV1 paper, section 3.1: 1/N + 1/D_K²; block 1 has N = 64, D_K = 3."""
    saving = explain("v1", "block1").saving

    assert saving is not None
    assert saving.text == "1/N + 1/(D_K·D_K)"
    assert saving.value == Fraction(1, 64) + Fraction(1, 9)


def test_v1_saves_what_the_paper_says() -> None:
    """Section 3.2: 569 M against 4,866 M (4,867 with the classifier)."""
    network = explain_network("v1")

    assert (network.macs, network.standard_macs) == (568740352, 4867293184)


@pytest.mark.parametrize(
    "settings", [{}, {"alpha": 0.5}, {"resolution": 160}, {"classes": 10}]
)
def test_the_comparison_is_the_standard_convolution_table(
    settings: dict[str, Any],
) -> None:
    """``v1-conv`` is a separate table."""
    standard = count(build("v1-conv", **settings)).totals.macs

    assert explain_network("v1", **settings).standard_macs == standard


def test_v2_is_compared_pair_by_pair() -> None:
    """Block 3: a 3x3 convolution of 144 to 24 channels at 56² after the expansion."""
    (block,) = (one for one in explain_network("v2").blocks if one.name == "block3")

    assert block.standard is not None
    assert block.separable is not None
    assert block.standard.value == 9 * 144 * 24 * 56 * 56
    assert block.separable.value == (9 * 144 + 144 * 24) * 56 * 56


def test_a_network_without_depthwise_convolutions_saves_nothing() -> None:
    network = explain_network("v1-conv")

    assert network.standard_macs == network.macs


@pytest.mark.parametrize(
    ("settings", "printed", "textbook"),
    [
        # MobileNetV1 paper, Table 6: 325, 149 and 41 million of 569
        ({"alpha": 0.75}, 325, 0.5625),
        ({"alpha": 0.5}, 149, 0.25),
        ({"alpha": 0.25}, 41, 0.0625),
    ],
)
def test_textbook_ratios_stand_beside_the_exact_ones(
    settings: dict[str, Any], printed: int, textbook: float
) -> None:
    (ratio,) = explain_network("v1", **settings).ratios

    assert round(ratio.macs_ratio * 568.740352) == printed
    assert round(ratio.textbook_macs * 568.740352) != printed
    assert ratio.textbook_macs == pytest.approx(textbook, abs=1e-12)


def test_textbooks_let_cost_fall_with_the_square_of_the_resolution() -> None:
    """MobileNetV1 paper, Table 7: 290 of 569 million at 160."""
    (ratio,) = explain_network("v1", resolution=160, alpha=1.0).ratios

    assert ratio.textbook_macs == (160 / 224) ** 2
    assert ratio.textbook_params == ratio.params_ratio == 1
    assert round(ratio.macs_ratio * 568.740352, -1) == 290


def test_a_network_at_its_own_size_is_compared_with_others() -> None:
    ratios = explain_network("v1").ratios

    assert [ratio.alpha for ratio in ratios] == [0.75, 0.5, 0.25, 1.0]
    assert ratios[-1].resolution == (112, 112)


def test_a_square_has_one_letter_and_another_map_has_two() -> None:
    assert explain("v2", "block3", resolution=(320, 240)).macs.text.startswith("H·W·M")


# --- names ----------------------------------------------------------------------------


def test_blocks_parts_and_layers_can_be_explained() -> None:
    known = explainable(build("v3-large"))

    assert {"stem", "block4", "block4.se", "block4.se.reduce", "fc1"} <= set(known)
    assert "pool" not in known
    assert "block3.add" not in known


@pytest.mark.parametrize(
    ("layer", "suggestion"),
    [("blok3", "block3"), ("block3.expnd", "block3.expand"), ("BLOCK3", "block3")],
)
def test_an_unknown_layer_suggests_the_nearest(layer: str, suggestion: str) -> None:
    with pytest.raises(UsageError) as caught:
        explain("v2", layer)

    assert f'Did you mean "{suggestion}"?' in str(caught.value)


def test_a_block_that_t_makes_the_identity_has_no_formula() -> None:
    with pytest.raises(UsageError, match="block3"):
        explain("v2", "block3", t=0)


def test_heads_of_attention_are_not_narrowed_by_alpha() -> None:
    """By hand at α 0.5: query and project 80·256 each, key and value 80·64 and 3x3·80
    on 8x8, attention 2·256 between 16·16 and 8·8 positions."""
    found = explain("mobilenet-v4-hybrid-medium", "block8", alpha=0.5)

    by_hand = 2 * 80 * 256 * 256 + 2 * 64 * (80 * 64 + 9 * 80) + 2 * 256 * 256 * 64
    assert found.scaled is not None
    assert found.macs.value == found.scaled.value == by_hand
    assert "αM·C·ρD_F·ρD_F" in found.scaled.text


@pytest.mark.parametrize("alpha", [0.5, 2.0])
def test_the_form_with_alpha_is_exact_where_nothing_is_rounded(alpha: float) -> None:
    network = explain_network("mobilenet-v4-hybrid-medium", alpha=alpha)
    checked = [one for one in network.blocks if one.kind == "attention"]

    assert len(checked) > 4
    for block in checked:
        assert block.scaled is not None
        assert block.scaled.value == block.macs.value


def test_every_pair_of_a_block_is_compared_with_a_standard_convolution() -> None:
    """Three separable convolutions of a branch of 32 channels at 56x56: 32 -> 25 -> 25
    -> 32 (Guo et al. 2020)."""
    block = explain("shufflenet-oneshot", "block3")
    positions, pairs = 56 * 56, ((32, 25), (25, 25), (25, 32))

    assert block.separable is not None
    assert block.standard is not None
    assert block.separable.value == positions * sum(9 * a + a * b for a, b in pairs)
    assert block.standard.value == positions * sum(9 * a * b for a, b in pairs)
    assert block.saving is None
