"""One configuration: read and checked the same way wherever its settings come from."""

from pathlib import Path
from typing import Any

import numpy
import pytest

import mnprofile
from mnprofile.base.errors import UsageError
from mnprofile.cli.options import network_of
from mnprofile.costs.budgets.evaluation import count_networks
from mnprofile.costs.budgets.reading import BudgetError, read_budgets
from mnprofile.graph.configuration import Configuration
from mnprofile.networks.catalog import build, load, tables_folder
from mnprofile.networks.configuration import (
    Request,
    configure,
    parse_spec,
    said_twice,
    spec_text,
    with_spec,
)
from mnprofile.networks.notation.rows import Architecture

# What a single count refuses, and how.
REFUSED = [
    ("v2", {"alpha": True}, "alpha: True is not a number"),
    ("v2", {"alpha": 10**400}, "alpha: 1"),
    ("v2", {"alpha": 0}, "alpha: 0 is out of range"),
    ("v2", {"alpha": 16.5}, "alpha: 16.5 is out of range"),
    ("v2", {"alpha": float("nan")}, "alpha: nan is out of range"),
    ("v2", {"resolution": True}, "resolution: True is not a whole number"),
    ("v2", {"resolution": 224.0}, "resolution: 224.0 is not a whole number"),
    ("v2", {"resolution": (224, 160.0)}, "resolution: 160.0 is not a whole number"),
    ("v2", {"resolution": 0}, "resolution: 0 is out of range"),
    ("v2", {"resolution": 10**6}, "resolution: 1000000 is out of range"),
    ("v2", {"t": True}, "t: True is not a number"),
    ("v2", {"t": -1}, "t: -1 is out of range"),
    ("v2", {"t": 65}, "t: 65 is out of range"),
    ("v1", {"t": 6}, "t: mobilenet_v1 has no expansion factor"),
    ("v2", {"classes": True}, "classes: True is not a whole number"),
    ("v2", {"classes": 10.0}, "classes: 10.0 is not a whole number"),
    ("v2", {"classes": -1}, "classes: -1 is out of range"),
    ("v2", {"impl": "pytorch"}, 'impl: unknown implementation "pytorch"'),
    ("v1", {"impl": "torchvision"}, "impl: torchvision has no V1 width rules"),
]
# Refused by a single count, while a sweep reads them as several values or has no such
# axis.
REFUSED_BY_BUILD = [
    ("v2", {"alpha": [0.5]}, "alpha: [0.5] is not a number"),
    ("v2", {"alpha": "0.75"}, "alpha: '0.75' is not a number"),
    ("v2", {"resolution": "224"}, "resolution: '224' is not a whole number"),
    ("v2", {"resolution": (1, 2, 3)}, "resolution: (1, 2, 3) is not a size"),
    ("v2", {"output_stride": 4}, "output stride: 4 is not accepted"),
    ("v2", {"output_stride": "16"}, "output stride: 16 is not accepted"),
]


@pytest.mark.parametrize(("arch", "settings", "says"), REFUSED + REFUSED_BY_BUILD)
def test_each_setting_is_checked(arch: str, settings: Any, says: str) -> None:
    with pytest.raises(UsageError) as caught:
        build(arch, **settings)
    assert caught.value.message.startswith(says)


@pytest.mark.parametrize(("arch", "settings", "says"), REFUSED)
def test_a_sweep_refuses_what_a_count_refuses(
    arch: str, settings: Any, says: str
) -> None:
    """With the same message, whether one value is given or several."""
    with pytest.raises(UsageError) as counted:
        build(arch, **settings)
    for swept in (settings, {name: [value] for name, value in settings.items()}):
        with pytest.raises(UsageError) as caught:
            mnprofile.sweep(arch, **swept)
        assert caught.value.message == counted.value.message
        assert caught.value.accepted == counted.value.accepted


@pytest.mark.parametrize("rho", [True, 0, -1, float("inf"), float("nan")])
def test_rho_is_a_number_above_0(rho: float) -> None:
    with pytest.raises(UsageError, match="rho: "):
        mnprofile.sweep("v2", rho=rho)
    with pytest.raises(UsageError, match="--rho: "):
        configure(load("v2"), Request(rho=rho))


def test_a_sweep_takes_numbers_in_texts() -> None:
    """A string can give several numbers, also as an item of a list."""
    rows = mnprofile.sweep("v2", alpha=["0.5:1:0.25", 1.4], resolution=["160", 96])
    assert sorted(set(rows["alpha"])) == [0.5, 0.75, 1.0, 1.4]
    assert sorted(set(rows["resolution"])) == [96, 160]


def test_numpy_s_numbers_are_numbers() -> None:
    config = build(
        "v2",
        alpha=numpy.float32(0.75),  # type: ignore[arg-type]
        resolution=(numpy.int64(160), numpy.int32(96)),  # type: ignore[arg-type]
        t=numpy.int64(4),  # type: ignore[arg-type]
        classes=numpy.int16(10),  # type: ignore[arg-type]
        output_stride=numpy.int8(16),  # type: ignore[arg-type]
    ).config
    plain = build(
        "v2", alpha=0.75, resolution=(160, 96), t=4, classes=10, output_stride=16
    ).config
    assert config == plain
    assert repr(config) == repr(plain)
    axes: Any = {"alpha": numpy.array([0.5, 1]), "resolution": [numpy.int64(96)]}
    assert mnprofile.sweep("v2", **axes)["alpha"].tolist() == [0.5, 1.0]


