"""What the document of a change says: nothing that the ledger does not hold, and nothing that could be read as well."""

from __future__ import annotations

import json

import pytest
import sample_inspections as sample
import sample_restarts
import sample_runs as runs
from evening import signed

from maintkit.documents.glossary import HOST_STATE, VERDICT
from maintkit.documents.model import Annex, Document, Table, texts, to_tree
from maintkit.documents.parts.run import judgement, manual, verdict
from maintkit.documents.reasons import reason
from maintkit.documents.views.change_report import TITLES, Kind, change_report, kind_of
from maintkit.errors import NotFound
from maintkit.evidence.change_record import assess, change_record
from maintkit.runs.phases import HostState
from maintkit.runs.verdict import Verdict


def document(name: str, kind: Kind | None = None) -> Document:
    done = runs.carried_out(name)
    return change_report(done, kind or kind_of(done), sample.HEADER)


def said(document: Document) -> str:
    return "\n".join(texts(document))


def alerts(document: Document) -> str:
    return "\n".join(note.text for note in document.alerts)


def rows(document: Document, title: str) -> list[list[str]]:
    """The rows of the one table that has a column of this title."""
    found = [one.table if isinstance(one, Annex) else one for one in document.blocks]
    tables = [one for one in found if isinstance(one, Table) and title in [c.title for c in one.columns]]
    return [[cell.text for cell in row] for table in tables for row in table.rows]


@pytest.mark.parametrize(
    ("name", "title"),
    [("done", "安全补丁更新记录"), ("upgrade-done", "升级实施报告"), ("config-reverted", "升级实施报告"),
     ("restart", "重启评估与实施记录")],
)  # fmt: skip
def test_the_procedure_chooses_the_document(name: str, title: str) -> None:
    assert document(name).title == title
    assert title in TITLES.values()


@pytest.mark.parametrize(
    ("name", "word"),
    [("done", "成功"), ("rolled-back", "已回退"), ("upgrade-stuck", "回退失败"), ("urgent", "部分完成"),
     ("killed", "未结束")],
)  # fmt: skip
def test_the_verdict_is_said_in_one_word_on_the_cover_and_in_the_conclusion(name: str, word: str) -> None:
    """A word of the ledger stands beside it, so that neither can be taken for another."""
    made = document(name)
    covered = next(item.text for item in made.cover.items if item.label == "实施结果")
    assert covered.startswith(f"{word}（")
    assert said(made).count(covered) >= 2
    assert (word == "成功") is (not any("实施结果" in note.text for note in made.alerts))


def test_all_verdicts_and_host_states_of_the_engine_have_words() -> None:
    """A new one must not reach a hospital as a bare English word."""
    assert {one.value for one in Verdict} <= set(VERDICT) & set(verdict.MEANS)
    assert {one.value for one in HostState} <= set(HOST_STATE)


def test_a_change_that_went_well_is_no_draft_and_has_no_alert() -> None:
    made = document("done")
    assert not made.draft
    assert made.alerts == ()
    assert "台账未记录偏差" in said(made)


def test_an_emergency_is_loud_on_the_first_page_and_in_the_deviations() -> None:
    """Who, why, until when; that nobody of the hospital watched; that the window was overrun; that approval is owed."""
    made = document("urgent")
    loud = alerts(made)
    assert "未经书面批准（紧急）" in loud
    assert "张伟" in loud
    assert "正被利用" in loud
    assert "没有采购人现场监督人" in loud
    assert "超出批准的时间窗口" in loud
    assert "补办批准手续" in said(made)
    assert [row[2] for row in rows(made, "原因与说明")][:2] == ["未经书面批准（紧急）", "无现场监督人签到"]


def test_a_host_that_was_not_begun_says_why_in_chinese() -> None:
    made = document("urgent")
    (held,) = [row for row in rows(made, "原因与说明") if row[1] == "his-app3"]
    assert held[2] == "未开始变更"
    assert held[3].startswith("时间窗口未开放：")


