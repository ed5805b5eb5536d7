"""What 《数据恢复操作手册》 says of one database step by step; commands with the values that the ledger holds."""

from __future__ import annotations

import re
from collections.abc import Iterator
from shlex import join

from maintkit.documents import wording
from maintkit.documents.header import Header
from maintkit.documents.model import Block, Cell, Column, Paragraph, Table
from maintkit.documents.parts import recovery_mariadb
from maintkit.documents.parts.drill_words import stages_of
from maintkit.evidence.drill_record import PASSED, Source
from maintkit.evidence.recovery import Drilled

DEBIAN = re.compile(r"/var/lib/postgresql/(\d+)/([A-Za-z0-9_.-]+)")
DATA = "＜数据目录＞"
UNIT = "＜数据库服务单元＞"
CONFIG = "＜postgresql.conf 的完整路径＞"
BINDIR = "＜数据库程序目录＞"
TARGET = "＜目标时刻，如 2026-11-28 02:13:00+08＞"


def measured(drilled: Drilled, header: Header) -> Table:
    """What the drill measured, stage by stage; the stages of the RTO are marked."""

    words = stages_of(drilled.drill.engine)

    def row(name: str) -> tuple[Cell, ...]:
        stage = drilled.drill.stage(name)
        well = stage.status == PASSED
        return (
            Cell(text=words[name].title),
            Cell(text=words[name].content),
            Cell(text="计入" if name in drilled.drill.service else ""),
            Cell(text=wording.took(stage.took_ms if well else None)),
        )

    at = wording.instant(drilled.at, header.zone)
    return Table(
        caption=f"备份任务 {drilled.drill.stanza}：演练 {drilled.run}（{at}）各阶段实测用时",
        columns=(
            Column(title="阶段", width=18),
            Column(title="内容", width=52),
            Column(title="RTO", width=12, align="center"),
            Column(title="实测用时", width=18, align="right"),
        ),
        rows=tuple(row(name) for name in drilled.drill.order),
    )


def commands(drilled: Drilled) -> tuple[Block, ...]:
    """The commands that the drill really ran, as its host told them."""
    words = stages_of(drilled.drill.engine)
    found = [(words[name].title, drilled.drill.stage(name).argv) for name in drilled.drill.order]
    rows = tuple((Cell(text=title), Cell(text=join(argv))) for title, argv in found if argv)
    if not rows:
        said = f"演练 {drilled.run} 的台账没有所执行命令的记录，须在下次演练后重新生成本手册。"
        return (Paragraph(text=said, tone="strong"),)
    return (
        Table(
            caption=f"演练 {drilled.run} 实际执行的命令（目标路径为演练主机的隔离目录，不得照搬到生产主机）",
            columns=(Column(title="阶段", width=16), Column(title="命令", width=84)),
            rows=rows,
        ),
    )


def by_maintkit(stanza: str, data: str) -> Table:
    """How the procedure `restore` is planned, approved and applied for a PostgreSQL."""
    parameters = (f"stanza: {stanza}", f"data: {data}", f"unit: {unit_of(data)}", "type: time", f'target: "{TARGET}"')
    return the_procedure(stanza, parameters, f"在备份主机：pgbackrest --stanza={stanza} --type=full backup")


def by_maintkit_of_mariadb(stanza: str, drilled: Drilled | None) -> Table:
    """The same for a MariaDB, with what its last drill had."""
    data = drilled.drill.source.data_directory.rstrip("/") if drilled else DATA
    logs = (drilled.drill.logs if drilled else "") or "＜二进制日志留存目录＞"
    unit = f"unit: {recovery_mariadb.UNIT}"
    there = ("store: ＜留存备份集与日志的主机＞", "store_from: ＜本机以 SSH 访问该主机所用的名称＞")
    where = (*there, f"sets: {recovery_mariadb.sets_of(drilled)}", f"logs: {logs}")
    parameters = ("engine: mariadb", f"stanza: {stanza}", f"data: {data}", unit, *where, "type: time")
    backup = "在数据库主机：mariadb-backup --backup --target-dir=＜新的全量备份集＞，并复制到留存主机"
    return the_procedure(stanza, (*parameters, f'target: "{TARGET}"'), backup)


def the_procedure(stanza: str, parameters: tuple[str, ...], backup: str) -> Table:
    """The steps from the file of parameters to the report; `backup` is how a full one is made afterwards."""
    rows = (
        ("编写参数文件 restore.yml", "\n".join((*parameters, "smoke: ＜业务核对语句，见恢复验证计划＞"))),
        (
            "生成方案（只读探查）",
            "maintkit plan restore --limit ＜数据库主机＞ --vars restore.yml --reason ＜原因＞ --requester ＜申请人＞",
        ),
        ("采购人书面批准", "maintkit approve ＜方案编号＞ --role approver …\nmaintkit supervise in ＜方案编号＞ …"),
        ("停止应用", "停止全部应用服务；仍有连接时恢复被拒绝（参数 disconnect: true 可强制断开）。"),
        ("实施", "maintkit apply ＜方案编号＞"),
        ("中断后继续", "maintkit resume ＜实施编号＞"),
        ("恢复后立即全量备份", backup),
        ("实施报告", "maintkit report change ＜实施编号＞"),
    )
    return Table(
        caption=f"备份任务 {stanza}",
        columns=(
            Column(title="步骤", width=7, align="center"),
            Column(title="内容", width=22),
            Column(title="命令", width=71),
        ),
        rows=tuple(
            (Cell(text=str(number)), Cell(text=what), Cell(text=command))
            for number, (what, command) in enumerate(rows, start=1)
        ),
    )


