"""`maintkit plan`: changes before they are made. Each procedure that can be planned is a command of this group."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import click
from rich.table import Table

from maintkit.cli.terminal.options import json_option, site_option
from maintkit.cli.terminal.place import open_ledger, site_ledger
from maintkit.cli.terminal.planning import commands, planning, told
from maintkit.cli.terminal.screen import wide_console
from maintkit.cli.terminal.words import plain
from maintkit.clock import to_text
from maintkit.contract.load import load_site
from maintkit.errors import ChangeRefused
from maintkit.evidence.ledger import Ledger
from maintkit.plans import emergency, frozen, permit, record, supervise
from maintkit.plans.acts import Given
from maintkit.plans.difference import differences
from maintkit.plans.model import Plan, PlanHost
from maintkit.plans.sign import Authority, authority
from maintkit.runs.ansible_phases import AnsiblePhases
from maintkit.runs.undoing import plan_undo


class Plans(click.Group):
    """The group's own commands, and one for each procedure that can be planned."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [*super().list_commands(ctx), *commands()]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        found = super().get_command(ctx, cmd_name)
        procedure = commands().get(cmd_name.replace("_", "-"))
        return planning(procedure) if found is None and procedure else found


@click.group(cls=Plans)
def command() -> None:
    """Plans: make, list, look at, compare."""


@command.command("list")
@json_option
@site_option
def list_(*, as_json: bool, site: Path) -> None:
    """Every plan that was frozen, newest first."""
    with site_ledger(site, read_only=True) as ledger:
        found = list(frozen.headlines(ledger))
    if as_json:
        told = [{**vars(one), "created_at": to_text(one.created_at)} for one in found]
        click.echo(json.dumps(told, ensure_ascii=False, indent=2))
        return
    if not found:
        click.echo("no plans")
        return
    table = Table(box=None, pad_edge=False, header_style="dim")
    for title in ("plan", "procedure", "risk", "hosts", "effect", "made (UTC)", "title"):
        table.add_column(title, no_wrap=title != "title")
    for one in found:
        table.add_row(one.id, one.procedure, one.risk, str(len(one.hosts)), one.effect, to_text(one.created_at)[:16],
                      plain(one.title_zh))  # fmt: skip
    wide_console().print(table)


@command.command()
@click.argument("plan", metavar="PLAN")
@click.option(
    "--export", "file", type=click.Path(dir_okay=False, path_type=Path), help="Write the plan's JSON to FILE."
)
@json_option
@site_option
def show(*, plan: str, file: Path | None, as_json: bool, site: Path) -> None:
    """One plan: what it does, and whether it may run now.

    The exported file is the very text whose sha256 people sign: `sha256sum FILE` prints it.
    """
    place = load_site(site)
    with open_ledger(place.settings, read_only=True) as ledger:
        found = frozen.plan_of(ledger, plan)
        state = _state(ledger, found, authority(place))
    if file is not None:
        file.write_text(found.text, encoding="utf-8")
    if as_json:
        click.echo(
            json.dumps({"plan": json.loads(found.text), "sha256": found.sha256, **state}, ensure_ascii=False, indent=2)
        )
        return
    console = wide_console()
    for label, text in _lines(found, state, place.contract.zone):
        console.print(f"[dim]{label:<11}[/] {plain(text)}", highlight=False, soft_wrap=True)


@command.command()
@click.argument("run", metavar="RUN")
@click.option("--reason", required=True, help="Why, as the application bears it.")
@click.option("--requester", required=True, help="Who asks for it: a principal of signers/roles.yml.")
@json_option
@site_option
def rollback(*, run: str, reason: str, requester: str, as_json: bool, site: Path) -> None:
    """Undo RUN, which has ended well: ask its hosts without changing anything, and freeze what would be put back.

    The plan wants an approval of its own. It uses what the run has kept on the hosts, and is refused where that is
    gone, where the hosts have changed since, and where a step of the run has no way back.
    """
    place = load_site(site)
    with open_ledger(place.settings) as ledger:
        made = plan_undo(place, ledger, AnsiblePhases(), run, reason=reason, requester=requester)
    told(made, as_json=as_json)


