"""时间安排: what was planned for when, and when it was done, batch by batch and phase by phase."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from maintkit.documents import wording
from maintkit.documents.glossary import OUTCOME, OUTCOME_TONE, PHASE
from maintkit.documents.header import Header
from maintkit.documents.model import Block, Cell, Column, Paragraph, Table
from maintkit.evidence.change_record import HostRecord
from maintkit.plans.implementation import Implementation
from maintkit.plans.model import PlanHost

_FORWARD = ("backup", "change", "verify", "rollback")


def section(done: Implementation, header: Header) -> tuple[Block, ...]:
    """The whole, the hosts in the order of the plan, every phase."""
    return (Paragraph(text=_whole(done, header)), _batches(done, header), _phases(done, header))


def overrun(done: Implementation) -> str:
    """What has to be said when the run ended after its window; empty when it did not, or has not ended."""
    late = done.done.overrun_s
    return f"超出批准的时间窗口 {wording.duration(late)}后结束。" if late else ""


def _whole(done: Implementation, header: Header) -> str:
    ran, zone = done.done, header.zone
    began = wording.second(ran.started_at, zone)
    if ran.finished_at is None:
        return f"{began} 开始，台账无结束记录。计划用时 {wording.duration(done.plan.total_s)}。"
    took = wording.took(int((ran.finished_at - ran.started_at) / timedelta(milliseconds=1)))
    ended = wording.second(ran.finished_at, zone)
    inside = overrun(done) or "在批准的时间窗口内结束。"
    return f"{began} 开始，{ended} 结束，实际用时 {took}，计划用时 {wording.duration(done.plan.total_s)}；{inside}"


def _batches(done: Implementation, header: Header) -> Table:
    return Table(
        caption="各主机计划与实际时间",
        columns=(
            Column(title="批次", width=9, align="center"),
            Column(title="主机", width=17),
            Column(title="计划开始", width=18, align="center"),
            Column(title="计划用时", width=12, align="right"),
            Column(title="实际开始", width=20, align="center"),
            Column(title="实际结束", width=20, align="center"),
        ),
        rows=tuple(_rows(done, header)),
    )


def _rows(done: Implementation, header: Header) -> Iterator[tuple[Cell, ...]]:
    """Planned from the window's start, as 《升级申请》 says it; begun is what follows the first check of all hosts."""
    at = done.done.window[0]
    records = {host.name: host for host in done.done.hosts}
    for number, batch in enumerate(done.plan.batches, start=1):
        for name in batch:
            forward = done.plan.host(name).forward_s
            begun = [one for one in records[name].phases if one.phase in _FORWARD] if name in records else []
            ends = [one.ended_at for one in records[name].phases if one.ended_at] if begun else []
            yield (
                Cell(text=str(number)),
                Cell(text=name),
                Cell(text=wording.moment(at, header.zone)),
                Cell(text=wording.duration(forward)),
                Cell(text=wording.moment(begun[0].begun_at, header.zone) if begun else "未开始"),
                Cell(text=wording.moment(max(ends), header.zone) if ends else wording.NOTHING),
            )
            at += timedelta(seconds=forward)


def _phases(done: Implementation, header: Header) -> Table:
    return Table(
        caption="各阶段",
        columns=(
            Column(title="主机", width=16),
            Column(title="阶段", width=15),
            Column(title="计划用时", width=12, align="right"),
            Column(title="实际开始", width=20, align="center"),
            Column(title="实际结束", width=20, align="center"),
            Column(title="实际用时", width=12, align="right"),
            Column(title="结果", width=13, align="center"),
        ),
        rows=tuple(row for host in done.done.hosts for row in _host(host, done.plan.host(host.name), header)),
        empty="没有任何阶段开始",
    )


def _host(host: HostRecord, planned: PlanHost, header: Header) -> Iterator[tuple[Cell, ...]]:
    rolled_back = False
    for one in host.phases:
        title = PHASE.get(one.phase, one.phase)
        yield (
            Cell(text=host.name),
            Cell(text="回退后复查" if rolled_back and one.phase == "precheck" else title),
            Cell(text=_planned(planned, one.phase)),
            Cell(text=wording.moment(one.begun_at, header.zone)),
            Cell(text=wording.moment(one.ended_at, header.zone)),
            Cell(text=wording.took(one.took_ms)),
            Cell(text=OUTCOME.get(one.outcome, one.outcome), tone=OUTCOME_TONE.get(one.outcome, "plain")),
        )
        rolled_back = rolled_back or one.phase == "rollback"


def _planned(planned: PlanHost, phase: str) -> str:
    steps = [step.estimate.seconds for step in planned.steps if step.phase == phase]
    return wording.duration(sum(steps)) if steps else "未估算"
