"""Damaged model files: an error or a count, never a traceback, long or large.

``MUTATIONS=20000`` in the environment tries that many, and every length and offset;
the suite tries a sample.
"""

import os
import random
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mnprofile.base.errors import MnprofileError
from mnprofile.costs.counting import count
from mnprofile.networks.readers.inputs import ReadRequest
from mnprofile.networks.readers.onnx.network import read as read_onnx
from mnprofile.networks.readers.tflite.network import read as read_tflite
from tests.networks.readers.onnx_writing import constant, integers, model
from tests.networks.readers.test_tflite_files import separable

onnx = pytest.importorskip("onnx")
MUTATIONS = int(os.environ.get("MUTATIONS", "300"))
STEP = 1 if MUTATIONS > 1000 else 5
LONGEST = 2.0  # seconds of this process; others may keep it waiting
LARGEST = 500  # megabytes more than before the test
PROC = Path("/proc/self")
Read = Callable[[str, ReadRequest], tuple[object, object]]


def megabytes(field: str) -> float:
    """A figure of this process' memory: VmRSS is what it has, VmHWM the most it had."""
    line = next(
        one for one in (PROC / "status").read_text().splitlines() if field in one
    )
    return int(line.split()[1]) / 1024


@pytest.fixture(autouse=True)
def never_large() -> Iterator[None]:
    """Linux can forget the most that a process had, so each test has its own peak."""
    if not (PROC / "clear_refs").exists():
        yield
        return
    (PROC / "clear_refs").write_text("5")
    before = megabytes("VmRSS")
    yield
    assert megabytes("VmHWM") - before < LARGEST


def onnx_bytes() -> bytes:
    node = onnx.helper.make_node
    made = model(
        [
            node("Conv", ["x", "w", "b"], ["c"], strides=[2, 2], pads=[1] * 4),
            node("Clip", ["c", "low", "high"], ["r"]),
            node("GlobalAveragePool", ["r"], ["g"]),
            node("Shape", ["g"], ["s"]),
            node("Gather", ["s", "zero"], ["n"]),
            node("Concat", ["n", "rest"], ["to"], axis=0),
            node("Reshape", ["g", "to"], ["f"]),
            node("Gemm", ["f", "v"], ["h"], transB=1),
            node("Softmax", ["h"], ["y"]),
        ],
        {"x": ["n", 3, 16, 16]},
        {"y": ["n", 5]},
        [
            constant("w", [4, 3, 3, 3]),
            constant("b", [4]),
            constant("low", []),
            constant("high", []),
            integers("zero", [0]),
            integers("rest", [-1]),
            constant("v", [5, 4]),
        ],
    )
    data: bytes = made.SerializeToString()
    return data


def tflite_bytes() -> bytes:
    file, x, y = separable("INT8")
    return file.bytes([x], [y])


FILES: dict[str, tuple[Callable[[], bytes], Read]] = {
    "onnx": (onnx_bytes, read_onnx),
    "tflite": (tflite_bytes, read_tflite),
}


def attempt(read: Read, path: Path, data: bytes) -> bool:
    """Whether the file could be counted; it is refused clearly where not."""
    path.write_bytes(data)
    started = time.process_time()
    try:
        _, graph = read(str(path), ReadRequest())
        count(graph)  # type: ignore[arg-type]
        counted = True
    except MnprofileError:
        counted = False
    assert time.process_time() - started < LONGEST
    return counted


@pytest.mark.parametrize("kind", FILES)
def test_truncated_at_every_length(tmp_path: Path, kind: str) -> None:
    make, read = FILES[kind]
    data = make()
    assert attempt(read, tmp_path / "net", data)
    for length in range(0, len(data), STEP):
        attempt(read, tmp_path / "net", data[:length])


@pytest.mark.parametrize("kind", FILES)
def test_flipped_bytes(tmp_path: Path, kind: str) -> None:
    make, read = FILES[kind]
    data, dice = make(), random.Random(13)
    refused = 0
    for _ in range(MUTATIONS):
        changed = bytearray(data)
        for _ in range(dice.choice((1, 1, 2, 8))):
            changed[dice.randrange(len(changed))] = dice.choice(
                (0, 1, 0x7F, 0x80, 0xFF, dice.randrange(256))
            )
        refused += not attempt(read, tmp_path / "net", bytes(changed))
    assert refused  # some of them did damage the file


