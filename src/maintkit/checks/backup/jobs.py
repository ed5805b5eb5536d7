"""Which backup jobs a host has: those the site declares and those the tool's catalogue holds, brought together."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from maintkit.checks.facts.backup import BackupJob, BackupSet
from maintkit.checks.gaps import withheld
from maintkit.checks.model import Case, ExpectedBackup, Observation
from maintkit.checks.rule import not_applicable, unknown

# The tools whose catalogue the collector can ask.
CATALOGUES = frozenset({"pgbackrest", "mariadb-backup", "mysqldump", "restic", "manifest"})


@dataclass(frozen=True, kw_only=True)
class Job:
    """One job by name; `declared` or `found` may be None, never both."""

    name: str
    declared: ExpectedBackup | None = None
    found: BackupJob | None = None


def jobs(case: Case) -> tuple[Job, ...]:
    """The declared jobs in the site's order, then those only the catalogue knows."""
    section = case.facts.sections.backups
    listed = section.data.jobs if section is not None and section.status == "ok" and section.data is not None else ()
    found: dict[tuple[str, str], BackupJob] = {(job.tool, job.name): job for job in listed}
    declared = [
        Job(name=one.name, declared=one, found=found.pop((one.tool, one.name), None)) for one in case.expected.backups
    ]
    return (*declared, *(Job(name=job.name, found=job) for job in found.values()))


def each_found(case: Case, rule: Callable[[Case, BackupJob], Iterable[Observation]]) -> Iterator[Observation]:
    """`rule` for every job of the catalogue; a declared one that is not in it is unknown here (see backup.age)."""
    every = jobs(case)
    if not every:
        yield no_jobs(case)
    for job in every:
        if job.found is not None:
            yield from rule(case, job.found)
        else:
            yield unknown("the declared job is not in the catalogue that came home", instance=job.name)


def no_jobs(case: Case) -> Observation:
    """The answer where neither the site nor the host knows of a backup."""
    section = case.facts.sections.backups
    gap = withheld(section)
    if gap:
        return unknown(f"not every catalogue could be read: {gap}")
    if section is not None and section.status == "absent":
        because = f": {section.reason}" if section.reason else ""
        return not_applicable(f"no backup tool on this host{because}, and the site declares no job")
    return not_applicable("the catalogue holds no job, and the site declares none")


def good(job: BackupJob) -> tuple[BackupSet, ...]:
    """The finished backups that are not known to hold a damaged page, oldest first.

    Of one that the catalogue says nothing of (None), backup.page-errors tells.
    """
    return tuple(sorted((one for one in job.backups if one.error is not True), key=lambda one: one.stopped_at))
