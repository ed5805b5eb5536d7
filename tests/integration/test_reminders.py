"""Reminders to a real mail server, a real webhook and real programs: once a day, one by one, no secret anywhere."""

from __future__ import annotations

import json
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from bell import Bell, mail, wecom
from click.testing import CliRunner
from partners import closed_port
from posts import HOST, PASSWORD, postbox, robot

from maintkit.cli.main import cli
from maintkit.cli.terminal.place import open_ledger
from maintkit.contract.load import load_site
from maintkit.errors import ReminderFailed, SiteError
from maintkit.evidence.ledger import Ledger
from maintkit.runs import reminding

NOW = datetime(2026, 11, 25, 2, 0, tzinfo=UTC)
OK = b'{"errcode":0}'
KEEP = "import json, sys; open(sys.argv[1], 'a').write(sys.stdin.read() + '\\n')"


def test_a_duty_is_told_by_every_hook_once_a_day(bell: Bell, tmp_path: Path) -> None:
    """Again on the next day; a state that changes is told at once. The ledger knows of what, and not of where to."""
    told = tmp_path / "told"
    with postbox() as box, robot() as group:
        program = {"name": "pager", "command": {"argv": [sys.executable, "-c", KEEP, str(told)]}}
        bell.hooks(mail(box.port), wecom(bell, group.url), program)
        outcomes = bell.ring()
        assert [(one["hook"], one["failed"], one["attempts"]) for one in outcomes] == [
            ("it-mail", "", 1),
            ("group", "", 1),
            ("pager", "", 1),
        ]
        assert [one["matters"] for one in bell.ring()] == [[], [], []]
        assert (len(box.taken), len(group.posted), len(told.read_text().splitlines())) == (1, 1, 1)
        bell.now += timedelta(days=1)
        bell.ring()
        assert (len(box.taken), len(group.posted), len(told.read_text().splitlines())) == (2, 2, 2)
    data = json.loads(told.read_text(encoding="utf-8").splitlines()[0])
    assert {one["duty"] for one in data["duties"]} == set(outcomes[0]["matters"])
    (message,) = box.mails()[:1]
    assert message["To"] == "xxk@hospital.example"
    assert message["Subject"] == data["subject"] == group.posted[0]["markdown"]["content"].splitlines()[0].strip("*")
    assert "已逾期" in message.get_content()
    assert sorted(subject for subject, _ in bell.entries()) == [
        "group",
        "group",
        "it-mail",
        "it-mail",
        "pager",
        "pager",
    ]
    assert b"xxk@hospital" not in bell.held()
    assert b"very-secret" not in bell.held()


def test_a_dry_run_tells_nobody_and_needs_no_secret(bell: Bell) -> None:
    """It shows what each hook would tell."""
    with postbox() as box:
        bell.hooks(mail(box.port), {"name": "group", "wecom": {"url": {"env": "NO_SUCH_VARIABLE"}}})
        shown = bell.ring("--dry-run")
        assert [one["hook"] for one in shown] == ["it-mail", "group"]
        assert box.tries == 0
    assert bell.entries() == []


def test_a_mail_crosses_starttls_with_a_password_from_a_file(bell: Bell, tmp_path: Path) -> None:
    """The certificate is checked; a wrong password and an unknown certificate fail at once, without their values."""
    with postbox(tmp_path) as box:
        safe = {"security": "starttls", "user": "maint", "password": bell.secret("smtp", PASSWORD)}
        bell.hooks(mail(box.port, **safe, ca=str(tmp_path / "server.pem")))
        assert bell.quick()["it-mail"].failed == ""
        bell.hooks(mail(box.port, **safe) | {"name": "stranger"})
        assert bell.quick()["stranger"].failed == "its certificate is not trusted"
        wrong = safe | {"password": bell.secret("wrong", "Xk7-other")}
        bell.hooks(mail(box.port, **wrong, ca=str(tmp_path / "server.pem")) | {"name": "wrong"})
        outcome = bell.quick()["wrong"]
    assert outcome.failed == "the server did not accept user and password (535)"
    assert outcome.attempts == 1
    assert len(box.taken) == 1
    assert PASSWORD.encode() not in bell.held()


def test_a_server_without_starttls_gets_nothing(bell: Bell) -> None:
    """Where it is asked for, there is no mail in the clear."""
    with postbox() as box:
        bell.hooks(mail(box.port, security="starttls"))
        assert "does not offer" in bell.quick()["it-mail"].failed
        assert box.tries == 0


@pytest.mark.parametrize(
    ("answers", "failed", "tries"),
    [
        (["451 4.3.0 try later", "250 OK"], "", 2),
        (["451 4.3.0 a", "452 4.2.2 b", "250 OK"], "", 3),
        (["554 5.7.1 xxk@hospital.example is not wanted"], "the server answered 554", 1),
    ],
)
def test_a_mail_is_tried_again_only_where_that_may_help(
    bell: Bell, answers: list[str], failed: str, tries: int
) -> None:
    """4xx passes, 5xx does not; the server's own words are kept nowhere."""
    with postbox(answers=answers) as box:
        bell.hooks(mail(box.port))
        outcome = bell.quick()["it-mail"]
    assert (outcome.failed, outcome.attempts, box.tries) == (failed, tries, tries)


