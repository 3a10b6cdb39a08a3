"""Formulas of networks that are not tables: of layers and modules of code."""

from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

import mnprofile
from mnprofile.base.errors import UsageError
from mnprofile.costs.layer_sums import _latex
from mnprofile.networks.imported import Imported
from mnprofile.views.sheets.count import count_record
from mnprofile.views.sheets.explain import layer_document, network_document

pytest.importorskip("torch", reason="needs torch (extra check)")

from tests.evidence import sample_nets as nets

NETWORKS: dict[str, tuple[Any, Any]] = {
    "vit": (nets.ViT(), (1, 3, 32, 32)),
    "windows": (nets.Windows(), (1, 3, 32, 32)),
    "u-net": (nets.UNet(), (1, 3, 16, 16)),
    "groups": (nets.UNet(bias=False, groups=2), (1, 3, 16, 16)),
    "volume": (nets.Volume(), (1, 1, 6, 8, 8)),
    "sound": (nets.Sound(), (1, 2, 32)),
    "einsum": (nets.ViT("einsum"), (1, 3, 32, 32)),
    "squeezed": (nets.Squeezed(), (1, 3, 24, 24)),
}


def graph_of(name: str) -> mnprofile.Graph:
    module, shape = NETWORKS[name]
    return mnprofile.from_torch(module, shape, name=name)


def test_code_with_a_table_s_layers_has_the_table_s_formulas() -> None:
    table = mnprofile.explain("v2")
    code = mnprofile.explain(mnprofile.from_torch(mnprofile.to_torch(table_graph())))
    formulas = {one.name: one.macs.text for one in code.blocks}

    assert [formulas[one.name] for one in table.blocks] == [
        one.macs.text for one in table.blocks
    ]
    assert code.standard_macs == table.standard_macs
    assert code.ratios == ()


def table_graph() -> mnprofile.Graph:
    return mnprofile.build("v2")


@pytest.mark.parametrize("name", NETWORKS)
def test_numbers_put_in_give_what_is_counted(name: str) -> None:
    """Python evaluates what is printed."""
    graph = graph_of(name)
    network = mnprofile.explain(graph)

    for block in network.blocks:
        for formula in (block.macs, *(one for _, one in block.layers)):
            printed = formula.numbers.replace("·", "*")
            assert eval(printed, {}) == formula.value, printed
    assert network.macs == mnprofile.count(graph).totals.macs


@pytest.mark.parametrize(
    ("name", "layer", "text", "numbers"),
    [
        # 17 tokens of 16 channels in 2 heads.
        (
            "vit",
            "attention.attention",
            "B·Q·S·D + B·Q·S·E",
            "2·17·17·8 + 2·17·17·8",
        ),
        ("vit", "attention.qkv", "M·N·P", "16·48·17"),
        ("vit", "mlp", "mlp.0 + mlp.2", "16·32·17 + 32·16·17"),
        ("u-net", "up", "D_K·D_K·M·N·D_F·D_F", "2·2·16·8·8·8"),
        ("volume", "conv", "K·M·N·P", "3·3·3·1·4·6·8·8"),
        ("sound", "conv", "K·M·N·P", "5·2·8·16"),
        ("groups", "up", "D_K·D_K·M/g·N·D_F·D_F", "2·2·16·8·8·8/2"),
    ],
)
def test_a_layer_or_module_in_letters(
    name: str, layer: str, text: str, numbers: str
) -> None:
    one = mnprofile.explain(graph_of(name), layer)

    if name != "groups":
        assert (one.macs.text, one.macs.numbers) == (text, numbers)
    assert one.macs.value == Fraction(eval(numbers.replace("·", "*"), {}))


def test_an_lstm_in_letters() -> None:
    """4 gates of 12 channels read 8 inputs and 12 states at each of 6 steps."""
    import torch

    words = torch.zeros(1, 6, dtype=torch.int64)
    graph = mnprofile.from_torch(nets.Recurrent(), words)

    assert mnprofile.explain(graph, "cell").macs.numbers == "4·12·8·6 + 4·12·12·6"


def test_a_stage_is_the_sum_of_its_layers() -> None:
    graph = graph_of("u-net")
    one = mnprofile.explain(graph, "s1")
    by_stage = {
        group.name: group.figures.macs for group in mnprofile.count(graph).by("stage")
    }

    assert one.macs.value == by_stage["s1"]


def test_why_there_is_no_alpha_is_said() -> None:
    graph = graph_of("vit")
    texts = [
        network_document(mnprofile.explain(graph)).text("table"),
        layer_document(mnprofile.explain(graph, "mlp"), graph.config).text("table"),
    ]

    for text in texts:
        assert "No α, ρ and t: they are multipliers of a table's rows" in text
        assert "Ratios to alpha" not in text


def test_another_name_is_refused_with_the_nearest() -> None:
    with pytest.raises(UsageError) as caught:
        mnprofile.explain(graph_of("vit"), "hed")
    assert caught.value.suggestion == "head"


def test_names_that_code_makes_up_stay_within_their_math() -> None:
    from torch import nn

    block = nn.Sequential(nn.Linear(4, 4))
    block.add_module(r"x}$<b>\evil_", nn.Linear(4, 2))
    graph = mnprofile.from_torch(nn.ModuleDict({"a": block})["a"], (1, 3, 4))
    one = mnprofile.explain(graph, "0")
    whole = [name for name, _ in one.layers]
    text = network_document(mnprofile.explain(graph)).text("md")

    assert whole == ["0"]
    assert "<b>" not in text
    made = _latex(r"x}$<b>\evil_")
    assert made == r"\text{x???b??evil\_}"


def test_the_source_of_a_module_is_shown() -> None:
    """The line is that of ``class UNet`` in its file."""
    graph = graph_of("u-net")
    lines = Path(nets.__file__).read_text("utf-8").splitlines()
    line = lines.index("class UNet(nn.Module):") + 1
    one = mnprofile.explain(graph, "up")
    counted = mnprofile.count(graph)
    named = Imported("u-net", "u-net", "", "u-net")
    record = count_record(counted, named, elementwise=False)["layers"][0]

    assert one.source == f"UNet (sample_nets.py:{line})"
    shown = layer_document(one, graph.config).text("table")
    assert f"Made by UNet (sample_nets.py:{line})" in shown
    assert (record["source"], record["row"]) == ("sample_nets.py", line)
    assert record["class"] == "UNet"
