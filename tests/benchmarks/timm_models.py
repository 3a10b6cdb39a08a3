"""timm's networks at their default size against FlopCounterMode, with the time of both.

    python -m tests.benchmarks.timm_models [STEP [OFFSET]]

Every STEP-th network (4 where none is given: more than 300 of them), in an environment
with timm and torchvision. Prints each that differs and why, then the totals.
"""

import sys
import time
import warnings
from collections import Counter
from functools import partial

import mnprofile
from tests.zoo.networks import counted_by_torch, made, read


def main() -> int:
    import timm  # after torchvision's operators are declared

    warnings.filterwarnings("ignore")
    step, offset = (*map(int, sys.argv[1:]), 4, 0)[:2] if sys.argv[1:] else (4, 0)
    agree: Counter[bool] = Counter()
    ours = theirs = 0.0
    for name in timm.list_models()[offset::step]:
        try:
            module = made(partial(timm.create_model, name))
            size = module.default_cfg["input_size"]
            start = time.perf_counter()
            graph = read(module, size)
            middle = time.perf_counter()
            expected = counted_by_torch(module, size)
            ours += middle - start
            theirs += time.perf_counter() - middle
        except Exception as fault:
            agree[False] += 1
            print(f"{name}: {type(fault).__name__}: {str(fault).splitlines()[0]}")
            continue
        totals = mnprofile.count(graph).totals
        same = (totals.macs, totals.params) == expected and not graph.unknown
        agree[same] += 1
        if not same:
            unknown = sorted({node.type for node in graph.unknown})
            print(f"{name}: {totals.macs}, {totals.params}; torch {expected} {unknown}")
    print(f"{agree[True]} agree, {agree[False]} do not")
    print(f"reading {ours:.1f} s, FlopCounterMode {theirs:.1f} s: {ours / theirs:.2f}")
    return int(agree[False] > 0)


if __name__ == "__main__":
    sys.exit(main())