def test_one_recipient_that_is_refused_costs_the_others_nothing(bell: Bell) -> None:
    """It is counted; when all are refused, the hook has failed."""
    with postbox(refuses=("gone@hospital.example",)) as box:
        bell.hooks(mail(box.port, to=["xxk@hospital.example", "gone@hospital.example"]))
        outcome = bell.quick()["it-mail"]
        assert (outcome.failed, outcome.refused, len(box.taken)) == ("", 1, 1)
        assert bell.entries()[0][1]["refused"] == 1
        bell.hooks(mail(box.port, to=["gone@hospital.example"]) | {"name": "other"})
        assert bell.quick()["other"].failed == "the server refused every recipient (550)"


@pytest.mark.parametrize(
    ("answers", "failed", "posts"),
    [
        ([(503, b""), (200, OK)], "", 2),
        ([(200, b'{"errcode":45009}'), (200, OK)], "", 2),
        ([(200, b'{"errcode":93000,"errmsg":"invalid webhook url, key=8f1d-very-secret"}')],
         "it answered with errcode 93000", 1),
        ([(404, b"")], "it answered with status 404", 1),
        ([(302, b"")], "it answered with status 302", 1),
        ([(200, "<html>登录</html>".encode())], "it answered with errcode None", 1),
    ],
)  # fmt: skip
def test_a_robot_is_believed_only_by_its_own_verdict(
    bell: Bell, answers: list[tuple[int, bytes]], failed: str, posts: int
) -> None:
    """200 with an error is one; a busy robot is tried again; a proxy's page is no verdict."""
    with robot(*answers) as group:
        bell.hooks(wecom(bell, group.url))
        outcome = bell.quick()["group"]
    assert (outcome.failed, len(group.posted)) == (failed, posts)
    assert bool(bell.entries()) == (failed == "")


def test_a_failing_hook_stops_no_other_and_has_an_exit_code_of_its_own(bell: Bell) -> None:
    """What was told is not told twice when the other is tried again; no error holds address or secret."""
    with robot() as group:
        bell.hooks(
            {"name": "broken", "command": {"argv": ["/nonexistent/program"]}},
            {"name": "no-secret", "wecom": {"url": {"env": "NO_SUCH_VARIABLE"}}},
            {"name": "bad-url", "wecom": {"url": bell.secret("bad", "ftp://key=8f1d-very-secret")}},
            {
                "name": "nobody",
                "within_s": 0.5,
                "wecom": {"url": bell.secret("shut", f"http://{HOST}:{closed_port()}/key=8f1d")},
            },
            wecom(bell, group.url),
        )
        with pytest.raises(ReminderFailed) as raised:
            bell.ring()
        assert raised.value.exit_code == 28
        said = str(raised.value)
        assert said.startswith("4 of 5 hooks did not take the reminder: broken: the program cannot be started;")
        for word in ("NO_SUCH_VARIABLE is not set", "no http:// or https:// one", "the connection was refused"):
            assert word in said
        assert "8f1d" not in said
        bell.hooks(wecom(bell, group.url))
        bell.ring()
        assert len(group.posted) == 1


@pytest.mark.parametrize(
    ("code", "failed", "attempts"),
    [
        ("raise SystemExit(3)", "the program ended with 3", 1),
        ("import os; os.abort()", "the program ended with -6", 1),
        (
            "import os, sys; was = os.path.exists('came'); open('came', 'w'); sys.exit(0 if was else 75)",
            "",
            2,
        ),
        ("import sys; sys.stdin.close()", "", 1),
    ],
)
def test_a_program_is_tried_again_when_it_says_so(
    bell: Bell, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, code: str, failed: str, attempts: int
) -> None:
    """75 (EX_TEMPFAIL) asks for another attempt; a program that reads nothing is well too."""
    monkeypatch.chdir(tmp_path)
    bell.hooks({"name": "pager", "command": {"argv": [sys.executable, "-c", code]}})
    outcome = bell.quick()["pager"]
    assert (outcome.failed, outcome.attempts) == (failed, attempts)


def test_a_hook_ends_within_its_time(bell: Bell) -> None:
    """A program that hangs is ended with what it started; a server that is busy for ever is given up."""
    hang = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'import time; time.sleep(60)'])"
    with robot((503, b"")) as group:
        bell.hooks(
            {"name": "pager", "within_s": 1, "command": {"argv": [sys.executable, "-c", hang]}},
            wecom(bell, group.url, within_s=1),
        )
        begun = time.monotonic()
        outcomes = bell.quick()
        took = time.monotonic() - begun
    assert outcomes["pager"].failed == "the program did not end in time"
    assert outcomes["group"].failed == "it answered with status 503"
    assert 2 <= outcomes["group"].attempts <= 6  # 0.05 + 0.1 + 0.2 + 0.4 s of pauses
    assert took < 20


