"""Shared helpers: the command line run in process, and a table to modify."""

import gc
import importlib.util
import json
import os
import re
import shutil
import signal
import threading
from collections import Counter
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from mnprofile.cli import main
from mnprofile.networks import catalog
from mnprofile.search.tasks import running
from mnprofile.search.tasks.child import Answer, answer
from tests import extras

# Nothing here makes cycles by the thousand: to look for them often is a tenth of a run.
gc.set_threshold(50_000, 50, 100)

BROWSER = "needs Chromium (apt-get install chromium)"


def pytest_configure(config: pytest.Config) -> None:
    """Files in their own order: pytest-xdist leaves long ones of few tests last."""
    config.option.loadscopereorder = False


def pytest_pycollect_makemodule(
    module_path: Path, parent: pytest.Collector
) -> pytest.Module | None:
    """A module that imports a package of an extra is skipped where it is missing."""
    if extras.missing(module_path.read_text("utf-8")) is None:
        return None
    return extras.Unloaded.from_parent(parent, path=module_path)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call() -> Generator[None, None, None]:
    """A test that imports a package of an extra is skipped where it is missing."""
    try:
        yield
    except Exception as fault:
        reason = extras.skip_reason(fault)
        if reason is None:
            raise
        pytest.skip(reason)


def reason_of(report: pytest.TestReport) -> str:
    """Why a report was skipped, in the same words whoever said it."""
    assert isinstance(report.longrepr, tuple)
    said = report.longrepr[2].removeprefix("Skipped: ")
    absent = re.match("could not import '(\\w+)", said)
    return extras.needs(absent[1]) if absent else said


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """What was skipped, in one line per reason."""
    skipped = Counter(
        reason_of(report) for report in terminalreporter.stats.get("skipped", [])
    )
    for reason, number in skipped.most_common():
        what = "test or module" if number == 1 else "tests or modules"
        terminalreporter.write_line(f"Skipped {number} {what}: {reason}")


@dataclass(frozen=True)
class Result:
    """What a command printed, and its exit code."""

    code: int
    out: str
    err: str


Run = Callable[..., Result]


def installed(package: str) -> bool:
    """Whether a package is there, whatever a test makes mnprofile believe."""
    return importlib.util.find_spec(package) is not None


def skip_if_missing(told: str) -> None:
    """Skip a test whose command says that a package of an extra is not there."""
    absent = re.search(r'(?:^|"message": ")(\w+) is not installed', told, re.MULTILINE)
    if absent and absent[1] in extras.OPTIONAL and not installed(absent[1]):
        pytest.skip(extras.needs(absent[1]))


@pytest.fixture
def run(capfd: pytest.CaptureFixture[str]) -> Run:
    """Run the command line: ``run("count", "v2")``."""

    def call(*arguments: str) -> Result:
        code = main(list(arguments))
        captured = capfd.readouterr()
        skip_if_missing(captured.err)
        return Result(code, captured.out, captured.err)

    return call


@pytest.fixture
def tasks_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tasks run in this process, where torch is there already: a new one takes long."""

    one_at_a_time = threading.Lock()

    class Here:
        def ask(self, work: str, arguments: Any, timeout: float) -> Answer:
            with one_at_a_time:  # what looks into torch changes it for all threads
                told = answer(work, json.loads(json.dumps(arguments)))
            found: Answer = json.loads(told)
            return found

    monkeypatch.setattr(running, "_child", Here)


@pytest.fixture
def ends() -> Iterator[None]:
    """A test that waits for something, such as a pipe, fails."""

    def fail(*_: object) -> None:
        pytest.fail("it waits")

    before = signal.signal(signal.SIGALRM, fail)
    signal.alarm(60)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


@pytest.fixture
def elsewhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """In an empty folder and outside GitHub Actions, wherever the suite runs."""
    monkeypatch.chdir(tmp_path)
    for name in ("GITHUB_ACTIONS", "GITHUB_STEP_SUMMARY", "GITHUB_WORKSPACE"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """Chromium for page tests. Skipped with a reason where there is none, never in CI.

    One for all tests: playwright cannot be started twice in a process.
    """
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    if not os.environ.get("CI"):
        pytest.importorskip(
            "playwright.sync_api", reason="needs playwright (extra test)"
        )
        if path is None:
            pytest.skip(BROWSER)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        # Without a sandbox: tests may run as root in a container.
        found = playwright.chromium.launch(
            executable_path=path, args=["--no-sandbox", "--disable-gpu"]
        )
        yield found
        found.close()


# One table for every block and every manner of width rules: tests of what holds for any
# table need no more of them, and the largest networks take long.
SAMPLE = (
    *catalog.names()[:11],
    "efficientnet-b0",
    "efficientnet-b1",
    "mnasnet-a1",
    "fbnet-a",
    "mobilenet-edgetpu-v2-xs",
    "mobilenet-v4-conv-small",
    "resnet-50",
    "alexnet",
    "shufflenet-v1",
    "shufflenet-v2",
    "squeezenet",
    "googlenet",
    "ghostnet",
)
# Those of it whose blocks and style another one has: what is slow runs them on request.
VARIANTS = (
    *("v1-shallow", "v2-scaled-last", "v3-small-1280", "v3-large-reduced"),
    *("v3-small-reduced", "v3-small", "v3-large-minimalistic", "efficientnet-b1"),
)

GOOD_V2 = """\
# Tiny

By hand.

```toml
name = "tiny"
scaling = "v2"
resolution = 32
activation = "relu6"
```

| Input  | Operator    | t | c  | n | s |
|--------|-------------|---|----|---|---|
| 32²×3  | conv2d      | - | 8  | 1 | 2 |
| 16²×8  | bottleneck  | 6 | 16 | 2 | 2 |
| 8²×16  | conv2d 1x1  | - | 32 | 1 | 1 |
| 8²×32  | avgpool 8x8 | - | -  | 1 | - |
| 1²×32  | conv2d 1x1  | - | k  | - | - |
"""

GOOD_V1 = """\
# Tiny V1

```toml
name = "tiny_v1"
scaling = "v1"
resolution = 32
activation = "relu"
```

| Type / Stride | Filter Shape | Input Size |
|---|---|---|
| Conv / s2 | 3x3x3x8 | 32x32x3 |
| 2x Conv dw / s1 | 3x3x8 dw | 16x16x8 |
| 2x Conv / s1 | 1x1x8x8 | 16x16x8 |
| Avg Pool / s1 | Pool 16x16 | 16x16x8 |
| FC / s1 | 8x10 | 1x1x8 |
| Softmax / s1 | Classifier | 1x1x10 |
"""

GOOD_V3 = """\
# Tiny V3

```toml
name = "tiny_v3"
scaling = "v3"
resolution = 32
```

| Input | Operator | exp size | #out | SE | NL | s |
|---|---|---|---|---|---|---|
| 32²×3 | conv2d | - | 16 | - | HS | 2 |
| 16²×16 | bneck, 5x5 | 64 | 24 | ✓ | RE | 2 |
| 8²×24 | conv2d, 1x1 | - | 96 | - | HS | 1 |
| 8²×96 | pool, 8x8 | - | - | - | - | 1 |
| 1²×96 | conv2d 1x1, NBN | - | 32 | - | HS | 1 |
| 1²×32 | conv2d 1x1, NBN | - | k | - | - | 1 |
"""


def spoiled(text: str, *changes: tuple[str, str]) -> str:
    """A page with each first text replaced by the second; each must occur."""
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    return text


def words_missing(message: str, words: Sequence[str]) -> list[str]:
    """The ``words`` that a message lacks."""
    return [word for word in words if word not in message]
