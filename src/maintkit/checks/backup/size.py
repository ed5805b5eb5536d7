"""Size of the last backup against the usual."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from statistics import median

from maintkit.checks.backup.jobs import each_found, good
from maintkit.checks.facts.backup import BackupJob, BackupSet
from maintkit.checks.model import Case, Check, Observation
from maintkit.checks.rule import measured, unknown

LEAST_SETS = 3  # earlier backups of the same kind without which nothing is usual
GIB = 1024**3


def size(case: Case) -> Iterable[Observation]:
    """Departure of the last good backup from the median of the earlier ones of its kind, in percent, against 50 (ours).

    Compared is the size of the database in the backup. What a backup took in the repository is compared only of full
    backups without that size: the other kinds grow from one full backup to the next.
    """
    return each_found(case, _judge)


def _judge(case: Case, job: BackupJob) -> Iterator[Observation]:
    sets = good(job)
    if not sets:
        yield unknown("there is no good backup to measure", instance=job.name)
        return
    last = sets[-1]
    now = _bytes(last)
    if now is None:
        yield unknown(f"the catalogue does not say the size of {last.label}", instance=job.name)
        return
    earlier = [taken for one in sets[:-1] if one.kind == last.kind and (taken := _like(one, last)) is not None]
    usual = median(earlier) if earlier else 0
    if len(earlier) < LEAST_SETS:
        reason = f"{len(earlier)} earlier {last.kind} backups, {LEAST_SETS} are needed to say what is usual"
        yield Observation(status="skipped", instance=job.name, reason=reason)
    elif usual <= 0:
        yield unknown(f"the usual size of a {last.kind} backup is {usual:g} bytes", instance=job.name)
    else:
        yield _measure(case, job.name, last, now, usual)


def _measure(case: Case, name: str, last: BackupSet, now: int, usual: float) -> Observation:
    departure = abs(now / usual - 1) * 100
    way = "偏小" if now < usual else "偏大"
    return measured(
        departure,
        case.limits["backup.size"],
        instance=name,
        conclusion_zh=f"备份任务 {name} 的最近备份 {last.label} 为 {now / GIB:.2f} GiB，"
        f"比同类备份的常见值 {usual / GIB:.2f} GiB "
        f"{way} {departure:.0f}%，可能备份不完整或数据量异常变化。",
        remedy_zh="请核对数据库实际大小和近期变更（数据清理、迁移、批量导入）：有对应变更的登记说明；"
        "没有的请检查备份日志和备份范围，"
        "补做全量备份并做恢复验证，期间保留以往的备份。",
        excerpt=f"{last.label}: {now} bytes, usual {usual:.0f}",
    )


def _bytes(one: BackupSet) -> int | None:
    if one.size_bytes is not None:
        return one.size_bytes
    return one.repo_bytes if one.kind == "full" else None


def _like(one: BackupSet, last: BackupSet) -> int | None:
    """The same measure of `one` that `_bytes` gives of `last`."""
    return one.size_bytes if last.size_bytes is not None else one.repo_bytes


CHECKS = (
    Check(
        id="backup.size",
        category="backup",
        title_zh="备份大小",
        needs=("backups",),
        judge=size,
        limits=("backup.size",),
        decides_absence=True,
    ),
)
