"""Width rules that a table names or spells out."""

import pytest

import mnprofile
from mnprofile.base.errors import TableError, UsageError
from tests.conftest import GOOD_V2, spoiled


def table(scaling: str) -> str:
    return spoiled(GOOD_V2, ('scaling = "v2"', f"scaling = {scaling}"))


def outs(scaling: str, alpha: float, **more: object) -> dict[str, int]:
    graph = mnprofile.build(mnprofile.parse(table(scaling)), alpha=alpha, **more)  # type: ignore[arg-type]
    return {layer.name: layer.out_shape.c for layer in mnprofile.count(graph).layers}


def test_like_alone_is_the_family() -> None:
    assert outs('{ like = "v2" }', 0.35) == outs('"v2"', 0.35)


@pytest.mark.parametrize(
    ("rule", "stem"),
    # The stem prints 8 channels; alpha 0.7 makes 5.6 of them.
    [
        ('"by 8"', 8),
        ('"kept"', 8),
        ('"cut"', 5),
        ("{ divisor = 4 }", 4 + 4),  # 4 is under 0.9 x 5.6
        ("{ divisor = 1, minimum = 1 }", 6),
        ('{ rounding = "half-even" }', 6),
        ('{ rounding = "down", minimum = 6 }', 6),
        ('{ scales = "wider" }', 8),
        ("{ from-alpha = 0.75, divisor = 2 }", 8),
        ("{ divisor = 3 }", 6),
    ],
)
def test_a_rule_of_the_stem(rule: str, stem: int) -> None:
    assert outs(f'{{ like = "v2", stem = {rule} }}', 0.7)["stem"] == stem


def test_a_width_that_is_cut_keeps_one_channel() -> None:
    """8 x 0.01 = 0.08."""
    assert outs('{ like = "v2", stem = "cut" }', 0.01)["stem"] == 1


@pytest.mark.parametrize("rule", ['"kept"', "{ from-alpha = 16 }"])
def test_a_printed_fraction_of_a_channel_is_built_as_one(rule: str) -> None:
    """A factor of 0.1 on 8 channels prints 0.8 of them."""
    page = table(f'{{ like = "v2", expanded = {rule} }}')
    arch = mnprofile.parse(spoiled(page, ("| 6 | 16 | 2", "| 0.1 | 16 | 2")))
    for alpha in (0.5, 1.0):
        layers = mnprofile.count(mnprofile.build(arch, alpha=alpha)).layers

        assert min(layer.out_shape.c for layer in layers) == 1


def test_a_rule_of_the_expansion_follows_the_input_and_a_replaced_t() -> None:
    """Block 1 prints t = 6 on 8 channels."""
    own = '{ like = "v2", expanded = { of = "input", rounding = "down" } }'

    assert outs(own, 0.7, t=3.3)["block1.expand"] == 26  # 8 x 3.3 = 26.4
    assert outs('"v2"', 0.7, t=3.3)["block1.expand"] == 24


def test_other_implementations_do_not_have_a_table_s_own_rules() -> None:
    with pytest.raises(
        UsageError, match="timm has no width rules for this table"
    ) as fault:
        outs('{ like = "v2", stem = "kept" }', 0.7, impl="timm")
    assert fault.value.accepted == "paper"


@pytest.mark.parametrize(
    ("scaling", "message", "accepted"),
    [
        ('{ stem = "kept" }', "like: not a family", "v1"),
        ('{ like = "v9" }', "like: not a family", "v3"),
        ('{ like = "v2", stems = "kept" }', "stems: unknown key", "squeezed"),
        ('{ like = "v2", depth = "down" }', "depth: not accepted", "up, nearest"),
        ('{ like = "v2", biased = 1 }', "biased: not accepted", "true or false"),
        ('{ like = "v2", stem = "fixed" }', "stem: not a width rule", "kept"),
        ('{ like = "v2", stem = 3 }', "stem: not a width rule", "divisor"),
        ('{ like = "v2", stem = { div = 8 } }', "stem: div: unknown key", "divisor"),
        ('{ like = "v2", stem = { divisor = 0 } }', "divisor: not accepted", "1 to"),
        ('{ like = "v2", stem = { divisor = true } }', "divisor: not accepted", "1 to"),
        ('{ like = "v2", stem = { of = "me" } }', "of: not accepted", "printed"),
        ('{ like = "v2", stem = { from-alpha = nan } }', "not accepted", "0 to 16"),
        (
            '{ like = "v2", stem = { rounding = "down", divisor = 8 } }',
            "down takes no divisor",
            "divisor = 1",
        ),
    ],
)
def test_what_is_not_a_rule_is_refused_at_its_line(
    scaling: str, message: str, accepted: str
) -> None:
    with pytest.raises(TableError, match=message) as fault:
        mnprofile.parse(table(scaling), "own.md")
    assert fault.value.place is not None
    assert (fault.value.place.file, fault.value.place.line) == ("own.md", 7)
    assert accepted in str(fault.value.accepted)
