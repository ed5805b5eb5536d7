"""偏差与异常: everything that did not go as planned, in the order in which it happened."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from maintkit.documents import wording
from maintkit.documents.glossary import HOST_STATE, OUTCOME, PHASE
from maintkit.documents.header import Header
from maintkit.documents.model import Block, Cell, Column, Paragraph, Table, Tone
from maintkit.documents.parts import left
from maintkit.documents.parts.run.permission import unapproved
from maintkit.documents.parts.run.times import overrun
from maintkit.documents.reasons import reason
from maintkit.evidence.accomplished import accomplished
from maintkit.evidence.change_record import HostRecord, PhaseRecord
from maintkit.plans.implementation import Implementation

_LAST = 2**63  # what no entry says by itself stands behind the entries of the same instant
_WISH = {"pause": "要求暂停", "abort": "要求中止"}


@dataclass(frozen=True, kw_only=True)
class Deviation:
    """One thing, of a host or of the whole run."""

    at: datetime
    host: str
    what: str
    why: str
    tone: Tone = "plain"
    seq: int | None = None


def section(done: Implementation, header: Header) -> tuple[Block, ...]:
    """All deviations; when there are none, only what the ledger can say."""
    found = sorted(deviations(done, header), key=lambda one: (one.at, one.seq or _LAST))
    if not found:
        return (Paragraph(text="台账未记录偏差：没有失败、失去联系、回退、暂停、重新开始、超时或未经批准的情况。"),)
    return (
        Table(
            columns=(
                Column(title="时间", width=18, align="center"),
                Column(title="主机", width=14),
                Column(title="事项", width=20),
                Column(title="原因与说明", width=39),
                Column(title="台账", width=9, align="center"),
            ),
            rows=tuple(
                (
                    Cell(text=wording.moment(one.at, header.zone)),
                    Cell(text=one.host or "（全部）"),
                    Cell(text=one.what, tone=one.tone),
                    Cell(text=one.why or wording.NOTHING),
                    Cell(text=f"#{one.seq}" if one.seq else wording.NOTHING),
                )
                for one in found
            ),
        ),
    )


def deviations(done: Implementation, header: Header) -> Iterator[Deviation]:
    """In no order."""
    for host in done.done.hosts:
        yield from _of(host)
    yield from _of_the_run(done, header)
    for span in done.locks:
        if span.broken_by and span.ended_at:
            why = f"{span.broken_by} 签署"
            yield Deviation(at=span.ended_at, host=span.host, what="锁被强制解除", why=why, tone="crit")


def _of(host: HostRecord) -> Iterator[Deviation]:
    rolled_back = False
    for one in host.phases:
        rolled_back = rolled_back or one.phase == "rollback"
        yield from _phase(host.name, one, after_rollback=rolled_back and one.phase == "precheck")
    for held in host.held:
        what = "未继续" if host.change_begun else "未开始变更"
        yield Deviation(at=held.at, host=host.name, what=what, why=reason(held.text), tone="warn", seq=held.seq)
    for again in host.reopened:
        yield Deviation(at=again.at, host=host.name, what="状态未知后重新核实", why="", seq=again.seq)
    if host.state in ("rollback-failed", "unknown") and host.closed_at:
        word = f"主机以“{HOST_STATE[host.state]}”结束"
        yield Deviation(at=host.closed_at, host=host.name, what=word, why="主机保持锁定，待人工处理", tone="crit")


def _phase(host: str, one: PhaseRecord, *, after_rollback: bool) -> Iterator[Deviation]:
    title = "回退后复查" if after_rollback else PHASE.get(one.phase, one.phase)
    at = one.ended_at or one.begun_at
    if one.outcome not in ("ok", "nothing"):
        tone: Tone = "crit" if one.outcome == "failed" else "warn"
        why = reason(one.reason) or ("台账没有该阶段的结果，实际做到哪一步不明" if one.outcome == "begun" else "")
        what = f"{title}{OUTCOME.get(one.outcome, one.outcome)}"
        yield Deviation(at=at, host=host, what=what, why=why, tone=tone, seq=one.seq)
    elif after_rollback:
        yield Deviation(at=at, host=host, what="回退后复查通过", why="变更前检查再次通过，回退得到确认", seq=one.seq)
    elif one.phase == "rollback":
        yield Deviation(at=at, host=host, what="已执行回退", why=_rollback(one), tone="warn", seq=one.seq)
    elif one.phase == "change" and (came := accomplished([one.document])).left:
        why = f"{left.counted(came)}：\n{left.listed(came)}"
        yield Deviation(at=at, host=host, what=left.short(came), why=why, tone="warn", seq=one.seq)
    if one.document and one.document.deadman and one.document.deadman.by == "host":
        why = "未在时限内得到确认，主机按预设自行恢复原状"
        yield Deviation(at=at, host=host, what="主机自行恢复", why=why, tone="warn")


def _rollback(one: PhaseRecord) -> str:
    if one.document and "drill" in one.document.facts:
        return "演练副本已清除"
    since = one.document.since if one.document else None
    if since is None:
        restored = one.document.text("sha256") if one.document else ""
        return f"文件已恢复，校验值 {restored}" if restored else "回退阶段完成；与变更前的逐项对比未记录"
    return "整机软件包清单与变更前一致" if not since.packages else f"仍有 {len(since.packages)} 个软件包与变更前不同"


def _of_the_run(done: Implementation, header: Header) -> Iterator[Deviation]:
    ran = done.done
    if ran.ground == "emergency":
        why = unapproved(done, header)
        yield Deviation(at=ran.started_at, host="", what="未经书面批准（紧急）", why=why, tone="crit")
    if not done.stays:
        what = "无现场监督人签到"
        yield Deviation(at=ran.started_at, host="", what=what, why="台账无签到记录", tone="warn")
    for one in done.stays:
        if one.left and ran.finished_at and ran.started_at <= one.left.at < ran.finished_at:
            why = f"{one.person} 于实施结束前签退"
            yield Deviation(at=one.left.at, host="", what="现场监督中断", why=why, tone="warn", seq=one.left.seq)
    for wish in ran.wishes:
        what = f"{wish.by}{_WISH.get(wish.text, wish.text)}"
        yield Deviation(at=wish.at, host="", what=what, why=wish.why, seq=wish.seq)
    for again in ran.resumptions:
        why = f"由 {again.by} 继续（程序版本 {again.text}）；各阶段先核实主机已有的结果，不重复执行"
        yield Deviation(at=again.at, host="", what="中断后继续实施", why=why, tone="warn", seq=again.seq)
    if overrun(done) and ran.finished_at:
        yield Deviation(at=ran.finished_at, host="", what="超出时间窗口", why=overrun(done), tone="crit")
