"""What a command takes: the processor time and memory of a process of its own."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.conftest import skip_if_missing

ROOT = Path(__file__).parents[2]
TIMES, BYTES = 10, 200 << 20  # of the processor time of ``count v2``; resident
ATTEMPTS = 3  # of which one must do: others may be disturbed
TakesLittle = Callable[..., None]

# A process forked off one that has imported the command line, and done nothing else, is
# what a new process is then, and starts at once; the import is counted all the same.
# VmHWM, in KiB, is of this process alone; ru_maxrss begins at the parent's.
_FORKS = """
import json, os, resource, sys, time
from mnprofile.cli import main
imported = time.process_time()
for line in sys.stdin:
    folder, *sys.argv = json.loads(line)
    os.chdir(folder)
    if not (child := os.fork()):
        resource.setrlimit(resource.RLIMIT_CPU, (60, 60))
        for stream, name in ((1, os.devnull), (2, "told")):
            os.dup2(os.open(name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), stream)
        code = main()
        seconds = imported + time.process_time()
        status = open("/proc/self/status").read().split()
        peak = int(status[status.index("VmHWM:") + 1]) * 1024
        print("", seconds, peak, file=sys.stderr, flush=True)
        os._exit(code)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""


class Taken(NamedTuple):
    """What a command took, and how it ended."""

    code: int
    seconds: float
    bytes: int
    text: str


@pytest.fixture(scope="module")
def takes_little(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TakesLittle]:
    """Assert that a command takes little time for each file, little memory, and how it
    ends: ``takes_little(folder, file, arguments, exit code)``.

    That is a second of processor time and 200 MB, on an idle machine that counts V2 in
    a tenth of a second. A slow or busy one is allowed for: the limit is ten times what
    counting V2 takes there and then. Skipped without a package that it needs.
    """
    with subprocess.Popen(
        [sys.executable, "-c", _FORKS],
        env={"PYTHONPATH": str(ROOT), "PATH": ""},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as forks:

        def taken(folder: Path, *arguments: str) -> Taken:
            assert forks.stdin is not None
            assert forks.stdout is not None
            forks.stdin.write(json.dumps([str(folder), "", *arguments]) + "\n")
            forks.stdin.flush()
            code = int(forks.stdout.readline())
            assert code >= 0, f"signal {-code}: 60 s of processor time, or a crash"
            text = (folder / "told").read_text()
            *_, seconds, peak = text.split()
            return Taken(code, float(seconds), int(peak), text)

        elsewhere = tmp_path_factory.mktemp("count")

        def of_v2() -> float:
            return min(taken(elsewhere, "count", "v2").seconds for _ in range(3))

        known = of_v2()

        def check(
            folder: Path,
            name: str,
            arguments: tuple[str, ...],
            code: int,
            inputs: int = 1,
        ) -> None:
            assert (folder / name).stat().st_size < 1 << 20
            times = []
            for attempt in range(ATTEMPTS):
                found = taken(folder, *arguments)
                skip_if_missing(found.text)
                ended = (found.code, "Internal error" in found.text)
                assert ended == (code, False), found.text
                assert found.bytes < BYTES
                times.append(found.seconds / (of_v2() if attempt else known))
                if times[-1] < TIMES * inputs:
                    return
            pytest.fail(f"{min(times):.1f} times the processor time of `count v2`")

        yield check
