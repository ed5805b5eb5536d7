"""`maintkit ticket` on a real site and ledger."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

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
