"""From facts to findings. Pure: the same case gives the same findings, today and when old facts are judged again.

A section that a check needs and that did not come home is answered here, so that no rule can forget it: missing is
never read as healthy.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime

from maintkit.checks.facts.document import Facts
from maintkit.checks.facts.fact import SectionStatus
from maintkit.checks.model import Case, Check, DataProblem, Evidence, Finding, Observation, Status
from maintkit.checks.rule import cut, section_of

EXCERPT_CHARACTERS = 2000

_ANSWERS: Mapping[SectionStatus, tuple[Status, str]] = {
    "ok": ("error", "says ok and holds no data"),
    "absent": ("not-applicable", "is absent on this host"),
    "denied": ("unknown", "was denied"),
    "timeout": ("unknown", "did not answer in time"),
    "error": ("error", "failed"),
}


def judge(case: Case, checks: Iterable[Check], *, facts_sha256: str) -> tuple[Finding, ...]:
    """Every check's findings, in the order of `checks`; each check yields at least one."""
    return tuple(
        _finding(case, check, observation, facts_sha256)
        for check in checks
        for observation in _distinct(_observe(case, check))
    )


def unreached(checks: Iterable[Check], host: str, *, status: str, reason: str, now: datetime) -> tuple[Finding, ...]:
    """One `unknown` finding for each check expected on a host that gave no facts.

    `status` and `reason` are the collection's (docs/exchange.md). What a person looks at stays `manual`.
    """
    why = f"{status}: {reason}" if reason else status
    return tuple(_unreached(check, host, why, now) for check in checks)


def _unreached(check: Check, host: str, why: str, now: datetime) -> Finding:
    # A check without needs is a row for a person: the network does not matter to it.
    status: Status = "unknown" if check.needs else "manual"
    return Finding(
        check=check.id,
        title_zh=check.title_zh,
        host=host,
        instance="",
        category=check.category,
        status=status,
        value=None,
        unit="",
        limit=None,
        previous=None,
        delta=None,
        evidence=None,
        collected_at=now,
        took_ms=0,
        reason=why,
        conclusion_zh="",
        remedy_zh="",
    )


def _observe(case: Case, check: Check) -> tuple[Observation, ...]:
    """The rule's answer, or the judge's own where the facts do not allow one."""
    obstacle = _obstacle(case.facts, check)
    if obstacle is not None:
        return (obstacle,)
    try:
        seen = tuple(check.judge(case))
    except DataProblem as problem:
        return (Observation(status="error", reason=f"contradictory facts: {problem}"),)
    if not seen:
        return (Observation(status="error", reason=f"the rule of {check.id} came to no verdict"),)
    return tuple(_doubt(observation, case.facts, check) for observation in seen)


def _obstacle(facts: Facts, check: Check) -> Observation | None:
    """Why the rule cannot be asked: the worst answer among the sections it needs."""
    answers = [answer for name in check.needs if (answer := _answer(facts, name)) is not None]
    for status in ("error", "unknown"):
        for answer in answers:
            if answer.status == status:
                return answer
    return answers[0] if answers and not check.decides_absence else None


def _answer(facts: Facts, name: str) -> Observation | None:
    """What stands for a section that holds no data; None where it does."""
    section = section_of(facts, name)
    if section is None:
        return Observation(status="unknown", reason=f"section {name} was not collected")
    if section.status == "ok" and section.data is not None:
        return None
    status, what = _ANSWERS[section.status]
    because = f": {section.reason}" if section.reason else ""
    return Observation(status=status, reason=f"section {name} {what}{because}")


def _doubt(observation: Observation, facts: Facts, check: Check) -> Observation:
    """An `ok` drawn from facts that were cut at the output cap is not known to be ok."""
    if observation.status != "ok":
        return observation
    clipped = [name for name in check.needs if cut(facts, name)]
    if not clipped:
        return observation
    return replace(observation, status="unknown", reason=f"section {', '.join(clipped)} was cut at the output cap")


def _distinct(observations: Iterable[Observation]) -> Iterator[Observation]:
    """Number the instances that come twice (two mounts on one path), so that no finding hides another."""
    seen: dict[str, int] = {}
    for observation in observations:
        number = seen[observation.instance] = seen.get(observation.instance, 0) + 1
        if number > 1:
            yield replace(observation, instance=f"{observation.instance} ({number})".strip())
        else:
            yield observation


def _finding(case: Case, check: Check, observation: Observation, sha256: str) -> Finding:
    sections = [section for name in check.needs if (section := section_of(case.facts, name)) is not None]
    return Finding(
        check=check.id,
        title_zh=check.title_zh,
        host=case.host,
        instance=observation.instance,
        category=check.category,
        status=observation.status,
        value=observation.value,
        unit=observation.unit,
        limit=observation.limit,
        previous=observation.previous,
        delta=_delta(observation),
        evidence=Evidence(
            how=tuple(dict.fromkeys(how for section in sections for how in section.how)),
            sha256=sha256,
            excerpt=observation.excerpt[:EXCERPT_CHARACTERS],
        ),
        collected_at=datetime.fromtimestamp(case.facts.collected_at, UTC),
        took_ms=sum(section.took_ms for section in sections),
        reason=observation.reason,
        conclusion_zh=observation.conclusion_zh,
        remedy_zh=observation.remedy_zh,
    )


def _delta(observation: Observation) -> float | None:
    value, previous = observation.value, observation.previous
    if isinstance(value, int | float) and isinstance(previous, int | float):
        return round(value - previous, 4)
    return None
