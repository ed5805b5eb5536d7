"""A restore drill of the practice hospital, as engineers make it: planned, approved, applied, and reported."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from office import Engineer

from lab import Host
from lab.hospital.practice import Hospital, hospital
from lab.hospital.site import make_site
from maintkit.cli.terminal.place import open_ledger
from maintkit.contract.load import load_site
from maintkit.evidence.drill_record import last_passed

HOSTS = ("backup1", "his-db1", "drill1", "his-app1")
SCRATCH = "/var/lib/maintkit-drill"
ASKED: dict[str, Any] = {
    "source": "his-db1",
    "stanza": "his",
    "spare_mb": 64,
    "rto": 600,
    "rpo": 300,
    "smoke": [
        {"name": "在册患者", "database": "his", "sql": "SELECT count(*) FROM patient", "contains": "2000"},
        {"name": "排班与医生", "database": "his",
         "sql": "SELECT count(*) > 0 FROM schedule JOIN doctor ON doctor.id = doctor_id", "contains": "t"},
    ],
}  # fmt: skip
# The registration service as it is on drill1 (molecule/lab/hospital/provision/drill.sh).
SERVICE: dict[str, Any] = {
    "name": "挂号服务",
    "user": "his-demo",
    "argv": ["/usr/local/bin/his-demo-on-copy"],
    "role": "his_app",
    "database": "his",
    "url": "http://127.0.0.1:8080/api/departments",
    "contains": "capacity",
}
# Says on its page what it meets of production: the source's address, by name and by number.
SPY = """
import http.server, os, socket
def reach(address):
    try:
        socket.create_connection((address, 5432), timeout=2).close()
        return "reached"
    except OSError as error:
        return "not reached"
said = " ".join([*(reach(one) for one in ("his-db1", "{address}")), os.environ["ODD"]]).encode()
class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.end_headers(); self.wfile.write(said)
http.server.HTTPServer(("127.0.0.1", 8080), Page).serve_forever()
"""


@dataclass(frozen=True, kw_only=True)
class Evening(Engineer):
    """A running hospital and its site; every method is a command of maintkit's."""

    his: Hospital

    @property
    def drill1(self) -> Host:
        return self.his.lab["drill1"]

    def asked(self, limit: str, **changes: Any) -> subprocess.CompletedProcess[str]:
        """`maintkit plan restore-drill`."""
        return self.proposed("restore-drill", limit, {**ASKED, **changes}, reason="季度恢复演练")

    def plan(self, **changes: Any) -> str:
        """A plan that two people have approved and one supervises; its id."""
        return self.signed(self.asked("drill1", **changes))

    def left(self) -> str:
        """What there is of copies on the drill host."""
        told = self.drill1.sh(f"ls -A {SCRATCH} 2>/dev/null; pgrep -a postgres || true")
        return told.strip()


@pytest.fixture(scope="module")
def evening(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Evening]:
    with hospital(HOSTS) as made:
        yield Evening(his=made, site=make_site(made, tmp_path_factory.mktemp("drill") / "site"))


def test_a_drill_passes_and_nothing_of_the_copy_is_left(evening: Evening) -> None:
    """Planned, approved, applied, reported: and the inspection knows it afterwards. The application itself has run."""
    plan = evening.plan(application=SERVICE)
    done = evening.maintkit("apply", plan)
    assert done.returncode == 0, done.stdout + done.stderr
    run = evening.run()
    assert run["verdict"] == "done"
    assert evening.left() == ""
    assert evening.drill1.sh("grep -rl 测试患者 /var/lib/maintkit || true") == ""
    assert evening.drill1.sh("ls -d /run/maintkit-*-application 2>/dev/null || true; pgrep -u his-demo || true") == ""
    page = evening.page("restore-drill", run["run"])
    assert "挂号服务" in page
    assert "仅回环接口，与生产网络隔离" in page
    assert "备份恢复验证报告" in page
    assert page.count("通过") > 9
    assert "未执行" not in page
    assert "[masked" not in page
    assert not [name for name in ("测试患者", "99000") if name in page]
    with open_ledger(load_site(evening.site).settings, read_only=True) as ledger:
        assert list(last_passed(ledger)) == ["his"]


