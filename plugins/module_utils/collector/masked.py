"""Statements of a database without anything that could be a patient's: literals and comments never leave the host."""

from __future__ import absolute_import, division, print_function, unicode_literals

import re

LITERALS = re.compile(
    r"--[^\n]*"  # comments first: they may hold anything, quotes too
    r"|/\*(?:(?!/\*|\*/).)*(?:\*/|/\*.*\Z|\Z)"  # within another one: nothing is told from there on
    r"|\"(?:[^\"]|\"\")*(?:\"|\Z)"  # a quoted name stays
    r"|(?:\b[BbXxEeNn]|\b[Uu]&)?'(?:[^']|'')*(?:'|\Z)"
    r"|\$([^\W\d]\w*)?\$.*?(?:\$\1\$|\Z)"
    r"|\$\d+"  # a parameter stays
    r"|(?<![\w$.])(?:\d[\d_]*(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?\w*",
    re.DOTALL | re.UNICODE,
)


def masked_sql(text):
    """`text` on one line, with `?` for each literal.

    A backslash may or may not end a string, by the server's settings: from the first quote on nothing is told then.
    """
    quote = text.find("'")
    if quote >= 0 and "\\" in text[quote:]:
        text = text[:quote] + "'"
    return " ".join(LITERALS.sub(masked_part, text).split())


def masked_part(found):
    """What stands for one literal or comment."""
    part = found.group(0)
    if part.startswith(("--", "/*")):
        return " "
    return part if part.startswith('"') or re.match(r"\$\d", part) else "?"
