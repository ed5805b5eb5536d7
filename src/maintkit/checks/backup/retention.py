"""Whether what is kept of the backups is as much, and reaches as far back, as was agreed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time

from maintkit.checks.backup.jobs import Job, good, jobs, no_jobs
from maintkit.checks.facts.backup import BackupJob, BackupRepository
from maintkit.checks.gaps import DAY_S, HOUR_S, age_s, date_text
from maintkit.checks.model import Case, Check, ExpectedBackup, ExpectedKeep, Observation
from maintkit.checks.rule import judged, measured, shown, skipped, unknown

NOT_TOLD = "it was not told how many sets there are and how old they are"
LATE_H = 24.0  # a first set may come so late after its schedule, and a day begins elsewhere than in UTC


@dataclass(frozen=True, kw_only=True)
class Held:
    """Full sets in one place: how many, how many days the oldest is old, and what the tool is told to keep."""

    copies: int
    days: float
    oldest_at: float | None
    repository: BackupRepository | None = None

    @property
    def told_copies(self) -> int | None:
        """How many the tool is told to keep; None where it is told days, or nothing."""
        one = self.repository
        return one.keep_full if one is not None and one.keep_type in (None, "count") else None

    @property
    def told_days(self) -> int | None:
        """How many days the tool is told to keep; None where it is told a number, or nothing."""
        one = self.repository
        return one.keep_full if one is not None and one.keep_type == "time" else None


def retention(case: Case) -> Iterable[Observation]:
    """Full sets are fewer than agreed (`keep`), or reach less far back, or the tool is told to keep less than that.

    The value is the share of it that is there, in percent. One schedule may lack, for then the next set takes the place
    of the oldest. Of several repositories the one that holds most counts. `since` says when keeping began: while the
    oldest set is of those days nothing was taken away, and what is there is told, not judged. Over one full set more
    than pgBackRest's configuration keeps is warn: it does not expire them.
    """
    every = jobs(case)
    if not every:
        yield no_jobs(case)
    for job in every:
        keep = job.declared.keep if job.declared is not None else None
        if job.found is None:
            yield unknown("the declared job is not in the catalogue that came home", instance=job.name)
        elif job.declared is None or keep is None:
            reason = "the site does not say what is to be kept of this job"
            yield skipped(reason, instance=job.name, excerpt=_seen(_places(case, job.found)))
        else:
            yield _judge(case, job, job.found, job.declared, keep)


def _places(case: Case, found: BackupJob) -> tuple[Held, ...] | None:
    """What each repository holds; None where that was not told."""
    if found.tool != "pgbackrest":
        held = None if found.kept is None else _held(case, found.kept, found.oldest_at)
        return None if held is None else (held,)
    places = []
    for one in found.repos or (None,):
        full = [each for each in good(found) if each.kind == "full" and (one is None or each.repo in (None, one.key))]
        held = _held(case, len(full), full[0].stopped_at if full else None, one)
        if held is None:
            return None
        places.append(held)
    return tuple(places)


def _held(case: Case, copies: int, oldest_at: float | None, one: BackupRepository | None = None) -> Held | None:
    seconds = age_s(case, oldest_at) if oldest_at is not None else 0.0 if copies == 0 else None
    if seconds is None:
        return None
    return Held(copies=copies, days=seconds / DAY_S, oldest_at=oldest_at, repository=one)


def _judge(case: Case, job: Job, found: BackupJob, declared: ExpectedBackup, keep: ExpectedKeep) -> Observation:
    places = _places(case, found)
    if places is None:
        return unknown(NOT_TOLD, instance=job.name)
    best = max(places, key=lambda one: min(_shares(one, keep, declared)))
    share, limit = min(_shares(best, keep, declared)), case.limits["backup.retention"]
    if limit.judge(share * 100) == "ok":
        return _too_many(job.name, places) or measured(
            share * 100, limit, instance=job.name, conclusion_zh="", remedy_zh="", excerpt=_seen(places)
        )
    if _is_young(best, keep, declared):
        reason = (
            f"kept since {keep.since}: nothing was taken away, {best.copies} full sets and {best.days:.0f} days by now"
        )
        return skipped(reason, instance=job.name, value=share * 100, unit=limit.unit, excerpt=_seen(places))
    return measured(
        share * 100,
        limit,
        instance=job.name,
        conclusion_zh=f"备份任务 {job.name} 现有 {best.copies} 份全量备份，可追溯 {best.days:.0f} 天，"
        f"约定保留{_agreed_zh(keep)}{_told_zh(best, keep)}，更早的数据已不能从备份恢复。",
        remedy_zh="请核对备份工具的保留策略、过期记录和存储空间，确认是谁、因何减少了备份；把保留策略改为约定值，"
        "在补足之前停止过期和清理；任务新建不久的，在 services.yml 的 keep 中登记 since。",
        excerpt=_seen(places),
    )


def _shares(held: Held, keep: ExpectedKeep, declared: ExpectedBackup) -> Iterator[float]:
    """What of each thing agreed is there, and is to be kept: 1 is all of it."""
    if keep.copies is not None:
        yield min(1.0, held.copies / keep.copies)
        if held.told_copies is not None:
            yield min(1.0, held.told_copies / keep.copies)
    if keep.days is not None:
        reach = held.days + declared.every_h * HOUR_S / DAY_S if held.copies else 0.0
        yield min(1.0, reach / keep.days)
        if held.told_days is not None:
            yield min(1.0, held.told_days / keep.days)


def _is_young(held: Held, keep: ExpectedKeep, declared: ExpectedBackup) -> bool:
    """Whether the oldest set is of the first days, and only time lacks."""
    if keep.since is None or held.oldest_at is None or _told_zh(held, keep):
        return False
    begun = datetime.combine(keep.since, time(), UTC).timestamp()
    return held.oldest_at - begun <= (declared.every_h + LATE_H) * HOUR_S


def _too_many(name: str, places: Iterable[Held]) -> Observation | None:
    """The next backup makes one more before the oldest expires."""
    for one in places:
        if one.told_copies is not None and one.copies > one.told_copies + 1:
            return judged(
                "warn",
                instance=name,
                value=f"{one.copies} 份",
                conclusion_zh=f"备份任务 {name} 有 {one.copies} 份全量备份，备份工具的配置保留 {one.told_copies} 份："
                "过期没有执行，存储会持续增长。",
                remedy_zh="请查看备份工具的过期（expire）日志，确认配置与执行备份的用户一致；"
                "由备份工具执行过期，不要手工删除存储库中的文件。",
                excerpt=_seen(places),
            )
    return None


def _agreed_zh(keep: ExpectedKeep) -> str:
    said = [
        f" {keep.copies} 份" if keep.copies is not None else "",
        f" {keep.days} 天" if keep.days is not None else "",
    ]
    return "、".join(filter(None, said))


def _told_zh(held: Held, keep: ExpectedKeep) -> str:
    """What the tool is told to keep, where that is less than agreed."""
    if keep.copies is not None and held.told_copies is not None and held.told_copies < keep.copies:
        return f"，备份工具的配置只保留 {held.told_copies} 份"
    if keep.days is not None and held.told_days is not None and held.told_days < keep.days:
        return f"，备份工具的配置只保留 {held.told_days} 天"
    return ""


def _seen(places: Iterable[Held] | None) -> str:
    return "; ".join(_line(one) for one in places or ())


def _line(one: Held) -> str:
    where = f"repo{one.repository.key}: " if one.repository is not None else ""
    oldest = date_text(one.oldest_at) if one.oldest_at is not None else "-"
    told = one.repository
    keeps = f", configured {shown(told.keep_full)} ({told.keep_type or 'count'})" if told is not None else ""
    return f"{where}{one.copies} full sets, oldest {oldest}{keeps}"


CHECKS = (
    Check(
        id="backup.retention",
        category="backup",
        title_zh="备份保留",
        needs=("backups",),
        judge=retention,
        limits=("backup.retention",),
        decides_absence=True,
    ),
)
