"""What is promised for the bad day: which system comes back first, how soon, and with how much lost."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from pydantic import Field, model_validator

from maintkit.contract.people import Person
from maintkit.contract.span import Elapsed
from maintkit.sitefile import Problem, Problems, SiteModel, near

LENGTH = "minutes or hours, like 15 min or 4 h"


class Promise(SiteModel):
    """One system: it comes back after those that it needs, within `rto`, with at most `rpo` of its work lost.

    `backups` are the jobs of services.yml that bring its data back; left out, those declared for its hosts.
    """

    system: str = Field(min_length=1, description="a system id of services.yml")
    rto: Elapsed = Field(description=LENGTH)
    rpo: Elapsed = Field(description=LENGTH)
    after: tuple[str, ...] = Field(default=(), description="a list of systems that stand before it")
    backups: tuple[str, ...] = Field(default=(), description="a list of backup jobs of services.yml")


class Recovery(SiteModel):
    """`systems` in the order of their recovery; `contacts` are people of others, like a hardware vendor's hotline."""

    systems: tuple[Promise, ...] = Field(default=(), description="a list of `system`, `rto`, `rpo`, `after`, `backups`")
    contacts: tuple[Person, ...] = Field(default=(), description="a list of people with `name` and `phone`")

    @model_validator(mode="after")
    def _in_order(self) -> Recovery:
        names = [one.system for one in self.systems]
        problems = []
        for place, one in enumerate(self.systems):
            earlier = names[:place]
            if one.system in earlier:
                text = f"system `{one.system}` stands twice"
                problems.append(Problem(at=("systems", place, "system"), text=text, allowed="once"))
            for at, needed in enumerate(one.after):
                if needed not in earlier:
                    text = f"`{one.system}` needs `{needed}`, which does not come back before it{near(needed, earlier)}"
                    allowed = ", ".join(earlier) or "nothing, it is the first"
                    problems.append(Problem(at=("systems", place, "after", at), text=text, allowed=allowed))
        if problems:
            raise Problems(problems)
        return self

    def promise(self, system: str) -> Promise | None:
        """What is promised for a system; None when nothing is."""
        return next((one for one in self.systems if one.system == system), None)

    def unknown(self, systems: Collection[str], backups: Collection[str]) -> Iterator[Problem]:
        """Systems and backup jobs that services.yml does not have; `at` is relative to this part."""
        for place, one in enumerate(self.systems):
            if one.system not in systems:
                text = f"services.yml has no system `{one.system}`{near(one.system, list(systems))}"
                yield Problem(at=("systems", place, "system"), text=text, allowed=", ".join(systems))
            for at, name in enumerate(one.backups):
                if name not in backups:
                    text = f"services.yml has no backup job `{name}`{near(name, list(backups))}"
                    yield Problem(at=("systems", place, "backups", at), text=text, allowed=", ".join(backups) or "none")
