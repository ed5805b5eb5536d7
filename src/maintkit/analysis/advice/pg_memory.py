"""Memory of PostgreSQL against that of its machine: shared buffers, work_mem, maintenance, the planner's guess."""

from __future__ import annotations

from collections.abc import Iterator

from maintkit.analysis.advice.model import (
    GIB,
    MIB,
    Advice,
    Change,
    Insufficient,
    Rule,
    Said,
    Seen,
    enough,
    size,
)
from maintkit.analysis.advice.pg_values import down_to, number, power, summed, text, written
from maintkit.evidence.server_facts import Postgresql

_UNDO = "恢复原参数文件（计划自带回退），重新加载。"
BUFFERS_SMALL = Rule(
    id="postgresql.shared-buffers",
    title="shared_buffers is small for the machine and reads miss it",
    title_zh="共享缓冲区偏小",
    source="PostgreSQL 15: 20.4.1, shared_buffers",
    takes="restart",
    confidence="medium",
    risk_zh="须重启数据库才生效；内存被其他程序占用时可能引起换页，生效后观察可用内存。",
    undo_zh="恢复原参数文件并再次重启。",
)
BUFFERS_LARGE = Rule(
    id="postgresql.shared-buffers-large",
    title="shared_buffers takes over 40 % of the machine's memory",
    title_zh="共享缓冲区过大",
    source="PostgreSQL 15: 20.4.1, shared_buffers",
    takes="restart",
    confidence="medium",
    risk_zh="须重启数据库才生效；重启后缓存为空，一段时间内读盘增多。",
    undo_zh="恢复原参数文件并再次重启。",
)
CACHE = Rule(
    id="postgresql.effective-cache-size",
    title="effective_cache_size is far from what the machine can cache",
    title_zh="effective_cache_size 与本机内存不符",
    source="PostgreSQL 15: 20.7.2, effective_cache_size",
    takes="reload",
    confidence="medium",
    risk_zh="只影响规划器的估计，不占用内存；少数语句的执行计划可能改变，须观察主要语句的耗时。",
    undo_zh=_UNDO,
)
WORK_LARGE = Rule(
    id="postgresql.work-mem-large",
    title="work_mem times max_connections is more than the machine has",
    title_zh="work_mem 与连接数之积超过内存",
    source="PostgreSQL 15: 20.4.1, work_mem; hash_mem_multiplier",
    takes="reload",
    confidence="medium",
    risk_zh="排序、哈希所需超过新值的语句会改写临时文件而变慢；可对个别用户单独设置较大的值。",
    undo_zh=_UNDO,
)
WORK_SMALL = Rule(
    id="postgresql.work-mem",
    title="sorts and hashes spill to temporary files",
    title_zh="排序与哈希大量写临时文件",
    source="PostgreSQL 15: 20.4.1, work_mem",
    takes="reload",
    confidence="medium",
    risk_zh="每个会话的每个排序、哈希都可用到此值，并发高时内存占用成倍增加；已按连接上限计入预算。",
    undo_zh=_UNDO,
)
MAINTENANCE = Rule(
    id="postgresql.maintenance-work-mem",
    title="maintenance_work_mem is small for the largest table",
    title_zh="maintenance_work_mem 偏小",
    source="PostgreSQL 15: 20.4.1, maintenance_work_mem",
    takes="reload",
    confidence="medium",
    risk_zh="每个自动清理进程都可用到此值，已按进程数计入；建索引、清理时内存占用会上升。",
    undo_zh=_UNDO,
)
HUGE_PAGES = Rule(
    id="postgresql.huge-pages",
    title="large shared buffers without huge pages",
    title_zh="大共享缓冲区未使用大页",
    source="PostgreSQL 15: 19.4.5, Linux Huge Pages",
    takes="by-hand",
    confidence="medium",
    risk_zh="预留的大页不能再作他用；预留不足时 huge_pages = on 会使数据库不能启动，故保持 try。",
    undo_zh="取消 vm.nr_hugepages 的设置，重启数据库。",
)
RULES = (BUFFERS_SMALL, BUFFERS_LARGE, CACHE, WORK_LARGE, WORK_SMALL, MAINTENANCE, HUGE_PAGES)
LEAST_MEMORY = 2 * GIB  # on less, what the manual says of shares of memory does not hold
LEAST_BLOCKS = 1_000_000


def rules(seen: Seen[Postgresql]) -> Iterator[Said]:
    """Nothing where the machine's memory or the settings are not known."""
    memory, shared = seen.host.memory, number(seen.now, "shared_buffers")
    if memory is None or shared is None:
        reason = "未取得主机内存或数据库参数，内存参数未作分析"
        yield Insufficient(subject=seen.now.name, rule=None, reason_zh=reason)
        return
    total = memory.total_bytes
    if total >= LEAST_MEMORY:
        yield from _shared_small(seen, total, memory.available_bytes, shared)
        yield from _shared_large(seen, total, shared)
        yield from _cache(seen, total)
        yield from _maintenance(seen, total)
    yield from _work(seen, total, shared)
    yield from _huge(seen, shared, memory.huge_pages)


