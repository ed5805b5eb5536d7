"""The pharmacy module, out of its package, on a real MariaDB; and the report, out of its."""

from __future__ import annotations

import os
import subprocess
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import hospital
import pytest
from hospital import FILES, PYTHON, READY_S, Site, call, free_port, running, wait_for
from mariadb import mariadb


@dataclass(frozen=True, kw_only=True)
class Pharmacy:
    """A running pharmacy and the way into its database."""

    url: str
    socket: Path
    log: Path

    def sql(self, text: str) -> str:
        command = [
            "mariadb",
            "--no-defaults",
            f"--socket={self.socket}",
            "-uroot",
            "-N",
            "--default-character-set=utf8mb4",
        ]
        return subprocess.run(command, input=text, capture_output=True, text=True, check=True).stdout.strip()


@pytest.fixture(scope="module")
def pharmacy(debs, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pharmacy]:
    """pharmacy-demo 1.0 with its schema and the made-up stock, as pharmacy.sh starts it."""
    hospital.needs("pymysql")
    place = tmp_path_factory.mktemp("pharmacy")
    root = hospital.unpack([deb for deb in debs["1.0"] if deb.name.startswith("pharmacy-demo_")], place / "root")
    share = root / "usr/share/pharmacy-demo"
    port = free_port()
    with mariadb() as where:
        made = Pharmacy(url=f"http://127.0.0.1:{port}", socket=where, log=place / "app.log")
        made.sql(
            "CREATE DATABASE pharmacy CHARACTER SET utf8mb4; CREATE USER 'pharmacy'@'localhost' IDENTIFIED BY 'x';"
            "GRANT SELECT, INSERT, UPDATE ON pharmacy.* TO 'pharmacy'@'localhost'; USE pharmacy;"
            + (share / "schema.sql").read_text()
            + (FILES / "pharmacy-seed.sql").read_text()
        )
        (place / "db.cnf").write_text(f"[client]\nuser=pharmacy\npassword=x\ndatabase=pharmacy\nsocket={where}\n")
        (place / "pharmacy-demo.conf").write_text(
            f"[server]\nlisten = 127.0.0.1\nport = {port}\n[database]\noption_file = {place / 'db.cnf'}\n"
            f"[log]\nfile = {made.log}\n"
        )
        environment = os.environ | {"PHARMACY_DEMO_CONF": str(place / "pharmacy-demo.conf")}
        process = subprocess.Popen([PYTHON, "-I", share / "pharmacy_demo.py"], env=environment)
        try:
            wait_for(port, process)
            yield made
        finally:
            process.terminate()
            process.wait(timeout=READY_S)


def wish(prescription: str, quantity: object, drug: str = "T0001") -> dict[str, object]:
    """Somebody brings a prescription."""
    return {"prescription": prescription, "drug_code": drug, "quantity": quantity}


def test_stock_goes_down_by_what_is_dispensed(pharmacy: Pharmacy) -> None:
    """Once a prescription; what is not there is not given."""
    dispense = pharmacy.url + "/api/dispenses"
    assert call("GET", pharmacy.url + "/health") == (200, {"status": "alive"})
    assert call("POST", dispense, wish("p1", 3))[0] == 201
    assert call("POST", dispense, wish("p1", 3)) == (409, {"error": "already dispensed"})
    assert call("POST", dispense, wish("p2", 10**6)) == (409, {"error": "not in stock"})
    assert call("POST", dispense, wish("p3", -1))[0] == 400
    assert call("POST", dispense, wish("p3", 1, drug="absent")) == (409, {"error": "not in stock"})
    (row,) = [row for row in call("GET", pharmacy.url + "/api/stock")[1] if row["code"] == "T0001"]
    assert (row["name"], row["quantity"]) == ("阿莫西林胶囊 0.25g", 9997)


def test_many_at_once_never_take_more_than_there_is(pharmacy: Pharmacy) -> None:
    """30 prescriptions for a stock of 20."""
    pharmacy.sql("UPDATE pharmacy.stock SET quantity = 20 WHERE drug_code = 'T0002'")
    with ThreadPoolExecutor(10) as crowd:
        wishes = [wish(f"crowd{number}", 1, drug="T0002") for number in range(30)]
        answers = Counter(
            status for status, _ in crowd.map(lambda one: call("POST", pharmacy.url + "/api/dispenses", one), wishes)
        )
    assert answers == {201: 20, 409: 10}
    assert pharmacy.sql("SELECT quantity FROM pharmacy.stock WHERE drug_code = 'T0002'") == "0"
    assert pharmacy.sql("SELECT count(*) FROM pharmacy.dispense WHERE drug_code = 'T0002'") == "20"


def test_a_database_that_refuses_is_an_error_in_the_log_and_a_503(pharmacy: Pharmacy) -> None:
    """The account is locked, as by an administrator's mistake; unlocked, it works again."""
    pharmacy.sql("ALTER USER 'pharmacy'@'localhost' ACCOUNT LOCK")
    assert call("POST", pharmacy.url + "/api/dispenses", wish("p9", 1)) == (503, {"error": "database not available"})
    pharmacy.sql("ALTER USER 'pharmacy'@'localhost' ACCOUNT UNLOCK")
    assert call("POST", pharmacy.url + "/api/dispenses", wish("p9", 1))[0] == 201
    assert " ERROR POST /api/dispenses: " in pharmacy.log.read_text()


def test_the_daily_report_is_whole_or_yesterdays(debs, versions, site: Site, tmp_path: Path) -> None:
    """One row a department; when the service is away the exit code says so and the last report stays."""
    root = hospital.unpack([deb for deb in debs["1.0"] if deb.name.startswith("report-demo_")], tmp_path / "root")
    reports = tmp_path / "reports"
    reports.mkdir()
    command = [PYTHON, "-I", root / "usr/share/report-demo/report_demo.py", site.url, reports]
    with running(versions["1.0"], site):
        subprocess.run(command, check=True)
    (report,) = reports.iterdir()
    lines = report.read_text(encoding="utf-8-sig").splitlines()
    assert (lines[0], len(lines)) == ("code,name,capacity,booked", 9)
    assert "IM,内科,8400,0" in lines
    failed = subprocess.run(command, capture_output=True, text=True, check=False)
    assert failed.returncode == 1
    assert "no figures from" in failed.stderr
    assert [path.name for path in reports.iterdir()] == [report.name]
