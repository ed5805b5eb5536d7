"""An inspection against the one before it. Pure: the same two give the same comparison."""

from __future__ import annotations

from maintkit.evidence.recorded import SEEN, Comparison, Inspection, RecordedFinding, events_of


def compare(current: Inspection, before: Inspection | None) -> Comparison:
    """What is new, still open, closed and unseen in `current` against `before`, by event name."""
    if before is None:
        return Comparison(previous_run=None, new=tuple(events_of(current.findings)))
    now, then = events_of(current.findings), events_of(before.findings)
    looked_at = {(finding.check, finding.subject): finding for finding in current.findings}
    gone = [finding for name, finding in then.items() if name not in now]
    scope = {host.name for host in current.hosts}
    return Comparison(
        previous_run=before.run,
        new=tuple(name for name in now if name not in then and now[name].status in SEEN),
        still_open=tuple(name for name in now if name in then and now[name].status in SEEN),
        closed=tuple(finding for finding in gone if _is_well(finding, looked_at, scope)),
        unseen=tuple(name for name, finding in now.items() if finding.status not in SEEN)
        + tuple(finding.event or "" for finding in gone if _is_unseen(finding, looked_at, scope)),
    )


def _is_well(then: RecordedFinding, looked_at: dict[tuple[str, str], RecordedFinding], scope: set[str]) -> bool:
    """Whether `current` really saw that a matter of last time is over, and did not just fail to look."""
    if then.host not in scope:
        return False
    now = looked_at.get((then.check, then.subject))
    if now is not None:
        return now.status in ("ok", "waived", "not-applicable")
    # The instance is gone from a list that was looked at: the check answered for the host as a whole or others.
    answers = [
        finding.status for (check, _), finding in looked_at.items() if check == then.check and finding.host == then.host
    ]
    return bool(answers) and not {"unknown", "error", "skipped"} & set(answers)


def _is_unseen(then: RecordedFinding, looked_at: dict[tuple[str, str], RecordedFinding], scope: set[str]) -> bool:
    """Neither seen well nor seen again under a new event, as after somebody had declared it resolved."""
    now = looked_at.get((then.check, then.subject))
    return not _is_well(then, looked_at, scope) and (now is None or now.status not in SEEN)
