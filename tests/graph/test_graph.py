"""The tape and the graph: inputs, outputs and joins."""

import pytest

from mnprofile.graph.configuration import Configuration
from mnprofile.graph.drawing import to_dot, to_mermaid, to_tree
from mnprofile.graph.graph import Graph, Tape
from mnprofile.graph.operators.convolution import Conv
from mnprofile.graph.operators.elementwise import Activation, BatchNorm
from mnprofile.graph.operators.joining import Add, Concatenate, Multiply, Scale
from mnprofile.graph.operators.linear import Linear
from mnprofile.graph.operators.op import GraphError, Op, Shape


def graph_of(tape: Tape) -> Graph:
    return tape.graph(Configuration("made", "paper", 1.0, (8, 8), None, None, 0))


def two_images() -> Tape:
    tape = Tape({"left": Shape(3, 8, 8), "right": Shape(5, 8, 8)})
    tape.add("both", Concatenate(), "right")
    return tape


def test_the_last_node_is_the_output_where_none_is_named() -> None:
    tape = Tape(Shape(3, 8, 8))
    tape.add("a", Conv(4, 1))
    tape.add("b", Conv(5, 1))

    assert graph_of(tape).outputs == ("b",)


def test_a_network_without_operators_returns_its_input() -> None:
    assert graph_of(Tape(Shape(3, 8, 8))).outputs == ("input",)


def test_a_graph_may_have_several_inputs_and_outputs() -> None:
    tape = two_images()
    tape.outputs = ["both", tape.add("head", Conv(2, 1))]
    graph = graph_of(tape)

    assert graph.inputs == (("left", Shape(3, 8, 8)), ("right", Shape(5, 8, 8)))
    assert graph.outputs == ("both", "head")
    assert graph.nodes[0].inputs == ("left", "right")
    assert graph.nodes[0].out_shape == Shape(8, 8, 8)


@pytest.mark.parametrize(
    ("op", "other", "words"),
    [
        (Add(), Shape(4, 8, 8), "8x8x4 cannot be added to 8x8x3"),
        (Add(), Shape(3, 8, 7), "8x7x3 cannot be added to 8x8x3"),
        (Multiply(), Shape(3, 7, 8), "8x8x3 cannot be multiplied by 7x8x3"),
        (Concatenate(), Shape(3, 4, 8), "4x8x3 cannot be concatenated with 8x8x3"),
        (Scale(), Shape(3, 8, 8), "8x8x3 does not hold one factor per channel"),
        (Scale(), Shape(4, 1, 1), "1x1x4 does not hold one factor per channel"),
    ],
)
def test_maps_that_do_not_fit_together(op: Op, other: Shape, words: str) -> None:
    tape = Tape({"a": Shape(3, 8, 8), "b": other})
    with pytest.raises(GraphError, match=f"join: {words}"):
        tape.add("join", op, "b")


@pytest.mark.parametrize(
    ("op", "others", "words"),
    [
        (Add(), (), "inputs: 1 given, not 2"),
        (Multiply(), ("a", "a"), "inputs: 3 given, not 2"),
        (Conv(4, 1), ("a",), "inputs: 2 given, not 1"),
        (Linear(4), (), "a fully connected layer on 8x8x6, which is not pooled"),
        (Conv(8, 1, groups=4), (), "6 channels in 4 groups"),
        (Conv(4, 1, groups=3), (), "4 channels in 3 groups"),
    ],
)
def test_an_operator_that_cannot_run_there(
    op: Op, others: tuple[str, ...], words: str
) -> None:
    tape = Tape({"a": Shape(6, 8, 8)})
    with pytest.raises(GraphError, match=f"odd: {words}"):
        tape.add("odd", op, *others)


def test_a_drawing_names_every_operator_of_a_layer() -> None:
    tape = Tape(Shape(3, 8, 8))
    tape.move(layer="all", block="all", stage="s1")
    tape.add("conv", Conv(3, 3))
    tape.add("bn", BatchNorm())
    tape.add("sum", Add(), "input")
    tape.add("act", Activation("relu"))

    assert to_tree(graph_of(tape))[-1].endswith("Conv 3x3, bn, add, relu -> 8x8x3")


def test_a_name_is_given_once() -> None:
    tape = Tape(Shape(3, 8, 8))
    tape.add("a", Conv(4, 1))
    with pytest.raises(GraphError, match='two operators are called "a"'):
        tape.add("a", Conv(4, 1))


def test_drawings_show_every_input_and_mark_several_outputs() -> None:
    tape = two_images()
    tape.move(layer="head", block="head", stage="s1")
    tape.outputs = ["both", tape.add("head", Conv(2, 1))]
    graph = graph_of(tape)

    assert to_tree(graph)[:2] == ["left 8x8x3", "right 8x8x5"]
    assert any(line.endswith("8x8x2, output") for line in to_tree(graph))
    for drawn in (to_mermaid(graph), to_dot(graph)):
        assert "left 8x8x3" in drawn
        assert "right 8x8x5" in drawn
