"""ONNX and TFLite files as bytes, as large or as tangled as their size allows.

The encoders know only the wire formats, so that a file may say anything.
"""

import struct
from collections.abc import Callable, Sequence
from itertools import pairwise

Field = tuple[
    str, int | None
]  # the type of a field as struct writes it, "o": an offset


# --- Protocol Buffers ----------------------------------------------------------------


def varint(value: int) -> bytes:
    out = bytearray()
    value &= (1 << 64) - 1
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes((*out, value))


def field(number: int, value: int | str | bytes) -> bytes:
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    data = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(data)) + data


def value_info(name: str, dims: Sequence[int] | None, kind: int = 1) -> bytes:
    tensor = field(1, kind)
    if dims is not None:
        tensor += field(2, b"".join(field(1, field(1, side)) for side in dims))
    return field(1, name) + field(2, field(1, tensor))


def tensor(
    name: str, dims: Sequence[int], kind: int = 1, raw: bytes | None = None
) -> bytes:
    """A constant; its elements lie in another file where none are given."""
    shape = b"".join(field(1, side) for side in dims)
    kept = field(14, 1) if raw is None else field(9, raw)
    return shape + field(2, kind) + field(8, name) + kept


def node(
    operator: str,
    inputs: Sequence[str],
    outputs: Sequence[str],
    graphs: Sequence[tuple[str, bytes]] = (),
    *,
    name: str = "",
    domain: str = "",
) -> bytes:
    attributes = (
        field(5, field(1, key) + field(6, one) + field(20, 5)) for key, one in graphs
    )
    return b"".join(
        (
            *(field(1, one) for one in inputs),
            *(field(2, one) for one in outputs),
            field(3, name),
            field(4, operator),
            *attributes,
            field(7, domain),
        )
    )


X, Y = value_info("x", (1, 8, 8, 8)), value_info("y", None)
WEIGHT = tensor("w", (8, 8, 1, 1), raw=bytes(256))


def graph(
    nodes: Sequence[bytes],
    inputs: Sequence[bytes] = (X,),
    outputs: Sequence[bytes] = (Y,),
    constants: Sequence[bytes] = (),
) -> bytes:
    parts = {1: nodes, 2: [b"g"], 5: constants, 11: inputs, 12: outputs}
    return b"".join(field(key, one) for key, some in parts.items() for one in some)


def model(main: bytes, functions: Sequence[bytes] = ()) -> bytes:
    opsets = (
        field(8, field(1, "") + field(2, 20)),
        field(8, field(1, "m") + field(2, 1)),
    )
    own = (field(25, one) for one in functions)
    return b"".join((field(1, 8), field(7, main), *opsets, *own))


# --- ONNX files ----------------------------------------------------------------------


def chain(operator: str, length: int, *more: str, name: str = "") -> bytes:
    """Nodes one after the other, each of which also reads ``more``."""
    names = ["x", *(f"{at:x}_" for at in range(length - 1)), "y"]
    nodes = (
        node(operator, (a, *more), (b,), name=name and f"{name}{b}")
        for a, b in pairwise(names)
    )
    return model(graph([*nodes], constants=[WEIGHT] if "w" in more else []))


def alive(length: int) -> bytes:
    """Maps of which each is read again at the end, the last one first."""
    names = [f"{at:x}_" for at in range(length)]
    nodes = [
        node("Conv", (a, "w"), (b,)) for a, b in zip(["x", *names], names, strict=False)
    ]
    last = names[-1]
    for at, one in enumerate(reversed(names[:-1])):
        made = "y" if at == length - 2 else f"r{at:x}"
        nodes.append(node("Add", (last, one), (made,)))
        last = made
    return model(graph(nodes, constants=[WEIGHT]))


def many_constants() -> bytes:
    """36,000 of two elements, which nothing reads."""
    constants = [tensor(f"t{at:x}", (2,), raw=bytes(8)) for at in range(36_000)]
    return model(graph([node("Relu", "x", "y")], constants=constants))


def conditions(number: int, constants: int) -> bytes:
    """Branches that capture the map around them, beside many constants."""
    inner = graph([node("Relu", "x", "y")], ())
    both = (("then_branch", inner), ("else_branch", inner))
    nodes = [node("If", "c", (f"{at:x}_",), both) for at in range(number)]
    kept = [tensor(f"t{at:x}", (2,), raw=bytes(8)) for at in range(constants)]
    inputs = X, value_info("c", (), 9)
    return model(graph([*nodes, node("Relu", "x", "y")], inputs, constants=kept))


