"""signers/roles.yml: which people stand behind the principals of allowed_signers, and what each may sign."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from pydantic import Field, model_validator

from maintkit.sitefile import Problem, Problems, SiteModel, read

FILE = "roles.yml"
Role = Literal["approver", "second-approver", "supervisor", "lock-breaker"]
# What only the hospital can give: the provider must not approve or watch its own work.
HOSPITAL_ONLY: tuple[Role, ...] = ("approver", "second-approver", "supervisor")


class Signatory(SiteModel):
    """One person. Several principals, or several keys of one, are still one person and count once."""

    name: str = Field(min_length=1, description="a person's name, as documents print it")
    of: Literal["hospital", "provider"]
    principals: tuple[str, ...] = Field(min_length=1, description="a list of principals of allowed_signers")
    roles: tuple[Role, ...] = Field(
        default=(), description="a list of approver, second-approver, supervisor, lock-breaker"
    )

    @model_validator(mode="after")
    def _of_the_hospital(self) -> Signatory:
        wrong = [
            Problem(
                at=("roles", place), text=f"{self.name} of the provider is {role}", allowed="people of the hospital"
            )
            for place, role in enumerate(self.roles)
            if self.of == "provider" and role in HOSPITAL_ONLY
        ]
        if wrong:
            raise Problems(wrong)
        return self


class People(SiteModel):
    """signers/roles.yml."""

    people: tuple[Signatory, ...] = Field(description="a list of `name`, `of`, `principals` and `roles`")

    @model_validator(mode="after")
    def _once(self) -> People:
        problems = [*self._twice("name", [[one.name] for one in self.people]),
                    *self._twice("principals", [list(one.principals) for one in self.people])]  # fmt: skip
        if problems:
            raise Problems(problems)
        return self

    def who(self, name: str) -> Signatory | None:
        """The person with this principal or this name."""
        return next((one for one in self.people if name in one.principals or name == one.name), None)

    def may(self, role: Role) -> tuple[Signatory, ...]:
        """The people with a role."""
        return tuple(one for one in self.people if role in one.roles)

    @staticmethod
    def _twice(key: str, names: list[list[str]]) -> Iterator[Problem]:
        seen: dict[str, int] = {}
        for place, own in enumerate(names):
            for name in own:
                if name in seen:
                    text = f"`{name}` stands for person {seen[name] + 1} already"
                    yield Problem(at=("people", place, key), text=text, allowed="one person each")
                seen.setdefault(name, place)


def load_people(allowed_signers: Path) -> People:
    """The people beside the signers file; nobody when there is no roles.yml."""
    path = allowed_signers.with_name(FILE)
    return read(path, People) if path.is_file() else People(people=())
