"""Verdicts for machines and for people: Markdown, GitHub annotations, JUnit XML."""

import io
import os
from pathlib import Path
from xml.etree import ElementTree

from mnprofile.base import escape, sheet
from mnprofile.base.errors import MnprofileError, Place
from mnprofile.base.json_files import CONVENTION
from mnprofile.base.units import grouped
from mnprofile.costs.budgets.evaluation import BudgetCheck, LimitCheck
from mnprofile.costs.budgets.reading import BudgetFile
from mnprofile.views.sheets.budgets import change_sheet, verdict_sentence, verdict_sheet

MAX_ANNOTATIONS = 10  # GitHub silently drops the rest of a step's
MAX_SUMMARY_BYTES = 900 << 10  # it drops a whole summary above 1,024 KiB
ROWS_SHOWN = 20
SUMMARY = (
    "verdict",
    "budget",
    "network",
    "quantity",
    "measured",
    "limit",
    "headroom",
    "note",
)


def summary(judgement: BudgetCheck, room: int = MAX_SUMMARY_BYTES) -> str:
    """Markdown for the step summary, in at most ``room`` bytes, worst first."""
    head = f"### {escape.markdown(verdict_sentence(judgement))}\n\n"
    foot = f"\n<sub>{escape.markdown(CONVENTION)}</sub>\n"
    verdicts = judgement.verdicts
    shown, folded = verdicts[:ROWS_SHOWN], verdicts[ROWS_SHOWN:]
    opening = f"\n<details><summary>{len(folded)} more</summary>\n\n"
    closing = "\n</details>\n"
    spare = room - len((head + opening + closing + foot).encode()) - 100
    parts, omitted = [head], 0
    for part, begin, end in ((shown, "", ""), (folded, opening, closing)):
        if not part:
            continue
        lines = sheet.to_markdown(verdict_sheet(part).only(*SUMMARY)).split("\n")
        kept = []
        for line in lines[:-1]:
            spare -= len(line.encode()) + 1
            if spare < 0:
                omitted += 1
            else:
                kept.append(line)
        parts += [begin, "\n".join(kept), "\n", end]
    changes = sheet.to_markdown(change_sheet(judgement)) if judgement.baseline else ""
    if len(changes.encode()) < spare:
        parts.append(f"\n{changes}" if changes else "")
    if omitted:
        parts.append(f"\n{omitted} rows omitted\n")
    return "".join([*parts, foot])


def append_summary(judgement: BudgetCheck, path: Path) -> None:
    """Append the summary to GitHub's step-summary file, within its size limit."""
    there = path.stat().st_size if path.exists() else 0
    text = summary(judgement, max(MAX_SUMMARY_BYTES - there, 0))
    if there + len(text.encode()) <= MAX_SUMMARY_BYTES:
        append(text, path)


def append(text: str, path: Path) -> None:
    """Append to GitHub's step-summary file."""
    with open(path, "a", encoding="utf-8", errors="backslashreplace") as file:
        file.write(text)


def annotations(
    judgement: BudgetCheck, file: BudgetFile, root: Path | None
) -> list[str]:
    """Workflow commands, one per failed limit on the budget's line; at most ten.

    ``root`` is the repository: annotations name files relative to it.
    """
    failed = [verdict for verdict in judgement.verdicts if verdict.state != "ok"]
    shown = failed if len(failed) <= MAX_ANNOTATIONS else failed[: MAX_ANNOTATIONS - 1]
    path = _relative(file.path, root)
    commands = [_annotation(verdict, path, root) for verdict in shown]
    if len(shown) < len(failed):
        rest = f"{len(failed) - len(shown)} more limits failed; the summary lists them"
        commands.append(_command(path, None, "budgets", rest))
    return commands


def _annotation(verdict: LimitCheck, path: str, root: Path | None) -> str:
    """On the row of the table that grew most, if one did, else on the limit."""
    title = f"budget {verdict.budget.name}"
    blame = verdict.blame
    if blame is None:
        return _command(path, verdict.line, title, _told(verdict))
    told = f"{_told(verdict)}. The limit: {path}:{verdict.line}"
    return _command(_relative(Path(blame.file), root), blame.line, title, told)


