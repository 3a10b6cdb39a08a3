"""Read the TOML settings of a table into typed values."""

from collections.abc import Mapping
from typing import Any, NamedTuple, TypeVar

from mnprofile.base.errors import TableError, nearest
from mnprofile.base.records import Record
from mnprofile.graph.operators.elementwise import ActivationKind
from mnprofile.networks.notation.cells import (
    ACTIVATIONS,
    DEFAULT_SQUEEZE,
    MAX_CLASSES,
    MAX_SIZE,
    RefusalError,
    SqueezeExcite,
)
from mnprofile.networks.notation.rows import Compound
from mnprofile.networks.notation.table import Table
from mnprofile.networks.widths import FAMILIES, SCALINGS, Scaling

MAX_NAME = 100
MAX_MULTIPLIER = 16

C = TypeVar("C", bound=str)


class Settings(NamedTuple):
    """What a page says about its table, besides the rows."""

    name: str
    family: str  # whose width rules it uses, or bases its own on
    scaling: Scaling
    resolution: int
    side: int  # of the first row's input; a variant can have another resolution
    aliases: tuple[str, ...] = ()
    activation: ActivationKind | None = None
    classes: int | None = None
    squeeze_excite: SqueezeExcite | None = None
    width: float = 1.0
    depth: float = 1.0
    column: str | None = None
    compound: Compound | None = None
    group: str = ""
    title: str = ""  # of one network where the page has several
    batch_norm: bool = True
    layer_scale: bool = False
    released_code: str = ""  # what the source does not print, and where it is from


_EXAMPLES = {
    "name": 'name = "my_network"',
    "scaling": f"scaling = one of {', '.join(FAMILIES)}",
    "resolution": "resolution = 224",
    "activation": f"activation = one of {', '.join(ACTIVATIONS)}",
}
_OF_VARIANTS = (
    "title",
    "aliases",
    "resolution",
    "width",
    "depth",
    "column",
    "scaling",
    "released-code",
)
_KEYS = (
    "name",
    "aliases",
    "scaling",
    "resolution",
    "activation",
    "classes",
    "family",
    "title",
    "squeeze-excite",
    "width",
    "depth",
    "column",
    "compound",
    "batch-norm",
    "layer-scale",
    "released-code",
    "variants",
)


def read_settings(
    table: Table, *, nl_is_a_column: bool, variant: str | None = None
) -> Settings:
    """Read the settings, or those of a variant of the table.

    Raises TableError naming the line of the faulty key.
    """
    own = _settings(table, table.settings, nl_is_a_column=nl_is_a_column)
    if variant is None:
        return own
    variants: Any = table.settings["variants"]
    own_name = {"name": variant, "title": variant, "aliases": []}
    changed = {**table.settings, **own_name, **variants[variant]}
    found = _settings(table, changed, nl_is_a_column=nl_is_a_column)
    return found._replace(side=own.side)


def _settings(
    table: Table, content: Mapping[str, object], *, nl_is_a_column: bool
) -> Settings:
    read = _Reader(content, TableError, table.setting_place)
    for key in content:
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
    elif "activation" in content:
        read.refuse("activation", "this table has an NL column", "no such setting")
    read.check_variants()
    family, scaling = _scaling(read)
    return Settings(
        name=read.name("name"),
        family=family,
        scaling=scaling,
        resolution=read.size("resolution", MAX_SIZE),
        side=read.size("resolution", MAX_SIZE),
        aliases=read.names("aliases"),
        activation=activation,
        classes=read.size("classes", MAX_CLASSES) if "classes" in content else None,
        squeeze_excite=read.squeeze_excite("squeeze-excite"),
        width=read.multiplier("width"),
        depth=read.multiplier("depth"),
        column=read.name("column") if "column" in content else None,
        compound=read.compound("compound"),
        title=read.name("title") if "title" in content else "",
        group=read.name("family")
        if "family" in content
        else f"MobileNet{family.upper()}",
        batch_norm=read.flag("batch-norm", default=True),
        layer_scale=read.flag("layer-scale", default=False),
        released_code=read.text("released-code") if "released-code" in content else "",
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
            accepted = f"{_EXAMPLES[key]} (in the file, or with --set)"
            self.refuse("", f'the setting "{key}" is missing', accepted)
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
        return self._one_of(key, self.value(key), known)

    def _one_of(self, key: str, value: object, known: tuple[C, ...]) -> C:
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

    def flag(self, key: str, *, default: bool) -> bool:
        value = self.content.get(key, default)
        if not isinstance(value, bool):
            self.refuse(key, "not accepted", "true or false")
        return value

    def multiplier(self, key: str) -> float:
        """A factor above 0; 1 where the setting is missing."""
        return self._number(key, self.content.get(key, 1.0), MAX_MULTIPLIER)

    def _number(self, key: str, value: Any, high: float) -> float:
        if type(value) not in (int, float) or not 0 < value <= high:
            self.refuse(key, f"{value!r} is not a factor", f"above 0, at most {high}")
        return float(value)

    def table(self, key: str, known: tuple[str, ...]) -> Mapping[str, Any] | None:
        """A setting that is a table of these keys, or None where it is missing."""
        value = self.content.get(key)
        if value is None:
            return None
        if not isinstance(value, dict):
            self.refuse(key, "not a table of settings", f"{{ {known[0]} = ... }}")
        for one in value:
            if one not in known:
                close = nearest(one, known)
                self.refuse(key, f"{one}: unknown key", ", ".join(known), close)
        return value

    def squeeze_excite(self, key: str) -> SqueezeExcite | None:
        keys = ("ratio", "of", "activation", "gate", "everywhere")
        given = self.table(key, keys)
        if given is None:
            return None
        ratio = self._number(key, given.get("ratio", DEFAULT_SQUEEZE.ratio), 1)
        of = self._one_of(key, given.get("of", "expanded"), ("input", "expanded"))
        names = tuple(ACTIVATIONS)
        activation = given.get("activation")
        gate = self._one_of(key, given.get("gate", "hardsigmoid"), names)
        everywhere = given.get("everywhere", False)
        if not isinstance(everywhere, bool):
            self.refuse(key, "everywhere: not accepted", "true or false")
        return SqueezeExcite(
            ratio,
            of == "input",
            ACTIVATIONS[self._one_of(key, activation, names)] if activation else None,
            ACTIVATIONS[gate],
            everywhere,
        )

    def compound(self, key: str) -> Compound | None:
        given = self.table(key, Compound._fields)
        if given is None:
            return None
        for one in Compound._fields:
            if one not in given:
                self.refuse(key, f"{one} is missing", "depth, width and resolution")
        return Compound(*(self._number(key, given[k], 16) for k in Compound._fields))

    def check_variants(self) -> None:
        """Every variant must be a table of settings that a variant can change."""
        variants = self.content.get("variants", {})
        if not isinstance(variants, dict):
            self.refuse("variants", "not a table of variants", '[variants."my_wide"]')
        for name, given in variants.items():
            if not isinstance(given, dict):
                self.refuse("variants", f"{name}: not a table of settings")
            for one in given:
                if one not in _OF_VARIANTS:
                    self.refuse(
                        "variants",
                        f"{name}: {one}: not a setting of a variant",
                        ", ".join(_OF_VARIANTS),
                        nearest(one, _OF_VARIANTS),
                    )