def by_hand(drilled: Drilled) -> Table:
    """The manual procedure on the database's own host, where maintkit cannot be used."""
    steps = recovery_mariadb.steps if drilled.drill.engine == "mariadb" else _steps
    return Table(
        caption=f"备份任务 {drilled.drill.stanza}：在数据库主机上以 root 执行",
        columns=(
            Column(title="步骤", width=7, align="center"),
            Column(title="操作", width=60),
            Column(title="执行结果", width=18),
            Column(title="签名与时间", width=15),
        ),
        rows=tuple(
            (Cell(text=str(number)), Cell(text=text), Cell(text=""), Cell(text=""))
            for number, text in enumerate(steps(drilled), start=1)
        ),
    )


def unit_of(data_directory: str) -> str:
    """Debian's unit of a cluster by its directory; a blank where the directory is not Debian's."""
    found = DEBIAN.fullmatch(data_directory)
    return f"postgresql@{found[1]}-{found[2]}.service" if found else UNIT


def config_of(source: Source) -> str:
    """The configuration that the source was run with; where nobody has told, Debian's, or a blank."""
    found = DEBIAN.fullmatch(source.data_directory)
    return source.config_file or (f"/etc/postgresql/{found[1]}/{found[2]}/postgresql.conf" if found else CONFIG)


def bindir_of(source: Source) -> str:
    """Where the source's programs lie; where nobody has told, Debian's place, or a blank."""
    found = DEBIAN.fullmatch(source.data_directory)
    return source.bindir or (f"/usr/lib/postgresql/{found[1]}/bin" if found else BINDIR)


def _steps(drilled: Drilled) -> Iterator[str]:
    source, stanza = drilled.drill.source, drilled.drill.stanza
    data, unit, bindir = source.data_directory, unit_of(source.data_directory), bindir_of(source)
    ask = f"pgbackrest --stanza={stanza}"
    yield f"核对主机：cat /etc/machine-id 应为 {source.machine_id}；数据目录 {data}。不符则停止，不得继续。"
    identifier = f"{bindir}/pg_controldata -D {data} 的 Database system identifier"
    yield f"核对数据库：{identifier} 应为 {source.system_identifier}。"
    yield f"查看备份与归档：sudo -u postgres {ask} info；选定结束时间早于目标时刻的最近备份集。"
    yield "停止全部应用服务，确认没有业务连接；记录停止时刻。"
    yield f"停止数据库并禁止启动：systemctl stop {unit} && systemctl mask {unit}"
    yield (
        f"留存现状（不得删除）：mv {data} {data}.kept；再建空目录："
        f"install -d -o postgres -g postgres -m 0700 {data}。磁盘空间不足以同时容纳两份数据时停止。"
    )
    yield (
        f"恢复：sudo -u postgres {ask} --set=＜备份集＞ --type=time --target='{TARGET}' --target-action=pause"
        f" --archive-mode=off restore"
    )
    settings = f"-c config_file={config_of(source)} -c listen_addresses='' -c archive_mode=off"
    start = f"{bindir}/pg_ctl -D {data} -w start"
    yield f'仅在本机启动、不归档：sudo -u postgres {start} -o "{settings}"'
    yield (
        "核对恢复终点：SELECT pg_is_wal_replay_paused(), pg_last_xact_replay_timestamp(); 应为 t 且不晚于目标时刻。"
        "已自行打开（pg_is_in_recovery() 为 f）说明归档缺失，须回退。"
    )
    yield "由采购人核对业务数据；确认后打开：SELECT pg_wal_replay_resume();"
    amcheck = f"sudo -u postgres {bindir}/pg_amcheck --all --heapallindexed --parent-check --rootdescend"
    yield f"检查：{amcheck}；有任何报告即回退。"
    yield (
        "清除恢复设置：ALTER SYSTEM RESET restore_command; ALTER SYSTEM RESET recovery_target_time; "
        "ALTER SYSTEM RESET recovery_target_action; ALTER SYSTEM RESET archive_mode;"
    )
    yield (
        f"停库，令新时间线的历史文件归档（＜N＞ 为 pg_wal 中最新的 .history）：sudo -u postgres touch"
        f" {data}/pg_wal/archive_status/＜N＞.history.ready"
    )
    back = f"systemctl unmask {unit} && systemctl start {unit}"
    yield f"正式启动：{back}；SELECT pg_switch_wal(); sudo -u postgres {ask} check"
    yield "启动应用，由采购人确认业务正常；记录目标时刻之后丢失的业务时段，通知科室补录。"
    yield f"立即做一次全量备份（在备份主机）：{ask} --type=full backup；填写故障记录。"
    yield (
        f"回退（第 14 步之前的任何失败）：停止该目录上的数据库；mv {data} {data}.failed && mv {data}.kept {data}；"
        f"{back}。"
    )
