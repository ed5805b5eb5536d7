"""系统配置手册: how every host is set up, and what changed since the last manual."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

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
from maintkit.documents.parts import simulated
from maintkit.documents.parts.coverage import systems
from maintkit.documents.reasons import reason
from maintkit.evidence.configuration import Configuration, Difference, differences
from maintkit.evidence.recorded import Inspection, RecordedHost

TOPIC: Mapping[str, str] = {
    "system": "操作系统与硬件",
    "memory": "内存",
    "filesystem": "文件系统",
    "network": "网卡",
    "port": "监听端口",
    "unit": "开机启动的服务",
    "account": "可登录账户",
    "sudo": "sudo 授权",
    "cron": "计划任务",
    "sshd": "SSH 服务设置",
}
NAME: Mapping[str, str] = {
    "hostname": "主机名",
    "os_name": "操作系统",
    "kernel": "内核",
    "arch": "架构",
    "virtualization": "虚拟化",
    "timezone": "时区",
    "machine_id": "机器标识",
    "cores": "CPU 核数",
    "total": "物理内存",
    "swap_total": "交换区",
}
_STATEMENT = "双方确认：已核对本手册所列系统配置及其变化。"


@dataclass(frozen=True, kw_only=True)
class Manual:
    """What the manual is drawn from: the newest inspection, each host as last seen, and as seen before `since`."""

    inspection: Inspection
    now: Mapping[str, Configuration]
    then: Mapping[str, Configuration]
    since: datetime


def configuration_manual(manual: Manual, header: Header) -> Document:
    """The manual of all hosts of the newest inspection; a draft while one of them was never seen."""
    inspection = manual.inspection
    unseen = [host.name for host in inspection.hosts if host.name not in manual.now]
    seen = [host for host in inspection.hosts if host.name in manual.now]
    hosts = [block for host in seen for block in _host(host, manual.now[host.name], header)]
    return Document(
        kind="configuration-manual",
        number=inspection.run,
        title="系统配置手册",
        organisation=header.hospital,
        cover=_cover(manual, header),
        blocks=(
            *simulated.notes(simulated.resting_on([f"巡检 {inspection.run}"] if inspection.simulated else [])),
            *_alerts(unseen),
            Heading(text="一、主机总表"),
            _overview(seen, manual, header),
            Heading(text=f"二、自 {manual.since.astimezone(header.zone):%Y-%m-%d} 以来的变化"),
            *_changes(seen, manual),
            Heading(text="三、各主机配置"),
            *hosts,
            Heading(text="四、证据"),
            EvidenceList(items=tuple(_proof(manual.now[host.name], header) for host in seen)),
            sign_off(header, _STATEMENT),
        ),
        footer=f"编号 {inspection.run}　台账 #{inspection.head_seq} {inspection.head_hash[:16]}",
        dated=inspection.finished_at or inspection.started_at,
        draft=bool(unseen),
    )


def _cover(manual: Manual, header: Header) -> KeyValues:
    inspection = manual.inspection
    return KeyValues(
        items=(
            *parties(header),
            KeyValue(label="依据巡检", text=inspection.run),
            KeyValue(label="主机数", text=f"{len(inspection.hosts)} 台，其中已取得配置 {len(manual.now)} 台"),
            KeyValue(label="比较起点", text=wording.instant(manual.since, header.zone), wide=True),
        )
    )


def _alerts(unseen: Sequence[str]) -> tuple[Note, ...]:
    if not unseen:
        return ()
    said = f"草稿：以下主机从未取得配置，本手册不含其内容：{'、'.join(unseen)}。"
    return (Note(kind="alert", text=said),)


def _overview(hosts: Sequence[RecordedHost], manual: Manual, header: Header) -> Table:
    def row(host: RecordedHost) -> tuple[Cell, ...]:
        found = {item.name: item.value for item in manual.now[host.name].items if item.topic in ("system", "memory")}
        return (
            Cell(text=host.name, tone="strong"),
            Cell(text=systems(host, header)),
            Cell(text=host.address),
            Cell(text=found.get("os_name", wording.NOTHING)),
            Cell(text=found.get("kernel", wording.NOTHING)),
            Cell(text=f"{found.get('cores', wording.NOTHING)} 核\n{found.get('total', wording.NOTHING)}"),
            Cell(text=wording.instant(manual.now[host.name].at, header.zone)),
        )

    return Table(
        columns=(
            Column(title="主机", width=15),
            Column(title="所属系统", width=16),
            Column(title="地址", width=14),
            Column(title="操作系统", width=19),
            Column(title="内核", width=14),
            Column(title="CPU\n内存", width=10, align="center"),
            Column(title="采集时间", width=12, align="center"),
        ),
        rows=tuple(map(row, hosts)),
    )


def _changes(hosts: Sequence[RecordedHost], manual: Manual) -> tuple[Block, ...]:
    compared = [host.name for host in hosts if host.name in manual.then]
    first = [host.name for host in hosts if host.name not in manual.then]
    found = [one for name in compared for one in differences(manual.then[name], manual.now[name])]
    table = Table(
        columns=(
            Column(title="主机", width=14),
            Column(title="类别", width=14),
            Column(title="项目", width=28),
            Column(title="原配置", width=22),
            Column(title="现配置", width=22),
        ),
        rows=tuple(map(_change, found)),
        empty="没有变化" if compared else "没有可比较的主机",
    )
    if not first:
        return (table,)
    return (table, Paragraph(text=f"此前没有配置记录、未作比较的主机：{'、'.join(first)}。", tone="strong"))


def _change(one: Difference) -> tuple[Cell, ...]:
    return (
        Cell(text=one.host),
        Cell(text=TOPIC[one.topic]),
        Cell(text=NAME.get(one.name, one.name)),
        Cell(text="（无）" if one.before is None else one.before or "有"),
        Cell(text="（已删除）" if one.after is None else one.after or "有", tone="strong"),
    )


def _host(host: RecordedHost, now: Configuration, header: Header) -> list[Block]:
    blocks: list[Block] = [Heading(text=f"{host.name}（{systems(host, header)}）", level=2)]
    rows = [
        (
            Cell(text=TOPIC[item.topic]),
            Cell(text=NAME.get(item.name, item.name)),
            Cell(text=item.value or wording.NOTHING),
        )
        for topic in TOPIC
        for item in now.items
        if item.topic == topic
    ]
    rows += [
        (Cell(text=TOPIC[topic]), Cell(text="未取得", tone="strong"), Cell(text=reason(now.withheld[topic])))
        for topic in TOPIC
        if topic in now.withheld
    ]
    columns = (Column(title="类别", width=18), Column(title="项目", width=40), Column(title="配置", width=42))
    return [*blocks, Table(columns=columns, rows=tuple(rows))]


def _proof(now: Configuration, header: Header) -> EvidenceItem:
    return EvidenceItem(label=now.host, value=f"{wording.instant(now.at, header.zone)}　采集结果 sha256 {now.facts}")
