"""Settings of PostgreSQL beside its memory: checkpoints, the planner's costs, autovacuum of large tables, the log."""

from __future__ import annotations

from collections.abc import Iterator

from maintkit.analysis.advice.model import (
    Advice,
    Change,
    Insufficient,
    Rule,
    Said,
    Seen,
    counted,
    enough,
    size,
)
from maintkit.analysis.advice.pg_values import free_at, number, quoted, text, written
from maintkit.evidence.server_facts import Database, Postgresql

_UNDO = "恢复原参数文件（计划自带回退），重新加载。"
WAL = Rule(
    id="postgresql.max-wal-size",
    title="checkpoints are asked for by the amount of WAL",
    title_zh="检查点多由 WAL 写满触发",
    source="PostgreSQL 15: 20.5.2; 30.5, max_wal_size",
    takes="reload",
    confidence="high",
    risk_zh="WAL 占用的磁盘增加，崩溃后恢复的时间变长；已核对数据目录所在文件系统的余量。",
    undo_zh=_UNDO,
)
TARGET = Rule(
    id="postgresql.checkpoint-completion-target",
    title="checkpoints write all at once",
    title_zh="检查点写入过于集中",
    source="PostgreSQL 15: 20.5.2, checkpoint_completion_target",
    takes="reload",
    confidence="high",
    risk_zh="写入摊开后，崩溃恢复须重放的 WAL 略有增加。",
    undo_zh=_UNDO,
)
RANDOM = Rule(
    id="postgresql.random-page-cost",
    title="random_page_cost is that of turning disks, and none of the disks turns",
    title_zh="固态盘仍按机械盘估算随机读",
    source="PostgreSQL 15: 20.7.2, random_page_cost",
    takes="reload",
    confidence="low",
    risk_zh="规划器会更多选用索引，个别语句的执行计划可能变差；生效后对比主要语句的耗时。",
    undo_zh=_UNDO,
)
SCALE = Rule(
    id="postgresql.autovacuum-scale",
    title="a large table waits for a fifth of its rows before autovacuum comes",
    title_zh="大表的自动清理触发过晚",
    source="PostgreSQL 15: 25.1.6; 20.10, autovacuum_vacuum_scale_factor",
    takes="online",
    confidence="medium",
    risk_zh="清理变得频繁，每次变短；该语句只需短暂的 SHARE UPDATE EXCLUSIVE 锁，不阻塞读写。",
    undo_zh="ALTER TABLE … RESET (autovacuum_vacuum_scale_factor)。",
)
SLOW = Rule(
    id="postgresql.log-min-duration",
    title="slow statements are neither counted nor logged",
    title_zh="慢语句既无统计也无日志",
    source="PostgreSQL 15: 20.8.2, log_min_duration_statement; appendix F (pg_stat_statements)",
    takes="reload",
    confidence="medium",
    risk_zh="日志会写入语句原文，可能含患者信息：须限制日志文件的读取权限，并按保密要求管理。"
    "优先选用 pg_stat_statements（须重启），它只保留归一化的语句。",
    undo_zh=_UNDO,
)
RULES = (WAL, TARGET, RANDOM, SCALE, SLOW)
LARGE_ROWS = 10_000_000


def rules(seen: Seen[Postgresql]) -> Iterator[Said]:
    """What can be said without them is said; a setting that is not known says nothing here (see pg_memory)."""
    yield from _wal(seen)
    yield from _target(seen)
    yield from _random(seen)
    for database in seen.now.databases or ():
        yield from _scale(seen, database)
    yield from _slow(seen)


def _wal(seen: Seen[Postgresql]) -> Iterator[Said]:
    now, before = seen.now.checkpoints, seen.before.checkpoints if seen.before else None
    most = number(seen.now, "max_wal_size")
    if now is None or most is None:
        return
    timed = counted(seen, now.timed, before.timed if before else None, now.stats_reset_at)
    asked = counted(seen, now.requested, before.requested if before else None, now.stats_reset_at)
    short = enough(WAL, seen.now.name, asked, what_zh="检查点")
    if short is not None or timed is None or asked is None:
        yield from [short] if short else []
        return
    total = timed.amount + asked.amount
    if total < 10 or asked.amount / total < 0.5:
        return
    target = 2 * most
    free = free_at(seen.host, text(seen.now, "data_directory"))
    if free is None or free < 3 * (target - most):
        known = "未知" if free is None else f"仅余 {size(free)}"
        reason = f"{total:.0f} 次检查点中 {asked.amount:.0f} 次由 WAL 写满触发，但数据目录所在文件系统的空间{known}"
        yield Insufficient(subject=seen.now.name, rule=WAL, reason_zh=reason)
        return
    yield Advice(
        rule=WAL,
        subject=seen.now.name,
        figures=(
            ("max_wal_size", size(most)), ("requested", f"{asked.amount:.0f} of {total:.0f} in {asked.days:.0f} d"),
            ("free", size(free)),
        ),
        observation_zh=f"{asked.days:.0f} 天内 {total:.0f} 次检查点中有 {asked.amount:.0f} 次由 WAL 写满触发，"
        f"max_wal_size 为 {size(most)}；数据目录余 {size(free)}。",
        conclusion_zh="写入高峰时检查点过密，数据页反复全页写入 WAL，写入集中爆发并拖慢业务。",
        advice_zh=f"将 max_wal_size 调为 {written(target)}，下次巡检再看比例，仍高则再加倍。",
        change=Change(name="max_wal_size", before=written(most), after=written(target)),
    )  # fmt: skip