def test_a_rollback_is_told_with_its_confirmation() -> None:
    """What failed, that it was taken back, and that the checks from before passed again."""
    found = [row[2] for row in rows(document("rolled-back"), "原因与说明") if row[1] == "his-app1"]
    assert found == ["验证失败", "已执行回退", "回退后复查通过"]
    checks = rows(document("rolled-back"), "检查项")
    assert [row[3] for row in checks if row[2] in ("HIS 登录页", "整机软件包清单与变更前比对")][::2] == ["0／1", "1／1"]


def test_a_failed_rollback_is_a_p1_with_steps_for_a_person() -> None:
    """The database before the packages: an old version must not meet the new schema."""
    made = document("upgrade-stuck")
    assert "P1：his-app1 未能恢复原状" in alerts(made)
    assert "仍由本次实施锁定" in said(made)
    steps = [row[1] for row in rows(made, "执行结果")]
    words = (
        "P1",
        "不得安装原版本",
        "his_20261128_2336",
        "sha256sum",
        "dpkg --install",
        "--purge his-client",
        "lock break",
    )
    order = [next(at for at, step in enumerate(steps) if word in step) for word in words]
    assert order == sorted(order)


def test_only_a_failed_rollback_has_steps_for_a_person() -> None:
    assert manual.needed(runs.carried_out("rolled-back")) == ()
    assert "人工恢复步骤" not in said(document("rolled-back"))


def test_a_run_without_end_is_a_draft_and_nothing_in_it_is_done() -> None:
    made = document("killed")
    assert made.draft
    assert "不得作为实施结果归档" in alerts(made)
    assert "已开始，无结果" in said(made)
    assert ("完成", "已按计划变更，通过验证") not in [(row[2], row[4]) for row in rows(made, "所属系统")]


def test_a_run_that_was_taken_up_again_shows_the_gap_the_wish_and_who_left() -> None:
    found = [row[2] for row in rows(document("resumed"), "原因与说明")]
    wanted = ["变更已开始，无结果", "中断后继续实施", "李主任要求暂停", "现场监督中断"]
    assert [one for one in found if one in wanted] == wanted


def test_a_host_that_took_a_change_back_by_itself_is_told() -> None:
    assert "主机自行恢复" in said(document("config-reverted"))


def test_planned_and_actual_stand_beside_each_other() -> None:
    batches = rows(document("done"), "批次")
    assert [row[1] for row in batches] == ["his-app1", "his-app2", "his-app3"]
    assert batches[0][2] == "11-28 23:30:00"
    assert all(row[4] > row[2] for row in batches[:1])
    assert [row[4] for row in rows(document("rolled-back"), "批次")][1:] == ["未开始", "未开始"]


def test_the_backup_names_what_where_and_its_hash() -> None:
    """And of a host that kept nothing that it kept nothing."""
    kept = rows(document("rolled-back"), "位置")
    assert [row[2] for row in kept if row[0] == "his-app1"] == [
        f"/var/cache/maintkit/{runs.RUN}", f"/var/lib/maintkit/runs/{runs.RUN}/before.json"]  # fmt: skip
    assert [row[1] for row in kept if row[0] == "his-app2"] == ["未开始，未作备份"]
    assert len(rows(document("done"), "文件")) == 3 * 28


def test_a_restart_shows_the_figures_of_both_sides() -> None:
    found = {(row[0], row[1]): row[2:] for row in rows(document("restart"), "实施前")}
    assert found["his-app1", "his.service 主进程号"] == ["1873", "24410", "已更换"]
    assert found["his-app1", "可用内存"] == ["2.1 GiB", "10.3 GiB", "+8.2 GiB"]
    assert found["his-app1", "HIS 登录页 响应时间"] == ["1938 毫秒", "38 毫秒", "-1900 毫秒"]
    assert found["his-db1", "主机是否重启"][1] == "是"
    assert found["his-db1", "连续运行时间"] == ["231 天 11 小时", "41 秒", "重新计时"]


