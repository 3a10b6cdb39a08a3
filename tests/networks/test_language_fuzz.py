"""Damaged tables of every style: nothing but an error of the reader's own, and soon.

A sample runs in the suite; ``python -m tests.networks.test_language_fuzz 100000`` runs
as many as it is told.
"""

import random
import sys
import time

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
    """How many damaged pages were read and refused, and the longest CPU time of one."""
    chance = random.Random(seed)
    known = pages()
    read, refused, longest = 0, 0, 0.0
    for _ in range(number):
        page, is_head = chance.choice(known)
        text = damaged(page, chance)
        began = time.process_time()
        try:
            if is_head:
                read_head(read_table(text, "head.md"))
            else:
                catalog.parse(text, "table.md")
            read += 1
        except MnprofileError:
            refused += 1
        except Exception:
            print(text, file=sys.stderr)
            raise
        longest = max(longest, time.process_time() - began)
    return read, refused, longest


def test_a_damaged_table_is_read_or_refused() -> None:
    read, refused, longest = run(300, 1)

    assert read
    assert refused
    assert longest < SECONDS


if __name__ == "__main__":
    print(run(int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 0))
