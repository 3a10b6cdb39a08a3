"""What profilers print for tables and ``sample_nets``, and what the ledger says.

``python -m tests.evidence.measured_totals NAME ...`` prints JSON, for each profiler the
real total (or the reason why there is none), the products of two sizes in it, and the
ledger's. Profilers patch torch, so each runs in a fork of its own.
"""

import json
import os
import sys
import warnings
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import mnprofile
from mnprofile.evidence.profilers.torch_style import TorchStyle
from mnprofile.evidence.profilers.worker import Twin
from mnprofile.networks.readers.inputs import ReadRequest, parse_inputs

HERE = "tests.evidence.sample_nets:"


class Sample(NamedTuple):
    """A call of ``sample_nets``, and its input."""

    make: str
    input: str
    arguments: tuple[tuple[str, object], ...] = ()


def _sample(make: str, shape: str, **arguments: object) -> Sample:
    return Sample(make, shape, tuple(arguments.items()))


class Table(NamedTuple):
    """The twin of a table."""

    arch: str
    alpha: float
    side: int
    writing: TorchStyle


def _tables(*configurations: tuple[str, float, int]) -> dict[str, Table]:
    """Each in both styles."""
    styles = (TorchStyle("functional", "module"), TorchStyle("module", "functional"))
    return {
        f"{arch}@{alpha:g}/{side}, {style.activations}": Table(arch, alpha, side, style)
        for arch, alpha, side in configurations
        for style in styles
    }


IMAGE, SMALL, TOKENS, WORDS = "1x3x32x32", "1x3x16x16", "1x5x16", "1x6:int64"
SAMPLES: dict[str, Sample | Table] = {
    **_tables(("v1", 0.5, 64), ("v2", 0.75, 32), ("v3-small", 1.0, 64)),
    "vit": _sample("ViT", IMAGE),
    "vit einsum": _sample("ViT", IMAGE, way="einsum"),
    "multi-head": _sample("MultiHead", TOKENS),
    "lstm": _sample("Recurrent", WORDS, layers=2, both=True),
    "u-net": _sample("UNet", SMALL),
    "sound": _sample("Sound", "1x2x32"),
    "squeezed": _sample("Squeezed", "1x3x24x24"),
    "own norm": _sample("Llama", "1x4x8"),
    "einsums": _sample("Einsums", TOKENS),
    "by name": _sample("ByName", SMALL),
    "unread": _sample("Unread", SMALL),
    "multi-head masked, weights": _sample("MultiHead", TOKENS, masked=True, weights=1),
}
MORE: dict[str, Sample | Table] = {
    **_tables(("v1", 1.0, 96), ("v2", 1.0, 96), ("v2", 0.75, 160)),
    **_tables(("v3-large", 1.0, 96), ("v3-large", 0.5, 128), ("v3-small", 1.0, 224)),
    "vit operators": _sample("ViT", IMAGE, way="operators"),
    "vit functions": _sample("ViT", IMAGE, way="functions"),
    "windows": _sample("Windows", IMAGE),
    "gru": _sample("Recurrent", WORDS, cell="GRU", bias=False),
    "u-net group norm": _sample("UNet", SMALL, bias=False, norm="group"),
    "volume": _sample("Volume", "1x1x6x8x8"),
    "functions": _sample("Functions", "1x3x24x24"),
    "held": _sample("Held", SMALL),
    "multi-head with weights": _sample("MultiHead", TOKENS, weights=True),
    "encoder layer": _sample("encoder_layer", TOKENS),
    "lstm 1": _sample("Recurrent", WORDS),
    "lstm without bias": _sample("Recurrent", WORDS, bias=False),
    "gru both": _sample("Recurrent", WORDS, cell="GRU", layers=2, both=True),
    "rnn": _sample("Recurrent", WORDS, cell="RNN"),
    "rnn both": _sample("Recurrent", WORDS, cell="RNN", layers=2, both=True),
    "cells": _sample("Cells", "1x3x8"),
    "u-net instance norm": _sample("UNet", SMALL, bias=False, norm="instance"),
    "u-net plain norm": _sample("UNet", SMALL, bias=False, norm="plain"),
    "u-net groups": _sample("UNet", SMALL, bias=False, groups=2),
    "bilinear": _sample("Functions", "1x3x24x24", resize="bilinear"),
    "upsampled": _sample("Upsampled", SMALL),
    "upsampled bilinear": _sample("Upsampled", SMALL, mode="bilinear"),
    "standardised": _sample("Standardised", SMALL),
    "addmm": _sample("Addmm", "1x8"),
    "mixer": _sample("Mixer", TOKENS),
    "multi-head masked": _sample("MultiHead", TOKENS, masked=True),
    "multi-head crossed": _sample("MultiHead", TOKENS, crossed=True),
    "multi-head no bias": _sample("MultiHead", TOKENS, bias=False),
    "multi-head zeros": _sample("MultiHead", TOKENS, add_zero_attn=True),
    "multi-head frozen": _sample("MultiHead", TOKENS, frozen=True),
    "encoder layer, first": _sample("encoder_layer", TOKENS, norm_first=True),
    "encoder": _sample("Encoder", TOKENS),
    "encoder masked": _sample("Encoder", TOKENS, masked=True),
    "encoder frozen": _sample("Encoder", TOKENS, frozen=True),
    "decoder layer": _sample("Decoder", TOKENS),
    "on weights": _sample("OnWeights", IMAGE),
    "own statistics": _sample("OwnStatistics", SMALL),
    "own classes": _sample("OwnClasses", SMALL),
    "sizes": _sample("Sizes", SMALL),
    "products": _sample("Products", TOKENS),
    "transposed": _sample("Transposed", "1x12x8x8"),
    "bert": _sample("transformer", WORDS, kind="Bert"),
    "bert eager": _sample("transformer", WORDS, kind="Bert", how="eager"),
    "distilbert": _sample("transformer", WORDS, kind="DistilBert"),
    "roberta": _sample("transformer", WORDS, kind="Roberta"),
    "llama": _sample("transformer", WORDS, kind="Llama"),
    "gpt2": _sample("transformer", WORDS, kind="GPT2"),
    "swin": _sample("transformer", IMAGE, kind="Swin"),
    "hugging face vit": _sample("transformer", IMAGE, kind="ViT"),
}


