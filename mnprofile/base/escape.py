"""Untrusted text made safe for each kind of output.

Names, titles and cells of a table come from a user or a stranger. HTML is escaped by
Jinja; everything else passes through here.
"""

import re

# C0 and C1 controls, the soft hyphen, bidi controls, zero-width marks, line separators,
# the byte order mark, tags, lone surrogates, and letters and variation selectors that
# draw nothing: characters that hide or reorder text.
_INVISIBLE = (
    "[\x00-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f"
    "\u2028-\u202e\u2060-\u206f\u2800\u3164\ufe00-\ufe0d\ufeff\uffa0\ufff0-\ufffb\ud800-\udfff"
    "\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
_MARKDOWN = r"([\\`*_\[\]<>|@#~$])"
# With the full-width forms that a spreadsheet reads as the same signs.
_FORMULA = tuple("=+-@＝＋－＠\N{MINUS SIGN}")
_COMMAND = r"(?m)^([ \t]*):(?=:)|#(?=#\[)"


def visible(text: str) -> str:
    r"""Text with control and bidi characters written as escapes such as \u202e."""
    if text.isascii() and text.isprintable():  # nearly every text, and quicker
        return text
    return re.sub(_INVISIBLE, lambda match: f"\\u{ord(match[0]):04x}", text)


def markdown(text: str) -> str:
    """Text that GitHub shows as written: no markup, link or mention."""
    escaped = re.sub(_MARKDOWN, r"\\\1", visible(text))
    escaped = escaped.replace("&", "&amp;").replace("://", ":&#47;/")
    return re.sub(r"(?i)\b(www)\.", r"\1&#46;", escaped)


def plotly(text: str) -> str:
    """Text that plotly draws as written; it reads titles, labels and hovers as markup.

    Quotes are kept (plotly would show ``&quot;``); text is cut at 120 characters.
    """
    import html  # 3 ms that only a plot should pay

    shown = visible(text)
    shown = shown if len(shown) <= 120 else shown[:119] + "…"
    return html.escape(shown, quote=False)


def csv_cell(text: str) -> str:
    """Text that a spreadsheet does not evaluate as a formula."""
    shown = visible(text)
    first = shown.lstrip()
    return "'" + shown if first.startswith(_FORMULA) and len(first) > 1 else shown


def no_command(text: str) -> str:
    r"""Printed text without a line that GitHub takes for a workflow command.

    The first colon of a leading ``::`` is written as \u003a, the first # of ``##[`` as
    \u0023, which JSON reads as the same character.
    """
    if "::" not in text and "##[" not in text:
        return text
    return re.sub(
        _COMMAND,
        lambda found: f"{found[1] or ''}\\u{'0023' if found[0] == '#' else '003a'}",
        text,
    )


def annotation(text: str) -> str:
    """The message of a GitHub workflow command: one line, and no other command."""
    escaped = text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    return visible(escaped)


def annotation_property(text: str) -> str:
    """A property of a GitHub workflow command, such as its file or title."""
    return annotation(text).replace(":", "%3A").replace(",", "%2C")


def xml_text(text: str) -> str:
    """Text that every XML parser accepts; escaping markup is left to the XML writer."""
    return re.sub("[\ufffe\uffff]", "\ufffd", visible(text))
