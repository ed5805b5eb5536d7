"""服务义务: how every duty of the contract stands at a period's end, and what was done for it in the period."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date

from maintkit.contract.due import Standing, State
from maintkit.contract.duties import Rhythm
from maintkit.contract.owed import Evidence
from maintkit.documents import wording
from maintkit.documents.model import Cell, Column, Table, Tone

STATE: Mapping[State, str] = {
    "met": "已履行",
    "not-due": "未到期",
    "due-soon": "即将到期",
    "overdue": "已逾期",
    "undetermined": "未能判定",
}
_TONE: Mapping[State, Tone] = {"due-soon": "warn", "overdue": "crit", "undetermined": "strong"}
RHYTHM: Mapping[Rhythm, str] = {
    "weekly": "每周", "monthly": "每月", "quarterly": "每季度", "half-yearly": "每半年", "yearly": "每年",
    "once": "一次", "as-needed": "按需", "at-end": "合同期满",
}  # fmt: skip
MOST_SOURCES = 4  # of what was done and what was missed, the newest stand by name
MOST_PERIODS = 4
_REASONS = (
    (r"as needed: owed by no date", "按需进行，没有期限"),
    (r"nothing more is owed", "不再有应履行的期次"),
    (r"runs from (\S+), of which nothing is seen", r"自 \1 完成之时起算，台账中没有其记录"),
    (r"maintkit does not see this by itself.*", "程序不能自行看到其履行，须由人登记"),
    (
        r"one host is enough here, and inspections tell the age of antivirus definitions",
        "在一台主机上实施即计入，其余主机是否需要由双方核对；病毒库时效见巡检记录",
    ),
    (r"counts when it is issued: .*", "文件签发后方计入"),
    (r"a package of everything is asked for: .*", "须移交全部文件与台账，不限期间"),
    (r"counts when every host's packages were looked at", "每台主机的软件包均已检查时方计入"),
    (r"(\S+) does not count: saw no .*", r"巡检 \1 不计入：未取得应有的检查结果"),
    (
        r"(\S+) does not count: nobody has looked at (\d+) of (\d+) rows .*",
        r"深度巡检 \1 不计入：\3 个人工检查项有 \2 个未填写",
    ),
    (r"(\S+) does not count: critical findings .*", r"巡检 \1 不计入：严重异常尚无处理意见"),
    (r"(\S+) does not count: nothing was done in it", r"实施 \1 不计入：各项均未做"),
    (r"to be looked at again after (\S+), topology: .*", r"\1 主机、系统归属或地址有变，须复审"),
    (r"to be looked at again after (\S+), engine: .*", r"\1 完成升级，须复审"),
    (r"to be looked at again after (\S+), schedule: .*", r"\1 计划任务或备份配置有变，须复审"),
    (r"the working days of (\d+) are not known to this calendar.*", r"\1 年的工作日历未知"),
)
_WHAT = (
    (r"deep inspection", "深度巡检"),
    (r"inspection", "巡检"),
    (r"vulnerability check", "漏洞检查"),
    (r"handover", "移交"),
    (r"patch", "补丁更新"),
    (r"restart", "重启"),
    (r"reindex", "索引重建"),
    (r"change_indexes", "索引增删"),
    (r"rebuild_tables", "表重建"),
    (r"housekeeping", "日志与旧文件清理"),
    (r"vacuum", "数据库清理"),
    (r"config", "参数调整"),
    (r"restore_drill", "备份恢复演练"),
    (r"(\d+) functions watched", r"监测功能 \1 项"),
    (r"inspection-summary", "签发季度巡检记录汇总单"),
    (r"health-report", "签发系统健康检查与性能分析报告"),
    (r"recovery-manual", "签发数据恢复操作手册"),
    (r"incident-summary", "签发月度故障汇总"),
    (r"knowledge-update", "签发知识库更新摘要"),
    (r"service-review", "签发服务回顾报告"),
    (r"emergency-plan", "签发重大故障应急响应预案"),
    (r"disaster-plan", "签发灾难恢复计划"),
)
_SOURCES = ((r"entry (\d+)", r"台账 #\1"), (r"week (\d+)W(\d+)", r"\1 年第 \2 周"))
_PERIODS = (
    (r"after (\S+), \S+: .*", r"\1 变更后的复审"),
    (r"after (\S+)", r"\1 之后"),
    (r"review by (\S+)", r"\1 前的复审"),
    (r"once", "首次"),
    (r"end", "期满"),
)


def table(standings: Sequence[Standing], done: Mapping[str, Sequence[Evidence]]) -> Table:
    """Every duty in the contract's order; `done` is the evidence of the period by duty."""
    titles = {one.duty.id: one.duty.title_zh for one in standings}
    return Table(
        columns=(
            Column(title="服务义务", width=18),
            Column(title="周期", width=8, align="center"),
            Column(title="本期履行", width=26),
            Column(title="期末状态", width=10, align="center"),
            Column(title="下次期限", width=14, align="center"),
            Column(title="未履行的期次与说明", width=24),
        ),
        rows=tuple(_row(one, done.get(one.duty.id, ()), titles) for one in standings),
    )


