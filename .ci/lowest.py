"""Print the lowest release of every dependency that pyproject.toml declares.

``python .ci/lowest.py [EXTRA...] > lowest.txt``, for the Python that runs it.
"""

import sys
import tomllib
from pathlib import Path

from pip._vendor.packaging.requirements import Requirement


def lowest(extras: list[str]) -> list[str]:
    """Pins such as "click==8.4.0", from ">=" and "==" of the declared bounds."""
    project = tomllib.loads(Path("pyproject.toml").read_text("utf-8"))["project"]
    declared = list(project["dependencies"])
    for extra in extras:
        declared += project["optional-dependencies"][extra]
    pins = []
    for text in declared:
        one = Requirement(text)
        if one.name == project["name"] or (one.marker and not one.marker.evaluate()):
            continue
        bounds = [b.version for b in one.specifier if b.operator in (">=", "==")]
        if len(bounds) != 1:
            raise SystemExit(f"{text}: no lower bound")
        pins.append(f"{one.name}=={bounds[0]}")
    return pins


if __name__ == "__main__":
    print("\n".join(lowest(sys.argv[1:])))
