"""实施前后对比 of a change of indexes: each statement and table on both sides, and why one was not measured."""

from __future__ import annotations

import sample_inspections as sample
import sample_runs as runs
from chinese import english_in

from maintkit.documents.model import Document, Table, texts
from maintkit.documents.reasons import reason
from maintkit.documents.views.change_report import change_report


def document(name: str) -> Document:
    return change_report(runs.carried_out(name), "tuning", sample.HEADER)


def figures(made: Document) -> dict[str, list[str]]:
    """By figure what stands before, after and of the difference."""
    (table,) = (one for one in made.blocks if isinstance(one, Table) and "指标" in [c.title for c in one.columns])
    return {row[1].text: [cell.text for cell in row[2:]] for row in table.rows}


def test_statements_and_tables_are_compared() -> None:
    told = figures(document("indexes"))
    assert told["表 his: public.visit 大小"] == ["410 MiB", "410 MiB", "不变"]
    assert told["表 his: public.visit 全部索引"] == ["96 MiB", "108 MiB", "+12 MiB"]
    assert told["语句 患者的就诊 计划代价"] == ["52710.5", "8.45", "-52702.05"]
    assert told["语句 患者的就诊 执行时间"] == ["812.4 毫秒", "0.06 毫秒", "-812.34 毫秒"]


def test_what_was_not_measured_is_told_with_the_reason_and_compared_with_nothing() -> None:
    told = figures(document("indexes"))
    assert told["语句 月报 执行时间"] == ["未测得：10 秒内未执行完", "950 毫秒", "—"]
    assert "语句 写错的 计划代价" not in told
    assert told["语句 写错的 执行时间"][0] == '未测得：ERROR:  relation "vist" does not exist'


def test_a_side_on_which_nothing_could_be_measured_is_told_with_the_reason() -> None:
    """As the roles leave it where the module itself failed: a record without a word would look like no measures."""
    done = runs.carried_out("indexes")
    backup = next(one.document for one in done.done.hosts[0].of("backup") if one.document)
    backup.facts["measured"] = {"msg": "psql is not on this host"}
    told = figures(change_report(done, "tuning", sample.HEADER))
    assert told["语句与表"] == ["未测得：psql is not on this host", "—", "—"]
    assert told["语句 患者的就诊 执行时间"][0] == "台账无记录"


def test_of_a_rebuild_the_precheck_tells_what_was_before() -> None:
    told = figures(document("reindex"))
    assert told["语句 当日就诊 执行时间"] == ["4.2 毫秒", "3.1 毫秒", "-1.1 毫秒"]
    assert told["索引 his: public.visit_day 大小"] == ["80.0 MiB", "9.0 MiB", "已重建"]


def test_how_statements_are_measured_is_said_where_there_are_any() -> None:
    said = {name: "\n".join(texts(document(name))) for name in ("indexes", "restart")}
    assert {name: "执行时间取至多三次执行的中位数" in text for name, text in said.items()} == {
        "indexes": True, "restart": False,
    }  # fmt: skip


def test_why_a_statement_was_not_measured_is_said_in_chinese() -> None:
    for recorded in ("it must be one statement without a semicolon", "it did not end within 0.5 s",
                     "a lock did not come within 2 s", "it would change data"):  # fmt: skip
        assert not english_in(reason(recorded)), recorded
