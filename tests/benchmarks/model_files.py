"""Reading ONNX files: time and memory of the whole process, beside their yardsticks.

    python -m tests.benchmarks.model_files

writes a MobileNetV2 of 14 MB with torch, and a file of 500 MB with its weights inside.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROUNDS = 15
PARSE = (
    "import onnx.onnx_ml_pb2 as p, sys;"
    " p.ModelProto.FromString(open(sys.argv[1], 'rb').read())"
)


def measured(command: list[str]) -> tuple[float, float]:
    """Seconds and peak megabytes of a command."""
    started = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - started
    assert os.waitstatus_to_exitcode(status) == 0, command
    return seconds, usage.ru_maxrss / 1024


def in_turns(commands: dict[str, list[str]], rounds: int) -> None:
    """Every command once per round; prints the median of each."""
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in commands}
    for _ in range(rounds):
        for name, command in commands.items():
            found[name].append(measured(command))
    for name, results in found.items():
        seconds = statistics.median(one for one, _ in results)
        megabytes = max(one for _, one in results)
        print(f"{name:40} {1000 * seconds:8.0f} ms {megabytes:8.0f} MB")


def write_mobilenet(path: Path) -> None:
    import torch

    import mnprofile

    module = mnprofile.to_torch(mnprofile.build("v2")).eval()
    for tensor in (*module.parameters(), *module.buffers()):
        if tensor.is_floating_point():
            torch.nn.init.uniform_(tensor, 0.5, 1.5)
    image = torch.zeros(1, 3, 224, 224)
    torch.onnx.export(module, (image,), str(path), dynamo=False)


def write_large(path: Path) -> None:
    """Sixteen layers of 2800 x 2800: 502 MB of weights."""
    import onnx

    from tests.networks.readers.onnx_writing import constant, model

    nodes = [
        onnx.helper.make_node("MatMul", [f"t{at}", f"w{at}"], [f"t{at + 1}"])
        for at in range(16)
    ]
    made = model(
        nodes,
        {"t0": [1, 2800]},
        {"t16": [1, 2800]},
        [constant(f"w{at}", [2800, 2800]) for at in range(16)],
    )
    path.write_bytes(made.SerializeToString())


def write(small: str, large: str) -> None:
    write_mobilenet(Path(small))
    write_large(Path(large))


def main() -> None:
    python = sys.executable
    with tempfile.TemporaryDirectory() as folder:
        small, large = Path(folder, "v2.onnx"), Path(folder, "large.onnx")
        # In a process of its own: the peak of a child counts from that of its parent.
        subprocess.run(
            [python, "-m", __spec__.name, str(small), str(large)], check=True
        )
        for path, rounds in ((small, ROUNDS), (large, 3)):
            print(f"{path.name}, {path.stat().st_size / 1e6:.0f} MB")
            count = [python, "-m", "mnprofile", "count", str(path)]
            in_turns(
                {
                    "python -c pass": [python, "-c", "pass"],
                    "python -c 'import onnx'": [python, "-c", "import onnx"],
                    "the protobuf alone": [python, "-c", PARSE, str(path)],
                    "mnprofile count": count,
                },
                rounds,
            )


if __name__ == "__main__":
    write(*sys.argv[1:]) if sys.argv[1:] else main()
