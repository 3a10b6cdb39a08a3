"""Work for the tests of tasks: short, and in the ways that work can fail."""

import os
import signal
import time
from typing import Any


def add(a: int, b: int, seconds: float = 0) -> dict[str, Any]:
    time.sleep(seconds)
    return {"sum": a + b}


def noisy(a: int) -> dict[str, Any]:
    print("a line on standard output")
    os.write(1, b'{"figures": {"sum": 0}}\n')
    return {"sum": a}


def hang() -> dict[str, Any]:
    while True:
        time.sleep(1)


def crash() -> dict[str, Any]:
    os.kill(os.getpid(), signal.SIGSEGV)
    return {}


def leave() -> dict[str, Any]:
    os.write(2, b"the last words\n")
    os._exit(7)


def fail() -> dict[str, Any]:
    raise RuntimeError("first line\nsecond line")


def use_up_memory() -> dict[str, Any]:
    raise MemoryError


def not_json() -> dict[str, Any]:
    return {"sum": {1, 2}}


def as_told(arguments: dict[str, str], **_: object) -> dict[str, Any]:
    """For a sweep over ``kind``, in place of counting a network."""
    kinds = {"'fail'": fail, "'crash'": crash, "'hang'": hang}
    return kinds.get(arguments["kind"], lambda: {"macs": 7})()
