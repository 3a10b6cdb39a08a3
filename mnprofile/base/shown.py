"""Results that show themselves, in a Python session and in a notebook.

What a result looks like is a matter of ``views``, far above this package, so that
module is loaded by its name, and only when something is shown.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd


class Shown:
    """A result with a short ``repr``, the sheets of its command as HTML, and a frame.

    A dataclass that inherits from it is made with ``repr=False``.
    """

    __slots__ = ()

    def __repr__(self) -> str:
        return str(_views().text(self))

    def _repr_html_(self) -> str:
        return str(_views().html(self))

    def to_frame(self) -> pd.DataFrame:
        """A data frame with the columns that the command writes as CSV."""
        frame: pd.DataFrame = _views().frame(self)
        return frame


def _views() -> Any:
    return import_module("mnprofile.views.notebook")
