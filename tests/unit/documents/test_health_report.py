"""系统健康检查与性能分析报告 draws conclusions only from what was measured, and leaves judgement to a person."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import sample_changes as changes
import sample_health as sample
import sample_inspections as inspections

from maintkit.analysis.slope import Slope
from maintkit.analysis.trend import Trend
from maintkit.documents.model import Document, Heading, Table, texts
from maintkit.documents.parts.health.databases import MOST_TABLES
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
    assert "以下文件系统在 90 天内达到限值，须安排扩容或清理：his-db1 /data、his-web1 /var。" in text
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
    rest = "3 个异常事件的处理情况尚未填写完整，容量风险的责任人与期限有 4 处待填写，2 个人工检查项的结果尚未填写"
    assert f"“总体评价”待填写，“下季度工作安排”待填写，{rest}" in alerts(draft)
    assert f"草稿：{rest}" in alerts(judged)
    assert [draft.draft, judged.draft, whole.draft] == [True, True, False]
    assert "系统总体运行平稳，数据库服务器存储须在本季度内扩容。（李工" in said(whole)


def risks(health: Health) -> list[list[str]]:
    found = [one for one in report(health).blocks if isinstance(one, Table) and one.columns[1].title == "风险"]
    return [[cell.text for cell in row] for row in found[0].rows]


def test_risks_are_ranked_the_severe_first_then_the_old_then_what_will_be_full() -> None:
    """Of what will be full the soonest first: connections reach their limit in 57 days, /var in 37."""
    found = risks(sample.health())
    assert [row[2] for row in found] == ["his-db1 /data", "his-app1", "his-app1", "his-web1 /var", "his-db1 main"]
    assert [row[4][:10] for row in found[:3]] == ["2026-11-24", "2026-10-24", "2026-11-24"]
    assert found[3][1:4] == ["存储容量：按现有增长预计 2026-12-31 达到警告限", "his-web1 /var", "警告"]
    assert [row[5:] for row in found[3:]] == [["待填写"] * 3] * 2


def test_a_risk_of_capacity_has_the_owner_and_the_day_that_a_person_wrote() -> None:
    """One that is critical comes before the warnings; one that is an event already is told once."""
    assert risks(sample.finished())[-2][5:] == ["赵工", "2026-12-20", "处理中"]
    half = sample.owned()
    del half["due:his-web1:/var"]
    report_ = sample.health(**{**vars(sample.finished()), "judged": sample.judged() | half})
    assert risks(report_)[-2][5:] == ["赵工", "待填写", "待填写"]
    assert "容量风险的责任人与期限有 1 处待填写" in alerts(report(report_))
    nearer = sample.health(forecasts=(*sample.forecasts(), sample.forecast("his-app1", "/home", 190, 0.2)))
    assert [row[2] for row in risks(nearer)[:2]] == ["his-db1 /data", "his-app1 /home"]
    assert risks(nearer)[1][1] == "存储容量：按现有增长已达到警告限，预计 2026-12-06 达到严重限"


def test_what_meets_a_limit_only_at_the_early_end_of_its_range_is_named_as_that() -> None:
    """100 days by the median and 60 by the fast end: the report does not say that nothing comes within a quarter."""
    room = sample.forecast("his-db1", "/data", 1000, 1.0)
    assert isinstance(room.trend, Trend)
    left = room.limits["warn"] - room.trend.level
    for days, named in ((60, True), (95, False)):
        slope = Slope(middle=left / 100, low=left / 200, high=left / days)
        text = said(report(sample.health(forecasts=(replace(room, trend=replace(room.trend, slope=slope)),))))
        assert "按增长的中位数，能够预测的文件系统在 90 天内均不会达到限值。" in text
        assert ("以下文件系统可能在 90 天内达到限值：his-db1 /data。" in text) == named


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
    assert "his-db1　PostgreSQL his" in text
    assert "事务号回卷\n—\n—\n未能判定" in text


def servers(document: Document) -> dict[str, list[list[str]]]:
    """The table of each database server by its heading."""
    pairs = pairwise(document.blocks)
    return {
        heading.text: [[cell.text for cell in row] for row in table.rows]
        for heading, table in pairs
        if isinstance(heading, Heading) and isinstance(table, Table) and table.columns[0].title == "检查项"
    }


def test_each_database_server_has_a_table_of_what_was_measured_also_when_all_is_well() -> None:
    """The worst object of each check, nearest to its limit, and how many there are; what does not apply is left out."""
    found = servers(report(sample.finished()))
    assert list(found) == ["his-db1　PostgreSQL his", "his-db1　MySQL/MariaDB lis"]
    his = {row[0]: row[1:] for row in found["his-db1　PostgreSQL his"]}
    assert his["数据库连接数"] == ["34.2 %", "＞75 % 警告，＞90 % 严重", "正常", "—"]
    assert his["事务号回卷"] == ["emr：12.4 %", "＞40 % 警告，＞60 % 严重", "正常", "共 2 个对象：正常 2 项"]
    assert his["索引膨胀"][:3] == ["his public.order_pkey：4.4 倍", "＞2 倍 警告，＞4 倍 严重", "严重"]
    assert his["索引膨胀"][3].endswith("4.4 倍大小。\n共 2 个对象：警告 1 项，严重 1 项")
    assert his["语句耗时集中"] == ["—", "—", "未能判定", "需要角色具有 pg_monitor"]
    assert "WAL 归档" not in his
    assert found["his-db1　MySQL/MariaDB lis"][1][1:4] == ["99.1 %", "＜95 % 警告", "正常"]


def test_many_database_servers_are_counted_and_those_with_something_wrong_are_shown() -> None:
    """A table each fills more pages than anybody reads."""
    deep = sample.deep()
    many = [
        replace(one, instance=f"db{number:02}", status="crit" if number == MOST_TABLES + 4 else "ok")
        for number in range(MOST_TABLES + 5)
        for one in sample.databases("his-db1")[:1]
    ]
    first, second, *others = deep.hosts
    looked = replace(deep, hosts=(first, replace(second, findings=tuple(many)), *others))
    document = report(sample.health(inspection=looked))
    found = servers(document)
    assert (len(found), f"his-db1　PostgreSQL db{MOST_TABLES + 4}" in found) == (MOST_TABLES, True)
    assert "另有 5 个实例未列表：正常 5 项，逐项见同次季度深度巡检记录附表。" in said(document)


def test_a_simulated_or_incomplete_inspection_is_framed() -> None:
    inspection = replace(sample.deep(), simulated=True)
    text = alerts(report(sample.health(inspection=inspection)))
    assert "模拟数据" in text
    assert "不完整（有主机未检）" in text
