"""Changes of the practice hospital under load, as engineers make them: by `maintkit plan`, `approve` and `apply`.

Whatever goes wrong, patients go on registering, and what maintkit says of each host is what the host is.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import pytest
from office import Engineer

from lab import File, Host
from lab.hospital.load import Load, Result
from lab.hospital.practice import Hospital, hospital, released
from lab.hospital.site import make_site

HOSTS = ("backup1", "his-db1", "his-app1", "his-app2", "his-web1")
TRANSACTION = {
    "kind": "http", "name": "挂号交易", "method": "POST", "url": "http://127.0.0.1:8080/api/registrations",
    "body": '{"card_no": "T00000001", "department": "IM"}', "headers": {"Content-Type": "application/json"},
    "status": 201, "contains": "id",
}  # fmt: skip
QUICK = {"checks": 2, "interval": 1, "settle": 20}
OPEN = (
    "#!/usr/sbin/nft -f\nflush ruleset\ntable inet lab {\n chain input {\n  type filter hook input priority 0;\n }\n}\n"
)
RULES: dict[str, Any] = {
    "dest": "/etc/nftables.conf", "validate": ["nft", "-c", "-f", "%s"], "reload": ["nft", "-f", "/etc/nftables.conf"],
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Evening(Engineer):
    """A running hospital and its site; every method is a command of maintkit's."""

    timeout_s: ClassVar[float] = 600
    his: Hospital

    def released(self, version: str) -> None:
        """A version in the archive beside the older ones, whose files the way back needs, and in the hosts' lists."""
        self.his.archive.publish("vendor", released(version), keep_older=True)
        for host in ("his-app1", "his-app2"):
            self.his.lab[host].run("apt-get", "update", "-qq")

    def plan(self, procedure: str, limit: str, **parameters: Any) -> str:
        """A plan that two people have approved and one supervises; its id."""
        return self.signed(self.proposed(procedure, limit, {**QUICK, **parameters}, reason="演练"))

    def version(self, host: str) -> str:
        return self.his.lab[host].run("dpkg-query", "-W", "-f", "${Version}", "his-demo").out

    def load(self) -> Load:
        return Load(self.his.url, cafile=str(self.his.cafile), rate=10)


@pytest.fixture(scope="module")
def evening(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Evening]:
    """One evening for the tests of this file, in their order: each goes on from where the one before ended."""
    with hospital(HOSTS) as made:
        yield Evening(his=made, site=make_site(made, tmp_path_factory.mktemp("evening") / "site"))


def failures(result: Result) -> list[object]:
    return list(result.failures())


@pytest.mark.long
def test_an_upgrade_is_rolled_out_host_by_host_and_no_patient_notices(evening: Evening) -> None:
    evening.released("1.1")
    plan = evening.plan("upgrade", "his_app", package="his-demo", version="1.1-1", service="his-demo.service",
                        gates=[TRANSACTION])  # fmt: skip
    with evening.load() as load:
        done = evening.maintkit("apply", plan)
    assert done.returncode == 0, done.stderr
    assert [evening.version(host) for host in ("his-app1", "his-app2")] == ["1.1-1", "1.1-1"]
    assert failures(load.result()) == []
    run = evening.run()
    assert (run["verdict"], run["hosts"]) == ("done", {"his-app1": "done", "his-app2": "done"})
    again = evening.maintkit("apply", plan)
    assert (again.returncode, "was used by run" in again.stderr) == (32, True)


@pytest.mark.long
def test_a_version_that_cannot_register_a_patient_is_put_back_and_the_second_host_never_begins(
    evening: Evening,
) -> None:
    """1.2 runs, is alive and shows its page: only a real transaction tells."""
    evening.released("1.2")
    plan = evening.plan("upgrade", "his_app", package="his-demo", version="1.2-1", service="his-demo.service",
                        gates=[TRANSACTION])  # fmt: skip
    with evening.load() as load:
        done = evening.maintkit("apply", plan)
    assert done.returncode == 40, done.stdout + done.stderr
    assert [evening.version(host) for host in ("his-app1", "his-app2")] == ["1.1-1", "1.1-1"]
    run = evening.run()
    assert run["verdict"] == "rolled-back"
    assert run["hosts"]["his-app1"] == "rolled-back"
    assert run["hosts"]["his-app2"].startswith("not begun: 1 hosts failed")
    assert failures(load.result()) == []
    report = evening.maintkit("report", "change", run["run"], "--format", "html", "--json")
    assert report.returncode == 0, report.stderr
    text = Path(json.loads(report.stdout)["written"][0]).read_text()
    assert "升级实施报告" in text
    assert "已回退" in text