def made(name: str) -> tuple[Any, Any, mnprofile.Ledger]:
    """A network as profilers take it, its inputs, and the ledger of its graph."""
    from mnprofile.evidence.profilers.own_code import positional
    from mnprofile.networks.readers.torch_modules import read

    one = (SAMPLES | MORE)[name]
    if isinstance(one, Table):
        graph = mnprofile.build(one.arch, alpha=one.alpha, resolution=one.side)
        style = one.writing
        book = mnprofile.ledger(
            graph, pooling=style.pooling, activations=style.activations
        )
        return *Twin(graph, style).made(), book
    asked = ReadRequest(parse_inputs((one.input,)), one.arguments)
    _, graph = read(HERE + one.make, asked)
    assert not graph.unknown, graph.unknown
    return *positional(HERE + one.make, asked), mnprofile.ledger(graph)


def _fvcore(network: Any, inputs: Any) -> float:
    from fvcore.nn import FlopCountAnalysis

    analysis = FlopCountAnalysis(network, inputs)
    analysis.unsupported_ops_warnings(False).uncalled_modules_warnings(False)
    return float(analysis.tracer_warnings("none").total())


def _measured(measure: Callable[..., float], network: Any, inputs: Any) -> Any:
    try:
        return measure(network, inputs)
    except Exception as fault:
        return f"{type(fault).__name__}: {fault}"


def _all_measured(measure: Callable[..., float], networks: Any) -> list[Any]:
    return [
        _measured(measure, network, inputs) for network, inputs, _ in networks.values()
    ]


def _in_a_fork(work: Callable[[], Any]) -> Any:
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 1)
        os.dup2(nowhere, 2)
        with os.fdopen(writing, "w") as answer:
            json.dump(work(), answer)
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as answer:
        found = json.load(answer)
    os.waitpid(child, 0)
    return found


def main(names: list[str]) -> None:
    import calflops  # noqa: F401  its import takes a second: once, before the forks
    import torch

    from mnprofile.evidence.profilers.worker import MEASURES, size_products

    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    networks = {name: made(name) for name in names}
    found: dict[str, dict[str, list[Any]]] = {}
    for profiler, measure in {"fvcore": _fvcore, **MEASURES}.items():
        totals = _in_a_fork(partial(_all_measured, measure, networks))
        sizes = [0] * len(names)
        if profiler == "torchprofile":
            sizes = [size_products(*networks[name][:2]) for name in names]
        found[profiler] = {
            name: [total, size, networks[name][2][profiler].total]
            for name, total, size in zip(names, totals, sizes, strict=True)
        }
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main(sys.argv[1:])
