"""What a plan shows of a file's new content is what changes, in any coding, and never without end."""

from __future__ import annotations

import importlib.util
from base64 import b64encode
from pathlib import Path
from types import ModuleType

import pytest

FILE = Path(__file__).parents[3] / "plugins/filter/differences.py"


@pytest.fixture(scope="module")
def filters() -> ModuleType:
    spec = importlib.util.spec_from_file_location("differences", FILE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def difference(filters: ModuleType, before: bytes, after: str) -> str:
    return str(filters.text_difference(b64encode(before).decode(), after))


def test_changed_lines_stand_among_their_neighbours(filters: ModuleType) -> None:
    told = difference(filters, "连接池\npool = 20\nend\n".encode(), "连接池\npool = 60\nend\n")
    assert told.splitlines() == ["@@ -1,3 +1,3 @@", " 连接池", "-pool = 20", "+pool = 60", " end"]


def test_a_new_file_is_all_added(filters: ModuleType) -> None:
    assert difference(filters, b"", "a\nb\n").splitlines() == ["@@ -0,0 +1,2 @@", "+a", "+b"]


@pytest.mark.parametrize(
    ("before", "said"),
    [("连接池\n".encode("gb18030"), "-连接池"), (b"\x7fELF\0\1", "is no text"), (b"\xff\xff\xff", "is no text")],
)
def test_old_codings_are_read_and_what_is_no_text_is_said_to_be_none(
    filters: ModuleType, before: bytes, said: str
) -> None:
    assert said in difference(filters, before, "x\n")


def test_long_differences_and_lines_are_cut_and_say_so(filters: ModuleType) -> None:
    told = difference(filters, b"", "".join(f"{n}{'x' * 900}\n" for n in range(1000))).splitlines()
    assert len(told) == filters.MOST_LINES + 1
    assert max(map(len, told)) == filters.MOST_CHARACTERS + 1
    assert told[-1] == "(and 601 more lines)"


def test_what_differs_in_its_last_line_end_alone_is_said(filters: ModuleType) -> None:
    assert difference(filters, b"a", "a\n").startswith("(only what ends")
