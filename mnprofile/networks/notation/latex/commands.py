"""LaTeX commands that may stand in a table: their arguments, and what they print.

A command that is neither here nor defined in the file is an error.
"""

from typing import NamedTuple

NEW_ROW = frozenset(("\\", "tabularnewline", "cr"))
THIN_SPACE = "\u2009"  # joins groups of digits, separates other text

# The characters of the font Zapf Dingbats that tables use as marks: \ding{51}.
DINGBATS = {"51": "✓", "52": "✔", "55": "✗", "56": "✘"}

# Commands with two arguments that print a/b.
FRACTIONS = frozenset(("frac", "dfrac", "tfrac", "nicefrac", "sfrac"))

# Environments with rows and cells, and the arguments after \begin{...}.
TABULARS = {
    "tabular": "[{",
    "tabular*": "{[{",
    "tabularx": "{[{",
    "tabulary": "{[{",
    "longtable": "[{",
    "array": "[{",
}


class Printing(NamedTuple):
    """What a command prints: ``text``, or its last argument where that is None.

    In ``arguments``, ``{`` is a required one, ``[`` an optional one and ``*`` a star.
    """

    arguments: str
    text: str | None


def _listed(names: str, arguments: str, text: str | None = None) -> dict[str, Printing]:
    return dict.fromkeys(names.split(), Printing(arguments, text))


_SHAPES = """textbf textit texttt textrm textsf textsc textmd textup textnormal textsl
    text emph underline mbox hbox fbox mathbf mathrm mathit mathsf mathtt mathnormal
    mathcal hat widehat tilde bar boldsymbol bm ensuremath num thead textsuperscript"""
_SWITCHES = """tiny scriptsize footnotesize small normalsize large bf it tt rm sf sc em
    bfseries itshape ttfamily rmfamily sffamily scshape mdseries upshape normalfont
    boldmath displaystyle textstyle scriptstyle selectfont centering raggedright
    raggedleft arraybackslash noindent strut bigstrut protect relax left right hfill
    null hline firsthline lasthline morecmidrules endhead endfirsthead endfoot
    endlastfoot ! / -"""
_SYMBOLS = {
    "×": "times",
    "·": "cdot",
    "✓": "checkmark cmark",
    "✗": "xmark",
    "-": "textendash textemdash textminus",
    "_": "_ textunderscore",
    "^": "textasciicircum",
    "~": "textasciitilde",
    "\\": "textbackslash",
    "/": "slash",
    "<": "lt textless",
    ">": "gt textgreater",
    "{": "{ lbrace",
    "}": "} rbrace",
    "→": "rightarrow to",
    "±": "pm",
    "*": "ast star textasteriskcentered",
    "†": "dagger dag textdagger",
    "‡": "ddagger ddag textdaggerdbl",
    "§": "S",
    "¶": "P",
    "α": "alpha",
    "ρ": "rho",
    "φ": "phi varphi",
    "...": "ldots dots cdots",
    " ": "quad qquad enspace space hskip kern",
    THIN_SPACE: ", ; : > thinspace",
}

COMMANDS = {
    **_listed(_SHAPES, "{"),
    **_listed("makecell", "*[{"),
    **_listed("shortstack", "[{"),
    **_listed("textcolor colorbox rotatebox", "[{{"),
    **_listed("scalebox", "{[{"),
    **_listed("resizebox", "{{{"),
    **_listed("raisebox", "{[[{"),
    **_listed("href", "{{"),
    **_listed("multirow", "[{[{[{"),
    **_listed("multicolumn", "{{{"),
    **_listed(_SWITCHES, "", ""),
    **_listed("toprule midrule bottomrule addlinespace footnotemark", "[", ""),
    **_listed("cline hhline Xhline arrayrulecolor noalign label", "{", ""),
    **_listed("phantom hphantom vphantom", "{", ""),
    **_listed("vspace", "*{", ""),
    **_listed("hspace", "*{", " "),
    **_listed("color rowcolor cellcolor columncolor", "[{", ""),
    **_listed("footnote tablefootnote footnotetext tnote", "[{", ""),
    **_listed("cite citep citet ref", "[[{", ""),
    **_listed("cmidrule", "{", ""),  # (lr) before it: see tabular.py
    **_listed("rule", "[{{", ""),
    **_listed("setlength fontsize", "{{", ""),
    **_listed("specialrule", "{{{", ""),
    **_listed("ding", "{"),
    **{name: Printing("", name) for name in "#%&$"},
    **{name: Printing("", " ") for name in " \n\t\r"},
    **{
        name: Printing("", text)
        for text, names in _SYMBOLS.items()
        for name in names.split()
    },
    **{name: Printing("", "") for name in NEW_ROW},
    "\\": Printing("*[", ""),
}
