"""Read the budgets of a project from pyproject.toml or mnprofile.toml.

    [[tool.mnprofile.budget]]
    name = "phone"
    arch = "v2@0.75/160"
    max-macs = "110M"

In mnprofile.toml the same keys are written without ``tool.mnprofile``. Every error
names the file, and the line or the key.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from mnprofile.base import toml_files, units
from mnprofile.base.errors import UNMEASURED, MnprofileError, Place, UsageError
from mnprofile.base.files import Input
from mnprofile.base.records import Record
from mnprofile.costs.comparison.sides import COMPARED, Quantity
from mnprofile.networks.configuration import Request, real_number, whole_number
from mnprofile.networks.readers.inputs import ReadRequest, parse_inputs

CONFIG_FILES = ("mnprofile.toml", "pyproject.toml")  # the first that exists
BASELINE_FILE = "mnprofile-baseline.json"
MAX_NAME = 200
MAX_BUDGETS = 200  # of one network each, they are checked within a second
LIMIT_KEYS: dict[str, Quantity] = {f"max-{name}": name for name in COMPARED}
_FACTORS = ("alpha", "res", "t", "classes", "impl", "output-stride")
_READING = ("input", "args")
MAX_LATENCY = "max-latency"
BYTE_KEYS = {"max-memory": "act_peak_bytes", "max-weight-bytes": "weight_bytes"}
_LIMITS = (*LIMIT_KEYS, *BYTE_KEYS, MAX_LATENCY, "max-increase")
_OTHERS = ("bits", "device", "message")
BUDGET_KEYS = ("name", "arch", *_FACTORS, *_READING, *_LIMITS, *_OTHERS)
TOP_KEYS = ("budget", "baseline")
_COUNTS = '"110M", or a whole number'
_SIZES = '"256KiB", "2MB", or a number of bytes'
_PERCENT = re.compile(r"([0-9]{1,6}(?:\.[0-9]{1,6})?)\s*%")
N = TypeVar("N", int, float)


class BudgetError(MnprofileError):
    """A file that cannot be read as a budget file."""

    kind = "budget"


class NoBudgetError(MnprofileError):
    """There is no budget, so there is nothing to measure."""

    kind = "no-budget"
    exit_code = UNMEASURED


FILES = Input("TOML file", BudgetError, 1 << 20)
_PLAIN = ReadRequest()


@dataclass(frozen=True)
class Budget:
    """Limits on one network, or on every table that a pattern matches.

    ``limits`` are inclusive. ``max_increase`` is a share of the baseline's figures
    (2 % is 1/50). ``request`` has the settings for every table. ``max_latency_us`` are
    microseconds on ``device``, which is a name or the path of a device file.
    ``max_bytes`` limits the peak memory of activations and the bytes of the weights as
    deployed, at ``bits`` per element.
    """

    name: str
    arch: str
    request: Request
    limits: Mapping[Quantity, int]
    max_increase: Fraction | None
    message: str
    lines: Mapping[str, int] = field(compare=False)  # by key; "" has the first line
    reading: ReadRequest = _PLAIN  # how a network that is not a table is read
    max_latency_us: int | None = None
    device: str = ""
    max_bytes: Mapping[str, int] = field(default_factory=dict)  # by key: "max-memory"
    bits: int = 8

    def line(self, key: str = "") -> int | None:
        """The line of a key in the budget file, or else of the budget."""
        return self.lines.get(key, self.lines.get(""))


@dataclass(frozen=True)
class BudgetFile:
    """All budgets of one file. ``baseline`` is the path of the baseline file."""

    path: Path
    budgets: tuple[Budget, ...]
    baseline: Path

    def place(self, budget: Budget, key: str = "") -> Place:
        return Place(str(self.path), budget.line(key))


def find_config(folder: Path) -> Path:
    """mnprofile.toml, or else pyproject.toml. Raises UsageError if there is neither."""
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
        NoBudgetError: a valid file without a budget.
        FileError: it cannot be read.
    """
    file = str(path)
    text = FILES.text(path)
    content = toml_files.parse(text, file, BudgetError)
    plain = path.name == CONFIG_FILES[0] or not set(TOP_KEYS).isdisjoint(content)
    prefix = "" if plain else "tool.mnprofile"
    for key in prefix.split(".") if prefix else ():
        content = content.get(key, {})
        if not isinstance(content, dict):
            raise BudgetError(f"{key}: not a table", place=Place(file))
    lines = _Lines(text, prefix)
    top = Record(content, BudgetError, lambda key: Place(file, lines.top.get(key)))
    top.only(*TOP_KEYS)
    baseline = content.get("baseline", BASELINE_FILE)
    if not isinstance(baseline, str):
        top.refuse("baseline", "not a file name")
    entries = content.get("budget", [])
    if not isinstance(entries, list):
        top.refuse("budget", "not a list of tables")
    if len(entries) > MAX_BUDGETS:
        top.refuse("budget", f"{len(entries)} budgets", f"at most {MAX_BUDGETS}")
    budgets: dict[str, Budget] = {}
    for index, entry in enumerate(entries):
        at = _in_our_words(lines.of(index))
        place = partial(_place, file, at)
        reader = _Reader(_in_our_words(entry), BudgetError, place, f"budget[{index}]")
        budget = reader.budget(at)
        if budget.name in budgets:
            reader.refuse("name", f'two budgets are called "{budget.name}"')
        budgets[budget.name] = budget
    if not budgets:
        header = f"[[{prefix}.budget]]" if prefix else "[[budget]]"
        raise NoBudgetError(
            "no budget: nothing was measured", place=Place(file), accepted=header
        )
    return BudgetFile(path, tuple(budgets.values()), path.parent / baseline)


