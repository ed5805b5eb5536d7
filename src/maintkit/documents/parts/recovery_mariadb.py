"""A MariaDB in 《数据恢复操作手册》: the procedure `restore` does it; these are its steps, for when it cannot be used.

They bear the values that the ledger holds of the last drill.
"""

from __future__ import annotations

from collections.abc import Iterator
from shlex import quote

from maintkit.documents import wording
from maintkit.evidence.recovery import Drilled

TARGET = "＜目标时刻，如 2026-11-28 02:13:00＞"
WORK = "＜工作目录＞"
UNIT = "mariadb.service"


def steps(drilled: Drilled) -> Iterator[str]:
    """What the procedure `restore` (engine: mariadb) does, on the database's own host, as root."""
    source, data = drilled.drill.source, drilled.drill.source.data_directory.rstrip("/")
    yield f"核对主机：cat /etc/machine-id 应为 {source.machine_id}；数据目录 {data}。不符则停止，不得继续。"
    yield (
        f"核对数据库（仍能应答时）：mariadb -e 'SELECT @@server_id, @@datadir, @@version' 应为"
        f" {source.system_identifier}、{source.data_directory}、{source.version}。"
    )
    yield f"选定结束时间早于目标时刻的最近备份集及其全部基础集。最近一次演练的合并次序：{_chain(drilled)}。"
    yield "停止全部应用服务，确认没有业务连接；记录停止时刻。"
    yield f"仍能应答时令当前日志结束：mariadb -e 'FLUSH BINARY LOGS'；将尚未留存的二进制日志复制到 {_logs(drilled)}。"
    yield f"停止数据库并禁止启动：systemctl stop {UNIT} && systemctl mask {UNIT}"
    yield (
        f"留存现状（不得删除）：mv {data} {data}.kept；再建空目录：install -d -o mysql -g mysql -m 0700 {data}。"
        "磁盘空间不足以同时容纳两份数据时停止。"
    )
    yield f"复制全量备份：cp -a ＜全量备份集＞/. {data}/；各增量备份集分别复制到 {WORK}（准备时会改写，不得使用原件）。"
    yield (
        f"准备：mariadb-backup --prepare --target-dir={data}；再按次序对每个增量执行 mariadb-backup --prepare"
        f" --target-dir={data} --incremental-dir={WORK}/＜增量＞；每次最后一行应为 completed OK!。"
    )
    yield f"改属主：chown -R mysql:mysql {data}"
    yield (
        "仅在本机启动、只读、不复制、不执行定时事件：sudo -u mysql mariadbd --skip-networking --skip-slave-start"
        " --event-scheduler=OFF --read-only=ON &"
    )
    yield (
        f"取起点：最后合并的备份集中 xtrabackup_binlog_info（或 mariadb_backup_binlog_info）所载文件与位置"
        f"{_position(drilled)}；自该文件起至目标时刻的日志必须连续，缺一个即停止。"
    )
    yield (
        f"回放：mariadb-binlog --verify-binlog-checksum --start-position=＜位置＞ --stop-datetime='{TARGET}'"
        f" {_logs(drilled)}/＜起点文件＞ … | mariadb --binary-mode；两个命令均须无错误。"
    )
    yield "检查：mariadb-check --all-databases --extended；有任何错误即回退。由采购人核对业务数据。"
    yield (
        "停库（mariadb-admin shutdown），令二进制日志与事务号接续：日志原在数据目录内的，将留存目录中的"
        " ＜日志名＞.state 复制到新数据目录；在日志目录建空文件 ＜日志名＞.＜末号加一＞，启动后删除。该号有意空缺，"
        "此前的备份集不得沿日志越过本次恢复。"
    )
    yield f"正式启动：systemctl unmask {UNIT} && systemctl start {UNIT}"
    yield "启动应用，由采购人确认业务正常；记录目标时刻之后丢失的业务时段，通知科室补录。"
    yield "立即做一次全量备份；有从库的，从库须重新建立。填写故障记录。"
    yield (
        f"回退（正式启动之前的任何失败）：停止该目录上的数据库；mv {data} {data}.failed && mv {data}.kept {data}；"
        f"systemctl unmask {UNIT} && systemctl start {UNIT}。"
    )


def sets_of(drilled: Drilled | None) -> str:
    """The folder of the sets, as the last drill had them; a blank where none tells it."""
    folders = [one.folder for one in drilled.drill.set.chain if one.folder] if drilled else []
    return folders[0].rpartition("/")[0] if folders else "＜备份集目录＞"


def _chain(drilled: Drilled) -> str:
    return " → ".join(quote(one.folder or one.label) for one in drilled.drill.set.chain) or wording.NOTHING


def _logs(drilled: Drilled) -> str:
    return drilled.drill.logs.rstrip("/") or "＜二进制日志留存目录＞"


def _position(drilled: Drilled) -> str:
    one = drilled.drill.set.position
    return f"（最近一次演练为 {one.file} 的 {one.at}）" if one else ""
