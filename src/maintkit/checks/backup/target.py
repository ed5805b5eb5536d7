"""Where backups lie: room at the target, and a copy off the host."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from maintkit.checks.backup.jobs import each_found, good
from maintkit.checks.facts.backup import BackupJob
from maintkit.checks.gaps import date_text, why_none
from maintkit.checks.model import Case, Check, Observation
from maintkit.checks.rule import before, judged, shown, unknown

GIB = 1024**3


def space(case: Case) -> Iterable[Observation]:
    """Target used above 80/90 % AND free below 10/5 GiB, or no room for another full backup: then warn at least.

    The percentage alone would complain of a large target with terabytes free, so the milder of the two counts.
    """
    return each_found(case, _space)


def _space(case: Case, job: BackupJob) -> Iterator[Observation]:
    free, total = job.target_free_bytes, job.target_size_bytes
    if free is None or total is None:
        why = why_none(case.facts.sections.backups, "target_free_bytes", "target_size_bytes")
        yield unknown(why, instance=job.name)
        return
    if total <= 0 or not 0 <= free <= total:
        yield unknown(f"a target of {total} bytes with {free} free", instance=job.name)
        return
    used, limit = (1 - free / total) * 100, case.limits["backup.space"]
    full = max((one.repo_bytes or 0 for one in good(job) if one.kind == "full"), default=0)
    grades = (limit.judge(used), case.limits["backup.space-free-gib"].judge(free / GIB))
    severity = min(grades, key=("ok", "warn", "crit").index)
    if severity == "ok" and free < full:
        severity = "warn"
    room_zh = f"，不足以再存放一次全量备份（{full / GIB:.1f} GiB）" if free < full else ""
    yield judged(
        severity,
        instance=job.name,
        value=used,
        limit=limit,
        previous=_earlier_used(case, job),
        conclusion_zh=f"备份任务 {job.name} 的备份存储已用 {used:.1f}%，剩余 {free / GIB:.1f} GiB{room_zh}，"
        "后续备份可能失败。",
        remedy_zh="请核对备份保留策略是否按计划生效，评估增长后扩容备份存储；需要减少保留份数的，"
        "经系统负责人确认后由备份工具按策略过期，"
        "不要手工删除存储库中的文件。",
        excerpt=f"{job.name}: {free} of {total} bytes free, largest full backup {shown(full)}",
    )


def _earlier_used(case: Case, job: BackupJob) -> float | None:
    """Used percent of the job's target at the last inspection."""
    earlier = before(case, lambda sections: sections.backups)
    for one in earlier.jobs if earlier else ():
        if one.name == job.name and one.target_size_bytes and one.target_free_bytes is not None:
            return (1 - one.target_free_bytes / one.target_size_bytes) * 100
    return None


def off_host(case: Case) -> Iterable[Observation]:
    """No good set of the job lies off the host that it protects (ours).

    A repository elsewhere that holds none is no copy. How old the copy of a second repository is, backup.age tells.
    """
    return each_found(case, _off_host)


def _off_host(case: Case, job: BackupJob) -> Iterator[Observation]:
    away = [one.key for one in job.repos if one.off_host]
    sets = [one for one in good(job) if one.repo in away]
    excerpt = f"{job.name}: {job.repositories} repositories"
    if away:
        newest = f"newest {sets[-1].label}, ended {date_text(sets[-1].stopped_at)}" if sets else "no good set there"
        excerpt += f"; off the host repo{', repo'.join(map(str, away))}: {newest}"
    if job.off_host is None:
        yield unknown(why_none(case.facts.sections.backups, "off_host"), instance=job.name, excerpt=excerpt)
    elif job.off_host and (sets or not away or not job.backups):
        yield Observation(status="ok", instance=job.name, value="有异机副本", excerpt=excerpt)
    else:
        yield judged(
            "crit",
            instance=job.name,
            value="仅在本机",
            conclusion_zh=f"备份任务 {job.name} 的备份只保存在数据库所在主机上，"
            "主机损坏或遭勒索加密时数据与备份会同时丢失。",
            remedy_zh="请为该任务增加主机以外的备份副本（独立备份服务器、对象存储或离线介质），"
            "完成后核对副本并做恢复验证；"
            "已由其他方式异机复制的，请登记副本位置和频率。",
            excerpt=excerpt,
        )


CHECKS = (
    Check(
        id="backup.space",
        category="backup",
        title_zh="备份存储空间",
        needs=("backups",),
        judge=space,
        limits=("backup.space", "backup.space-free-gib"),
        decides_absence=True,
    ),
    Check(
        id="backup.off-host",
        category="backup",
        title_zh="异机备份副本",
        needs=("backups",),
        judge=off_host,
        decides_absence=True,
    ),
)