def _shared_small(seen: Seen[Postgresql], total: int, available: int, shared: float) -> Iterator[Said]:
    data = sum(one.size_bytes or 0 for one in seen.now.databases or ())
    if shared >= 0.15 * total or shared >= data:
        return
    hit, read = (summed(seen, field) for field in ("blks_hit", "blks_read"))
    short = enough(BUFFERS_SMALL, seen.now.name, read, what_zh="缓存命中")
    if short is not None or hit is None or read is None:
        yield from [short] if short else []
        return
    looked = hit.amount + read.amount
    if looked < LEAST_BLOCKS or hit.amount / looked >= 0.99:
        return
    target = down_to(min(0.25 * total, shared + 0.8 * available), 64 * MIB)
    if target < 1.25 * shared:
        return
    share = hit.amount / looked * 100
    yield Advice(
        rule=BUFFERS_SMALL,
        subject=seen.now.name,
        figures=(
            ("shared_buffers", size(shared)), ("memory", size(total)), ("available", size(available)),
            ("data", size(data)), ("hit", f"{share:.1f} % of {looked:.0f} blocks in {read.days:.0f} d"),
        ),
        observation_zh=f"shared_buffers 为 {size(shared)}，占内存 {size(total)} 的 {shared / total * 100:.0f}%，"
        f"数据共 {size(data)}；{read.days:.0f} 天内读取 {looked:.0f} 块，命中率 {share:.1f}%。",
        conclusion_zh="共享缓冲区偏小，常用数据须反复读入。",
        advice_zh=f"先处理读盘最多的语句；仍偏低的，将 shared_buffers 调为 {written(target)}"
        "（约为内存的四分之一，且不超过现有可用内存），经计划修改后重启数据库。",
        change=Change(name="shared_buffers", before=written(shared), after=written(target)),
    )  # fmt: skip


def _shared_large(seen: Seen[Postgresql], total: int, shared: float) -> Iterator[Said]:
    if shared <= 0.4 * total:
        return
    target = down_to(0.25 * total, 64 * MIB)
    yield Advice(
        rule=BUFFERS_LARGE,
        subject=seen.now.name,
        figures=(("shared_buffers", size(shared)), ("memory", size(total))),
        observation_zh=f"shared_buffers 为 {size(shared)}，占内存 {size(total)} 的 {shared / total * 100:.0f}%。",
        conclusion_zh="超过内存四成时，同样的数据在操作系统缓存中又存一份，连接和排序的内存被挤占，有内存耗尽的风险。",
        advice_zh=f"将 shared_buffers 调为 {written(target)}（约为内存的四分之一），经计划修改后重启数据库。",
        change=Change(name="shared_buffers", before=written(shared), after=written(target)),
    )


def _cache(seen: Seen[Postgresql], total: int) -> Iterator[Said]:
    value = number(seen.now, "effective_cache_size")
    if value is None or 0.4 * total <= value <= total:
        return
    target = down_to(0.65 * total, 256 * MIB)
    yield Advice(
        rule=CACHE,
        subject=seen.now.name,
        figures=(("effective_cache_size", size(value)), ("memory", size(total))),
        observation_zh=f"effective_cache_size 为 {size(value)}，本机内存 {size(total)}。",
        conclusion_zh="规划器据此估计索引访问能否命中缓存；"
        + ("偏低会使其不选用索引而全表扫描。" if value < total else "高于本机内存会使其高估索引访问的速度。"),
        advice_zh=f"将 effective_cache_size 调为 {written(target)}（约为内存的 65%）。",
        change=Change(name="effective_cache_size", before=written(value), after=written(target)),
    )


