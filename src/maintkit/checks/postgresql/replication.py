"""Replicas that fall behind, slots that nobody reads, WAL that is not archived."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from maintkit.checks.facts.postgresql import PostgresqlArchiver, PostgresqlInstance
from maintkit.checks.model import Case, Check, Observation
from maintkit.checks.postgresql.instances import each, is_declared, minutes
from maintkit.checks.rule import judged, measured, not_applicable, shown, unknown

MB = 10**6
LEAST_WAIT = 1  # minutes: what the server has just finished is on its way
SEGMENT = re.compile("[0-9A-F]{24}")  # no history of a timeline, and no label of a backup


def lag(case: Case) -> Iterable[Observation]:
    """A replica 50 MB (crit 100 MB) of WAL behind, or a standby that receives nothing (crit)."""
    return each(case, _lag, "replicas", *_of_standby(case))


def _of_standby(case: Case) -> tuple[str, ...]:
    """What the role may not see of a standby is a gap only where there is one."""
    section = case.facts.sections.postgresql
    instances = section.data.instances if section is not None and section.data is not None else ()
    return ("standby",) if any(one.in_recovery for one in instances) else ()


def _lag(case: Case, one: PostgresqlInstance) -> Iterator[Observation]:
    limit = case.limits["postgresql.lag"]
    for replica in one.replicas or ():
        if replica.lag_bytes is not None and limit.judge(replica.lag_bytes / MB) != "ok":
            yield measured(
                replica.lag_bytes / MB,
                limit,
                instance=f"{one.name} {replica.name}",
                conclusion_zh=f"实例 {one.name} 的复制接收方 {replica.name}（{replica.address or '本机'}）落后 "
                f"{replica.lag_bytes / MB:.0f} MB，故障切换时会丢失这部分数据。",
                remedy_zh="请检查两端网络、备库磁盘写入与备库上的长查询，确认备库回放在推进；"
                "追不上时先减轻主库批量写入，并核对 WAL 保留是否足够。",
                excerpt=f"{replica.name}: {replica.state or '-'}, {replica.lag_bytes} bytes behind",
            )
    if one.in_recovery and one.standby is not None and "standby" not in one.withheld:
        yield from _standby(case, one)


def _standby(case: Case, one: PostgresqlInstance) -> Iterator[Observation]:
    standby = one.standby
    if standby is not None and standby.receiver is None:
        yield judged(
            "crit",
            instance=one.name,
            value="未在接收",
            conclusion_zh=f"备库 {one.name} 没有在接收 WAL，数据停留在中断之时。",
            remedy_zh="请检查备库日志、到主库的网络与认证、主库是否仍保留所需的 WAL；所需 WAL 已不在时须重建备库，"
            "重建前保留现有备库。",
            excerpt=f"{one.name}: no WAL receiver",
        )
    elif standby is not None and standby.replay_lag_bytes is not None:
        yield measured(
            standby.replay_lag_bytes / MB,
            case.limits["postgresql.lag"],
            instance=one.name,
            conclusion_zh=f"备库 {one.name} 已接收而未回放的 WAL 为 {standby.replay_lag_bytes / MB:.0f} MB。",
            remedy_zh="请检查备库上的长查询与磁盘写入，确认回放没有被暂停（pg_is_wal_replay_paused）。",
            excerpt=f"{one.name}: replay {standby.replay_lag_bytes} bytes behind, receiver {standby.receiver}",
        )


def slots(case: Case) -> Iterable[Observation]:
    """A replication slot that nobody reads: it keeps WAL until the disk is full."""
    return each(case, _slots, "slots")


def _slots(_case: Case, one: PostgresqlInstance) -> Iterator[Observation]:
    for slot in one.slots or ():
        if slot.active or slot.temporary:
            continue
        kept_zh = f"，已保留 {slot.retained_bytes / MB:.0f} MB WAL" if slot.retained_bytes is not None else ""
        yield judged(
            "crit",
            instance=f"{one.name} {slot.name}",
            value="未使用",
            conclusion_zh=f"实例 {one.name} 的复制槽 {slot.name} 无人读取{kept_zh}，会使 WAL 堆积直至磁盘写满。",
            remedy_zh="请先确认该复制槽属于哪个备库或同步工具，恢复其连接；确认已永久停用的，"
            "经系统负责人同意后由数据库管理员移除该槽，并观察 WAL 目录回落。",
            excerpt=f"{slot.name}: {slot.kind or '-'}, inactive, {shown(slot.retained_bytes)} bytes retained, "
            f"WAL {slot.wal_status or '-'}",
        )


def archive(case: Case) -> Iterable[Observation]:
    """The last attempt to archive WAL failed; or a file waits for it over 10 min (crit 30), or over 10 do (crit 15).

    A command that hangs has no attempt that failed: what waits is the only sign of it. Files that were finished within
    the last minute are no backlog, however many. Where the role may not see them they are counted by the last one that
    was archived, and since when they wait is unknown.
    """
    return each(case, _archive, "archiving", "archiver")


def _archive(case: Case, one: PostgresqlInstance) -> Iterator[Observation]:
    if one.archiving is False:
        standby = "a standby whose archive_mode is not always archives nothing"
        yield not_applicable(standby if one.in_recovery else "archive_mode is off", instance=one.name)
        return
    archiver = one.archiver
    if one.archiving is None or archiver is None:
        return
    if archiver.last_failed_at is not None and archiver.last_failed_at > (archiver.last_archived_at or 0):
        yield judged(
            "crit",
            instance=one.name,
            value="失败",
            conclusion_zh=f"实例 {one.name} 的 WAL 归档正在失败（累计 {archiver.failed} 次），"
            "期间的数据无法恢复到时间点，WAL 目录会持续增长。",
            remedy_zh="请查看数据库日志中归档命令的报错，检查归档存储的空间、网络与权限，"
            "修复后确认积压的 WAL 依次归档，并补做一次全量备份；不要手工删除 pg_wal 中的文件。",
            excerpt=_said(archiver),
        )
    else:
        yield _waiting(case, one, archiver)


def _waiting(case: Case, one: PostgresqlInstance, archiver: PostgresqlArchiver) -> Observation:
    """What the archiver has not yet done, of which no attempt has failed."""
    count = archiver.waiting if archiver.waiting is not None else _behind(archiver)
    why = one.withheld.get("waiting", "the collector did not look")
    if count is None:
        return unknown(f"what waits to be archived was not seen: {why}", instance=one.name, excerpt=_said(archiver))
    waits = _waited(one, archiver)
    many, long = case.limits["postgresql.archive-waiting"], case.limits["postgresql.archive-wait"]
    number = many.judge(count) if waits is None or waits >= LEAST_WAIT else "ok"
    age = "ok" if waits is None else long.judge(waits)
    if count and waits is None and number == "ok":
        reason = f"{count} finished segments wait for the archiver, since when was not seen: {why}"
        return unknown(reason, instance=one.name, excerpt=_said(archiver))
    worst = max(number, age, key=("ok", "warn", "crit").index)
    by_age = waits is not None and age == worst
    waited = "" if waits is None else f"，最早的一个已等待 {waits:.0f} 分钟"
    return judged(
        worst,
        instance=one.name,
        value="正常" if worst == "ok" else waits if by_age else float(count),
        limit=None if worst == "ok" else long if by_age else many,
        conclusion_zh=f"实例 {one.name} 有 {count} 个 WAL 文件尚未归档{waited}，归档命令没有报错，可能已挂起或过慢，"
        "期间的数据无法恢复到时间点，WAL 目录会持续增长。",
        remedy_zh="请查看归档进程（ps 中的 archiver）正在执行的归档命令是否停住，检查归档存储的网络、挂载与空间；"
        "排除原因后确认积压的 WAL 依次归档，并核对备份；不要手工删除 pg_wal 与 archive_status 中的文件。",
        excerpt=_said(archiver),
    )


def _waited(one: PostgresqlInstance, archiver: PostgresqlArchiver) -> float | None:
    """Minutes that the oldest file waits, by the server's clock; None where none was seen."""
    if archiver.oldest_at is None or one.now_at is None:
        return None
    return max(0.0, minutes(one.now_at - archiver.oldest_at))


