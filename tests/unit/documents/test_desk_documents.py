"""The documents of the desk: what they count and must say, when they are drafts; by hand from sample_desk."""

from __future__ import annotations

import pytest
import sample_desk as sample
from sample_desk import Autumn

from maintkit.cli.terminal import desk_documents as drawing
from maintkit.cli.terminal import security_documents as security
from maintkit.documents.model import Document, Table, texts
from maintkit.documents.views.month import Month
from maintkit.errors import NotFound


def _tables(document: Document) -> list[list[list[str]]]:
    found = [block for block in document.blocks if isinstance(block, Table)]
    return [[[cell.text for cell in row] for row in table.rows] for table in found]


def _said(document: Document) -> str:
    return "\n".join(texts(document))


def test_the_faults_of_a_month_are_sorted_by_system_class_and_cause_each_by_level() -> None:
    """Five in October, without the duplicate; the one of two systems counts for both."""
    systems, kinds, causes, *_ = _tables(sample.documents()["incidents-october"])
    assert systems == [
        ["HIS 医院信息系统", "1", "0", "1", "0", "2"],
        ["智慧药学", "0", "1", "0", "1", "2"],
        ["远程医疗", "0", "0", "1", "0", "1"],
        ["门急诊电子病历", "0", "1", "0", "0", "1"],
    ]
    assert sorted(row[0] for row in kinds) == sorted(
        ["业务中断", "关键功能不可用", "运行缓慢但可用", "非核心功能故障", "未定级"]
    )
    assert causes[0] == ["尚未填写故障分析", "0", "1", "1", "1", "3"]


def test_faults_of_the_month_those_carried_over_and_what_they_repeat_stand_apart() -> None:
    _, _, _, _, own, carried, related, compared = _tables(sample.documents()["incidents-october"])
    assert [row[0].split("\n")[0] for row in own] == [
        "I20261008-1", "I20261015-1", "I20261020-1", "I20261028-1", "I20261030-1",
    ]  # fmt: skip
    assert [row[0].split("\n")[0] for row in carried] == ["I20260929-1"]
    assert [(row[0], row[4], row[5]) for row in related] == [
        ("I20261008-2", "重复报告", "I20261008-1"), ("I20261020-1", "复发", "I20260910-1"),
    ]  # fmt: skip
    assert compared[0] == ["报告的故障", "2", "5", "+3"]
    assert compared[-1] == ["当月末未解决", "1", "2", "+1"]


def test_a_breach_stands_with_its_moment() -> None:
    own = _tables(sample.documents()["incidents-october"])[4]
    assert own[1][5].split("\n") == [
        "响应：超时（10-15 14:30 起）",
        "到场：超时（10-15 16:00 起）",
        "恢复：达标",
        "故障分析报告：超时（10-20 23:59 起）",
    ]


def test_a_fault_that_was_over_before_the_month_stands_in_it_when_its_analysis_comes_late() -> None:
    """Solved on 29 September, analysed on 20 October: the breach that October counts is named in it."""

    def tell(desk: Autumn) -> None:
        stop = desk.fault("09-29 09:00", "门诊挂号全部停止", ("HIS",))
        desk.level(stop, "09-29 09:05", "P1", scope="rooms", kind="stopped", rule="rooms-stopped")
        for verb in ("acknowledged", "arrived", "resolved"):
            desk.step(stop, verb, "09-29 09:10", "已处理")  # type: ignore[arg-type]
        desk.step(stop, "analysed", "10-20 10:00", "磁盘满", cause="磁盘满", prevention="告警")
        desk.inspected("11-05 10:00")

    with sample.told(tell) as (site, ledger):
        october = drawing.fault_month(site, ledger, sample.OCTOBER)
        november = drawing.fault_month(site, ledger, Month(year=2026, number=11))
    (row,) = next(rows for rows in _tables(october) if rows and rows[0][0].startswith("I20260929-1"))
    assert "故障分析报告：超时" in row[5]
    assert "1 起故障在本月有时限超时：I20260929-1。" in _said(october)
    assert "I20260929-1" in [item.label for block in october.blocks for item in getattr(block, "items", ())]
    assert "I20260929-1" not in _said(november)


def test_a_month_without_faults_is_no_statement_of_health() -> None:
    """And the ledger's start in the middle of it is said."""
    document = sample.documents()["incidents-none"]
    assert "台账中没有故障报告。这只说明没有人报告故障，不是对系统状态的结论。" in _said(document)
    assert "健康" not in _said(document)
    assert "此前的情况不明，不得视为没有" in _said(document)
    assert not document.draft


