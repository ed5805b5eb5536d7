"""Foreign text holds nothing hidden once it is in a document."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maintkit.documents.text import LONGEST, inert


@pytest.mark.parametrize(
    ("foreign", "shown"),
    [
        ("磁盘 93 %\n剩余 6 GiB", "磁盘 93 %\n剩余 6 GiB"),
        ("\x1b[1;31m失败\x1b[0m", "失败"),
        ("\x1b]0;root@host\x07提示", "提示"),
        ("\x1b]8;;http://x\x1b\\链接\x1b]8;;\x1b\\", "链接"),
        ("a\x00b", "a[U+0000]b"),
        ("\u202egnp.exe", "[U+202E]gnp.exe"),
        ("零\u200b宽", "零[U+200B]宽"),
        ("一\r\n二\t三", "一\n二    三"),
        ("\ud800", "[U+D800]"),
        ("\ufffe\uffff", "[U+FFFE][U+FFFF]"),
        ("\U0001ffff", "[U+1FFFF]"),
        ("\x9b31m", "[U+009B]31m"),
        ("{{ x }} <b> =1+1 #eval", "{{ x }} <b> =1+1 #eval"),
        ("\x1b", "[U+001B]"),
    ],
)
def test_what_cannot_be_seen_is_dropped_or_written_out(foreign: str, shown: str) -> None:
    """Escape sequences go; other unseen characters stand as their code point; visible text stays."""
    assert inert(foreign) == shown


def test_a_text_longer_than_a_cell_says_how_much_was_left_out() -> None:
    """Nothing is cut silently."""
    shown = inert("长" * (LONGEST + 5))
    assert shown == "长" * LONGEST + f"……（共 {LONGEST + 5} 字，余下从略）"


@given(st.text(alphabet=st.characters(exclude_categories=[])))
def test_an_inert_text_holds_no_control_and_stays_as_it_is(text: str) -> None:
    """Whatever comes in, newline is the only control character that comes out, and a second pass changes nothing."""
    shown = inert(text)
    assert not [one for one in shown if unicodedata.category(one) in ("Cc", "Cs") and one != "\n"]
    assert inert(shown) == shown