def test_a_machine_that_sleeps_too_long_keeps_the_reason_and_tries_no_more(
    bell: Bell, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the server said is told, not that no time was left for another word."""
    pause = time.sleep
    monkeypatch.setattr(reminding.time, "sleep", lambda _seconds: pause(1.2))
    with robot((503, b"")) as group:
        bell.hooks(wecom(bell, group.url, within_s=1))
        outcome = bell.quick()["group"]
    assert (outcome.failed, outcome.attempts) == ("it answered with status 503", 1)


@pytest.mark.parametrize(
    ("hook", "said"),
    [
        ({"name": "a"}, "hook `a` tells in 0 ways; allowed: one of email, wecom, command"),
        ({"name": "a", "wecom": {"url": "https://x.example/key=8f1d"}}, "a value stands where only its place may"),
        (mail(25, user="maint", password={"env": "P"}), "a password would cross the network in the clear"),
        (mail(25, security="tls", user="maint"), "a user and a password belong together"),
        (mail(25, to=["a@b\nBcc: c@d"]), "a list of e-mail addresses"),
        (mail(25, sneder="x"), "did you mean `sender`?"),
        ({"name": "a", "command": {"argv": []}}, "the program and its arguments"),
    ],
)
def test_a_wrong_hook_is_told_by_line_and_without_its_values(bell: Bell, hook: dict[str, Any], said: str) -> None:
    """By `due remind` and by `site check`; a secret written into the file is not repeated."""
    bell.hooks(hook)
    for argv in (["due", "remind"], ["site", "check"]):
        result = CliRunner().invoke(cli, [*argv, "--site", str(bell.root)], standalone_mode=False)
        assert isinstance(result.exception, SiteError)
        assert said in str(result.exception)
        assert f"{bell.root}/reminders.yml:" in str(result.exception)
        assert "8f1d" not in str(result.exception)


def test_without_reminders_yml_the_way_to_one_is_told(bell: Bell) -> None:
    """A site need not have it."""
    with pytest.raises(SiteError, match="no such file") as raised:
        bell.ring()
    assert "docs/duties.md" in raised.value.hint


def test_a_secret_that_others_may_read_is_not_used(bell: Bell) -> None:
    """The hook is not tried, and says why."""
    with robot() as group:
        bell.hooks(wecom(bell, group.url))
        (bell.root / "robot").chmod(0o644)
        outcome = bell.quick()["group"]
    assert (outcome.attempts, "others may read it" in outcome.failed, group.posted) == (0, True, [])


def test_a_long_message_is_cut_between_lines(bell: Bell) -> None:
    """WeCom takes 4096 bytes: what stands there is whole lines, and says that there is more."""
    with robot() as group:
        contract = yaml.safe_load((bell.root / "contract.yml").read_text(encoding="utf-8"))
        for place, duty in enumerate(contract["duties"]):
            duty["title_zh"] = f"{place} 很长的义务名称" * 12
        (bell.root / "contract.yml").write_text(yaml.safe_dump(contract, allow_unicode=True), encoding="utf-8")
        bell.hooks(wecom(bell, group.url), states=["due-soon", "overdue", "undetermined"])
        bell.ring()
    content = group.posted[0]["markdown"]["content"]
    assert len(content.encode()) <= 4096
    assert content.endswith("\n……（从略）")


def test_a_patients_number_in_a_title_is_masked(bell: Bell) -> None:
    """Also in what leaves for a webhook."""
    with robot() as group:
        text = (bell.root / "contract.yml").read_text(encoding="utf-8")
        text = text.replace("title_zh: 日常系统巡检\n", "title_zh: 巡检 身份证 11010519491231002X\n")
        (bell.root / "contract.yml").write_text(text, encoding="utf-8")
        bell.hooks(wecom(bell, group.url))
        assert bell.quick()["group"].failed == ""
    assert "11010519491231002X" not in json.dumps(group.posted)
    assert "masked" in json.dumps(group.posted)


def test_what_was_told_stands_in_the_ledger_and_verifies(bell: Bell) -> None:
    """Duty, state and deadline, the day, how many attempts."""
    with robot() as group:
        bell.hooks(wecom(bell, group.url))
        bell.quick()
    ((_, body),) = bell.entries()
    told = {"duty": "monthly-inspection", "state": "overdue", "due": "2026-11-20"}
    assert body == {"on": "2026-11-25", "duties": [told], "others": [], "claim": 1, "attempts": 1, "refused": 0}
    with open_ledger(load_site(bell.root).settings, read_only=True) as ledger:
        assert isinstance(ledger, Ledger)
        assert [entry.kind for entry in ledger.entries()] == ["reminder.claimed", "reminder.sent"]
