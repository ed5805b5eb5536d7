"""What there is to recover with: databases and backup jobs as the newest facts of the hosts tell them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from maintkit.documents import wording
from maintkit.documents.header import Header
from maintkit.documents.model import Cell, Column, Table
from maintkit.documents.wording import NOTHING
from maintkit.evidence.recovery import Holdings, Instance, Job, MysqlInstance


def instances(hosts: Sequence[Holdings], address: Mapping[str, str]) -> Table:
    """Every database server that was found."""
    rows = tuple(
        (
            Cell(text=host.host, tone="strong"),
            Cell(text=address.get(host.host, NOTHING)),
            Cell(text=one.name),
            Cell(text=one.product),
            *(Cell(text=text) for text in _told(one)),
        )
        for host in hosts
        for one in host.instances
    )
    return Table(
        caption="数据库实例",
        columns=(
            Column(title="主机", width=18),
            Column(title="地址", width=18),
            Column(title="实例", width=16),
            Column(title="版本", width=20),
            Column(title="角色", width=12, align="center"),
            Column(title="页校验和", width=16, align="center"),
        ),
        rows=rows,
        empty="没有取得数据库实例的信息",
    )


def _told(one: Instance | MysqlInstance) -> tuple[str, str]:
    """Its role, and whether its pages have checksums, which facts of MySQL do not say."""
    if isinstance(one, MysqlInstance):
        return NOTHING if one.channels is None else "从库" if one.channels else "主库", NOTHING
    role = {True: "备库", False: "主库", None: NOTHING}[one.in_recovery]
    return role, {True: "有", False: "无", None: NOTHING}[one.data_checksums]


def backups(hosts: Sequence[Holdings], schedules: Mapping[tuple[str, str], float], header: Header) -> Table:
    """Every backup job, with the schedule that the site declares; a repository may be seen from several hosts."""

    def row(host: Holdings, job: Job) -> tuple[Cell, ...]:
        newest, every_h = job.newest, schedules.get((host.host, job.name))
        stopped = wording.instant(datetime.fromtimestamp(newest.stopped_at, UTC), header.zone) if newest else NOTHING
        size = wording.quantity(newest.size_bytes, "bytes") if newest else NOTHING
        wal = "\n".join(f"{one.archive}：{one.last or NOTHING}" for one in job.wal) or NOTHING
        return (
            Cell(text=job.name, tone="strong"),
            Cell(text=host.host),
            Cell(text=f"每 {every_h:g} 小时" if every_h is not None else "未声明"),
            Cell(text=f"{len(job.backups)} 份；最近 {stopped}\n{newest.label if newest else NOTHING}（{size}）"),
            Cell(text=wal),
            Cell(text={True: "有", False: "无", None: "未核实"}[job.off_host]),
        )

    return Table(
        caption="备份任务（备份工具目录所载）",
        columns=(
            Column(title="任务", width=9),
            Column(title="所见主机", width=13),
            Column(title="周期", width=13),
            Column(title="备份", width=31),
            Column(title="最后归档的日志", width=24),
            Column(title="异机副本", width=10, align="center"),
        ),
        rows=tuple(row(host, job) for host in hosts for job in host.jobs),
        empty="没有取得备份任务的信息",
    )