@command.command()
@click.argument("one", metavar="PLAN")
@click.argument("other", metavar="PLAN")
@json_option
@site_option
def diff(*, one: str, other: str, as_json: bool, site: Path) -> None:
    """What differs between two plans, place by place."""
    with site_ledger(site, read_only=True) as ledger:
        found = differences(frozen.plan_of(ledger, one), frozen.plan_of(ledger, other))
    if as_json:
        click.echo(json.dumps([vars(difference) for difference in found], ensure_ascii=False, indent=2))
        return
    if not found:
        click.echo(f"{one} and {other} do the same")
    console = wide_console()
    for difference in found:
        console.print(f"[bold]{plain(difference.where)}[/]", highlight=False, soft_wrap=True)
        for mark, style, text in (("-", "red", difference.before), ("+", "green", difference.after)):
            if text is not None:
                console.print(f"  [{style}]{mark} {plain(text)}[/]", highlight=False, soft_wrap=True)


def _state(ledger: Ledger, plan: Plan, rules: Authority) -> dict[str, Any]:
    """What was signed, who is there, and whether the plan may run now."""
    try:
        found = permit.permission(ledger, plan, rules)
        may, why = (
            True,
            f"{found.ground} by {', '.join(found.by)}, until {found.window.end.astimezone(rules.zone):%F %R %z}",
        )
    except ChangeRefused as refusal:
        may, why = False, str(refusal)
    return {
        "may_run": may,
        "why": why,
        "approvals": [_given(one) for one in record.approvals(ledger, plan)],
        "present": [one.person for one in supervise.present(ledger, plan, rules)],
        "emergencies": [
            {"by": one.by, "reason": one.reason, "from": to_text(one.window.start), "until": to_text(one.window.end)}
            for one in emergency.emergencies(ledger, plan.id)
        ],
    }


def _given(one: Given) -> dict[str, object]:
    window = record.window_of(one.act)
    return {
        "entry": one.seq, "at": to_text(one.at), "person": one.person, "role": one.act.role, "signer": one.act.signer,
        "key": one.key, "window": [window.start.isoformat(), window.end.isoformat()],
    }  # fmt: skip


def _lines(plan: Plan, state: dict[str, Any], zone: ZoneInfo) -> Iterator[tuple[str, str]]:
    yield "plan", f"{plan.id} {plan.title_zh}, made {plan.created_at.astimezone(zone):%F %R %z}"
    yield "sha256", plan.sha256
    yield "procedure", f"{plan.procedure}, risk {plan.risk}" + ("" if plan.effect == "some" else ": CHANGES NOTHING")
    if plan.undoes:
        yield "undoes", f"run {plan.undoes}, by what that run has kept on the hosts"
    yield "reason", f"{plan.reason} (requested by {plan.requester})"
    if plan.parameters:
        yield "parameters", json.dumps(dict(plan.parameters), ensure_ascii=False)
    yield (
        "predicted",
        f"{plan.total_s} s in all; worst host {plan.worst_step_s} s, its rollback {plan.worst_rollback_s} s",
    )
    for number, batch in enumerate(plan.batches, start=1):
        yield f"batch {number}", ", ".join(batch) + (" (canary)" if number == 1 and len(plan.hosts) > 1 else "")
    for host in plan.hosts:
        yield from _host_lines(host)
    yield "content", f"{len(plan.content)} files and values"
    for one in state["approvals"]:
        who = f"{one['person']} as {one['role']}, {one['at'][:16]}Z, key {one['key']}"
        yield "approved", f"{who}, window {' to '.join(one['window'])}"
    for one in state["emergencies"]:
        yield "EMERGENCY", f"declared by {one['by']} until {one['until'][:16]}Z: {one['reason']}"
    yield "present", ", ".join(state["present"]) or "nobody"
    yield "may run", f"{'yes' if state['may_run'] else 'no'}: {state['why']}"


def _host_lines(host: PlanHost) -> Iterator[tuple[str, str]]:
    about = [host.address, f"machine-id {host.machine_id}", *host.systems]
    yield "host", f"{host.name} ({', '.join(about)})"
    for step in host.steps:
        change = f": {step.before} → {step.after}" if step.before or step.after else ""
        time = f"{step.estimate.seconds} s ({step.estimate.detail_zh})"
        yield f"  {step.phase}", f"{step.action} {step.target}{change}; {step.rollback}, risk {step.risk}, {time}"
    for package in host.packages:
        yield "  package", f"{package.name} {package.before or '(new)'} → {package.after or '(removed)'}"
    for file in host.files:
        yield "  file", f"{file.path} {file.before or '(new)'} → {file.after or '(removed)'}"
        yield from (("", line) for line in file.difference.splitlines())
    if host.restarts or host.reboot:
        yield "  restarts", ", ".join([*host.restarts, *(["the host"] if host.reboot else [])])
