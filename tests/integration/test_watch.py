"""A week of watching by the command line: run, record, handle, show, report, against real servers."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import partners
import pytest
from click import ClickException
from click.testing import CliRunner
from sites import MAINTKIT

from maintkit.cli.main import cli
from maintkit.cli.terminal.place import open_ledger
from maintkit.contract.load import load_site
from maintkit.errors import MaintkitError
from maintkit.evidence.week import Week

PASSWORD = "Zw9-lattice-orchard"  # noqa: S105  # made up here
WATCH = """\
probes:
  - {{name: web, covers: [1, 2], http: {{url: 'http://127.0.0.1:{web}/login', contains: 用户登录}}}}
  - {{name: lis, covers: [3], hl7: {{host: 127.0.0.1, port: {refusing}, application: LIS, facility: H}}}}
  - name: database
    covers: [4]
    sql:
      engine: mariadb
      host: 127.0.0.1
      port: {closed}
      database: his
      user: watch
      password: {{env: WATCH_PASSWORD}}
      query: select 1
  - {{name: leak, covers: [5], http: {{url: 'http://127.0.0.1:{web}/login', contains: {password}}}}}
manual:
  - {{covers: [6, 7], how: 打开并核对}}
"""


@pytest.fixture(scope="module")
def ports() -> Iterator[dict[str, int]]:
    """A page, an HL7 engine that refuses, and a port on which nobody listens."""
    with ExitStack() as stack:
        yield {
            "web": stack.enter_context(partners.pages()),
            "refusing": stack.enter_context(partners.mllp(partners.acknowledge("AE"))),
            "closed": partners.closed_port(),
        }


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, ports: dict[str, int]) -> Path:
    """A site whose watch.yml asks these partners."""
    root = tmp_path_factory.mktemp("watch") / "site"
    subprocess.run([MAINTKIT, "init", root], check=True, capture_output=True)
    (root / "watch.yml").write_text(WATCH.format(**ports, password=PASSWORD))
    return root


@pytest.fixture(scope="module")
def first_run(site: Path) -> subprocess.CompletedProcess[str]:
    """The week's run."""
    return subprocess.run(
        [MAINTKIT, "watch", "run", "--json", "--site", site], capture_output=True, text=True, check=False,
        env={**os.environ, "WATCH_PASSWORD": PASSWORD},
    )  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Done:
    """A command that came to its end in this process: starting a program a dozen times is what would take the time."""

    returncode: int
    stdout: str
    stderr: str


def _maintkit(site: Path, *arguments: str, group: str = "watch") -> Done:
    result = CliRunner(env={"WATCH_PASSWORD": PASSWORD}).invoke(
        cli, [group, *arguments, "--site", str(site)], standalone_mode=False
    )
    error = result.exception
    if error is None:
        return Done(returncode=result.return_value or 0, stdout=result.stdout, stderr=result.stderr)
    assert isinstance(error, (MaintkitError, ClickException)), error
    return Done(returncode=error.exit_code, stdout=result.stdout, stderr=str(error))


def _shown(site: Path, *week: str) -> dict[int, str]:
    told: dict[str, Any] = json.loads(_maintkit(site, "show", "--json", *week).stdout)
    return {row["seq"]: row["state"] for row in told["functions"]}


def test_a_run_tells_every_probe_and_ends_with_the_worst(first_run: subprocess.CompletedProcess[str]) -> None:
    """Well, refused, closed, and a page without the word: 11, critical."""
    assert first_run.returncode == 11, first_run.stderr
    told = json.loads(first_run.stdout)
    assert {row["probe"]: (row["status"], row["reason"]) for row in told["probes"]} == {
        "web": ("ok", "as-expected"),
        "lis": ("crit", "rejected"),
        "database": ("crit", "connection-refused"),
        "leak": ("crit", "wrong-answer"),
    }
    assert told["counts"] == {"ok": 1, "warn": 0, "crit": 3, "error": 0}