def test_production_is_refused_before_anything_is_planned(evening: Evening) -> None:
    """Fault 47: the database's own host, and a scratch directory that is its data."""
    refused = evening.asked("his-db1")
    assert refused.returncode == 30, refused.stdout
    assert "the source is this very machine" in refused.stderr
    refused = evening.asked("his-db1", same_host=True, scratch="/var/lib/postgresql/15/main")
    assert (refused.returncode, "is the data directory of a PostgreSQL cluster" in refused.stderr) == (30, True)


def test_an_application_that_could_not_be_started_is_refused_before_anything_is_planned(evening: Evening) -> None:
    """Not first in the change phase, when the source has been marked and the backup read."""
    refused = evening.asked("drill1", application={**SERVICE, "user": "root"})
    assert (refused.returncode, "name the application's own user" in refused.stderr) == (30, True), refused.stderr
    refused = evening.asked("drill1", application={**SERVICE, "argv": ["/nowhere/app"]})
    assert (refused.returncode, "there is no /nowhere/app on this host" in refused.stderr) == (30, True), refused.stderr


@pytest.mark.long
def test_a_host_that_dies_in_the_drill_is_wiped_on_resume(evening: Evening) -> None:
    """Power and controller go while the copy runs; what the host finds on its disk afterwards is not gone on with."""
    plan = evening.plan()
    argv = evening.argv("apply", plan)
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    controller = subprocess.Popen(argv, start_new_session=True, **quiet)
    wait_for_copy(evening.drill1)
    unit = f"maintkit-{evening.run()['run']}-instance.service"
    assert "ProtectSystem=strict" in evening.drill1.run("systemctl", "show", "--property=ProtectSystem", unit).out
    os.killpg(controller.pid, signal.SIGKILL)
    controller.wait()
    evening.drill1.cut_power()
    evening.drill1.start()
    evening.drill1.wait()
    assert evening.left() != ""  # patients' data lie on the disk
    run = evening.run()["run"]
    done = evening.maintkit("resume", run)
    assert done.returncode == 40, done.stdout + done.stderr
    assert evening.run()["hosts"] == {"drill1": "rolled-back"}
    assert evening.left() == ""
    assert evening.maintkit("lock", "list").stdout == "no host is locked\n"
    page = evening.page("restore-drill", run)
    assert "未通过" in page
    # Where the mark had been reached before the power went, the comparison finds nobody to ask.
    assert "instance 中途被切断：主机或进程在其间终止" in page or "Connection refused" in page
    assert "演练副本已清除" in page


@pytest.mark.long
def test_an_application_that_does_not_answer_rightly_fails_the_drill(evening: Evening) -> None:
    """Everything else was well, and the copy is wiped."""
    done = evening.maintkit("apply", evening.plan(application={**SERVICE, "contains": "no such word", "timeout": 8}))
    assert done.returncode == 40, done.stdout + done.stderr
    assert evening.left() == ""
    page = evening.page("restore-drill", evening.run()["run"])
    assert "启动业务系统" in page
    assert "未通过" in page


@pytest.mark.long
def test_an_application_on_the_copy_does_not_reach_production(evening: Evening) -> None:
    """The drill host itself reaches the source; what is started against the copy does not."""
    address = evening.his.lab["his-db1"].address
    reach = f"import socket; socket.create_connection(('{address}', 5432), timeout=5)"
    evening.drill1.run("python3", "-c", reach)
    spy = {**SERVICE, "argv": ["/usr/bin/python3", "-c", SPY.replace("{address}", address)]}
    odd = 'it\'s "odd" $HOME `id` \\ 挂号口令'
    spy |= {"url": "http://127.0.0.1:8080/", "contains": f"not reached not reached {odd}", "environment": {"ODD": odd}}
    done = evening.maintkit("apply", evening.plan(application=spy))
    assert done.returncode == 0, done.stdout + done.stderr
    assert evening.run()["verdict"] == "done"
    assert evening.drill1.sh("grep -rl 挂号口令 /var/lib/maintkit || true") == ""


def wait_for_copy(host: Host) -> None:
    """Until the copy's server has been begun."""
    until = time.monotonic() + 180
    seen = ("sh", "-c", "ls -d /var/lib/maintkit/runs/*/steps/instance/started")
    while host.run(*seen, check=False).out.count("\n") < 2:
        assert time.monotonic() < until, host.console()
        time.sleep(0.05)
