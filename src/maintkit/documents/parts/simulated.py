"""The mark of what no real host has told: framed at the head of every document that rests on it."""

from __future__ import annotations

from collections.abc import Iterable

from maintkit.documents.model import Note

_CHANGE = "模拟数据：本文件由模拟实施生成，不是真实主机的实施结果，不得作为履约凭据。"
_RESTS = "含模拟数据：{what}不是真实主机的结果，不得作为履约凭据。"
_PRACTICE = "模拟数据：本文件出自演练站点，所载内容均为演练，不得作为履约凭据。"


def of_practice(*, practice: bool) -> tuple[str, ...]:
    """The words for every document of a site that is an exercise; nothing for a real one."""
    return (_PRACTICE,) if practice else ()


def of_change(*, simulated: bool) -> tuple[str, ...]:
    """The words for the document of a change whose hosts were not real; nothing for a real one."""
    return (_CHANGE,) if simulated else ()


def resting_on(what: Iterable[str]) -> tuple[str, ...]:
    """The words for a document that rests on what is named: `巡检 20260105-1`, `实施 C20260314-1`."""
    named = tuple(dict.fromkeys(what))
    return (_RESTS.format(what="、".join(named)),) if named else ()


def notes(said: Iterable[str]) -> tuple[Note, ...]:
    """The words framed."""
    return tuple(Note(kind="alert", text=text) for text in said)
