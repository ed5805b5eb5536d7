"""A setting of MariaDB, planned by hand as docs/advice.md says, applied, and in force after a restart."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from lab import Host
from lab.hospital.practice import hospital
from lab.hospital.site import key, make_site

pytestmark = pytest.mark.long

MAINTKIT = Path(sys.executable).with_name("maintkit")
PAGE = Path(__file__).parents[2] / "docs" / "advice.md"
APPROVER, SECOND = "li@hospital.example", "chen@hospital.example"
WHY = ("--reason", "参数优化", "--requester", "zhang@provider.example", "--json")
VALUE = "SELECT @@GLOBAL.table_open_cache"


@dataclass(frozen=True, kw_only=True)
class Pharmacy:
    """Its host and the site."""

    host: Host
    site: Path

    def maintkit(self, *words: object) -> subprocess.CompletedProcess[str]:
        argv = [str(MAINTKIT), *map(str, words), "--site", str(self.site)]
        return subprocess.run(argv, capture_output=True, text=True, timeout=300, check=False)

    def done(self, procedure: str, *words: object) -> str:
        """A plan that two people have approved and one supervises, applied; its run."""
        made = self.maintkit("plan", procedure, "--limit", "pharmacy1", *words, *WHY)
        assert made.returncode == 0, made.stderr
        plan = json.loads(made.stdout)["plan"]
        for who, role in ((APPROVER, "approver"), (SECOND, "second-approver")):
            signing = ("--key", key(self.site, who), "--role", role, "--window", "practice")
            signed = self.maintkit("approve", plan, *signing)
            assert signed.returncode == 0, signed.stderr
        watched = self.maintkit("supervise", "in", plan, "--key", key(self.site, APPROVER))
        assert watched.returncode == 0, watched.stderr
        applied = self.maintkit("apply", plan)
        assert applied.returncode == 0, applied.stdout + applied.stderr
        return str(json.loads(self.maintkit("status", "--json").stdout)[0]["run"])

    def record(self, run: str) -> str:
        told = self.maintkit("report", "change", run, "--format", "html", "--json")
        assert told.returncode == 0, told.stderr
        return Path(json.loads(told.stdout)["written"][0]).read_text()


@pytest.fixture
def pharmacy(tmp_path: Path) -> Iterator[Pharmacy]:
    with hospital(("pharmacy1",)) as made:
        yield Pharmacy(host=made.lab["pharmacy1"], site=make_site(made, tmp_path / "site"))


def of_the_page() -> dict[str, Any]:
    """The parameters that docs/advice.md shows."""
    (shown,) = re.findall(r'^ {4}(\{"dest": "/etc/mysql/.*?\]\}\]\})$', PAGE.read_text(), re.DOTALL | re.MULTILINE)
    told: dict[str, Any] = json.loads(shown)
    return told


def test_a_setting_by_the_page_is_in_force_after_the_restart_and_the_records_show_it(
    pharmacy: Pharmacy, tmp_path: Path
) -> None:
    before = pharmacy.host.run("mariadb", "-N", "-e", VALUE).out.strip()
    assert before not in ("", "4000")
    file = tmp_path / "vars.json"
    file.write_text(json.dumps(of_the_page() | {"checks": 2, "interval": 0.5, "settle": 20, "deadline": 90}))
    run = pharmacy.done("config", "--vars", file)
    assert pharmacy.host.run("mariadb", "-N", "-e", VALUE).out.strip() == before
    page = pharmacy.record(run)
    assert ("table_open_cache" in page, before in page) == (True, True)
    refused = pharmacy.maintkit("plan", "restart", "--limit", "pharmacy1", "--set", "units=nothing.service", *WHY)
    assert (refused.returncode, "nothing.service is no service of this host" in refused.stderr) == (30, True)
    restarted = pharmacy.done("restart", "--set", "units=mariadb.service")
    assert "参数优化" in pharmacy.record(restarted)
    assert pharmacy.host.run("mariadb", "-N", "-e", VALUE).out.strip() == "4000"
