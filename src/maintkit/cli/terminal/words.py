"""Text from hosts and from the ledger, made harmless for a terminal."""

from __future__ import annotations

import re
import unicodedata

ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\-_])")


def plain(text: str) -> str:
    """One line without escape sequences, control characters, direction overrides and rich's markup."""
    bare = ESCAPES.sub("", text)
    kept = "".join(" " if ch in "\r\n\t" else ch for ch in bare if ch in "\r\n\t" or _printable(ch))
    return kept.replace("[", "\\[")


def bare(text: str) -> str:
    """The same for output without markup."""
    return plain(text).replace("\\[", "[")


def _printable(character: str) -> bool:
    return unicodedata.category(character) not in {"Cc", "Cf", "Cs", "Co", "Cn"}
