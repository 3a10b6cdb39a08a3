"""click's own errors, in the words and the form of all others."""

import re

import click

from mnprofile.base.errors import FileError, MnprofileError, UsageError, nearest

# What other tools call our options.
_SYNONYMS = {
    "--size": "--res",
    "--image-size": "--res",
    "--width": "--alpha",
    "--width-mult": "--alpha",
    "--multiplier": "--alpha",
    "--expansion": "--t",
    "--num-classes": "--classes",
    "--out": "--output",
}
# Options of commands for one network, and how others say the same.
_IN_ARCH = {
    "--table": "FILE#N or FILE#LABEL among the networks, such as paper.tex#2",
    "--set": "the settings in the file: its toml block, or % mnprofile: comments",
    "--head": "NETWORK+HEAD among the networks, such as v2+ssdlite",
    "--alpha": "NETWORK@ALPHA among the networks, such as v2@0.75",
    "--res": "NETWORK@ALPHA/RES among the networks, such as v2@0.75/160",
}
_ARCH = "an alias of mnprofile list, v2@0.75/160, a path to a table"


def from_click(fault: click.ClickException) -> MnprofileError:
    """The same error as one of ours."""
    if isinstance(fault, click.FileError):
        return FileError(fault.format_message())
    if isinstance(fault, click.NoSuchOption):
        return _unknown_option(fault)
    if isinstance(fault, click.MissingParameter):
        return _missing(fault)
    if isinstance(fault, click.BadParameter) and fault.param is not None:
        return _bad_value(fault, fault.param)
    return UsageError(_sentence(fault.format_message()), accepted=_usage(fault))


def _unknown_option(fault: click.NoSuchOption) -> MnprofileError:
    name = fault.option_name
    parameters = fault.ctx.command.params if fault.ctx else []
    several = any(one.nargs == -1 for one in parameters)
    if several and name in _IN_ARCH:
        told = f"{name}: this command takes several networks"
        return UsageError(told, accepted=_IN_ARCH[name])
    known = [one.opts[-1] for one in parameters if isinstance(one, click.Option)]
    close = _SYNONYMS.get(name)
    if close not in known:
        close = nearest(name, known)
    listed = ", ".join(known) or None
    return UsageError(f'unknown option "{name}"', accepted=listed, suggestion=close)


def _missing(fault: click.MissingParameter) -> MnprofileError:
    if fault.param is None:
        return UsageError(_sentence(fault.format_message()), accepted=_usage(fault))
    is_argument = isinstance(fault.param, click.Argument)
    name = fault.param.make_metavar(fault.ctx) if is_argument else fault.param.opts[-1]  # type: ignore[arg-type] # click sets it
    accepted = _ARCH if "ARCH" in name else _usage(fault)
    return UsageError(f"{name} is missing", accepted=accepted)


def _bad_value(fault: click.BadParameter, param: click.Parameter) -> MnprofileError:
    """A value that the parameter's type does not take."""
    name = (
        param.opts[-1] if isinstance(param, click.Option) else param.human_readable_name
    )
    kind, message = param.type, fault.message
    found = re.match("'?([^']*?)'? is not (?:one of|a valid|in the range)", message)
    value = found[1] if found else ""
    if isinstance(kind, click.Choice) and found:
        known = [str(choice) for choice in kind.choices]
        return UsageError(
            f'{name}: "{value}" is not accepted',
            accepted=", ".join(known),
            suggestion=nearest(value, known),
        )
    if isinstance(kind, click.IntRange | click.FloatRange) and "range" in message:
        return UsageError(f"{name}: {value} is out of range", accepted=_range(kind))
    if found and "is not a valid float" in message:
        pointed = value.replace(",", ".")
        write = re.fullmatch(r"[0-9]*,[0-9]+", value)
        more = f": write {pointed}" if write else ""
        return UsageError(
            f'{name}: "{value}" is not a number{more}', accepted="a number such as 0.75"
        )
    if found and "is not a valid integer" in message:
        return UsageError(
            f'{name}: "{value}" is not a whole number', accepted="such as 10"
        )
    return UsageError(f"{name}: {_sentence(message)}")


def _range(kind: click.IntRange | click.FloatRange) -> str:
    if kind.min is None or kind.max is None:
        return f"{kind.min} or more" if kind.max is None else f"up to {kind.max}"
    return (
        f"above {kind.min}, at most {kind.max}"
        if kind.min_open
        else f"{kind.min} to {kind.max}"
    )


def _usage(fault: click.ClickException) -> str | None:
    context = getattr(fault, "ctx", None)
    if context is None:
        return None
    pieces = context.command.collect_usage_pieces(context)
    return " ".join((context.command_path, *pieces))


def _sentence(message: str) -> str:
    """click's sentence in our style: no capital at its start, no full stop."""
    return message[:1].lower() + message[1:].rstrip(".")