def _in_our_words(given: Any) -> Any:
    """A budget, or the lines of its keys, with "res" for "resolution"."""
    if not isinstance(given, Mapping) or "res" in given:
        return given
    words = {"resolution": "res"}
    return {words.get(key, key): value for key, value in given.items()}


def _place(file: str, lines: Mapping[str, int], key: str) -> Place:
    return Place(file, lines.get(key, lines.get("")))


class _Reader(Record):
    """Reads one budget, key by key."""

    def budget(self, lines: Mapping[str, int]) -> Budget:
        if not isinstance(self.content, dict):
            self.refuse("", "not a table")
        self.only(*BUDGET_KEYS)
        name, arch = self.text("name"), self.text("arch")
        limits = {
            quantity: self.limit(key, units.parse_quantity, "not a count", _COUNTS)
            for key, quantity in LIMIT_KEYS.items()
            if key in self.content
        }
        increase = self.increase()
        latency = self.latency()
        max_bytes = {
            key: self.limit(key, units.parse_memory, "not a size", _SIZES)
            for key in BYTE_KEYS
            if key in self.content
        }
        if not limits and not max_bytes and increase is None and latency is None:
            self.refuse("", "it sets no limit", ", ".join(_LIMITS))
        message = self.text("message") if "message" in self.content else ""
        asked = (self.request(), limits, increase, message, lines, self.reading())
        device = self.text("device") if latency is not None else ""
        bits = self.bits(bool(max_bytes))
        return Budget(name, arch, *asked, latency, device, max_bytes, bits)

    def text(self, key: str) -> str:
        value = super().text(key)
        if not value.strip():
            self.refuse(key, "a blank string")
        if len(value) > MAX_NAME:
            self.refuse(key, "too long", f"up to {MAX_NAME} characters")
        return value

    def limit(
        self, key: str, parse: Callable[[str, str], float], fault: str, accepted: str
    ) -> int:
        """A whole number, or a text that ``parse`` reads."""
        value = self.content[key]
        if type(value) is int and 0 <= value < 1 << 63:
            return value
        return int(self.parsed(key, parse, fault, accepted))

    def parsed(
        self, key: str, parse: Callable[[str, str], N], fault: str, accepted: str
    ) -> N:
        value = self.content[key]
        if not isinstance(value, str):
            self.refuse(key, fault, accepted)
        try:
            return parse(value, key)
        except UsageError as found:
            self.refuse(key, found.message.removeprefix(f"{key}: "), found.accepted)

    def bits(self, needed: bool) -> int:
        """Bits per element, for limits in bytes. Alone they are refused."""
        value = self.content.get("bits", 8)
        if "bits" in self.content and not needed:
            self.refuse("bits", f"there is neither {' nor '.join(BYTE_KEYS)}")
        if type(value) is not int or value not in units.BITS:
            self.refuse("bits", "not a width", ", ".join(map(str, units.BITS)))
        return value

    def latency(self) -> int | None:
        """Microseconds. A device without a limit is refused."""
        key = MAX_LATENCY
        if key not in self.content:
            if "device" in self.content:
                self.refuse("device", f"there is no {key}")
            return None
        read = units.parse_milliseconds
        return round(1000 * self.parsed(key, read, "not a time", '"30ms"'))

    def increase(self) -> Fraction | None:
        key = "max-increase"
        if key not in self.content:
            return None
        value = self.content[key]
        match = _PERCENT.fullmatch(value.strip()) if isinstance(value, str) else None
        if match is None:
            self.refuse(key, "not a percentage", '"2%", "0.5%", "0%"')
        return Fraction(match[1]) / 100

    def request(self) -> Request:
        """The settings that the budget asks for, with their types checked."""
        given = self.content
        return Request(
            alpha=self.number("alpha", real_number, "not a number"),
            resolution=self.resolution(given["res"]) if "res" in given else None,
            t=self.number("t", real_number, "not a number"),
            classes=self.number("classes", whole_number, "not a whole number"),
            impl=self.text("impl") if "impl" in given else None,
            output_stride=self.number(
                "output-stride", whole_number, "not a whole number"
            ),
        )

    def reading(self) -> ReadRequest:
        """The input and arguments of a PyTorch network or a model file."""
        given = self.content.get("input", [])
        texts = [given] if isinstance(given, str) else given
        if not isinstance(texts, list) or not all(type(one) is str for one in texts):
            self.refuse("input", "not an input", '"1x3x96x96", or a list of such texts')
        try:
            inputs = parse_inputs(tuple(texts))
        except UsageError as fault:
            message = fault.message.removeprefix("--input: ")
            self.refuse("input", message, fault.accepted)
        arguments = self.content.get("args", {})
        if not isinstance(arguments, dict):
            self.refuse("args", "not a table", "{ width = 0.5 }")
        return ReadRequest(inputs, tuple(arguments.items()))

    def number(
        self, key: str, read: Callable[[str, object], N], fault: str
    ) -> N | None:
        """The number at a key, or None if there is none."""
        if key not in self.content:
            return None
        try:
            return read(key, self.content[key])
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
    """The lines of keys in a budget file, which tomllib does not report.

    Text inside multi-line strings is skipped. If a file writes its budgets in another
    form (an inline array), only the line of ``budget`` is known.
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