def test_a_password_reaches_neither_output_nor_ledger(site: Path, first_run: subprocess.CompletedProcess[str]) -> None:
    """Not even where a detail would quote it: the masked place shows that it was there."""
    assert PASSWORD not in first_run.stdout + first_run.stderr
    assert "[masked:" in first_run.stdout
    assert PASSWORD.encode() not in (site / "ledger" / "ledger.db").read_bytes()


@pytest.mark.usefixtures("first_run")
def test_a_person_enters_what_no_probe_can_see(site: Path) -> None:
    """6 is done by a person and then well, 7 is not done, 8 is covered by nothing; 1 is no person's to enter."""
    done = _maintkit(site, "record", "6", "--result", "ok", "--by", "张伟", "--note", "合计一致")
    assert done.returncode == 0, done.stderr
    states = _shown(site)
    assert [states[seq] for seq in range(1, 9)] == ["ok", "ok", "crit", "crit", "crit", "ok", "not-run", "uncovered"]
    assert len(states) == 121
    refused = _maintkit(site, "record", "1", "--result", "ok", "--by", "张伟", "--note", "看过")
    assert (refused.returncode, "asks no person to try function 1" in refused.stderr) == (27, True)
    assert _maintkit(site, "record", "999", "--result", "ok", "--by", "张伟", "--note", "看过").returncode == 7


@pytest.mark.usefixtures("first_run")
def test_one_function_is_asked_alone(site: Path) -> None:
    """Only the probes that speak for it; a run without any probe to ask is no healthy one."""
    one = _maintkit(site, "run", "--function", "2", "--json")
    assert (one.returncode, [row["probe"] for row in json.loads(one.stdout)["probes"]]) == (0, ["web"])
    assert _maintkit(site, "run", "--function", "8").returncode == 12
    assert _maintkit(site, "run", "--function", "999").returncode == 7


@pytest.mark.usefixtures("first_run")
def test_the_report_is_a_draft_until_the_week_is_over_and_each_function_has_a_word(site: Path) -> None:
    """Three functions failed in a week that goes on. In the one before a person saw one, which is entered only now."""
    words = ("--owner", "李娜", "--state", "resolved", "--by", "张伟")
    assert _maintkit(site, "handle", "3", "4", "5", "--handling", "已联系厂商", *words).returncode == 0
    assert _draft(site)
    seen = datetime.now(ZoneInfo("Asia/Shanghai")) - timedelta(days=7)
    before = str(Week.of(seen, ZoneInfo("Asia/Shanghai")))
    at = ("--at", f"{seen:%Y-%m-%dT%H:%M}")
    done = _maintkit(site, "record", "6", "--result", "ok", "--by", "张伟", "--note", "合计一致", *at)
    assert done.returncode == 0, done.stderr
    assert _shown(site, "--week", before)[6] == "ok"
    assert _draft(site, "--week", before)
    others = [str(seq) for seq in range(1, 122) if seq != 6]
    done = _maintkit(site, "handle", *others, "--handling", "系统停用一周", *words, "--week", before)
    assert done.returncode == 0, done.stderr
    assert not _draft(site, "--week", before)


@pytest.mark.usefixtures("first_run")
def test_what_is_to_come_was_not_seen_and_what_has_passed_is_no_day_to_do_it(site: Path) -> None:
    late = _maintkit(
        site, "record", "6", "--result", "ok", "--by", "张伟", "--note", "看过", "--at", "2998-01-05T09:00"
    )
    assert (late.returncode, "is still to come" in late.stderr) == (27, True)
    words = ("--handling", "已联系厂商", "--owner", "李娜", "--by", "张伟")
    due = _maintkit(site, "handle", "3", *words, "--due", "2020-01-01")
    assert (due.returncode, "2020-01-01 has passed" in due.stderr) == (27, True)


