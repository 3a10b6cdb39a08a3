"""Drawings, character by character: a tree, a Mermaid flowchart, a Graphviz graph.

Read against the grammars of Mermaid (``id["text"]``, ``id(["text"])``, ``subgraph id``,
entities such as ``#quot;``) and of dot (quoted strings, ``subgraph "cluster_..."``).
"""

import pytest

import mnprofile
from mnprofile.graph.configuration import Configuration
from mnprofile.graph.drawing import boxes, to_dot, to_mermaid, to_tree
from mnprofile.graph.graph import Graph, Tape
from mnprofile.graph.operators.convolution import Conv, Depthwise
from mnprofile.graph.operators.op import Shape
from tests.conftest import GOOD_V2

HEAD, _ = GOOD_V2.split("| 32²×3")
SMALL = (
    HEAD.replace("resolution = 32", "resolution = 16")
    + """\
| 16²×3 | conv2d     | - | 8 | 1 | 2 |
| 8²×8  | bottleneck | 2 | 8 | 1 | 1 |
| 8²×8  | avgpool    | - | - | 1 | - |
| 1²×8  | conv2d 1x1 | - | k | - | - |
"""
)
TREE = """\
input 16x16x3
s2
├─ stem: Conv 3x3 / s2, bn, relu6 -> 8x8x8
└─ block1
   ├─ expand: Conv 1x1, bn, relu6 -> 8x8x16
   ├─ depthwise: Conv DW 3x3, bn, relu6 -> 8x8x16
   ├─ project: Conv 1x1, bn -> 8x8x8
   └─ add: add -> 8x8x8
head
├─ pool: pool -> 1x1x8
└─ classifier: Fully Connected -> 1x1x1000"""
MERMAID = """\
flowchart TD
  n0(["input 16x16x3"])
  n1["stem<br/>Conv 3x3 / s2, bn, relu6 -#gt; 8x8x8"]
  subgraph b_block1["block1"]
    n2["block1.expand<br/>Conv 1x1, bn, relu6 -#gt; 8x8x16"]
    n3["block1.depthwise<br/>Conv DW 3x3, bn, relu6 -#gt; 8x8x16"]
    n4["block1.project<br/>Conv 1x1, bn -#gt; 8x8x8"]
    n5["block1.add<br/>add -#gt; 8x8x8"]
  end
  n6["pool<br/>pool -#gt; 1x1x8"]
  n7["classifier<br/>Fully Connected -#gt; 1x1x1000"]
  n0 --> n1
  n1 --> n2
  n2 --> n3
  n3 --> n4
  n4 --> n5
  n1 --> n5
  n5 --> n6
  n6 --> n7
"""
DOT = """\
digraph "tiny" {
  node [shape=box, fontname="sans-serif"];
  n0 [label="input 16x16x3", shape=oval];
  n1 [label="stem\\nConv 3x3 / s2, bn, relu6 -> 8x8x8"];
  subgraph "cluster_block1" {
    label="block1";
    n2 [label="block1.expand\\nConv 1x1, bn, relu6 -> 8x8x16"];
    n3 [label="block1.depthwise\\nConv DW 3x3, bn, relu6 -> 8x8x16"];
    n4 [label="block1.project\\nConv 1x1, bn -> 8x8x8"];
    n5 [label="block1.add\\nadd -> 8x8x8"];
  }
  n6 [label="pool\\npool -> 1x1x8"];
  n7 [label="classifier\\nFully Connected -> 1x1x1000"];
  n0 -> n1;
  n1 -> n2;
  n2 -> n3;
  n3 -> n4;
  n4 -> n5;
  n1 -> n5;
  n5 -> n6;
  n6 -> n7;
}
"""


@pytest.fixture(scope="module")
def small() -> Graph:
    return mnprofile.build(mnprofile.parse(SMALL))


def test_a_tree(small: Graph) -> None:
    assert "\n".join(to_tree(small)) == TREE


def test_a_mermaid_flowchart(small: Graph) -> None:
    assert to_mermaid(small) == MERMAID


def test_a_graphviz_graph(small: Graph) -> None:
    assert to_dot(small) == DOT


