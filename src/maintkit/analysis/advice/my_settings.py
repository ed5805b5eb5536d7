"""Settings of MySQL and MariaDB: what can lose data, the buffer pool, redo, temporary tables, caches, connections."""

from __future__ import annotations

from collections.abc import Iterator

from maintkit.analysis.advice.model import (
    GIB,
    MIB,
    Advice,
    Change,
    Counted,
    Insufficient,
    Rule,
    Said,
    Seen,
    counted,
    enough,
    size,
)
from maintkit.evidence.server_facts import Mysql

_UNDO = "恢复原参数文件；已用 SET GLOBAL 改的，以同样方式改回原值。"
FLUSH = Rule(
    id="mysql.flush-log",
    title="a crash loses what was committed last",
    title_zh="提交未逐次落盘",
    source="MariaDB InnoDB System Variables / MySQL 8.0 InnoDB Startup Options: innodb_flush_log_at_trx_commit",
    takes="by-hand",
    confidence="high",
    risk_zh="每次提交等待落盘，小事务密集时写入延迟会上升；须事先确认磁盘写能力。",
    undo_zh=_UNDO,
    danger=True,
)
BINLOG = Rule(
    id="mysql.sync-binlog",
    title="the binary log is not synced at each commit",
    title_zh="二进制日志未逐次落盘",
    source="MariaDB Replication and Binary Log System Variables / MySQL 8.0 Binary Logging Options: sync_binlog",
    takes="by-hand",
    confidence="high",
    risk_zh="每次提交多一次落盘，写入延迟会上升；须事先确认磁盘写能力。",
    undo_zh=_UNDO,
    danger=True,
)
DOUBLEWRITE = Rule(
    id="mysql.doublewrite",
    title="the doublewrite buffer is off",
    title_zh="双写缓冲被关闭",
    source="MariaDB InnoDB System Variables / MySQL 8.0 Doublewrite Buffer: innodb_doublewrite",
    takes="restart",
    confidence="high",
    risk_zh="数据页写入量增加；多数版本须重启才生效。",
    undo_zh="恢复原参数文件并重启。",
    danger=True,
)
POOL_SMALL = Rule(
    id="mysql.buffer-pool",
    title="the buffer pool is small for the data and reads miss it",
    title_zh="缓冲池偏小",
    source="MariaDB InnoDB Buffer Pool / MySQL 8.0 Configuring InnoDB Buffer Pool Size: innodb_buffer_pool_size",
    takes="by-hand",
    confidence="medium",
    risk_zh="内存被其他程序占用时可能引起换页；在线调整期间语句会短暂停顿，宜在业务低峰。",
    undo_zh=_UNDO,
)
POOL_LARGE = Rule(
    id="mysql.buffer-pool-large",
    title="the buffer pool takes over 80 % of the machine's memory",
    title_zh="缓冲池过大",
    source="MariaDB InnoDB Buffer Pool / MySQL 8.0 Configuring InnoDB Buffer Pool Size: innodb_buffer_pool_size",
    takes="by-hand",
    confidence="medium",
    risk_zh="命中率可能下降；缩小期间语句会短暂停顿，宜在业务低峰。",
    undo_zh=_UNDO,
)
REDO = Rule(
    id="mysql.redo-size",
    title="the redo log holds less than an hour of writing",
    title_zh="重做日志偏小",
    source="MariaDB InnoDB Redo Log / MySQL 8.0 Redo Log: innodb_log_file_size, innodb_redo_log_capacity",
    takes="restart",
    confidence="medium",
    risk_zh="占用磁盘增加，崩溃恢复的时间变长；须正常停机后重启（MySQL 8.0.30、MariaDB 10.9 起可在线调整）。",
    undo_zh="恢复原参数文件并正常重启。",
)
TEMP = Rule(
    id="mysql.temp-tables",
    title="temporary tables go to the disk",
    title_zh="临时表多落到磁盘",
    source="MariaDB Server System Variables / MySQL 8.0 Internal Temporary Table Use: tmp_table_size",
    takes="by-hand",
    confidence="low",
    risk_zh="每个会话的每个临时表都可用到此值，须计入并发；含大字段的临时表仍会落盘。",
    undo_zh=_UNDO,
)
TABLES = Rule(
    id="mysql.table-cache",
    title="tables are opened again and again",
    title_zh="表缓存偏小",
    source="MariaDB Server System Variables / MySQL 8.0 How MySQL Opens and Closes Tables: table_open_cache",
    takes="by-hand",
    confidence="medium",
    risk_zh="占用的文件描述符增加，须同时核对 open_files_limit。",
    undo_zh=_UNDO,
)
MEMORY = Rule(
    id="mysql.memory",
    title="buffers of the server and of all connections are more than the machine has",
    title_zh="连接缓冲之和超过内存",
    source="MariaDB Memory Allocation / MySQL 8.0 How MySQL Uses Memory",
    takes="by-hand",
    confidence="low",
    risk_zh="调小连接上限后，超出的连接会被拒绝；调小会话缓冲后，个别排序、连接变慢。",
    undo_zh=_UNDO,
)
CONNECTIONS = Rule(
    id="mysql.max-connections",
    title="almost all connections were in use at one time",
    title_zh="连接曾接近上限",
    source="MariaDB Server System Variables / MySQL 8.0 Connection Interfaces: max_connections",
    takes="by-hand",
    confidence="medium",
    risk_zh="每个连接都占用内存，已按会话缓冲计入；应先查有无连接泄漏。",
    undo_zh=_UNDO,
)
SLOW = Rule(
    id="mysql.slow-log",
    title="slow statements are neither counted nor logged",
    title_zh="慢语句既无统计也无日志",
    source="MariaDB Slow Query Log Overview / MySQL 8.0 The Slow Query Log: slow_query_log",
    takes="by-hand",
    confidence="medium",
    risk_zh="日志会写入语句原文，可能含患者信息：须限制日志文件的读取权限。优先开启 performance_schema（须重启），"
    "它只保留归一化的语句。",
    undo_zh=_UNDO,
)
RULES = (FLUSH, BINLOG, DOUBLEWRITE, POOL_SMALL, POOL_LARGE, REDO, TEMP, TABLES, MEMORY, CONNECTIONS, SLOW)
_SESSION = ("sort_buffer_size", "join_buffer_size", "read_buffer_size", "read_rnd_buffer_size", "thread_stack")
_SHARED = ("innodb_buffer_pool_size", "innodb_log_buffer_size", "key_buffer_size", "aria_pagecache_buffer_size")


