"""The cross-check agrees for every table, and fails where something is wrong."""

import io
import json
import subprocess
import sys
from dataclasses import replace

import pytest
import torch
from torch import nn

import mnprofile
from mnprofile.base import extras
from mnprofile.base.errors import MissingExtraError, UnmeasuredError, UsageError
from mnprofile.cli import main
from mnprofile.evidence.profilers import cross_check as crosscheck
from mnprofile.evidence.profilers import readings
from mnprofile.evidence.profilers.cross_check import Check, Problem
from mnprofile.evidence.profilers.torch_style import Style
from mnprofile.evidence.profilers.worker import Run
from mnprofile.graph.configuration import Configuration
from mnprofile.graph.graph import Graph, Origin, Position, Tape
from mnprofile.graph.operators.linear import Linear
from mnprofile.graph.operators.op import Shape
from mnprofile.networks import catalog
from tests.conftest import GOOD_V2, SAMPLE, VARIANTS
from tests.sampling import sampled

torch.set_num_threads(1)


# With the sample, one table of each family and of each block.
TABLES = (
    *SAMPLE,
    *("mcunet-vww0", "ofa-note8-22", "shufflenet-oneshot", "shufflenet-v2-plus-small"),
)
# Weights depend on alpha alone, positions on the resolution: two pairs are enough.
PAIRS = ((0.5, 64), (1.0, 96))


@pytest.mark.parametrize(
    ("arch", "alpha", "resolution"),
    sampled(
        [(arch, *pair) for arch in TABLES for pair in PAIRS],
        keep=[(arch, *PAIRS[0]) for arch in TABLES if arch not in VARIANTS],
    ),
)
def test_every_table_agrees_with_fvcore_and_flop_counter_mode(
    arch: str, alpha: float, resolution: int
) -> None:
    scales = mnprofile.load(arch).scaling["paper"].scales
    graph = mnprofile.build(arch, alpha=alpha if scales else 1.0, resolution=resolution)
    checked = mnprofile.check(graph)

    assert checked.problems == ()
    assert [one.rest for one in checked.readings] == [0, 0]
    assert checked.agrees
    assert checked.is_complete


def test_no_family_is_left_out() -> None:
    """All tables: python -m tests.whole_grid. VGG has the blocks of AlexNet, and half
    a gigabyte of weights."""
    tried = {mnprofile.load(name).group for name in TABLES if name not in VARIANTS}

    assert {arch.group for arch in catalog.architectures()} == tried | {"VGG"}


@pytest.mark.parametrize(
    ("arch", "settings"),
    [
        ("v2", {"t": 0.0}),
        ("v2", {"t": 0.5}),
        ("v2", {"resolution": (33, 70)}),
        ("v3-large", {"impl": "torchvision", "alpha": 0.75}),
        ("v3-small", {"output_stride": 8}),
        ("v1", {"impl": "keras", "resolution": 150}),
        ("v1", {"impl": "keras", "output_stride": 16, "resolution": 65}),
        ("v3-large", {"classes": 0}),
        ("v1", {"alpha": 0.04, "resolution": 32, "impl": "keras"}),
    ],
)
def test_other_settings_agree_too(arch: str, settings: dict[str, object]) -> None:
    graph = mnprofile.build(arch, **{"resolution": 64, **settings})  # type: ignore[arg-type]
    checked = mnprofile.check(graph)

    assert checked.agrees, checked.problems


@pytest.mark.parametrize(
    ("arch", "left_out"),
    [
        ("v2", {"add": 10, "hardtanh": 35}),
        ("v3-large", {"add": 10, "hardsigmoid": 8, "hardswish": 21, "mul": 8}),
        ("v3-small", {"add": 6, "hardsigmoid": 9, "hardswish": 19, "mul": 9}),
    ],
)
def test_what_fvcore_leaves_out_of_torchvisions_networks(
    arch: str, left_out: dict[str, int]
) -> None:
    """As fvcore lists it for torchvision's own modules (except dropout)."""
    checked = mnprofile.check(mnprofile.build(arch, resolution=32))

    assert checked.left_out == left_out


