"""contract.yml: who owes what to whom, and by when."""

from __future__ import annotations

from datetime import date
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field, model_validator

from maintkit.contract.changes import Changes
from maintkit.contract.duties import DUE_SOON, Duty, Rhythm, duty_problems
from maintkit.contract.people import Person
from maintkit.contract.recovery import Recovery
from maintkit.contract.sla import Faults, Requests
from maintkit.sitefile import Problem, Problems, SiteModel

DAY = "a date as YYYY-MM-DD"


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (OSError, ValueError, KeyError):  # an unknown name, a directory of zones, a path
        raise ValueError("no such time zone") from None
    return name


TimeZone = Annotated[str, AfterValidator(_zone)]


class Party(SiteModel):
    """采购人 or 服务方."""

    name: str = Field(min_length=1, description="the full name of the organisation")
    address: str = Field(default="", description="a postal address")
    contacts: tuple[Person, ...] = Field(min_length=1, description="a list of people with `name` and `phone`")


class Pause(SiteModel):
    """Days on which the work rests by agreement; both belong to it."""

    start: date = Field(description=DAY)
    end: date = Field(description=DAY)
    why_zh: str = Field(min_length=1, description="the reason, in Chinese")
    agreed_by: str = Field(min_length=1, description="who of the hospital agreed, by name")


class Term(SiteModel):
    """Both days belong to the term. No duty falls due in a pause."""

    start: date = Field(description=DAY)
    end: date = Field(description=DAY)
    pauses: tuple[Pause, ...] = Field(default=(), description="a list of `start`, `end`, `why_zh` and `agreed_by`")

    @model_validator(mode="after")
    def _in_order(self) -> Term:
        problems = []
        if self.end <= self.start:
            text = f"the end {self.end} is not after the start {self.start}"
            problems.append(Problem(at=("end",), text=text, allowed=f"a date after {self.start}"))
        for place, pause in enumerate(self.pauses):
            if not self.start <= pause.start <= pause.end <= self.end:
                text = f"the pause {pause.start} to {pause.end} is not within the term, or ends before it starts"
                allowed = f"dates from {self.start} to {self.end}"
                problems.append(Problem(at=("pauses", place, "end"), text=text, allowed=allowed))
        if problems:
            raise Problems(problems)
        return self


class Contract(SiteModel):
    """contract.yml. `systems` are ids of services.yml; `time_zone` is what every date of the contract means."""

    title: str = Field(min_length=1, description="the contract's title")
    number: str = Field(min_length=1, description="the contract's number, as text")
    signed: date = Field(description=DAY)
    term: Term = Field(description="`start` and `end`")
    time_zone: TimeZone = Field(description="an IANA time zone like Asia/Shanghai")
    hospital: Party = Field(description="`name`, `address` and `contacts`")
    provider: Party = Field(description="`name`, `address` and `contacts`")
    project_managers: tuple[Person, ...] = Field(
        min_length=2, max_length=2, description="a list of exactly two people with `name` and `phone`"
    )
    systems: tuple[str, ...] = Field(min_length=1, description="a list of system ids of services.yml")
    due_soon: dict[Rhythm, Annotated[int, Field(ge=0, le=366)]] = Field(
        default_factory=dict, description="a rhythm and the days before the deadline from which a duty is due soon"
    )
    duties: tuple[Duty, ...] = Field(min_length=1, description="a list of duties")
    faults: Faults = Field(description="`channels`, `levels`, `urgent_on_site` and `report`")
    requests: Requests = Field(description="`kinds` and `included_person_days`")

    changes: Changes = Field(default=Changes(), description="`windows`, `blackouts`, `approvals` and `standing`")

    recovery: Recovery = Field(default=Recovery(), description="`systems` and `contacts`")

    @model_validator(mode="after")
    def _consistent(self) -> Contract:
        problems = [
            Problem(at=("duties", *problem.at), text=problem.text, allowed=problem.allowed)
            for problem in duty_problems(self.duties)
        ]
        if self.signed > self.term.end:
            text = f"signed on {self.signed}, after the term's end {self.term.end}"
            problems.append(Problem(at=("signed",), text=text, allowed=f"a date up to {self.term.end}"))
        for place, system in enumerate(self.systems):
            if system in self.systems[:place]:
                problems.append(Problem(at=("systems", place), text=f"system `{system}` stands twice", allowed="once"))
        first, second = (manager.name for manager in self.project_managers)
        if first == second:
            text = f"both project managers are {first}"
            problems.append(Problem(at=("project_managers", 1, "name"), text=text, allowed="two different people"))
        if problems:
            raise Problems(problems)
        return self

    def soon(self, duty: Duty) -> int:
        """How many days before its deadline a duty is due soon."""
        return self.due_soon.get(duty.rhythm, DUE_SOON[duty.rhythm])

    @property
    def zone(self) -> ZoneInfo:
        """The time zone, ready for datetime."""
        return ZoneInfo(self.time_zone)

    def duty(self, id_: str) -> Duty | None:
        """The duty with this id, None when the contract has none."""
        return next((duty for duty in self.duties if duty.id == id_), None)