def rules(seen: Seen[Mysql]) -> Iterator[Said]:
    """Those against the machine only where its memory is known."""
    yield from _durable(seen)
    yield from _slow(seen)
    yield from _redo(seen)
    yield from _temp(seen)
    yield from _tables(seen)
    if seen.host.memory is None:
        reason = "未取得主机内存，内存参数未作分析"
        yield Insufficient(subject=seen.now.name, rule=None, reason_zh=reason)
        return
    yield from _pool(seen, seen.host.memory.total_bytes, seen.host.memory.available_bytes)
    yield from _connections(seen, seen.host.memory.total_bytes)


def number(one: Mysql, name: str) -> int | None:
    """A setting as a number; None where it is not known or none."""
    text = one.settings.get(name, "")
    return int(text) if text.isdigit() else None


def since_last(seen: Seen[Mysql], name: str) -> Counted | None:
    """What a counter counted since the earlier look, or since the server started."""
    now = (seen.now.counters or {}).get(name)
    then = (seen.before.counters or {}).get(name) if seen.before else None
    return counted(seen, now, then, seen.now.started_at) if now is not None else None


def _durable(seen: Seen[Mysql]) -> Iterator[Said]:
    had = seen.now.settings
    if had.get("innodb_flush_log_at_trx_commit") in ("0", "2"):
        yield _off(seen, FLUSH, "innodb_flush_log_at_trx_commit", "1", "崩溃或断电时，最近约一秒内已提交的事务会丢失。")
    if had.get("log_bin") == "ON" and had.get("sync_binlog") not in (None, "1"):
        yield _off(
            seen,
            BINLOG,
            "sync_binlog",
            "1",
            "断电时二进制日志可能缺少已提交的事务，按时间点恢复不完整，从库会与主库不一致。",
        )
    if had.get("innodb_doublewrite") in ("OFF", "0"):
        yield _off(seen, DOUBLEWRITE, "innodb_doublewrite", "ON", "断电时写了一半的数据页无法修复，实例可能不能启动。")


def _off(seen: Seen[Mysql], rule: Rule, name: str, wanted: str, means_zh: str) -> Advice:
    value = seen.now.settings[name]
    return Advice(
        rule=rule,
        subject=seen.now.name,
        figures=((name, value),),
        observation_zh=f"参数 {name} = {value}。",
        conclusion_zh=means_zh,
        advice_zh=f"将 {name} 改为 {wanted}，并写入参数文件；若当初有意降低，先确认数据丢失的风险已由采购人接受。",
        change=Change(name=name, before=value, after=wanted),
    )


