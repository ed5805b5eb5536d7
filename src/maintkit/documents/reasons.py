"""Why something was not seen, in Chinese.

Reasons are recorded in English, where they arise (collector, transport, checks). The recurring ones are said in Chinese
here, part by part, in the words of phrases.py and fields.py; one that is not known stands as it was recorded, so that
nothing is lost or guessed.
"""

from __future__ import annotations

import re
from functools import lru_cache

from maintkit.documents.change_reasons import KNOWN as _OF_CHANGES
from maintkit.documents.drill_reasons import KNOWN as _OF_DRILLS
from maintkit.documents.fields import field_zh
from maintkit.documents.housekeeping_reasons import KNOWN as _OF_FILES
from maintkit.documents.phrases import KNOWN, SECTIONS

_PATTERNS = tuple(
    (re.compile(pattern, re.IGNORECASE), chinese)
    for pattern, chinese in (*KNOWN, *_OF_CHANGES, *_OF_DRILLS, *_OF_FILES)
)


_REMEMBERED = 2000  # a fleet gives the same few reasons for every host, and each is held against every pattern
_DEEPEST = 4  # parts within parts; a host can write a reason that nests as deep as it is long
_MOST = 100  # sentences beside each other: the last is no deeper than the first


@lru_cache(maxsize=_REMEMBERED)
def reason(recorded: str) -> str:
    """A recorded reason in Chinese as far as its parts are known, otherwise as it was recorded."""
    return _said(recorded, _DEEPEST)


def _said(recorded: str, deep: int, most: int = _MOST) -> str:
    if 0 in (deep, most):
        return recorded
    for pattern, chinese in _PATTERNS:
        found = pattern.fullmatch(recorded)
        if found:
            # Only there do the words name sections: elsewhere `web` may be a host.
            said = _part if pattern.pattern.startswith("section") else _said
            return chinese.format(*(said(part or "", deep - 1) for part in found.groups()))
    for separator, mark in (("; ", "；"), (": ", "：")):
        first, cut, second = recorded.partition(separator)
        if not cut:
            continue
        named = field_zh(first) if separator == ": " else None
        rest = (deep, most - 1) if separator == "; " else (deep - 1, 1)
        parts = (named or _said(first, deep - 1), _said(second, *rest))
        # Where neither half is known, nothing is gained by another colon.
        if parts != (first, second):
            return mark.join(parts)
    return recorded


def _part(part: str, deep: int) -> str:
    names = part.split(", ")
    if all(name in SECTIONS for name in names):
        return "、".join(SECTIONS[name] for name in names)
    return _said(part, deep)