def test_a_month_that_the_ledger_has_not_reached_the_end_of_is_a_draft() -> None:
    document = sample.documents()["incidents-unfinished"]
    assert document.draft
    assert "期末尚未到" in _said(document)


def test_a_month_with_a_fault_that_has_no_level_is_a_draft() -> None:
    assert sample.documents()["incidents-october"].draft
    assert "以下故障尚未定级，时限未能判定：I20261030-1" in _said(sample.documents()["incidents-october"])


def test_what_comes_in_later_leaves_a_month_as_it_was() -> None:
    """The summary of October is the same after November has gone on; a late word about October changes it."""

    def longer(desk: Autumn) -> None:
        sample.autumn(desk)
        desk.fault("11-06 09:00", "另一个月的故障", ("HIS",))

    def late(desk: Autumn) -> None:
        sample.autumn(desk)
        desk.step("I20261028-1", "resolved", "10-29 09:00", "线路已修复", entered="11-06 09:00")

    with sample.told(longer) as (site, ledger):
        assert drawing.fault_month(site, ledger, sample.OCTOBER) == sample.documents()["incidents-october"]
    with sample.told(late) as (site, ledger):
        document = drawing.fault_month(site, ledger, sample.OCTOBER)
    assert _tables(document)[7][-1] == ["当月末未解决", "1", "1", "0"]
    assert document.dated == sample.on_site("11-06 09:00")


@pytest.mark.parametrize("month", [Month(year=2026, number=7), Month(year=2026, number=12)])
def test_a_month_of_which_the_ledger_knows_nothing_has_no_summary(month: Month) -> None:
    with sample.told() as (site, ledger), pytest.raises(NotFound, match=str(month)):
        drawing.fault_month(site, ledger, month)


def test_the_analysis_of_a_fault_says_what_people_entered_and_rests_on_every_entry_of_it() -> None:
    document = sample.documents()["incident-analysed"]
    said = _said(document)
    for words_ in (
        "归档日志保留策略未生效",
        "启用自动清理",
        "20261007-1-001",
        "I20261008-2（王护士）",
        "2 小时 40 分钟",
    ):
        assert words_ in said
    with sample.told() as (_, ledger):
        own = [entry.hash for entry in ledger.entries(subject="I20261008-1")]
    assert len(own) == 10
    assert all(one in said for one in own)
    assert not document.draft


def test_a_fault_that_is_not_solved_and_not_analysed_is_a_draft_with_blanks() -> None:
    document = sample.documents()["incident-open"]
    assert document.draft
    for blank in ("经过：待填写", "根本原因：待填写", "预防措施：待填写"):
        assert blank in _said(document)


def test_late_entries_stand_with_both_times() -> None:
    """Answered on the 20th, said on the 21st."""
    with sample.told() as (site, ledger):
        steps = _tables(drawing.fault_report(site, ledger, "I20261020-1"))[1]
    assert [row[:3] for row in steps if row[2] == "响应"] == [["10-20 09:00:00", "10-21 08:00:00", "响应"]]


def test_person_days_are_what_the_hospital_confirmed_and_what_is_above_the_included() -> None:
    """3 + 4.5 confirmed of one, 2.5 above the five; one of another that nobody confirmed, so it is a draft."""
    document = sample.documents()["tickets-october"]
    assert _tables(document)[4] == [
        ["T20261009-1", "7.5", "7.5", "7.5", "李主任", "2.5"],
        ["T20261021-1", "1", "1", "0", "未确认", "0"],
        ["合计", "8.5", "8.5", "7.5", "", "2.5"],
    ]
    assert document.draft
    assert "尚未经采购人确认：T20261021-1" in _said(document)


def test_tickets_are_counted_by_kind_and_an_agreed_date_names_who_agreed() -> None:
    kinds, _, dues, agreed, _ = _tables(sample.documents()["tickets-october"])
    assert kinds[-1] == ["合计", "1", "3", "1", "3", "2", "2", "1"]
    assert agreed == [
        ["T20261009-1", "完成", "2026-10-20 18:00", "李主任", "2026-10-10 11:00\n2026-10-12 10:00", "会议纪要"]
    ]
    assert [row[5] for row in dues] == ["按期", "计时中", "超时", "按期", "超时"]


