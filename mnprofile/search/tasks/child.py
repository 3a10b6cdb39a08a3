"""A process that does one task after another, and can be lost without harm.

The parent writes one JSON line per task to its standard input and reads one per answer.
A task that crashes, hangs or uses up the memory ends its own process; the parent says
what happened and starts another. Packages stay imported from task to task.
"""

from __future__ import annotations

import importlib
import json
import os
import queue
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

from mnprofile.base.errors import MnprofileError

MODULE = "mnprofile.search.tasks.child"
Answer = dict[str, Any]  # {"figures": ...}, {"error": ...} or {"lost": ...}


class Child:
    """The parent's side of such a process."""

    def __init__(self) -> None:
        paths = [str(Path(__file__).parents[3]), os.environ.get("PYTHONPATH", "")]
        self._messages: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115
        self._process = subprocess.Popen(  # noqa: S603  our own interpreter and module
            # -P: a file in the current folder must not be taken for a package.
            [sys.executable, "-P", "-m", MODULE],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._messages,
            env={
                **os.environ,
                "PYTHONPATH": os.pathsep.join(filter(None, paths)),
                "OMP_NUM_THREADS": "1",  # as many processes as there are cores
            },
            start_new_session=True,  # an interrupt is the parent's to handle
        )

    def ask(self, work: str, arguments: Mapping[str, Any], timeout: float) -> Answer:
        """The answer to one task. ``lost`` says that the process ended without one."""
        late = threading.Event()

        def give_up() -> None:
            late.set()
            self.stop()

        alarm = threading.Timer(timeout, give_up)
        alarm.daemon = True
        alarm.start()
        line = b""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            with suppress(BrokenPipeError):
                question = json.dumps([work, arguments]).encode() + b"\n"
                self._process.stdin.write(question)
                self._process.stdin.flush()
                line = self._process.stdout.readline()
        finally:
            alarm.cancel()
        if line.endswith(b"\n"):
            answer: Answer = json.loads(line)
            return answer
        if late.is_set():
            return {"error": f"no result after {timeout:g} s"}
        return {"lost": self._ending()}

    @property
    def runs(self) -> bool:
        return self._process.poll() is None

    def stop(self) -> None:
        """End the process at once."""
        self._process.kill()

    def close(self) -> None:
        """End the process, and wait until it is gone."""
        self.stop()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout, self._messages):
            assert pipe is not None
            with suppress(BrokenPipeError):
                pipe.close()

    def _ending(self) -> str:
        """How the process ended, and the last line that it printed."""
        code = self._process.wait()
        self._messages.seek(0)
        lines = self._messages.read().decode(errors="replace").split("\n")
        said = [line.strip() for line in lines if line.strip()]
        how = f"signal {-code}" if code < 0 else f"exit code {code}"
        return f"the process ended with {how}" + (f": {said[-1][:300]}" if said else "")


def main() -> None:
    """The process itself: answer until standard input ends."""
    with suppress(OSError):  # where memory runs out, this process goes first
        Path("/proc/self/oom_score_adj").write_text("1000")
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a network prints is not part of the answer
    waiting: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(waiting,), daemon=True).start()
    while True:
        work, arguments = json.loads(waiting.get())
        answers.write(answer(work, arguments).encode() + b"\n")
        answers.flush()


def _listen(waiting: queue.SimpleQueue[bytes]) -> None:
    """Pass tasks on; end the process with its parent, whatever it is doing."""
    for line in sys.stdin.buffer:
        waiting.put(line)
    os._exit(0)


def answer(work: str, arguments: Mapping[str, Any]) -> str:
    """Do one task, and write its answer as JSON; an error is one too."""
    try:
        module, _, name = work.partition(":")
        function = getattr(importlib.import_module(module), name)
        return json.dumps({"figures": function(**arguments)})
    except MnprofileError as fault:
        reason = fault.message
    except MemoryError:
        reason = "out of memory"
    except Exception as fault:  # whatever foreign code raises
        lines = str(fault).strip().splitlines() or [""]
        reason = f"{type(fault).__name__}: {lines[0][:300]}"
    return json.dumps({"error": reason})


if __name__ == "__main__":
    main()
