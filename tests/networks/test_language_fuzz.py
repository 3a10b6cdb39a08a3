"""Damaged and random tables: nothing but an error of the reader's own, and soon.

A sample runs in the suite; ``python -m tests.networks.test_language_fuzz 100000`` runs
as many as it is told.
"""

import contextlib
import random
import sys
import time
from collections.abc import Generator

from mnprofile.base.errors import MnprofileError
from mnprofile.networks import catalog
from mnprofile.networks.heads import read_head
from mnprofile.networks.notation.markdown import read_table

SECONDS = 1.0
_PIECES = (
    *("|", "-", "×", "²", "^2", "x", "k", "0", "1", "999999999", "-1", "1.5", "✓", " "),
    *("3×3", "[", "]", ";", ",", "/", "s2", "MBConv6", "Fused-MBConv4", "noskip"),
    *("k3_e6", "g = 3", "0.25 of input", "1/4", "NBN", "plain", "stride", "Mobile-MQA"),
    *("| add |", "concat", "multiply", "upsample, by2", "globalpool", "mha, h4, d8"),
    *("| Name", "| From", "| Dilation", "raised, low", "input", "6k", "dwconv 3x3"),
    *("[scaling]", "[variants.x]", "width = 2", "depth = 1e9", "= ", '"', "\n", "```"),
)


def pages() -> list[tuple[str, bool]]:
    """Every shipped page, and whether it is a head."""
    folder = catalog.tables_folder()
    heads = sorted((folder / "heads").glob("*.md"))
    examples = folder.parent / "docs" / "examples"
    networks = [*sorted(folder.glob("*.md")), examples / "branches.md"]
    found = [(path.read_text("utf-8"), False) for path in networks]
    return found + [(path.read_text("utf-8"), True) for path in heads]


_HEADERS = (
    ("Input", "Operator", "t", "c", "n", "s"),
    ("Input", "Operator", "exp size", "#out", "SE", "NL", "s"),
    ("Input", "Operator", "#exp", "#out", "SE", "Stride"),
)
_NUMBERS = ("-", "-", "1", "1", "2", "8", "k", "2k", "16")
_MAKES = ("conv2d", "b", "fused", "G", "mha", "mqa", "skip")  # that have channels
_CELLS = {
    "Operator": (
        *("conv2d", "conv2d 1x1, NBN", "conv2d 3x3, plain", "conv2d 3x3, g2", "skip"),
        *(
            "dwconv 5x5",
            "bottleneck",
            "bneck, 5x5, noskip",
            "fused 3x3, gs4",
            "G-bneck",
        ),
        *("mha, h2, d4", "mqa, h2, d4, kv2", "maxpool 3x3", "avgpool2d 2x2", "avgpool"),
        *(
            "globalpool",
            "channelshuffle, g2",
            "upsample",
            "upsample, by2",
            "add",
            "multiply",
        ),
        *("concat", "mha", "conv2d 1x1"),
    ),
    "SE": ("-", "✓", "1/4", "0.25 of input"),
    "NL": ("-", "RE", "none", "GE"),
    "Dilation": ("-", "1", "2"),
}


def _cell(header: str, operator: str, chance: random.Random) -> str:
    """What the operator's row mostly has under a header; sometimes anything."""
    if chance.random() < 0.04:
        return chance.choice(_CELLS.get(header, _NUMBERS))
    makes = operator.startswith(_MAKES)
    expands = operator.startswith(("b", "fused", "G"))
    match header:
        case "c" | "#out":
            return chance.choice(("8", "16", "k", "2k")) if makes else "-"
        case "t" | "exp size" | "#exp":
            return chance.choice(("2", "8")) if expands else "-"
        case "s" | "Stride":
            return chance.choice("112") if makes or "2d" in operator else "-"
        case "NL":
            return "RE" if makes or expands else "-"
        case _:
            return "1" if header == "n" and makes else "-"


def grown(chance: random.Random) -> Generator[str, bool, None]:
    """Pages that gain a row of what cells may say; told whether a page was read, it
    keeps the row."""
    headers = ["Name", "From", *chance.choice(_HEADERS), "Dilation"]
    headers += [one for one in ("NL", "SE", "n") if one not in headers]
    lines = [
        *("```toml", 'name = "made"', 'scaling = "v2"', "resolution = 16", "```", ""),
        *("| " + " | ".join(headers) + " |", "|---" * len(headers) + "|"),
    ]
    names = ["-", "-", "-", "input"]
    for at in range(20):
        sources = chance.choices(names, k=chance.choice((1, 1, 1, 2, 3)))
        row = {"Name": f"r{at}", "From": ", ".join(sources)}
        row["Input"] = "16²×3" if len(names) == 4 else "-"
        row["Operator"] = chance.choice(_CELLS["Operator"]) if at else "conv2d"
        cells = [row.get(h) or _cell(h, row["Operator"], chance) for h in headers]
        line = "| " + " | ".join(cells) + " |"
        if (yield "\n".join((*lines, line, ""))):
            lines.append(line)
            names.append(f"r{at}")


def damaged(text: str, chance: random.Random) -> str:
    """The page with one to four pieces inserted, removed, doubled or exchanged."""
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(text))
        end = min(len(text), at + chance.randint(0, 12))
        match chance.randrange(4):
            case 0:
                text = text[:at] + chance.choice(_PIECES) + text[at:]
            case 1:
                text = text[:at] + text[end:]
            case 2:
                text = text[:end] + text[at:]
            case _:
                text = text[:at] + chance.choice(_PIECES) + text[end:]
    return text


def run(number: int, seed: int) -> tuple[int, int, float]:
    """How many pages were read and refused, and the longest CPU time of one.

    Half of them are damaged, half are grown row by row.
    """
    chance = random.Random(seed)
    known = pages()
    read, refused, longest = 0, 0, 0.0

    def took(text: str, *, is_head: bool = False) -> bool:
        nonlocal read, refused, longest
        began = time.process_time()
        try:
            if is_head:
                read_head(read_table(text, "head.md"))
            else:
                catalog.parse(text, "table.md")
            read += 1
        except MnprofileError:
            refused += 1
            return False
        except Exception:
            print(text, file=sys.stderr)
            raise
        finally:
            longest = max(longest, time.process_time() - began)
        return True

    while read + refused < number:
        growing = grown(chance)
        text = next(growing)
        with contextlib.suppress(StopIteration):
            while True:
                text = growing.send(took(text))
        for _ in range(20):
            page, is_head = chance.choice(known)
            took(damaged(page, chance), is_head=is_head)
    return read, refused, longest


def test_a_damaged_table_is_read_or_refused() -> None:
    read, refused, longest = run(300, 1)

    assert read
    assert refused
    assert longest < SECONDS


if __name__ == "__main__":
    print(run(int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 0))
