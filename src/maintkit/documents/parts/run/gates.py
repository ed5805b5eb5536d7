"""检查结果: every gate that was asked after the change, how often, over which time, and how it answered."""

from __future__ import annotations

from collections.abc import Iterator

from maintkit.documents import wording
from maintkit.documents.glossary import PHASE
from maintkit.documents.header import Header
from maintkit.documents.model import Block, Cell, Column, Paragraph, Table
from maintkit.documents.reasons import reason
from maintkit.evidence.change_record import HostRecord, PhaseRecord
from maintkit.evidence.phase_document import Gate, Round, Since
from maintkit.plans.implementation import Implementation
from maintkit.plans.model import PlanHost

_WHOLE = "整机服务对比（丢失、失败、反复拉起）"


def section(done: Implementation, header: Header) -> tuple[Block, ...]:
    """A line a gate, for every phase that asks gates after something was changed."""
    return (
        Paragraph(text="“次数”为通过次数／检查次数。首次通过之前的检查最多留存 10 次；时刻取自主机时钟。"),
        *_ungated(done),
        Table(
            columns=(
                Column(title="主机", width=14),
                Column(title="阶段", width=10, align="center"),
                Column(title="检查项", width=28),
                Column(title="次数", width=9, align="center"),
                Column(title="观察期", width=22, align="center"),
                Column(title="最长响应", width=10, align="right"),
                Column(title="最后结果", width=17),
            ),
            rows=tuple(row for host in done.done.hosts for row in _host(host, done.plan.host(host.name), header)),
            empty="变更未开始，没有变更后的检查",
        ),
    )


def _ungated(done: Implementation) -> tuple[Paragraph, ...]:
    """Hosts of which the plan asks nothing: then only the services are compared, and nobody must think otherwise."""
    bare = [one.name for one in done.done.hosts if not done.plan.host(one.name).gates and _bare(one)]
    said = f"{'、'.join(bare)}：计划未列业务检查项（服务、端口、页面），只核对整机服务与软件包。"
    return (Paragraph(text=said, tone="strong"),) if bare else ()


def _bare(host: HostRecord) -> bool:
    rounds = [each for one in host.phases if one.document for each in one.document.rounds]
    return bool(rounds) and not any(each.gates for each in rounds)


def _packages(host: HostRecord, one: PhaseRecord, since: Since, planned: PlanHost) -> tuple[Cell, ...]:
    """The whole list of packages against what it should be: the plan's, and after going back the old one."""
    wanted = {(p.name, p.before or "", p.after or "") for p in planned.packages} if one.phase == "verify" else set()
    found = {(p.package.partition(":")[0], p.before, p.after) for p in since.packages}
    odd = sorted({name for name, _, _ in wanted ^ found})
    wants = "计划" if one.phase == "verify" else "变更前"
    said = f"与{wants}不同：{'、'.join(odd)}" if odd else "一致"
    nothing = wording.NOTHING
    name = f"整机软件包清单与{wants}比对"
    return _line(host, one, name, f"{int(not odd)}／1", nothing, nothing, said, ok=not odd)


def _host(host: HostRecord, planned: PlanHost, header: Header) -> Iterator[tuple[Cell, ...]]:
    for one in host.phases:
        if one.phase in ("verify", "rollback"):
            rounds = one.document.rounds if one.document else ()
            yield from (_rounds(host, one, rounds, header) if rounds else (_none(host, one),))
            if one.document and one.document.since:
                yield _packages(host, one, one.document.since, planned)


def _rounds(
    host: HostRecord, one: PhaseRecord, rounds: tuple[Round, ...], header: Header
) -> Iterator[tuple[Cell, ...]]:
    first, last = rounds[0].instant, rounds[-1].instant
    span = f"{wording.second(first, header.zone)[11:]} 至 {wording.second(last, header.zone)[11:]}"
    asked: dict[str, list[Gate]] = {}
    for gate in (gate for each in rounds for gate in each.gates):
        asked.setdefault(gate.gate, []).append(gate)
    for name, gates in asked.items():
        well = sum(gate.ok for gate in gates)
        slowest = wording.quantity(max(gate.took_ms for gate in gates), "ms")
        said = "通过" if gates[-1].ok else reason(gates[-1].said) or "未通过"
        yield _line(host, one, name, f"{well}／{len(gates)}", span, slowest, said, ok=gates[-1].ok)
    own = [_of_the_host(each) for each in rounds]
    well = sum(not problems for problems in own)
    said = "通过" if not own[-1] else "；".join(reason(text) for text in own[-1])
    yield _line(host, one, _WHOLE, f"{well}／{len(own)}", span, wording.NOTHING, said, ok=not own[-1])


def _of_the_host(one: Round) -> tuple[str, ...]:
    """Problems of a round that no gate named."""
    named = {f"{gate.gate}: {gate.said}" for gate in one.gates if not gate.ok}
    return tuple(text for text in one.problems if text not in named)


def _none(host: HostRecord, one: PhaseRecord) -> tuple[Cell, ...]:
    said = {"failed": "阶段失败，见“偏差与异常”", "ok": "阶段完成，逐项结果未记录"}
    text = said.get(one.outcome, "没有结果，不得视为通过")
    nothing = wording.NOTHING
    return _line(host, one, "台账无逐项检查记录", nothing, nothing, nothing, text, ok=one.outcome == "ok")


def _line(
    host: HostRecord, one: PhaseRecord, name: str, count: str, span: str, slowest: str, said: str, *, ok: bool
) -> tuple[Cell, ...]:
    return (
        Cell(text=host.name),
        Cell(text=PHASE[one.phase]),
        Cell(text=name),
        Cell(text=count),
        Cell(text=span),
        Cell(text=slowest),
        Cell(text=said, tone="plain" if ok else "crit"),
    )


def answered(host: HostRecord) -> str:
    """What the gates said before the change, in a few words."""
    checked = next((one.document for one in host.of("precheck") if one.document), None)
    rounds = checked.rounds if checked else ()
    if not rounds or not rounds[-1].gates:
        return "台账无逐项记录"
    bad = [gate for gate in rounds[-1].gates if not gate.ok]
    slowest = max(gate.took_ms for gate in rounds[-1].gates)
    well = f"{len(rounds[-1].gates)} 项均通过，最长响应 {wording.quantity(slowest, 'ms')}"
    return "；".join(f"{gate.gate}：{reason(gate.said)}" for gate in bad) or well
