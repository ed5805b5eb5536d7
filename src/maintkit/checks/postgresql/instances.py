"""The declared instances, what came home of each, and what did not."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from maintkit.checks.facts.postgresql import PostgresqlDatabase, PostgresqlInstance
from maintkit.checks.model import Case, Expected, Observation
from maintkit.checks.rule import before, unknown

MIB = 1024**2
SEE_UP = "the instance gave no facts: see postgresql.up"


def is_declared(expected: Expected) -> bool:
    """Whether the site names an instance on the host."""
    return bool(expected.postgresql)


def found(case: Case) -> dict[str, PostgresqlInstance]:
    """What came home, by name."""
    section = case.facts.sections.postgresql
    data = section.data if section is not None and section.status == "ok" else None
    return {one.name: one for one in data.instances} if data is not None else {}


def each(
    case: Case, rule: Callable[[Case, PostgresqlInstance], Iterable[Observation]], *fields: str
) -> Iterator[Observation]:
    """`rule`'s observations of every declared instance that is up; where it has none, one `ok` of the instance.

    `fields` are what the rule reads: one that is None or was withheld makes `unknown` of what would be `ok`.
    """
    told = found(case)
    for name in [one.name for one in case.expected.postgresql]:
        one = told.get(name)
        if one is None or one.state != "up":
            yield unknown(SEE_UP, instance=name)
            continue
        seen = tuple(rule(case, one))
        yield from seen
        gap = not_seen(one, *fields)
        if gap:
            yield unknown(f"not everything could be read: {gap}", instance=name)
        elif not seen:
            yield Observation(status="ok", instance=name)


def each_database(
    case: Case,
    rule: Callable[[Case, PostgresqlInstance, PostgresqlDatabase], Iterable[Observation]],
    *fields: str,
) -> Iterator[Observation]:
    """As `each`, for every database that was entered; one that was not makes `unknown` of the instance's `ok`."""

    def of_all(case: Case, one: PostgresqlInstance) -> Iterator[Observation]:
        for database in one.databases or ():
            if database.asked:
                yield from rule(case, one, database)

    return each(case, of_all, "in the databases", *fields)


def not_seen(one: PostgresqlInstance, *fields: str) -> str:
    """Why what a rule reads is not whole, "" if it is; a queried part that failed counts for every field."""
    reasons = [one.withheld[name] for name in ("version", "instance", *fields) if name in one.withheld]
    reasons += [
        f"{name}: not known" for name in fields if name in type(one).model_fields and getattr(one, name) is None
    ]
    if "in the databases" in fields:
        reasons += [f"{name}: {why}" for name, why in one.withheld.items() if name.startswith("database ")]
        if not any(database.asked for database in one.databases or ()):
            reasons.append("no database was entered")
    return "; ".join(dict.fromkeys(reasons))


def object_name(one: PostgresqlInstance, database: PostgresqlDatabase, name: str = "") -> str:
    """What a finding of something in a database is called: `his/his`, `his/his public.patient`."""
    return f"{one.name}/{database.name} {name}".strip()


def earlier_instance(case: Case, name: str) -> PostgresqlInstance | None:
    """The instance of this name at the last inspection, if it was up then."""
    data = before(case, lambda sections: sections.postgresql)
    return next((one for one in data.instances if one.name == name and one.state == "up"), None) if data else None


def earlier_database(case: Case, one: PostgresqlInstance, name: str) -> PostgresqlDatabase | None:
    """The database of this name at the last inspection."""
    past = earlier_instance(case, one.name)
    return next((database for database in (past.databases or ()) if database.name == name), None) if past else None


def minutes(seconds: float) -> float:
    return seconds / 60
