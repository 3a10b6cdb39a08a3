"""Read the TOML settings of a table into typed values."""

from typing import NamedTuple, TypeVar

from mnprofile.base.errors import TableError, nearest
from mnprofile.base.records import Record
from mnprofile.graph.operators.elementwise import ActivationKind
from mnprofile.networks.notation.cells import MAX_CLASSES, MAX_SIZE, RefusalError
from mnprofile.networks.notation.table import Table
from mnprofile.networks.widths import FAMILIES, SCALINGS, Scaling

MAX_NAME = 100

ACTIVATIONS: dict[str, ActivationKind] = {
    "relu": "relu",
    "relu6": "relu6",
    "hardswish": "hardswish",
}

C = TypeVar("C", bound=str)


class Settings(NamedTuple):
    """What a page says about its table, besides the rows."""

    name: str
    family: str  # whose width rules it uses, or bases its own on
    scaling: Scaling
    resolution: int
    aliases: tuple[str, ...] = ()
    activation: ActivationKind | None = None
    classes: int | None = None


_EXAMPLES = {
    "name": 'name = "my_network"',
    "scaling": f"scaling = one of {', '.join(FAMILIES)}",
    "resolution": "resolution = 224",
    "activation": f"activation = one of {', '.join(ACTIVATIONS)}",
}
_KEYS = ("name", "aliases", "scaling", "resolution", "activation", "classes")


def read_settings(table: Table, *, nl_is_a_column: bool) -> Settings:
    """Read the settings. Raises TableError naming the line of the faulty key."""
    read = _Reader(table.settings, TableError, table.setting_place)
    for key in table.settings:
        if key not in _KEYS:
            raise TableError(
                f'unknown setting "{key}"',
                place=table.setting_place(key, value=False),
                accepted=", ".join(_KEYS),
                suggestion=nearest(key, _KEYS),
            )
    activation = None
    if not nl_is_a_column:
        activation = ACTIVATIONS[read.choice("activation", tuple(ACTIVATIONS))]
    elif "activation" in table.settings:
        read.refuse("activation", "this table has an NL column", "no such setting")
    family, scaling = _scaling(read)
    return Settings(
        name=read.name("name"),
        family=family,
        scaling=scaling,
        resolution=read.size("resolution", MAX_SIZE),
        aliases=read.names("aliases"),
        activation=activation,
        classes=read.size("classes", MAX_CLASSES)
        if "classes" in table.settings
        else None,
    )


def _scaling(read: "_Reader") -> tuple[str, Scaling]:
    """The width rules: a family's, or the table's own."""
    own = read.content.get("scaling")
    if not isinstance(own, dict):
        family = read.choice("scaling", FAMILIES)
        return family, SCALINGS[family]
    from mnprofile.networks.notation.own_widths import own_scaling  # rarely needed

    try:
        return own_scaling(own)
    except RefusalError as fault:
        read.refuse("scaling", fault.message, fault.accepted, fault.suggestion)


class _Reader(Record):
    """Reads the settings one by one and checks their types."""

    def value(self, key: str) -> object:
        if key not in self.content:
            self.refuse("", f'the setting "{key}" is missing', _EXAMPLES[key])
        return self.content[key]

    def name(self, key: str) -> str:
        value = self.value(key)
        if not isinstance(value, str) or not 0 < len(value.strip()) <= MAX_NAME:
            self.refuse(key, "not a name", f"a string of 1 to {MAX_NAME} characters")
        return value.strip()

    def names(self, key: str) -> tuple[str, ...]:
        values = self.content.get(key, [])
        if not isinstance(values, list) or not all(
            isinstance(value, str) and 0 < len(value) <= MAX_NAME for value in values
        ):
            self.refuse(key, "not a list of names", '["short"]')
        return tuple(values)

    def choice(self, key: str, known: tuple[C, ...]) -> C:
        value = self.value(key)
        if not isinstance(value, str):
            self.refuse(key, "not a text", ", ".join(known))
        if value not in known:
            close = nearest(value, known)
            self.refuse(key, f'"{value}" is not accepted', ", ".join(known), close)
        return known[known.index(value)]

    def size(self, key: str, high: int) -> int:
        value = self.value(key)
        if isinstance(value, bool) or not isinstance(value, int):
            self.refuse(key, "not a whole number", f"1 to {high}")
        if not 1 <= value <= high:
            self.refuse(key, "out of range", f"1 to {high}")
        return value
