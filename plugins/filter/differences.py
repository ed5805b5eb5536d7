"""What would change in a text, for plans; what is masked of it, maintkit masks before it is kept."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Callable
from difflib import unified_diff
from itertools import islice
from typing import Any

MOST_LINES = 400  # of a difference
MOST_CHARACTERS = 500  # of one of its lines


def text_difference(before: str, after: str) -> str:
    """What makes the text `after` of the file `before` (base64), line by line with three lines around each place.

    A file that is no text is said to be none, as is a difference of which only the beginning is shown.
    """
    old = _decoded(b64decode(before))
    if old is None:
        return "(what is there now is no text)"
    lines = list(islice(unified_diff(old.splitlines(), after.splitlines(), lineterm=""), 2, None))
    shown = [line[:MOST_CHARACTERS] + ("…" if len(line) > MOST_CHARACTERS else "") for line in lines[:MOST_LINES]]
    if len(lines) > MOST_LINES:
        shown.append(f"(and {len(lines) - MOST_LINES} more lines)")
    return "\n".join(shown) or "(only what ends a line, or the file, differs)"


def _decoded(content: bytes) -> str | None:
    if b"\0" in content:
        return None
    for coding in ("utf-8", "gb18030"):
        try:
            return content.decode(coding)
        except UnicodeDecodeError:
            continue
    return None


class FilterModule:
    """Found by Ansible."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """The filters by name."""
        return {"text_difference": text_difference}
