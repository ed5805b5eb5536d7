"""What the mariadb or mysql client writes in batch mode, read back without doubt."""

from __future__ import absolute_import, division, print_function, unicode_literals

import re

CLIENT_ERROR = re.compile(r"^ERROR (\d+)(?: \(\w+\))?(?: at line (\d+))?: (.*)$")
CLIENT_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
BATCH_ESCAPES = {"t": "\t", "n": "\n", "0": "\0", "\\": "\\"}
QUOTE_ESCAPES = {"0": "\0", "Z": "\x1a"}


def batch_results(text):
    """`(key, lines)` of each result: a line `maintkit`, one with its key, then its header and its rows."""
    found = []
    lines = text.split("\n")
    place = 0
    while place < len(lines) - 1:
        if lines[place] == "maintkit":
            found.append((lines[place + 1], []))
            place += 1
        elif found:
            found[-1][1].append(lines[place])
        place += 1
    return found


def result_rows(lines):
    """A dict a row, by the header; a line that is not whole is left out."""
    if not lines:
        return []
    header = lines[0].split("\t")
    fields = [line.split("\t") for line in lines[1:] if line]
    return [dict(zip(header, map(field_value, row))) for row in fields if len(row) == len(header)]


def field_value(text):
    """One field: the client's escapes taken off, then those of QUOTE; None for its bare NULL."""
    text = CLIENT_ESCAPE.sub(lambda found: BATCH_ESCAPES.get(found.group(1), found.group(0)), text)
    if text == "NULL":
        return None
    if len(text) > 1 and text.startswith("'") and text.endswith("'"):
        return CLIENT_ESCAPE.sub(lambda found: QUOTE_ESCAPES.get(found.group(1), found.group(1)), text[1:-1])
    return text


def named_values(found):
    """Rows of SHOW VARIABLES or SHOW STATUS as a dict."""
    return dict((row["Variable_name"], row["Value"] or "") for row in found or [])


def client_complaints(text):
    """`([(line, code, words)], the rest)` of what the client wrote to stderr; line 0 where it names none."""
    errors, rest = [], []
    for line in text.splitlines():
        found = CLIENT_ERROR.match(line)
        if found:
            errors.append((int(found.group(2) or 0), int(found.group(1)), found.group(3)[:300]))
        elif line.strip() and not re.match(r"(?i)(?:\S+: )?(?:\[)?(?:warning|note|deprecated)", line):
            rest.append(line.strip())
    return errors, " ".join(rest[:2])[:300]
