"""Indexes of PostgreSQL: the same twice, the beginning of another, used by nobody, missing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from hashlib import sha256

from maintkit.analysis.advice.model import DAY_S, MIB, Advice, Insufficient, Rule, Said, Seen, counted, enough, size
from maintkit.analysis.advice.pg_values import quoted
from maintkit.evidence.server_facts import Activity, Database, ForeignKey, Index, Postgresql

_KEEP = "事先用 pg_get_indexdef 保存定义，需要时用 CREATE INDEX CONCURRENTLY 重建。"
_DROP = (
    "按名称引用该索引的程序（提示、脚本）会失效；移除只短暂等待锁，不阻塞读写，但须等待长事务结束，"
    "在维护窗口执行并设 lock_timeout。"
)
DUPLICATE = Rule(
    id="postgresql.duplicate-index",
    title="an index does just what another does",
    title_zh="重复索引",
    source="PostgreSQL 15: 11 (Indexes); DROP INDEX",
    takes="online",
    confidence="high",
    risk_zh=_DROP,
    undo_zh=_KEEP,
)
PREFIX = Rule(
    id="postgresql.prefix-index",
    title="a longer index begins with all of this one",
    title_zh="被更长索引覆盖的索引",
    source="PostgreSQL 15: 11.3 (Multicolumn Indexes); DROP INDEX",
    takes="online",
    confidence="medium",
    risk_zh=f"{_DROP}较长的索引更大，只用前几列的查询可能略慢。",
    undo_zh=_KEEP,
)
UNUSED = Rule(
    id="postgresql.unused-index",
    title="an index that no query has used",
    title_zh="未使用的索引",
    source="PostgreSQL 15: 28.2 (pg_stat_user_indexes); DROP INDEX",
    takes="by-hand",
    confidence="low",
    risk_zh=f"月末、年终的报表和备库上的查询可能用到。{_DROP}",
    undo_zh=_KEEP,
)
FOREIGN_KEY = Rule(
    id="postgresql.foreign-key-index",
    title="a foreign key without an index on the referencing side",
    title_zh="外键的引用列没有索引",
    source="PostgreSQL 15: 5.4.5 (Foreign Keys); CREATE INDEX",
    takes="online",
    confidence="medium",
    risk_zh="新索引占用空间并略增写入开销；CREATE INDEX CONCURRENTLY 不阻塞读写，失败会留下无效索引，须移除后重来。",
    undo_zh="DROP INDEX CONCURRENTLY 移除新索引。",
)
MISSING = Rule(
    id="postgresql.sequential-reads",
    title="a large table is read from end to end, again and again",
    title_zh="大表反复全表扫描",
    source="PostgreSQL 15: 28.2 (pg_stat_user_tables); 14.1 (EXPLAIN)",
    takes="by-hand",
    confidence="low",
    risk_zh="取数占比大的报表本应全表扫描，补索引无益；每个新索引都增加写入开销。",
    undo_zh="DROP INDEX CONCURRENTLY 移除新索引。",
)
RULES = (DUPLICATE, PREFIX, UNUSED, FOREIGN_KEY, MISSING)
_QUOTED = re.compile(r'"(?:[^"]|"")+"|[^", ]+')  # names as quote_ident writes them
LEAST_BYTES = 10 * MIB
UNUSED_DAYS = 30  # a month's end must lie in it
SCANS_A_DAY, ROWS_A_SCAN = 24, 10_000  # more than a backup, a dump or a nightly report makes


def rules(seen: Seen[Postgresql]) -> Iterator[Said]:
    """Database by database."""
    for database in seen.now.databases or ():
        if database.asked:
            yield from _needless(seen, database)
            yield from _unused(seen, database)
            yield from _foreign_keys(seen, database)
            yield from _missing(seen, database)
    for name, why in seen.now.withheld.items():
        if name.startswith("database "):
            reason = f"未能进入{name.replace('database', '数据库')}，其索引未作分析"
            yield Insufficient(subject=seen.now.name, rule=None, reason_zh=reason, why=why)


def _needless(seen: Seen[Postgresql], database: Database) -> Iterator[Said]:
    for index in database.indexes:
        better = index.twin_of or index.prefix_of
        if not index.valid or better is None or index.attached:
            continue
        twin = index.twin_of is not None
        yield Advice(
            rule=DUPLICATE if twin else PREFIX,
            subject=f"{seen.now.name}/{database.name} {index.name}",
            figures=(("table", index.table), ("size", size(index.size_bytes)), ("kept", better)),
            observation_zh=f"索引 {index.name}（表 {index.table}，{size(index.size_bytes)}）"
            + (f"与 {better} 的列、排序、表达式和条件完全相同。" if twin else f"的全部列是 {better} 的前几列。"),
            conclusion_zh=f"{better} 能代替它；多余的索引增加每次写入、清理和备份的开销。",
            advice_zh=f"与应用厂商确认没有程序按名称使用后，移除 {index.name}，保留 {better}。",
            sql=_dropping(index),
            # The host itself sees whether a twin is still there; that a longer index serves, only the plan can say.
            index=_going(database, index, f"由 {better} 代替", used=not twin),
        )


def _dropping(index: Index) -> str:
    return f"DROP INDEX CONCURRENTLY {quoted(index.name)};"


def _going(database: Database, index: Index, reason_zh: str, *, used: bool = False) -> dict[str, object] | None:
    """None where the facts do not tell schema and name apart. `used`: it may go although queries have used it."""
    (schema, _, name), (_, _, table) = index.name.partition("."), index.table.partition(".")
    wish = {"act": "drop", "database": database.name, "schema": schema, "table": table, "name": name}
    meant = {"used": True} if used else {}
    return {**wish, **meant, "reason": reason_zh} if name and table else None


def _coming(database: Database, key: ForeignKey) -> dict[str, object] | None:
    """Under a name of 63 bytes at most; None where the columns are not known."""
    (schema, _, table), columns = key.table.partition("."), _QUOTED.findall(key.columns or "")
    plain = [one[1:-1].replace('""', '"') if one.startswith('"') else one for one in columns]
    name = "_".join((table, *plain, "idx"))
    name = name if len(name.encode()) <= 63 else f"fk_{sha256(name.encode()).hexdigest()[:16]}_idx"
    wish: dict[str, object] = {"act": "create", "database": database.name, "schema": schema, "table": table}
    return {**wish, "name": name, "columns": plain, "reason": f"外键 {key.name} 的引用列没有索引"} if columns else None


def _unused(seen: Seen[Postgresql], database: Database) -> Iterator[Said]:
    idle = [one for one in database.indexes if one.unused and one.valid and one.size_bytes >= LEAST_BYTES]
    idle = [one for one in idle if one.twin_of is None and one.prefix_of is None]
    if not idle:
        return
    since, subject = database.stats_since_at, f"{seen.now.name}/{database.name}"
    days = (seen.host.at - since) / DAY_S if since is not None else 0.0
    if days < UNUSED_DAYS:
        names = "、".join(one.name for one in idle[:3])
        reason = f"{names} 等 {len(idle)} 个索引无使用记录，但使用情况仅统计了 {days:.1f} 天，不足 {UNUSED_DAYS} 天"
        yield Insufficient(subject=subject, rule=UNUSED, reason_zh=reason)
        return
    standby_zh = "本实例有备库，其查询不计入本实例的统计，须逐台核对。" if seen.now.replicas else ""
    standby_zh = (
        "本实例是备库，索引只能在主库移除，须核对主库及其他备库的使用。" if seen.now.in_recovery else standby_zh
    )
    for index in idle:
        yield Advice(
            rule=UNUSED,
            subject=f"{subject} {index.name}",
            figures=(
                ("table", index.table), ("size", size(index.size_bytes)), ("scans", f"0 in {days:.0f} d"),
                ("replicas", "yes" if seen.now.replicas else "no"),
            ),
            observation_zh=f"索引 {index.name}（表 {index.table}，{size(index.size_bytes)}）{days:.0f} 天内未被使用。",
            conclusion_zh="它占用空间，增加每次写入的开销，对本实例的查询没有作用。",
            advice_zh=f"{standby_zh}核对月末、年终报表并与应用厂商确认后，在维护窗口移除；不要仅凭本项移除。",
            sql=_dropping(index),
            index=_going(database, index, f"{days:.0f} 天内未被使用"),
        )  # fmt: skip


def _foreign_keys(seen: Seen[Postgresql], database: Database) -> Iterator[Said]:
    for key in database.foreign_keys:
        if key.table_bytes < LEAST_BYTES:
            continue
        made = f"CREATE INDEX CONCURRENTLY ON {quoted(key.table)} ({key.columns});" if key.columns else ""
        yield Advice(
            rule=FOREIGN_KEY,
            subject=f"{seen.now.name}/{database.name} {key.table} {key.name}",
            figures=(("table", size(key.table_bytes)), ("columns", key.columns or "-"), ("parent", key.parent)),
            observation_zh=f"表 {key.table}（{size(key.table_bytes)}）的外键 {key.name} 引用 {key.parent}，"
            f"没有以其列（{key.columns or '未取得'}）开头的索引。",
            conclusion_zh=f"在 {key.parent} 上删除记录或修改主键时，每次都要全表扫描 {key.table}，并长时间持锁。",
            advice_zh="业务会删除或修改被引用的记录的，补建索引；从不变更的，登记为接受。",
            sql=made,
            index=_coming(database, key),
        )


def _missing(seen: Seen[Postgresql], database: Database) -> Iterator[Said]:
    subject = f"{seen.now.name}/{database.name}"
    earlier = {table.name: table for table in _before(seen, database)}
    untold = []
    for table in database.activity:
        past = earlier.get(table.name)
        since = database.stats_since_at if past is None else database.stats_reset_at
        scans = counted(seen, table.seq_scan, past.seq_scan if past else None, since)
        rows = counted(seen, table.seq_tup_read, past.seq_tup_read if past else None, since)
        probes = counted(seen, table.idx_scan, past.idx_scan if past else None, since)
        if table.size_bytes < LEAST_BYTES or table.live < ROWS_A_SCAN or not table.seq_scan:
            continue
        if scans is None or rows is None or probes is None or not scans.enough:
            untold.append(scans)
        elif scans.a_day >= SCANS_A_DAY and rows.amount / scans.amount >= ROWS_A_SCAN:
            yield _read_whole(seen, subject, table, scans.amount, rows.amount, probes.amount, scans.days)
    if untold:
        short = enough(MISSING, subject, untold[0], what_zh="全表扫描")
        yield from [short] if short else []


def _before(seen: Seen[Postgresql], database: Database) -> tuple[Activity, ...]:
    past = (seen.before.databases if seen.before else None) or ()
    return next((one.activity for one in past if one.name == database.name), ())


def _read_whole(
    seen: Seen[Postgresql], subject: str, table: Activity, scans: float, rows: float, probes: float, days: float
) -> Advice:
    bare = table.name.split(".", 1)[-1]
    top = seen.now.statements.top if seen.now.statements else ()
    naming = [one.id or "-" for one in top if bare in one.query][:3]
    by_zh = f"语句统计中涉及该表的有：{'、'.join(naming)}。" if naming else "语句统计的前列中没有涉及该表的语句。"
    return Advice(
        rule=MISSING,
        subject=f"{subject} {table.name}",
        figures=(
            ("size", size(table.size_bytes)), ("rows", str(table.live)),
            ("scans", f"{scans:.0f} in {days:.0f} d"), ("rows a scan", f"{rows / scans:.0f}"),
            ("index scans", f"{probes:.0f}"), ("statements", " ".join(naming) or "-"),
        ),
        observation_zh=f"表 {table.name}（{size(table.size_bytes)}，{table.live} 行）{days:.0f} 天内"
        f"全表扫描 {scans:.0f} 次，平均每次读 {rows / scans:.0f} 行；经索引访问 {probes:.0f} 次。",
        conclusion_zh="扫描频次高于备份和夜间报表，可能缺少业务查询所需的索引。",
        advice_zh=f"{by_zh}用 EXPLAIN（不带 ANALYZE，或在副本上）核对其条件列，与应用厂商确认后补建索引，并对比前后。",
    )  # fmt: skip
