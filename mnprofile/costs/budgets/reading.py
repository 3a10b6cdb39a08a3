"""Budgets as a project writes them: pyproject.toml or mnprofile.toml, typed.

    [[tool.mnprofile.budget]]
    name = "phone"
    arch = "v2@0.75/160"
    max-macs = "110M"

In mnprofile.toml the same keys stand without ``tool.mnprofile``. Every error names the
file, and the line or the key.
"""

import errno
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any, NoReturn, TypeVar

from mnprofile.base import units
from mnprofile.base.errors import (
    UNMEASURED,
    FileError,
    MnprofileError,
    Place,
    UsageError,
    nearest,
)
from mnprofile.base.files import note_input
from mnprofile.costs.comparison import QUANTITIES, Quantity
from mnprofile.networks.configuration import Request, real_number, whole_number

CONFIG_FILES = ("mnprofile.toml", "pyproject.toml")  # the first that exists
BASELINE_FILE = "mnprofile-baseline.json"
MAX_BYTES = 1 << 20
MAX_NAME = 200
LIMIT_KEYS: dict[str, Quantity] = {f"max-{name}": name for name in QUANTITIES}
_FACTORS = ("alpha", "res", "t", "classes", "impl", "output-stride")
BUDGET_KEYS = ("name", "arch", *_FACTORS, *LIMIT_KEYS, "max-increase", "message")
TOP_KEYS = ("budget", "baseline")
_PERCENT = re.compile(r"([0-9]{1,6}(?:\.[0-9]{1,6})?)\s*%")
_TOML_PLACE = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")
N = TypeVar("N", int, float)


class BudgetError(MnprofileError):
    """A budget file that cannot be read as one."""

    kind = "budget"


class NoBudgetError(MnprofileError):
    """There is no budget, so there is nothing to measure."""

    kind = "no-budget"
    exit_code = UNMEASURED


@dataclass(frozen=True)
class Budget:
    """Limits on one network, or on every table that a pattern matches.

    ``limits`` are inclusive. ``max_increase`` is a share of the baseline's figures
    (2 % is 1/50). ``request`` is what it asks of every table.
    """

    name: str
    arch: str
    request: Request
    limits: Mapping[Quantity, int]
    max_increase: Fraction | None
    message: str
    lines: Mapping[str, int] = field(compare=False)  # of its keys; "" is its first

    def line(self, key: str = "") -> int | None:
        """The line of a key in the budget file, else of the budget."""
        return self.lines.get(key, self.lines.get(""))


@dataclass(frozen=True)
class BudgetFile:
    """Every budget of one file. ``baseline`` is where the baseline file is."""

    path: Path
    budgets: tuple[Budget, ...]
    baseline: Path

    def place(self, budget: Budget, key: str = "") -> Place:
        return Place(str(self.path), budget.line(key))


def find_config(folder: Path) -> Path:
    """mnprofile.toml, else pyproject.toml. Raises UsageError where there is neither."""
    for name in CONFIG_FILES:
        if (folder / name).exists():
            return folder / name
    raise UsageError(
        "there is no budget file here",
        accepted=f"{' or '.join(CONFIG_FILES)}, --config",
    )


def read_budgets(path: Path) -> BudgetFile:
    """Read a budget file.

    Raises:
        BudgetError: an unknown key, a bad unit, a value of the wrong type.
        NoBudgetError: a file that is fine and holds no budget.
        FileError: it cannot be read.
    """
    note_input(path)
    text = _read(path)
    content = _parse(path, text)
    plain = path.name == CONFIG_FILES[0] or not set(TOP_KEYS).isdisjoint(content)
    prefix = "" if plain else "tool.mnprofile"
    for key in prefix.split(".") if prefix else ():
        content = content.get(key, {})
        if not isinstance(content, dict):
            raise BudgetError(f"{key}: not a table", place=Place(str(path)))
    lines = _Lines(text, prefix)
    for key in content:
        if key not in TOP_KEYS:
            raise BudgetError(
                f"{key}: unknown key",
                place=Place(str(path), lines.top.get(key)),
                accepted=", ".join(TOP_KEYS),
                suggestion=nearest(key, TOP_KEYS),
            )
    baseline = content.get("baseline", BASELINE_FILE)
    if not isinstance(baseline, str):
        place = Place(str(path), lines.top.get("baseline"))
        raise BudgetError("baseline: not a file name", place=place)
    entries = content.get("budget", [])
    if not isinstance(entries, list):
        place = Place(str(path), lines.top.get("budget"))
        raise BudgetError("budget: not a list of tables", place=place)
    budgets: list[Budget] = []
    for index, entry in enumerate(entries):
        reader = _Reader(str(path), index, entry, lines.of(index))
        budget = reader.budget()
        if any(budget.name == other.name for other in budgets):
            reader.refuse("name", f'two budgets are called "{budget.name}"')
        budgets.append(budget)
    if not budgets:
        header = f"[[{prefix}.budget]]" if prefix else "[[budget]]"
        raise NoBudgetError(
            "no budget: nothing was measured", place=Place(str(path)), accepted=header
        )
    return BudgetFile(path, tuple(budgets), path.parent / baseline)


