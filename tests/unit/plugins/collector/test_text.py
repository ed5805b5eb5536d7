"""Whatever bytes a host holds, they become text that JSON, terminals and spreadsheets survive."""

from __future__ import annotations

import json

import pytest


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ("连接失败".encode(), "连接失败"),
        ("连接失败".encode("gb18030"), "连接失败"),
        (b"\xff\xfe\xfa", "\\xff\\xfe\\xfa"),
        (b"a\0\xb0\xa1", "a\\xb0\\xa1"),
        (b"\x1b[31mred\x1b[0m\x07", "red"),
        (b"\x1b]0;title\x07rest", "rest"),
        (b"one\r\ntwo\tthree", "one\ntwo\tthree"),
    ],
)
def test_bytes_of_any_encoding_become_printable_text(part, raw, text):
    """UTF-8 first, then GB18030, then escapes; colours and control characters go."""
    assert part("text").decode(raw) == text


def test_template_marks_and_formulas_stay_as_they_are(part):
    """Text is kept, not interpreted: disarming a formula is the writer's business, losing evidence nobody's."""
    raw = b"{{ lookup('pipe','id') }} =HYPERLINK(\"x\")"
    assert part("text").decode(raw) == raw.decode()


def test_what_json_cannot_say_is_made_sayable(part):
    """Surrogates from undecodable file names, infinities and NaN never reach the document."""
    value = {
        "name": b"\xb0\xa1.log".decode("utf-8", "surrogateescape"),
        "x": [float("nan"), float("inf"), 1.5],
        b"k": None,
    }
    inert = part("text").inert(value)
    assert inert == {"name": "啊.log", "x": [None, None, 1.5], "k": None}
    json.dumps(inert, allow_nan=False).encode("ascii")


def test_settings_and_tables_skip_comments(part):
    """Empty lines and comments are no rows."""
    assert part("text").settings('# no\nID="openEuler"\nVERSION_ID=22.03\n') == {
        "ID": "openEuler",
        "VERSION_ID": "22.03",
    }
    assert part("text").table("\n# x\n a  b \n") == [["a", "b"]]
