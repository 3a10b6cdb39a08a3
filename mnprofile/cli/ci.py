"""mnprofile ci: check a project's networks against its budgets."""

import contextlib
import os
import sys
from pathlib import Path

import click

from mnprofile.base import files
from mnprofile.base.errors import FileError, MnprofileError, Place
from mnprofile.cli.help import Command
from mnprofile.cli.options import output_options
from mnprofile.cli.output import emit, warn
from mnprofile.costs.budgets.baseline import baseline_text, read_baseline
from mnprofile.costs.budgets.evaluation import (
    BudgetCheck,
    check_budgets,
    count_networks,
)
from mnprofile.costs.budgets.reading import BudgetFile, find_config, read_budgets
from mnprofile.views.github import (
    annotations,
    append,
    append_summary,
    fault_annotation,
    fault_junit,
    fault_summary,
    junit,
    summary,
)
from mnprofile.views.sheets.budgets import budgets_document

File = click.Path(path_type=Path, dir_okay=False)

EXAMPLES = """
mnprofile ci
mnprofile ci --write-baseline
mnprofile ci --html budgets.html --junit budgets.xml --format json
"""


@click.command("ci", cls=Command, examples=EXAMPLES)
@click.option(
    "--config",
    type=File,
    help="Budget file. [default: mnprofile.toml, else pyproject.toml]",
)
@click.option("--baseline", type=File, help="Baseline file, for max-increase.")
@click.option(
    "--write-baseline", is_flag=True, help="Write the baseline file, then check."
)
@click.option("--summary", "summary_file", type=File, help="Write Markdown to a file.")
@click.option("--junit", "junit_file", type=File, help="Write JUnit XML to a file.")
@click.option("--html", "html_file", type=File, help="Write an HTML page to a file.")
@output_options()
def command(
    config: Path | None,
    baseline: Path | None,
    write_baseline: bool,
    summary_file: Path | None,
    junit_file: Path | None,
    html_file: Path | None,
    format_: str | None,
    output: Path | None,
) -> int:
    """Check a project's networks against its budgets.

    \b
    In pyproject.toml (in mnprofile.toml: [[budget]]):
      [[tool.mnprofile.budget]]
      name = "phone"
      arch = "v2@0.75/160"     # or a table file, "nets/*.md", "paper.tex#2"
      max-macs = "110M"
      max-params = "2.7M"
      max-activations = "4M"
      max-latency = "30ms"     # predicted, on a device of mnprofile time
      device = "Pixel 1"
      max-memory = "512KiB"    # of activations, at 8 bits; bits = 16 for others
      max-weight-bytes = "3MB" # as deployed
      max-increase = "2%"      # over the baseline file

    Limits are inclusive and exact. File names are relative to the budget file.
    Other keys: alpha, res, t, classes, impl, output-stride, message.

    On GitHub (GITHUB_ACTIONS is true) the Markdown summary is appended to the
    step summary, and failed limits are annotated on their line.

    Exit code 1: a limit is exceeded. Exit code 3: no limit is exceeded, but one could
    not be measured (no baseline, a pattern that matches nothing, no budget).
    """
    outputs = [summary_file, junit_file, html_file, output]
    try:
        file, judgement = _judged(config, baseline, write_baseline, outputs)
    except MnprofileError as fault:
        _announce_fault(fault, summary_file, junit_file, html_file, output)
        raise
    _announce(judgement, file, summary_file)
    if junit_file is not None:
        files.write_text(junit_file, junit(judgement))
    if html_file is not None:
        from mnprofile.views.html.budget_page import budget_page

        files.write_text(html_file, budget_page(judgement))
    emit(budgets_document(judgement), format_, output)
    return judgement.exit_code


def _judged(
    config: Path | None,
    baseline: Path | None,
    write_baseline: bool,
    outputs: list[Path | None],
) -> tuple[BudgetFile, BudgetCheck]:
    """The budget file, and the verdicts; the baseline is written if asked for."""
    file = read_budgets(config or find_config(Path()))
    networks = count_networks(file)
    where = baseline or file.baseline
    uses_baseline = baseline is not None or any(
        budget.max_increase is not None for budget in file.budgets
    )
    before = None
    if uses_baseline and not write_baseline:
        before = read_baseline(where)
    files.check_targets([where, *outputs] if write_baseline else outputs)
    if write_baseline:
        files.write_text(where, baseline_text(networks))
        warn(f"wrote {where}")
        before = read_baseline(where) if uses_baseline else None
    return file, check_budgets(file, networks, before)


def _announce_fault(
    fault: MnprofileError,
    summary_file: Path | None,
    junit_file: Path | None,
    *others: Path | None,
) -> None:
    """The error in the files that were asked for and on GitHub; it is raised after."""
    text = fault_summary(fault)
    with contextlib.suppress(MnprofileError, OSError):  # the first error is the cause
        if os.environ.get("GITHUB_ACTIONS") == "true":
            root = os.environ.get("GITHUB_WORKSPACE")
            line = fault_annotation(fault, Path(root) if root else None)
            print(line, file=sys.stderr)
            step = os.environ.get("GITHUB_STEP_SUMMARY")
            if step:
                append(text, Path(step))
        files.check_targets([summary_file, junit_file, *others])
        if summary_file is not None:
            files.write_text(summary_file, text)
        if junit_file is not None:
            files.write_text(junit_file, fault_junit(fault))


def _announce(
    judgement: BudgetCheck, file: BudgetFile, summary_file: Path | None
) -> None:
    """Write Markdown if asked for; on GitHub, also the step summary and annotations.

    Annotations go to stderr, which GitHub also reads; stdout is for data.
    """
    if summary_file is not None:
        files.write_text(summary_file, summary(judgement))
    if os.environ.get("GITHUB_ACTIONS") != "true":
        return
    step = os.environ.get("GITHUB_STEP_SUMMARY")
    if step:
        files.check_targets([Path(step)])
        try:
            append_summary(judgement, Path(step))
        except OSError as fault:
            reason = fault.strerror or str(fault)
            raise FileError(f"cannot write: {reason}", place=Place(step)) from None
    root = os.environ.get("GITHUB_WORKSPACE")
    for line in annotations(judgement, file, Path(root) if root else None):
        print(line, file=sys.stderr)
