"""Convert numbers to text and back. No other module does either."""

import re
from collections.abc import Sequence
from typing import Literal

from mnprofile.base.errors import UsageError

_SI = {"": 0, "K": 3, "M": 6, "G": 9, "T": 12}
_SPELLED = {"million": 6, "b": 9, "billion": 9, "%": -2}
# Patterns are text: most runs need none, and re keeps those that it has compiled.
_PRINTED = r"([0-9][0-9,]*)(?:\.([0-9]+))?( ?)(%|[A-Za-z]*)"
Rounding = Literal["nearest", "floor", "ceil"]
_QUANTITY = r"(?i)([0-9]{1,15})(?:\.([0-9]{1,15}))?\s*([KMGT]?)"
_BYTES: dict[str, int] = {"": 1, "b": 1} | {
    prefix + unit: int(base**power)
    for unit, base in (("b", 1000), ("ib", 1024))
    for power, prefix in enumerate("kmgt", start=1)
}
_TIMES = {"": 1.0, "us": 0.001, "µs": 0.001, "ms": 1.0, "s": 1000.0}
_MEMORY = r"(?i)([0-9]{1,15})(?:\.([0-9]{1,15}))?\s*((?:(?:[KMGT]i?)?B)?)"


def grouped(value: int) -> str:
    """1234567 -> "1,234,567"."""
    return f"{value:,}"


def short(value: int) -> str:
    """107295200 -> "107.3 M", with a decimal SI prefix and at most four digits.

    Values under 10,000 are written in full.
    """
    if value < 10_000:
        return grouped(value)
    for suffix in "KMGT":
        value_in = value / 10 ** _SI[suffix]
        if value_in < 999.95 or suffix == "T":
            break
    return f"{value_in:,.1f} {suffix}"


def kilobytes(value: int) -> str:
    """401408 -> "401.4": bytes in thousands."""
    return f"{value / 1000:.1f}"


def short_bytes(value: int) -> str:
    """1505280 -> "1.5 MB", decimal; values under 10,000 are written in full."""
    text = short(value).replace("K", "k")
    return text + ("B" if text[-1].isalpha() else " B")


def ratio(value: float) -> str:
    """A factor between two figures, with four decimals."""
    return f"{value:.4f}"


def percent(part: int, whole: int) -> str:
    """A share with two decimals; 0 and 100 only where they are exact."""
    if whole == 0:
        return "-"
    text = f"{100 * part / whole:.2f} %"
    if part and text == "0.00 %":
        return "< 0.01 %"
    if part != whole and text == "100.00 %":
        return "> 100.00 %" if part > whole else "> 99.99 %"
    return text


def signed(value: int, *, separated: bool = True) -> str:
    """1234 -> "+1,234", -5 -> "-5", 0 -> "0"."""
    text = f"{value:+,}" if separated else f"{value:+}"
    return text if value else "0"


def change(base: int, head: int) -> str:
    """The change from ``base`` to ``head`` in percent of base, signed, two decimals.

    "new" where only base is 0; 0 and -100 only where they are exact.
    """
    if head == base:
        return "0.00 %"
    if base == 0:
        return "new"
    text = f"{100 * (head - base) / base:+.2f} %"
    if text in ("+0.00 %", "-0.00 %"):
        return "< +0.01 %" if head > base else "> -0.01 %"
    return "> -99.99 %" if head and text == "-100.00 %" else text


