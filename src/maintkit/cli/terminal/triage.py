"""`maintkit incident triage`: the level of a fault, by the contract's rules or by agreement."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import get_args

import click

from maintkit.cli.terminal.fault_desk import at_desk, tell
from maintkit.cli.terminal.options import SAID, at_option, by_option, json_option, site_option
from maintkit.contract.sla import FaultKind, Faults, LevelId, Scope, Severity, Target
from maintkit.desk.incident import incident, rule_of
from maintkit.desk.intake import enter
from maintkit.errors import DeskRefused


@click.command()
@click.argument("id_", metavar="INCIDENT")
@click.option("--scope", type=click.Choice(get_args(Scope)), required=True, help="How far it reaches.")
@click.option("--kind", type=click.Choice(get_args(FaultKind)), required=True, help="What is lost.")
@click.option("--severity", type=click.Choice(get_args(Severity)), default="ordinary", show_default=True)
@click.option("--stopped", type=click.IntRange(min=0), help="Minutes that business stood.  [default: since the report]")
@click.option("--urgent", is_flag=True, help="Remote help cannot solve it: somebody has to come.")
@click.option("--level", type=click.Choice(get_args(LevelId)), help="Another level than the rules give, by agreement.")
@click.option("--target", help="The softer target of the level that is the fault's own, like `simple`, by agreement.")
@click.option("--simple", is_flag=True, help="The same as --target simple.")
@click.option("--agreed-by", type=SAID, help="Who of the hospital agreed to a change of level, or to the target.")
@click.option("--why", type=SAID, help="Why the level changes, or why the target is the fault's own.")
@at_option
@by_option
@json_option
@site_option
def triage(  # noqa: PLR0913  # one argument an option
    *,
    id_: str,
    scope: Scope,
    kind: FaultKind,
    severity: Severity,
    stopped: int | None,
    urgent: bool,
    level: LevelId | None,
    target: str | None,
    simple: bool,
    agreed_by: str | None,
    why: str | None,
    at: datetime | None,
    by: str,
    as_json: bool,
    site: Path,
) -> None:
    """Give the level: by the contract's rules, or by agreement with the hospital. Every change of it is kept."""
    with at_desk(site) as desk:
        faults, when = desk.place.contract.faults, desk.instant(at)
        had = incident(desk.ledger, id_)
        # Business that stood has stood since the report, unless somebody knows better; a slow system has not stood.
        stood = when - had.reported if kind == "stopped" else timedelta()
        stood = timedelta(minutes=stopped) if stopped is not None else stood
        rule = rule_of(faults, scope=scope, kind=kind, severity=severity, stopped=stood)
        given = level or (rule.level if rule else None)
        if given is None:
            raise DeskRefused(
                "no rule of contract.yml fits such a fault", hint="agree on one: --level, --agreed-by, --why"
            )
        by_rule = rule is not None and rule.level == given
        changes = had.level is not None and had.level.level != given
        if (changes or not by_rule) and not (agreed_by and why):
            raise click.UsageError(f"{given} is a change of level: it needs --agreed-by and --why")
        own = _target(faults, given, "simple" if simple and target is None else target)
        if own and not (agreed_by and why):
            raise click.UsageError(f"the target {own.title_zh} is agreed on: it needs --agreed-by and --why")
        more = {
            "level": given,
            "rule": rule.id if rule and by_rule else None,
            "scope": scope,
            "kind": kind,
            "severity": severity,
            "stopped_minutes": int(stood.total_seconds() // 60),
            "urgent": urgent,
            "agreed_by": agreed_by or "",
            "target": own.title_zh if own else None,
        }
        enter(desk.ledger, id_, "triaged", at=when, by=by, text=why or "", more=more)
        tell(desk, id_, as_json=as_json)


def _target(faults: Faults, level: LevelId, name: str | None) -> Target | None:
    """The target of the level by its id or title; one without minutes cannot be a fault's own."""
    if name is None:
        return None
    own = faults.level(level).target(name)
    if own is None:
        known = [target.id or target.title_zh for target in faults.level(level).targets]
        raise click.UsageError(f"{level} has no target {name!r}; it has {', '.join(known) or 'none'}")
    if own.within.minutes == 0:
        raise DeskRefused(
            f"contract.yml gives the target {own.title_zh} 0 min, which nobody can meet",
            hint="agree on how many minutes `at once` is, and state them as its `within`",
        )
    return own
