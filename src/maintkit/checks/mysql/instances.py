"""The declared instances, what came home of each, and what did not."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from maintkit.checks.counted import Counted, since_last
from maintkit.checks.facts.mysql import MysqlInstance
from maintkit.checks.model import Case, Expected, Observation
from maintkit.checks.rule import before, no_comparison, unknown

MIB = 1024**2
SEE_UP = "the instance gave no facts: see mysql.up"


def is_declared(expected: Expected) -> bool:
    """Whether the site names an instance on the host."""
    return bool(expected.mysql)


def found(case: Case) -> dict[str, MysqlInstance]:
    """What came home, by name."""
    section = case.facts.sections.mysql
    data = section.data if section is not None and section.status == "ok" else None
    return {one.name: one for one in data.instances} if data is not None else {}


def each(
    case: Case, rule: Callable[[Case, MysqlInstance], Iterable[Observation]], *fields: str
) -> Iterator[Observation]:
    """`rule`'s observations of every declared instance that is up; where it has none, one `ok` of the instance.

    `fields` are what the rule reads: one that is None or was withheld makes `unknown` of what would be `ok`.
    """
    told = found(case)
    for name in [one.name for one in case.expected.mysql]:
        one = told.get(name)
        if one is None or one.state != "up":
            yield unknown(SEE_UP, instance=name)
            continue
        seen = tuple(rule(case, one))
        yield from seen
        gap = not_seen(one, *fields)
        if gap and not any(observation.instance == name for observation in seen):
            yield unknown(f"not everything could be read: {gap}", instance=name)
        elif not seen:
            yield Observation(status="ok", instance=name)


def not_seen(one: MysqlInstance, *fields: str) -> str:
    """Why what a rule reads is not whole, "" if it is; a session that was cut counts for every field."""
    reasons = [one.withheld[name] for name in ("version", "instance", *fields) if name in one.withheld]
    reasons += [
        f"{name}: not known"
        for name in fields
        if name not in one.withheld and name in type(one).model_fields and getattr(one, name) is None
    ]
    return "; ".join(dict.fromkeys(reasons))


def earlier_instance(case: Case, name: str) -> MysqlInstance | None:
    """The instance of this name at the last inspection, if it was up then."""
    data = before(case, lambda sections: sections.mysql)
    return next((one for one in data.instances if one.name == name and one.state == "up"), None) if data else None


def counted(case: Case, one: MysqlInstance, counter: str) -> Counted | None:
    """What a counter counted since the last inspection, or since the server started if that was later."""
    past = earlier_instance(case, one.name)
    now = getattr(one.counters, counter) if one.counters is not None else None
    if past is None or past.counters is None or now is None:
        return None
    return since_last(case, now, getattr(past.counters, counter), one.started_at)


def uncounted(case: Case, one: MysqlInstance, *counters: str) -> Observation | None:
    """What is said where these counters cannot be compared: not known, or nothing to compare with. None: they can."""
    gone = [name for name in counters if one.counters is None or getattr(one.counters, name) is None]
    if gone:
        return unknown(f"{gone[0]}: not known", instance=one.name)
    if any(counted(case, one, name) is None for name in counters):
        return Observation(status="skipped", instance=one.name, reason=why_not_compared(case, one.name))
    return None


def why_not_compared(case: Case, name: str) -> str:
    """Why there is nothing to compare with, for an observation that is skipped."""
    if case.previous is None or earlier_instance(case, name) is None:
        return no_comparison(case, "mysql")
    return "no earlier inspection of this counter to compare with"
