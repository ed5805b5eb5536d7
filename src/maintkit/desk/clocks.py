"""The clocks of a fault: by when, how long still, met or breached and at which moment. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from maintkit.contract.sla import Faults, Target
from maintkit.contract.span import Span
from maintkit.contract.workdays import Calendar, Undetermined
from maintkit.desk.incident import Incident, LevelSince, Rest, Verb
from maintkit.desk.promise import after

State = Literal["running", "resting", "met", "breached", "undetermined", "not-asked"]
# What ends each clock: the first of these steps.
ENDS: dict[str, tuple[Verb, ...]] = {
    # Who came or solved it had answered the report, whether somebody said so or not.
    "respond": ("acknowledged", "arrived", "mitigated", "resolved"),
    "on-site": ("arrived",),
    "restore": ("mitigated", "resolved"),
}
LATE_PAUSE = "a pause that was entered after the breach does not undo it"


@dataclass(frozen=True, kw_only=True)
class Clock:
    """One clock. `left` while it runs, negative after the deadline; `breached_at` stands also when it ended later.
    Of somebody who never came `left` is what it was when the fault was restored.

    `whole`: how much time it gives, without the rests. `target`: a softer aim, which is shown and cannot be breached:
    past it, `met` or `running` simply say so by `left`.
    """

    name: str
    state: State
    deadline: datetime | None = None
    ended: datetime | None = None
    left: timedelta | None = None
    breached_at: datetime | None = None
    whole: timedelta | None = None
    target: bool = False
    reason: str = ""


def clocks(one: Incident, faults: Faults, calendar: Calendar, zone: ZoneInfo, now: datetime) -> tuple[Clock, ...]:
    """Every clock that the contract sets for an incident, as it stands at `now`; none for a duplicate."""
    if one.state == "duplicate":
        return ()
    found = [_clock(one, faults, name, now) for name in ENDS]
    return (*found, *_targets(one, faults, now), _report(one, faults, calendar, zone, now))


def _clock(one: Incident, faults: Faults, name: str, now: datetime) -> Clock:
    if one.level is None:
        return Clock(name=name, state="undetermined", reason="not triaged: it has no level yet")
    ended = one.first(*ENDS[name])
    span = _span(faults, name, one.level)
    # Somebody comes if it is needed: for what was solved from afar nobody has to any more.
    solved = one.first(*ENDS["restore"]) if name == "on-site" else None
    spared = solved is not None and (ended is None or solved < ended)
    # Nobody stops it any more after that: how far it is over stands.
    stop = min(ended or solved or now, now)
    breached = _breach(one, faults, name, (solved if spared else ended) or now, now)
    if breached is None and (span is None or spared):
        reason = "solved before anybody had to come" if spared and span else ""
        return Clock(name=name, state="not-asked", ended=ended, reason=reason)
    deadline = ran_out(one.reported, span, one.rests, stop) if span else None
    state: State = "met" if ended else "running"
    if breached:
        state = "breached"
    elif not ended and one.resting(now):
        state = "resting"
    left = deadline - stop if deadline and not ended else None
    whole = timedelta(minutes=span.minutes) if span else None
    # The pause as it was told moves the deadline; the breach that stood when it was entered says so.
    late = any(breached and rest.start < breached < rest.entered for rest in one.rests)
    return Clock(
        name=name,
        state=state,
        deadline=deadline,
        ended=ended,
        left=left,
        breached_at=breached,
        whole=whole,
        reason=LATE_PAUSE if late else "",
    )


def _breach(one: Incident, faults: Faults, name: str, until: datetime, now: datetime) -> datetime | None:
    """The first moment at which a deadline had passed, of the level then in force and by the pauses then known.

    Lowering the level later, or entering a pause later, hides nothing.
    """
    moments = []
    for place, level in enumerate(one.levels):
        span = _span(faults, name, level)
        end = one.levels[place + 1].since if place + 1 < len(one.levels) else until
        if span is not None:
            moments += _missed(one, span, min(until, end), now, since=level.since)
    return min(moments, default=None)


def _missed(
    one: Incident, span: Span, until: datetime, now: datetime, *, since: datetime | None = None
) -> list[datetime]:
    """When the span was over before `until`, and no earlier than `since`: by the pauses as each telling left them."""
    moments = []
    for rests, next_told in one.tellings():
        limit = min(until, next_told) if next_told else until
        over = ran_out(one.reported, span, rests, min(next_told or now, now))
        moment = max(over, since or over)
        if moment < limit:
            moments.append(moment)
    return moments


def ran_out(start: datetime, span: Span, rests: tuple[Rest, ...], now: datetime) -> datetime:
    """When a span that begins at `start` is over, the time in which the clocks rest left out; one that still rests
    has rested until `now`. A minute that lies in several rests is left out once."""
    end, counted = start + timedelta(minutes=span.minutes), start
    for rest in sorted(rests, key=lambda rest: rest.start):
        begin, stop = max(rest.start, counted), rest.end or now
        if begin < min(end, stop):
            end += stop - begin
            counted = stop
    return end


def _span(faults: Faults, name: str, level: LevelSince) -> Span | None:
    promised = faults.level(level.level)
    match name:
        case "respond":
            return promised.respond
        case "restore":
            return promised.restore
        case _:
            return promised.on_site or (faults.urgent_on_site if level.urgent else None)


def _targets(one: Incident, faults: Faults, now: datetime) -> Iterator[Clock]:
    if one.level is None:
        return
    targets = faults.level(one.level.level).targets
    own = one.level.target or (targets[0].title_zh if len(targets) == 1 else None)
    if own and own not in {target.title_zh for target in targets}:
        yield Clock(name=own, state="undetermined", target=True, reason="the contract has no such target any more")
    for target in targets:
        if own in (None, target.title_zh):
            yield _target(one, target, now, reason="" if own else "which target is its own was not said")


def _target(one: Incident, target: Target, now: datetime, *, reason: str) -> Clock:
    ended = one.first(*ENDS["restore"])
    stop = min(ended or now, now)
    told = ran_out(one.reported, target.within, one.rests, stop)
    # An aim that was missed before a pause was entered stays missed.
    deadline = min((told, *_missed(one, target.within, stop, now)))
    reason = reason or ("the contract states no minutes for it" if target.within.minutes == 0 else "")
    return Clock(
        name=target.title_zh,
        state="undetermined" if reason else "met" if ended else "running",
        deadline=deadline,
        ended=ended,
        left=deadline - stop,
        target=True,
        reason=reason,
    )


def _report(one: Incident, faults: Faults, calendar: Calendar, zone: ZoneInfo, now: datetime) -> Clock:
    """《故障分析报告》: so long after the solution as the contract says."""
    name, asked = faults.report.document, faults.report
    wanted = any(level.level in asked.levels or level.scope in asked.scopes for level in one.levels)
    if not wanted:
        reason = "" if one.levels else "not triaged: it has no level yet"
        return Clock(name=name, state="not-asked" if one.levels else "undetermined", reason=reason)
    solved, ended = one.first("resolved"), one.first("analysed")
    if solved is None:
        return Clock(name=name, state="undetermined", ended=ended, reason="runs from the solution: none yet")
    deadline = after(solved, asked.within, calendar, zone)
    if isinstance(deadline, Undetermined):
        return Clock(name=name, state="undetermined", ended=ended, reason=deadline.reason)
    breached = deadline if deadline < (ended or now) else None
    state: State = "breached" if breached else "met" if ended else "running"
    left = None if ended else deadline - now
    return Clock(
        name=name, state=state, deadline=deadline, ended=ended, left=left, breached_at=breached, whole=deadline - solved
    )