def test_killed_in_the_middle_and_resumed_no_step_is_done_twice(evening: Evening) -> None:
    """SIGKILL of the whole controller while packages are installed; the host goes on alone, and resume finds it."""
    evening.his.publish_updates()
    evening.his.lab["his-web1"].run("apt-get", "update", "-qq")
    plan = evening.plan("patch", "his-web1", packages=["libexpat1", "tzdata"])
    argv = evening.argv("apply", plan)
    controller = subprocess.Popen(argv, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL, start_new_session=True)
    wait_for_step(evening.his.lab["his-web1"], "change")
    os.killpg(controller.pid, signal.SIGKILL)
    controller.wait()
    run = evening.run()
    assert (run["verdict"], run["hosts"]["his-web1"]) == (None, "change begun")
    refused = evening.maintkit("apply", plan)
    assert refused.returncode == 32
    done = evening.maintkit("resume", run["run"])
    assert done.returncode == 0, done.stdout + done.stderr
    log = evening.his.lab["his-web1"].run("cat", "/var/log/apt/history.log").out
    assert log.count("install libexpat1=") == 1, log
    assert evening.run()["verdict"] == "done"
    assert evening.maintkit("ledger", "verify").returncode == 0
    assert evening.maintkit("lock", "list").stdout == "no host is locked\n"


@pytest.mark.long
def test_a_role_that_was_edited_after_approval_is_not_run(evening: Evening) -> None:
    """One byte of what the plan was made of."""
    plan = evening.plan("restart", "his-app1", units=["his-demo.service"], reason="演练")
    services = evening.site / "services.yml"
    services.write_text(services.read_text() + "#")
    done = evening.maintkit("apply", plan)
    assert (done.returncode, "changed site/services.yml" in done.stderr) == (31, True), done.stderr
    services.write_text(services.read_text()[:-1])
    done = evening.maintkit("apply", plan)
    assert done.returncode == 0, done.stderr


@pytest.mark.long
def test_a_mark_that_a_run_has_left_is_taken_over_only_when_that_run_has_ended(evening: Evening) -> None:
    """A host could not be told of the end: the next change takes it. A mark that nobody here knows is another's."""
    ended = evening.run()["run"]
    plan = evening.plan("restart", "his-app1", units=["his-demo.service"], reason="演练")
    mark(evening, "C20200101-1")
    refused = evening.maintkit("apply", plan)
    assert refused.returncode == 43, refused.stderr
    assert "his-app1: run C20200101-1 holds this host" in refused.stderr
    mark(evening, ended)
    done = evening.maintkit("resume", evening.run()["run"])
    assert done.returncode == 0, done.stderr


@pytest.mark.long
def test_a_rolling_restart_takes_one_host_after_another_out_of_rotation_and_no_patient_notices(
    evening: Evening,
) -> None:
    before = [pid_of(evening, host) for host in ("his-app1", "his-app2")]
    plan = evening.plan("restart", "his_app", units=["his-demo.service"], reason="内存增长", gates=[TRANSACTION])
    with evening.load() as load:
        done = evening.maintkit("apply", plan)
    assert done.returncode == 0, done.stdout + done.stderr
    run = evening.run()
    assert (run["verdict"], run["hosts"]) == ("done", {"his-app1": "done", "his-app2": "done"})
    assert not set(before) & {pid_of(evening, host) for host in ("his-app1", "his-app2")}
    assert failures(load.result()) == []
    assert "重启评估与实施记录" in report_of(evening, run["run"])


@pytest.mark.long
def test_rules_that_cut_a_host_off_are_taken_back_by_the_host_and_no_patient_notices(evening: Evening) -> None:
    """The dead-man: nobody can reach his-app1, which is out of rotation, until it has put its old rules back."""
    host = evening.his.lab["his-app1"]
    host.put(File(path=RULES["dest"], content=OPEN.encode(), mode=0o755))
    plan = evening.plan("config", "his-app1", **RULES, content=OPEN.replace("priority 0;", "priority 0; policy drop;"),
                        settle=2, deadline=8)  # fmt: skip
    with evening.load() as load:
        done = evening.maintkit("apply", plan)
    assert done.returncode == 40, done.stdout + done.stderr
    assert "the host has taken it back by itself" in done.stderr
    assert evening.run()["hosts"] == {"his-app1": "rolled-back"}
    assert host.run("cat", str(RULES["dest"])).out == OPEN
    assert "policy drop" not in host.run("nft", "list", "ruleset").out
    assert failures(load.result()) == []
    assert "主机自行恢复" in report_of(evening, evening.run()["run"])


def pid_of(evening: Evening, host: str) -> str:
    return evening.his.lab[host].run("systemctl", "show", "--value", "--property=MainPID", "his-demo.service").out


def report_of(evening: Evening, run: str) -> str:
    made = evening.maintkit("report", "change", run, "--format", "html", "--json")
    assert made.returncode == 0, made.stderr
    return Path(json.loads(made.stdout)["written"][0]).read_text()


def mark(evening: Evening, run: str) -> None:
    """Leave the mark of a run on his-app1."""
    told = json.dumps({"run": run, "holder": "somebody", "token": 1})
    evening.his.lab["his-app1"].run("tee", "/var/lib/maintkit/lock.json", stdin=told)


def wait_for_step(host: Host, step: str) -> None:
    """Until the host itself has begun the step: from here on it needs no controller."""
    until = time.monotonic() + 120
    while host.run("sh", "-c", f"ls -d /var/lib/maintkit/runs/*/steps/{step}", check=False).code != 0:
        assert time.monotonic() < until, host.console()
        time.sleep(0.05)