def test_functional_activations_agree() -> None:
    graph = mnprofile.build("v2", resolution=32)

    assert mnprofile.check(graph, activations="functional", pooling="module").agrees


# --- faults planted in the twin ------------------------------------------------------

GRAPH = mnprofile.build(mnprofile.parse(GOOD_V2))


def faulty(path: str, module: nn.Module | None) -> Check:
    """The check of a twin in which one module is replaced or removed."""
    network = mnprofile.to_torch(GRAPH)
    home, _, name = path.rpartition(".")
    if module is None:
        del network.get_submodule(home)._modules[name]
    else:
        setattr(network.get_submodule(home), name, module)
    return mnprofile.check(GRAPH, network=network)


def test_a_wrong_stride_is_found_at_its_layer() -> None:
    checked = faulty(
        "block1.depthwise.conv",
        nn.Conv2d(48, 48, 3, 1, 1, groups=48, bias=False),
    )

    assert not checked.agrees
    assert checked.problems[0] == Problem(
        "block1.depthwise", 15, "output", "8x8x48", "16x16x48"
    )


def test_a_missing_bias_is_found_at_its_layer() -> None:
    checked = faulty("classifier.linear", nn.Linear(32, 1000, bias=False))

    assert checked.problems == (
        Problem("classifier", 18, "parameters", 33_000, 32_000),
    )


def test_a_wrong_group_count_is_found_at_its_layer() -> None:
    """Groups of two channels: twice the weights and multiply-adds."""
    checked = faulty(
        "block2.depthwise.conv",
        nn.Conv2d(96, 96, 3, 1, 1, groups=48, bias=False),
    )

    assert {one.layer for one in checked.problems} == {"block2.depthwise"}
    assert [(one.what, one.ours, one.theirs) for one in checked.problems] == [
        ("multiply-adds (FlopCounterMode)", 2 * 55_296, 4 * 55_296),
        ("multiply-adds (fvcore)", 55_296, 2 * 55_296),
        ("parameters", 96 * 9 + 192, 96 * 18 + 192),
    ]


def test_a_layer_that_does_nothing_is_found() -> None:
    checked = faulty("block2.depthwise.conv", nn.Identity())

    assert {one.layer for one in checked.problems} == {"block2.depthwise"}


def test_a_lost_batch_norm_is_found_in_all_that_it_holds() -> None:
    """16 channels on an 8x8 map, which fvcore counts at 2 per element."""
    checked = faulty("block2.project.bn", nn.Identity())

    assert {(one.layer, one.line) for one in checked.problems} == {
        ("block2.project", 15)
    }
    assert [(one.what, one.ours, one.theirs) for one in checked.problems] == [
        ("batch norm and pooling (fvcore)", 2 * 16 * 64, 0),
        ("parameters", 96 * 16 + 32, 96 * 16),
        ("buffers", 32, 0),
    ]


def test_a_layer_that_is_gone_is_found() -> None:
    checked = faulty("block2.depthwise.conv", None)

    assert checked.problems == (
        Problem("block2.depthwise", 15, "module", "block2.depthwise.conv", "missing"),
    )
    assert not checked.agrees


def test_a_lost_shortcut_is_noticed() -> None:
    class First(nn.Module):
        def forward(self, x: torch.Tensor, _: torch.Tensor) -> torch.Tensor:
            return x

    checked = faulty("block2.add", First())

    assert [(one.what, one.ours, one.theirs) for one in checked.problems] == [
        ("number of add", 1, 0)
    ]


def test_a_lost_activation_is_noticed() -> None:
    checked = faulty("block2.expand.act", nn.Identity())

    assert [(one.what, one.ours, one.theirs) for one in checked.problems] == [
        ("number of hardtanh", 6, 5)
    ]


