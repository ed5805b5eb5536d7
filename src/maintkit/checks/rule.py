"""What rules are written with: a section's data, the previous inspection's, and a number held against a limit."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Literal, TypeVar

from maintkit.checks.facts.document import Facts, Sections
from maintkit.checks.facts.fact import Fact, Section
from maintkit.checks.model import Case, DataProblem, Limit, Observation

DataT = TypeVar("DataT", bound=Fact)

NO_EARLIER = "no earlier inspection to compare with"


def section_of(facts: Facts, name: str) -> Section[Any] | None:
    """The section of this name, None if the document does not hold it; raises ValueError for a name of no section."""
    if name not in type(facts.sections).model_fields:
        raise ValueError(f"no section is called {name!r}")
    section: Section[Any] | None = getattr(facts.sections, name)
    return section


def shown(fact: object) -> str:
    """A fact as evidence shows it: `-` where the host did not tell it, `yes` or `no` for what is or is not so."""
    return {True: "yes", False: "no"}[fact] if isinstance(fact, bool) else "-" if fact is None else str(fact)


def data_of(section: Section[DataT] | None) -> DataT:
    """The data of a section that the check `needs`; raises DataProblem if it is not there."""
    if section is None or section.data is None:
        raise DataProblem("a needed section holds no data")
    return section.data


def before(case: Case, pick: Callable[[Sections], Section[DataT] | None]) -> DataT | None:
    """What the previous inspection held of a section, None if it held nothing usable."""
    if case.previous is None:
        return None
    section = pick(case.previous.sections)
    return section.data if section is not None and section.status == "ok" else None


def cut(facts: Facts, name: str) -> bool:
    """Whether the section of this name was cut at the collector's output cap: what is not in it may yet be there."""
    section = section_of(facts, name)
    return section is not None and section.truncated


def no_comparison(case: Case, section: str) -> str:
    """Why `before` gave None: the reason of a `skipped` observation."""
    if case.previous is None:
        return NO_EARLIER
    return f"the earlier inspection holds no usable facts of {section}"


def same_boot(case: Case) -> bool:
    """Whether counters since boot can be subtracted: both inspections saw the same boot, and said so."""
    now = _boot_of(case.facts)
    return now is not None and case.previous is not None and _boot_of(case.previous) == now


def elapsed_s(case: Case) -> float:
    """Seconds between the two inspections on the host's clock; 0 when there is no earlier one or time ran back."""
    if case.previous is None:
        return 0.0
    return max(0.0, case.facts.collected_at - case.previous.collected_at)


def measured(
    value: float,
    limit: Limit,
    *,
    conclusion_zh: str,
    remedy_zh: str,
    instance: str = "",
    previous: float | None = None,
    excerpt: str = "",
) -> Observation:
    """`value` held against `limit`; the texts are kept only where it crosses a bound."""
    return judged(
        limit.judge(value),
        value=value,
        limit=limit,
        conclusion_zh=conclusion_zh,
        remedy_zh=remedy_zh,
        instance=instance,
        previous=previous,
        excerpt=excerpt,
    )


def judged(
    status: Literal["ok", "warn", "crit"],
    *,
    conclusion_zh: str,
    remedy_zh: str,
    instance: str = "",
    value: float | str | None = None,
    unit: str = "",
    limit: Limit | None = None,
    previous: float | str | None = None,
    excerpt: str = "",
) -> Observation:
    """An observation whose status the rule itself has worked out; a number is rounded to two places."""
    abnormal = status != "ok"
    return Observation(
        status=status,
        instance=instance,
        value=_rounded(value),
        unit=limit.unit if limit is not None and not unit else unit,
        limit=limit,
        previous=_rounded(previous),
        conclusion_zh=conclusion_zh if abnormal else "",
        remedy_zh=remedy_zh if abnormal else "",
        excerpt=excerpt,
    )


def unknown(reason: str, *, instance: str = "", value: float | str | None = None, excerpt: str = "") -> Observation:
    """What cannot be told, and why (English)."""
    return Observation(status="unknown", instance=instance, reason=reason, value=_rounded(value), excerpt=excerpt)


def skipped(
    reason: str, *, instance: str = "", value: float | str | None = None, unit: str = "", excerpt: str = ""
) -> Observation:
    """What was not compared, and why (English)."""
    return Observation(
        status="skipped", instance=instance, reason=reason, value=_rounded(value), unit=unit, excerpt=excerpt
    )


def not_applicable(reason: str, *, instance: str = "") -> Observation:
    """What this host does not have, and how that is known (English)."""
    return Observation(status="not-applicable", instance=instance, reason=reason)


def well_if_none(complaints: Iterable[Observation], *, excerpt: str = "") -> Iterator[Observation]:
    """The complaints, or one `ok` for the whole host when there is none."""
    none = True
    for complaint in complaints:
        none = False
        yield complaint
    if none:
        yield Observation(status="ok", excerpt=excerpt)


def _boot_of(facts: Facts) -> str | None:
    host = facts.sections.host
    return host.data.boot_id if host is not None and host.data is not None else None


def _rounded(value: float | str | None) -> float | str | None:
    return round(value, 2) if isinstance(value, float) else value