def test_a_block_in_between_has_a_line_beside_its_layers() -> None:
    page = SMALL.replace(
        "8 | 1 | 1 |\n| 8²×8  | avgpool", "8 | 2 | 1 |\n| 8²×8  | avgpool"
    )
    tree = to_tree(mnprofile.build(mnprofile.parse(page)))

    assert tree[3:9] == [
        "├─ block1",
        "│  ├─ expand: Conv 1x1, bn, relu6 -> 8x8x16",
        "│  ├─ depthwise: Conv DW 3x3, bn, relu6 -> 8x8x16",
        "│  ├─ project: Conv 1x1, bn -> 8x8x8",
        "│  └─ add: add -> 8x8x8",
        "└─ block2",
    ]


def test_boxes_have_the_line_of_their_row(small: Graph) -> None:
    """The table begins on line 12: its rows stand on 14 to 17."""
    assert [box.line for box in boxes(small)] == [14, 15, 15, 15, 15, 16, 17]


def test_boxes_know_their_block_and_what_feeds_them(small: Graph) -> None:
    found = {box.name: box for box in boxes(small)}

    assert found["block1.add"].block == "block1"
    assert found["block1.add"].stage == "s2"
    assert found["block1.add"].fed_by == ("block1.project", "stem")
    assert found["stem"].fed_by == ("input",)


def made(tape: Tape, name: str = "made") -> Graph:
    return tape.graph(Configuration(name, "paper", 1.0, (8, 8), None, None, 0))


def test_strides_and_dilations_are_told() -> None:
    tape = Tape(Shape(3, 9, 9))
    for layer, op in (
        ("plain", Conv(4, 3)),
        ("strided", Conv(4, 3, 2)),
        ("dilated", Depthwise(3, dilation=4)),
        ("both", Depthwise(3, 2, 2)),
    ):
        tape.move(layer=layer, block=layer, stage="s1")
        tape.add(layer, op)

    assert [box.label for box in boxes(made(tape))] == [
        "Conv 3x3 -> 9x9x4",
        "Conv 3x3 / s2 -> 5x5x4",
        "Conv DW 3x3 dilation 4 -> 5x5x4",
        "Conv DW 3x3 / s2 dilation 2 -> 3x3x4",
    ]


def test_outputs_are_marked_where_there_are_several() -> None:
    tape = Tape(Shape(3, 8, 8))
    for layer in ("first", "second", "third"):
        tape.move(layer=layer, block=layer, stage="s1")
        tape.add(layer, Conv(4, 1))
    one = made(tape)
    tape.outputs = ["first", "third"]

    assert [box.label.endswith(", output") for box in boxes(one)] == [False] * 3
    assert [box.label.endswith("8x8x4, output") for box in boxes(made(tape))] == [
        *(True, False, True)
    ]


def test_what_a_drawing_takes_for_markup_is_escaped() -> None:
    """Two layers make the block a subgraph, so that its name is drawn too."""
    name = 'a"b<c>d#e\\f\u202eg-h'
    tape = Tape(Shape(3, 8, 8))
    for layer in (name, f"{name}2"):
        tape.move(layer=layer, block=name, stage="s1")
        tape.add(layer, Conv(4, 1))
    mermaid = to_mermaid(made(tape)).split("\n")
    dot = to_dot(made(tape, name)).split("\n")

    shown = "a#quot;b#lt;c#gt;d#35;e\\f\\u202eg-h"
    assert mermaid[2] == f'  subgraph b_a_b_c_d_e_f_g_h["{shown}"]'
    assert mermaid[5] == "  end"
    assert mermaid[3] == f'    n1["{shown}<br/>Conv 1x1 -#gt; 8x8x4"]'
    quoted = 'a\\"b<c>d#e\\\\f\\\\u202eg-h'
    assert dot[0] == f'digraph "{quoted}" {{'
    assert dot[3] == f'  subgraph "cluster_{quoted}" {{'
    assert dot[7] == "  }"
    assert dot[4] == f'    label="{quoted}";'
    assert dot[5] == f'    n1 [label="{quoted}\\nConv 1x1 -> 8x8x4"];'