def _slow(seen: Seen[Mysql]) -> Iterator[Said]:
    if seen.now.settings.get("slow_query_log") == "OFF" and seen.now.performance_schema is False:
        yield Advice(
            rule=SLOW,
            subject=seen.now.name,
            figures=(("slow_query_log", "OFF"), ("performance_schema", "OFF")),
            observation_zh="slow_query_log 与 performance_schema 均为 OFF。",
            conclusion_zh="业务变慢时无从得知是哪些语句，查询优化没有依据。",
            advice_zh="在下次重启时开启 performance_schema；此前可开启 slow_query_log 并将 long_query_time 设为 1 秒。",
            change=Change(name="slow_query_log", before="OFF", after="ON"),
        )


def _redo(seen: Seen[Mysql]) -> Iterator[Said]:
    name = "innodb_redo_log_capacity" if "innodb_redo_log_capacity" in seen.now.settings else "innodb_log_file_size"
    each = number(seen.now, name)
    if each is None:
        return
    files = number(seen.now, "innodb_log_files_in_group") or 1
    holds = each * (files if name == "innodb_log_file_size" else 1)
    wrote = since_last(seen, "innodb_os_log_written")
    short = enough(REDO, seen.now.name, wrote, what_zh="重做日志写入量")
    if short is not None or wrote is None:
        yield from [short] if short else []
        return
    hourly = wrote.a_day / 24
    if hourly <= holds or hourly < 64 * MIB:
        return
    target = min(-(-int(hourly) // (64 * MIB)) * 64 * MIB, 8 * GIB) // (files if name == "innodb_log_file_size" else 1)
    yield Advice(
        rule=REDO,
        subject=seen.now.name,
        figures=((name, size(each)), ("in all", size(holds)), ("an hour", f"{size(hourly)} over {wrote.days:.0f} d")),
        observation_zh=f"重做日志共 {size(holds)}；{wrote.days:.0f} 天内平均每小时写入 {size(hourly)}。",
        conclusion_zh="重做日志不足一小时的写入量，缓冲池被迫频繁刷盘，写入高峰时语句停顿。",
        advice_zh=f"将 {name} 调为 {size(target)}，并核对数据目录的空间。",
        change=Change(name=name, before=str(each), after=str(target)),
    )


def _temp(seen: Seen[Mysql]) -> Iterator[Said]:
    made, disk = since_last(seen, "created_tmp_tables"), since_last(seen, "created_tmp_disk_tables")
    heap, temp = number(seen.now, "max_heap_table_size"), number(seen.now, "tmp_table_size")
    if made is None or disk is None or heap is None or temp is None or made.amount < 1000:
        return
    short = enough(TEMP, seen.now.name, made, what_zh="临时表")
    if short is not None:
        yield short
        return
    if disk.amount / made.amount < 0.25 or min(heap, temp) >= 256 * MIB:
        return
    target = max(heap, temp) if heap != temp else 2 * temp
    target = min(target, 256 * MIB)
    yield Advice(
        rule=TEMP,
        subject=seen.now.name,
        figures=(
            ("tmp_table_size", size(temp)), ("max_heap_table_size", size(heap)),
            ("on disk", f"{disk.amount:.0f} of {made.amount:.0f} in {made.days:.0f} d"),
        ),
        observation_zh=f"{made.days:.0f} 天内 {made.amount:.0f} 个临时表有 {disk.amount:.0f} 个落到磁盘；"
        f"tmp_table_size {size(temp)}，max_heap_table_size {size(heap)}（以较小者为准）。",
        conclusion_zh="分组、排序的中间结果放不进内存，或含大字段。",
        advice_zh=f"先看落盘最多的语句能否改写或补索引；仍偏多的，将两项均调为 {size(target)}，并计入并发会话数。",
        change=Change(name="tmp_table_size,max_heap_table_size", before=f"{temp},{heap}", after=f"{target},{target}"),
    )  # fmt: skip


def _tables(seen: Seen[Mysql]) -> Iterator[Said]:
    opened, cache = since_last(seen, "opened_tables"), number(seen.now, "table_open_cache")
    if opened is None or cache is None or seen.now.open_tables is None or seen.now.open_tables < 0.95 * cache:
        return
    short = enough(TABLES, seen.now.name, opened, what_zh="表打开次数")
    if short is not None:
        yield short
        return
    if opened.a_day < 3600 or cache >= 16384:
        return
    target = 2 * cache
    yield Advice(
        rule=TABLES,
        subject=seen.now.name,
        figures=(("table_open_cache", str(cache)), ("open", str(seen.now.open_tables)),
                 ("opened", f"{opened.a_day:.0f} a day")),
        observation_zh=f"table_open_cache 为 {cache}，已用 {seen.now.open_tables}；"
        f"平均每天重新打开表 {opened.a_day:.0f} 次。",
        conclusion_zh="表缓存已满，表被反复关闭和打开。",
        advice_zh=f"将 table_open_cache 调为 {target}，同时核对 open_files_limit。",
        change=Change(name="table_open_cache", before=str(cache), after=str(target)),
    )  # fmt: skip


def _pool(seen: Seen[Mysql], total: int, available: int) -> Iterator[Said]:
    pool = number(seen.now, "innodb_buffer_pool_size")
    data = sum(one.size_bytes or 0 for one in seen.now.databases or ())
    if pool is None:
        return
    if pool > 0.8 * total:
        yield _resized(
            seen, POOL_LARGE, pool, int(0.7 * total) // (128 * MIB) * 128 * MIB,
            figures=(("memory", size(total)),),
            observation_zh=f"innodb_buffer_pool_size 为 {size(pool)}，"
            f"占内存 {size(total)} 的 {pool / total * 100:.0f}%。",
            conclusion_zh="留给连接和操作系统的内存不足，有换页和被终止的风险。",
        )  # fmt: skip
        return
    asked, missed = (since_last(seen, f"innodb_buffer_pool_{name}") for name in ("read_requests", "reads"))
    if pool >= data or pool >= 0.5 * total:
        return
    short = enough(POOL_SMALL, seen.now.name, asked, what_zh="缓冲池读取")
    if short is not None or asked is None or missed is None:
        yield from [short] if short else []
        return
    if asked.amount < 1_000_000 or missed.amount / asked.amount <= 0.01:
        return
    target = int(min(0.6 * total, 1.1 * data, pool + 0.8 * available)) // (128 * MIB) * 128 * MIB
    if target < 1.25 * pool:
        return
    hit = 100 - missed.amount / asked.amount * 100
    yield _resized(
        seen, POOL_SMALL, pool, target,
        figures=(("memory", size(total)), ("available", size(available)), ("data", size(data)),
                 ("hit", f"{hit:.1f} % of {asked.amount:.0f} in {asked.days:.0f} d")),
        observation_zh=f"innodb_buffer_pool_size 为 {size(pool)}，数据共 {size(data)}，本机内存 {size(total)}；"
        f"{asked.days:.0f} 天内读取 {asked.amount:.0f} 次，命中率 {hit:.1f}%。",
        conclusion_zh="常用数据放不进缓冲池，须反复读盘。",
    )  # fmt: skip


def _resized(
    seen: Seen[Mysql],
    rule: Rule,
    pool: int,
    target: int,
    *,
    figures: tuple[tuple[str, str], ...],
    observation_zh: str,
    conclusion_zh: str,
) -> Advice:
    return Advice(
        rule=rule,
        subject=seen.now.name,
        figures=(("innodb_buffer_pool_size", size(pool)), *figures),
        observation_zh=observation_zh,
        conclusion_zh=conclusion_zh,
        advice_zh=f"将 innodb_buffer_pool_size 调为 {size(target)}，写入参数文件，并在业务低峰用 SET GLOBAL 生效。",
        change=Change(name="innodb_buffer_pool_size", before=str(pool), after=str(target)),
    )


def _connections(seen: Seen[Mysql], total: int) -> Iterator[Said]:
    most, used = seen.now.max_connections, seen.now.most_connections
    if not most:
        return
    each = sum(number(seen.now, name) or 0 for name in _SESSION)
    shared = sum(number(seen.now, name) or 0 for name in _SHARED)
    figures = (("max_connections", str(most)), ("a session", size(each)), ("shared", size(shared)),
               ("memory", size(total)), ("most at once", str(used)))  # fmt: skip
    if shared + most * each > total:
        yield Advice(
            rule=MEMORY,
            subject=seen.now.name,
            figures=figures,
            observation_zh=f"共用缓冲 {size(shared)}，每个会话最多 {size(each)} × 连接上限 {most}，"
            f"共 {size(shared + most * each)}；本机内存 {size(total)}，启动以来最多同时 {used} 个连接。",
            conclusion_zh="连接用满时内存即不足，数据库可能被操作系统终止。",
            advice_zh="核对实际并发后调小 max_connections，或调小会话缓冲（sort_buffer_size、join_buffer_size）；"
            "需要大缓冲的报表在其会话内单独设置。",
        )
    elif used is not None and used >= 0.85 * most:
        fits = shared + 1.5 * most * each <= 0.9 * total
        yield Advice(
            rule=CONNECTIONS,
            subject=seen.now.name,
            figures=figures,
            observation_zh=f"启动以来最多同时 {used} 个连接，上限 {most}。",
            conclusion_zh="再有高峰时新的业务连接会被拒绝。",
            advice_zh="先查有无连接泄漏、应用连接池是否过大；确属需要的，"
            + (f"将 max_connections 调为 {int(1.5 * most)}。" if fits else "先扩内存，再调大 max_connections。"),
            change=Change(name="max_connections", before=str(most), after=str(int(1.5 * most))) if fits else None,
        )