def nested(depth: int, branches: int) -> bytes:
    """Conditions in both branches of a condition, and so on."""
    inner = graph([node("Relu", "x", "y")], ())
    leaf = inner
    for _ in range(depth):
        other = inner if branches == 2 else leaf
        both = (("then_branch", inner), ("else_branch", other))
        inner = graph([node("If", "c", "y", both)], ())
    outer = graph(
        [node("If", "c", "y", (("then_branch", inner), ("else_branch", leaf)))],
        (X, value_info("c", (), 9)),
    )
    return model(outer)


def loops(depth: int) -> bytes:
    """Loops within loops, each of 2^62 runs."""
    inputs = (
        value_info("i", (), 7),
        value_info("k", (), 9),
        value_info("s", (1, 8, 8, 8)),
    )
    outputs = value_info("kk", (), 9), value_info("t", (1, 8, 8, 8))
    kept = node("Identity", "k", ("kk",))
    body = graph([node("Conv", "sw", "t"), kept], inputs, outputs)
    for _ in range(depth):
        loop = node("Loop", ("n", "true", "s"), "t", (("body", body),))
        body = graph([loop, kept], inputs, outputs)
    constants = (
        WEIGHT,
        tensor("n", (), 7, struct.pack("<q", 1 << 62)),
        tensor("true", (), 9, b"\x01"),
    )
    main = node("Loop", ("n", "true", "x"), "y", (("body", body),))
    return model(graph([main], constants=constants))


def bomb() -> bytes:
    """Functions that call the one before three times, with a name of 60 KB."""

    def function(name: str, nodes: Sequence[bytes]) -> bytes:
        calls = b"".join(field(7, one) for one in nodes)
        heads = field(1, name) + field(4, "x") + field(5, "y") + calls
        return heads + field(9, field(1, "") + field(2, 20)) + field(10, "m")

    made = [function("f0", [node("Relu", "x", "y")])]
    for at in range(1, 14):
        names = ("x", "a", "b", "y")
        calls = [node(f"f{at - 1}", (a,), (b,), domain="m") for a, b in pairwise(names)]
        made.append(function(f"f{at}", calls))
    return model(graph([node("f13", "x", "y", domain="m", name="a" * 60_000)]), made)


def vast() -> bytes:
    """A weight of 2^40 elements that lie elsewhere."""
    inputs = [value_info("x", (1, 1 << 20, 1 << 10, 1 << 10))]
    weight = tensor("w", (1 << 20, 1 << 20, 1, 1))
    return model(graph([node("Conv", "xw", "y")], inputs, constants=[weight]))


# --- TFLite files --------------------------------------------------------------------


class Flat:
    """A FlatBuffer written from its root on, in which parts may be shared."""

    def __init__(self) -> None:
        self.data = bytearray(4) + b"TFL3"

    def here(self, step: int = 4) -> int:
        self.data += bytes(-len(self.data) % step)
        return len(self.data)

    def refer(self, at: int, target: int) -> None:
        struct.pack_into("<I", self.data, at, target - at)

    def numbers(self, values: Sequence[int]) -> int:
        at = self.here()
        self.data += struct.pack(f"<I{len(values)}i", len(values), *values)
        return at

    def text(self, text: bytes) -> int:
        at = self.here()
        self.data += struct.pack("<I", len(text)) + text + b"\0"
        return at

    def table(self, fields: dict[int, Field]) -> tuple[int, dict[int, int]]:
        """A table with these fields, and where the offsets of its fields are."""
        begin, size, entries = self.here(8), 4, []
        for number in range(max(fields, default=-1) + 1):
            code, _ = fields.get(number, ("", None))
            width = struct.calcsize(code.replace("o", "I")) or 1
            size += -size % width
            entries.append(size if code else 0)
            size += width if code else 0
        head = struct.pack(f"<HH{len(entries)}H", 4 + 2 * len(entries), size, *entries)
        self.data += head
        at = self.here(8)
        self.data += struct.pack("<i", at - begin) + bytes(size - 4)
        for number, (code, value) in fields.items():
            if value is not None:
                struct.pack_into(f"<{code}", self.data, at + entries[number], value)
        return at, {number: at + entries[number] for number in fields}

    def vector(self, at: int, length: int) -> list[int]:
        """A vector of offsets that is referred to from ``at``; where they are."""
        begin = self.here()
        self.refer(at, begin)
        self.data += struct.pack("<I", length) + bytes(4 * length)
        return [begin + 4 + 4 * index for index in range(length)]

    def shared(self, at: int, length: int, table: dict[int, Field]) -> dict[int, int]:
        """A vector of one and the same table."""
        places = self.vector(at, length)
        target, fields = self.table(table)
        for place in places:
            self.refer(place, target)
        return fields