def test_the_review_is_a_draft_until_its_time_is_over_and_both_blanks_are_written() -> None:
    """October has both; the quarter goes on and has none."""
    assert not sample.documents()["service-october"].draft
    quarter = sample.documents()["service-quarter"]
    assert quarter.draft
    assert "服务评价：待填写" in _said(quarter)
    assert "下期工作计划：待填写" in _said(quarter)


def test_the_review_shows_every_duty_and_what_was_done_of_it_in_the_period() -> None:
    rows = {row[0]: row for row in _tables(sample.documents()["service-october"])[0]}
    with sample.told() as (site, _):
        assert list(rows) == [duty.title_zh for duty in site.contract.duties]
    assert rows["备份恢复验证"][2] == "2026-10-18 备份恢复演练（C20261018-1）"
    assert rows["重大故障应急响应预案"][2].startswith("2026-10-27 预案复审（王经理 登记，台账 #")
    assert rows["性能优化"][2:4] == ["本期没有记录", "已逾期"]
    assert (rows["知识库更新"][3], rows["文档提交"][3]) == ("已逾期", "未能判定")


def test_the_review_counts_work_and_puts_it_beside_the_period_before() -> None:
    """Two inspections, three changes of which one was rolled back, one watch; none of it in September."""
    compared = {row[0]: row[1:] for row in _tables(sample.documents()["service-october"])[6]}
    assert compared["完整的巡检"] == ["0", "2", "+2"]
    assert compared["成功的变更与演练"] == ["0", "2", "+2"]
    assert compared["未成功的变更与演练"] == ["0", "1", "+1"]
    assert compared["功能监测"] == ["0", "1", "+1"]
    # Of September by hand: the P3 answered and restored, the P2 answered; on-site and restore of that P2 breached.
    assert compared["达标的故障时限"] == ["3", "9", "+6"]
    assert compared["超时的故障时限"] == ["2", "3", "+1"]


def test_security_events_are_drafts_until_each_is_handled_whole() -> None:
    """Three of the inspection, one without a handling; the one alone is handled."""
    run, one = sample.documents()["security-run"], sample.documents()["security-handled"]
    assert (run.draft, one.draft) == (True, False)
    assert (run.number, one.number) == ("20261031-1", "20261031-1-001")
    assert [row[0] for row in _tables(run)[0]] == ["20261031-1-003", "20261031-1-001", "20261031-1-002"]
    assert "尚未填写完整：20261031-1-002" in _said(run)


def test_a_security_report_stays_as_it_was_when_later_inspections_come() -> None:
    """Event 001 was handled on 31 October; that the next inspection no longer saw it is not of this report."""

    def longer(desk: Autumn) -> None:
        sample.autumn(desk)
        desk.inspected("11-12 10:00")

    document = sample.documents()["security-handled"]
    assert _tables(document)[0][0][6] == "未关闭"
    with sample.told(longer) as (site, ledger):
        assert security.security_of_events(site, ledger, ["20261031-1-001"]) == document


def test_an_event_that_could_not_be_looked_at_again_is_not_over() -> None:
    """The next inspection carries 002 on as unknown: it was neither seen nor seen to be gone."""
    name = "20261031-1-002"

    def unseen(desk: Autumn) -> None:
        sample.autumn(desk)
        found = sample.access("his-app1", "drift.sudoers", "sudo 授权变化", "unknown", name, "11-12 10:00", "")
        desk.inspected("11-12 10:00", found)

    with sample.told(unseen) as (site, ledger):
        (row,) = _tables(security.security_of_events(site, ledger, [name]))[0]
    assert (row[3], row[6]) == ("警告", "未关闭")


def test_an_event_that_is_not_of_access_is_no_security_event() -> None:
    with sample.told() as (site, ledger):
        with pytest.raises(NotFound, match=r"disk\.space, which says nothing of access"):
            security.security_of_events(site, ledger, ["20261007-1-001"])
        with pytest.raises(NotFound, match="nothing abnormal of access"):
            security.security_of_run(site, ledger, "20261007-1")
        with pytest.raises(NotFound, match="no inspection"):
            security.security_of_run(site, ledger, "20269999-1")


def test_reports_of_different_events_have_different_numbers_whatever_their_order() -> None:
    names = ["20261031-1-001", "20261031-1-002", "20261031-1-003"]
    with sample.told() as (site, ledger):
        numbers = [security.security_of_events(site, ledger, some).number for some in (names, names[::-1], names[:2])]
    assert numbers[0] == numbers[1] != numbers[2]
