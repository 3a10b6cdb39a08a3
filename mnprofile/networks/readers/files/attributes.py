"""Attributes of a call, by the type that an operator expects of them."""

from mnprofile.networks.readers.files.program import Call


def number(call: Call, name: str, default: int = 0) -> int:
    """A whole number, the default where it is left out or of another type."""
    value = call.attributes.get(name)
    return value if isinstance(value, int) else default


def numbers(call: Call, name: str) -> tuple[int, ...]:
    """Whole numbers, none where they are left out or of another type."""
    value = call.attributes.get(name)
    if isinstance(value, tuple) and all(isinstance(one, int) for one in value):
        return value
    return ()


def text(call: Call, name: str, default: str = "") -> str:
    value = call.attributes.get(name)
    return value if isinstance(value, str) else default
