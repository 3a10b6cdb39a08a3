"""What reading a PyTorch network costs beside one run under FlopCounterMode.

``python -m tests.benchmarks.torch_reading`` in an environment with torchvision; with
transformers BERT, too. Processor time of one thread, the two in turn, on meta tensors.
"""

import importlib.util
import statistics
import time
from collections.abc import Callable
from typing import Any

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

import mnprofile
from tests.zoo import LIBRARY  # noqa: F401 - before torchvision is imported

RUNS = 9


def bert() -> nn.Module:
    from transformers import BertConfig, BertModel

    network: nn.Module = BertModel(BertConfig())
    return network


def networks() -> dict[str, tuple[Callable[[], nn.Module], torch.Tensor]]:
    from torchvision import models

    image = torch.zeros(1, 3, 224, 224, device="meta")
    found: dict[str, tuple[Callable[[], Any], torch.Tensor]] = {
        "MobileNetV2": (models.mobilenet_v2, image),
        "ViT-B/16": (models.vit_b_16, image),
    }
    if importlib.util.find_spec("transformers"):
        words = torch.zeros(1, 128, dtype=torch.int64, device="meta")
        found["BERT-base"] = (bert, words)
    return found


def seconds(work: Callable[[], object]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


def main() -> None:
    torch.set_num_threads(1)
    for name, (make, given) in networks().items():
        with torch.device("meta"):
            network = make().eval()

        def counted(network: Any = network, given: torch.Tensor = given) -> None:
            with torch.no_grad(), torch.device("meta"), FlopCounterMode(display=False):
                network(given)

        def read(network: Any = network, given: torch.Tensor = given) -> None:
            mnprofile.from_torch(network, given)

        pairs = [(seconds(counted), seconds(read)) for _ in range(RUNS)][1:]
        ratio = statistics.median(ours / theirs for theirs, ours in pairs)
        least = min(ours for _, ours in pairs)
        print(f"{name:12} {least:.3f} s, {ratio:.2f} times FlopCounterMode")


if __name__ == "__main__":
    main()
