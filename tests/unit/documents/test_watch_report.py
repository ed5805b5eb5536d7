"""系统功能主动监测周报: what it counts, what it must say, and when it is a draft."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import sample_watch as sample
from sample_inspections import HEADER

from maintkit.documents.model import Document, Table, texts
from maintkit.documents.views import watch_report
from maintkit.evidence.watch import Handled


def _tables(document: Document) -> list[Table]:
    return [block for block in document.blocks if isinstance(block, Table)]


def test_every_function_is_counted_in_one_state() -> None:
    """By hand: 1 and 2 well, 3 slow, 4 done by a person, 5 by nobody, 6 refused, 7 not asked, 8 uncovered."""
    counts = _tables(watch_report(sample.week(), None, HEADER, over=True))[0]
    shown = [[cell.text for cell in row] for row in counts.rows]
    assert [column.title for column in counts.columns[2:]] == ["正常", "缓慢", "异常", "未能探测", "未执行", "未覆盖"]
    assert [row[1:] for row in shown] == [
        ["4", "3", "1", "0", "0", "0", "0"],
        ["3", "0", "0", "1", "1", "1", "0"],
        ["1", "0", "0", "0", "0", "0", "1"],
        ["8", "3", "1", "1", "1", "1", "1"],
    ]


def test_a_failure_that_was_well_an_hour_later_still_stands() -> None:
    """The week's failures are all of it, not the last ones."""
    failures = _tables(watch_report(sample.week(), None, HEADER, over=True))[1]
    assert [row[2].text for row in failures.rows] == ["his-web", "his-slow", "emr-hl7（emr-app1）", "pacs-echo"]
    assert [row[4].text for row in failures.rows] == [
        "应答内容不符：状态码 503，应为 200",
        "应答超过时限：2310 毫秒，上限 2000 毫秒",
        "请求被对方拒绝：应答码 AE",
        "探针未能执行：缺少程序库 pynetdicom",
    ]
    assert [row[5].text for row in failures.rows] == [
        "待填写", "待填写", "6：接口引擎队列已满，已清理并联系厂商（处理中，责任人 李娜，期限 2026-11-27）", "待填写",
    ]  # fmt: skip


def test_it_is_a_draft_until_every_function_that_failed_or_was_not_tried_has_a_word() -> None:
    """1, 2, 3 and 7 lack a handling, 5 and 8 a word why nobody tried; with all of them it is none, once it is over."""
    week = sample.week()
    assert watch_report(week, None, HEADER, over=True).draft
    word: dict[str, Any] = {
        "at": week.dated,
        "handling": "已处理",
        "owner": "李娜",
        "due": None,
        "state": "resolved",
        "by": "张伟",
    }
    done = replace(week, handlings=tuple(Handled(seq=seq, **word) for seq in (1, 2, 3, 6, 7)))
    assert watch_report(done, None, HEADER, over=True).draft
    assert "尚未说明：5、8（序号）" in "".join(texts(watch_report(done, None, HEADER, over=True)))
    said = tuple(Handled(seq=seq, **word) for seq in (1, 2, 3, 5, 6, 7, 8))
    done = replace(week, handlings=said)
    assert not watch_report(done, None, HEADER, over=True).draft
    early = watch_report(done, None, HEADER, over=False)
    assert (early.draft, "草稿：本周尚未结束" in "".join(texts(early))) == (True, True)


def test_a_week_without_a_run_calls_nothing_well() -> None:
    """Everything that has a probe or a person is 未执行, and the report says that nothing was asked."""
    document = watch_report(sample.unwatched(), None, HEADER, over=True)
    assert [cell.text for cell in _tables(document)[0].rows[-1]][1:] == ["8", "0", "0", "0", "0", "7", "1"]
    assert "本周在台账中没有探测记录" in "".join(texts(document))


def test_only_what_changed_since_last_week_is_compared() -> None:
    """3 became slow, 4 was not done and now is, 6 and 7 were well; the others are as they were."""
    changed = _tables(watch_report(sample.week(), sample.last_week(), HEADER, over=True))[2]
    assert [(row[0].text, row[3].text, row[4].text) for row in changed.rows] == [
        ("3", "正常", "缓慢"), ("4", "未执行", "正常"), ("6", "正常", "异常"), ("7", "正常", "未能探测"),
    ]  # fmt: skip
