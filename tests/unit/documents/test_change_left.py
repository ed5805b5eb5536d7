"""The record of a change whose time was up: it says what was left, and does not say that all went as planned."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest
import sample_inspections as sample
import sample_runs as runs
from change import NOW
from chinese import english_in

from maintkit.documents.model import Document, KeyValues, Table, texts
from maintkit.documents.parts import performed
from maintkit.documents.parts.run import verdict
from maintkit.documents.reasons import reason
from maintkit.documents.views.change_report import change_report
from maintkit.evidence.work import work


def document(name: str) -> Document:
    return change_report(runs.carried_out(name), "tuning", sample.HEADER)


def conclusion(made: Document) -> dict[str, str]:
    """By label what stands under 实施结论."""
    forms = [one for one in made.blocks if isinstance(one, KeyValues)]
    return {
        item.label: item.text for form in forms for item in form.items if item.label in ("实施结果", "含义", "尚待处理")
    }


def rows(made: Document, title: str) -> list[list[str]]:
    tables = [one for one in made.blocks if isinstance(one, Table) and title in [c.title for c in one.columns]]
    return [[cell.text for cell in row] for table in tables for row in table.rows]


def test_what_was_left_is_no_success_and_stands_under_what_is_to_be_done() -> None:
    made = document("reindex-short")
    told = conclusion(made)
    assert told["实施结果"] == "部分未做完（done）"
    assert "已做 1 项，未做 2 项" in told["含义"]
    assert "均已按计划变更" not in "\n".join(texts(made))
    assert told["尚待处理"].startswith("his-db1 未做 2 项：his: public.visit_patient、his: public.bill_day")
    assert any("部分未做完" in note.text for note in made.alerts)
    assert [item.text for item in made.cover.items if item.label == "实施结果"] == [told["实施结果"]]


def test_each_thing_that_was_left_is_a_deviation_with_its_reason_in_chinese() -> None:
    made = document("reindex-short")
    (row,) = rows(made, "原因与说明")
    assert row[1:3] == ["his-db1", "部分未做完"]
    assert "his: public.visit_patient：时间不足：预计 412 秒，剩余 95 秒" in row[3]
    assert "his: public.bill_day：会话 4711" in row[3]
    (host,) = rows(made, "所属系统")
    assert (host[2], host[4]) == ("部分未做完", "已做 1 项，未做 2 项，留待下一时间窗口；通过验证")


def test_a_run_that_did_nothing_says_so() -> None:
    made = document("reindex-nothing")
    assert conclusion(made)["实施结果"] == "均未做（done）"
    assert "计划内的 2 项均未做" in conclusion(made)["含义"]
    assert [row[2] for row in rows(made, "所属系统")] == ["均未做"]
    assert [row[2] for row in rows(made, "原因与说明")] == ["均未做"]


def test_a_run_that_did_all_is_a_success_without_a_deviation() -> None:
    made = document("reindex")
    assert conclusion(made) == {"实施结果": "成功（done）", "含义": verdict.MEANS["done"], "尚待处理": "无"}
    assert "台账未记录偏差" in "\n".join(texts(made))


@pytest.mark.parametrize(
    ("name", "word"), [("reindex-short", "部分未做完"), ("reindex-nothing", "均未做"), ("reindex", "成功")]
)
def test_a_list_of_what_was_done_in_a_month_does_not_call_it_a_success(tmp_path: Path, name: str, word: str) -> None:
    with runs.happened(name, str(tmp_path)) as ledger:
        done = work(ledger, NOW, NOW + timedelta(days=30))
    (changes,) = (one for one in performed.section(done, sample.HEADER) if one.caption == "变更与演练")
    assert [row[-1].text for row in changes.rows] == [word]


@pytest.mark.parametrize(
    "recorded",
    [
        "out of time",
        "out of time: 12 s are predicted, 0 s are left",
        "out of time: the build would end 40 s too late",
        "out of time: the rebuild would end 40 s too late",
        "out of time: it could not be measured any more",
        "out of time: the server has ended it",
        "waiting for old snapshots for more than 120 s",
        "waiting for writers before build for more than 2.5 s: session 7 of his: in a transaction since ? s (4711)",
        "waiting for a lock for more than 5 s: session 7 of his: in a transaction since 61 s (4711)",
        "waiting for a lock for more than 5 s: a prepared transaction",
        "waiting for other transactions for more than 120 s: session 7 of his: in a transaction since 61 s (4711)",
        "session 7 of his: in a transaction since 61 s (4711); prepared transaction 4711 since 2026-11-28 15:30:00+00",
        "a prepared transaction: in a transaction since 61 s (XA)",
        "session 7 holds ShareLock; session of a prepared transaction holds ShareLock",
        "session 7: Waiting for table metadata lock",
        "a session that does nothing holds the table, as LOCK TABLES does",
        "/var/lib has 12 bytes free, and 40 are needed",
        "the free space of /var/lib cannot be seen from here: 4711",
        "where the server keeps its files cannot be seen by this role: grant it pg_monitor",
        "there is no index of this name any more: plan anew",
        "there is no table of this name any more: plan anew",
        "it was measured as another index, or is gone: plan anew",
        "invalid: no index to rebuild, but one that was left over",
        "its file is older than what the server has in memory: measure again when it has been written",
        "not measured, so not judged: its pages are encrypted; of 7 bytes 3 are free for certain",
        "not measured, so not judged: the extension pgstattuple is not in this database",
        "it would free nothing: session 7 of his holds back what is dead since 90 s (4711)",
        "it would free nothing: replication slot 4711 holds back what is dead since 7 transactions, and nobody uses it",
        "it would free nothing: standby 4711 holds back what is dead since 7 transactions (hot_standby_feedback)",
        "it would free nothing: prepared transaction 4711 holds back what is dead since 4711; out of time",
        "it ended without a word",
    ],
)
def test_why_something_was_left_is_said_in_chinese(recorded: str) -> None:
    said = reason(recorded)
    assert not english_in(re.sub("LOCK TABLES|Waiting for table metadata lock", "", said)), said
