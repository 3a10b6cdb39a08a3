"""The row of a file of measurements for a network that was timed here."""

from mnprofile.base.units import resolution_text
from mnprofile.costs.latency.measurements import argument_cell
from mnprofile.evidence.profilers.timing import MeasuredTime
from mnprofile.graph.graph import Graph
from mnprofile.networks.configuration import parse_spec
from mnprofile.networks.finding import foreign_reader
from mnprofile.networks.readers.inputs import ReadRequest

_DIGITS = 3  # of a millisecond: a microsecond


def measured_row(
    arch: str, graph: Graph, asked: ReadRequest, measured: MeasuredTime
) -> dict[str, object]:
    """The row; ``arch`` is what named the network, ``asked`` how it was read."""
    config = graph.config
    name, _ = parse_spec(arch)
    reader = foreign_reader(name)
    row: dict[str, object] = {"arch": name}
    if reader is None:
        row["resolution"] = resolution_text(config.resolution)
        for setting in ("alpha", "t", "classes", "impl", "output_stride"):
            row[setting] = getattr(config, setting)
        row["depth"] = None if config.depth == 1 else config.depth
    else:
        row["arguments"] = argument_cell(asked.arguments)
        row["inputs"] = " ".join(map(str, asked.inputs))
        if "arguments" in reader.takes and not asked.inputs and any(config.resolution):
            row["resolution"] = resolution_text(config.resolution)
    whole, how = measured.whole, measured.how
    row |= {key: round(ms, _DIGITS) for key, ms in whole._asdict().items()}
    row |= {"runs": len(measured.runs_ms), "threads": measured.threads}
    row |= {"batch": how.batch, "dtype": how.dtype, "processor": how.processor}
    return row | {"engine": measured.engine}
