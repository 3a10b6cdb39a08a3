"""How code calls an operator."""

from typing import NamedTuple

UNREAD, SHARED, TIMM_ATTENTION = "unread", "shared", "timm Attention"


class Written(NamedTuple):
    """What of PyTorch's a network's code calls to run an operator.

    ``module`` is the class of torch's own module that is this operator ("Linear"), ""
    for none; ``function`` is the function that code or that module calls, such as
    "nn.functional.relu" or "torch.matmul", "" for an operator such as ``+``.
    ``within`` is a module around it that torch may run as one operator of its own,
    SHARED for one that several modules hold, which some profilers count once for each,
    or UNREAD where no output of the network depends on it, so that a trace drops it.
    ``first`` is the first dimension of the output.
    """

    module: str = ""
    function: str = ""
    within: str = ""
    first: int = 1