@dataclass(frozen=True)
class _Reader:
    """Reads one budget; knows where its keys stand."""

    file: str
    index: int
    entry: Any
    lines: Mapping[str, int]

    def refuse(
        self,
        key: str,
        message: str,
        accepted: str | None = None,
        suggestion: str | None = None,
    ) -> NoReturn:
        line = self.lines.get(key, self.lines.get(""))
        raise BudgetError(
            f"budget[{self.index}]{'.' if key else ''}{key}: {message}",
            place=Place(self.file, line),
            accepted=accepted,
            suggestion=suggestion,
        )

    def budget(self) -> Budget:
        if not isinstance(self.entry, dict):
            self.refuse("", "not a table")
        for key in self.entry:
            if key not in BUDGET_KEYS:
                accepted = ", ".join(BUDGET_KEYS)
                close = nearest(key, BUDGET_KEYS)
                self.refuse(key, "unknown key", accepted, close)
        name, arch = self.text("name"), self.text("arch")
        limits = {
            quantity: self.limit(key)
            for key, quantity in LIMIT_KEYS.items()
            if key in self.entry
        }
        increase = self.increase()
        if not limits and increase is None:
            accepted = ", ".join((*LIMIT_KEYS, "max-increase"))
            self.refuse("", "it sets no limit", accepted)
        message = self.text("message") if "message" in self.entry else ""
        return Budget(name, arch, self.request(), limits, increase, message, self.lines)

    def text(self, key: str) -> str:
        if key not in self.entry:
            self.refuse(key, "missing")
        value = self.entry[key]
        if not isinstance(value, str) or not value.strip():
            self.refuse(key, "not a text")
        if len(value) > MAX_NAME:
            self.refuse(key, "too long", f"up to {MAX_NAME} characters")
        return value

    def limit(self, key: str) -> int:
        value = self.entry[key]
        if type(value) is int and 0 <= value < 1 << 63:
            return value
        if not isinstance(value, str):
            self.refuse(key, "not a count", '"110M", or a whole number')
        try:
            return units.parse_quantity(value, key)
        except UsageError as fault:
            self.refuse(key, fault.message.removeprefix(f"{key}: "), fault.accepted)

    def increase(self) -> Fraction | None:
        key = "max-increase"
        if key not in self.entry:
            return None
        value = self.entry[key]
        match = _PERCENT.fullmatch(value.strip()) if isinstance(value, str) else None
        if match is None:
            self.refuse(key, "not a percentage", '"2%", "0.5%", "0%"')
        return Fraction(match[1]) / 100

    def request(self) -> Request:
        """What the budget asks of a table, of the right types."""
        given = self.entry
        return Request(
            alpha=self.number("alpha", real_number, "not a number"),
            resolution=self.resolution(given["res"]) if "res" in given else None,
            t=self.number("t", real_number, "not a number"),
            classes=self.number("classes", whole_number, "not a whole number"),
            impl=self.text("impl") if "impl" in given else "paper",
            output_stride=self.number(
                "output-stride", whole_number, "not a whole number"
            ),
        )

    def number(
        self, key: str, read: Callable[[str, object], N], fault: str
    ) -> N | None:
        """The number at a key, or None where there is none."""
        if key not in self.entry:
            return None
        try:
            return read(key, self.entry[key])
        except UsageError:
            self.refuse(key, fault)

    def resolution(self, value: Any) -> tuple[int, int]:
        if type(value) is int and value >= 0:
            return value, value
        accepted = '160, or "320x240" (height x width)'
        if not isinstance(value, str):
            self.refuse("res", "not a resolution", accepted)
        try:
            return units.parse_resolution(value, "res")
        except UsageError:
            self.refuse("res", f'"{value}" is not a resolution', accepted)


class _Lines:
    """Where keys stand in a budget file: tomllib reads values without their lines.

    Text inside multi-line strings is skipped. Where a file writes its budgets in
    another form (an inline array), only the line of ``budget`` is known.
    """

    def __init__(self, text: str, prefix: str) -> None:
        self.top: dict[str, int] = {}
        self.budgets: list[dict[str, int]] = []
        header = re.compile(r"\s*(\[\[?)([^\[\]]+)\]\]?\s*(?:#.*)?$")
        key = re.compile(r"\s*[\"']?([A-Za-z0-9_-]+)[\"']?\s*=")
        section: dict[str, int] | None = self.top if not prefix else None
        budget = f"{prefix}.budget" if prefix else "budget"
        quote: str | None = None
        for number, line in enumerate(text.split("\n"), 1):
            if quote is None:
                if match := header.match(line):
                    name = re.sub(r"[\s\"']", "", match[2])
                    if name == budget and match[1] == "[[":
                        section = {"": number}
                        self.budgets.append(section)
                    else:
                        section = self.top if name == prefix else None
                elif section is not None and (match := key.match(line)):
                    section.setdefault(match[1], number)
            for mark in re.findall(r'"""|\'\'\'', line):
                quote = mark if quote is None else None if mark == quote else quote

    def of(self, index: int) -> dict[str, int]:
        if index < len(self.budgets):
            return self.budgets[index]
        return {"": self.top["budget"]} if "budget" in self.top else {}


def _read(path: Path) -> str:
    place = Place(str(path))
    try:
        with open(path, "rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as fault:
        if fault.errno in (errno.ENOENT, errno.ENOTDIR):
            raise BudgetError("no such file", place=place) from None
        raise FileError(fault.strerror or str(fault), place=place) from None
    if len(data) > MAX_BYTES:
        raise BudgetError("the file is larger than 1 MiB", place=place)
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        raise BudgetError("not UTF-8 text", place=place) from None


def _parse(path: Path, text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as fault:
        message = str(fault) or "too deeply nested"
        where = _TOML_PLACE.search(message)
        line, column = (where[1], where[2]) if where else (None, None)
        place = Place(
            str(path), int(line) if line else None, int(column) if column else None
        )
        message = "not valid TOML: " + _TOML_PLACE.sub("", message)
        raise BudgetError(message, place=place) from None