# --- from the command line, Python and budgets ---------------------------------------

SAME: list[tuple[str, dict[str, Any], dict[str, Any], str]] = [
    # ARCH, options, the keywords of build, the keys of a budget
    ("v2", {}, {}, ""),
    ("v2@0.75", {}, {"alpha": 0.75}, ""),
    ("v2@0.75/160", {}, {"alpha": 0.75, "resolution": 160}, ""),
    ("v2@1/320x240", {}, {"resolution": (320, 240)}, ""),
    ("v1", {"alpha": 0.5}, {"alpha": 0.5}, "alpha = 0.5"),
    ("v1", {"alpha": 1.0}, {"alpha": 1}, "alpha = 1"),
    ("v2", {"resolution": (160, 160)}, {"resolution": 160}, "res = 160"),
    ("v2", {"resolution": (96, 64)}, {"resolution": (96, 64)}, 'res = "96x64"'),
    ("v2", {"t": 4.0}, {"t": 4}, "t = 4"),
    ("v2@0.35", {"classes": 0}, {"alpha": 0.35, "classes": 0}, "classes = 0"),
    ("v3-small", {"impl": "keras"}, {"impl": "keras"}, 'impl = "keras"'),
    ("v3-large", {"output_stride": 16}, {"output_stride": 16}, "output-stride = 16"),
]


@pytest.mark.parametrize(("arch", "options", "keywords", "keys"), SAME)
def test_the_same_from_everywhere(
    arch: str,
    options: dict[str, Any],
    keywords: dict[str, Any],
    keys: str,
    tmp_path: Path,
) -> None:
    path = tmp_path / "mnprofile.toml"
    path.write_text(
        f'[[budget]]\nname = "b"\narch = "{arch}"\nmax-macs = "1G"\n{keys}\n'
    )
    (budget,) = read_budgets(path).budgets
    name, spec = parse_spec(budget.arch)
    table, graph = network_of(arch, **options)
    assert isinstance(table, Architecture)
    assert graph.config == build(name, **keywords).config
    assert graph.config == configure(table, with_spec(spec, budget.request))


def test_rho_on_the_command_line_is_a_resolution() -> None:
    _, graph = network_of("v2", rho=0.714)
    assert graph.config == build("v2", resolution=160).config
    both = Request(rho=0.714, resolution=(160, 160))
    with pytest.raises(UsageError, match="--res and --rho together"):
        configure(load("v2"), both)


@pytest.mark.parametrize(
    ("arch", "options", "key"),
    [
        ("v2@0.75", {"alpha": 1.0}, "alpha = 1"),
        ("v2@0.75/160", {"resolution": (96, 96)}, "res = 96"),
        ("v2@0.75/160", {"rho": 0.5}, None),
    ],
)
def test_nothing_is_said_twice(
    arch: str, options: dict[str, Any], key: str | None, tmp_path: Path
) -> None:
    _, spec = parse_spec(arch)
    name = said_twice(spec, Request(**options))
    with pytest.raises(UsageError, match=f"--{name}: {arch} already sets it"):
        network_of(arch, **options)
    if key is None:
        return
    path = tmp_path / "mnprofile.toml"
    path.write_text(
        f'[[budget]]\nname = "b"\narch = "{arch}"\nmax-macs = "1G"\n{key}\n'
    )
    with pytest.raises(BudgetError, match=f"{name}: arch already sets it") as caught:
        count_networks(read_budgets(path))
    assert caught.value.place is not None
    assert caught.value.place.line == 5


# --- the value -----------------------------------------------------------------------


def test_a_spec_is_what_spec_text_writes() -> None:
    config = build("v2", alpha=0.75, resolution=(320, 240)).config
    assert spec_text(config) == "0.75/320x240"
    assert parse_spec(f"v2@{spec_text(config)}") == (
        "v2",
        Request(alpha=0.75, resolution=(320, 240)),
    )


def test_a_file_with_an_at_sign_is_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("net@0.5").write_text("")
    assert parse_spec("net@0.5") == ("net@0.5", Request())
    assert parse_spec("other@0.5") == ("other", Request(alpha=0.5))
    assert parse_spec("my@net.md") == ("my@net.md", Request())


def test_rho_follows_the_resolution() -> None:
    config = configure(load("v2"))
    assert config.rho == 1
    assert config._replace(resolution=(160, 160)).rho == 160 / 224
    assert config._replace(resolution=(160, 96)).rho is None
    assert Configuration("x", "paper", 1.0, (8, 8), None, None, 0).rho is None


def test_a_table_without_a_classifier_has_no_classes() -> None:
    lines = (tables_folder() / "mobilenet_v2.md").read_text("utf-8").split("\n")
    headless = mnprofile.parse("\n".join(lines[:-3]))
    assert configure(headless).classes == 0
    with pytest.raises(UsageError, match="mobilenet_v2 has no classifier"):
        configure(headless, Request(classes=10))
    with pytest.raises(UsageError, match="mobilenet_v2 has no classifier"):
        mnprofile.sweep(headless, classes=10)
