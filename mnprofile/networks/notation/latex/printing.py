"""What a part of a tabular prints, as plain text.

Every command prints something, prints nothing, or is an error: none is skipped because
it is not known.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from pylatexenc import latexwalker, macrospec

from mnprofile.base.errors import TableError, nearest
from mnprofile.networks.notation.latex.commands import (
    COMMANDS,
    DINGBATS,
    FRACTIONS,
    NEW_ROW,
    TABULARS,
    THIN_SPACE,
)
from mnprofile.networks.notation.latex.source import Source

MAX_EXPANDED = 1 << 14  # characters that commands defined in the file may print
MAX_NESTED = 8  # of them in one another

_GROUPED_DIGITS = re.compile(rf"(?<=[0-9]){THIN_SPACE}(?=[0-9]{{3}}(?![0-9]))")
_DASHES = str.maketrans(dict.fromkeys("‐‑‒–—−", "-"))
# A footnote's mark: a symbol, a raised letter, or a raised digit after a word.
_NOTE = re.compile(r"(?<=.)\s?\^?[*†‡§¶]{1,3}$|(?<=.)\^[a-h]$|(?<=[A-Za-z)])\^[0-9]$")
_SPECIALS = {"&": "&", "~": " ", "--": "-", "---": "-"}

Pieces = Iterator[tuple[str, int]]  # texts, and the offsets at which they stand


class _RuleArguments(macrospec.MacroStandardArgsParser):  # type: ignore[misc] # no types
    """The arguments of \\cmidrule, which has (lr) before the required one."""

    _TRIM = re.compile(r"\s{0,9}(?:\[[^\]]{0,20}\])?\s{0,9}(?:\([^)]{0,40}\))?")

    def parse_args(self, w: Any, pos: int, parsing_state: Any = None) -> Any:
        trim = self._TRIM.match(w.s, pos)
        return super().parse_args(w, trim.end() if trim else pos, parsing_state)


class Printer:
    """Prints nodes of one tabular, which begins at the offset ``start``."""

    def __init__(self, source: Source, start: int) -> None:
        self.source = source
        self.start = start
        self.expanded = 0
        self.own = {
            name: command
            for name, command in source.commands.items()
            if name not in COMMANDS and name not in FRACTIONS
        }
        self.context = self._context()

    def _context(self) -> Any:
        arguments = {name: "{" * own.arguments for name, own in self.own.items()}
        arguments |= {name: one.arguments for name, one in COMMANDS.items()}
        arguments |= dict.fromkeys(FRACTIONS, "{{")
        macros = [
            macrospec.MacroSpec(
                name,
                args_parser=macrospec.MacroStandardArgsParser(
                    args,
                    args_math_mode=[False] * len(args) if _is_text(name) else None,
                ),
            )
            for name, args in arguments.items()
        ]
        macros.append(macrospec.MacroSpec("cmidrule", args_parser=_RuleArguments("{")))
        context = macrospec.LatexContextDb()
        context.add_context_category(
            "tables",
            macros=macros,
            environments=[
                macrospec.EnvironmentSpec(name, args) for name, args in TABULARS.items()
            ],
            specials=[macrospec.SpecialsSpec(text) for text in _SPECIALS],
        )
        context.set_unknown_macro_spec(macrospec.MacroSpec(""))
        context.set_unknown_environment_spec(macrospec.EnvironmentSpec(""))
        return context

    def parse(self, text: str, offset: int, *, math: bool | None = None) -> list[Any]:
        """The nodes of LaTeX text that stands at an offset.

        With ``math`` given, the text comes from a command of the file that is used at
        the offset.
        """
        walker = latexwalker.LatexWalker(
            text, latex_context=self.context, tolerant_parsing=False
        )
        state = walker.make_parsing_state(in_math_mode=bool(math))
        try:
            nodes, _, _ = walker.get_latex_nodes(parsing_state=state)
        except latexwalker.LatexWalkerParseError as found:
            pos, message = found.pos or 0, str(found.msg)
            if len(found.open_contexts) > 1:  # in something else than the tabular
                what, pos, *_ = found.open_contexts[0]
                message += f" after this {what}"
            at = offset + pos if math is None else offset
            message = " ".join(message.split())[:200]
            raise self.source.fault(at, f"not readable as LaTeX: {message}") from None
        except latexwalker.LatexWalkerEndOfStream:
            message = "not readable as LaTeX: it ends where more is expected"
            raise self.source.fault(offset, message) from None
        return list(nodes)

    def text(self, nodes: Sequence[Any], offset: int) -> tuple[str, int]:
        """What nodes print, and where it begins: ``offset`` if they print nothing."""
        pieces = [(text, at) for text, at in self._pieces(nodes) if text]
        first = next(((text, at) for text, at in pieces if text.strip()), None)
        if first is not None:
            offset = first[1] + len(first[0]) - len(first[0].lstrip())
        return _cleaned("".join(text for text, _ in pieces)), offset

    def arguments(self, node: Any) -> list[Any]:
        """The arguments of a command; None for an optional one that is not given."""
        if node.nodeargd is None:  # the command is itself an argument without braces
            raise self.source.fault(
                self.start + node.pos,
                f"\\{node.macroname} as an argument without braces",
                "braces around it",
            )
        return list(node.nodeargd.argnlist)

    def _pieces(
        self,
        nodes: Sequence[Any],
        *,
        math: bool = False,
        used: tuple[int, ...] = (),
    ) -> Pieces:
        """What nodes print.

        ``used`` are the offsets of the commands of the file that they come from.
        """
        for node in nodes:
            at = used[0] if used else self.start + node.pos
            if node.isNodeType(latexwalker.LatexCharsNode):
                # In a formula, spaces do not print, and an index is text after a text.
                chars = "".join(node.chars.split()).replace("_", "")
                yield chars if math else node.chars, at
            elif node.isNodeType(latexwalker.LatexSpecialsNode):
                if node.specials_chars == "&":
                    raise self.source.fault(
                        at, "& inside a group or command", "& between cells"
                    )
                yield _SPECIALS[node.specials_chars], at
            elif node.isNodeType(latexwalker.LatexMathNode):
                yield from self._pieces(node.nodelist, math=True, used=used)
            elif node.isNodeType(latexwalker.LatexGroupNode):
                if node.latex_verbatim() == "{,}":
                    yield THIN_SPACE, at
                else:
                    yield from self._pieces(node.nodelist, math=math, used=used)
            elif node.isNodeType(latexwalker.LatexEnvironmentNode):
                yield from self._lines(node, math=math, used=used)
            elif node.isNodeType(latexwalker.LatexMacroNode):
                yield from self._command(node, math=math, used=used)

    def _lines(self, node: Any, *, math: bool, used: tuple[int, ...]) -> Pieces:
        """A tabular in a cell: its cells one after the other."""
        at = used[0] if used else self.start + node.pos
        if node.environmentname not in TABULARS:
            raise self.source.fault(
                at,
                f"the environment {node.environmentname} in a cell",
                ", ".join(TABULARS),
            )
        for inner in node.nodelist:
            if getattr(inner, "specials_chars", None) == "&":
                yield " ", at
            else:
                yield from self._pieces([inner], math=math, used=used)

    def _command(self, node: Any, *, math: bool, used: tuple[int, ...]) -> Pieces:
        name = node.macroname
        at = used[0] if used else self.start + node.pos
        if name in self.own:
            yield from self._expanded(node, math=math, used=used)
            return
        if name in NEW_ROW:
            yield " ", at
            return
        if name in FRACTIONS:
            above, below = self.arguments(node)
            yield from self._pieces([above], math=math, used=used)
            yield "/", at
            yield from self._pieces([below], math=math, used=used)
            return
        if name not in COMMANDS:
            raise self._unknown(name, at)
        if COMMANDS[name].text is not None:
            yield COMMANDS[name].text or "", at
            return
        if name in ("multirow", "multicolumn"):
            raise self.source.fault(
                at, f"\\{name} inside a group or command", f"\\{name} around it"
            )
        content = self.arguments(node)[-1]
        inside = math and not _is_text(name)
        if name == "ding":
            text, _ = self.text([content], at)
            yield DINGBATS.get(text, f"\\ding{{{text}}}"), at
            return
        if name == "textsuperscript":
            yield "^", at
        yield from self._pieces([content], math=inside, used=used)

    def _expanded(self, node: Any, *, math: bool, used: tuple[int, ...]) -> Pieces:
        """What a command that the file defines prints."""
        at = used[0] if used else self.start + node.pos
        command = self.own[node.macroname]
        given = [] if not command.arguments else self.arguments(node)
        texts = [_verbatim(argument) for argument in given]
        self.expanded += (
            len(command.body)
            + 8
            + sum(
                command.body.count(f"#{number}") * len(text)
                for number, text in enumerate(texts, start=1)
            )
        )
        if self.expanded > MAX_EXPANDED or len(used) >= MAX_NESTED:
            raise self.source.fault(
                at, f"\\{node.macroname} is defined by too much text for a table"
            )
        body = re.sub(r"#([1-9])", lambda n: _nth(texts, int(n[1])), command.body)
        nodes = self.parse(body, at, math=math)
        yield from self._pieces(nodes, math=math, used=(*used, at))

    def _unknown(self, name: str, at: int) -> TableError:
        known = [*COMMANDS, *FRACTIONS, *self.own]
        return self.source.fault(
            at,
            f"unknown command \\{name}",
            f"a command that tables use, or a \\newcommand{{\\{name}}} in the file",
            nearest(name, [one for one in known if len(one) > 1]),
        )


def _is_text(name: str) -> bool:
    """Whether a command's argument is text, also within a formula."""
    return name.startswith("text") or name in ("mbox", "hbox", "fbox")


def _verbatim(node: Any) -> str:
    text = str(node.latex_verbatim())
    return text[1:-1] if text.startswith("{") else text


def _nth(texts: list[str], number: int) -> str:
    return texts[number - 1] if number <= len(texts) else ""


def _cleaned(text: str) -> str:
    """Text with single spaces, plain dashes and no footnote marks."""
    joined = _GROUPED_DIGITS.sub("", text.translate(_DASHES))
    return _NOTE.sub("", " ".join(joined.split()))
