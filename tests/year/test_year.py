"""A contract year on a fake clock: what maintkit says of it against tables that were made by hand."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import contract_year as story
import pytest
import year_play
from chinese import english_in, field_in, not_seen
from year_play import Played, Year

from maintkit.cli.terminal.document import header
from maintkit.cli.terminal.records import Period, records
from maintkit.documents.model import Document
from maintkit.documents.own.dress import dress
from maintkit.documents.own.load import PLAIN
from maintkit.documents.render import render
from maintkit.evidence.history import inspection

SHEETS = ("月度故障汇总", "需求处理汇总", "项目登记簿", "季度巡检记录汇总单")
PLACE = os.environ.get("MAINTKIT_YEAR_DIR")


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Year, Played]]:
    """The year, played once; `make year` leaves it where it can be looked at."""
    place = Path(PLACE) if PLACE else tmp_path_factory.mktemp("year")
    with year_play.year(place / "site") as year:
        began, worked = time.monotonic(), time.process_time()
        done = year_play.play(year)
        done.took_s = time.process_time() - worked
        print(f"the year took {time.monotonic() - began:.0f} s, of which {done.took_s:.0f} s of this processor")
        year.clock.at = year_play.on(date(2026, 12, 31), 23.95)
        yield year, done


def incidents(year: Year) -> dict[str, dict[str, Any]]:
    return {one["incident"]: year.told("incident", "show", one["incident"]) for one in year.told("incident", "list")}


def test_a_year_is_played_in_three_minutes(played: tuple[Year, Played]) -> None:
    """Of the processor's time, which a machine busy with others does not lengthen much: 90 s at a load of 11.

    What is issued in the year is drawn in it; that every document is opened and rendered comes after it.
    """
    _, done = played
    assert done.took_s < 180


def test_every_fault_is_breached_in_the_minute_that_the_table_says(played: tuple[Year, Played]) -> None:
    """Sixty faults of twelve kinds: at the limit is in time, a minute later is not, and agreed rests are left out."""
    year, done = played
    assert len(done.faults) == story.FAULT_COUNT + len(story.ONCE) + len(story.REPORTS)
    for id_, fault in done.faults:
        told = year.told("incident", "show", id_)
        start = datetime.fromisoformat(told["reported_at"])
        found = {
            clock["clock"]: (datetime.fromisoformat(clock["breached_at"]) - start) // timedelta(minutes=1)
            for clock in told["clocks"]
            if clock["breached_at"] and clock["clock"] != "故障分析报告"
        }
        assert (told["level"], found) == (fault.level, fault.breaches), (fault.title, id_)


def test_analyses_are_due_after_holidays_and_make_up_days(played: tuple[Year, Played]) -> None:
    """Solved the Friday before Spring Festival, and the day before National Day: the second came a day late."""
    year, done = played
    for solved, until in story.REPORTS.items():
        told = year.told("incident", "show", done.holidays[solved])
        (clock,) = [one for one in told["clocks"] if one["clock"] == "故障分析报告"]
        due = datetime.fromisoformat(clock["deadline"]).astimezone(story.ZONE).date()
        assert (due, clock["state"]) == (until, "breached" if solved == story.LATE_REPORT else "met")


def test_requests_are_due_in_working_days(played: tuple[Year, Played]) -> None:
    """Over Spring Festival, over Labour Day (a day late), over National Day; one person-day above the five."""
    year, done = played
    for (_, kind, reached, _), (id_, until) in zip(story.TICKETS, done.tickets.items(), strict=True):
        told = year.told("ticket", "show", id_)
        (due,) = told["due"]
        day = datetime.fromisoformat(due["deadline"]).astimezone(story.ZONE).date()
        assert (told["kind"], day, due["state"]) == (kind, until, "breached" if reached > until else "met")
        assert told["person_days"]["above"] == 1.0


def test_defects_and_urgent_requests_are_due_step_by_step(played: tuple[Year, Played]) -> None:
    """By the clock, by working days, at once, and by a date that was agreed on; each kept or late as the table says."""
    year, done = played
    for _, kind, steps in story.STEPPED:
        told = {one["step"]: one for one in year.told("ticket", "show", done.stepped[kind])["due"]}
        dated = {step: one["deadline"] and datetime.fromisoformat(one["deadline"]) for step, one in told.items()}
        found = {step: (dated[step], one["state"]) for step, one in told.items()}
        assert found == {step: (due, state) for step, (_, due, state) in steps.items()}, kind


def test_a_softer_target_that_is_missed_is_told_and_breaches_nothing(played: tuple[Year, Played]) -> None:
    """Five minutes for what was agreed to be simple: solved in six."""
    year, done = played
    (id_,) = [id_ for id_, fault in done.faults if fault.title == story.SIMPLE]
    (target,) = [one for one in year.told("incident", "show", id_)["clocks"] if one["target"]]
    start = datetime.fromisoformat(year.told("incident", "show", id_)["reported_at"])
    ends = [(datetime.fromisoformat(target[key]) - start) // timedelta(minutes=1) for key in ("deadline", "ended")]
    assert ends == [story.SIMPLE_MINUTES, story.SIMPLE_MINUTES + 1]


def test_the_end_is_handed_over(played: tuple[Year, Played]) -> None:
    """The year's documents are in the package, verified and delivered: records, reports and watches from January on."""
    year, done = played
    assert done.packed["documents"] > len(story.MONDAYS) + len(story.DEEP) + len(story.WATCHES) + len(story.CHANGES)
    shown = {path.name for path in (year.root / "handover" / "documents").iterdir()}
    for day in (story.MONDAYS[0], story.MONDAYS[-1]):
        assert any(done.inspections[day] in name for name in shown), day
    with year.ledger() as ledger:
        (entry,) = ledger.entries(kind="handover.delivered")
        assert entry.body["receiver"] == "李主任"