def test_channels_that_do_not_fit_are_found_where_it_stops() -> None:
    checked = faulty("block2.expand.conv", nn.Conv2d(16, 95, 1, bias=False))

    assert checked.problems[0].layer == "block2.expand"
    assert checked.problems[-1].layer == "block2.expand.bn"
    assert checked.problems[-1].what == "running it"
    assert checked.problems[-1].line == 15
    assert not checked.is_complete


def test_an_extra_layer_is_found_outside_the_graph() -> None:
    network = mnprofile.to_torch(GRAPH)
    network.extra = nn.Linear(3, 2)
    checked = mnprofile.check(GRAPH, network=network)

    assert checked.problems == (
        Problem("(outside the graph)", None, "parameters", 0, 8),
    )


def test_the_network_is_left_as_it_was() -> None:
    network = mnprofile.to_torch(GRAPH).train()
    before = {key: value.clone() for key, value in network.state_dict().items()}
    mnprofile.check(GRAPH, network=network)

    assert network.training
    assert all(torch.equal(before[k], v) for k, v in network.state_dict().items())


# --- what else may go wrong -------------------------------------------------------


def test_counters_and_another_network_cannot_be_combined() -> None:
    with pytest.raises(UsageError, match="not on another one"):
        mnprofile.check(
            GRAPH, counters=["torchinfo"], network=mnprofile.to_torch(GRAPH)
        )


def test_a_profiler_that_is_only_in_the_ledger_is_refused() -> None:
    with pytest.raises(UsageError, match="keras is only in the ledger"):
        mnprofile.check(GRAPH, counters=["keras"])


