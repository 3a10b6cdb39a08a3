"""Formulas as MathML, which browsers set without a script."""

import re

from markupsafe import Markup

from mnprofile.views.html.markup import element, join

_TOKEN = re.compile(r"([^\W\d_]+_\w+|[^\W\d_]+\d*)|(\d+(?:\.\d+)?)|(\s+)|(.)")


def mathml(text: str) -> Markup:
    """A formula in the papers' symbols, such as D_K·D_K·M: names, numbers, operators.

    A letter with an underscore has an index. ``alttext`` is the text itself.
    """
    parts = []
    for name, number, space, sign in _TOKEN.findall(text):
        if name:
            letter, _, index = name.partition("_")
            letters = element("mi", letter)
            parts.append(
                element("msub", letters, element("mi", index)) if index else letters
            )
        elif number:
            parts.append(element("mn", number))
        elif not space:
            parts.append(element("mo", sign, stretchy="false"))
    return element("math", element("mrow", join(parts)), alttext=text)
