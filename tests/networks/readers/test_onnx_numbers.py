"""Our reading of ONNX's wire format, against the generated classes of its package."""

from pathlib import Path
from typing import Any

import pytest

from mnprofile.networks.readers.files.program import ModelFile, Program, Tensor
from mnprofile.networks.readers.onnx.file import TYPES, read_onnx
from tests.networks.readers.onnx_writing import constant, integers, model

onnx = pytest.importorskip("onnx")


def everything() -> Any:
    """A model with every kind of attribute, value and constant that is read."""
    make = onnx.helper.make_node
    branch = onnx.helper.make_graph([make("Relu", ["x"], ["r"])], "branch", [], [])
    value = onnx.helper.make_tensor("v", onnx.TensorProto.INT32, [2], [-3, 7])
    own = make(
        "Own",
        ["x", "", "w"],
        ["y"],
        name="own",
        domain="mine",
        whole=-5,
        real=0.5,
        text="é",
        tensor=value,
        graph=branch,
        wholes=[1, -2, 1 << 40],
        reals=[0.5, -2.0],
        texts=["a", "b"],
        graphs=[branch, branch],
    )
    own.metadata_props.add(
        key="pkg.torch.onnx.name_scopes", value="['', 'a', 'a.b', 'own']"
    )
    function = onnx.helper.make_function(
        "mine", "F", ["a"], ["b"], [make("Relu", ["a"], ["b"])], []
    )
    raw = constant("raw", [2, 2], "FLOAT16")
    return model(
        [own],
        {"x": ["batch", 3, 1]},
        {"y": None},
        [constant("w", [4, 3]), integers("axes", [-1, 2]), raw],
        functions=[function],
        shapes={"h": [1, 2]},
    )


@pytest.fixture
def both(tmp_path: Path) -> tuple[ModelFile, Any]:
    made = everything()
    return read_onnx(memoryview(made.SerializeToString()), "net.onnx"), made


def test_nodes_and_attributes(both: tuple[ModelFile, Any]) -> None:
    ours, theirs = both
    (call,), (node,) = ours.main.calls, theirs.graph.node
    assert (call.name, call.operator, call.domain) == ("own", "Own", "mine")
    assert [*call.inputs] == [*node.input]
    assert [*call.outputs] == [*node.output]
    assert call.scopes == ("a", "a.b")
    found = dict(call.attributes)
    tensor, graph, graphs = (found.pop(one) for one in ("tensor", "graph", "graphs"))
    assert found == {
        "whole": -5,
        "real": 0.5,
        "text": "é",
        "wholes": (1, -2, 1 << 40),
        "reals": (0.5, -2.0),
        "texts": ("a", "b"),
    }
    assert isinstance(tensor, Tensor)
    assert (tensor.dims, tensor.dtype, tensor.values) == ((2,), "int32", (-3, 7))
    assert isinstance(graph, Program)
    assert [one.operator for one in graph.calls] == ["Relu"]
    assert isinstance(graphs, tuple)
    assert len(graphs) == 2


def test_tensors_functions_and_the_rest(both: tuple[ModelFile, Any]) -> None:
    ours, theirs = both
    tensors = ours.main.tensors
    for one in theirs.graph.initializer:
        assert tensors[one.name].dims == tuple(one.dims)
        kind = onnx.TensorProto.DataType.Name(one.data_type).lower()
        assert tensors[one.name].dtype == {"float": "float32"}.get(kind, kind)
    assert tensors["axes"].values == (-1, 2)
    assert tensors["x"].dims == ("batch", 3, 1)
    assert tensors["h"].dims == (1, 2)
    assert ours.main.inputs == ("x",)
    assert ours.main.outputs == ("y",)
    function = ours.functions["mine", "F"].program
    assert (function.inputs, function.outputs) == (("a",), ("b",))
    assert [one.operator for one in function.calls] == ["Relu"]


def test_types_are_in_the_order_of_their_numbers() -> None:
    names = {"float": "float32", "double": "float64"}
    numbers = onnx.TensorProto.DataType.items()
    theirs = [name.lower() for name, number in sorted(numbers, key=lambda one: one[1])]
    expected = [names.get(name, name) for name in theirs[1:]]  # without UNDEFINED
    assert expected[: len(TYPES)] == TYPES
    assert len(expected) == len(TYPES)
