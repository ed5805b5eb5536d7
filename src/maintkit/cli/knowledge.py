"""`maintkit knowledge`: the articles of the site: enter, find, review, retire, check."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

import click
from rich.table import Table

from maintkit.cli.terminal.articles import as_json_of, print_article, row, wants
from maintkit.cli.terminal.options import SAID, by_option, json_option, site_option
from maintkit.cli.terminal.place import open_ledger
from maintkit.cli.terminal.screen import wide_console
from maintkit.cli.terminal.words import bare, plain
from maintkit.clock import SystemClock
from maintkit.contract.load import Site, load_site
from maintkit.desk import search as fulltext
from maintkit.desk.article import Written, draft, files, keep, read_article, require_whole, save_draft, written
from maintkit.desk.incident import OPENED, incident
from maintkit.errors import SiteError
from maintkit.evidence import knowledge
from maintkit.evidence.knowledge import ID, Article
from maintkit.evidence.ledger import Ledger

WANTS_ATTENTION = 15
REVIEW_DAYS = 180
STYLE = {"current": "green", "due-soon": "yellow", "overdue": "bold red", "retired": "dim"}
DAY = click.DateTime(["%Y-%m-%d"])
FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@dataclass(frozen=True, kw_only=True)
class Shelf:
    """What a command about articles works with."""

    place: Site
    ledger: Ledger
    today: date


@click.group()
def command() -> None:
    """The knowledge base (知识库): articles, FAQ and procedures in knowledge/*.md, every version in the ledger."""


@command.command("list")
@click.option("--all", "retired_too", is_flag=True, help="Retired articles too.")
@json_option
@site_option
def list_(*, retired_too: bool, as_json: bool, site: Path) -> None:
    """Every article that was entered, and how its review stands."""
    with _shelf(site, read_only=True) as shelf:
        found = [one for one in knowledge.articles(shelf.ledger) if retired_too or one.retired is None]
    rows = [row(one, shelf.today) for one in found]
    if as_json:
        click.echo(json.dumps(rows, ensure_ascii=False, indent=2))
    elif not rows:
        click.echo("no article was entered: `maintkit knowledge add`")
    else:
        _table(rows)


@command.command()
@click.argument("id_", metavar="ARTICLE")
@click.option("--version", "number", type=click.IntRange(min=1), help="An earlier one.  [default: the newest]")
@json_option
@site_option
def show(*, id_: str, number: int | None, as_json: bool, site: Path) -> None:
    """An article as it was entered, with its versions and reviews."""
    with _shelf(site, read_only=True) as shelf:
        one = knowledge.article(shelf.ledger, id_)
        version = one.versions[number - 1] if number and number <= len(one.versions) else one.now
        if number and version.number != number:
            raise click.UsageError(f"{id_} has {len(one.versions)} versions")
        text = knowledge.text(shelf.ledger, version)
    if as_json:
        click.echo(json.dumps(as_json_of(one, shelf.today) | {"text": text}, ensure_ascii=False, indent=2))
    else:
        print_article(one, text, shelf.today)


@command.command()
@click.argument("asked", metavar="WORDS...", nargs=-1, required=True)
@click.option("--most", type=click.IntRange(1, 500), default=fulltext.MOST, show_default=True)
@json_option
@site_option
def search(*, asked: tuple[str, ...], most: int, as_json: bool, site: Path) -> None:
    """Articles in force that hold all of the words, the best first; Chinese of any length, letters without case."""
    with _shelf(site, read_only=True) as shelf:
        found = fulltext.search(shelf.ledger, shelf.place.root, " ".join(asked), most=most)
    if as_json:
        rows = [row(hit.article, shelf.today) | {"line": hit.line} for hit in found]
        click.echo(json.dumps(rows, ensure_ascii=False, indent=2))
        return
    for hit in found:
        click.echo(bare(f"{hit.article.id}  {hit.article.now.front.title}"))
        if hit.line:
            click.echo(f"    {bare(hit.line)}")
    if not found:
        click.echo("nothing found")


@command.command()
@click.argument("paths", metavar="[FILE]...", nargs=-1, type=FILE)
@click.option("--note", type=SAID, help="What changed, in a sentence.")
@by_option
@json_option
@site_option
def add(*, paths: tuple[Path, ...], note: str | None, by: str, as_json: bool, site: Path) -> None:
    """Enter new and changed articles: of these files, or of all in knowledge/. All of them, or none if one is wrong.

    An article that was retired comes back only when its file is named.
    """
    with _shelf(site) as shelf:
        read = [read_article(path) for path in paths or files(shelf.place.root)]
        ended = set() if paths else {one.id for one in knowledge.articles(shelf.ledger) if one.retired}
        found = [one for one in read if one.front.id not in ended]
        incidents = [entry.subject or "" for entry in shelf.ledger.entries(kind=OPENED)]
        _require_whole(found, shelf.place, incidents)
        twice = {one.front.id for one in found if sum(other.front.id == one.front.id for other in found) > 1}
        if twice:
            raise click.UsageError(f"{', '.join(sorted(twice))} stands in more than one of the files")
        for one in found:
            keep(shelf.place.root, one)
        with shelf.ledger.writing("enter articles"):
            made = [knowledge.enter(shelf.ledger, one.front, one.content, by=by, note=note or "") for one in found]
    _tell([one for one in made if one], len(found), len(read) - len(found), shelf.today, as_json=as_json)


@command.command("from-incident")
@click.argument("id_", metavar="INCIDENT")
@click.option("--id", "name", type=SAID, help="The article's id.  [default: kb-INCIDENT]")
@by_option
@site_option
def from_incident(*, id_: str, name: str | None, by: str, site: Path) -> None:
    """Write a draft into knowledge/ from what was entered of an incident; `knowledge add` enters it."""
    with _shelf(site, read_only=True) as shelf:
        one = incident(shelf.ledger, id_)
        article = name or f"kb-{one.id}"
        if not knowledge.is_id(article):
            raise click.UsageError(f"--id {article!r} is not like {ID}")
        again = shelf.today + timedelta(days=REVIEW_DAYS)
        text = draft(one, id_=article, owner=by, review_by=again, zone=shelf.place.contract.zone)
        path = save_draft(shelf.place.root, article, text)
    click.echo(f"{path}: look it through, then `maintkit knowledge add`")


@command.command()
@click.argument("id_", metavar="ARTICLE")
@click.option("--until", type=DAY, help=f"Look again by this day.  [default: in {REVIEW_DAYS} days]")
@click.option("--note", type=SAID, help="What was looked at.")
@by_option
@json_option
@site_option
def review(*, id_: str, until: datetime | None, note: str | None, by: str, as_json: bool, site: Path) -> None:
    """Enter that an article was looked through today and stands as it is."""
    with _shelf(site) as shelf:
        again = until.date() if until else shelf.today + timedelta(days=REVIEW_DAYS)
        if again <= shelf.today:
            raise click.UsageError(f"--until {again} is not after today, {shelf.today}")
        made = knowledge.look(shelf.ledger, id_, on=shelf.today, review_by=again, note=note or "", by=by)
    _say(made, shelf.today, as_json=as_json)


@command.command()
@click.argument("id_", metavar="ARTICLE")
@click.option("--why", type=SAID, required=True, help="Why it is no longer of use.")
@by_option
@json_option
@site_option
def retire(*, id_: str, why: str, by: str, as_json: bool, site: Path) -> None:
    """Take an article out of the knowledge base; its versions stay in the ledger, its file where it is."""
    with _shelf(site) as shelf:
        made = knowledge.retire(shelf.ledger, id_, why=why, by=by)
    _say(made, shelf.today, as_json=as_json)


@command.command()
@json_option
@site_option
def check(*, as_json: bool, site: Path) -> int:
    """Read every file; what was not entered, was changed since, or is overdue for review. Exit code 15 if any is."""
    with _shelf(site, read_only=True) as shelf:
        found, errors = written(shelf.place.root)
        if errors:
            raise SiteError("\n".join(map(str, errors)), hint=errors[0].hint)
        said = list(wants(knowledge.articles(shelf.ledger), found, shelf.today))
    if as_json:
        click.echo(json.dumps([{"article": id_, "wants": what} for id_, what in said], ensure_ascii=False))
    for id_, what in () if as_json else said:
        click.echo(bare(f"{id_}: {what}"))
    if not said and not as_json:
        click.echo(f"{len(found)} files, as they were entered; no review is overdue")
    return WANTS_ATTENTION if said else 0


@contextmanager
def _shelf(site: Path, *, read_only: bool = False) -> Iterator[Shelf]:
    place = load_site(site)
    with open_ledger(place.settings, read_only=read_only) as ledger:
        yield Shelf(place=place, ledger=ledger, today=SystemClock().now().astimezone(place.contract.zone).date())


def _require_whole(found: Iterable[Written], place: Site, incidents: Collection[str]) -> None:
    """The mistakes of all files at once."""
    errors: list[SiteError] = []
    for one in found:
        try:
            require_whole(one, systems=place.services.systems, incidents=incidents)
        except SiteError as error:
            errors.append(error)
    if errors:
        raise SiteError("\n".join(map(str, errors)), hint=errors[0].hint)


def _tell(made: list[Article], looked_at: int, retired: int, today: date, *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps([row(one, today) for one in made], ensure_ascii=False))
        return
    for one in made:
        _say(one, today, as_json=False)
    same = looked_at - len(made)
    said = [f"{same} unchanged"] if same else []
    said += [f"{retired} retired: name the file to bring it back"] if retired else []
    if said or not looked_at:
        click.echo(", ".join(said) or "knowledge/ holds no article")


def _say(one: Article, today: date, *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(row(one, today), ensure_ascii=False))
        return
    state = one.review(today)
    click.echo(bare(f"{one.id}  version {one.now.number}  {state}  {one.now.front.title}  review by {one.review_by}"))
    if one.now.masked:
        click.echo(f"  {one.now.masked} places were masked in what is kept", err=True)


def _table(rows: list[dict[str, object]]) -> None:
    table = Table(box=None, pad_edge=False, header_style="dim")
    for title in ("review", "article", "kind", "version", "review by", "owner"):
        table.add_column(title, no_wrap=True)
    table.add_column("title", overflow="fold")
    for one in rows:
        state = str(one["review"])
        cells = (str(one[key]) for key in ("article", "kind", "version", "review_by", "owner", "title"))
        table.add_row(f"[{STYLE[state]}]{state}[/]", *map(plain, cells))
    wide_console().print(table)