def rounded(part: int, whole: int, rounding: Rounding) -> int:
    """part / whole as a whole number, exactly; halves are rounded up."""
    match rounding:
        case "nearest":
            return (2 * part + whole) // (2 * whole)
        case "floor":
            return part // whole
        case "ceil":
            return -(-part // whole)


def printed_like(
    part: int,
    whole: int,
    like: str,
    *,
    power: int,
    rounding: Rounding,
    significant: int | None = None,
) -> str | None:
    """part / whole in the form of a printed figure: its unit, decimals and commas.

    Computed in integers, so no floating-point error can change a digit.

    Args:
        like: a printed figure, "300M", "4,253,864", "1.2 billion" or "94.86%".
        power: the power of ten that a number without a unit counts in.
        significant: the number of significant digits, where the figure is rounded so.

    Returns None unless ``like`` is a number, with or without a unit.
    """
    match = re.fullmatch(_PRINTED, like)
    if match is None:
        return None
    digits, decimals, gap, suffix = match[1], match[2] or "", match[3], match[4]
    if suffix:
        known = {name.lower(): value for name, value in _SI.items()} | _SPELLED
        if suffix.lower() not in known:
            return None
        power = known[suffix.lower()]
    shift = len(decimals) - power  # value x 10^shift is what the digits spell
    part, whole = part * 10 ** max(shift, 0), whole * 10 ** max(-shift, 0)
    kept = 1
    if significant is not None:
        kept = 10 ** max(len(str(part // whole)) - significant, 0)
    number = rounded(part, whole * kept, rounding) * kept
    integer, fraction = divmod(number, 10 ** len(decimals))
    shown = grouped(integer) if "," in digits else str(integer)
    if decimals:
        shown += f".{fraction:0{len(decimals)}d}"
    return shown + gap + suffix


def parse_quantity(text: str, option: str) -> int:
    """ "100M" -> 100000000: a count with a decimal SI prefix.

    Raises UsageError naming ``option`` for anything else, including 1.5 (not whole).
    """
    match = re.fullmatch(_QUANTITY, text.strip())
    if match is not None:
        integer, fraction, prefix = match[1], match[2] or "", match[3].upper()
        zeros = _SI[prefix] - len(fraction.rstrip("0"))
        if zeros >= 0:
            return int(integer + fraction.rstrip("0") + "0" * zeros)
    raise UsageError(
        f'{option}: "{text}" is not a count',
        accepted="a whole number, or one with K, M, G or T (decimal): 100M, 1.5G, 512K",
    )


def parse_memory(text: str, option: str) -> int:
    """ "256KiB" -> 262144, "256kB" -> 256000, "4096" -> 4096: bytes.

    Raises UsageError naming ``option`` for anything else, including fractions of a byte
    and a bare K or M, which could be decimal or binary.
    """
    match = re.fullmatch(_MEMORY, text.strip())
    if match is not None:
        fraction = (match[2] or "").rstrip("0")
        size, rest = divmod(
            int(match[1] + fraction) * _BYTES[match[3].lower()],
            int(10 ** len(fraction)),
        )
        if not rest:
            return size
    raise UsageError(
        f'{option}: "{text}" is not an amount of memory',
        accepted="whole bytes, or with kB, MB, GB (decimal) or KiB, MiB, GiB (binary):"
        " 262144, 256kB, 256KiB, 1.5MiB",
    )


def parse_milliseconds(text: str, option: str) -> float:
    """ "30ms" -> 30.0, "1.5s" -> 1500.0, "30" -> 30.0: milliseconds above 0.

    Raises UsageError naming ``option`` for anything else.
    """
    match = re.fullmatch(r"([0-9]{1,9}(?:\.[0-9]{1,9})?)\s*([a-zµ]{0,2})", text.strip())
    if match is not None and match[2] in _TIMES and float(match[1]):
        return float(match[1]) * _TIMES[match[2]]
    raise UsageError(
        f'{option}: "{text}" is not a time', accepted="30ms, 1.5s, 800us; 30 is in ms"
    )


def parse_resolution(text: str, option: str = "--res") -> tuple[int, int]:
    """ "160" or "320x240" (height x width) -> (height, width)."""
    parts = re.split("[x×]", text.strip())
    if len(parts) <= 2 and all(re.fullmatch("-?[0-9]{1,99}", part) for part in parts):
        return int(parts[0]), int(parts[-1])
    raise UsageError(
        f'{option}: "{text}" is not a resolution',
        accepted="a size such as 160, or height x width such as 320x240",
    )


def resolution_text(resolution: tuple[int, int]) -> str:
    """(160, 160) -> "160", (320, 240) -> "320x240"."""
    height, width = resolution
    return str(height) if height == width else size_text(resolution)


def size_text(sides: Sequence[int]) -> str:
    """(160, 160) -> "160x160"; (56, 56, 24) -> "56x56x24"."""
    return "x".join(map(str, sides))


def plain(value: float) -> str:
    """A factor exactly, as a command takes it: 0.75, 1.0, 6, 1.3310000000000004."""
    return repr(value)


def factor(value: float) -> str:
    """A factor for people, in six digits at most: 1.331 for 1.3310000000000004."""
    return plain(value if isinstance(value, int) else float(f"{value:.6g}"))


# Bits per element of a map, or per weight.
Bits = Literal[8, 16, 32]
BITS: tuple[Bits, ...] = (8, 16, 32)


def check_bits(bits: int) -> Bits:
    """8, 16 or 32, or UsageError."""
    for known in BITS:
        if bits == known:
            return known
    raise UsageError(
        f"bits: {bits} is not accepted", accepted=", ".join(map(str, BITS))
    )
