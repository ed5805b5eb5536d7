"""《数据恢复操作手册》: what there is to recover with, what drills have measured, and every step of the bad day."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta

from maintkit.contract.contract import Contract
from maintkit.contract.people import Person
from maintkit.documents import wording
from maintkit.documents.header import Header, parties, sign_off
from maintkit.documents.model import (
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
from maintkit.documents.parts import holdings, proof, simulated
from maintkit.documents.parts import recovery as part
from maintkit.documents.wording import NOTHING
from maintkit.evidence.judgements import Judgement
from maintkit.evidence.recorded import Inspection
from maintkit.evidence.recovery import Drilled, Holdings, Job

KIND = "recovery-manual"
# What only a person can say.
BLANKS = {"decision": "恢复决策人与授权方式", "order": "业务停止、核对与恢复的顺序", "notice": "业务数据补录的安排"}
TO_FILL_IN = "（待填写）"
DRILL_DAYS = 100  # a drill a quarter is owed; a week is left for it
_STATEMENT = "双方确认：已核对本手册所列数据库、备份与恢复步骤，联系人与决策方式有效。"


@dataclass(frozen=True, kw_only=True)
class Recovery:
    """What the manual is drawn from. `schedules` are hours by host and backup job, as services.yml declares them.

    `drills` has by backup job the newest drill and the newest that passed; hosts without facts are not in `hosts`.
    """

    inspection: Inspection
    hosts: tuple[Holdings, ...]
    drills: Mapping[str, tuple[Drilled, Drilled | None]]
    schedules: Mapping[tuple[str, str], float]
    contract: Contract
    contract_sha256: str  # of contract.yml, byte for byte
    judged: Mapping[str, Judgement]

    @property
    def jobs(self) -> tuple[tuple[Holdings, Job], ...]:
        """Every backup job that a host knows; a repository may be seen from several."""
        return tuple((host, job) for host in self.hosts for job in host.jobs)

    @property
    def stanzas(self) -> tuple[str, ...]:
        """Every backup job once."""
        return tuple(dict.fromkeys(job.name for _, job in self.jobs))


def recovery_manual(found: Recovery, header: Header) -> Document:
    """The manual as of the newest inspection; a draft while a person has not said what only a person can."""
    inspection = found.inspection
    missing = [one for one in BLANKS if one not in found.judged]
    return Document(
        kind=KIND,
        number=inspection.run,
        title="数据恢复操作手册",
        organisation=header.hospital,
        cover=_cover(found, header),
        blocks=(
            *_alerts(found, missing),
            Heading(text="一、联系人"),
            _contacts(found.contract),
            Heading(text="二、恢复决策与业务安排"),
            *(_blank(found, one, header) for one in BLANKS),
            Heading(text="三、数据库与备份现状"),
            holdings.instances(found.hosts, {host.name: host.address for host in inspection.hosts}),
            holdings.backups(found.hosts, found.schedules, header),
            Heading(text="四、恢复验证实测"),
            *_measured(found, header),
            Heading(text="五、使用 maintkit 恢复"),
            *_by_maintkit(found),
            Heading(text="六、人工恢复步骤"),
            *_by_hand(found),
            Heading(text="七、证据"),
            EvidenceList(items=tuple(_evidence(found, header))),
            sign_off(header, _STATEMENT),
        ),
        footer=f"编号 {inspection.run}　台账 #{inspection.head_seq} {inspection.head_hash[:16]}",
        dated=inspection.finished_at or inspection.started_at,
        draft=bool(missing),
    )


def gaps(found: Recovery) -> Iterator[str]:
    """What is known to be wanting on the day when this manual is needed."""
    at = found.inspection.started_at
    if not found.stanzas:
        yield "没有取得任何备份任务的信息：本手册不能作为恢复依据。"
    for host in found.hosts:
        for section, why in host.withheld.items():
            yield f"{host.host}：{_SECTION[section]}信息未取得（{why}）。"
    for stanza in found.stanzas:
        newest, passed = found.drills.get(stanza, (None, None))
        if passed is None:
            yield f"备份任务 {stanza} 没有通过的恢复验证：备份能否恢复、需要多久均未经证明。"
        elif at - passed.at > timedelta(days=DRILL_DAYS):
            yield f"备份任务 {stanza} 最近一次通过的恢复验证距今 {(at - passed.at).days} 天，已超过 {DRILL_DAYS} 天。"
        if newest is not None and not newest.passed:
            yield f"备份任务 {stanza} 最近一次恢复验证（{newest.run}）未通过。"
        yield from _off_host(found, stanza)
    for host, job in found.jobs:
        yield from _late(found, host, job)


_SECTION = {"postgresql": "PostgreSQL 数据库", "mysql": "MySQL/MariaDB 数据库", "backups": "备份"}


def _off_host(found: Recovery, stanza: str) -> Iterator[str]:
    told = {job.off_host for _, job in found.jobs if job.name == stanza}
    if False in told:
        yield f"备份任务 {stanza} 没有异机副本：数据库主机损毁时备份一并丢失。"
    elif True not in told:
        yield f"备份任务 {stanza} 是否有异机副本未能核实。"


def _late(found: Recovery, host: Holdings, job: Job) -> Iterator[str]:
    newest, every_h = job.newest, found.schedules.get((host.host, job.name))
    if newest is None:
        yield f"{host.host}：备份任务 {job.name} 没有任何备份。"
    elif every_h is not None:
        age_h = host.at.timestamp() / 3600 - newest.stopped_at / 3600
        if age_h > every_h * 1.5:
            yield (
                f"{host.host}：备份任务 {job.name} 最近一次备份距采集时 {age_h:.0f} 小时，约定每 {every_h:g} 小时一次。"
            )


def _cover(found: Recovery, header: Header) -> KeyValues:
    passed = [one.at for _, one in found.drills.values() if one is not None]
    return KeyValues(
        items=(
            *parties(header),
            KeyValue(label="依据巡检", text=found.inspection.run),
            KeyValue(label="备份任务", text="、".join(found.stanzas) or NOTHING),
            KeyValue(
                label="最近通过的验证",
                text=wording.instant(max(passed), header.zone) if passed else "台账无记录",
                wide=True,
            ),
        )
    )


def _alerts(found: Recovery, missing: list[str]) -> tuple[Note, ...]:
    looked = found.inspection
    rests = [f"巡检 {looked.run}"] if looked.simulated else []
    rests += [f"恢复验证 {one.run}" for pair in found.drills.values() for one in pair if one and one.simulated]
    said = [*simulated.resting_on(rests), *(f"已知缺口：{one}" for one in gaps(found))]
    if missing:
        wanting = "，".join(f"“{BLANKS[one]}”待填写" for one in missing)
        said.append(f"草稿：{wanting}，填写前不作为正式手册签署。")
    return tuple(Note(kind="alert", text=one) for one in said)


def _contacts(contract: Contract) -> Table:
    def row(of: str, one: Person) -> tuple[Cell, ...]:
        return (Cell(text=of), Cell(text=one.name), Cell(text=one.role_zh or NOTHING), Cell(text=one.phone))

    hospital, provider = contract.hospital, contract.provider
    return Table(
        columns=(
            Column(title="单位", width=32),
            Column(title="姓名", width=20),
            Column(title="职责", width=26),
            Column(title="电话", width=22),
        ),
        rows=(
            *(row(hospital.name, one) for one in hospital.contacts),
            *(row(provider.name, one) for one in (*provider.contacts, *contract.project_managers)),
        ),
    )


def _blank(found: Recovery, blank: str, header: Header) -> Paragraph:
    """What a person wrote, with the name under it; or the marked blank."""
    said = found.judged.get(blank)
    if said is None:
        return Paragraph(text=f"{BLANKS[blank]}：{TO_FILL_IN}", tone="strong")
    by = f"{said.by}　{wording.instant(said.at, header.zone)}"
    return Paragraph(text=f"{BLANKS[blank]}：{said.text}（{by}）")


def _measured(found: Recovery, header: Header) -> Iterator[Block]:
    for stanza in found.stanzas:
        _, passed = found.drills.get(stanza, (None, None))
        if passed is None:
            yield Paragraph(text=f"备份任务 {stanza}：台账没有通过的恢复验证，恢复用时未知。", tone="strong")
            continue
        rto, rpo = passed.drill.rto_s, passed.drill.rpo_s
        told = "、".join(
            f"{name} 实测 {wording.took(round(value * 1000)) if value is not None else '未测得'}"
            for name, value in (("RTO", rto), ("RPO", rpo))
        )
        size = wording.quantity(passed.drill.source.size, "bytes")
        yield Paragraph(text=f"备份任务 {stanza}：{told}（数据量 {size}）。数据量增长后用时相应增加。")
        yield part.measured(passed, header)


def _by_maintkit(found: Recovery) -> Iterator[Block]:
    yield Paragraph(
        text="恢复前现有数据目录整体改名留存，不删除；恢复结果核对通过之前不对业务开放、不归档；不通过则自动换回原数据目录。"
    )
    for stanza in found.stanzas:
        newest, passed = found.drills.get(stanza, (None, None))
        known = passed or newest
        tools = {job.tool for _, job in found.jobs if job.name == stanza}
        if tools == {"pgbackrest"}:
            yield part.by_maintkit(stanza, known.drill.source.data_directory if known else part.DATA)
        elif tools == {"mariadb-backup"}:
            yield part.by_maintkit_of_mariadb(stanza, known)
        else:
            said = f"备份任务 {stanza}（{'、'.join(sorted(tools))}）：maintkit 没有自动恢复操作，按第六节人工恢复。"
            yield Paragraph(text=said)


def _by_hand(found: Recovery) -> Iterator[Block]:
    yield Note(kind="info", text="仅在 maintkit 不可用时采用；由工程师在采购人监督下逐步执行，每步签名；不得跳过核对。")
    for stanza in found.stanzas:
        newest, passed = found.drills.get(stanza, (None, None))
        known = passed or newest
        if known is None:
            said = f"备份任务 {stanza}：台账没有恢复验证，不掌握数据目录与集群标识，不能列出可直接执行的步骤。"
            yield Paragraph(text=said, tone="strong")
            continue
        yield part.by_hand(known)
        yield from part.commands(known)


def _evidence(found: Recovery, header: Header) -> Iterator[EvidenceItem]:
    yield EvidenceItem(label="合同 contract.yml", value=f"{found.contract.number}　sha256 {found.contract_sha256}")
    for host in found.hosts:
        if host.instances or host.jobs:
            told = f"{wording.instant(host.at, header.zone)}　采集结果 sha256 {host.facts}"
            yield EvidenceItem(label=host.host, value=told)
    for stanza, (newest, passed) in found.drills.items():
        for one in {each.run: each for each in (passed, newest) if each is not None}.values():
            told = f"{one.run}　台账 #{one.seq}　sha256 {one.hash}"
            yield EvidenceItem(label=f"备份任务 {stanza} 恢复验证", value=told)
    yield from proof.written(found.judged, BLANKS)
