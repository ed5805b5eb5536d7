"""Foreign text made inert: the one place where what hosts and people wrote becomes text of a document.

Escape sequences of terminals are dropped, for they are decoration. Every other character that a reader could not see,
or that turns the reading direction, is written out as `[U+202E]`. What is left is legal in XML and in every format.
"""

from __future__ import annotations

import re

LONGEST = 4000  # characters of one text; a spreadsheet cell holds 32 767, and a page is not a log viewer

_ESCAPES = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]"  # CSI: colours, cursor
    r"|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)"  # OSC: window titles, links
    r"|\x1b[PX^_][^\x1b]*\x1b\\"  # DCS, SOS, PM, APC
    r"|\x1b[ -/]*[0-~]"  # two-character escapes
)
# C0 and C1 controls, soft hyphen, Arabic letter mark, zero-width and direction marks, line separators, invisible
# operators, variation selectors and tags, surrogates, noncharacters, interlinear marks.
_UNSEEN = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\xad\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u2028-\u202f\u2060-\u206f\u3164"
    "\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\ufdd0-\ufdef\ufffe\uffff\ud800-\udfff\U000e0000-\U000e0fff]"
)
_SUSPECT = re.compile(f"{_UNSEEN.pattern}|[\U0001fffe-\U0010ffff]")


def inert(text: str) -> str:
    """The text with nothing hidden in it: at most LONGEST characters, a newline the only control character."""
    if len(text) <= LONGEST and not _SUSPECT.search(text):
        return text
    shown = _ESCAPES.sub("", text).replace("\r\n", "\n").replace("\t", "    ")
    shown = "".join(_visible(character) for character in shown)
    if len(shown) > LONGEST:
        shown = f"{shown[:LONGEST]}……（共 {len(shown)} 字，余下从略）"
    return shown


def written_out(character: str) -> str:
    """How a character that must not or cannot be drawn stands in a document: `[U+202E]`."""
    return f"[U+{ord(character):04X}]"


def _visible(character: str) -> str:
    noncharacter = ord(character) & 0xFFFE == 0xFFFE
    return written_out(character) if noncharacter or _UNSEEN.match(character) else character
