"""Findings over time: which matter was seen before, and what somebody lets stand."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime

from maintkit.checks.model import Finding, Waiver

Matter = tuple[str, str]  # check, subject
Opened = tuple[str, datetime]  # event, first seen


def apply_waivers(
    findings: Iterable[Finding], waivers: Mapping[Matter, Waiver], *, now: datetime
) -> tuple[Finding, ...]:
    """Turn warn and crit to `waived` where a waiver is in force at `now`; what it hides stays in `waived_status`."""
    return tuple(_waive(finding, waivers.get((finding.check, finding.subject)), now) for finding in findings)


def _waive(finding: Finding, waiver: Waiver | None, now: datetime) -> Finding:
    if waiver is None or waiver.until <= now:
        return finding
    match finding.status:
        case "warn" | "crit":
            return replace(finding, status="waived", waived_status=finding.status, waiver=waiver)
        case _:
            return finding


def carry(
    findings: Iterable[Finding], opened: Mapping[Matter, Opened], *, run: str, now: datetime, first: int = 1
) -> tuple[Finding, ...]:
    """Name the abnormal matters: those in `opened` keep event and first seen, new ones get `<run>-<number>`.

    `opened` are the events open after the previous inspection. Numbers start at `first`, so that hosts judged one
    after the other go on counting. A finding that is not seen well (unknown, error, a row for a person) keeps its event
    and opens none. An opened matter of one instance whose check could not be judged on the host at all gets a finding
    of its own, `unknown`: what could not be looked at is not closed.
    """
    named: list[Finding] = []
    for finding in _with_unseen(tuple(findings), opened):
        known = opened.get((finding.check, finding.subject))
        if known is not None and finding.status in {"warn", "crit", "waived", "unknown", "error", "manual"}:
            named.append(replace(finding, event=known[0], first_seen=known[1]))
        elif finding.status in {"warn", "crit", "waived"}:
            named.append(replace(finding, event=f"{run}-{first:03d}", first_seen=now))
            first += 1
        else:
            named.append(finding)
    return tuple(named)


def _with_unseen(findings: tuple[Finding, ...], opened: Mapping[Matter, Opened]) -> Iterator[Finding]:
    """The findings, each host-wide unknown followed by one for every opened instance it leaves unseen."""
    present = {(finding.check, finding.subject) for finding in findings}
    for finding in findings:
        yield finding
        if finding.instance or finding.status not in {"unknown", "error"}:
            continue
        prefix = f"{finding.host}/"
        for check, subject in opened:
            if check == finding.check and subject.startswith(prefix) and (check, subject) not in present:
                yield replace(finding, instance=subject.removeprefix(prefix), status="unknown")