def test_a_restart_is_a_draft_until_somebody_says_whether_it_helped() -> None:
    assert document("restart").draft
    assert "效果评价待填写" in alerts(document("restart"))
    assert not document("restart-assessed", "tuning").draft
    assert document("restart-assessed", "tuning").title == "性能优化实施记录"


def test_a_failure_wants_cause_and_measures() -> None:
    assert judgement.missing(runs.carried_out("rolled-back"), "patch") == ("原因分析", "后续措施")


def test_what_a_host_told_in_another_shape_counts_as_not_told() -> None:
    """Missing is never healthy: no figure, no check and no hash is made up, and nothing falls over."""
    made = document("hostile")
    assert made.draft
    assert "台账无逐项检查记录" in said(made)
    assert [row for row in rows(made, "实施前") if row[1] == "可用内存"] == []
    assert "\u202e" not in json.dumps(to_tree(made), ensure_ascii=False)


def test_a_host_of_which_nothing_was_asked_is_named() -> None:
    """Services alone were compared: whoever reads it must not think that a page was opened."""
    assert "his-app1：计划未列业务检查项" in said(document("resumed"))
    assert "计划未列业务检查项" not in said(document("done"))


def test_every_entry_that_it_rests_on_stands_in_the_annex_with_its_hash() -> None:
    done = runs.carried_out("done")
    text = said(document("done"))
    assert {entry.kind for entry in done.entries} >= {"plan.frozen", "approval.given", "approval.used", "supervisor.in",
                                                     "supervisor.out", "phase.observed", "change.finished"}  # fmt: skip
    assert all(entry.hash in text for entry in done.entries)
    assert all(one in text for entry in done.entries for one in entry.attachments)


def test_signatures_and_presence_are_those_of_the_run() -> None:
    done = runs.carried_out("done")
    assert [one.person for one in done.approvals] == ["李主任", "王工"]
    (stay,) = done.stays
    assert stay.left is not None
    assert stay.came.at < done.done.started_at < stay.left.at
    assert all(span.ended_at for span in done.locks)
    assert [span.host for span in runs.carried_out("upgrade-stuck").locks if span.ended_at is None] == ["his-app1"]


def test_the_same_ledger_gives_the_same_document() -> None:
    """Nothing in it is now: a copy that was handed over can be compared."""
    runs.carried_out.cache_clear()
    first = to_tree(document("done"))
    runs.carried_out.cache_clear()
    assert to_tree(document("done")) == first


@pytest.mark.parametrize(
    ("recorded", "chinese"),
    [
        ("web must not be changed now", "web 现不得变更，全部主机均不开始"),
        ("120 s are left of the window, the change wants 300 s and its rollback 60 s",
         "时间窗口剩余 120 秒，不足以完成变更（300 秒）并回退（60 秒）"),
        ("李主任 asked to pause it: 急诊高峰", "李主任 要求暂停，理由：急诊高峰"),
        ("not healthy: unit x: x.service is failed (failed); y.service has failed",
         "健康检查未通过：服务 x.service 的状态为 failed（failed）；y.service 已失败"),
        (runs.RESTORE_ONLY,
         "数据库结构已升级且没有降级方法，只能由恢复点恢复，其后写入的数据将丢失，须另行批准；新版本保留，主机不接收请求，待人决定"),
    ],
)  # fmt: skip
def test_reasons_of_the_engine_are_said_in_chinese(recorded: str, chinese: str) -> None:
    assert reason(recorded) == chinese


def test_assessing_keeps_what_was_entered_before(tmp_path: object) -> None:
    night = signed(str(tmp_path), sample_restarts.restart())
    assess(night.ledger, runs.RUN, effect="有效", cause="", remaining="", by="张伟")
    later = assess(night.ledger, runs.RUN, effect="", cause="内存泄漏", remaining="", by="赵敏")
    assert (later.effect, later.cause, later.by) == ("有效", "内存泄漏", "赵敏")
    assert len(change_record(night.ledger, runs.RUN).assessments) == 2
    with pytest.raises(NotFound, match="no run 'C1'"):
        assess(night.ledger, "C1", effect="x", cause="", remaining="", by="张伟")
    night.ledger.close()