def _maintenance(seen: Seen[Postgresql], total: int) -> Iterator[Said]:
    value = number(seen.now, "maintenance_work_mem")
    tables = [table for one in seen.now.databases or () for table in one.activity]
    largest = max(tables, key=lambda one: one.size_bytes, default=None)
    workers = (
        int(number(seen.now, "autovacuum_max_workers") or 3) if text(seen.now, "autovacuum_work_mem") == "-1" else 1
    )
    target = min(GIB, power(total / 64), power(total / 16 / workers) // 2)
    if value is None or largest is None or largest.size_bytes < 2 * GIB or target < 2 * value:
        return
    yield Advice(
        rule=MAINTENANCE,
        subject=seen.now.name,
        figures=(
            ("maintenance_work_mem", size(value)), ("memory", size(total)),
            ("largest table", f"{largest.name} {size(largest.size_bytes)}"), ("workers", str(workers)),
        ),
        observation_zh=f"maintenance_work_mem 为 {size(value)}，最大的表 {largest.name} 为 {size(largest.size_bytes)}，"
        f"本机内存 {size(total)}。",
        conclusion_zh="清理大表时须多次扫描其全部索引，建索引时须多次归并，维护窗口被拉长。",
        advice_zh=f"将 maintenance_work_mem 调为 {written(target)}（按 {workers} 个清理进程计入内存）。",
        change=Change(name="maintenance_work_mem", before=written(value), after=written(target)),
    )  # fmt: skip


def _work(seen: Seen[Postgresql], total: int, shared: float) -> Iterator[Said]:
    work, clients = number(seen.now, "work_mem"), seen.now.max_connections
    if work is None or not clients:
        return
    times = number(seen.now, "hash_mem_multiplier") or 1.0
    budget = down_to(max(0.0, total - shared) / 2 / clients / times, MIB)
    if work * clients * times + shared > total:
        yield _too_much(seen, total, shared, work, clients, times, budget)
        return
    yield from _spilled(seen, work, clients, budget)


def _too_much(
    seen: Seen[Postgresql], total: int, shared: float, work: float, clients: int, times: float, budget: int
) -> Advice:
    most = work * clients * times + shared
    change = Change(name="work_mem", before=written(work), after=written(budget)) if budget >= 4 * MIB else None
    advice_zh = (
        f"将 work_mem 调为 {written(budget)}，确有需要的报表用户另用 ALTER ROLE … SET work_mem 单独设置。"
        if change
        else "连接上限过高：请由应用使用连接池，核实实际并发后调小 max_connections（须重启），再议 work_mem。"
    )
    return Advice(
        rule=WORK_LARGE,
        subject=seen.now.name,
        figures=(
            ("work_mem", size(work)), ("max_connections", str(clients)), ("hash_mem_multiplier", f"{times:g}"),
            ("shared_buffers", size(shared)), ("memory", size(total)), ("at most", size(most)),
            ("connections now", str(seen.now.connections)),
        ),
        observation_zh=f"work_mem {size(work)} × 连接上限 {clients} × {times:g} 加共享缓冲区 {size(shared)} "
        f"共 {size(most)}，本机内存 {size(total)}；巡检时有 {seen.now.connections} 个连接。",
        conclusion_zh="连接用满且各做一次排序或哈希时内存即不足，数据库可能被操作系统终止。",
        advice_zh=advice_zh,
        change=change,
    )  # fmt: skip


def _spilled(seen: Seen[Postgresql], work: float, clients: int, budget: int) -> Iterator[Said]:
    written_, files = summed(seen, "temp_bytes"), summed(seen, "temp_files")
    if written_ is None or files is None or files.amount < 100 or written_.amount < GIB:
        return
    short = enough(WORK_SMALL, seen.now.name, written_, what_zh="临时文件")
    if short is not None:
        yield short
        return
    if written_.a_day < GIB:
        return
    each = written_.amount / files.amount
    wanted = power(1.25 * each)
    fits = work < wanted <= budget
    yield Advice(
        rule=WORK_SMALL,
        subject=seen.now.name,
        figures=(
            ("work_mem", size(work)), ("temp files", f"{files.amount:.0f} in {written_.days:.0f} d"),
            ("a day", size(written_.a_day)), ("average", size(each)), ("budget a session", size(budget)),
        ),
        observation_zh=f"{written_.days:.0f} 天内写临时文件 {files.amount:.0f} 个，平均每天 {size(written_.a_day)}，"
        f"每个 {size(each)}；work_mem 为 {size(work)}。",
        conclusion_zh="排序或哈希放不进 work_mem，改用磁盘，语句变慢并占用磁盘读写。",
        advice_zh=f"先看写临时文件最多的语句能否改写或补索引；仍需要的，将 work_mem 调为 {written(wanted)}"
        f"（{clients} 个连接计入后不超过空余内存的一半）。"
        if fits
        else "先看写临时文件最多的语句能否改写或补索引；按连接上限全局加大会耗尽内存，"
        f"只对报表类用户用 ALTER ROLE … SET work_mem = '{written(wanted)}' 单独设置。",
        change=Change(name="work_mem", before=written(work), after=written(wanted)) if fits else None,
    )  # fmt: skip


def _huge(seen: Seen[Postgresql], shared: float, reserved: int | None) -> Iterator[Said]:
    mode = text(seen.now, "huge_pages")
    if shared < 8 * GIB or mode not in ("try", "off") or (mode == "try" and reserved != 0):
        return
    pages = text(seen.now, "shared_memory_size_in_huge_pages")
    how_zh = f"（本实例需 {pages} 页）" if pages.isdigit() else ""
    yield Advice(
        rule=HUGE_PAGES,
        subject=seen.now.name,
        figures=(("shared_buffers", size(shared)), ("huge_pages", mode), ("reserved", str(reserved))),
        observation_zh=f"shared_buffers 为 {size(shared)}，huge_pages = {mode}，本机预留大页 {reserved} 个。",
        conclusion_zh="每个连接都要为共享内存建立页表，大内存、多连接时占用可观的内存和 CPU。",
        advice_zh=f"在维护窗口预留大页{how_zh}（vm.nr_hugepages），huge_pages 保持 try，重启数据库后核对已使用。",
    )  # fmt: skip