def test_a_site_that_people_watch_alone_is_seen_with_the_first_word(tmp_path: Path) -> None:
    """No probe to run: what is watched is said by the first entry, and the week is whole by words alone."""
    root = tmp_path / "site"
    subprocess.run([MAINTKIT, "init", root], check=True, capture_output=True)
    (root / "watch.yml").write_text("manual: [{covers: [6, 7], how: 打开并核对}]\n")
    done = _maintkit(root, "record", "6", "--result", "ok", "--by", "张伟", "--note", "合计一致")
    assert done.returncode == 0, done.stderr
    states = _shown(root)
    assert [states[seq] for seq in (6, 7, 8)] == ["ok", "not-run", "uncovered"]
    (root / "watch.yml").write_text("manual: [{covers: [6, 7, 8], how: 打开并核对}]\n")
    assert _maintkit(root, "record", "8", "--result", "ok", "--by", "张伟", "--note", "看过").returncode == 0
    assert _shown(root)[8] == "ok"
    done = _maintkit(root, "record", "8", "--result", "bad", "--by", "张伟", "--note", "合计不符")
    assert (done.returncode, _shown(root)[8]) == (0, "crit"), done.stderr
    line = next(line for line in _maintkit(root, "show").stdout.splitlines() if line.split()[:1] == ["8"])
    assert "crit" in line
    done = _maintkit(root, "watch", "--format", "html", "--json", group="report")
    page = Path(json.loads(done.stdout)["written"][0]).read_text()
    assert "合计不符" in page
    assert ("探测次数" in page, "本周在台账中没有探测记录" in page) == (True, False)


@pytest.mark.usefixtures("first_run")
def test_only_what_failed_in_a_week_that_has_come_is_handled(site: Path) -> None:
    """1 went well; nobody knows what the week to come will bring."""
    words = ("--handling", "已处理", "--owner", "李娜", "--state", "resolved", "--by", "张伟")
    done = _maintkit(site, "handle", "1", "3", *words)
    assert (done.returncode, "function 1 did not fail in" in done.stderr) == (27, True), done.stderr
    done = _maintkit(site, "handle", "3", *words, "--week", "2998W10")
    assert (done.returncode, "2998W10 is still to come" in done.stderr) == (27, True), done.stderr
    done = _maintkit(site, "handle", "3", *words[:3], " ", *words[4:])
    assert (done.returncode, "an empty text" in done.stderr) == (2, True), done.stderr


def test_a_host_of_a_probe_that_no_inspection_has_seen_is_told(tmp_path: Path, ports: dict[str, int]) -> None:
    """The probe is asked all the same: a new host is watched before it is inspected."""
    root = tmp_path / "site"
    subprocess.run([MAINTKIT, "init", root], check=True, capture_output=True)
    asks = f"http: {{url: 'http://127.0.0.1:{ports['web']}/login'}}"
    (root / "watch.yml").write_text(f"probes: [{{name: web, covers: [1], hosts: [web1, web2], {asks}}}]\n")
    before = _maintkit(root, "run", "--json")
    assert (before.returncode, json.loads(before.stdout)["probes"][0]["hosts"]) == (0, ["web1", "web2"])
    assert "no inspection has seen" not in before.stderr
    with open_ledger(load_site(root).settings) as ledger:
        ledger.append("inspection.started", {"hosts": ["web1"], "inventory_size": 1}, run="20261126-1")
    after = _maintkit(root, "run")
    assert (after.returncode, "probe web names web2, which no inspection has seen" in after.stderr) == (0, True)


def _draft(site: Path, *week: str) -> bool:
    done = _maintkit(site, "watch", "--format", "html", "--json", *week, group="report")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    page = Path(told["written"][0]).read_text()
    assert "系统功能主动监测周报" in page
    assert PASSWORD not in page
    return bool(told["draft"])


@pytest.mark.usefixtures("first_run")
def test_a_week_that_nobody_watched_has_no_report(site: Path) -> None:
    """Before the first run nothing says what there was to watch."""
    done = _maintkit(site, "watch", "--week", "2020W10", group="report")
    assert (done.returncode, "no watch in or before 2020W10" in done.stderr) == (7, True)
    for week in ("2025W53", "9999W52"):
        assert _maintkit(site, "watch", "--week", week, group="report").returncode == 2
        assert _maintkit(site, "show", "--week", week).returncode == 2
