"""The work of a network, against amounts added up by hand."""

from mnprofile import build
from mnprofile.costs.latency.prediction import lower_bound
from mnprofile.costs.latency.work import Work, work
from mnprofile.graph.configuration import Configuration
from mnprofile.graph.graph import Graph, Tape
from mnprofile.graph.operators.convolution import Conv, Depthwise
from mnprofile.graph.operators.elementwise import Activation, BatchNorm
from mnprofile.graph.operators.joining import Add
from mnprofile.graph.operators.op import Shape
from mnprofile.graph.operators.pooling import GlobalPool

CONFIG = Configuration("tiny", "paper", 1.0, (8, 8), 8, None, 0)


def tiny() -> Graph:
    """3 channels of 8x8: conv 3x3 to 4, depthwise 3x3 at stride 2, add, pool."""
    tape = Tape(Shape(3, 8, 8))
    tape.move(layer="stem", block="stem", stage="s1")
    tape.add("stem.conv", Conv(4, 3))
    tape.add("stem.bn", BatchNorm())
    tape.add("stem.act", Activation("relu6"))
    tape.move(layer="depthwise", block="body", stage="s2")
    first = tape.add("depthwise.conv", Depthwise(3, 2))
    tape.move(layer="add")
    tape.add("add", Add(), first)
    tape.move(layer="pool")
    tape.add("pool", GlobalPool())
    return tape.graph(CONFIG)


def test_amounts_are_those_added_up_by_hand() -> None:
    found = {name: work(nodes, 32) for name, nodes in tiny().layers.items()}
    # Conv: 3*3*3*4 = 108 weights at 64 positions; maps of 3*64 and 4*64 elements.
    assert found["stem"] == Work(6912, 0, 4 * (192 + 256), 4 * 108, 1)
    # Depthwise: 36 weights at 16 positions; maps of 4*64 and 4*16 elements.
    assert found["depthwise"] == Work(0, 576, 4 * (256 + 64), 4 * 36, 1)
    # An addition reads two maps and writes one; pooling reads 64 elements, writes 4.
    assert found["add"] == Work(0, 0, 4 * 3 * 64, 0, 1)
    assert found["pool"] == Work(0, 0, 4 * (64 + 4), 0, 1)


def test_bytes_follow_the_bits_and_batch_norm_runs_with_its_layer() -> None:
    eight = work(tiny(), 8)
    assert eight.bytes == 448 + 108 + 320 + 36 + 192 + 68
    assert eight.operator == 4  # six nodes, of which two are fused


def test_a_network_has_the_multiply_adds_that_it_is_known_for() -> None:
    done = work(build("v2"), 32)
    assert done.macs == 300_774_272  # DESIGN: V2 1.0/224
    # Torch hooks on the twin: depthwise convolutions alone (fvcore counts the same).
    assert done.depthwise_mac == 20_716_416
    assert done.weight_byte == 4 * 3_469_760  # weights of convolutions and classifier


def test_a_lower_bound_takes_the_longer_of_compute_and_memory() -> None:
    stem, depthwise, add, pool = lower_bound(
        tiny(), macs_per_second=6912, bytes_per_second=1120, bits=32
    )
    assert (stem.ms, stem.bound) == (1000 * 2224 / 1120, "memory")
    assert (depthwise.ms, depthwise.bound) == (1000 * 1424 / 1120, "memory")
    fast = lower_bound(tiny(), macs_per_second=6912, bytes_per_second=10**9, bits=32)
    assert (fast[0].ms, fast[0].bound) == (1000.0, "compute")
    assert [add.compute_ms, pool.compute_ms] == [0, 0]