@pytest.mark.parametrize("day", story.STANDS, ids=str)
def test_duties_stand_as_the_table_says(played: tuple[Year, Played], day: date) -> None:
    """On chosen days, with the holidays that lie over their deadlines."""
    _, done = played
    assert {duty: done.due[day][duty]["state"] for duty in story.STANDS[day]} == story.STANDS[day]


@pytest.mark.parametrize("day", story.NEXT, ids=str)
def test_duties_are_next_due_on_the_days_of_the_table(played: tuple[Year, Played], day: date) -> None:
    """With the holidays and make-up days counted by hand."""
    _, done = played
    told = {duty: done.due[day][duty]["next_due"] for duty in story.NEXT[day]}
    assert told == {duty: due and str(due) for duty, due in story.NEXT[day].items()}


def test_what_was_missed_in_the_year_stays_missed(played: tuple[Year, Played]) -> None:
    """A week without a watch, a late report, a quarter without a drill; and nothing else of these."""
    _, done = played
    last = done.due[max(story.STANDS)]
    assert {duty: last[duty]["missed"] for duty in story.MISSED} == story.MISSED


def test_the_growing_disk_is_forecast_past_the_purge(played: tuple[Year, Played]) -> None:
    """2.5 GiB a day: within a day of the table, on one scenario, though 300 GiB went in June."""
    _, done = played
    (only,) = done.trend["/data"]["scenarios"]
    found = {name: told["days"]["p50"] for name, told in only["arrivals"].items()}
    assert found == pytest.approx(story.FULL_IN, abs=1)
    # The run cut it by itself; what was entered by mistake does not.
    assert done.trend["/data"]["cuts"] == [f"{story.PURGE:%Y-%m-%d} 日志清理（{done.changes[story.PURGE.date()]}）"]


def test_what_was_wrong_was_found_on_its_day(played: tuple[Year, Played]) -> None:
    """Memory in April, a backup in August, a certificate from November on; each said when it first came."""
    year, done = played
    for day, (check, host) in story.WRONG.items():
        events = year.told("finding", "list", "--run", done.inspections[day])
        assert [one for one in events if one["check"] == check and one["subject"].startswith(host)]
    asked = {day: year.told("finding", "list", "--run", run) for day, run in done.inspections.items()}
    seen = [day for day, events in asked.items() if "certificates.expiry" in {one["check"] for one in events}]
    assert min(seen) == story.CERTIFICATE_SEEN


def test_what_a_person_saw_is_an_event_until_a_person_sees_it_well(played: tuple[Year, Played]) -> None:
    """The batteries of June stand open through the weekly inspections, and are closed by the look of September."""
    year, done = played
    ((day, (check, host, note)),) = story.SEEN_BAD.items()
    with year.ledger() as ledger:
        told = {on: inspection(ledger, run).findings for on, run in done.inspections.items()}
    (bad,) = [one for one in told[day] if one.check == check and one.event]
    assert (bad.host, bad.status, bad.conclusion_zh) == (host, "warn", note)
    held = [on for on, findings in told.items() if bad.event in {one.event for one in findings}]
    assert (min(held), max(held)) == (day, story.LOOKED_LATE - timedelta(days=7))


def test_known_vulnerabilities_are_those_of_the_table(played: tuple[Year, Played]) -> None:
    """On both hosts before the patches, on none after."""
    _, done = played
    hosts = (story.APP, story.DB)
    assert done.fixable == {
        day: {(host, hit) for host in hosts for hit in hits} for day, hits in story.VULNERABILITY.items()
    }


def test_registers_stand_as_they_were_entered(played: tuple[Year, Played]) -> None:
    """Each item in force but the finding, which was mended in time, with a proof."""
    year, _ = played
    listed = {one["id"]: one for kind in ("person", "training", "meeting", "assessment")
              for one in year.told("register", "list", kind, "--all")}  # fmt: skip
    assert {name: one["fields"] for name, one in listed.items()} == {
        f"{kind}-1": fields for _, kind, fields in story.REGISTERED
    }
    assert [name for name, one in listed.items() if one["state"] == "closed"] == [story.MENDED]


