"""系统健康检查与性能分析报告 draws conclusions only from what was measured, and leaves judgement to a person."""

from __future__ import annotations

from dataclasses import replace

import sample_changes as changes
import sample_health as sample
import sample_inspections as inspections

from maintkit.documents.model import Document, Table, texts
from maintkit.documents.views import health_report
from maintkit.documents.views.health_report import Health


def report(health: Health) -> Document:
    return health_report(health, inspections.HEADER)


def said(document: Document) -> str:
    return "\n".join(texts(document))


def alerts(document: Document) -> str:
    return "\n".join(note.text for note in document.alerts)


def test_what_is_short_is_named_with_its_server() -> None:
    text = said(report(sample.health()))
    assert "存在瓶颈：his-app1 的内存；his-db1 的文件系统。" in text
    assert "3 台有未能判定的资源，不能据此认为正常" in text


def test_a_capacity_plan_gives_dates_or_the_reason_for_none() -> None:
    """363 of 500 GiB, one a day since the purge: 80 % in 37 days."""
    text = said(report(sample.health()))
    assert "以下文件系统在 90 天内达到限值，须安排扩容或清理：his-db1 /data。" in text
    assert "2026-12-31" in text
    assert "数据不足：只有 5 个数据点，跨 28 天" in text
    assert "（近期增速）" in text
    assert "50 个数据点，343 天，1 处突变" in text
    assert "his-db1 /data（2026-05-05 清理影像缓存）" in text


def test_nothing_to_forecast_is_no_good_news() -> None:
    text = said(report(sample.health(forecasts=())))
    assert "台账中的数据不足以预测任何文件系统的容量，本报告不作容量结论。" in text
    assert "均不会达到限值" not in text


def test_it_is_a_draft_until_a_person_has_judged_and_every_event_is_handled() -> None:
    draft, judged, whole = (
        report(health) for health in (sample.health(), sample.health(judged=sample.judged()), sample.finished())
    )
    assert "“总体评价”待填写，“下季度工作安排”待填写，3 个异常事件的处理情况尚未填写完整" in alerts(draft)
    assert "待填写，3 个" not in alerts(judged)
    assert "草稿：3 个异常事件" in alerts(judged)
    assert [draft.draft, judged.draft, whole.draft] == [True, True, False]
    assert "系统总体运行平稳，数据库服务器存储须在本季度内扩容。（李工" in said(whole)


def test_risks_are_ranked_the_severe_first_then_the_old() -> None:
    document = report(sample.health())
    (risks,) = [block for block in document.blocks if isinstance(block, Table) and block.columns[1].title == "风险"]
    assert [row[2].text for row in risks.rows] == ["his-db1 /data", "his-app1", "his-app1"]
    assert [row[4].text[:10] for row in risks.rows] == ["2026-11-24", "2026-10-24", "2026-11-24"]


def test_a_change_that_nobody_approved_is_framed_and_listed() -> None:
    """As in every other report of the period."""
    document = report(sample.health(emergencies=changes.unapproved()))
    assert "未经书面批准" in alerts(document)
    assert "十一、紧急变更" in said(document)
    assert "十一、紧急变更" in said(report(sample.health()))


def test_databases_that_nobody_looked_at_are_said() -> None:
    """A check that does not apply, on a host without a server, has looked at no database either."""
    deep = sample.deep()
    none = sample.resource(
        "his-web1", "postgresql.up", "PostgreSQL 运行", "not-applicable", None, "", category="postgresql"
    )
    first, second, third, *others = deep.hosts
    without = replace(deep, hosts=(first, second, replace(third, findings=(*third.findings, none)), *others))
    for inspection in (deep, without):
        assert "本报告不对数据库状态作结论" in said(report(sample.health(inspection=inspection)))


def test_a_database_that_could_not_be_judged_is_named_beside_the_bad_ones() -> None:
    deep = sample.deep()
    blind = sample.resource("his-db1", "postgresql.wraparound", "事务号回卷", "unknown", None, "percent",
                            category="postgresql", instance="his", reason="permission denied")  # fmt: skip
    first, second, *others = deep.hosts
    looked = replace(deep, hosts=(first, replace(second, findings=(*second.findings, blind)), *others))
    text = said(report(sample.health(inspection=looked)))
    assert "数据库巡检共 1 项：未能判定 1 项。" in text
    assert "his-db1 his　事务号回卷：未能判定" in text


def test_a_simulated_or_incomplete_inspection_is_framed() -> None:
    inspection = replace(sample.deep(), simulated=True)
    text = alerts(report(sample.health(inspection=inspection)))
    assert "模拟数据" in text
    assert "不完整（有主机未检）" in text
