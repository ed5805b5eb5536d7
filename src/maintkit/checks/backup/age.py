"""Age of the last good backup, from the tool's own catalogue, against the schedule that the site declares."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from maintkit.checks.backup.jobs import CATALOGUES, Job, good, jobs, no_jobs
from maintkit.checks.facts.backup import BackupJob, BackupRepository
from maintkit.checks.gaps import HOUR_S, age_s, date_text, withheld
from maintkit.checks.model import Case, Check, Limit, Observation
from maintkit.checks.rule import judged, measured, unknown


def age(case: Case) -> Iterable[Observation]:
    """Hours since the last good backup ended, against the job's schedule + 12 h (pgmonitor), crit at + 36 h (ours).

    No good backup at all and a declared job that is not in the catalogue are crit. A job that the site does not declare
    has no schedule to be held against. Of several repositories of a stanza each is judged by its own newest set, as
    `his repo2`: a copy that no longer grows would hide behind the other one.
    """
    every = jobs(case)
    if not every:
        yield no_jobs(case)
    for job in every:
        if job.found is None:
            yield _absent(case, job)
        elif len(job.found.repos) < 2:
            yield _judge(case, job, job.found)
        else:
            yield from (_judge(case, _named(job, one), _held(job.found, one)) for one in job.found.repos)


def _named(job: Job, repository: BackupRepository) -> Job:
    """The job in one of its repositories, with the schedule that is declared for it."""
    declared = job.declared
    if declared is not None and repository.off_host and declared.off_host_every_h is not None:
        declared = replace(declared, every_h=declared.off_host_every_h)
    return replace(job, name=f"{job.name} repo{repository.key}", declared=declared)


def _held(found: BackupJob, repository: BackupRepository) -> BackupJob:
    """The job with what lies in this repository alone."""
    return found.model_copy(update={"backups": tuple(one for one in found.backups if one.repo == repository.key)})


def _judge(case: Case, job: Job, found: BackupJob) -> Observation:
    sets = good(found)
    if not sets:
        return _none_good(job.name, found)
    last = sets[-1]
    seconds = age_s(case, last.stopped_at)
    excerpt = f"{found.tool} {found.name}: {last.label} ({last.kind}) ended {date_text(last.stopped_at)}"
    if seconds is None:
        return unknown("the last backup ended after the collection, by the host's clock", instance=job.name)
    hours = seconds / HOUR_S
    if job.declared is None:
        reason = "the site declares no schedule for this job"
        return Observation(
            status="skipped", instance=job.name, value=round(hours, 2), unit="小时", reason=reason, excerpt=excerpt
        )
    every_h = job.declared.every_h
    return measured(
        hours,
        _scheduled(case.limits["backup.age"], every_h),
        instance=job.name,
        conclusion_zh=f"备份任务 {job.name} 最近一次有效备份（{last.label}）距今 {hours:.0f} 小时，"
        f"超过计划周期 {every_h:g} 小时，"
        "期间的数据缺少新的备份保护。",
        remedy_zh="请先查看备份任务日志和调度记录，确认失败原因（空间、网络、权限或任务被停用），"
        "处理后手动补做一次备份并核对结果；"
        "补做前不要清理现有备份。",
        excerpt=excerpt,
    )


def _scheduled(limit: Limit, every_h: float) -> Limit:
    """The margin of limits.yml, laid on top of the job's own schedule."""
    return replace(
        limit,
        warn=limit.warn + every_h if limit.warn is not None else None,
        crit=limit.crit + every_h if limit.crit is not None else None,
    )


def _none_good(name: str, found: BackupJob) -> Observation:
    damaged = len(found.backups)
    state_zh = f"目录中的 {damaged} 个备份均报告数据页损坏" if damaged else "目录中没有任何备份"
    return judged(
        "crit",
        instance=name,
        value="无有效备份",
        conclusion_zh=f"备份任务 {name} 的{state_zh}，一旦发生故障，数据无法从备份恢复。",
        remedy_zh="请立即查明备份任务未产生有效备份的原因，核实是否另有可用的备份副本，"
        "尽快完成一次全量备份并做恢复验证；"
        "数据页损坏的，先保留现有数据与备份，排查存储后再处理。",
        excerpt=f"{found.tool} {name}: {found.status}, {damaged} backups, none good",
    )


def _absent(case: Case, job: Job) -> Observation:
    """A declared job of which the catalogue holds nothing: crit, unless the catalogue was not seen whole."""
    section = case.facts.sections.backups
    tool = job.declared.tool if job.declared is not None else ""
    if tool not in CATALOGUES:
        return unknown(f"the collector cannot ask {tool} for its catalogue", instance=job.name)
    gap = withheld(section) or ("the list was cut" if section is not None and section.truncated else "")
    if gap:
        return unknown(f"the job may be in what could not be read: {gap}", instance=job.name)
    return judged(
        "crit",
        instance=job.name,
        value="目录中不存在",
        conclusion_zh=f"约定的备份任务 {job.name}（{tool}）在备份工具的目录中不存在，该数据没有受到约定的备份保护。",
        remedy_zh="请核对备份工具是否安装、任务名称和配置是否正确、存储库是否可达；确认从未建立的，"
        "按备份方案建立任务并完成首次全量备份和恢复验证。",
        excerpt=section.reason or "" if section is not None else "",
    )


CHECKS = (
    Check(
        id="backup.age",
        category="backup",
        title_zh="备份时效",
        needs=("backups",),
        judge=age,
        limits=("backup.age",),
        decides_absence=True,
    ),
)
