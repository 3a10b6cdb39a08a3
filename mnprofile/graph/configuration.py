"""The settings that tell which network of a family a graph is."""

from typing import NamedTuple


class Configuration(NamedTuple):
    """The settings that a graph was built with.

    Plain values, which ``networks.configuration`` reads and checks. A sweep puts arrays
    in place of alpha, t and the resolution. A network that a reader read has none of
    these: it is told by its inputs.
    """

    name: str
    impl: str
    alpha: float
    resolution: tuple[int, int]  # height, width
    table_resolution: int | None  # height and width; rho is relative to it
    t: float | None
    classes: int
    output_stride: int | None = None
    depth: float = 1.0  # multiplies the repeats of blocks
    reader: str = ""  # of a network that is not built from a table: torch, onnx ...
    inputs: tuple[str, ...] = ()  # of such a network, with the batch: "1x3x224x224"

    @property
    def rho(self) -> float | None:
        """The resolution divided by the table's; None where the input is not square."""
        height, width = self.resolution
        if self.table_resolution is None or height != width:
            return None
        return height / self.table_resolution
