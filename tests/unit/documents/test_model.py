"""A document tree is safe and whole once it exists."""

from __future__ import annotations

import json

import pytest

from maintkit.documents.model import Annex, Cell, Column, KeyValue, KeyValues, Paragraph, Table, texts, to_tree


def test_text_is_made_inert_when_a_node_is_made() -> None:
    """No renderer ever sees what a host wrote as it wrote it."""
    assert Cell(text="\x1b[31m红\u202e").text == "红[U+202E]"


def test_a_row_of_the_wrong_length_is_refused() -> None:
    """A table whose cells do not stand under their columns would mislead its reader."""
    columns = (Column(title="甲", width=1), Column(title="乙", width=1))
    with pytest.raises(ValueError, match=r"a table of 2 columns has rows of \[1\] cells"):
        Table(columns=columns, rows=((Cell(text="一"),),))


def test_wide_items_and_the_last_one_left_alone_take_a_line() -> None:
    """Two narrow pairs share a line; nothing is lost or reordered."""
    a, b, wide, c = (KeyValue(label=name, text="", wide=name == "宽") for name in ("甲", "乙", "宽", "丙"))
    assert list(KeyValues(items=(a, b, wide, c)).lines()) == [(a, b), (wide,), (c,)]
    assert list(KeyValues(items=(a, wide, b)).lines()) == [(a,), (wide,), (b,)]


def test_the_tree_is_plain_json() -> None:
    """It can be stored, compared, and given to typst as data."""
    tree = to_tree((Paragraph(text="一"), Paragraph(text="二", tone="strong")))
    assert json.loads(json.dumps(tree))[1] == {"node": "Paragraph", "text": "二", "tone": "strong"}


def test_rows_that_are_not_on_paper_are_not_among_its_texts() -> None:
    """Of a workbook-only annex the paper formats owe title and note."""
    table = Table(columns=(Column(title="甲", width=1),), rows=((Cell(text="一"),),))
    assert list(texts(Annex(title="附表", note="见 xlsx", table=table, workbook_only=True))) == ["附表", "见 xlsx"]
    assert "一" in list(texts(Annex(title="附表", note="", table=table)))
