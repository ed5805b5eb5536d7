"""What the segments of a WAL archive are worth to the backups beside it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from maintkit.checks.facts.backup import BackupJob, BackupSet, WalRange

USUAL_PER_LOG = 256  # segments of 16 MiB


def archives_of(job: BackupJob, one: BackupSet) -> list[WalRange]:
    """The archives in which the backup's WAL may lie: its own, or all where old facts do not say which that is."""
    return [
        archive
        for archive in job.wal
        if archive.first is not None and archive.last is not None
        if one.repo in (None, archive.repo) and one.archive in (None, archive.archive)
    ]


def bare(job: BackupJob) -> list[BackupSet]:
    """Backups that lack some of their own segments; where any archive is known one that names none passes."""
    return [one for one in job.backups if not any(_covers(archive, one) for archive in archives_of(job, one))]


def cut_off(job: BackupJob) -> list[BackupSet]:
    """Backups from which the archive does not lead to its end; what retention takes between old ones is no hole."""
    return [one for one in job.backups if any(_ends_early(job, archive, one) for archive in archives_of(job, one))]


def unlisted(job: BackupJob) -> list[str]:
    """Why archives that backups lie in were not looked into."""
    used = {id(archive): archive for one in job.backups for archive in archives_of(job, one)}
    reason = "the facts hold the first and the last segment alone"
    return [archive.unlisted or reason for archive in used.values() if archive.segments is None]


def _covers(archive: WalRange, one: BackupSet) -> bool:
    start, stop = one.wal_start, one.wal_stop
    if (start is not None and start < (archive.first or "")) or (stop is not None and stop > (archive.last or "")):
        return False
    first = _number(archive, start or stop)
    last = _number(archive, stop or start)
    return (start or stop) is None or not any(a <= last and first <= b for a, b in _holes(archive))


def _ends_early(job: BackupJob, archive: WalRange, one: BackupSet) -> bool:
    if one.wal_start is None or one.wal_stop is None or not _covers(archive, one):
        return False
    own = sorted(
        (_number(archive, each.wal_start), _number(archive, each.wal_stop))
        for each in job.backups
        if archive in archives_of(job, each) and each.wal_start and each.wal_stop
    )
    left = _holes(archive)[_expired(archive, own) :]
    return any(first > _number(archive, one.wal_stop) for first, _last in left)


def _expired(archive: WalRange, own: Sequence[tuple[int, int]]) -> int:
    """How many of the oldest holes retention has made: of WAL before them it keeps the backups' own segments alone."""
    holes = _holes(archive)
    told = sum(last - first + 1 for first, last in holes)
    whole = told == archive.missing
    begin = _number(archive, archive.first) if whole or not holes else holes[0][0]
    for count, (first, last) in enumerate(holes):
        if not _all_own(begin, first - 1, own) or last + 1 not in {start for start, _stop in own}:
            return count
        begin = last + 1
    return len(holes)


def _all_own(first: int, last: int, own: Iterable[tuple[int, int]]) -> bool:
    """Whether every segment from the first to the last one is some backup's own; `own` is sorted."""
    at = first
    for start, stop in own:
        at = max(at, stop + 1) if start <= at else at
    return at > last


def _holes(archive: WalRange) -> list[tuple[int, int]]:
    return [(_number(archive, one.first), _number(archive, one.last)) for one in archive.holes]


def _number(archive: WalRange, name: str | None) -> int:
    """A segment's number by the last 16 digits of its name, whatever its timeline."""
    digits = (name or "")[-16:].rjust(16, "0")
    return int(digits[:8], 16) * (archive.per_log or USUAL_PER_LOG) + int(digits[8:], 16)
