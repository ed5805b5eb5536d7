"""实施前后对比: uptime, load, memory, processes and answers, as the hosts measured them before and after."""

from __future__ import annotations

from collections.abc import Iterator

from maintkit.documents import wording
from maintkit.documents.model import Block, Cell, Column, Paragraph, Table
from maintkit.documents.parts.run.content import since_change
from maintkit.documents.reasons import reason
from maintkit.evidence.change_record import HostRecord
from maintkit.evidence.phase_document import Figures, Gate, Measured, PhaseDocument, Service, Sizes, Timed
from maintkit.plans.implementation import Implementation

_UNTOLD = "台账无记录"
_MEASURED = {  # what a step was done to, which of its figures stands on both sides, and what was done
    "rebuild index": ("索引", "大小", "已重建"),
    "create index": ("索引", "大小", "已新建"),
    "drop index": ("索引", "大小", "已移除"),
    "rebuild table": ("表", "大小", "已重建"),
    "vacuum table": ("表", "死元组（行）", "已清理"),
    "analyze table": ("表", "统计后变化（行）", "已分析"),
    "freeze table": ("表", "事务年龄", "已冻结"),
}
_HOW_TIMED = (
    "语句的计划代价由数据库优化器估算，没有单位；执行时间取至多三次执行的中位数。语句在变更即将开始前和验证时各测一次，"
    "只读执行，不改动数据。"
)
Row = tuple[str, str, str, str]


def section(done: Implementation) -> tuple[Block, ...]:
    """A line a figure and host; what only one moment has is shown with the other as not recorded."""
    timed = any(side.statements for host in done.done.hosts for side in _before_and_after(host))
    return (
        Paragraph(
            text="“实施前”取自备份阶段（没有该阶段的取自预检），“实施后”取自最后一次验证；只有一侧有记录的不作比较。"
        ),
        *([Paragraph(text=_HOW_TIMED)] if timed else []),
        Table(
            columns=(
                Column(title="主机", width=15),
                Column(title="指标", width=27),
                Column(title="实施前", width=19, align="right"),
                Column(title="实施后", width=19, align="right"),
                Column(title="变化", width=20, align="right"),
            ),
            rows=tuple(
                tuple(Cell(text=text) for text in (host.name, *row)) for host in done.done.hosts for row in _rows(host)
            ),
            empty="台账无实施前后的运行指标",
        ),
    )


def before(host: HostRecord) -> Figures | None:
    """The figures from before the change, whichever phase told them."""
    told = (host.document(phase) for phase in ("verify", "backup", "precheck"))
    return next((document.figures[0] for document in told if document and document.figures[0]), None)


def measures(figures: Figures) -> tuple[tuple[str, float, str], ...]:
    """Name, value and unit of each figure."""
    share = 100 * figures.memory_available_bytes / figures.memory_total_bytes if figures.memory_total_bytes else 0.0
    return (
        ("连续运行时间", figures.uptime_s, "uptime"),
        ("平均负载（1 分钟）", figures.load[0], ""),
        ("平均负载（15 分钟）", figures.load[2], ""),
        ("可用内存", figures.memory_available_bytes, "bytes"),
        ("可用内存比例", round(share, 1), "percent"),
        ("已用交换区", figures.swap_used_bytes, "bytes"),
    )


def _rows(host: HostRecord) -> Iterator[Row]:
    verified = host.document("verify")
    first, second = before(host), verified.figures[1] if verified else None
    known = first or second
    if known is not None:
        yield from _measured(first, second, known)
    yield from _services(*_both(host, verified))
    yield from _answers(host, verified)
    yield from _worked_on(host)
    yield from _tables_and_statements(host)
    yield from _told(host, verified)
    since = since_change(host)
    if since is not None:
        yield "整机软件包清单差异", wording.NOTHING, f"{len(since.packages)} 个", wording.NOTHING
        yield "主机是否重启", wording.NOTHING, "是" if since.rebooted else "否", wording.NOTHING


def _measured(first: Figures | None, second: Figures | None, known: Figures) -> Iterator[Row]:
    sides = [measures(one) if one else None for one in (first, second)]
    for at, (name, _, unit) in enumerate(measures(known)):
        old, new = (side[at][1] if side else None for side in sides)
        yield _compared(name, old, new, unit)


def _both(
    host: HostRecord, verified: PhaseDocument | None
) -> tuple[dict[str, Service] | None, dict[str, Service] | None]:
    kept = host.document("backup")
    old, new = verified.services if verified else (None, None)
    return old if old is not None else (kept.services[0] if kept else None), new


