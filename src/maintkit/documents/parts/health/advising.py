"""查询与配置优化建议: what the database servers' own figures say could be done, a form each, and what is not known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from maintkit.analysis.advice import Advice, Insufficient, Said
from maintkit.analysis.advice.applying import ByHand, Planned
from maintkit.analysis.advice.model import ENOUGH_DAYS, Confidence, Takes
from maintkit.documents import wording
from maintkit.documents.model import Block, Cell, Column, Heading, Paragraph, Table
from maintkit.documents.reasons import reason

TAKES: Mapping[Takes, str] = {
    "reload": "重新加载即生效，不须重启",
    "restart": "须重启数据库",
    "online": "在线语句，只短暂等待锁",
    "by-hand": "须人工核实后实施",
}
CONFIDENCE: Mapping[Confidence, str] = {"high": "高", "medium": "中", "low": "低"}
_RULES = (
    "依据数据库自身的统计与参数得出；计数取与一周以上之前的巡检之差，没有的取自重置以来，"
    f"累计不足 {ENOUGH_DAYS} 天的不作建议。语句均已归一化，不含具体数值。"
    "每项建议均须另行提出变更申请，经批准后在时间窗口内实施，并以实施前后的数值验证。"
)


def section(title: str, said: Mapping[str, Sequence[tuple[Said, Planned | ByHand | None]]]) -> tuple[Block, ...]:
    """Host by host, dangers first; what cannot be told stands beside what is well."""
    heading = Heading(text=title)
    if not said:
        text = "台账中没有本次范围内的数据库数据，本报告不作查询与配置优化建议。"
        return (heading, Paragraph(text=text, tone="strong"))
    advice = [(host, one, how) for host, found in said.items() for one, how in found if isinstance(one, Advice)]
    gaps = [(host, one) for host, found in said.items() for one, _ in found if isinstance(one, Insufficient)]
    dangers = sum(one.rule.danger for _, one, _ in advice)
    lead = f"共 {len(advice)} 项建议" + (f"，其中 {dangers} 项关系数据安全，须尽快处理。" if dangers else "。")
    if gaps:
        lead += f"另有 {len(gaps)} 处数据不足，不能据此认为无须优化。"
    return (
        heading,
        Paragraph(text=lead),
        _table(advice),
        *([_gaps(gaps)] if gaps else []),
        Paragraph(text=_RULES, tone="muted"),
    )


def _table(advice: Sequence[tuple[str, Advice, Planned | ByHand | None]]) -> Table:
    return Table(
        columns=(
            Column(title="序号", width=7, align="center"),
            Column(title="对象", width=15),
            Column(title="观察与结论", width=31),
            Column(title="建议", width=25),
            Column(title="风险与恢复", width=22),
        ),
        rows=tuple(_row(number, host, one, how) for number, (host, one, how) in enumerate(advice, 1)),
        empty="已取得的数据中没有须优化的项目",
    )


def _row(number: int, host: str, one: Advice, how: Planned | ByHand | None) -> tuple[Cell, ...]:
    rule = one.rule
    observed = f"{rule.title_zh}。\n{one.observation_zh}\n结论：{one.conclusion_zh}\n依据：{rule.source}"
    advised = f"{one.advice_zh}\n{one.sql}" if one.sql else one.advice_zh
    if isinstance(how, Planned):
        advised += f"\n实施：变更计划（{how.procedure}），{how.then_zh or TAKES[rule.takes]}"
    else:
        advised += f"\n实施：{TAKES[rule.takes]}" + (f"（{how.reason_zh}）" if how and one.change else "")
    return (
        Cell(text=str(number)),
        Cell(text=f"{host}\n{one.subject}", tone="crit" if rule.danger else "strong"),
        Cell(text=observed),
        Cell(text=f"{advised}\n把握：{CONFIDENCE[rule.confidence]}"),
        Cell(text=f"{rule.risk_zh}\n恢复：{rule.undo_zh}"),
    )


def _gaps(gaps: Sequence[tuple[str, Insufficient]]) -> Table:
    return Table(
        columns=(
            Column(title="对象", width=28),
            Column(title="项目", width=24),
            Column(title="数据不足的原因", width=48),
        ),
        rows=tuple(
            (
                Cell(text=f"{host} {one.subject}"),
                Cell(text=one.rule.title_zh if one.rule else wording.NOTHING),
                Cell(text=f"{one.reason_zh}（{reason(one.why)}）" if one.why else one.reason_zh),
            )
            for host, one in gaps
        ),
    )
