"""No input under 1 MiB takes the machine: see ``takes_little``."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from mnprofile.evidence.literature.sources import COLUMNS
from tests.cli.conftest import TakesLittle
from tests.sampling import sampled

COSTS = ("macs", "params", "activations")
SETTINGS = """# N

```toml
name = "n"
scaling = "v2"
activation = "relu6"
resolution = 8
```

"""
HEADER = "| Input | Operator | t | c | n | s |\n|---|---|---|---|---|---|\n"
STEM = "| 8²×3 | conv2d | - | 32 | 1 | 1 |\n"
BLOCK = "| 8²×32 | bottleneck | 6 | 32 | 1 | 1 |\n"
PAGE = SETTINGS + HEADER + STEM
DOTTED = ".".join("a" * 30_000)


def budget(name: str) -> str:
    return f'[[budget]]\nname = "{name}"\narch = "v2"\nmax-macs = "1"\n'


def counted(seed: str, *, blocks: bool) -> str:
    """A count of 2,400 layers, each a block by itself or all in one block."""
    layer = {
        "name": "",
        "block": "",
        "stage": "s2",
        "row": 1,
        "op": "conv",
        "type": "Conv 1x1",
        "kernel": 1,
        "stride": 1,
        "groups": 1,
        **dict.fromkeys(COSTS, 512),
        "in_shape": [8, 8, 8],
        "out_shape": [8, 8, 8],
    }
    layers = []
    for at in range(2_400):
        name = f"{seed}{at}" if blocks else f"block1.{seed}{at}"
        layers.append({**layer, "name": name, "block": name if blocks else "block1"})
    from mnprofile.base.json_files import envelope

    model = {
        "name": "n",
        "alpha": 1.0,
        "resolution": [8, 8],
        "impl": "paper",
        "t": None,
    }
    totals = dict.fromkeys(COSTS, 512 * len(layers))
    record = envelope("count", {"model": model, "totals": totals, "layers": layers})
    return json.dumps(record, separators=(",", ":"))


def squeezed(blocks: int = 250) -> str:
    """Blocks with squeeze-excite, each with a width of its own."""
    rows = "".join(
        f"| 8²×16 | bneck, 5x5 | {16 + 8 * at} | 16 | ✓ | HS | 1 |\n"
        for at in range(blocks)
    )
    settings = SETTINGS.replace('"v2"', '"v3"').replace('activation = "relu6"\n', "")
    header = "| Input | Operator | exp size | #out | SE | NL | s |\n" + "|---" * 7
    return f"{settings}{header}|\n| 8²×3 | conv2d | - | 16 | - | HS | 1 |\n{rows}"


def budgets_of_a_network(number: int) -> str:
    return "".join(
        budget(f"b{at}")
        + f'alpha = {0.5 + at / 1000}\nmax-memory = "1GiB"\nmax-weight-bytes = "1GiB"\n'
        for at in range(number)
    )


OTHER = {
    "a_other.json": lambda: counted("b", blocks=True),
    "b_other.json": lambda: counted("b", blocks=False),
    "blocks_other.md": lambda: PAGE.replace('"n"', '"m"') + BLOCK * 240,
    "squeezed_other.md": lambda: squeezed().replace('"n"', '"m"').replace("5x5", "3x3"),
}
CORPUS: dict[str, tuple[Callable[[], str], tuple[str, ...], int]] = {
    # name of the file: its text, the command that reads it, and its exit code
    "dotted.md": (
        lambda: PAGE.replace("name =", f"{DOTTED} = 1\nname ="),
        ("count", "dotted.md"),
        2,
    ),
    "dotted.toml": (lambda: f"{DOTTED} = 1\n", ("ci", "--config", "dotted.toml"), 2),
    "header.toml": (lambda: f"[{DOTTED}]\n", ("ci", "--config", "header.toml"), 2),
    "short_keys.toml": (
        lambda: "".join(f"a.b.c.d.e.f.g.k{at} = 1\n" for at in range(40_000)),
        ("ci", "--config", "short_keys.toml"),
        3,
    ),
    "budgets.toml": (
        lambda: "".join(budget(f"b{at}") for at in range(15_000)),
        ("ci", "--config", "budgets.toml"),
        2,
    ),
    "networks.toml": (
        lambda: budgets_of_a_network(200),
        ("ci", "--config", "networks.toml"),
        1,
    ),
    "tildes.md": (lambda: "~" * 300_000 + "`\n" + PAGE, ("count", "tildes.md"), 0),
    "backticks.md": (lambda: PAGE + "`" * 900_000 + "~", ("count", "backticks.md"), 2),
    "tables.md": (
        lambda: SETTINGS + "| a | b |\n|-|-|\n\n" * 6_500,
        ("count", "tables.md"),
        2,
    ),
    "pipes.md": (lambda: SETTINGS + "|" * 900_000, ("count", "pipes.md"), 2),
    "blocks.md": (
        lambda: PAGE + BLOCK * 250,
        ("diff", "blocks.md", "blocks_other.md"),
        0,
    ),
    "rows.md": (lambda: PAGE + BLOCK * 990, ("count", "rows.md"), 2),
    "most_blocks.md": (
        lambda: squeezed(295),
        ("report", "most_blocks.md", "-o", "pages"),
        0,
    ),
    "quotes.md": (lambda: "> " * 450_000 + "\n" + PAGE, ("count", "quotes.md"), 0),
    "brackets.md": (lambda: "[" * 900_000 + "\n" + PAGE, ("count", "brackets.md"), 0),
    "twice.json": (
        lambda: "{" + "".join(f'"k{at}":1,' for at in range(60_000)) + '"k59999":2}',
        ("diff", "twice.json", "v2"),
        2,
    ),
    "deep.json": (lambda: "[" * 900_000, ("diff", "deep.json", "v2"), 2),
    "measured.csv": (
        lambda: (
            "arch,alpha,ms\n"
            + "".join(
                f"v2,{0.5 + at / 1e5:.5f},{10 + at % 7}\n" for at in range(60_000)
            )
        ),
        ("time", "--calibrate", "measured.csv", "--device", "board"),
        2,
    ),
    "a.json": (
        lambda: counted("a", blocks=True),
        ("diff", "a.json", "a_other.json"),
        0,
    ),
    "b.json": (
        lambda: counted("a", blocks=False),
        ("diff", "b.json", "b_other.json"),
        0,
    ),
    **{
        f"squeezed_{words[0]}.md": (
            squeezed,
            (words[0], f"squeezed_{words[0]}.md", *words[1:]),
            0,
        )
        for words in (
            ("count", "--fields", "receptive", "--format", "json"),
            ("show", "--format", "json"),
            ("explain",),
            ("memory", "--format", "json"),
            ("ledger",),
            ("time",),
            ("sweep", "--no-plot"),
            ("report", "-o", "pages"),
            ("diff", "squeezed_other.md"),
        )
    },
}


# Others in the suite do the same, and more of it.
ALIKE = ("count", "show", "ledger", "time", "memory", "report")
LONG = {f"squeezed_{command}.md" for command in ALIKE}


@pytest.mark.parametrize(
    "name", sampled(CORPUS, [name for name in CORPUS if name not in LONG])
)
def test_a_small_input_takes_little(
    tmp_path: Path, takes_little: TakesLittle, name: str
) -> None:
    make, arguments, code = CORPUS[name]
    (tmp_path / name).write_text(make(), "utf-8")
    for other in (one for one in arguments if "_other" in one):
        (tmp_path / other).write_text(OTHER[other]())
    takes_little(tmp_path, name, arguments, code)


def test_a_source_of_many_figures_takes_little(
    tmp_path: Path, takes_little: TakesLittle
) -> None:
    row = "Table 1,p{},V2,v2,v2,{:.5f},,,ImageNet,,macs,300,M,,\n"
    rows = (row.format(at, 0.5 + at / 1e5) for at in range(14_000))
    (tmp_path / "blog.csv").write_text(",".join(COLUMNS) + "\n" + "".join(rows))
    (tmp_path / "blog.toml").write_text('title = "A blog"\n')
    takes_little(tmp_path, "blog.csv", ("reproduce", "blog.csv"), 2)
