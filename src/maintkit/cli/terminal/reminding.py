"""What `maintkit due remind` says of each hook."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict

import click

from maintkit.cli.terminal.words import bare
from maintkit.contract.reminders import Hook
from maintkit.desk.matter import Matter
from maintkit.desk.reminder import Message
from maintkit.errors import ReminderFailed
from maintkit.runs.reminding import Outcome


def print_plan(planned: Iterable[tuple[Hook, Sequence[Matter], Message]], *, as_json: bool) -> None:
    """What would be told by which hook; nothing was."""
    told = [(hook.name, message) for hook, _, message in planned]
    if as_json:
        click.echo(json.dumps([{"hook": name, **message.data} for name, message in told], ensure_ascii=False, indent=2))
        return
    for name, message in told:
        click.echo(f"{name} would tell:")
        for line in message.text.splitlines():
            click.echo(f"    {bare(line)}".rstrip())
    if not told:
        click.echo("nothing new to tell")


def print_outcomes(outcomes: Sequence[Outcome], *, as_json: bool) -> None:
    """Hook by hook; ReminderFailed at the end when one of them failed."""
    if as_json:
        click.echo(json.dumps([asdict(one) for one in outcomes], ensure_ascii=False, indent=2))
    for one in () if as_json else outcomes:
        click.echo(f"{one.hook}: {_said(one)}")
    failed = [one for one in outcomes if one.failed]
    if failed:
        told = "; ".join(f"{one.hook}: {one.failed}" for one in failed)
        raise ReminderFailed(
            f"{len(failed)} of {len(outcomes)} hooks did not take the reminder: {told}",
            hint="correct reminders.yml or what it names, and run it again: what was told is not told twice a day",
        )


def _said(one: Outcome) -> str:
    if one.failed:
        return f"failed after {one.attempts} attempts: {one.failed}" if one.attempts else f"not tried: {one.failed}"
    if not one.matters:
        return "nothing new to tell"
    refused = f", {one.refused} recipients refused" if one.refused else ""
    return f"told of {len(one.matters)}: {', '.join(one.matters)}{refused}"
