"""Bytes of a host made into text that no terminal, spreadsheet or JSON reader can stumble over."""

from __future__ import absolute_import, division, print_function, unicode_literals

import re
import sys

PY2 = sys.version_info[0] == 2
TEXT = type("")
ANSI = re.compile("\x1b(?:\\[[0-?]*[ -/]*[@-~]|\\][^\x07\x1b]*(?:\x07|\x1b\\\\)?|[@-Z\\\\^_])")
CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")
ORPHANS = re.compile("[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]")


def byte_pattern(text, flags=0):
    """A regular expression over bytes: Python 2.7 reads no rb literal, and formatters write no br."""
    return re.compile(text.encode("ascii"), flags)


def decode(raw):
    """Text of `raw`: UTF-8, else GB18030 (what Chinese programs write), else ASCII with `\\xNN` for the rest."""
    if b"\0" not in raw:
        for encoding in ("utf-8", "gb18030"):
            try:
                return printable(raw.decode(encoding))
            except UnicodeDecodeError:
                continue
    return printable("".join(chr(octet) if octet < 128 else "\\x%02x" % octet for octet in bytearray(raw)))


def printable(text):
    """`text` without colours, control characters (but for newline and tab) and halves of surrogate pairs."""
    text = CONTROL.sub("", ANSI.sub("", text.replace("\r\n", "\n")))
    return ORPHANS.sub("", text)


def encode(path):
    """`path` as the bytes that the kernel wants, whatever Python thinks the locale is."""
    if not isinstance(path, TEXT):
        return path
    return path.encode("utf-8") if PY2 else path.encode("utf-8", "surrogateescape")


def inert(value):
    """`value` with every string printable and every number one that JSON knows, all the way down."""
    if isinstance(value, dict):
        return dict((inert(key), inert(item)) for key, item in value.items())
    if isinstance(value, (list, tuple)):
        return [inert(item) for item in value]
    if isinstance(value, bytes):
        return decode(value)
    if isinstance(value, TEXT):
        return inert_text(value)
    if isinstance(value, float) and value - value != 0:  # NaN or an infinity
        return None
    return value


def inert_text(text):
    """Printable text; bytes that Python 3 smuggled into it as surrogates (file names) are decoded."""
    try:
        return printable(text) if PY2 else decode(text.encode("utf-8", "surrogateescape"))
    except UnicodeEncodeError:
        return printable(text)


def number(text):
    """The integer that `text` writes, or None."""
    try:
        return int(text)
    except (TypeError, ValueError):
        return None


def decimal(text):
    """The number that `text` writes, or None."""
    try:
        return float(text)
    except (TypeError, ValueError):
        return None


def table(text, separator=None):
    """The fields of every line that is neither empty nor a comment."""
    lines = (line.strip() for line in text.splitlines())
    return [line.split(separator) for line in lines if line and not line.startswith("#")]


def settings(text):
    """`KEY=value` lines as a dict, quotes taken off (os-release, systemctl show, /etc/default)."""
    pairs = (line.partition("=") for line in text.splitlines() if "=" in line and not line.startswith("#"))
    return dict((key.strip(), value.strip().strip("\"'")) for key, _unused, value in pairs)