def _behind(archiver: PostgresqlArchiver) -> int | None:
    """Segments finished since the last one that was archived; None where the server's counters do not tell."""
    last, size = archiver.last_archived_wal or "", archiver.segment_bytes
    if not SEGMENT.fullmatch(last) or not size or archiver.wal_bytes is None:
        return None
    archived = int(last[8:16], 16) * (2**32 // size) + int(last[16:], 16)
    return max(0, archiver.wal_bytes // size - 1 - archived)


def _said(archiver: PostgresqlArchiver) -> str:
    failed = f"archived {archiver.archived}, failed {archiver.failed}, last {archiver.last_failed_wal or '-'}"
    return f"{failed}; waiting {shown(archiver.waiting)}, archived up to {archiver.last_archived_wal or '-'}"


CHECKS = (
    Check(
        id="postgresql.lag",
        category="postgresql",
        title_zh="复制延迟",
        needs=("postgresql",),
        judge=lag,
        limits=("postgresql.lag",),
        declared=is_declared,
    ),
    Check(
        id="postgresql.slots",
        category="postgresql",
        title_zh="失效复制槽",
        needs=("postgresql",),
        judge=slots,
        declared=is_declared,
    ),
    Check(
        id="postgresql.archive",
        category="postgresql",
        title_zh="WAL 归档",
        needs=("postgresql",),
        judge=archive,
        limits=("postgresql.archive-wait", "postgresql.archive-waiting"),
        declared=is_declared,
    ),
)
