"""Names inside a handover, and its manifest: nothing leads out of the package."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maintkit.errors import HandoverRefused
from maintkit.evidence.handover.manifest import parse, unsafe

ITEM = {"sha256": "0" * 64, "size": 1, "kind": "document", "title": "记录"}
WHOLE = {
    "format": "maintkit.handover/1", "hospital": "某医院", "provider": "某公司", "contract": "HT-1", "ledger": "6a0c",
    "seq": 3, "head": "1" * 64, "at": "2026-11-24T02:38:14Z", "since": None, "until": None, "left_out": [],
    "files": [{"path": "documents/a.docx", **ITEM}],
}  # fmt: skip


def text(**changes: object) -> bytes:
    return json.dumps(WHOLE | changes).encode()


@pytest.mark.parametrize(
    "name",
    ["", "/etc/passwd", "../x", "a/../../x", "a//b", "a/", "./a", "C:/x", "a\\..\\b", "a\x00b", "a\nb", "x" * 600],
)
def test_a_name_that_leads_elsewhere_is_unsafe(name: str) -> None:
    assert unsafe(name) is not None


@given(st.text(st.characters(categories=["L", "Nd"]), min_size=1, max_size=40), st.text("ab/", max_size=20))
def test_a_safe_name_stays_below_where_it_is_put(word: str, rest: str) -> None:
    """Whatever is allowed, joining it to a directory gives a path inside, by the same parts."""
    name = f"{word}/{rest}"
    if unsafe(name) is None:
        assert ".." not in name.split("/")
        assert not name.startswith("/")
    assert unsafe(word) is None


def test_a_manifest_survives_being_written_and_read() -> None:
    made = parse(text())
    assert parse(made.text.encode()) == made


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"format": "maintkit.handover/2"}, "format"),
        ({"files": [{"path": "../x", **ITEM}]}, "leads out"),
        ({"files": [{"path": "b", **ITEM}, {"path": "a", **ITEM}]}, "in order"),
        ({"files": [{"path": "a", **ITEM}, {"path": "a", **ITEM}]}, "once"),
        ({"files": [{"path": "manifest.json", **ITEM}]}, "once"),
        ({"files": [{"path": "a", **ITEM, "size": -1}]}, "size"),
        ({"at": "2026-11-24T02:38:14"}, "at"),
        ({"more": 1}, "more"),
    ],
)
def test_what_is_no_manifest_is_refused_by_name(changes: dict[str, object], said: str) -> None:
    with pytest.raises(HandoverRefused, match=said):
        parse(text(**changes))


def test_bytes_that_are_no_json_are_refused() -> None:
    with pytest.raises(HandoverRefused):
        parse(b"\xff\x00")
