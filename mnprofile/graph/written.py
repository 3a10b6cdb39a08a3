"""How code calls an operator."""

from typing import NamedTuple

MULTI_HEAD, TIMM_ATTENTION = "MultiheadAttention", "timm Attention"
UNBIASED_MULTI_HEAD = "MultiheadAttention without biases"
OTHER_MULTI_HEAD = "MultiheadAttention of another form"
FROZEN, FROZEN_LAYER = "frozen attention", "frozen encoder layer"


class Written(NamedTuple):
    """What of PyTorch's a network's code calls to run an operator.

    ``module`` is the class of torch's own module that is this operator ("Linear"), ""
    for none; ``function`` is the function that code or that module calls, such as
    "nn.functional.relu" or "torch.matmul", "" for an operator such as ``+``. A function
    that its caller imported by name has its bare name: what is patched later is not
    what the caller holds.
    ``within`` is a module around it that some profiler counts as one: attention, as
    torch or timm has it; FROZEN without trained weights in and before it: torch runs
    such attention, or an encoder layer, as one operator of its own.
    ``first`` is the first dimension of the output, ``paths`` the number of ways that
    lead to the module that runs: more than one if several modules hold it. Unless
    ``is_read``, no output of the network depends on it, and a trace drops it.
    """

    module: str = ""
    function: str = ""
    within: str = ""
    first: int = 1
    paths: int = 1
    is_read: bool = True


class Einsum(NamedTuple):
    """A call of einsum: its equation without blanks, and its operands' dimensions."""

    equation: str
    dims: tuple[tuple[int, ...], ...]


class Derived(NamedTuple):
    """What else code runs that some profiler counts, by the ledger's name for it.

    Operators on constants alone, attention as a whole, and calls of einsum, whose own
    count is ``amount``.
    """

    quantity: str
    written: Written
    amount: int
    einsum: Einsum | None = None
