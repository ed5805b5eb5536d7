"""`maintkit report`: records and reports, drawn from the ledger."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from maintkit.cli.terminal import desk_reports, readiness
from maintkit.cli.terminal.blanks import BLANKS_OF, deep_inspection, newest_inspection, numbered, require_blank
from maintkit.cli.terminal.document import document_options, header, write
from maintkit.cli.terminal.drawing import health as health_of
from maintkit.cli.terminal.drawing import manual as manual_of
from maintkit.cli.terminal.drawing import record, registered, watched
from maintkit.cli.terminal.drawing import recovery as recovery_of
from maintkit.cli.terminal.drawing import summary as quarterly
from maintkit.cli.terminal.knowing import knowledge_update, questions
from maintkit.cli.terminal.offers import listing
from maintkit.cli.terminal.options import SAID, by_option, json_option, site_option
from maintkit.cli.terminal.place import open_ledger
from maintkit.clock import SystemClock
from maintkit.contract.load import Site, load_site
from maintkit.documents.render import Format
from maintkit.documents.views.change_report import MAY_BE_TUNING, Kind, change_report, kind_of
from maintkit.documents.views.drill_report import drill_report
from maintkit.documents.views.quarter import Quarter
from maintkit.documents.views.upgrade_request import upgrade_request
from maintkit.documents.views.vulnerability_report import vulnerability_report
from maintkit.evidence import vulnerabilities
from maintkit.evidence.drill_record import PROCEDURE
from maintkit.evidence.judgements import judge
from maintkit.evidence.week import Week
from maintkit.plans.implementation import Implementation, implementation
from maintkit.plans.record import application


@click.group(invoke_without_command=True)
@click.option("--list", "listed", is_flag=True, help="List every document: how it is drawn, what it lacks, its issues.")
@click.option("--all", "everything", is_flag=True, help="With --list: look into the oldest inspections, too.")
@json_option
@site_option
@click.pass_context
def command(ctx: click.Context, *, listed: bool, everything: bool, site: Path, as_json: bool) -> None:
    """Write records and reports from the ledger: docx, xlsx, html, pdf."""
    if listed:
        _list(site, everything=everything, as_json=as_json)
    elif ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())


@command.command()
@click.option("--run", help="The inspection.  [default: the newest]")
@document_options
def inspection(*, run: str | None, site: Path, formats: tuple[Format, ...], out: Path | None, as_json: bool) -> int:
    """日常系统巡检记录 (季度深度巡检记录 of a deep run): one inspection, ready to sign."""
    place = load_site(site)
    with open_ledger(place.settings, read_only=True) as ledger:
        document = record(place, ledger, newest_inspection(ledger, run))
    return write(place, document, formats, out, as_json=as_json)


@command.command("inspection-summary")
@click.option("--quarter", help="Like 2026Q4.  [default: the present one]")
@document_options
def summary(*, quarter: str | None, site: Path, formats: tuple[Format, ...], out: Path | None, as_json: bool) -> int:
    """季度巡检记录汇总单: the inspections of a quarter, handed over."""
    place = load_site(site)
    wanted = _quarter(quarter, place)
    with open_ledger(place.settings, read_only=True) as ledger:
        document = quarterly(place, ledger, wanted)
    return write(place, document, formats, out, as_json=as_json)


@command.command()
@click.option("--quarter", help="Like 2026Q4.  [default: the present one]")
@document_options
def knowledge(*, quarter: str | None, site: Path, formats: tuple[Format, ...], out: Path | None, as_json: bool) -> int:
    """知识库更新摘要: new, changed, reviewed and retired articles of a quarter, and reviews that are due."""
    place = load_site(site)
    wanted = _quarter(quarter, place)
    with open_ledger(place.settings, read_only=True) as ledger:
        document = knowledge_update(place, ledger, wanted)
    return write(place, document, formats, out, as_json=as_json)


@command.command("emergency-plan")
@document_options
def emergency(*, site: Path, formats: tuple[Format, ...], out: Path | None, as_json: bool) -> int:
    """重大故障应急响应预案: levels, clocks, contacts, what runs where, the order of recovery, and what is lacking."""
    place = load_site(site)
    with open_ledger(place.settings, read_only=True) as ledger:
        document = readiness.emergency_plan(place, ledger)
    return write(place, document, formats, out, as_json=as_json)


@command.command("disaster-plan")
@document_options
def disaster(*, site: Path, formats: tuple[Format, ...], out: Path | None, as_json: bool) -> int:
    """灾难恢复计划: RTO and RPO promised and measured by drills, backups and copies, the order, and what is lacking."""
    place = load_site(site)
    with open_ledger(place.settings, read_only=True) as ledger:
        document = readiness.disaster_plan(place, ledger)
    return write(place, document, formats, out, as_json=as_json)


@command.command()
@document_options
def faq(*, site: Path, formats: tuple[Format, ...], out: Path | None, as_json: bool) -> int:
    """常见问题解答: every article of kind faq in force, in full."""
    place = load_site(site)
    with open_ledger(place.settings, read_only=True) as ledger:
        document = questions(place, ledger)
    return write(place, document, formats, out, as_json=as_json)


@command.command()
@click.option("--run", help="The deep inspection it is drawn from.  [default: the newest]")
@document_options
def health(*, run: str | None, site: Path, formats: tuple[Format, ...], out: Path | None, as_json: bool) -> int:
    """系统健康检查与性能分析报告: a deep inspection, with the trends of all inspections before it."""
    place = load_site(site)
    with open_ledger(place.settings, read_only=True) as ledger:
        document = health_of(place, ledger, deep_inspection(ledger, run))
    return write(place, document, formats, out, as_json=as_json)


@command.command("configuration")
@click.option("--since", type=click.DateTime(["%Y-%m-%d"]), help="Compare with that day.  [default: 90 days before]")
@document_options
def manual(*, since: datetime | None, site: Path, formats: tuple[Format, ...], out: Path | None, as_json: bool) -> int:
    """系统配置手册: how every host of the newest inspection is set up, and what changed since a day."""
    place = load_site(site)
    with open_ledger(place.settings, read_only=True) as ledger:
        start = since.replace(tzinfo=place.contract.zone) if since else None
        document = manual_of(place, ledger, newest_inspection(ledger), start)
    return write(place, document, formats, out, as_json=as_json)


@command.command("recovery-manual")
@document_options
def recovery(*, site: Path, formats: tuple[Format, ...], out: Path | None, as_json: bool) -> int:
    """数据恢复操作手册: databases, backups, what drills measured, and every step of a restore."""
    place = load_site(site)
    with open_ledger(place.settings, read_only=True) as ledger:
        document = recovery_of(place, ledger, newest_inspection(ledger))
    return write(place, document, formats, out, as_json=as_json)


for one in desk_reports.COMMANDS:
    command.add_command(one)


@command.command()
@click.argument("document", metavar="DOCUMENT", type=click.Choice(list(BLANKS_OF)))
@click.argument("number", metavar="[NUMBER]", required=False)
@click.option("--blank", type=SAID, required=True, help="Which of its blanks; a wrong one is told all of them.")
@click.option("--text", type=SAID, required=True, help="What the document shall say there.")
@by_option
@site_option
def fill(*, document: str, number: str | None, blank: str, text: str, by: str, site: Path) -> None:
    """Write what only a person can judge into a document; the newest text stands, all are kept.

    NUMBER is the deep inspection of a health-report, or the inspection of a recovery-manual (the newest, if left out),
    or the month or quarter of a service-review; the plans have one each, which need not be named.
    """
    place = load_site(site)
    with open_ledger(place.settings) as ledger:
        number = numbered(place, ledger, document, number)
        require_blank(place, ledger, document, number, blank=blank, text=text)
        judge(ledger, document, number, blank=blank, text=text, by=by)
    click.echo(f"{document} {number}: {blank} written")


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


def _quarter(text: str | None, place: Site) -> Quarter:
    """The quarter asked for, or the present one; click's own refusal of what is none."""
    try:
        return Quarter.parse(text) if text else Quarter.of(SystemClock().now(), place.contract.zone)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--quarter") from error


def _kind(done: Implementation, *, tuning: bool) -> Kind:
    if not tuning:
        return kind_of(done)
    if done.done.procedure not in MAY_BE_TUNING:
        raise click.UsageError(
            f"--tuning is of {' and '.join(MAY_BE_TUNING)}; {done.done.run} is {done.done.procedure}"
        )
    return "tuning"


def _list(site: Path, *, everything: bool, as_json: bool) -> None:
    place = load_site(site)
    with open_ledger(place.settings, read_only=True) as ledger:
        found = listing.listing(place, ledger, everything=everything)
    if as_json:
        click.echo(found.model_dump_json(indent=2))
    for line in () if as_json else listing.lines(found, place.contract.zone):
        click.echo(line)
