"""Verdicts for machines and for people: Markdown, GitHub annotations, JUnit XML."""

import io
import os
from pathlib import Path
from xml.etree import ElementTree

from mnprofile.base import escape, sheet
from mnprofile.base.json_files import CONVENTION
from mnprofile.base.units import grouped
from mnprofile.costs.budgets.evaluation import BudgetCheck, LimitCheck
from mnprofile.costs.budgets.reading import BudgetFile
from mnprofile.views.sheets.budgets import verdict_sentence, verdict_sheet

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
    if omitted:
        parts.append(f"\n{omitted} rows omitted\n")
    return "".join([*parts, foot])


def append_summary(judgement: BudgetCheck, path: Path) -> None:
    """Append the summary to GitHub's step-summary file, within its size limit."""
    there = path.stat().st_size if path.exists() else 0
    text = summary(judgement, max(MAX_SUMMARY_BYTES - there, 0))
    if there + len(text.encode()) > MAX_SUMMARY_BYTES:
        return
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
    commands = [
        _command(path, verdict.line, f"budget {verdict.budget.name}", _told(verdict))
        for verdict in shown
    ]
    if len(shown) < len(failed):
        rest = f"{len(failed) - len(shown)} more limits failed; the summary lists them"
        commands.append(_command(path, None, "budgets", rest))
    return commands


def _relative(path: Path, root: Path | None) -> str:
    """A path as GitHub knows it: below the repository, with forward slashes."""
    if root is not None:
        below = Path(os.path.relpath(path.absolute(), root.absolute()))
        if below.parts and below.parts[0] != "..":
            return below.as_posix()
    return path.as_posix()


def _command(path: str, line: int | None, title: str, message: str) -> str:
    properties = f"file={escape.annotation_property(path)}"
    if line is not None:
        properties += f",line={line}"
    properties += f",title={escape.annotation_property(title)}"
    return f"::error {properties}::{escape.annotation(message)}"


def _told(verdict: LimitCheck) -> str:
    """One verdict in one sentence, with exact numbers."""
    if verdict.measured is None or verdict.limit is None:
        return f"{verdict.label}: not measured: {verdict.reason}"
    over = verdict.measured - verdict.limit
    text = (
        f"{verdict.label}: {grouped(verdict.measured)} {verdict.quantity},"
        f" {grouped(over)} over the limit of {grouped(verdict.limit)} ({verdict.rule})"
    )
    if verdict.reason:
        text += f"; {verdict.reason}"
    return f"{text}. {verdict.budget.message}" if verdict.budget.message else text


def junit(judgement: BudgetCheck) -> str:
    """JUnit XML, one test case per limit: over is a failure, not measured an error."""
    verdicts = judgement.verdicts
    suite = ElementTree.Element(
        "testsuite",
        name="mnprofile budgets",
        tests=str(len(verdicts)),
        failures=str(sum(verdict.state == "over" for verdict in verdicts)),
        errors=str(sum(verdict.state == "unmeasured" for verdict in verdicts)),
    )
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
    ElementTree.indent(suite)
    out = io.BytesIO()
    ElementTree.ElementTree(suite).write(out, "utf-8", xml_declaration=True)
    return out.getvalue().decode() + "\n"