def _services(old: dict[str, Service] | None, new: dict[str, Service] | None) -> Iterator[Row]:
    for name in sorted({*(old or {}), *(new or {})}):
        was, now = (old or {}).get(name), (new or {}).get(name)
        pids = (was.pid if was else None, now.pid if now else None)
        changed = "已更换" if all(pids) and pids[0] != pids[1] else "未更换" if all(pids) else wording.NOTHING
        yield f"{name} 主进程号", _pid(was), _pid(now), changed
        first, second = (one.memory_bytes if one else None for one in (was, now))
        if first is not None or second is not None:
            yield _compared(f"{name} 内存占用", first, second, "bytes")


def _worked_on(host: HostRecord) -> Iterator[Row]:
    """The figure that each index or table was worked on for, as the host measured it on both sides."""
    change = host.document("change")
    for step in change.steps if change else ():
        if step.action in _MEASURED:
            kind, figure, word = _MEASURED[step.action]
            yield f"{kind} {step.target} {figure}", step.before, step.after, word


def _before_and_after(host: HostRecord) -> tuple[Measured, Measured]:
    """What was measured; before the change it was the first phase that told it."""
    told = (one.document.measured for phase in ("backup", "precheck") for one in host.of(phase) if one.document)
    verified = host.document("verify")
    return next((one for one in told if one != Measured()), Measured()), verified.measured if verified else Measured()


def _tables_and_statements(host: HostRecord) -> Iterator[Row]:
    old, new = _before_and_after(host)
    if old.msg or new.msg:
        was, now = (_lack(one.msg) or wording.NOTHING for one in (old, new))
        yield "语句与表", was, now, wording.NOTHING
    for name in dict.fromkeys([*old.tables, *new.tables]):
        first, second = old.tables.get(name, Sizes()), new.tables.get(name, Sizes())
        yield _compared(f"表 {name} 大小", first.bytes, second.bytes, "bytes")
        yield _compared(f"表 {name} 全部索引", first.index_bytes, second.index_bytes, "bytes")
    for name in dict.fromkeys([*old.statements, *new.statements]):
        yield from _timed(name, old.statements.get(name, Timed()), new.statements.get(name, Timed()))


def _timed(name: str, old: Timed, new: Timed) -> Iterator[Row]:
    if old.cost is not None or new.cost is not None:
        yield _compared(f"语句 {name} 计划代价", old.cost, new.cost, "")
    figure, was, now, change = _compared(f"语句 {name} 执行时间", old.ms, new.ms, "ms")
    yield figure, _lack(old.why) or was, _lack(new.why) or now, change


def _lack(why: str) -> str:
    return f"未测得：{reason(why)}" if why else ""


def _told(host: HostRecord, verified: PhaseDocument | None) -> Iterator[Row]:
    """What the plan had measured, such as a setting, as the host answered on both sides."""
    kept = host.document("backup")
    old, new = kept.measures if kept else {}, verified.measures if verified else {}
    for name in dict.fromkeys([*old, *new]):
        was, now = old.get(name), new.get(name)
        same = wording.NOTHING if not was or not now else "不变" if was == now else "已改变"
        yield name, was or _UNTOLD, now or _UNTOLD, same


def _answers(host: HostRecord, verified: PhaseDocument | None) -> Iterator[Row]:
    """How long each gate took: the median of what was asked before and of the last clean rounds after."""
    checked = next((one.document for one in host.of("precheck") if one.document and one.document.rounds), None)
    old, new = (_medians(document) for document in (checked, verified))
    for name in sorted(set(old) | set(new)):
        yield _compared(f"{name} 响应时间", old.get(name), new.get(name), "ms")


def _medians(document: PhaseDocument | None) -> dict[str, float]:
    asked: dict[str, list[Gate]] = {}
    for each in document.rounds if document else ():
        for gate in each.gates:
            if gate.ok:
                asked.setdefault(gate.gate, []).append(gate)
    return {name: sorted(gate.took_ms for gate in gates)[(len(gates) - 1) // 2] for name, gates in asked.items()}


def _pid(one: Service | None) -> str:
    if one is None:
        return _UNTOLD
    return str(one.pid) if one.pid else f"未运行（{one.active}）"


def _compared(name: str, old: float | None, new: float | None, unit: str) -> Row:
    return name, told(old, unit), told(new, unit), _difference(old, new, unit)


def told(value: float | None, unit: str) -> str:
    """A measure with its unit, or that the ledger has none."""
    if value is None:
        return _UNTOLD
    return wording.uptime(value) if unit == "uptime" else wording.quantity(value, unit)


def _difference(old: float | None, new: float | None, unit: str) -> str:
    if old is None or new is None:
        return wording.NOTHING
    if unit == "uptime":
        return "重新计时" if new < old else "未中断"
    change = round(new - old, 2)
    return f"{'+' if change > 0 else ''}{wording.quantity(change, unit)}" if change else "不变"
