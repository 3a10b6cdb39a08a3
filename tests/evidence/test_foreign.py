"""Another network compared with a table."""

import importlib.util
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

import mnprofile
from mnprofile.base.errors import UsageError
from mnprofile.cli import main
from mnprofile.evidence.profilers.foreign import (
    LABELS,
    ForeignCheck,
    check_against,
    field_text,
)
from mnprofile.views.sheets.foreign import foreign_document


def twin(alpha: float = 0.5, size: int = 64) -> nn.Module:
    return mnprofile.to_torch(mnprofile.build("v2", alpha=alpha, resolution=size))


def changed(path: str, module: nn.Module) -> Callable[[], nn.Module]:
    def factory() -> nn.Module:
        network = twin()
        home, _, name = path.rpartition(".")
        setattr(network.get_submodule(home), name, module)
        return network

    return factory


def compare(factory: Callable[..., Any], **arguments: object) -> ForeignCheck:
    graph = mnprofile.build("v2", alpha=0.5, resolution=64)
    return check_against(graph, factory, arguments)


def test_the_same_network_agrees() -> None:
    outcome = compare(twin)

    assert outcome.agrees
    assert len(outcome.ours) == len(outcome.theirs) == 53
    assert outcome.ours == outcome.theirs


def test_a_module_may_return_more_than_one_map() -> None:
    """Only convolutions and linear layers are compared."""

    class Pair(nn.Module):
        def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
            return x, x

    class Paired(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.pair, self.network = Pair(), twin()

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            y: torch.Tensor = self.network(self.pair(x)[0])
            return y

    assert compare(Paired).agrees


def test_arguments_reach_the_factory() -> None:
    """At 1.0 the stem has 32 channels, at 0.5 it has 16."""
    first = compare(twin, alpha=1.0).first

    assert first is not None
    assert (first.position, first.fields) == (1, ("out_channels",))
    assert first.ours is not None
    assert first.theirs is not None
    assert (first.ours.out_channels, first.theirs.out_channels) == (16, 32)
    assert first.ours.line == 15


@pytest.mark.parametrize(
    ("module", "fields"),
    [
        (nn.Conv2d(96, 96, 3, 1, 1, groups=96, bias=False), ("stride", "output")),
        (nn.Conv2d(96, 96, 3, 2, 1, groups=32, bias=False), ("groups",)),
        (nn.Conv2d(96, 96, 5, 2, 2, groups=96, bias=False), ("kernel",)),
        (nn.Conv2d(96, 96, 3, 2, 1, groups=96, bias=True), ("bias",)),
        (nn.Conv2d(96, 96, 3, 2, 2, 2, groups=96, bias=False), ("dilation",)),
    ],
)
def test_one_layer_that_differs_is_the_first(
    module: nn.Module, fields: tuple[str, ...]
) -> None:
    first = compare(changed("block4.depthwise.conv", module)).first

    assert first is not None
    assert first.ours is not None
    assert (first.ours.name, first.ours.line) == ("block4.depthwise", 18)
    assert first.fields == fields


class SecondLost(nn.Module):
    """In place of an addition: nothing is added."""

    def forward(self, x: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
        return x


UNSEEN_IN_FIGURES = [
    # What replaces a module of the twin; all sizes and parameters stay.
    ("stem.act", nn.ReLU(), "then", "batch norm, relu"),
    ("block3.add", SecondLost(), "then", "batch norm"),
    ("stem.bn", nn.GroupNorm(4, 16), "then", "group norm, relu6"),
    (
        "stem.bn",
        nn.BatchNorm2d(16, track_running_stats=False),
        "then",
        "batch norm without running statistics, relu6",
    ),
    (
        "stem.conv",
        nn.Conv2d(3, 16, 3, 2, 1, padding_mode="circular", bias=False),
        "padding",
        "circular",
    ),
    (
        "block6.depthwise.conv",
        nn.Conv2d(96, 96, 3, 1, 2, 2, groups=96, bias=False),
        "dilation",
        "2",
    ),
]


@pytest.mark.parametrize(("path", "module", "key", "theirs"), UNSEEN_IN_FIGURES)
def test_a_change_that_keeps_sizes_and_parameters_is_seen(
    path: str, module: nn.Module, key: str, theirs: str
) -> None:
    first = compare(changed(path, module)).first

    assert first is not None
    assert first.fields == (key,)
    assert field_text(first.theirs, key) == theirs


# What fvcore and the buffers show by themselves.
COUNTED = {
    "number of add",
    "number of hardtanh",
    "buffers",
    "batch norm and pooling (fvcore)",
}


@pytest.mark.parametrize(("path", "module", "key", "theirs"), UNSEEN_IN_FIGURES)
def test_check_sees_it_too(path: str, module: nn.Module, key: str, theirs: str) -> None:
    graph = mnprofile.build("v2", alpha=0.5, resolution=64)
    checked = mnprofile.check(graph, network=changed(path, module)())

    assert not checked.agrees
    told = {(one.what, one.theirs) for one in checked.problems}
    assert (LABELS.get(key, key), theirs) in told or COUNTED & {w for w, _ in told}


def test_the_verdict_names_what_was_compared() -> None:
    note = " ".join(foreign_document(compare(twin)).notes)

    assert "the same operators between them" in note
    assert "Not compared: which maps an addition or a product joins" in note


class WrittenOut(nn.Module):
    """Hardswish as x·relu6(x + 3)/6, or as hardsigmoid(x)·x."""

    def __init__(self, *, whole: bool) -> None:
        super().__init__()
        self.whole = whole

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if self.whole:
            return nn.functional.hardsigmoid(x) * x
        return x * nn.functional.relu6(x + 3) / 6


@pytest.mark.parametrize("whole", [True, False])
def test_an_activation_may_be_written_with_others(whole: bool) -> None:
    graph = mnprofile.build("v3-small", alpha=0.5, resolution=64)
    network = mnprofile.to_torch(graph)
    network.get_submodule("stem").act = WrittenOut(whole=whole)

    assert check_against(graph, lambda: network).agrees


def dilated_v2(limit: int, *, own: bool) -> nn.Module:
    """MobileNetV2 at an output stride; ``own`` dilates the strided layer itself."""
    layers: list[nn.Module] = []

    def norm(conv: nn.Conv2d, *, act: bool = True) -> list[nn.Module]:
        return [conv, nn.BatchNorm2d(conv.out_channels), *([nn.ReLU6()] if act else [])]

    class Residual(nn.Module):
        def __init__(self, *branch: nn.Module) -> None:
            super().__init__()
            self.branch = nn.Sequential(*branch)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            y: torch.Tensor = x + self.branch(x)
            return y

    layers += norm(nn.Conv2d(3, 32, 3, 2, 1, bias=False))
    before, total, dilation = 32, 2, 1
    for t, out, repeats, first in (
        *((1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2)),
        *((6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1)),
    ):
        for index in range(repeats):
            stride = first if index == 0 else 1
            later = dilation
            if total * stride > limit:
                stride, later = 1, dilation * stride
            total *= stride
            mine = later if own else dilation
            inner = before * t
            wide = norm(nn.Conv2d(before, inner, 1, bias=False)) if t > 1 else []
            deep = nn.Conv2d(
                inner, inner, 3, stride, mine, mine, groups=inner, bias=False
            )
            last = norm(nn.Conv2d(inner, out, 1, bias=False), act=False)
            block = Residual if index > 0 else nn.Sequential
            layers.append(block(*wide, *norm(deep), *last))
            before, dilation = out, later
    layers += norm(nn.Conv2d(320, 1280, 1, bias=False))
    layers += [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(1280, 1000)]
    return nn.Sequential(*layers)


@pytest.mark.parametrize("limit", [8, 16])
@pytest.mark.parametrize("impl", ["paper", "timm", "torchvision"])
def test_a_network_built_at_an_output_stride_agrees(limit: int, impl: str) -> None:
    """TF-slim and timm dilate the layers after a stride, torchvision this one too."""
    graph = mnprofile.build("v2", resolution=96, impl=impl, output_stride=limit)
    outcome = check_against(graph, dilated_v2, {"limit": limit, "own": False})

    assert outcome.agrees == (impl != "torchvision"), outcome.first
    outcome = check_against(graph, dilated_v2, {"limit": limit, "own": True})
    assert outcome.agrees == (impl == "torchvision"), outcome.first


def test_a_lost_layer_is_named() -> None:
    first = compare(changed("block6.depthwise.conv", nn.Identity())).first

    assert first is not None
    assert first.theirs is None
    assert first.ours is not None
    assert first.ours.name == "block6.depthwise"


def test_an_extra_layer_is_named() -> None:
    more = nn.Sequential(nn.Conv2d(16, 16, 1, bias=False), nn.ReLU6())
    first = compare(changed("stem.act", more)).first

    assert first is not None
    assert first.ours is None
    assert first.theirs is not None
    assert first.theirs.name == "stem.act.0"


def test_a_head_written_as_a_1x1_convolution_is_the_same() -> None:
    class Head(nn.Conv2d):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return super().forward(x[:, :, None, None] if x.dim() == 2 else x)

    assert compare(changed("classifier.linear", Head(1280, 1000, 1))).agrees


def test_parameters_elsewhere_are_noticed() -> None:
    outcome = compare(changed("block3.add", Weighted()))

    assert outcome.first is None
    assert outcome.params - outcome.count.totals.params == 1
    assert not outcome.agrees


class Weighted(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(1))

    def forward(self, x: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
        return x + other


def test_work_outside_modules_is_noticed() -> None:
    """A product of the stem's map with itself: 16 channels of 32 x 32 x 32."""

    class Attention(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x @ x

    outcome = compare(changed("stem.act", Attention()))

    assert outcome.unseen_macs == 16 * 32 * 32 * 32
    assert not outcome.agrees


def test_the_factorys_network_is_left_in_its_mode() -> None:
    network = twin().train()
    compare(lambda: network)

    assert network.training


# --- the command ---------------------------------------------------------------------

NETS = """
import sys
from torch import nn
import mnprofile

def good(alpha=0.5):
    print("a factory may print")
    return mnprofile.to_torch(mnprofile.build("v2", alpha=alpha))

def strided():
    network = good()
    network.get_submodule("block4.depthwise.conv").stride = (1, 1)
    return network

def raising():
    raise ValueError("no weights here")

def leaving():
    sys.exit(0)

def number():
    return 3

def needing(size):
    return good()

def flat():
    return nn.Sequential(nn.Flatten(), nn.Linear(7, 3))

NOT_CALLABLE = 3
"""


@pytest.fixture
def nets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A module "planted_nets" in the current folder."""
    (tmp_path / "planted_nets.py").write_text(NETS)
    (tmp_path / "broken_nets.py").write_text("raise OSError('cannot load')")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.delitem(sys.modules, "planted_nets", raising=False)


@pytest.mark.usefixtures("nets")
def test_agreement_exits_with_0(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "v2@0.5/64", "--against", "planted_nets:good"]) == 0
    out, err = capsys.readouterr()
    assert "Agrees: 53 layers" in out
    assert "a factory may print" not in out
    assert "a factory may print" in err


@pytest.mark.usefixtures("nets")
def test_arguments_are_python_literals(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["--against", "planted_nets:good", "--against-arg", "alpha=0.75"]

    assert main(["check", "v2@0.75/64", *arguments]) == 0


@pytest.mark.usefixtures("nets")
def test_a_difference_exits_with_1_and_names_our_line(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["check", "v2@0.5/64", "--against", "planted_nets:strided"]) == 1
    assert (
        "Differs first at block4.depthwise (line 18 of the table): stride, output"
        in capsys.readouterr().out
    )


@pytest.mark.usefixtures("nets")
def test_json_of_a_comparison(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["--against", "planted_nets:strided", "--format", "json"]

    assert main(["check", "v2@0.5/64", *arguments]) == 1
    record = json.loads(capsys.readouterr().out)
    assert record["schema"] == "mnprofile/check"
    assert not record["agrees"]
    assert record["first_difference"]["ours"]["row"] == 18
    assert record["first_difference"]["fields"] == ["stride", "output"]


@pytest.mark.parametrize(
    ("factory", "message"),
    [
        ("planted_nets:raising", "raised ValueError: no weights here (planted_nets"),
        ("planted_nets:leaving", "raised SystemExit: 0"),
        ("planted_nets:number", "returned an int"),
        ("planted_nets:needing", "missing 1 required positional argument: 'size'"),
        ("planted_nets:flat", "running on 64x64x3 raised RuntimeError"),
        ("planted_nets:god", 'Did you mean "good"?'),
        ("planted_nets:NOT_CALLABLE", "is an int"),
        ("broken_nets:good", "importing broken_nets raised OSError: cannot load"),
        ("planted_nets", "is not a factory"),
        (":good", "is not a factory"),
        (".nets:good", "importing .nets raised"),
    ],
)
@pytest.mark.usefixtures("nets")
def test_a_bad_factory_exits_with_2(
    factory: str, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["check", "v2@0.5/64", "--against", factory]) == 2
    out, err = capsys.readouterr()
    assert message in err
    assert out == ""
    assert "Traceback" not in err


@pytest.mark.parametrize("factory", ["absent_nets:good", "absent_nets.models:good"])
def test_a_missing_package_exits_with_3_and_the_line_that_installs_it(
    factory: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["check", "v2@0.5/64", "--against", factory]) == 3
    out, err = capsys.readouterr()
    assert "No module named 'absent_nets'" in err
    assert "pip install absent_nets" in err
    assert out == ""


@pytest.mark.parametrize(
    "arguments",
    [
        ["--against-arg", "alpha=1"],
        ["--against", "planted_nets:good", "--against-arg", "alpha"],
        ["--against", "planted_nets:good", "--against-arg", "=1"],
        ["--against", "planted_nets:good", "--counter", "all"],
        ["--against", "planted_nets:good", "--against-arg", "beta=1"],
    ],
)
@pytest.mark.usefixtures("nets")
def test_bad_arguments_exit_with_2(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["check", "v2@0.5/64", *arguments]) == 2
    assert capsys.readouterr().out == ""


def test_help_says_that_the_code_runs() -> None:
    from click.testing import CliRunner

    from mnprofile.cli import cli

    text = " ".join(CliRunner().invoke(cli, ["check", "--help-all"]).output.split())

    assert "runs the named code with your permissions" in text


def test_a_library_error_needs_no_command() -> None:
    with pytest.raises(UsageError, match="returned an int"):
        compare(lambda: 3)


# --- torchvision's own networks ------------------------------------------------------


@pytest.fixture(scope="module")
def torchvision_operators() -> Iterator[None]:
    """What torchvision looks for at import if its compiled operators are missing.

    They are missing with a CPU-only torch; its classification models need none.
    """
    if importlib.util.find_spec("torchvision") is None:
        pytest.skip("needs torchvision")
    try:
        importlib.import_module("torchvision")
        yield
        return
    except RuntimeError:
        for name in [name for name in sys.modules if name.startswith("torchvision")]:
            del sys.modules[name]
    library: Any = torch.library.Library("torchvision", "DEF")  # type: ignore[no-untyped-call]
    for name in ("nms", "qnms"):
        library.define(f"{name}(Tensor dets, Tensor scores, float iou) -> Tensor")
    yield
    del library


TORCHVISION = [
    ("v2", "mobilenet_v2", {}, {}),
    ("v2", "mobilenet_v2", {"alpha": 0.35}, {"width_mult": 0.35}),
    ("v3-large", "mobilenet_v3_large", {}, {}),
    ("v3-small", "mobilenet_v3_small", {}, {}),
    ("v3-large-reduced", "mobilenet_v3_large", {}, {"reduced_tail": True}),
    ("v3-small-reduced", "mobilenet_v3_small", {}, {"reduced_tail": True}),
    (
        "v3-large",
        "mobilenet_v3_large",
        {"output_stride": 16, "impl": "torchvision"},
        {"dilated": True},
    ),
    (
        "v3-large",
        "mobilenet_v3_large",
        {"alpha": 0.75, "impl": "torchvision"},
        {"width_mult": 0.75},
    ),
]


@pytest.mark.parametrize(("arch", "model", "settings", "arguments"), TORCHVISION)
@pytest.mark.usefixtures("torchvision_operators")
def test_torchvisions_networks_are_ours(
    arch: str, model: str, settings: dict[str, Any], arguments: dict[str, Any]
) -> None:
    graph = mnprofile.build(arch, resolution=96, **settings)
    outcome = check_against(graph, f"torchvision.models:{model}", arguments)

    assert outcome.agrees, outcome.first


@pytest.mark.usefixtures("torchvision_operators")
def test_torchvisions_narrow_v3_is_not_the_papers() -> None:
    """torchvision scales the printed expansion (64 -> 48), TF-slim the factor 4."""
    graph = mnprofile.build("v3-large", alpha=0.75, resolution=96)
    outcome = check_against(
        graph, "torchvision.models:mobilenet_v3_large", {"width_mult": 0.75}
    )

    assert outcome.first is not None
    assert outcome.first.ours is not None
    assert outcome.first.ours.name == "block2.expand"
    assert outcome.first.fields == ("out_channels",)


@pytest.mark.parametrize(
    ("arch", "model"),
    [("v2", "mobilenet_v2"), ("v3-large", "mobilenet_v3_large")],
)
@pytest.mark.usefixtures("torchvision_operators")
def test_torchvisions_network_computes_what_the_twin_does(
    arch: str, model: str
) -> None:
    """With the twin's weights in it, in the order of both networks."""
    models = importlib.import_module("torchvision.models")
    torch.manual_seed(0)
    ours = mnprofile.to_torch(mnprofile.build(arch, resolution=64)).eval()
    theirs = getattr(models, model)().eval()
    for mine, other in zip(ours.parameters(), theirs.parameters(), strict=True):
        other.data.copy_(mine.data)
    for module in theirs.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.eps = 1e-5  # torchvision's V3 has another value
    image = torch.randn(1, 3, 64, 64)

    torch.testing.assert_close(theirs(image), ours(image))
