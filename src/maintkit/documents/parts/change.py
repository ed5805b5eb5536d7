"""What a plan will do, for the documents of a change: content, steps, timetable, risks, the way back."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import timedelta, tzinfo

from maintkit.documents import wording
from maintkit.documents.glossary import PHASE, RISK, ROLLBACK
from maintkit.documents.model import Block, Cell, Column, Heading, Paragraph, Table, Tone
from maintkit.documents.parts.difference import differences
from maintkit.plans.model import Plan, PlanHost, Step
from maintkit.plans.window import Window

_TONE: dict[str, Tone] = {"point-of-no-return": "crit", "restore-only": "warn", "high": "strong"}


def window_text(window: Window | None, zone: tzinfo) -> str:
    """`2026-11-28 23:30 至 2026-11-29 05:00（UTC+08:00）`, or that none was asked for."""
    if window is None:
        return "尚未申请"
    start, end = wording.instant(window.start, zone), wording.instant(window.end, zone)
    return f"{start} 至 {end}（{wording.offset(window.start, zone)}）"


def irreversible(plan: Plan) -> tuple[str, ...]:
    """The titles of steps that cannot simply be undone."""
    found = (
        step for host in plan.hosts for step in host.steps if step.rollback in ("restore-only", "point-of-no-return")
    )
    return tuple(dict.fromkeys(step.title_zh for step in found))


def content(plan: Plan) -> tuple[Block, ...]:
    """Hosts with what is restarted, packages by version, parameters."""
    return (
        Table(
            caption="主机",
            columns=(
                Column(title="主机", width=18),
                Column(title="地址", width=20),
                Column(title="机器标识（machine-id）", width=27),
                Column(title="重启", width=20),
                Column(title="摘除于", width=15),
            ),
            rows=tuple(_host(host) for host in plan.hosts),
        ),
        Table(
            caption="软件包",
            columns=(
                Column(title="软件包", width=28),
                Column(title="原版本", width=24),
                Column(title="目标版本", width=24),
                Column(title="主机", width=24),
            ),
            rows=tuple(_packages(plan)),
            empty="本计划不改变软件包",
        ),
        *differences(plan),
        *_parameters(plan),
    )


def steps(plan: Plan) -> tuple[Block, ...]:
    """A table for each set of hosts that go through the same steps, in order."""
    groups: dict[tuple[Step, ...], list[str]] = {}
    for host in plan.hosts:
        groups.setdefault(_rollback_last(host.steps), []).append(host.name)
    blocks: list[Block] = []
    for number, (same, hosts) in enumerate(groups.items(), start=1):
        if len(groups) > 1:
            blocks.append(Heading(text=f"步骤 {number}", level=2))
        blocks += [Paragraph(text=f"适用主机：{'、'.join(hosts)}"), _step_table(same)]
    return tuple(blocks)


def timetable(plan: Plan, window: Window | None, zone: tzinfo) -> tuple[Block, ...]:
    """The batches with predicted times from the window's start, and whether all of it fits."""
    said = (
        f"时间窗口：{window_text(window, zone)}。预计全部完成需 {wording.duration(plan.total_s)}；最长一台主机"
        f" {wording.duration(plan.worst_step_s)}，其回退 {wording.duration(plan.worst_rollback_s)}。"
        "剩余时间不足以完成一台主机并回退时不再开始下一台；窗口结束后不补做。"
    )
    fits = window is None or timedelta(seconds=plan.total_s + plan.worst_rollback_s) <= window.end - window.start
    warning = () if fits else (Paragraph(text="预计用时加回退超过时间窗口：部分批次可能不会开始。", tone="strong"),)
    table = Table(
        columns=(
            Column(title="批次", width=14, align="center"),
            Column(title="主机", width=40),
            Column(title="预计开始", width=18, align="center"),
            Column(title="预计结束", width=18, align="center"),
            Column(title="预计用时", width=14, align="right"),
        ),
        rows=tuple(_batches(plan, window, zone)),
    )
    return (Paragraph(text=said), *warning, table)


def risks(plan: Plan) -> tuple[Block, ...]:
    """The risk of the whole and of each step above low, and whether the disks have room."""
    above = {step.title_zh: step for host in plan.hosts for step in host.steps if step.risk != "low"}
    drained = sorted({name for host in plan.hosts for name in host.drained_from})
    service = (
        f"实施期间主机由 {'、'.join(drained)} 摘除，其余主机继续服务。" if drained else "实施期间主机不从负载均衡摘除。"
    )
    canary = "首批一台主机先行，验证通过后才继续。" if len(plan.hosts) > 1 else ""
    return (
        Paragraph(text=f"总体风险：{RISK[plan.risk]}。{canary}{service}"),
        Table(
            columns=(
                Column(title="步骤", width=46),
                Column(title="对象", width=36),
                Column(title="风险", width=18, align="center"),
            ),
            rows=tuple(
                (
                    Cell(text=one.title_zh),
                    Cell(text=one.target),
                    Cell(text=RISK[one.risk], tone=_TONE.get(one.risk, "plain")),
                )
                for one in above.values()
            ),
            empty="各步骤风险均为低",
        ),
        Table(
            caption="磁盘空间",
            columns=(
                Column(title="主机", width=24),
                Column(title="文件系统", width=24),
                Column(title="需要（含回退）", width=20, align="right"),
                Column(title="可用", width=16, align="right"),
                Column(title="结论", width=16, align="center"),
            ),
            rows=tuple(_disks(plan)),
            empty="本计划不占用磁盘空间",
        ),
    )


