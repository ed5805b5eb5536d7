"""`maintkit ticket` on a real site and ledger."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from inprocess import Done, maintkit
from sites import make_site

BY = ("--by", "张工")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fresh site."""
    return make_site(tmp_path_factory.mktemp("ticket") / "site", {"all": {"hosts": {"his1": {}}}})


def run(site: Path, *words: str) -> Done:
    return maintkit("ticket", *words, "--site", str(site))


def said(site: Path, *words: str) -> Any:
    done = run(site, *words, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_a_change_goes_from_the_wish_to_the_closing(site: Path) -> None:
    """Nothing is due before the acceptance; an agreed date, its effort and the end stand in the list."""
    opened = said(site, "open", "--requester", "王护士", "--department", "门诊部", "--title", "加打印", *BY)
    id_ = opened["ticket"]
    assert (opened["kind"], opened["due"]) == (None, [])
    refused = run(site, "reach", id_, "done", "--text", "x", *BY)
    assert (refused.returncode, "is not accepted yet" in refused.stderr) == (50, True)
    accepted = said(site, "accept", id_, "--kind", "urgent-change", "--accepted-by", "李主任", "--text", "邮件", *BY)
    assert {due["step"]: due["state"] for due in accepted["due"]}["done"] == "undetermined"
    words = ("--until", "2999-01-01T18:00", "--agreed-by", "李主任", "--text", "会议纪要", *BY)
    agreed = said(site, "agree", id_, *words)
    assert {due["step"]: due["agreed_by"] for due in agreed["due"]}["done"] == "李主任"
    said(site, "effort", id_, "--days", "6", "--confirmed-by", "李主任", "--text", "开发", *BY)
    assert said(site, "reach", id_, "done", "--text", "上线", *BY)["person_days"]["above"] == 1
    said(site, "close", id_, "--text", "验收", *BY)
    assert [one["closed"] for one in said(site, "list")] == [True]
    assert "done 以最短可行时间完成: met" in run(site, "show", id_).stdout
    refused = run(site, "effort", id_, "--days", "1", "--text", "x", *BY)
    assert (refused.returncode, "is closed" in refused.stderr) == (50, True)


def test_wrong_words_are_told_and_enter_nothing(site: Path) -> None:
    """Unknown kinds, steps of another kind, a bug's clock that no agreement replaces, plans that are not there."""
    id_ = said(site, "open", "--requester", "王", "--department", "门诊部", "--title", "错", *BY)["ticket"]
    said(site, "accept", id_, "--kind", "other-bug", "--accepted-by", "李主任", "--text", "邮件", *BY)
    before = said(site, "show", id_)["entries"]
    for words, code, told in (
        (("accept", id_, "--kind", "simple-chnge", "--accepted-by", "x", "--text", "x"), 2, "did you mean"),
        (("reach", id_, "start", "--text", "x"), 50, "its steps are plan, done"),
        (("agree", id_, "--until", "2999-01-01T18:00", "--agreed-by", "x", "--text", "x"), 50, "no agreed date"),
        (("deliver", id_, "P20260101-1"), 7, "P20260101-1"),
        (("effort", id_, "--days", "0", "--text", "x"), 2, "0"),
        (("effort", id_, "--days", "nan", "--text", "x"), 2, "'nan' is no number of days"),
        (("effort", id_, "--days", "inf", "--text", "x"), 2, "'inf' is no number of days"),
        (("effort", id_, "--days", "1", "--text", "x", "--confirmed-by", " "), 2, "'--confirmed-by': an empty text"),
        (("accept", id_, "--kind", "other-bug", "--accepted-by", " ", "--text", "x"), 2, "'--accepted-by': an empty"),
        (("close", id_, "--text", " "), 2, "'--text': an empty text"),
        (("reach", "T1", "done", "--text", "x"), 7, "no ticket"),
    ):
        done = run(site, *words, *BY)
        assert (done.returncode, told in done.stderr) == (code, True), done.stderr
    assert said(site, "show", id_)["entries"] == before


def ago(minutes: int) -> str:
    """A time on site, so many minutes ago."""
    return f"{datetime.now(ZoneInfo('Asia/Shanghai')) - timedelta(minutes=minutes):%Y-%m-%dT%H:%M}"


def test_steps_come_after_the_acceptance_and_the_closing_after_them(site: Path) -> None:
    """Accepted 40 minutes ago, done 30 ago: nothing is reached or closed before, nor closed before it was done."""
    said_of = ("--requester", "王", "--department", "门诊部", "--title", "改", "--at", ago(60))
    id_ = said(site, "open", *said_of, *BY)["ticket"]
    words = ("--kind", "simple-change", "--accepted-by", "李主任", "--text", "邮件", "--at", ago(40))
    said(site, "accept", id_, *words, *BY)
    for step in (("reach", id_, "done"), ("close", id_)):
        refused = run(site, *step, "--text", "x", "--at", ago(50), *BY)
        assert (refused.returncode, "was accepted at" in refused.stderr) == (50, True), refused.stderr
    said(site, "reach", id_, "done", "--text", "上线", "--at", ago(30), *BY)
    refused = run(site, "close", id_, "--text", "x", "--at", ago(35), *BY)
    assert (refused.returncode, "was reached at" in refused.stderr) == (50, True), refused.stderr
    assert said(site, "close", id_, "--text", "验收", "--at", ago(30), *BY)["closed"]


def test_what_was_entered_unconfirmed_is_confirmed_later(site: Path) -> None:
    """One entry by its number, the others together, even of a closed ticket; each once."""
    id_ = said(site, "open", "--requester", "王", "--department", "门诊部", "--title", "改", *BY)["ticket"]
    for days in ("1", "2", "4"):
        made = said(site, "effort", id_, "--days", days, "--text", "开发", *BY)
    first = next(entry["entry"] for entry in made["entries"] if entry["kind"] == "ticket.effort")
    said(site, "close", id_, "--text", "撤回", *BY)
    words = ("confirm", id_, "--confirmed-by", "李主任", "--text", "邮件", *BY)
    assert said(site, *words, "--entry", str(first))["person_days"]["confirmed"] == 1
    for number, told in ((first, "is confirmed"), (1, "has no effort in entry")):
        refused = run(site, *words, "--entry", str(number))
        assert (refused.returncode, told in refused.stderr) == (50, True), refused.stderr
    days = said(site, *words)["person_days"]
    assert (days["confirmed"], days["above"]) == (7, 2)
    refused = run(site, *words)
    assert (refused.returncode, "nobody confirmed" in refused.stderr) == (50, True), refused.stderr
