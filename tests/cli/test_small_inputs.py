"""No input under 1 MiB takes the machine.

Each runs in a process of its own. The goal is 1 s and 200 MB; what stood here before
took 2 to 30 s or gigabytes, so the limits leave room for a slow machine.
"""

import json
import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SECONDS, BYTES = 2, 300 << 20  # of processor time; resident
SETTINGS = """# N

```toml
name = "n"
scaling = "v2"
activation = "relu6"
resolution = 8
```

"""
HEADER = "| Input | Operator | t | c | n | s |\n|---|---|---|---|---|---|\n"
STEM = "| 8²×3 | conv2d | - | 32 | 1 | 1 |\n"
BLOCK = "| 8²×32 | bottleneck | 6 | 32 | 1 | 1 |\n"
PAGE = SETTINGS + HEADER + STEM
DOTTED = ".".join("a" * 30_000)


def budget(name: str) -> str:
    return f'[[budget]]\nname = "{name}"\narch = "v2"\nmax-macs = "1"\n'


def counted(seed: str, *, blocks: bool) -> str:
    """A count of 2,400 layers, each a block by itself or all in one block."""
    layer = {
        "name": "",
        "block": "",
        "stage": "s2",
        "row": 1,
        "op": "conv",
        "type": "Conv 1x1",
        "kernel": 1,
        "stride": 1,
        "groups": 1,
        "in_shape": [8, 8, 8],
        "out_shape": [8, 8, 8],
    }
    layers = []
    for at in range(2_400):
        name = f"{seed}{at}" if blocks else f"block1.{seed}{at}"
        layers.append({**layer, "name": name, "block": name if blocks else "block1"})
    from mnprofile.base.json_files import envelope

    model = {
        "name": "n",
        "alpha": 1.0,
        "resolution": [8, 8],
        "impl": "paper",
        "t": None,
    }
    record = envelope("count", {"model": model, "totals": {}, "layers": layers})
    return json.dumps(record, separators=(",", ":"))


CORPUS: dict[str, tuple[Callable[[], str], tuple[str, ...]]] = {
    # name of the file: its text, and the command that reads it
    "dotted.md": (
        lambda: PAGE.replace("name =", f"{DOTTED} = 1\nname ="),
        ("count", "dotted.md"),
    ),
    "dotted.toml": (lambda: f"{DOTTED} = 1\n", ("ci", "--config", "dotted.toml")),
    "header.toml": (lambda: f"[{DOTTED}]\n", ("ci", "--config", "header.toml")),
    "short_keys.toml": (
        lambda: "".join(f"a.b.c.d.e.f.g.k{at} = 1\n" for at in range(40_000)),
        ("ci", "--config", "short_keys.toml"),
    ),
    "budgets.toml": (
        lambda: "".join(budget(f"b{at}") for at in range(15_000)),
        ("ci", "--config", "budgets.toml"),
    ),
    "tildes.md": (lambda: "~" * 300_000 + "`\n" + PAGE, ("count", "tildes.md")),
    "backticks.md": (lambda: PAGE + "`" * 900_000 + "~", ("count", "backticks.md")),
    "tables.md": (
        lambda: SETTINGS + "| a | b |\n|-|-|\n\n" * 6_500,
        ("count", "tables.md"),
    ),
    "pipes.md": (lambda: SETTINGS + "|" * 900_000, ("count", "pipes.md")),
    "blocks.md": (lambda: PAGE + BLOCK * 990, ("count", "blocks.md")),
    "memory.md": (lambda: PAGE + BLOCK * 990, ("memory", "memory.md")),
    "quotes.md": (lambda: "> " * 450_000 + "\n" + PAGE, ("count", "quotes.md")),
    "brackets.md": (lambda: "[" * 900_000 + "\n" + PAGE, ("count", "brackets.md")),
    "twice.json": (
        lambda: "{" + "".join(f'"k{at}":1,' for at in range(60_000)) + '"k59999":2}',
        ("diff", "twice.json", "v2"),
    ),
    "deep.json": (lambda: "[" * 900_000, ("diff", "deep.json", "v2")),
    "a.json": (lambda: counted("a", blocks=True), ("diff", "a.json", "a_other.json")),
    "b.json": (lambda: counted("a", blocks=False), ("diff", "b.json", "b_other.json")),
}


@pytest.mark.parametrize("name", CORPUS)
def test_a_small_input_takes_little(tmp_path: Path, name: str) -> None:
    make, arguments = CORPUS[name]
    text = make()
    assert len(text.encode()) < 1 << 20
    (tmp_path / name).write_text(text, "utf-8")
    for other in (one for one in arguments if "_other" in one):
        (tmp_path / other).write_text(counted("b", blocks=name == "a.json"))

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))

    done = subprocess.run(
        [sys.executable, "-c", _MEASURED, *arguments],
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT), "PATH": ""},
        capture_output=True,
        text=True,
        preexec_fn=limit,
        check=False,
    )

    assert done.returncode >= 0, "it took more processor time"
    assert "Internal error" not in done.stderr
    *_, peak = done.stderr.split()
    assert int(peak) < BYTES


# VmHWM, in KiB, is of this process alone; ru_maxrss begins at the parent's.
_MEASURED = """
import sys
from mnprofile.cli import main
code = main(sys.argv[1:])
status = open("/proc/self/status").read().split()
print(int(status[status.index("VmHWM:") + 1]) * 1024, file=sys.stderr)
sys.exit(code)
"""
