"""The clocks of faults, bugs and changes, as data."""

from __future__ import annotations

from itertools import pairwise
from typing import Literal, get_args

from pydantic import Field, model_validator

from maintkit.contract.span import Deadline, Elapsed, Span
from maintkit.sitefile import Problem, Problems, SiteModel

LevelId = Literal["P1", "P2", "P3"]
CLOCK = "minutes or hours, like 15 min or 2 h"


Scope = Literal["hospital", "department", "rooms", "room", "user"]
FaultKind = Literal["stopped", "key-function", "degraded", "non-core"]
Severity = Literal["patient-safety", "serious", "ordinary"]


class Target(SiteModel):
    """A softer aim within a level's deadline; missing it is shown, and is no breach.

    0 min is what a contract means by "at once": it can be met by nobody, and is not judged until minutes are stated.
    """

    id: str | None = Field(
        default=None, pattern=r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$", description="lower-case words joined by -, like simple"
    )
    title_zh: str = Field(min_length=1, description="what it is for, like 日常问题")
    within: Elapsed = Field(description=CLOCK)


class Level(SiteModel):
    """One level of faults. `on_site` null: nobody has to come."""

    id: LevelId
    when_zh: str = Field(min_length=1, description="when a fault has this level, in Chinese")
    respond: Elapsed = Field(description=CLOCK)
    on_site: Elapsed | None = Field(default=None, description=CLOCK + ", or nothing")
    restore: Elapsed = Field(description=CLOCK)
    targets: tuple[Target, ...] = Field(default=(), description="a list of `id`, `title_zh` and `within`")

    def target(self, name: str) -> Target | None:
        """The target of this id or title; None when the level has none."""
        return next((target for target in self.targets if name in (target.id, target.title_zh)), None)

    @model_validator(mode="after")
    def _named_once(self) -> Level:
        names = [name for target in self.targets for name in (target.id, target.title_zh) if name]
        twice = {name for name in names if names.count(name) > 1}
        if twice:
            text = f"{', '.join(sorted(twice))} names more than one target"
            raise Problems([Problem(at=("targets",), text=text, allowed="each id and title once")])
        return self

    @model_validator(mode="after")
    def _in_order(self) -> Level:
        spans = {"respond": self.respond, "on_site": self.on_site, "restore": self.restore}
        known = [(name, span) for name, span in spans.items() if span is not None]
        found = [
            Problem(at=(late,), text=f"`{late}` {b} is shorter than `{early}` {a}", allowed=f"{a} or longer")
            for (early, a), (late, b) in pairwise(known)
            if b.minutes < a.minutes
        ]
        if found:
            raise Problems(found)
        return self


class LevelRule(SiteModel):
    """When a fault has a level. An empty list is anything; the first rule of the contract that fits decides."""

    id: str = Field(pattern=r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$", description="lower-case words joined by -")
    scope: tuple[Scope, ...] = Field(default=(), description=f"a list of {', '.join(get_args(Scope))}")
    kind: tuple[FaultKind, ...] = Field(default=(), description=f"a list of {', '.join(get_args(FaultKind))}")
    severity: tuple[Severity, ...] = Field(default=(), description=f"a list of {', '.join(get_args(Severity))}")
    stopped_over: Elapsed | None = Field(default=None, description=CLOCK + ": only when it lasts longer")
    level: LevelId

    def fits(self, scope: Scope, kind: FaultKind, severity: Severity, stopped_minutes: int) -> bool:
        """Whether the rule is of such a fault."""
        return (
            (not self.scope or scope in self.scope)
            and (not self.kind or kind in self.kind)
            and (not self.severity or severity in self.severity)
            and (self.stopped_over is None or stopped_minutes > self.stopped_over.minutes)
        )


class FaultReport(SiteModel):
    """《故障分析报告》: for which levels or scopes, and by when after the solution."""

    levels: tuple[LevelId, ...] = Field(min_length=1)
    scopes: tuple[Scope, ...] = Field(default=(), description=f"a list of {', '.join(get_args(Scope))}")
    document: str = Field(min_length=1, description="a document name")
    within: Deadline = Field(description="a length of time like 3 wd")


class Faults(SiteModel):
    """Clocks run on elapsed time, around the clock, from the report through a recognised channel."""

    channels: tuple[str, ...] = Field(min_length=1, description="a list of recognised channels, like 电话")
    levels: tuple[Level, ...] = Field(min_length=3, max_length=3, description="a list of the levels P1, P2, P3")
    rules: tuple[LevelRule, ...] = Field(default=(), description="a list of `id`, `scope`, `kind`, `severity`, `level`")
    urgent_on_site: Elapsed = Field(description=CLOCK)
    report: FaultReport
    related_within: Elapsed = Field(
        default=Span(count=24, unit="h"), description=CLOCK + ", before a fault: what happened on its hosts is linked"
    )

    def level(self, id_: LevelId) -> Level:
        """The level of this id; every contract has all three."""
        return next(level for level in self.levels if level.id == id_)

    @model_validator(mode="after")
    def _one_each(self) -> Faults:
        ids = [level.id for level in self.levels]
        if ids != sorted(set(ids)):
            raise Problems(
                [Problem(at=("levels",), text=f"the levels are {', '.join(ids)}", allowed="P1, P2, P3 in order")]
            )
        return self


class Step(SiteModel):
    """One thing that is due. `within` null: by agreement, recorded with who agreed."""

    id: Literal["assess", "start", "plan", "done"]
    title_zh: str = Field(min_length=1, description="what is due, in Chinese")
    within: Deadline | None = Field(
        description="a length of time like 24 h, 3 wd or 3 months, or null for by agreement"
    )


class RequestKind(SiteModel):
    """A kind of bug or change and what is due for it, from the written acceptance on."""

    id: str = Field(pattern=r"^[a-z]+(-[a-z]+)*$", description="lower-case words joined by -, like urgent-bug")
    title_zh: str = Field(min_length=1, description="its name in the documents, like 紧急缺陷")
    steps: tuple[Step, ...] = Field(min_length=1, description="a list of `id`, `title_zh` and `within`")
    agreed_dates: bool = Field(default=True, description="true or false: whether an agreed date replaces a clock")


class Requests(SiteModel):
    """Bugs and changes. An agreed date, with who agreed, replaces the clock of a change."""

    kinds: tuple[RequestKind, ...] = Field(min_length=1, description="a list of kinds")
    included_person_days: float = Field(ge=0, description="person-days, 0 or more")

    def kind(self, id_: str | None) -> RequestKind | None:
        """The kind of this id; None for no id, or when the contract has it no longer."""
        return next((kind for kind in self.kinds if kind.id == id_), None)

    @model_validator(mode="after")
    def _ids_once(self) -> Requests:
        ids = [kind.id for kind in self.kinds]
        twice = [place for place, name in enumerate(ids) if name in ids[:place]]
        if twice:
            raise Problems(
                Problem(at=("kinds", place, "id"), text=f"kind `{ids[place]}` stands twice", allowed="once")
                for place in twice
            )
        return self
