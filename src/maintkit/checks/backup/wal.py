"""The WAL archive beside the backups, as far as the catalogue shows it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from maintkit.checks.backup.jobs import each_found
from maintkit.checks.facts.backup import BackupJob, BackupSet
from maintkit.checks.model import Case, Check, Observation
from maintkit.checks.offenders import SHOWN
from maintkit.checks.rule import measured, not_applicable, unknown


def gap(case: Case) -> Iterable[Observation]:
    """Backups whose own WAL segments lie outside every archive range of the catalogue: they cannot be restored.

    The catalogue holds the first and the last segment of each archive and nothing between. A segment that is missing
    inside a range is NOT seen here, nor by the tool's `info` or `verify`: a restore to the default target then opens,
    silently short. Only a restore drill to a named target shows such a hole (backup.drill).

    Of mariadb-backup with declared `binlogs`: sets from which the binary logs do not lead to the last one without a
    gap. Older sets whose first files retention has taken are left out. What is in a file is not looked at.
    """
    return each_found(case, _judge)


def _judge(case: Case, job: BackupJob) -> Iterator[Observation]:
    if job.binlogs:
        yield _binlogs(case, job)
        return
    if job.tool != "pgbackrest":
        yield not_applicable(f"{job.tool} keeps no archive beside its sets", instance=job.name)
        return
    if not job.backups:
        yield unknown("there is no backup that would need WAL", instance=job.name)
        return
    ranges = [(one.first, one.last) for one in job.wal if one.first is not None and one.last is not None]
    bare = [one.label for one in job.backups if not _covered(one, ranges)]
    silent = [one.label for one in job.backups if one.wal_start is None or one.wal_stop is None]
    spans = ", ".join(f"{one.archive} {one.first or '-'}..{one.last or '-'}" for one in job.wal) or "no archive"
    observation = measured(
        float(len(bare)),
        case.limits["backup.wal-gap"],
        instance=job.name,
        conclusion_zh=f"任务 {job.name} 有 {len(bare)} 个备份所需的 WAL 不在归档目录范围内（{'、'.join(bare[:3])}），"
        "这些备份无法恢复到一致状态。",
        remedy_zh="请检查数据库的归档命令与归档状态、归档存储库的空间和过期策略，恢复归档后立即补做一次全量备份；"
        "在新备份验证前保留现有备份和 WAL。",
        excerpt="\n".join([f"catalogue: {spans}; holes inside a range do not show here", *bare[:SHOWN]]),
    )
    if observation.status == "ok" and silent:
        reason = f"it is not known which WAL segments {len(silent)} backups need ({', '.join(silent[:3])})"
        yield unknown(reason, instance=job.name, excerpt=observation.excerpt)
    else:
        yield observation


def _binlogs(case: Case, job: BackupJob) -> Observation:
    """Whether every set that names its binary log can go on from there to the last one."""
    last = max(job.backups, key=lambda one: one.stopped_at, default=None)
    if last is None:
        return unknown("there is no backup that would need binary logs", instance=job.name)
    if last.wal_start is None or last.wal_stop is None:
        return unknown(f"{last.label} does not say in which binary log it ended", instance=job.name)
    ranges = [(_number(one.first), _number(one.last)) for one in job.wal if one.first and one.last]
    named = [(one, _number(one.wal_start), _number(one.wal_stop)) for one in job.backups if one.wal_start]
    bare = [one.label for one, start, stop in named if not any(a <= start and stop <= b for a, b in ranges)]
    spans = ", ".join(f"{one.first}..{one.last}" for one in job.wal) or "none"
    return measured(
        float(len(bare)),
        case.limits["backup.wal-gap"],
        instance=job.name,
        conclusion_zh=f"任务 {job.name} 有 {len(bare)} 个备份之后保留的二进制日志不连续（{'、'.join(bare[:3])}），"
        "不能从这些备份恢复到其后的任意时间点。",
        remedy_zh="请核对二进制日志的保留与转存任务，确认缺失文件是否另有副本；保留现有备份和二进制日志，立即补做一次全量备份。",
        excerpt="\n".join([f"kept binary logs: {spans}; up to {last.wal_stop}", *bare[:SHOWN]]),
    )


def _number(name: str | None) -> int:
    """The number at the end of a binary log's name."""
    return int((name or "0").rpartition(".")[2])


def _covered(one: BackupSet, ranges: list[tuple[str, str]]) -> bool:
    """Whether one archive range holds the backup's segments; with any range a backup that names none passes."""
    start, stop = one.wal_start, one.wal_stop
    return any((start is None or start >= first) and (stop is None or stop <= last) for first, last in ranges)


CHECKS = (
    Check(
        id="backup.wal-gap",
        category="backup",
        title_zh="WAL 归档连续性",
        needs=("backups",),
        judge=gap,
        limits=("backup.wal-gap",),
        decides_absence=True,
    ),
)
