"""The command line: commands load on use, errors are handled in one place."""

import gc
import importlib
import os
import signal
import sys
from collections.abc import Sequence
from time import perf_counter
from typing import Any

import click

from mnprofile import __version__
from mnprofile.base import escape, files
from mnprofile.base.errors import (
    BUG,
    EXIT_CODES,
    INTERRUPTED,
    OK,
    READER_GONE,
    REJECTED,
    TERMINATED,
    VERDICT,
    FileError,
    MissingExtraError,
    MnprofileError,
    UnmeasuredError,
    UsageError,
    nearest,
)

# In the order of --help. Each command is `command` in mnprofile/cli/NAME.py. (Once
# imported, cli/list.py shadows the builtin `list`, which is not used below.)
COMMANDS = (
    "list",
    "show",
    "count",
    "explain",
    "memory",
    "time",
    "check",
    "ledger",
    "reproduce",
    "sweep",
    "find",
    "diff",
    "report",
    "ci",
)

REFUSES_UNKNOWN = "mnprofile.strict"  # key of click's meta: see output.note_unknown
COMPLETION_VARIABLE = "_MNPROFILE_COMPLETE"

EPILOG = "\b\nExit codes of all commands:\n" + "\n".join(
    f"  {code:<3} {meaning}" for code, meaning in EXIT_CODES.items()
)


# numpy's OpenBLAS ends the process with 1, a verdict, if it cannot have this much.
NEED_NUMPY = ("sweep", "find", "report")
ADDRESS_SPACE = 192 << 20


def _check_address_space() -> None:
    """Raise UnmeasuredError if this process may not have what numpy takes."""
    try:
        import resource
    except ImportError:  # not on this system
        return
    limit, _ = resource.getrlimit(resource.RLIMIT_AS)
    if limit != resource.RLIM_INFINITY and limit < ADDRESS_SPACE:
        raise UnmeasuredError(
            f"this process may have {limit >> 20} MiB of memory",
            accepted=f"a limit of {ADDRESS_SPACE >> 20} MiB or more (ulimit -v)",
        )


def telling_options() -> list[click.Parameter]:
    """What every command takes: how much it says on stderr."""

    def note(ctx: click.Context, param: click.Parameter, value: bool) -> None:
        if value:
            ctx.meta[f"mnprofile.{param.name}"] = True
            if param.name == "verbose":
                begin = perf_counter()
                ctx.call_on_close(lambda: _tell_time(begin))

    def flag(short: str, long: str, text: str) -> click.Option:
        how = {"is_flag": True, "expose_value": False, "is_eager": True}
        return click.Option([short, long], callback=note, help=text, **how)

    return [
        flag("-q", "--quiet", "Print neither notes nor progress on stderr."),
        flag("-v", "--verbose", "Print the version and the time taken on stderr."),
    ]


def _tell_time(begin: float) -> None:
    took = perf_counter() - begin
    print(f"mnprofile {__version__}: {took:.2f} s", file=sys.stderr)


class LazyGroup(click.Group):
    """A group whose commands are imported on use: --version needs none of them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [*COMMANDS]

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        if name in NEED_NUMPY:
            _check_address_space()
        module = importlib.import_module(f"mnprofile.cli.{name}")
        command: click.Command = module.command
        if not any("--quiet" in one.opts for one in command.params):
            command.params += telling_options()
        return command

    def format_commands(
        self, ctx: click.Context, formatter: click.HelpFormatter
    ) -> None:
        """The whole first sentence of every command, over two lines if need be."""
        commands = [(name, self.get_command(ctx, name)) for name in COMMANDS]
        with formatter.section("Commands"):
            formatter.write_dl(
                [(name, one.get_short_help_str(200)) for name, one in commands if one]
            )

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args[0] not in COMMANDS:
            close = nearest(args[0], COMMANDS)
            raise UsageError(
                f'unknown command "{args[0]}"',
                accepted=", ".join(COMMANDS),
                suggestion=close,
            )
        return super().resolve_command(ctx, [*args])

    def invoke(self, ctx: click.Context) -> Any:
        code = super().invoke(ctx)
        return code or (VERDICT if ctx.meta.get(REFUSES_UNKNOWN) else OK)


def _in_our_words(option: str) -> str:
    """``--resolution``, as tables and Python say it, is ``--res``."""
    return "res" if option == "resolution" else option


@click.group(
    cls=LazyGroup,
    epilog=EPILOG,
    context_settings={
        "help_option_names": ["-h", "--help"],
        "max_content_width": 80,
        "token_normalize_func": _in_our_words,
    },
)
@click.version_option(__version__, message="mnprofile %(version)s")
@click.option("--debug", is_flag=True, help="Show the traceback of an internal bug.")
def cli(debug: bool) -> None:
    """Multiply-adds, parameters and activations of a network: a table, code or a file.

    \b
    mnprofile count v2 --alpha 0.75 --res 160
    mnprofile count path/to/my_table.md --by stage
    mnprofile list
    """


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code; errors are printed on stderr."""
    arguments = [*(sys.argv[1:] if argv is None else argv)]
    _prepare_streams()
    if argv is None:
        _own_process()
    try:
        if sys.stdout is None:
            raise FileError("standard output is closed")
        with files.run():
            code = cli.main(arguments, prog_name="mnprofile", standalone_mode=False)
        sys.stdout.flush()
        return int(code or 0)
    except click.exceptions.NoArgsIsHelpError as fault:
        print(fault.format_message(), file=sys.stderr)
        return REJECTED
    except (click.Abort, KeyboardInterrupt):
        return INTERRUPTED
    except BrokenPipeError:
        return _reader_gone()
    except SystemExit as fault:
        return _stopped(fault)
    except Exception as fault:
        return _failed(fault, arguments)


