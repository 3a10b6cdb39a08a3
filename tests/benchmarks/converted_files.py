"""Files of real converters: every command on each, and figures of another count.

    python -m tests.benchmarks.converted_files --keras PYTHON --torch PYTHON

``--keras`` is the Python of an environment with tensorflow, tf2onnx and onnxruntime,
``--torch`` of one with torch, torchvision, transformers, onnx, onnxscript, onnxruntime
and litert-torch: see ``converters/``. Files that the folder has already are not made
again (with ``--folder``). Ends with 1 if anything was not as expected.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
COMMANDS: tuple[tuple[str, ...], ...] = (
    ("count", "FILE", "--by", "stage", "--deploy"),
    ("count", "FILE", "--by", "layer", "--format", "csv"),
    ("memory", "FILE"),
    ("ledger", "FILE"),
    ("show", "FILE"),
    ("diff", "FILE", "FILE"),
    ("report", "FILE", "-o", "SITE"),
)
# Why the file of a network holds other figures than its module.
BLOCKS = "channels lie in blocks"
# LiteRT Torch folds a norm into the layer after it, and unrolls loops, of which it
# computes what the first zeros give; ONNX Runtime folds a row of BERT's token types.
FOLDED = ("small_vit.tflite", "speech.tflite", "bert")
EXPLAINED = ("Batch norm folded into biases", "Quantised")
TABLES = {
    "mobilenet_v1": "v1",
    "mobilenet_v2": "v2",
    "mobilenet_v3_small": "v3-small",
    "mobilenet_v3_large": "v3-large",
    "tiny_wake_words": "v1@0.25/96",
}


def run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "mnprofile", *command],
        capture_output=True,
        text=True,
        check=False,
    )


def faults_of(path: Path, expected: dict[str, Any], site: str) -> Iterator[str]:
    """What is not as expected of one file."""
    for command in COMMANDS:
        filled = [{"FILE": str(path), "SITE": site}.get(one, one) for one in command]
        result = run(*filled)
        if result.returncode:
            told = result.stderr.strip().splitlines()[:1]
            yield f"{command[0]}: exit code {result.returncode}: {told}"
    result = run("count", str(path), "--format", "json")
    if result.returncode:
        return
    record = json.loads(result.stdout)
    totals = record["totals"]
    if any(BLOCKS in note for note in record.get("notes", ())):
        return
    is_folded = path.name.startswith(FOLDED)
    for name in ("macs", "interpreter_macs"):
        if name in expected and totals["macs"] != expected[name] and not is_folded:
            yield f"{totals['macs']} multiply-adds, {name} {expected[name]}"
    allowed = {expected.get(key) for key in ("params", "folded", "trainable")}
    if expected and totals["params"] not in allowed and not is_folded:
        yield f"{totals['params']} parameters, not {sorted(filter(None, allowed))}"


def unexplained(path: Path, source: str) -> Iterator[str]:
    """What ``diff`` of the table of a network and its file leaves unexplained."""
    table = TABLES.get(source)
    if table is None or "ort_all" in path.name:
        return
    classes = ("--classes", "2") if source == "tiny_wake_words" else ()
    result = run("diff", table, str(path), "--format", "json", *classes)
    if result.returncode:
        yield f"diff {table}: {result.stderr.strip()}"
        return
    for one in json.loads(result.stdout)["explained"]:
        if one["cause"] not in EXPLAINED:
            yield f"diff {table}: {one['cause']} {', '.join(one['details'])}"


def make(folder: Path, keras: str | None, torch: str | None) -> dict[str, Any]:
    expected: dict[str, Any] = {}
    for name, python in (("keras", keras), ("torch", torch)):
        inner = folder / name
        if python:
            script = HERE / "converters" / f"{name}_files.py"
            subprocess.run([python, str(script), str(inner)], check=True)
        told = inner / f"{name}.json"
        if told.exists():
            found = json.loads(told.read_text("utf-8"))
            expected |= {f"{name}/{file}": one for file, one in found.items()}
    return expected


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--keras")
    parser.add_argument("--torch")
    parser.add_argument("--folder", type=Path)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = asked.folder or Path(scratch, "files")
        expected = make(folder, asked.keras, asked.torch)
        paths = [*folder.glob("*/*.tflite"), *folder.glob("*/*.onnx")]
        failed = 0
        for path in sorted(paths):
            known = expected.get(f"{path.parent.name}/{path.name}", {})
            faults = [
                *faults_of(path, known, str(Path(scratch, "site", path.name))),
                *unexplained(path, known.get("source", "")),
            ]
            failed += bool(faults)
            print(f"{path.name:48} {'; '.join(faults) or 'as expected'}", flush=True)
    print(f"{len(paths)} files, {failed} not as expected")
    return bool(failed or not paths)


if __name__ == "__main__":
    sys.exit(main())