def test_a_missing_profiler_is_named_with_its_extra(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(extras, "is_installed", lambda package: package != "thop")

    with pytest.raises(MissingExtraError) as caught:
        mnprofile.check(GRAPH, counters=["thop"])
    assert caught.value.accepted == extras.install_line("check-all")


def test_an_unexplained_rest_is_a_verdict(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(extras, "is_installed", lambda package: True)
    monkeypatch.setattr(readings, "run", lambda *_: Run(5, "9.9"))
    checked = mnprofile.check(GRAPH, counters=["thop"])

    assert checked.readings[-1].rest == 5 - (checked.readings[-1].entry.total or 0)
    assert checked.is_complete
    assert not checked.agrees


def test_fvcore_failing_alone_is_not_a_disagreement(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("no tracing here")

    monkeypatch.setattr("fvcore.nn.FlopCountAnalysis.__init__", fail)
    checked = mnprofile.check(GRAPH)

    assert checked.agrees
    assert not checked.is_complete
    assert checked.readings[0].failure == "no tracing here"


def test_running_out_of_memory_is_unmeasured(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("DefaultCPUAllocator: can't allocate memory: 7 bytes")

    monkeypatch.setattr("fvcore.nn.FlopCountAnalysis.__init__", fail)
    with pytest.raises(UnmeasuredError, match="does not fit into memory"):
        mnprofile.check(GRAPH)


def test_a_graph_that_torch_cannot_run_differs_where_it_stops() -> None:
    """A linear layer of 3 inputs on a 2x2 map of 3 channels gets 12."""
    tape = Tape(Shape(3, 1, 1))
    tape.at = Position("fc", "fc", "head", Origin("<test>", line=7))
    tape.add("fc.linear", Linear(5))
    config = Configuration("flat", "paper", 1.0, (2, 2), None, None, 5)
    graph = replace(tape.graph(config), inputs=(("input", Shape(3, 2, 2)),))
    checked = mnprofile.check(graph)

    assert len(checked.problems) == 1
    assert (checked.problems[0].layer, checked.problems[0].line) == ("fc.linear", 7)
    assert "(1x12 and 3x5)" in str(checked.problems[0].theirs)
    assert checked.readings[0].total is None


# --- the command ---------------------------------------------------------------------


def test_agreement_exits_with_0(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "v2@0.5/64", "--by", "stage"]) == 0
    out, err = capsys.readouterr()
    assert "Agrees: 53 layers" in out
    assert "nothing is left unexplained" in out
    assert err == ""


def test_json_of_a_check(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "v2@0.75/160", "--format", "json"]) == 0
    record = json.loads(capsys.readouterr().out)

    assert record["schema"] == "mnprofile/check"
    assert record["agrees"]
    assert record["totals"]["flop_counter_flops"] == 214_590_400
    assert record["totals"]["torch_params"] == 2_636_424
    fvcore = record["profilers"][0]
    assert (fvcore["total"], fvcore["rest"]) == (113_302_000, 0)
    assert fvcore["version"] == "0.1.5.post20221221"
    assert [term["amount"] for term in fvcore["terms"]] == [
        107_295_200,
        5_974_800,
        32_000,
    ]


def test_markdown_and_csv_of_a_check(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "v1@0.25/32", "--format", "md", "--by", "block"]) == 0
    assert "| Block | Ours | fvcore |" in capsys.readouterr().out
    assert main(["check", "v1@0.25/32", "--format", "csv"]) == 0
    assert capsys.readouterr().out.startswith("name,row,output,macs,fvcore_macs,flops")


def test_a_difference_exits_with_1_and_names_the_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def strided(graph: Graph, **writing: Style) -> nn.Module:
        network = mnprofile.to_torch(graph, **writing)
        network.get_submodule("block4.depthwise.conv").stride = (1, 1)  # type: ignore[assignment]
        return network

    monkeypatch.setattr(crosscheck, "to_torch", strided)

    assert main(["check", "v2@0.5/64"]) == 1
    out = capsys.readouterr().out
    assert "first at block4.depthwise (line 18): output" in out
    assert "more; --format json has all of them" in out


def test_a_failed_profiler_exits_with_3(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(extras, "is_installed", lambda package: True)
    monkeypatch.setattr(readings, "run", lambda *_: Run(None, "1", "it broke"))

    assert main(["check", "v2@0.5/32", "--counter", "thop"]) == 3
    assert "thop 1 failed: it broke" in capsys.readouterr().out


def test_an_unknown_counter_exits_with_2(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "v2", "--counter", "thob"]) == 2
    assert 'Did you mean "thop"?' in capsys.readouterr().err


@pytest.mark.parametrize("package", ["torch", "fvcore"])
def test_a_missing_extra_exits_with_3(
    package: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import importlib.util

    real = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util,
        "find_spec",
        lambda name, *rest: None if name == package else real(name, *rest),
    )

    assert main(["check", "v2"]) == 3
    assert extras.install_line("check") in capsys.readouterr().err


def test_progress_counts_its_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(extras, "is_installed", lambda package: True)
    monkeypatch.setattr(readings, "run", lambda *_: Run(5, "9.9"))
    steps: list[tuple[str, int, int]] = []
    mnprofile.check(GRAPH, counters=["thop"], progress=lambda *s: steps.append(s))

    assert [done for _, done, _ in steps] == [0, 1, 2, 3]
    assert {total for _, _, total in steps} == {3}


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_bar_is_drawn_on_a_terminal_only(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Off a terminal stderr stays empty: test_agreement_exits_with_0."""
    terminal = Terminal()
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr("sys.stderr", terminal)

    assert main(["check", "v1@0.25/32", "--by", "stage"]) == 0
    assert "fvcore and FlopCounterMode" in terminal.getvalue()
    assert "Agrees" in capsys.readouterr().out


# --- nothing heavy is imported without need -------------------------------------------

LIGHT = (
    "import sys, mnprofile.cli.check, mnprofile.cli.ledger, mnprofile as m;"
    "m.ledger(m.build('v2')); m.check; m.check_against; m.to_torch; {more}"
    "print([name for name in ('torch', 'fvcore', 'numpy', 'pandas')"
    " if name in sys.modules])"
)


def imported(more: str) -> str:
    code = LIGHT.format(more=more)
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def test_the_ledger_and_help_import_no_torch() -> None:
    assert imported("") == "[]"


def test_that_test_can_fail() -> None:
    """A package that is loaded is seen; numpy loads in a tenth of torch's time."""
    assert imported("import numpy;") == "['numpy']"
