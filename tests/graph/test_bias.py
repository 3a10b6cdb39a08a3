"""Biases are counted where a layer has them: with and without, whatever the layer."""

from dataclasses import replace

import pytest

import mnprofile
from mnprofile.graph.graph import Graph
from mnprofile.graph.operators.convolution import Conv, Depthwise
from mnprofile.graph.operators.linear import Linear
from mnprofile.graph.operators.op import Op, Shape


@pytest.mark.parametrize(
    ("op", "biases"),
    [
        (Linear(1000), 1000),
        (Linear(1000, bias=True), 1000),
        (Linear(1000, bias=False), 0),
        (Conv(1000, 1), 0),
        (Conv(1000, 1, bias=True), 1000),
        (Depthwise(3), 0),
    ],
)
def test_biases(op: Op, biases: int) -> None:
    assert op.biases(Shape(1024, 1, 1)) == biases


def without_bias(graph: Graph) -> Graph:
    """The same network, its classifier without bias."""
    *before, last = graph.nodes
    assert isinstance(last.op, Linear)
    plain = replace(last, op=replace(last.op, bias=False))
    return replace(graph, nodes=(*before, plain))


def test_a_classifier_without_bias_has_1000_parameters_less() -> None:
    """V1 has no other bias: 4,231,976 - 1000; not one multiply-add changes."""
    totals = mnprofile.count(without_bias(mnprofile.build("v1"))).totals

    assert (totals.biases, totals.params) == (0, 4_230_976)
    assert (totals.macs, totals.weights) == (568_740_352, 4_209_088)
