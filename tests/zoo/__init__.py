"""Networks of torchvision and timm; both are installed in an environment of their own.

A torchvision from a package index may lack its compiled operators beside a CPU build of
torch. They are declared here, so that it can be imported; no network that is tested
calls one.
"""

import contextlib
import importlib.util
from typing import Any

import torch

OPERATORS = (
    "nms",
    "qnms",
    "roi_align",
    "_roi_align_backward",
    "ps_roi_align",
    "_ps_roi_align_backward",
    "ps_roi_pool",
    "_ps_roi_pool_backward",
    "roi_pool",
    "_roi_pool_backward",
    "deform_conv2d",
    "_deform_conv2d_backward",
)


def declare_operators() -> Any:
    """Declare torchvision's operators where they are missing; keep what it returns."""
    make: Any = torch.library.Library
    library = make("torchvision", "FRAGMENT")
    for name in OPERATORS:
        with contextlib.suppress(RuntimeError):
            library.define(f"{name}() -> Tensor")
    return library


HAS_TORCHVISION = importlib.util.find_spec("torchvision") is not None
HAS_TIMM = importlib.util.find_spec("timm") is not None
LIBRARY = declare_operators() if HAS_TORCHVISION else None