def test_the_chain_of_the_year_is_whole(played: tuple[Year, Played]) -> None:
    """Every entry, attachment and signature, by the ledger's own verification."""
    year, _ = played
    assert "result   intact" in year.run("ledger", "verify")


@pytest.fixture(scope="module")
def every(played: tuple[Year, Played]) -> list[Document]:
    """Every document that the ledger of the year can give."""
    year, _ = played
    with year.ledger() as ledger:
        found = [drawing() for drawing in records(year.site, ledger, Period(zone=story.ZONE))]
    assert len(found) > len(story.MONDAYS) + len(story.WATCHES) + len(story.CHANGES)
    return found


@pytest.fixture(scope="module")
def drawn(played: tuple[Year, Played], every: list[Document]) -> dict[str, Document]:
    """The newest of each title, as the site has it written."""
    year, _ = played
    return {one.title: dress(one, PLAIN, header(year.site)) for one in every}


def test_the_list_says_of_every_document_what_drawing_it_says(
    played: tuple[Year, Played], every: list[Document]
) -> None:
    """Kind, number, title, whether it is a draft; and each duty's documents are named for it."""
    year, _ = played
    listed = year.told("report", "--list", "--all")["documents"]
    told = {(one["document"], one["number"]): (one["title"], bool(one["lacks"])) for one in listed}
    found = {(one.kind, one.number): (one.title, one.draft) for one in every}
    assert {key: told.get(key) for key in found} == found
    issued = [one for one in listed if one["issues"]]
    parts = (story.SUMMARIES, story.SUMMARIES, story.MONTHLY, story.KNOWLEDGE, story.WRITTEN, story.DEEP)
    assert len(issued) == sum(map(len, parts)) + 1  # and the report of the account
    assert all(one["state"] == "issued" for one in issued)


@pytest.mark.parametrize("quarter", story.SUMMARIES)
def test_a_review_that_was_issued_is_the_same_at_the_end_of_the_year(played: tuple[Year, Played], quarter: str) -> None:
    """Nothing that later quarters brought is in it: the same content is not issued twice."""
    _issued_once(played, "service-review", "--quarter", quarter)


@pytest.mark.parametrize("month", story.MONTHLY)
def test_a_summary_of_faults_that_was_issued_is_the_same_at_the_end_of_the_year(
    played: tuple[Year, Played], month: str
) -> None:
    _issued_once(played, "incident-summary", "--month", month)


def _issued_once(played: tuple[Year, Played], *words: str) -> None:
    year, _ = played
    said = year.told("report", *words, "--format", "html", "--issued-by", "王工")
    assert said["version"] == 1


def test_the_year_gives_every_document_of_what_was_done(drawn: dict[str, Document]) -> None:
    """The contract's own names. All say that the site is an exercise, and which rest on simulated hosts."""
    assert set(drawn) >= story.DOCUMENTS
    assert all("演练站点" in one.alerts[0].text for one in drawn.values())
    marked = {title for title, one in drawn.items() if any("模拟" in note.text for note in one.alerts[1:])}
    assert marked == story.MARKED


def test_what_was_not_seen_is_said_in_chinese_in_every_document(every: list[Document]) -> None:
    """What two booted hosts of the lab did not tell, and why."""
    said = {(one.title, english_in(text), field_in(text)) for one in every if (text := not_seen(one))}
    assert {words for words in said if words[1:] != ("", "")} == set()
    assert {title for title, *_ in said} >= {"日常系统巡检记录", "季度深度巡检记录", "系统健康检查与性能分析报告"}


@pytest.mark.long
@pytest.mark.skipif(shutil.which("soffice") is None, reason="libreoffice is not installed")
def test_an_office_program_opens_one_of_each(drawn: dict[str, Document], tmp_path: Path) -> None:
    """Each has its title and the contract's number on paper, and no word of the program's own; tables as sheets too."""
    place = Path(PLACE) / "documents" if PLACE else tmp_path
    paths = [path for title, one in drawn.items() for path in render(one, ("docx",), place, title)]
    paths += [path for title in SHEETS for path in render(drawn[title], ("xlsx",), place, f"{title}-表")]
    argv = ["soffice", f"-env:UserInstallation=file://{tmp_path}/profile", "--headless", "--convert-to", "pdf"]
    subprocess.run([*argv, "--outdir", place, *paths], check=True, capture_output=True, timeout=300)
    for title, name in [*((title, title) for title in drawn), *((title, f"{title}-表") for title in SHEETS)]:
        argv = ["pdftotext", "-raw", str(place / f"{name}.pdf"), "-"]
        said = subprocess.run(argv, check=True, capture_output=True, text=True).stdout
        assert title in "".join(said.split())
        assert "HT-2026-001" in said
        assert not {"None", "null", "NaN", "nan"} & set(said.split()), title
