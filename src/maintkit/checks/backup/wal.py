"""The WAL archive beside the backups, segment by segment."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from maintkit.checks.backup.jobs import each_found
from maintkit.checks.backup.segments import bare, cut_off, unlisted
from maintkit.checks.facts.backup import BackupJob, BackupSet, WalRange
from maintkit.checks.model import Case, Check, Observation
from maintkit.checks.offenders import SHOWN
from maintkit.checks.rule import judged, measured, not_applicable, shown, unknown


def gap(case: Case) -> Iterable[Observation]:
    """WAL that backups need is not in the archive: their own segments, or those that lead from them to its end.

    Own segments that are missing, or any after the newest backup, are crit; after older ones warn: what lies between
    the hole and the next backup cannot be reached. Of WAL before the oldest point in time that is kept, retention
    leaves the backups' own segments alone: that is no hole. The catalogue names the first and the last segment of each
    archive; what lies between is listed, for neither `info` nor `verify` tells, and a restore to the default target
    opens, silently short. Where it could not be listed it is unknown. What is in a segment only a drill shows.

    Of mariadb-backup with declared `binlogs`: sets from which the binary logs do not lead to the last one without a
    gap. Older sets whose first files retention has taken are left out. What is in a file is not looked at.
    """
    return each_found(case, _judge)


def _judge(case: Case, job: BackupJob) -> Iterator[Observation]:
    if job.binlogs:
        yield _binlogs(case, job)
    elif job.tool != "pgbackrest":
        yield not_applicable(f"{job.tool} keeps no archive beside its sets", instance=job.name)
    elif not job.backups:
        yield unknown("there is no backup that would need WAL", instance=job.name)
    else:
        yield _archives(case, job)


def _archives(case: Case, job: BackupJob) -> Observation:
    lacking, stuck = bare(job), cut_off(job)
    if lacking or stuck:
        return _broken(case, job, lacking, stuck)
    silent = [one.label for one in job.backups if one.wal_start is None or one.wal_stop is None]
    if silent:
        reason = f"it is not known which WAL segments {len(silent)} backups need ({', '.join(silent[:3])})"
        return unknown(reason, instance=job.name, excerpt=_seen(job))
    unseen = unlisted(job)
    if unseen:
        reason = f"it was not seen whether WAL is missing in the middle: {unseen[0]}"
        return unknown(reason, instance=job.name, excerpt=_seen(job))
    limit = case.limits["backup.wal-gap"]
    return measured(0.0, limit, instance=job.name, conclusion_zh="", remedy_zh="", excerpt=_seen(job))


def _broken(case: Case, job: BackupJob, lacking: list[BackupSet], stuck: list[BackupSet]) -> Observation:
    said = []
    if lacking:
        said.append(f"有 {len(lacking)} 个备份所需的 WAL 不在归档中（{_labels(lacking)}），这些备份无法恢复到一致状态")
    if stuck:
        said.append(
            f"的归档在 {len(stuck)} 个备份之后缺少 WAL（{_labels(stuck)}），"
            "从这些备份只能恢复到缺口之前，缺口到下一个备份之间的数据无法恢复"
        )
    newest = {one.repo: one for one in sorted(job.backups, key=lambda one: one.stopped_at)}.values()
    return judged(
        "crit" if lacking or any(one in stuck for one in newest) else "warn",
        instance=job.name,
        value=float(len(lacking) + len(stuck)),
        limit=case.limits["backup.wal-gap"],
        conclusion_zh=f"任务 {job.name} " + "；".join(said) + "。",
        remedy_zh="请检查数据库的归档命令与归档状态、归档存储库的空间和过期策略，恢复归档后立即补做一次全量备份；"
        "在新备份验证前保留现有备份和 WAL。",
        excerpt="\n".join([_seen(job), *(one.label for one in [*lacking, *stuck][:SHOWN])]),
    )


def _labels(sets: list[BackupSet]) -> str:
    return "、".join(one.label for one in sets[:3])


def _seen(job: BackupJob) -> str:
    return "catalogue: " + (", ".join(map(_span, job.wal)) or "no archive")


def _span(archive: WalRange) -> str:
    """An archive in short: from where to where, how many segments, and the newest holes."""
    told = f"{archive.archive} {archive.first or '-'}..{archive.last or '-'}"
    if archive.segments is not None:
        told += f" {archive.segments} segments, {shown(archive.missing)} missing"
    holes = [one.first if one.first == one.last else f"{one.first}-{one.last}" for one in archive.holes[-SHOWN:]]
    return f"{told}: {', '.join(holes)}" if holes else told


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
