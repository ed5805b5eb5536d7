"""`maintkit report`: records and reports, drawn from the ledger."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import click

from maintkit.cli.terminal import desk_reports
from maintkit.cli.terminal.document import document_options, header, write
from maintkit.cli.terminal.drawing import health as health_of
from maintkit.cli.terminal.drawing import manual as manual_of
from maintkit.cli.terminal.drawing import record, registered, watched
from maintkit.cli.terminal.drawing import recovery as recovery_of
from maintkit.cli.terminal.drawing import summary as quarterly
from maintkit.cli.terminal.options import SAID, by_option, json_option, site_option
from maintkit.cli.terminal.place import open_ledger
from maintkit.clock import SystemClock, to_text
from maintkit.contract.load import load_site
from maintkit.documents.render import Format
from maintkit.documents.views.change_report import MAY_BE_TUNING, Kind, change_report, kind_of
from maintkit.documents.views.drill_report import drill_report
from maintkit.documents.views.health_report import BLANKS
from maintkit.documents.views.health_report import KIND as HEALTH
from maintkit.documents.views.quarter import Quarter
from maintkit.documents.views.recovery_manual import BLANKS as RECOVERY_BLANKS
from maintkit.documents.views.recovery_manual import KIND as RECOVERY
from maintkit.documents.views.service_review import BLANKS as REVIEWED
from maintkit.documents.views.service_review import KIND as REVIEW
from maintkit.documents.views.upgrade_request import upgrade_request
from maintkit.documents.views.vulnerability_report import vulnerability_report
from maintkit.errors import NotFound
from maintkit.evidence import history, vulnerabilities
from maintkit.evidence.changes import Standing, runs
from maintkit.evidence.drill_record import PROCEDURE
from maintkit.evidence.judgements import judge
from maintkit.evidence.ledger import Ledger
from maintkit.evidence.recorded import Inspection
from maintkit.evidence.week import Week
from maintkit.plans.implementation import Implementation, implementation
from maintkit.plans.record import application

FILLED = {HEALTH: BLANKS, RECOVERY: RECOVERY_BLANKS, REVIEW: REVIEWED}  # what only a person can write


@click.group(invoke_without_command=True)
@click.option("--list", "listing", is_flag=True, help="List the inspections and changes that there are records of.")
@json_option
@site_option
@click.pass_context
def command(ctx: click.Context, *, listing: bool, site: Path, as_json: bool) -> None:
    """Write records and reports from the ledger: docx, xlsx, html, pdf."""
    if listing:
        _list(site, as_json=as_json)
    elif ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())


@command.command()
@click.option("--run", help="The inspection.  [default: the newest]")
@document_options
def inspection(*, run: str | None, site: Path, formats: tuple[Format, ...], out: Path | None, as_json: bool) -> int:
    """日常系统巡检记录 (季度深度巡检记录 of a deep run): one inspection, ready to sign."""
    place = load_site(site)
    with open_ledger(place.settings, read_only=True) as ledger:
        found = history.inspection(ledger, run) if run else history.latest(ledger)
        if found is None:
            raise NotFound("the ledger holds no inspection", hint="run `maintkit inspect` first")
        document = record(place, ledger, found)
    return write(place, document, formats, out, as_json=as_json)


@command.command("inspection-summary")
@click.option("--quarter", help="Like 2026Q4.  [default: the present one]")
@document_options
def summary(*, quarter: str | None, site: Path, formats: tuple[Format, ...], out: Path | None, as_json: bool) -> int:
    """季度巡检记录汇总单: the inspections of a quarter, handed over."""
    place = load_site(site)
    zone = ZoneInfo(place.contract.time_zone)
    try:
        wanted = Quarter.parse(quarter) if quarter else Quarter.of(SystemClock().now(), zone)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--quarter") from error
    with open_ledger(place.settings, read_only=True) as ledger:
        document = quarterly(place, ledger, wanted)
    return write(place, document, formats, out, as_json=as_json)


@command.command()
@click.option("--run", help="The deep inspection it is drawn from.  [default: the newest]")
@document_options
def health(*, run: str | None, site: Path, formats: tuple[Format, ...], out: Path | None, as_json: bool) -> int:
    """系统健康检查与性能分析报告: a deep inspection, with the trends of all inspections before it."""
    place = load_site(site)
    with open_ledger(place.settings, read_only=True) as ledger:
        document = health_of(place, ledger, _deep(ledger, run))
    return write(place, document, formats, out, as_json=as_json)


@command.command("configuration")
@click.option("--since", type=click.DateTime(["%Y-%m-%d"]), help="Compare with that day.  [default: 90 days before]")
@document_options
def manual(*, since: datetime | None, site: Path, formats: tuple[Format, ...], out: Path | None, as_json: bool) -> int:
    """系统配置手册: how every host of the newest inspection is set up, and what changed since a day."""
    place = load_site(site)
    with open_ledger(place.settings, read_only=True) as ledger:
        start = since.replace(tzinfo=place.contract.zone) if since else None
        document = manual_of(place, ledger, _newest(ledger), start)
    return write(place, document, formats, out, as_json=as_json)


@command.command("recovery-manual")
@document_options
def recovery(*, site: Path, formats: tuple[Format, ...], out: Path | None, as_json: bool) -> int:
    """数据恢复操作手册: databases, backups, what drills measured, and every step of a restore."""
    place = load_site(site)
    with open_ledger(place.settings, read_only=True) as ledger:
        document = recovery_of(place, ledger, _newest(ledger))
    return write(place, document, formats, out, as_json=as_json)


for one in desk_reports.COMMANDS:
    command.add_command(one)


@command.command()
@click.argument("document", metavar="DOCUMENT", type=click.Choice(list(FILLED)))
@click.argument("number", metavar="NUMBER")
@click.option(
    "--blank", type=click.Choice([*BLANKS, *RECOVERY_BLANKS, *REVIEWED]), required=True, help="Which of its blanks."
)
@click.option("--text", type=SAID, required=True, help="What the document shall say there.")
@by_option
@site_option
def fill(*, document: str, number: str, blank: str, text: str, by: str, site: Path) -> None:
    """Write what only a person can judge into a document; the newest text stands, all are kept.

    NUMBER is the deep inspection of a health-report (blanks conclusion, plan), the inspection of a
    recovery-manual (decision, order, notice), or the month or quarter of a service-review (evaluation, next).
    """
    if blank not in FILLED[document]:
        raise click.UsageError(f"{document} has the blanks {' and '.join(FILLED[document])}, not {blank}")
    if document == REVIEW:
        number = str(desk_reports.covered_by(number, "NUMBER"))
    with open_ledger(load_site(site).settings) as ledger:
        if document == HEALTH:
            _deep(ledger, number)
        elif document == RECOVERY:
            history.inspection(ledger, number)
        judge(ledger, document, number, blank=blank, text=text, by=by)
    click.echo(f"{document} {number}: {blank} written")


def _newest(ledger: Ledger) -> Inspection:
    found = history.latest(ledger)
    if found is None:
        raise NotFound("the ledger holds no inspection", hint="run `maintkit inspect` first")
    return found


def _deep(ledger: Ledger, run: str | None) -> Inspection:
    found = history.inspection(ledger, run) if run else history.latest(ledger, deep=True)
    if found is None or not found.deep:
        raise NotFound(
            f"inspection {run} is not a deep one" if found else "the ledger holds no deep inspection",
            hint="run `maintkit inspect --deep` first",
        )
    return found


@command.command("upgrade-request")
@click.argument("plan", metavar="PLAN")
@document_options
def upgrade(*, plan: str, site: Path, formats: tuple[Format, ...], out: Path | None, as_json: bool) -> int:
    """升级申请: a plan for the hospital to approve, with what was signed so far."""
    place = load_site(site)
    with open_ledger(place.settings, read_only=True) as ledger:
        document = upgrade_request(application(ledger, plan), header(place))
    return write(place, document, formats, out, as_json=as_json)


@command.command()
@click.argument("run", metavar="RUN")
@click.option("--tuning", is_flag=True, help="As 性能优化实施记录, of a restart or a configuration change made for it.")
@document_options
def change(*, run: str, tuning: bool, site: Path, formats: tuple[Format, ...], out: Path | None, as_json: bool) -> int:
    """升级实施报告, 安全补丁更新记录 or 重启评估与实施记录: a change that was carried out, by its procedure."""
    place = load_site(site)
    with open_ledger(place.settings, read_only=True) as ledger:
        done = implementation(ledger, run)
        if done.done.procedure == PROCEDURE:
            raise click.UsageError(f"{run} is a restore drill: `maintkit report restore-drill {run}`")
        document = change_report(done, _kind(done, tuning=tuning), header(place))
    return write(place, document, formats, out, as_json=as_json)


@command.command("restore-drill")
@click.argument("run", metavar="RUN")
@document_options
def drill(*, run: str, site: Path, formats: tuple[Format, ...], out: Path | None, as_json: bool) -> int:
    """备份恢复验证报告: a restore drill, what it proved, how long it took, and that its copy is gone."""
    place = load_site(site)
    with open_ledger(place.settings, read_only=True) as ledger:
        done = implementation(ledger, run)
        if done.done.procedure != PROCEDURE:
            raise click.UsageError(f"{run} is {done.done.procedure}, no restore drill: `maintkit report change {run}`")
        document = drill_report(done, header(place))
    return write(place, document, formats, out, as_json=as_json)


@command.command()
@click.option("--check", "number", help="Like V20261125-1.  [default: the newest]")
@document_options
def vulnerability(
    *, number: str | None, site: Path, formats: tuple[Format, ...], out: Path | None, as_json: bool
) -> int:
    """漏洞检查报告: a check of installed packages, and what was remedied since the one before it."""
    place = load_site(site)
    with open_ledger(place.settings, read_only=True) as ledger:
        document = vulnerability_report(*vulnerabilities.check(ledger, number), header(place))
    return write(place, document, formats, out, as_json=as_json)


@command.command()
@document_options
def registers(*, site: Path, formats: tuple[Format, ...], out: Path | None, as_json: bool) -> int:
    """项目登记簿: people, project managers, trainings, meetings, assessments, as of the ledger's last entry."""
    place = load_site(site)
    with open_ledger(place.settings, read_only=True) as ledger:
        document = registered(place, ledger)
    return write(place, document, formats, out, as_json=as_json)