def tflite(
    *,
    tensors: int = 2,
    operators: int = 1,
    subgraphs: int = 1,
    codes: int = 1,
    signatures: int = 1,
    name: bytes = b"t",
    outputs: Sequence[int] = (1,),
    custom: bytes = b"",
) -> bytes:
    """A file in which each part is as often as it says, and always the same one."""
    flat, o = Flat(), ("o", None)
    root, of = flat.table({0: ("I", 3), 1: o, 2: o, 3: o, 4: o, 7: o})
    flat.refer(0, root)
    flat.refer(of[3], flat.text(b"made"))
    code: dict[int, Field] = {0: ("b", 32 if custom else 0)}
    at = flat.shared(of[1], codes, code | ({1: o} if custom else {}))
    if custom:
        flat.refer(at[1], flat.text(custom))
    flat.shared(of[4], 1, {})
    graph = flat.shared(of[2], subgraphs, dict.fromkeys(range(4), o))
    flat.refer(graph[1], flat.numbers((0,)))
    flat.refer(graph[2], flat.numbers((1,)))
    at = flat.shared(graph[0], tensors, {0: o, 1: ("b", 0), 2: ("I", 0), 3: o})
    flat.refer(at[0], flat.numbers((1, 8, 8, 8)))
    flat.refer(at[3], flat.text(name))
    at = flat.shared(graph[3], operators, {0: ("I", 0), 1: o, 2: o})
    flat.refer(at[1], flat.numbers((0,)))
    flat.refer(at[2], flat.numbers(outputs))
    at = flat.shared(of[7], signatures, {2: o, 4: ("I", 0)})
    flat.refer(at[2], flat.text(name))
    return bytes(flat.data)


# By the name of the file: what makes it, and the exit code of a command that reads it.
FILES: dict[str, tuple[Callable[[], bytes], int]] = {
    "nodes.onnx": (lambda: chain("Relu", 40_000), 2),
    "convolutions.onnx": (lambda: chain("Conv", 3_990, "w"), 0),
    "names.onnx": (lambda: chain("Conv", 2_000, "w", name="a/" * 200), 0),
    "products.onnx": (lambda: chain("MatMul", 3_990, "x"), 0),
    "edges.onnx": (lambda: chain("Sum", 1_000, *"x" * 250), 2),
    "constants.onnx": (many_constants, 0),
    "conditions.onnx": (lambda: conditions(600, 25_000), 2),
    "nested.onnx": (lambda: nested(8, 2), 0),
    "deep.onnx": (lambda: nested(5_000, 1), 2),
    "loops.onnx": (lambda: loops(13), 0),
    "bomb.onnx": (bomb, 2),
    "vast.onnx": (vast, 0),
    "tensors.tflite": (lambda: tflite(tensors=260_000), 2),
    "names.tflite": (lambda: tflite(tensors=220_000, name=b"a" * 65_000), 2),
    "operators.tflite": (lambda: tflite(operators=250_000), 2),
    "custom.tflite": (
        lambda: tflite(operators=240_000, custom=b"z" * 60_000, outputs=()),
        2,
    ),
    "modules.tflite": (lambda: tflite(operators=200_000, name=b"a/" * 32_000), 2),
    "codes.tflite": (lambda: tflite(codes=240_000, custom=b"z" * 60_000), 2),
    "subgraphs.tflite": (lambda: tflite(subgraphs=2_000, tensors=1_000), 2),
    "signatures.tflite": (lambda: tflite(signatures=225_000, name=b"a" * 65_000), 2),
}
