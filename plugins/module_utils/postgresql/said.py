"""What psql tells of an error of the server, and how much of it may leave the host: pure, from psql's words.

The server may quote a row in them: the key that is there twice, the word that is no number, whatever a function raises.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

# Verbose for the code alone: two blanks before it, a colon behind it.
CODE = re.compile(r"(?<=:  )([0-9A-Z]{5}): ")
# psql's own labels, in the language of the session's environment; what follows one belongs to it.
LABEL = re.compile(r"(DETAIL|HINT|QUERY|CONTEXT|LOCATION|LINE \d+|(?:SCHEMA|TABLE|COLUMN|DATATYPE|CONSTRAINT) NAME):")
TOLD = ("", "DETAIL", "HINT")
WHERE = re.compile(r"^psql:[^:]*:\d+: ")
# Classes of SQLSTATE whose words are the server's and name no value. Data exceptions (22), what functions raise (P0,
# 38, a code made up by somebody) and other servers' words (HV) are not among them.
OWN = ("", "08", "0A", "25", "26", "28", "2B", "3D", "3F", "40", "42", "53", "54", "55", "57", "58", "F0", "XX")
CONSTRAINT = "23"  # its message names the constraint, its detail the row


@dataclass(frozen=True)
class Said:
    """`words` may be told to anybody. `primary` is the server's message alone, which may quote a value."""

    code: str
    primary: str
    words: str


def said(told: str) -> Said:
    """Of all that psql has written; `code` is empty where the server gave none."""
    lines = list(_lines(told.strip()))
    code, primary = next(_coded(lines), ("", lines[0][1] if lines else ""))
    if code[:2] in OWN:
        words = " / ".join([CODE.sub("", line) for label, line in lines if label in TOLD][-3:])
    elif code[:2] == CONSTRAINT:
        words = primary
    else:
        words = f"it failed on a value of the data, SQLSTATE {code}"
    return Said(code, WHERE.sub("", primary), words or "psql ended without a word")


def _coded(lines: list[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    for _of, line in lines:
        found = CODE.search(line)
        if found:
            yield found[1], CODE.sub("", line)


def _lines(told: str) -> Iterator[tuple[str, str]]:
    """Each line with the label that it belongs to, which is empty for messages."""
    label = ""
    for line in told.splitlines():
        found = LABEL.match(line)
        label = found[1] if found else "" if line.startswith("psql:") else label
        yield label, line
