"""Budget files of a project, written to the current folder."""

import json
from pathlib import Path

# V2 0.75/160 costs 107,295,200 macs and 2,636,424 params.
PHONE = """\
[project]
name = "app"

[[tool.mnprofile.budget]]
name = "phone"
arch = "v2@0.75/160"        # or a table file
max-macs = "110M"
max-params = "2.7M"
max-activations = "4M"
"""


def project(text: str, name: str = "pyproject.toml") -> Path:
    path = Path(name)
    path.write_text(text)
    return path


def limits(**values: object) -> str:
    lines = "\n".join(
        f"{key.replace('_', '-')} = {json.dumps(value)}"
        for key, value in {"name": "b", "arch": "v2@0.75/160", **values}.items()
        if value is not None
    )
    return f"[[tool.mnprofile.budget]]\n{lines}\n"