@pytest.mark.parametrize("kind", FILES)
def test_parts_moved_repeated_and_cut_out(tmp_path: Path, kind: str) -> None:
    make, read = FILES[kind]
    data, dice = make(), random.Random(31)
    for _ in range(MUTATIONS // 4):
        a, b, c = sorted(dice.randrange(len(data)) for _ in range(3))
        for changed in (
            data[:a] + data[b:],
            data[:b] + data[a:],
            data[:a] + data[b:c] + data[a:b] + data[c:],
        ):
            attempt(read, tmp_path / "net", changed)


def test_a_dimension_below_zero(tmp_path: Path) -> None:
    path = tmp_path / "net.onnx"
    made = onnx.load_from_string(onnx_bytes())
    made.graph.initializer[0].dims[0] = -4
    path.write_bytes(made.SerializeToString())
    with pytest.raises(MnprofileError, match='"w" has a dimension of -4'):
        read_onnx(str(path), ReadRequest())


def test_a_constant_that_claims_more_than_it_holds(tmp_path: Path) -> None:
    path = tmp_path / "net.onnx"
    made = onnx.load_from_string(onnx_bytes())
    made.graph.initializer[0].dims[0] = 10**9
    path.write_bytes(made.SerializeToString())
    with pytest.raises(MnprofileError, match="108000000000 bytes, but holds 432 bytes"):
        read_onnx(str(path), ReadRequest())


@pytest.mark.parametrize("entry", [b"\x0a\x00", b"\x0a\x02\x12\x00", b"\x2a\x00"])
def test_millions_of_empty_nodes(tmp_path: Path, entry: bytes) -> None:
    """A few megabytes that would be gigabytes as objects."""
    graph = entry * 2_000_000
    size = len(graph)
    header = b"\x08\x08\x3a" + bytes(
        [*((size >> shift & 0x7F) | 0x80 for shift in (0, 7, 14)), size >> 21]
    )
    assert not attempt(read_onnx, tmp_path / "net.onnx", header + graph)


def test_a_vector_of_a_thousand_million(tmp_path: Path) -> None:
    """The number of operators, tensors and buffers, each replaced in turn."""
    data = tflite_bytes()
    for at in range(0, len(data) - 4, 4 * STEP):
        huge = data[:at] + (10**9).to_bytes(4, "little") + data[at + 4 :]
        attempt(read_tflite, tmp_path / "net.tflite", huge)


def test_graphs_within_graphs(tmp_path: Path) -> None:
    """If in If in If, deeper than anyone writes."""
    inner = onnx.helper.make_graph([], "end", [], [])
    for depth in range(20):
        node = onnx.helper.make_node("If", ["x"], [f"y{depth}"], then_branch=inner)
        inner = onnx.helper.make_graph([node], f"g{depth}", [], [])
    made = onnx.helper.make_model(inner)
    path = tmp_path / "net.onnx"
    path.write_bytes(made.SerializeToString())
    with pytest.raises(MnprofileError, match="more than 16 deep"):
        read_onnx(str(path), ReadRequest())


def test_functions_that_multiply(tmp_path: Path) -> None:
    """Each of 16 functions calls the next one ten times; one calls itself."""
    make = onnx.helper.make_node
    opset = [onnx.helper.make_opsetid("mine", 1)]
    functions = []
    for depth in range(16):
        calls = [
            make(f"F{depth + 1}", ["a"], ["b" if n == 9 else f"t{n}"], domain="mine")
            for n in range(10)
        ]
        functions.append(
            onnx.helper.make_function("mine", f"F{depth}", ["a"], ["b"], calls, opset)
        )
    loop = [make("Loop", ["a"], ["b"], domain="mine")]
    functions.append(
        onnx.helper.make_function("mine", "Loop", ["a"], ["b"], loop, opset)
    )
    for first in ("F0", "Loop"):
        made = model(
            [make(first, ["x"], ["y"], domain="mine")],
            {"x": [1, 2]},
            {"y": [1, 2]},
            functions=functions,
        )
        path = tmp_path / "net.onnx"
        path.write_bytes(made.SerializeToString())
        started = time.process_time()
        with pytest.raises(MnprofileError, match="becomes too many nodes"):
            read_onnx(str(path), ReadRequest())
        assert time.process_time() - started < LONGEST
