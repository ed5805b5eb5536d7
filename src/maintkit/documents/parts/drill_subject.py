"""What a drill was about, as 《备份恢复验证报告》 says it: the source, its backup, the mark and the drill host."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from maintkit.documents import wording
from maintkit.documents.header import Header
from maintkit.documents.model import Block, KeyValue, KeyValues
from maintkit.documents.parts.drill_words import KIND
from maintkit.evidence.drill_record import Drill
from maintkit.plans.model import PlanHost


def subject(drill: Drill, planned: PlanHost, source: str, header: Header) -> tuple[Block, ...]:
    """验证对象: source, backup, mark, drill host."""
    maria = drill.engine == "mariadb"
    return (
        KeyValues(
            caption="源库",
            items=(
                KeyValue(label="源库主机", text=source),
                KeyValue(label="版本", text=f"{'MariaDB' if maria else 'PostgreSQL'} {drill.source.version}"),
                KeyValue(label="机器标识", text=drill.source.machine_id),
                KeyValue(label="服务器标识" if maria else "集群标识", text=drill.source.system_identifier),
                KeyValue(label="数据目录", text=drill.source.data_directory),
                KeyValue(label="数据量", text=wording.quantity(drill.source.size, "bytes")),
            ),
        ),
        KeyValues(caption="备份与标记", items=(*_backup(drill, header), *_mark(drill, header))),
        KeyValues(
            caption="演练环境",
            items=(
                KeyValue(label="演练主机", text=f"{planned.name}（{planned.address}）"),
                KeyValue(label="机器标识", text=planned.machine_id),
                KeyValue(
                    label="隔离措施",
                    text=_APART[drill.engine],
                    wide=True,
                ),
            ),
        ),
    )


_APART = {
    "postgresql": "副本只在演练主机的私有目录内运行，不监听网络，不归档，不连接主库，不加载源库的预加载模块",
    "mariadb": "副本只在演练主机的私有目录内运行，没有网络，不复制，不执行定时事件，不读取任何配置文件，核对前只读",
}


def _backup(drill: Drill, header: Header) -> Iterator[KeyValue]:
    stopped = datetime.fromtimestamp(drill.set.stopped_at, UTC)
    age = f"，建立标记时已有 {wording.number(drill.set.age_h)} 小时" if drill.set.age_h is not None else ""
    tool = "mariadb-backup" if drill.engine == "mariadb" else "pgBackRest"
    yield KeyValue(label="备份任务", text=f"{drill.stanza}（{tool}）")
    yield KeyValue(label="备份集", text=f"{drill.set.label}（{KIND.get(drill.set.kind, drill.set.kind)}）")
    yield KeyValue(label="备份完成", text=f"{wording.second(stopped, header.zone)}{age}", wide=True)
    if len(drill.set.chain) > 1:
        chain = " → ".join(f"{one.label}（{KIND.get(one.kind, one.kind)}）" for one in drill.set.chain)
        yield KeyValue(label="合并次序", text=chain, wide=True)
    yield KeyValue(label="备份数据量", text=wording.quantity(drill.set.size_bytes, "bytes"))
    yield KeyValue(label="库内占用", text=wording.quantity(drill.set.repo_bytes, "bytes"))


def _mark(drill: Drill, header: Header) -> Iterator[KeyValue]:
    mark = drill.mark
    yield KeyValue(label="恢复点", text=mark.name, wide=True)
    yield KeyValue(label="标记时刻", text=wording.second(mark.at, header.zone))
    yield KeyValue(label="标记位置", text=mark.lsn)
    if drill.engine == "mariadb":
        yield KeyValue(label="标记事务", text=mark.gtid or wording.NOTHING)
        yield KeyValue(label="日志留存", text=f"标记后 {wording.quantity(mark.archived_s, 's')}")
        return
    yield KeyValue(label="标记日志", text=mark.wal, wide=True)
    yield KeyValue(label="写锁定时长", text=wording.quantity(mark.locked_ms, "ms"))
    yield KeyValue(label="归档完成", text=f"标记后 {wording.quantity(mark.archived_s, 's')}")