def rollback(plan: Plan) -> tuple[Block, ...]:
    """Backup and rollback steps, and the class of every step that changes something."""
    chosen = {
        (step.phase, step.title_zh): step
        for host in plan.hosts
        for step in host.steps
        if step.phase in ("backup", "change", "rollback")
    }
    shown = _rollback_last(chosen.values())
    back = (
        "变更或验证失败时立即回退已开始变更的主机，以变更前检查验证回退结果，并停止其后全部批次。"
        f"单台主机回退预计不超过 {wording.duration(plan.worst_rollback_s)}。"
    )
    undoes = (
        f"本计划以实施 {plan.undoes} 在各主机上留存的内容恢复其实施前的状态，不另作备份，本身没有再回退的步骤；"
        "失败时停止其后全部批次，主机保持锁定，按 P1 故障与人工恢复步骤处理。"
    )
    return (
        Paragraph(text=undoes if plan.undoes else back),
        Table(
            columns=(
                Column(title="阶段", width=14, align="center"),
                Column(title="步骤", width=46),
                Column(title="回退类别", width=26),
                Column(title="预计用时", width=14, align="right"),
            ),
            rows=tuple(
                (
                    Cell(text=PHASE[step.phase]),
                    Cell(text=step.title_zh),
                    Cell(text=ROLLBACK[step.rollback], tone=_TONE.get(step.rollback, "plain")),
                    Cell(text=wording.duration(step.estimate.seconds)),
                )
                for step in shown
            ),
            empty="本计划没有备份、变更与回退步骤",
        ),
    )


def _host(host: PlanHost) -> tuple[Cell, ...]:
    restarts = [*host.restarts, *(["主机重启"] if host.reboot else [])]
    return (
        Cell(text=host.name),
        Cell(text=host.address),
        Cell(text=host.machine_id),
        Cell(text="\n".join(restarts) or wording.NOTHING),
        Cell(text="\n".join(host.drained_from) or wording.NOTHING),
    )


def _packages(plan: Plan) -> Iterator[tuple[Cell, ...]]:
    """One row for the same change on several hosts."""
    where: dict[tuple[str, str, str], list[str]] = {}
    for host in plan.hosts:
        for one in host.packages:
            key = (f"{one.name}（{one.architecture}）", one.before or "未安装", one.after or "卸载")
            where.setdefault(key, []).append(host.name)
    for key, hosts in where.items():
        shown = f"全部 {len(hosts)} 台" if len(hosts) == len(plan.hosts) > 1 else "、".join(hosts)
        yield (*(Cell(text=text) for text in key), Cell(text=shown))


def _parameters(plan: Plan) -> tuple[Block, ...]:
    if not plan.parameters:
        return ()
    said = "，".join(f"{name} = {json.dumps(value, ensure_ascii=False)}" for name, value in plan.parameters.items())
    return (Paragraph(text=f"参数：{said}"),)


def _step_table(same: Iterable[Step]) -> Table:
    return Table(
        columns=(
            Column(title="序号", width=6, align="center"),
            Column(title="阶段", width=11, align="center"),
            Column(title="步骤", width=25),
            Column(title="对象", width=16),
            Column(title="变更", width=20),
            Column(title="预计用时与依据", width=22),
        ),
        rows=tuple(
            (
                Cell(text=str(number)),
                Cell(text=PHASE[step.phase]),
                Cell(text=step.title_zh),
                Cell(text=step.target),
                Cell(text=_transition(step)),
                Cell(text=f"{wording.duration(step.estimate.seconds)}\n{step.estimate.detail_zh}"),
            )
            for number, step in enumerate(same, start=1)
        ),
        empty="没有步骤",
    )


def _rollback_last(steps: Iterable[Step]) -> tuple[Step, ...]:
    """In their order, with what is only done after a failure at the end."""
    return tuple(sorted(steps, key=lambda step: step.phase == "rollback"))


def _transition(step: Step) -> str:
    if step.before is None and step.after is None:
        return wording.NOTHING
    return f"{step.before or wording.NOTHING} → {step.after or wording.NOTHING}"


def _batches(plan: Plan, window: Window | None, zone: tzinfo) -> Iterator[tuple[Cell, ...]]:
    done = 0
    for number, batch in enumerate(plan.batches, start=1):
        takes = sum(plan.host(name).forward_s for name in batch)
        ends = [window.start + timedelta(seconds=done + more) if window else None for more in (0, takes)]
        canary = "（先行）" if number == 1 and len(plan.hosts) > 1 else ""
        yield (
            Cell(text=f"第 {number} 批{canary}"),
            Cell(text="、".join(batch)),
            *(Cell(text=wording.instant(at, zone)) for at in ends),
            Cell(text=wording.duration(takes)),
        )
        done += takes


def _disks(plan: Plan) -> Iterator[tuple[Cell, ...]]:
    for host in plan.hosts:
        for need in host.disk:
            yield (
                Cell(text=host.name),
                Cell(text=need.path),
                Cell(text=wording.quantity(need.need_bytes, "bytes")),
                Cell(text=wording.quantity(need.free_bytes, "bytes")),
                Cell(text="充足" if need.fits else "不足", tone="plain" if need.fits else "crit"),
            )
