"""The recurring duties of a contract, as data."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from maintkit.contract.span import Deadline, Span
from maintkit.sitefile import Problem, SiteModel, near

Rhythm = Literal["weekly", "monthly", "quarterly", "half-yearly", "yearly", "once", "as-needed", "at-end"]

RECURRING: tuple[Rhythm, ...] = ("weekly", "monthly", "quarterly", "half-yearly", "yearly")

# Days before the deadline from which a duty is due soon, unless contract.yml says otherwise.
DUE_SOON: dict[Rhythm, int] = {
    "weekly": 2,
    "monthly": 7,
    "quarterly": 21,
    "half-yearly": 30,
    "yearly": 30,
    "once": 14,
    "as-needed": 0,
    "at-end": 30,
}

# What a deadline may run from besides another duty: the signing of the contract, and the end of each period.
SIGNING = "signing"
PERIOD = "period"

DUTY_ID = r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$"


class Within(SiteModel):
    """A deadline that runs from another duty's completion, from the signing of the contract, or from the end of each
    period: what sums up a month can be made only when the month is over."""

    span: Deadline = Field(description="a length of time like 7 wd or 1 month")
    after: str = Field(description="the id of another duty, signing or period")


class Duty(SiteModel):
    """One duty. It is due once a `rhythm`; `at_least` marks a rhythm that may be exceeded on demand.

    `within` replaces the end of the period as the deadline. `part_of` names the duty whose record carries this one's.
    `review` and `on_change` say when a thing that is made once must be looked at again; `change_within`, how soon after
    a change (a contract seldom says: 7 wd is ours).
    """

    id: str = Field(pattern=DUTY_ID, description="lower-case words joined by -, like restore-drill")
    title_zh: str = Field(min_length=1, description="the duty's name in the documents, like 备份恢复验证")
    rhythm: Rhythm
    at_least: bool = Field(default=False, description="true or false")
    on_site: bool = Field(default=False, description="true or false")
    within: Within | None = Field(default=None, description="`span` and `after`")
    part_of: str | None = Field(default=None, description="the id of another duty")
    review: Rhythm | None = Field(default=None)
    on_change: tuple[str, ...] = Field(default=(), description="a list of words, like topology, engine, schedule")
    change_within: Deadline = Field(
        default=Span(count=7, unit="wd"), description="a length of time like 7 wd, from such a change on"
    )
    evidence: tuple[str, ...] = Field(min_length=1, description="a list of words: what the contract names as proof")
    documents: tuple[str, ...] = Field(default=(), description="a list of document names, like 日常系统巡检记录")
    documents_if_found: tuple[str, ...] = Field(default=(), description="a list of document names")


def duty_problems(duties: tuple[Duty, ...]) -> list[Problem]:
    """Ids that stand twice, and references to duties that are not there; `at` is relative to the list."""
    problems: list[Problem] = []
    ids = [duty.id for duty in duties]
    for place, duty in enumerate(duties):
        if duty.id in ids[:place]:
            problems.append(Problem(at=(place, "id"), text=f"duty `{duty.id}` stands twice", allowed="once"))
        others = [known for known in ids if known != duty.id]
        starts = [SIGNING, *([PERIOD] if duty.rhythm in RECURRING else []), *others]
        if duty.within and duty.within.after not in starts:
            problems.append(_unknown((place, "within", "after"), duty.within.after, starts))
        if duty.part_of and duty.part_of not in others:
            problems.append(_unknown((place, "part_of"), duty.part_of, others))
    return problems


def _unknown(at: tuple[str | int, ...], name: str, known: list[str]) -> Problem:
    return Problem(at=at, text=f"no other duty `{name}`{near(name, known)}", allowed=", ".join(known))
