"""Find the tabulars of a LaTeX file, with captions, labels, settings and commands.

The file is scanned once, without a LaTeX parser, in a time that grows with its length:
a paper is long, and only the chosen tabular is parsed.
"""

import re
from bisect import bisect_right
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

from mnprofile.base.errors import Place, TableError, nearest
from mnprofile.networks.notation.latex.commands import TABULARS
from mnprofile.networks.notation.table import check_text

MAX_LISTED = 20
MAX_CAPTION = 60
MAX_LABELS = 20  # of one float
MAX_COMMANDS = 2_000
MAX_FLOATS = 8  # in one another

# No pattern may repeat two things that can match the same text: matching a hostile
# file would take quadratic time.
_TOKEN = re.compile(
    r"\\(?P<edge>begin|end)\s{0,9}\{(?P<environment>[a-zA-Z]{1,40}\*?)\}"
    r"|\\(?:sub)?caption(?:\[[^\]\n]{0,300}\])?(?P<caption>\{)"
    r"|\\label\{(?P<label>[^{}\n]{1,200})\}"
    r"|\\(?:input|include)\{(?P<path>[^{}\n]{1,200})\}"
    r"|\\(?:(?:new|renew|provide)command\*?|def)\s{0,9}\{?\s?\\(?P<name>[a-zA-Z]{1,40})"
    r"\s?\}?\s{0,9}(?:\[(?P<arguments>[1-9])\])?(?P<body>\{)"
    r"|\\(?P<false>iffalse)\b"
    r"|\\."
    r"|%(?P<comment>[^\n]*)",
    re.DOTALL,
)
_BRACE = re.compile(r"\\.|%[^\n]*|(?P<brace>[{}])", re.DOTALL)
_LABEL = re.compile(r"\\label\{([^{}\n]{1,200})\}")
_SETTING = re.compile(r"%*[ \t]*mnprofile:")
_FLOATS = ("table", "table*", "wraptable", "sidewaystable", "subtable", "longtable")
_SKIPPED = ("verbatim", "verbatim*", "lstlisting", "comment", "minted")


class Command(NamedTuple):
    """A command that the file defines: its number of arguments, and what it prints."""

    arguments: int
    body: str


@dataclass
class Tabular:
    """An outermost tabular: where its text is, and what the paper calls it."""

    number: int  # counted from 1
    start: int  # offset of \begin
    line: int
    end: int = 0  # offset after \end{...}
    caption: str = ""
    labels: list[str] = field(default_factory=list)
    settings: list[str] = field(default_factory=list)  # lines of TOML ...
    above: int = 0  # ... that begin after this line

    @property
    def text(self) -> str:
        """Its line in a list of the tabulars of a file."""
        label = self.labels[0] if self.labels else ""
        caption = self.caption[:MAX_CAPTION]
        words = (f"{self.number}:", f"line {self.line}", label, caption)
        return "  ".join(word for word in words if word)


@dataclass
class Source:
    """A LaTeX file, and what was found in it."""

    file: str
    text: str
    tabulars: list[Tabular] = field(default_factory=list)
    commands: dict[str, Command] = field(default_factory=dict)
    included: list[str] = field(default_factory=list)

    @cached_property
    def _lines(self) -> list[int]:
        """The offset of each line."""
        return [0, *(found.end() for found in re.finditer("\n", self.text))]

    @cached_property
    def _closing(self) -> dict[int, int]:
        """The offset of the closing brace of each opening one."""
        pairs, stack = {}, []
        for found in _BRACE.finditer(self.text):
            if found["brace"] == "{":
                stack.append(found.start())
            elif found["brace"] and stack:
                pairs[stack.pop()] = found.start()
        return pairs

    def position(self, offset: int) -> tuple[int, int]:
        """The line and the column of an offset."""
        line = bisect_right(self._lines, offset)
        return line, offset - self._lines[line - 1] + 1

    def fault(
        self,
        offset: int,
        message: str,
        accepted: str | None = None,
        suggestion: str | None = None,
    ) -> TableError:
        """The error for what stands at an offset."""
        place = Place(self.file, *self.position(offset))
        return TableError(
            message, place=place, accepted=accepted, suggestion=suggestion
        )

    def group(self, brace: int) -> str | None:
        """The text in the group that opens at an offset; None if it never closes."""
        end = self._closing.get(brace)
        return None if end is None else self.text[brace + 1 : end]

    def choose(self, key: str | None) -> Tabular:
        """The tabular with this number or label.

        Without a key: the only one, or the only one that has settings. Raises
        TableError with a list of all.
        """
        if not self.tabulars:
            raise self._no_tabular()
        found = _matching(self.tabulars, key)
        if len(found) == 1:
            return found[0]
        of_all = f"{len(self.tabulars)} tabulars"
        if key is None:
            message = f"{of_all}, and --table does not say which one to read"
        else:
            message = f'{len(found) or "none"} of {of_all} is called "{key}"'
        listed = [one.text for one in self.tabulars[:MAX_LISTED]]
        if len(self.tabulars) > MAX_LISTED:
            listed.append(f"and {len(self.tabulars) - MAX_LISTED} more")
        labels = [label for one in self.tabulars for label in one.labels]
        raise TableError(
            message,
            place=Place(self.file),
            accepted="\n  ".join(
                ("--table with a number or label (or FILE#N):", *listed)
            ),
            suggestion=None if key is None else nearest(key, labels[:1000]),
        )

    def _no_tabular(self) -> TableError:
        accepted = "a LaTeX file with a \\begin{tabular}"
        if self.included:
            accepted += "; this one includes " + ", ".join(self.included[:5])
        return TableError("no tabular", place=Place(self.file), accepted=accepted)


