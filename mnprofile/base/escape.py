"""Untrusted text made safe for each kind of output.

Names, titles and cells of a table come from a user or a stranger. HTML is escaped by
Jinja; everything else passes through here.
"""

import re

# C0 and C1 controls, the soft hyphen, bidi controls, zero-width marks, line separators,
# the byte order mark, tags and lone surrogates: characters that hide or reorder text.
_INVISIBLE = (
    "[\x00-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff"
    "\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e007f]"
)
_MARKDOWN = r"([\\`*_\[\]<>|@#~$])"
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def visible(text: str) -> str:
    r"""Text with control and bidi characters written as escapes such as \u202e."""
    if text.isprintable():  # nearly every text, and quicker than the pattern
        return text
    return re.sub(_INVISIBLE, lambda match: f"\\u{ord(match[0]):04x}", text)


def markdown(text: str) -> str:
    """Text that GitHub shows as written: no markup, link or mention."""
    escaped = re.sub(_MARKDOWN, r"\\\1", visible(text))
    return escaped.replace("&", "&amp;").replace("://", ":&#47;/")


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
    return "'" + shown if shown.startswith(_FORMULA) and len(shown) > 1 else shown


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