def _own_process() -> None:
    """The process has no other purpose: clean up on a kill as on an interrupt."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(TERMINATED))
    # What is imported stays to the end. To collect it there takes a tenth of a count.
    gc.freeze()
    # Counting leaves few cycles: to look for them often, a fifth of a large file.
    gc.set_threshold(50_000, 50, 100)


def _prepare_streams() -> None:
    """Make sure that printing to stdout and stderr cannot raise."""
    if sys.stderr is None:  # closed by the caller: errors have nowhere to go
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115 - for good
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


def _stopped(fault: SystemExit) -> int:
    """Handle an exit caused by shell completion, a kill or a closed pipe."""
    if COMPLETION_VARIABLE in os.environ:
        raise fault
    return TERMINATED if fault.code == TERMINATED else _reader_gone()


def _reader_gone() -> int:
    """Discard what is left in the buffer, so that it is not written again."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    return READER_GONE


def _failed(fault: Exception, arguments: Sequence[str]) -> int:
    """Print the error that ended the command and return its exit code."""
    if isinstance(fault, click.ClickException):
        from mnprofile.cli.rejections import from_click  # only a failing run pays

        fault = from_click(fault)
    elif isinstance(fault, OSError):
        fault = _from_os(fault)
    elif isinstance(fault, MemoryError):
        fault = UnmeasuredError(
            "memory ran out", accepted="fewer or smaller networks, or more memory"
        )
    elif isinstance(fault, ImportError) and not _is_ours(fault):
        fault = _from_import(fault)
    if isinstance(fault, MnprofileError):
        return _report(fault, arguments)
    if "--debug" in arguments:
        raise fault
    return _report(_BugError(fault), arguments)


class _BugError(MnprofileError):
    """An error that nobody expected."""

    kind = "internal"
    exit_code = BUG

    def __init__(self, fault: Exception) -> None:
        super().__init__(f"Internal error: {type(fault).__name__}: {fault}")

    def __str__(self) -> str:
        where = "This is a bug in mnprofile; `mnprofile --debug` shows where."
        return f"{escape.visible(self.message)}\n{where}"


def _is_ours(fault: ImportError) -> bool:
    return (fault.name or "").partition(".")[0] == "mnprofile"


def _from_import(fault: ImportError) -> MnprofileError:
    """A package that is there and cannot be imported, or not there at all."""
    lines = (line.strip() for line in str(fault).splitlines())
    reason = next((line for line in lines if line), type(fault).__name__)
    return MissingExtraError(
        f"a package cannot be imported: {reason}",
        accepted="an installation that is whole, and enough memory",
    )


def _report(fault: MnprofileError, arguments: Sequence[str]) -> int:
    if _wants_json(arguments):
        import json  # 1 ms that only JSON should pay

        print(escape.no_command(json.dumps(fault.as_dict())), file=sys.stderr)
    else:
        lines = map(escape.visible, str(fault).split("\n"))
        print(escape.no_command(wrapped("\n".join(lines))), file=sys.stderr)
    return fault.exit_code


def wrapped(text: str) -> str:
    """Text for stderr; in a terminal, no line breaks inside a word."""
    if not sys.stderr.isatty():
        return text
    import shutil
    import textwrap

    width = max(shutil.get_terminal_size().columns, 20)
    wrapper = textwrap.TextWrapper(
        width, break_long_words=False, break_on_hyphens=False
    )
    return "\n".join(wrapper.fill(line) for line in text.split("\n"))


def _wants_json(arguments: Sequence[str]) -> bool:
    joined = " ".join(arguments)
    return "--format json" in joined or "--format=json" in joined


def _from_os(fault: OSError) -> MnprofileError:
    reason = fault.strerror or str(fault)
    return FileError(f"{fault.filename}: {reason}" if fault.filename else reason)