def _matching(tabulars: list[Tabular], key: str | None) -> list[Tabular]:
    if key is None:
        marked = [one for one in tabulars if one.settings]
        return tabulars if len(tabulars) == 1 else marked
    if re.fullmatch("[0-9]{1,6}", key):
        return [one for one in tabulars if one.number == int(key)]
    return [one for one in tabulars if key in one.labels]


def read_source(text: str, file: str) -> Source:
    """Scan a LaTeX file. Raises TableError, such as for a tabular that has no end."""
    check_text(text, file)
    source = Source(file, text.removeprefix("\ufeff"))
    _Scan(source).run()
    return source


@dataclass
class _Float:
    """An environment that gives its tabulars a caption and labels."""

    first: int  # how many tabulars stand before it
    caption: str = ""
    labels: list[str] = field(default_factory=list)


class _Scan:
    """One pass over a file."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.open: list[str] = []  # tabulars, outermost first
        self.floats: list[_Float] = []
        self.comments: list[tuple[int, str]] = []  # settings of the next tabular

    def run(self) -> None:
        of_group = {
            "environment": self._environment,
            "caption": self._caption,
            "label": self._label,
            "path": self._included,
            "body": self._command,
            "false": self._false,
            "comment": self._comment,
        }
        at = 0
        while found := _TOKEN.search(self.source.text, at):
            read = of_group.get(found.lastgroup or "")
            at = found.end() if read is None else read(found)
        self._finish()

    # Each of these reads what was found, and returns the offset at which to go on.

    def _environment(self, found: re.Match[str]) -> int:
        if found["edge"] == "begin":
            return self._begin(found)
        self._end(found)
        is_last = found["environment"] == "document"
        return len(self.source.text) if is_last else found.end()

    def _begin(self, found: re.Match[str]) -> int:
        name, text = found["environment"], self.source.text
        if name in _SKIPPED:
            end = text.find(f"\\end{{{name}}}", found.end())
            return len(text) if end < 0 else end
        if name in _FLOATS:
            if len(self.floats) == MAX_FLOATS:
                accepted = f"at most {MAX_FLOATS}"
                raise self.source.fault(found.start(), "too many floats", accepted)
            self.floats.append(_Float(len(self.source.tabulars)))
        if name in TABULARS and (self.open or name != "array"):
            if not self.open:
                line, _ = self.source.position(found.start())
                number = len(self.source.tabulars) + 1
                self.source.tabulars.append(Tabular(number, found.start(), line))
            self.open.append(name)
        return found.end()

    def _caption(self, found: re.Match[str]) -> int:
        text = self.source.group(found.start("caption"))
        if text is None:
            return found.end()
        if self.floats:
            self.floats[-1].labels += _LABEL.findall(text)
            self.floats[-1].caption = self.floats[-1].caption or plain(text)
        return found.end() + len(text)

    def _command(self, found: re.Match[str]) -> int:
        body = self.source.group(found.start("body"))
        if body is None or len(self.source.commands) == MAX_COMMANDS:
            return found.end()
        command = Command(int(found["arguments"] or 0), body)
        self.source.commands[found["name"]] = command
        return found.end() + len(body)

    def _label(self, found: re.Match[str]) -> int:
        if self.floats:
            self.floats[-1].labels.append(found["label"].strip())
        return found.end()

    def _included(self, found: re.Match[str]) -> int:
        self.source.included.append(found["path"])
        return found.end()

    def _false(self, found: re.Match[str]) -> int:
        end = self.source.text.find("\\fi", found.end())
        return len(self.source.text) if end < 0 else end

    def _comment(self, found: re.Match[str]) -> int:
        mark = _SETTING.match(found["comment"])
        if mark is not None:
            setting = found["comment"][mark.end() :].rstrip()
            self.comments.append((found.start("comment") + mark.end(), setting))
        return found.end()

    def _end(self, found: re.Match[str]) -> None:
        name = found["environment"]
        if name in TABULARS and self.open:
            expected = self.open.pop()
            if name != expected:
                raise self.source.fault(
                    found.start(),
                    f"\\end{{{name}}} where a {expected} is open",
                    f"\\end{{{expected}}}",
                )
            if not self.open:
                self._settle(self.source.tabulars[-1], found.end())
        if name in _FLOATS and self.floats:
            closed = self.floats.pop()
            for tabular in self.source.tabulars[closed.first :]:
                tabular.caption = tabular.caption or closed.caption
                tabular.labels += closed.labels[:MAX_LABELS]

    def _settle(self, tabular: Tabular, end: int) -> None:
        """Close a tabular, and give it the settings that stand above and in it."""
        tabular.end = end
        if not self.comments:
            return
        places = [self.source.position(offset) for offset, _ in self.comments]
        tabular.above = places[0][0] - 1
        tabular.settings = [""] * (places[-1][0] - tabular.above)
        for (line, column), (_, text) in zip(places, self.comments, strict=True):
            # Each setting keeps its line and column.
            tabular.settings[line - tabular.above - 1] = " " * (column - 1) + text
        self.comments = []

    def _finish(self) -> None:
        tabulars = self.source.tabulars
        if self.open:
            raise self.source.fault(
                tabulars[-1].start,
                f"this {self.open[0]} is never closed",
                f"\\end{{{self.open[0]}}}",
            )
        if tabulars and self.comments:
            raise self.source.fault(
                self.comments[0][0],
                "a setting after the last tabular",
                "settings above or in the tabular that they are for",
            )


def plain(latex: str) -> str:
    """A caption without its commands, for people to read."""
    text = _LABEL.sub("", latex).replace("~", " ")
    text = re.sub(r"\\[a-zA-Z]+\*?|(?<!\\)%[^\n]*|[{}$\\]", "", text)
    return " ".join(text.split())