def _row(one: Standing, done: Sequence[Evidence], titles: Mapping[str, str]) -> tuple[Cell, ...]:
    # The reasons name another duty by its id.
    after = one.duty.within.after if one.duty.within else ""
    why = one.reason.replace(f"runs from {after}", f"runs from {titles.get(after, after)}") if after else one.reason
    said = "\n".join((*_missed(one.missed), *(reason_zh(part) for part in why.split("; ") if part)))
    return (
        Cell(text=one.duty.title_zh),
        Cell(text=RHYTHM[one.duty.rhythm]),
        Cell(text=_done(done)),
        Cell(text=STATE[one.state], tone=_TONE.get(one.state, "plain")),
        Cell(text=one.next_due.isoformat() if one.next_due else wording.NOTHING),
        Cell(text=said or wording.NOTHING, tone="strong" if one.missed else "plain"),
    )


def _what(one: Evidence) -> str:
    """What was done, of which period, by whose word, and where it stands."""
    of, by = f" {one.of}" if one.of else "", f"{one.by} 登记，" if one.by else ""
    return f"{done_zh(one.what)}{of}（{by}{_said(one.source, _SOURCES)}）{'（模拟）' if one.simulated else ''}"


def _missed(names: Sequence[str]) -> list[str]:
    """The newest of them by name, the others by number."""
    if not names:
        return []
    shown = "、".join(_said(name, _PERIODS) for name in names[-MOST_PERIODS:])
    more = len(names) - MOST_PERIODS
    return [f"未按期：{shown}{f'，及此前 {more} 期' if more > 0 else ''}"]


def _done(done: Sequence[Evidence]) -> str:
    if not done:
        return "本期没有记录"
    lines = [f"{one.day} {_what(one)}" for one in done[-MOST_SOURCES:]]
    more = len(done) - MOST_SOURCES
    return "\n".join((*([f"另有 {more} 次较早的"] if more > 0 else []), *lines))


def _said(text: str, table_: Sequence[tuple[str, str]]) -> str:
    for pattern, words in table_:
        found = re.fullmatch(pattern, text)
        if found:
            return found.expand(words)
    return text


def done_zh(what: str) -> str:
    """What was done, in Chinese; a person's own words as they stand."""
    return _said(what, _WHAT)


def reason_zh(reason: str) -> str:
    """Why a duty stands as it does, or what nobody can see of it, in Chinese."""
    return _said(reason, _REASONS)


def within(evidence: Sequence[Evidence], first: date, last: date) -> list[Evidence]:
    """The evidence of days from the first to the last, both included; what lacked a word by then is left out."""
    return sorted((one for one in evidence if first <= one.day and one.counts(last)), key=lambda one: one.day)
