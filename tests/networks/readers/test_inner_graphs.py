"""Branches, loops and several networks in a model file, with figures by hand."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mnprofile.base.errors import MnprofileError
from mnprofile.costs.counting import Count, count
from mnprofile.networks.readers.inputs import ReadRequest
from mnprofile.networks.readers.onnx.network import read as read_onnx
from mnprofile.networks.readers.tflite.network import read as read_tflite
from tests.conftest import Run
from tests.networks.readers.onnx_writing import constant, integers, model
from tests.networks.readers.tflite_writing import Part, TFLite

onnx = pytest.importorskip("onnx")
pytest.importorskip("tflite")
node: Callable[..., Any] = onnx.helper.make_node
PRODUCT = 64  # one row of 8 elements by a matrix of 8 x 8


def info(name: str, *dims: int, kind: int = 1) -> Any:
    return onnx.helper.make_tensor_value_info(name, kind, dims)


def onnx_count(tmp_path: Path, *nodes: Any, output: tuple[int, ...] = (1, 8)) -> Count:
    """A network x (1, 8) -> y with the constants that the graphs below read."""
    made = model(
        nodes,
        {"x": [1, 8], "flag": []},
        {"y": output},
        [
            constant("w", [8, 8]),
            constant("v", [8, 8]),
            integers("five", [5]),
            onnx.helper.make_tensor("yes", onnx.TensorProto.BOOL, [], [1]),
        ],
        kinds={"flag": "BOOL"},
    )
    path = tmp_path / "net.onnx"
    path.write_bytes(made.SerializeToString())
    return count(read_onnx(str(path), ReadRequest())[1])


def branch(name: str, *weights: str) -> Any:
    """x by some matrices, one after the other."""
    names = ["x", *(f"{name}{at}" for at in range(len(weights)))]
    calls = [
        node("MatMul", [names[at], one], [names[at + 1]])
        for at, one in enumerate(weights)
    ]
    return onnx.helper.make_graph(calls, name, [], [info(names[-1], 1, 8)])


@pytest.mark.parametrize(("second", "macs"), [(["v", "w"], 128), (["w"], 64)])
def test_both_branches_of_an_if_are_named_with_their_costs(
    tmp_path: Path, second: list[str], macs: int
) -> None:
    """Each matrix counts once, whichever branches use it; no product counts."""
    found = onnx_count(
        tmp_path,
        node(
            "If",
            ["flag"],
            ["y"],
            then_branch=branch("first", "w"),
            else_branch=branch("second", *second),
        ),
    )
    (unknown,) = found.graph.unknown
    extra = 64 * (len(second) - 1)
    assert unknown.type == "If"
    assert getattr(unknown.op, "detail", "") == (
        '(then_branch "first": 64 multiply-adds, 64 parameters; or'
        f' else_branch "second": {macs} multiply-adds, {extra} parameters)'
    )
    assert found.totals.macs == 0
    assert found.totals.weights == 64 + extra


def test_of_an_if_with_a_constant_one_branch_is_left(tmp_path: Path) -> None:
    found = onnx_count(
        tmp_path,
        node(
            "If",
            ["yes"],
            ["y"],
            then_branch=branch("first", "w", "v"),
            else_branch=branch("second", "w"),
        ),
    )
    assert not found.graph.unknown
    assert found.totals.macs == 2 * PRODUCT


def body(end: str) -> Any:
    """One product a run; it goes on if ``end`` says so, and keeps every state."""
    calls = [
        node("Identity", ["goes_on"], ["same"]),
        node("MatMul", ["state", "w"], ["next"]),
        node("ReduceSum", ["next"], ["sum"], keepdims=0),
        node("Greater", ["sum", "sum"], ["larger"]),
    ]
    return onnx.helper.make_graph(
        calls,
        "body",
        [info("i", kind=7), info("goes_on", kind=9), info("state", 1, 8)],
        [info(end, kind=9), info("next", 1, 8), info("next", 1, 8)],
    )


def test_a_loop_of_five_runs_counts_five_times(tmp_path: Path) -> None:
    """Its matrix counts once; what each run gives lies one after the other."""
    found = onnx_count(
        tmp_path,
        node("Loop", ["five", "", "x"], ["last", "y"], body=body("same")),
        output=(5, 1, 8),
    )
    assert not found.graph.unknown
    assert (found.totals.macs, found.totals.weights) == (5 * PRODUCT, 64)
    assert found.totals.activations == 5 * 8


def test_a_loop_that_may_end_is_named_with_what_a_run_costs(tmp_path: Path) -> None:
    found = onnx_count(
        tmp_path,
        node("Loop", ["five", "", "x"], ["y", ""], body=body("larger")),
    )
    (unknown,) = found.graph.unknown
    assert '"body": 64 multiply-adds' in getattr(unknown.op, "detail", "")
    assert (found.totals.macs, found.totals.weights) == (0, 64)


def test_a_scan_runs_once_per_part(tmp_path: Path) -> None:
    """Six rows of 8 elements."""
    graph = onnx.helper.make_graph(
        [node("MatMul", ["part", "w"], ["made"])],
        "rows",
        [info("part", 1, 8)],
        [info("made", 1, 8)],
    )
    made = model(
        [node("Scan", ["x"], ["y"], body=graph, num_scan_inputs=1)],
        {"x": [6, 1, 8]},
        {"y": [6, 1, 8]},
        [constant("w", [8, 8])],
    )
    path = tmp_path / "net.onnx"
    path.write_bytes(made.SerializeToString())
    found = count(read_onnx(str(path), ReadRequest())[1])
    assert (found.totals.macs, found.totals.params) == (6 * PRODUCT, 64)


# --- TFLite -----------------------------------------------------------------------


def product(file: TFLite, x: int, name: str) -> int:
    weight = file.constant(f"{name}/w", (8, 8))
    return file.call(
        "FULLY_CONNECTED", [x, weight, -1], name, (1, 8), "FullyConnectedOptions"
    )


def number(file: TFLite, name: str, value: int) -> int:
    return file.constant(name, (), "INT32", value.to_bytes(4, "little"))


def repeat(file: TFLite, inputs: list[int], outputs: list[int]) -> None:
    """A loop of the subgraphs 1 and 2."""
    numbers = {"CondSubgraphIndex": 1, "BodySubgraphIndex": 2}
    file.operator("WHILE", inputs, outputs, "WhileOptions", **numbers)


def looping(start: int = 0, step: int = 1, limit: int = 7) -> list[Part]:
    """Subgraphs 0 to 2: a loop, its condition i < limit, its body i + step, x by w."""
    main, test, run = TFLite(), TFLite(), TFLite()
    x, first = main.tensor("x", (1, 8)), number(main, "start", start)
    counter, y = main.tensor("i", (), "INT32"), main.tensor("y", (1, 8))
    repeat(main, [first, x], [counter, y])
    i, state = test.tensor("i", (), "INT32"), test.tensor("state", (1, 8))
    end = number(test, "limit", limit)
    less = test.call("LESS", [i, end], "less", (), dtype="BOOL")
    j, before = run.tensor("i", (), "INT32"), run.tensor("state", (1, 8))
    by = number(run, "step", step)
    more = run.call("ADD", [j, by], "more", (), "AddOptions", dtype="INT32")
    after = product(run, before, "after")
    return [
        Part(main, [x], [y]),
        Part(test, [i, state], [less]),
        Part(run, [j, before], [more, after]),
    ]


def tflite_count(
    tmp_path: Path, parts: list[Part], key: str = "", **named: int
) -> Count:
    path = tmp_path / "net.tflite"
    first, *others = parts
    data = first.file.bytes(first.inputs, first.outputs, others, named)
    path.write_bytes(data)
    return count(read_tflite(f"{path}{key}", ReadRequest())[1])


@pytest.mark.parametrize(
    ("start", "step", "limit", "runs"),
    [(0, 1, 7, 7), (2, 1, 7, 5), (0, 3, 7, 3), (7, 1, 7, 0)],
)
def test_a_while_that_counts(
    tmp_path: Path, start: int, step: int, limit: int, runs: int
) -> None:
    found = tflite_count(tmp_path, looping(start, step, limit))
    assert not found.graph.unknown
    assert found.totals.macs == runs * PRODUCT
    assert found.totals.params == 64
    assert not found.graph.notes  # called subgraphs are no networks of their own


def test_a_while_that_counts_nothing_is_named(tmp_path: Path) -> None:
    found = tflite_count(tmp_path, looping(step=0))
    (unknown,) = found.graph.unknown
    assert unknown.type == "WHILE"
    assert (found.totals.macs, found.totals.params) == (0, 64)


def test_a_loop_whose_body_is_itself_ends(tmp_path: Path) -> None:
    """Deeper than 16 is not read, so it is only named."""
    parts = looping()
    run = parts[2].file
    x = parts[2].inputs[1]
    first = number(run, "again", 0)
    counter, y = run.tensor("k", (), "INT32"), run.tensor("z", (1, 8))
    repeat(run, [first, x], [counter, y])
    found = tflite_count(tmp_path, parts)
    assert found.graph.unknown


def test_an_if_of_a_tflite_file(tmp_path: Path) -> None:
    main, first, second = TFLite(), TFLite(), TFLite()
    flag, x = main.tensor("flag", (), "BOOL"), main.tensor("x", (1, 8))
    y = main.tensor("y", (1, 8))
    numbers = {"ThenSubgraphIndex": 1, "ElseSubgraphIndex": 2}
    main.operator("IF", [flag, x], [y], "IfOptions", **numbers)
    a, b = first.tensor("a", (1, 8)), second.tensor("b", (1, 8))
    once = product(first, a, "once")
    twice = product(second, product(second, b, "one"), "two")
    found = tflite_count(
        tmp_path,
        [
            Part(main, [flag, x], [y]),
            Part(first, [a], [once]),
            Part(second, [b], [twice]),
        ],
    )
    (unknown,) = found.graph.unknown
    detail = getattr(unknown.op, "detail", "")
    assert ": 64 multiply-adds, 64 parameters; or else_branch" in detail
    assert ": 128 multiply-adds, 128 parameters)" in detail
    assert (found.totals.macs, found.totals.params) == (0, 192)


def two_networks() -> list[Part]:
    one, other = TFLite(), TFLite()
    x, u = one.tensor("x", (1, 8)), other.tensor("u", (1, 8))
    y = product(one, x, "once")
    v = product(other, product(other, u, "one"), "two")
    return [Part(one, [x], [y]), Part(other, [u], [v])]


@pytest.mark.parametrize(
    ("key", "macs", "own", "others"),
    [
        ("", 64, "short", "long"),
        ("#short", 64, "short", "long"),
        ("#long", 128, "long", "short"),
        ("#2", 128, "long", "short"),
    ],
)
def test_a_network_of_several_is_chosen_by_name_or_number(
    tmp_path: Path, key: str, macs: int, own: str, others: str
) -> None:
    found = tflite_count(tmp_path, two_networks(), key, short=0, long=1)
    assert found.totals.macs == macs
    assert found.graph.notes == (
        f'figures are of "{own}"; FILE#NAME counts another: "{others}"',
    )


def test_a_network_that_is_not_in_the_file(tmp_path: Path) -> None:
    with pytest.raises(
        MnprofileError, match='no signature or subgraph "lnog"'
    ) as caught:
        tflite_count(tmp_path, two_networks(), "#lnog", short=0, long=1)
    assert caught.value.accepted == "short, long, 1 to 2"
    assert caught.value.suggestion == "long"


def test_equal_contents_are_not_one_constant(tmp_path: Path) -> None:
    """Two layers whose 64 weights a converter stored once, as they are equal: two
    biases of small int8 networks often are."""
    file = TFLite()
    x = file.tensor("x", (1, 8))
    y = product(file, product(file, x, "one"), "two")
    file.share("two/w", "one/w")
    found = tflite_count(tmp_path, [Part(file, [x], [y])])
    assert (found.totals.macs, found.totals.params) == (128, 128)


def test_a_constant_without_multiply_adds_takes_no_memory(
    tmp_path: Path, run: Run
) -> None:
    """A loop starts with a counter and a state: ``memory`` passes them over."""
    tflite_count(tmp_path, looping())
    result = run("memory", str(tmp_path / "net.tflite"), "--format", "json")
    assert result.code == 0, result.err
    explained = run("explain", str(tmp_path / "net.tflite"))
    assert explained.code == 0, explained.err
