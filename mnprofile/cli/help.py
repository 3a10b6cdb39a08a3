"""``--help`` in one screen; ``--help-all`` has the rest.

A command with many options names those that choose a network or run a grid in a few
lines, and, if that is still too long, keeps the first paragraph of its text. Examples
always stand between the text and the options.
"""

from inspect import cleandoc
from typing import Any

import click

LINES, COLUMNS = 49, 80  # a terminal, with a line left for the prompt

# What several commands share: names of parameters, and what the options are for.
SHARED = {
    "Network": (
        "table settings alpha resolution res rho t classes impl output_stride depth phi"
        " head inputs arguments train strict"
    ),
    "PyTorch style": "pooling activations",
    "Pictures": "size theme no_plot x",
    "Measuring": "threads batch dtype on warmup repeats",
    "Grid runs": "workers scheduler timeout results resume",
}


class Command(click.Command):
    """A command whose ``--help`` fits a terminal."""

    def __init__(self, name: str, *, examples: str, **more: Any) -> None:
        super().__init__(name, **more)
        shown = examples.strip("\n").replace("\n", "\n  ")
        self.epilog = f"\b\nExamples:\n  {shown}"
        self.params.append(
            click.Option(
                ["--help-all"],
                is_flag=True,
                is_eager=True,
                expose_value=False,
                hidden=True,
                callback=_show_all,
            )
        )

    def get_help(self, ctx: click.Context) -> str:
        for compact, brief in ((False, False), (True, False), (True, True)):
            text = self._help(ctx, compact=compact, brief=brief)
            if text.count("\n") < LINES:
                break
        return text

    def _help(self, ctx: click.Context, *, compact: bool, brief: bool) -> str:
        formatter = click.HelpFormatter(width=COLUMNS, max_width=COLUMNS)
        self.format_usage(ctx, formatter)
        text = cleandoc(self.help or "")
        parts = [text.split("\n\n")[0] if brief else text, self.epilog or ""]
        formatter.write_paragraph()
        with formatter.indentation():
            formatter.write_text("\n\n".join(parts))
        shared = _shared(self.get_params(ctx)) if compact else {}
        hidden = {id(option) for options in shared.values() for option in options}
        records = [
            record
            for option in self.get_params(ctx)
            if isinstance(option, click.Option)
            and id(option) not in hidden
            and (record := option.get_help_record(ctx)) is not None
        ]
        with formatter.section("Options"):
            formatter.write_dl(records)
        if compact:
            name = ctx.command_path
            with formatter.section(f"More text and options: {name} --help-all"):
                for what, options in shared.items():
                    names = ", ".join(option.opts[0] for option in options)
                    formatter.write_text(f"{what}: {names}")
        return formatter.getvalue().rstrip("\n")


def _shared(params: list[click.Parameter]) -> dict[str, list[click.Option]]:
    """The options that several commands share, by what they are for."""
    found = {
        what: [
            one
            for one in params
            if isinstance(one, click.Option) and one.name in names.split()
        ]
        for what, names in SHARED.items()
    }
    return {what: options for what, options in found.items() if options}


def _show_all(ctx: click.Context, _option: click.Parameter, value: bool) -> None:
    if value and isinstance(ctx.command, Command):
        click.echo(ctx.command._help(ctx, compact=False, brief=False), color=ctx.color)
        ctx.exit()