@command.command("watch")
@click.option("--week", help="Like 2026W48.  [default: the present one]")
@document_options
def watch(*, week: str | None, site: Path, formats: tuple[Format, ...], out: Path | None, as_json: bool) -> int:
    """系统功能主动监测周报: every function of the catalogue in a week, beside the week before."""
    place = load_site(site)
    zone = place.contract.zone
    try:
        wanted = Week.parse(week) if week else Week.of(SystemClock().now(), zone)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--week") from error
    with open_ledger(place.settings, read_only=True) as ledger:
        document = watched(place, ledger, wanted)
    return write(place, document, formats, out, as_json=as_json)


def _kind(done: Implementation, *, tuning: bool) -> Kind:
    if not tuning:
        return kind_of(done)
    if done.done.procedure not in MAY_BE_TUNING:
        raise click.UsageError(
            f"--tuning is of {' and '.join(MAY_BE_TUNING)}; {done.done.run} is {done.done.procedure}"
        )
    return "tuning"


def _list(site: Path, *, as_json: bool) -> None:
    place = load_site(site)
    with open_ledger(place.settings, read_only=True) as ledger:
        rows = [*map(_inspection_row, history.inspections(ledger)), *map(_run_row, runs(ledger))]
    if as_json:
        click.echo(json.dumps(rows, indent=2))
    for row in () if as_json else rows:
        told = (row["run"], row["started_at"][:16], row["kind"], row["ended"] or "never finished", row["hosts"])
        click.echo("  ".join(told))


def _inspection_row(one: Inspection) -> dict[str, Any]:
    """One inspection of the list; `ended` is null for one that never finished."""
    return {
        "run": one.run,
        "started_at": to_text(one.started_at),
        "kind": "deep" if one.deep else "daily",
        "ended": one.ended,
        "hosts": f"{one.coverage.inspected}/{one.coverage.expected} hosts",
        "expected": one.coverage.expected,
        "inspected": one.coverage.inspected,
    }


def _run_row(one: Standing) -> dict[str, Any]:
    """One change of the list; `kind` is its procedure, `ended` its verdict."""
    return {
        "run": one.run,
        "started_at": to_text(one.started_at),
        "kind": one.procedure,
        "ended": one.verdict,
        "hosts": f"{len(one.hosts)} hosts",
    }
