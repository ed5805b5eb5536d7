"""A setting of MariaDB, planned by hand as docs/advice.md says, applied, and in force after a restart."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from office import Engineer

from lab import Host
from lab.hospital.practice import hospital
from lab.hospital.site import make_site

pytestmark = pytest.mark.long

PAGE = Path(__file__).parents[2] / "docs" / "advice.md"
REASON = "参数优化"
VALUE = "SELECT @@GLOBAL.table_open_cache"


@dataclass(frozen=True, kw_only=True)
class Pharmacy(Engineer):
    """Its host and the site."""

    host: Host

    def done(self, procedure: str, **parameters: Any) -> str:
        """A plan that two people have approved and one supervises, applied; its run."""
        plan = self.signed(self.proposed(procedure, "pharmacy1", parameters, reason=REASON))
        applied = self.maintkit("apply", plan)
        assert applied.returncode == 0, applied.stdout + applied.stderr
        return str(self.run()["run"])


@pytest.fixture
def pharmacy(tmp_path: Path) -> Iterator[Pharmacy]:
    with hospital(("pharmacy1",)) as made:
        yield Pharmacy(host=made.lab["pharmacy1"], site=make_site(made, tmp_path / "site"))


def of_the_page() -> dict[str, Any]:
    """The parameters that docs/advice.md shows."""
    (shown,) = re.findall(r'^ {4}(\{"dest": "/etc/mysql/.*?\]\}\]\})$', PAGE.read_text(), re.DOTALL | re.MULTILINE)
    told: dict[str, Any] = json.loads(shown)
    return told


def test_a_setting_by_the_page_is_in_force_after_the_restart_and_the_records_show_it(pharmacy: Pharmacy) -> None:
    before = pharmacy.host.run("mariadb", "-N", "-e", VALUE).out.strip()
    assert before not in ("", "4000")
    run = pharmacy.done("config", **of_the_page(), checks=2, interval=0.5, settle=20, deadline=90)
    assert pharmacy.host.run("mariadb", "-N", "-e", VALUE).out.strip() == before
    page = pharmacy.page("change", run)
    assert ("table_open_cache" in page, before in page) == (True, True)
    refused = pharmacy.proposed("restart", "pharmacy1", {"units": ["nothing.service"]}, reason=REASON)
    assert (refused.returncode, "nothing.service is no service of this host" in refused.stderr) == (30, True)
    restarted = pharmacy.done("restart", units=["mariadb.service"])
    assert REASON in pharmacy.page("change", restarted)
    assert pharmacy.host.run("mariadb", "-N", "-e", VALUE).out.strip() == "4000"