def _relative(path: Path, root: Path | None) -> str:
    """A path as GitHub knows it: below the repository, with forward slashes."""
    if root is not None:
        below = Path(os.path.relpath(path.absolute(), root.absolute()))
        if below.parts and below.parts[0] != "..":
            return below.as_posix()
    return path.as_posix()


def _command(
    path: str, line: int | None, title: str, message: str, column: int | None = None
) -> str:
    properties = f"file={escape.annotation_property(path)}" if path else ""
    if line is not None:
        properties += f",line={line}"
    if column is not None:
        properties += f",col={column}"
    properties += f",title={escape.annotation_property(title)}"
    return f"::error {properties.lstrip(',')}::{escape.annotation(message)}"


def _told(verdict: LimitCheck) -> str:
    """One verdict in one sentence, with exact numbers."""
    if verdict.measured is None or verdict.limit is None:
        return f"{verdict.label}: not measured: {verdict.reason}"
    over = verdict.measured - verdict.limit
    text = (
        f"{verdict.label}: {grouped(verdict.measured)} {verdict.quantity},"
        f" {grouped(over)} over the limit of {grouped(verdict.limit)}"
        f" ({_rule(verdict)})"
    )
    if verdict.reason:
        text += f"; {verdict.reason}"
    return f"{text}. {verdict.budget.message}" if verdict.budget.message else text


def _rule(verdict: LimitCheck) -> str:
    """The key that sets the limit, and what it is relative to."""
    if verdict.rule != "max-increase" or verdict.base is None:
        return verdict.rule
    return f"max-increase over the baseline's {grouped(verdict.base)}"


def fault_annotation(fault: MnprofileError, root: Path | None) -> str:
    """A workflow command for input that was rejected, on its file, line and column."""
    place = fault.place or Place("")
    path = _relative(Path(place.file), root) if place.file else ""
    told = str(fault).removeprefix(f"{fault.place}: ")
    return _command(path, place.line, "mnprofile", told, place.column)


def fault_summary(fault: MnprofileError) -> str:
    """Markdown for the step summary of a run that ended in an error."""
    first, *rest = str(fault).split("\n")
    lines = [f"### Not checked: {escape.markdown(first)}", ""]
    return "\n".join([*lines, *(f"{escape.markdown(one)}  " for one in rest), ""])


def fault_junit(fault: MnprofileError) -> str:
    """JUnit XML of a run that ended in an error: one test case, which is an error."""
    suite = _suite(tests=1, failures=0, errors=1)
    case = ElementTree.SubElement(
        suite, "testcase", classname="mnprofile", name=escape.xml_text(fault.kind)
    )
    text = escape.xml_text(str(fault))
    ElementTree.SubElement(case, "error", message=text).text = text
    return _xml(suite)


def junit(judgement: BudgetCheck) -> str:
    """JUnit XML, one test case per limit: over is a failure, not measured an error."""
    verdicts = judgement.verdicts
    states = [verdict.state for verdict in verdicts]
    over, unmeasured = states.count("over"), states.count("unmeasured")
    suite = _suite(tests=len(verdicts), failures=over, errors=unmeasured)
    for verdict in verdicts:
        names = (verdict.label, verdict.rule, verdict.quantity or "")
        case = ElementTree.SubElement(
            suite,
            "testcase",
            classname=escape.xml_text(verdict.budget.name),
            name=escape.xml_text(" ".join(filter(None, dict.fromkeys(names)))),
        )
        if verdict.state != "ok":
            tag = "failure" if verdict.state == "over" else "error"
            message = escape.xml_text(_told(verdict))
            ElementTree.SubElement(case, tag, message=message).text = message
    return _xml(suite)


def _suite(**counts: int) -> ElementTree.Element:
    numbers = {name: str(count) for name, count in counts.items()}
    return ElementTree.Element("testsuite", {"name": "mnprofile budgets", **numbers})


def _xml(suite: ElementTree.Element) -> str:
    ElementTree.indent(suite)
    out = io.BytesIO()
    ElementTree.ElementTree(suite).write(out, "utf-8", xml_declaration=True)
    return out.getvalue().decode() + "\n"