def _target(seen: Seen[Postgresql]) -> Iterator[Said]:
    value = number(seen.now, "checkpoint_completion_target")
    if value is None or value >= 0.7:
        return
    yield Advice(
        rule=TARGET,
        subject=seen.now.name,
        figures=(("checkpoint_completion_target", f"{value:g}"),),
        observation_zh=f"checkpoint_completion_target 为 {value:g}。",
        conclusion_zh=f"检查点在间隔的前 {value * 100:.0f}% 内写完，其余时间空闲，写入不均匀。",
        advice_zh="将 checkpoint_completion_target 调为 0.9（14 版起的默认值）。",
        change=Change(name="checkpoint_completion_target", before=f"{value:g}", after="0.9"),
    )


def _random(seen: Seen[Postgresql]) -> Iterator[Said]:
    value, following = number(seen.now, "random_page_cost"), number(seen.now, "seq_page_cost")
    disks = seen.host.disks
    if value is None or following is None or value < 3 * following:
        return
    if not disks or any(one.rotational is not False for one in disks):
        return
    yield Advice(
        rule=RANDOM,
        subject=seen.now.name,
        figures=(("random_page_cost", f"{value:g}"), ("disks", f"{len(disks)}, none turns")),
        observation_zh=f"random_page_cost 为 {value:g}，本机 {len(disks)} 块磁盘均非机械盘（内核报告）。",
        conclusion_zh="规划器把随机读估得过贵，可能放弃索引而全表扫描。",
        advice_zh="将 random_page_cost 调为 1.1；在业务低峰生效，并对比主要语句前后的耗时。",
        change=Change(name="random_page_cost", before=f"{value:g}", after="1.1"),
    )


def _scale(seen: Seen[Postgresql], database: Database) -> Iterator[Said]:
    general = number(seen.now, "autovacuum_vacuum_scale_factor")
    if general is None or general < 0.1:
        return
    for table in database.activity:
        if table.live < LARGE_ROWS or table.vacuum_scale is not None:
            continue
        yield Advice(
            rule=SCALE,
            subject=f"{seen.now.name}/{database.name} {table.name}",
            figures=(
                ("rows", str(table.live)), ("dead", str(table.dead)), ("size", size(table.size_bytes)),
                ("comes at", f"{general * table.live:.0f} dead rows"),
            ),
            observation_zh=f"表 {table.name}（{size(table.size_bytes)}，{table.live} 行）现有死元组 {table.dead} 行，"
            f"按 {general:g} 的比例要积到 {general * table.live:.0f} 行才清理。",
            conclusion_zh="大表积累大量死元组后才清理一次，其间膨胀，清理时又集中占用磁盘。",
            advice_zh="对该表单独设置 autovacuum_vacuum_scale_factor = 0.02。",
            sql=f"ALTER TABLE {quoted(table.name)} SET (autovacuum_vacuum_scale_factor = 0.02);",
        )  # fmt: skip


def _slow(seen: Seen[Postgresql]) -> Iterator[Said]:
    if text(seen.now, "log_min_duration_statement") != "-1" or seen.now.statements is not None:
        return
    if "extension pg_stat_statements" not in seen.now.withheld.get("statements", ""):
        return
    yield Advice(
        rule=SLOW,
        subject=seen.now.name,
        figures=(("log_min_duration_statement", "-1"), ("pg_stat_statements", "absent")),
        observation_zh="log_min_duration_statement = -1，且未安装 pg_stat_statements。",
        conclusion_zh="业务变慢时无从得知是哪些语句，查询优化没有依据。",
        advice_zh="安装 pg_stat_statements（shared_preload_libraries，须重启）；暂不能重启的，"
        "将 log_min_duration_statement 调为 1s。",
        change=Change(name="log_min_duration_statement", before="-1", after="1s"),
    )
