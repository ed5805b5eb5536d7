"""《重大故障应急响应预案》: levels and clocks, whom to call, what runs where, in which order it comes back."""

from __future__ import annotations

from maintkit.contract.sla import Level
from maintkit.documents import wording
from maintkit.documents.header import Header, parties, sign_off
from maintkit.documents.model import Cell, Column, Document, Heading, KeyValue, KeyValues, Paragraph, Table
from maintkit.documents.parts.faults import SCOPE
from maintkit.documents.parts.readiness import tables as part
from maintkit.documents.parts.readiness.ready import Ready, gaps

KIND = "emergency-plan"
BLANKS = {  # what only a person can say
    "command": "应急指挥与决策",
    "substitute": "业务替代措施",
    "communication": "信息通报",
}
_STATEMENT = "双方确认：已阅本预案，按本预案组织重大故障的应急响应。"


def emergency_plan(ready: Ready, header: Header) -> Document:
    """The plan; a draft until every blank is written and an inspection has seen the hosts."""
    found = gaps(ready, header)
    faults = ready.contract.faults
    return Document(
        kind=KIND,
        number=ready.number,
        title="重大故障应急响应预案",
        organisation=header.hospital,
        cover=KeyValues(
            items=(
                *parties(header),
                KeyValue(label="依据截至", text=wording.instant(ready.at, header.zone)),
                KeyValue(label="适用系统", text="、".join(map(header.system, ready.contract.systems)), wide=True),
            )
        ),
        blocks=(
            *part.alerts(ready, found, BLANKS),
            Heading(text="一、故障分级与时限"),
            Paragraph(text="时限自通过约定渠道报告之时起，按自然时间昼夜连续计算。"),
            _levels(faults.levels),
            Heading(text="二、报告与响应流程"),
            *_course(ready),
            Heading(text="三、应急指挥与决策"),
            part.blank(ready, "command", header),
            Heading(text="四、应急联系人"),
            part.contacts(ready),
            Heading(text="五、系统与主机"),
            *part.topology(ready, header),
            Heading(text="六、系统恢复次序"),
            part.order(ready, header),
            Heading(text="七、业务替代措施"),
            part.blank(ready, "substitute", header),
            Heading(text="八、信息通报"),
            part.blank(ready, "communication", header),
            Heading(text="九、恢复能力缺口"),
            part.gap_table(found),
            Heading(text="十、评审与修订"),
            Paragraph(text=_review(ready)),
            Heading(text="十一、证据"),
            part.proof(ready, BLANKS, header),
            sign_off(header, _STATEMENT),
        ),
        footer=f"编号 {ready.number}　依据截至 {wording.instant(ready.at, header.zone)}",
        dated=ready.at,
        draft=bool(part.missing(ready, BLANKS)) or ready.inspection is None,
    )


def _levels(levels: tuple[Level, ...]) -> Table:
    return Table(
        columns=(
            Column(title="级别", width=8, align="center"),
            Column(title="情形", width=50),
            Column(title="响应", width=14, align="center"),
            Column(title="到场", width=14, align="center"),
            Column(title="恢复或替代", width=14, align="center"),
        ),
        rows=tuple(
            (
                Cell(text=level.id, tone="strong"),
                Cell(text=level.when_zh),
                Cell(text=part.length(level.respond)),
                Cell(text=part.length(level.on_site) if level.on_site else "不要求"),
                Cell(text=part.length(level.restore)),
            )
            for level in levels
        ),
    )


def _course(ready: Ready) -> tuple[Paragraph, ...]:
    """The steps that the contract itself gives, numbered."""
    faults = ready.contract.faults
    report = faults.report
    scopes = f"及影响范围为{'、'.join(SCOPE[scope] for scope in report.scopes)}的" if report.scopes else ""
    owed = f"{'、'.join(report.levels)} 级{scopes}故障"
    steps = (
        f"报告：发现人通过{'、'.join(faults.channels)}报告服务方；口头报告同样计时，受理渠道记入台账。",
        "定级：按影响范围、性质与严重程度，由合同约定的规则定级；级别变更记明同意人、时间与理由。",
        f"响应与到场：按第一节的时限；紧急故障远程不能解决的，{part.length(faults.urgent_on_site)}内到场。",
        "处置：在时限内恢复业务，或提供可行的替代办法（第七节）；每一步骤、措施与结果记入台账。",
        "通报：处理期间向采购人通报进展（第八节），解决后向报告人反馈。",
        f"分析：{owed}在解决后 {part.length(report.within)}内提交《{report.document}》。",
    )
    return tuple(Paragraph(text=f"{place}. {step}") for place, step in enumerate(steps, start=1))


def _review(ready: Ready) -> str:
    duty = ready.contract.duty(KIND)
    within = f"合同签订后 {part.length(duty.within.span)}内制定，" if duty and duty.within else ""
    again = {"yearly": "每年", "half-yearly": "每半年", "quarterly": "每季度", "monthly": "每月"}
    rhythm = again.get(duty.review or "", "定期") if duty else "定期"
    return f"本预案{within}{rhythm}评审一次；系统、主机、联系人或恢复能力发生变化时重新生成并签发。"
