"""What the segments of a WAL archive are worth to the backups beside it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from maintkit.checks.facts.backup import BackupJob, BackupSet, WalRange

USUAL_PER_LOG = 256  # segments of 16 MiB


def bare(job: BackupJob) -> list[BackupSet]:
    """Backups that lack some of their own segments; where any archive is known one that names none passes."""
    held = {(one.repo, one.label) for archive in _known(job) for one in _beside(job, archive) if _covers(archive, one)}
    return [one for one in job.backups if (one.repo, one.label) not in held]


def cut_off(job: BackupJob) -> list[BackupSet]:
    """Backups from which the archive does not lead to its end; what retention takes between old ones is no hole."""
    return [one for archive in _known(job) for one in _stuck(archive, _beside(job, archive))]


def unlisted(job: BackupJob) -> list[str]:
    """Why archives that backups lie in were not looked into."""
    reason = "the facts hold the first and the last segment alone"
    unseen = [one for one in _known(job) if one.segments is None and _beside(job, one)]
    return [one.unlisted or reason for one in unseen]


def _known(job: BackupJob) -> list[WalRange]:
    return [archive for archive in job.wal if archive.first is not None and archive.last is not None]


def _beside(job: BackupJob, archive: WalRange) -> list[BackupSet]:
    """The backups whose WAL may lie in the archive: its own, or all where old facts do not say of which they are."""
    return [one for one in job.backups if one.repo in (None, archive.repo) and one.archive in (None, archive.archive)]


def _covers(archive: WalRange, one: BackupSet) -> bool:
    start, stop = one.wal_start, one.wal_stop
    if (start is not None and start < (archive.first or "")) or (stop is not None and stop > (archive.last or "")):
        return False
    first = _number(archive, start or stop)
    last = _number(archive, stop or start)
    return (start or stop) is None or not any(a <= last and first <= b for a, b in _holes(archive))


def _stuck(archive: WalRange, sets: Sequence[BackupSet]) -> list[BackupSet]:
    told = [(one, _number(archive, one.wal_start), _number(archive, one.wal_stop))
            for one in sets if one.wal_start and one.wal_stop]  # fmt: skip
    left = _holes(archive)[_expired(archive, sorted((start, stop) for _one, start, stop in told)) :]
    last = left[-1][0] if left else 0
    return [one for one, _start, stop in told if last > stop and _covers(archive, one)]


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
