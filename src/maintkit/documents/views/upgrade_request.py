"""升级申请: a plan for the hospital to approve; what was signed so far, or room to sign by hand."""

from __future__ import annotations

from maintkit.documents import wording
from maintkit.documents.glossary import RISK, ROLE
from maintkit.documents.header import Header, parties, sign_off
from maintkit.documents.model import (
    Annex,
    Block,
    Cell,
    Column,
    Document,
    EvidenceItem,
    EvidenceList,
    Heading,
    KeyValue,
    KeyValues,
    Note,
    Paragraph,
    Table,
)
from maintkit.documents.parts import change
from maintkit.plans.model import Plan
from maintkit.plans.record import Application, window_of

TITLE = "升级申请"
MOST_CONTENT_ON_PAPER = 80
_STATEMENT = "采购人已阅知本申请的内容、步骤、时间安排、风险、备份与回退方案，同意在上述时间窗口内实施。"
_SIGNED = "下列批准以 SSH 密钥签署于计划校验值、主机、时间窗口之上，签名原文存于台账，可用 ssh-keygen 独立核验。"
_WATCHED = "实施时须有采购人指定的现场监督人签到；无人签到不得开始，监督人离开后不再开始新的步骤。"
_ON_PAPER = "上列电子签署有效；需要纸质存档时，双方在下方签名、注明日期并盖章。"
_UNSIGNED = "尚无电子签署。以手写方式批准时，请在下方签名、注明日期并盖章。"


def upgrade_request(application: Application, header: Header) -> Document:
    """The application for a plan. It is a draft until a window has been asked for."""
    plan = application.plan
    return Document(
        kind="upgrade-request",
        number=plan.id,
        title=TITLE,
        organisation=header.hospital,
        cover=_cover(application, header),
        blocks=(
            *_alerts(application, header),
            Heading(text="一、升级内容"),
            Paragraph(text=f"申请理由：{plan.reason}"),
            *change.content(plan),
            Heading(text="二、实施步骤"),
            *change.steps(plan),
            Heading(text="三、时间安排"),
            *change.timetable(plan, application.window, header.zone),
            Heading(text="四、风险评估"),
            *change.risks(plan),
            Heading(text="五、备份与回退"),
            *change.rollback(plan),
            Heading(text="六、审批"),
            *_approvals(application, header),
            Heading(text="七、证据"),
            _proof(application),
            _annex(plan),
        ),
        footer=f"编号 {plan.id}　计划 {plan.sha256[:16]}　台账 #{application.head.seq} {application.head.hash[:16]}",
        dated=application.requested_at or plan.created_at,
        draft=application.window is None,
    )


def _cover(application: Application, header: Header) -> KeyValues:
    plan, window = application.plan, application.window
    systems = "、".join(header.system(name) for name in plan.systems) or wording.NOTHING
    return KeyValues(
        items=(
            *parties(header),
            KeyValue(label="申请编号", text=plan.id),
            KeyValue(label="操作", text=f"{plan.title_zh}（{plan.procedure}）"),
            KeyValue(label="申请人", text=plan.requester),
            KeyValue(label="编制时间", text=wording.instant(plan.created_at, header.zone)),
            KeyValue(label="涉及系统", text=systems),
            KeyValue(label="主机数", text=f"{len(plan.hosts)} 台，分 {len(plan.batches)} 批"),
            KeyValue(label="风险等级", text=RISK[plan.risk], tone="strong" if plan.risk == "high" else "plain"),
            KeyValue(label="预计用时", text=wording.duration(plan.total_s)),
            KeyValue(label="时间窗口", text=change.window_text(window, header.zone), wide=True),
        )
    )


def _alerts(application: Application, header: Header) -> tuple[Note, ...]:
    plan = application.plan
    said = [
        f"紧急变更：{one.by} 于 {wording.instant(one.window.start, header.zone)} 声明，有效至"
        f" {wording.instant(one.window.end, header.zone)}，未经批准即可实施。理由：{one.reason}"
        for one in application.emergencies
    ]
    if plan.effect == "none":
        said.append("本计划不改变任何主机。")
    lost = change.irreversible(plan)
    if lost:
        said.append(f"含不可直接回退的步骤：{'、'.join(lost)}，详见第五节。")
    short = [f"{host.name} {need.path}" for host in plan.hosts for need in host.disk if not need.fits]
    if short:
        said.append(f"磁盘空间不足，不得实施：{'、'.join(short)}。")
    if application.window is None:
        said.append("草稿：尚未申请时间窗口。")
    return tuple(Note(kind="alert", text=text) for text in said)


def _approvals(application: Application, header: Header) -> tuple[Block, ...]:
    if not application.approvals:
        return (Paragraph(text=_WATCHED), Paragraph(text=_UNSIGNED), sign_off(header, _STATEMENT))
    rows = tuple(
        (
            Cell(text=one.person),
            Cell(text=ROLE.get(one.act.role, one.act.role)),
            Cell(text=wording.instant(one.at, header.zone)),
            Cell(text=change.window_text(window_of(one.act), header.zone)),
            Cell(text=one.key),
            Cell(text=f"#{one.seq}"),
        )
        for one in application.approvals
    )
    columns = (
        Column(title="签署人", width=12),
        Column(title="身份", width=10),
        Column(title="台账收录时间", width=15, align="center"),
        Column(title="批准的时间窗口", width=25),
        Column(title="密钥指纹", width=30),
        Column(title="台账", width=8, align="center"),
    )
    said = map(_paragraph, (_WATCHED, _STATEMENT, _SIGNED))
    return (*said, Table(columns=columns, rows=rows), sign_off(header, _ON_PAPER))


def _paragraph(text: str) -> Paragraph:
    return Paragraph(text=text)


def _proof(application: Application) -> EvidenceList:
    plan = application.plan
    versions = [EvidenceItem(label=f"版本 {name}", value=version) for name, version in plan.versions.items()]
    return EvidenceList(
        items=(
            EvidenceItem(label="计划校验值（SHA-256）", value=plan.sha256),
            EvidenceItem(label="台账编号", value=plan.ledger),
            EvidenceItem(label="台账链首", value=f"#{application.head.seq} {application.head.hash}"),
            EvidenceItem(label="实施内容", value=f"{len(plan.content)} 个文件，逐一校验，见附表"),
            *versions,
        )
    )


def _annex(plan: Plan) -> Annex:
    long = len(plan.content) > MOST_CONTENT_ON_PAPER
    where = "见本申请电子表格（xlsx）的同名工作表" if long else "任一文件改变一个字节，本申请即告失效"
    return Annex(
        title="附表　实施内容校验值",
        note=f"共 {len(plan.content)} 项，{where}。",
        workbook_only=long,
        table=Table(
            columns=(Column(title="名称", width=45), Column(title="SHA-256", width=55)),
            rows=tuple((Cell(text=one.name), Cell(text=one.sha256)) for one in plan.content),
        ),
    )
