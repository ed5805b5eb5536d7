"""A night in which the practice hospital's database is restored on its own host, as engineers do it."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from office import Engineer

from lab import Host
from lab.hospital.practice import Hospital, hospital
from lab.hospital.site import make_site

HOSTS = ("backup1", "his-db1")
DATA, UNIT = "/var/lib/postgresql/15/main", "postgresql@15-main.service"
ASKED: dict[str, Any] = {
    "stanza": "his",
    "data": DATA,
    "unit": UNIT,
    "spare_mb": 64,
    "settings": {"fsync": "off"},
    "smoke": [{"name": "挂号单", "database": "his", "sql": "SELECT count(*) FROM visit", "contains": "700"}],
}


@dataclass(frozen=True, kw_only=True)
class Night(Engineer):
    """A running hospital and its site; every method is a command of maintkit's, or of the database."""

    timeout_s: ClassVar[float] = 500
    his: Hospital

    @property
    def db(self) -> Host:
        return self.his.lab["his-db1"]

    def sql(self, statement: str, database: str = "his") -> str:
        return self.db.run("runuser", "-u", "postgres", "--", "psql", "-XAtqc", statement, database).out.strip()

    def asked(self, **changes: Any) -> subprocess.CompletedProcess[str]:
        """`maintkit plan restore`."""
        return self.proposed("restore", "his-db1", {**ASKED, **changes}, reason="误删挂号单")

    def plan(self, **changes: Any) -> str:
        """A plan that two people have approved and one supervises; its id."""
        return self.signed(self.asked(**changes))

    def run(self) -> dict[str, Any]:
        """The newest run; of no plan while there was none."""
        found: list[dict[str, Any]] = json.loads(self.maintkit("status", "--json").stdout)
        return found[0] if found else {"plan": None}

    def told(self, run: str) -> dict[str, Any]:
        """The restore's own journal on the host."""
        found: dict[str, Any] = json.loads(self.db.run("cat", f"/var/lib/maintkit/runs/{run}/restore.json").out)
        return found

    def now(self) -> str:
        """A point in time between what is written before and what after."""
        time.sleep(0.05)
        return self.sql("SELECT clock_timestamp()::timestamptz(3)")


@contextmanager
def night_of(place: Path) -> Iterator[Night]:
    """A hospital with its site in `place`, and a backup of 500 visits."""
    with hospital(HOSTS) as made:
        found = Night(his=made, site=make_site(made, place))
        own_disk(found.db)
        found.sql("CREATE TABLE visit AS SELECT n, '测试患者' || n AS name FROM generate_series(1, 500) AS n")
        made.lab["backup1"].run("runuser", "-u", "postgres", "--", "pgbackrest", "--stanza=his", "backup")
        yield found


def own_disk(host: Host) -> None:
    """Write the data directory anew: overlayfs, on which the lab's hosts lie, renames no directory of an image."""
    copied = f"cp -a {DATA} {DATA}.new && rm -r {DATA} && mv {DATA}.new {DATA}"
    host.sh(f"systemctl stop {UNIT} && {copied} && systemctl start {UNIT}")


def refused(night: Night, said: str, **changes: Any) -> None:
    """That no plan is made, with these words, and that the server goes on meanwhile."""
    began = night.sql("SELECT pg_postmaster_start_time()")
    done = night.asked(**changes)
    assert (done.returncode, said in done.stderr) == (30, True), (said, done.stdout, done.stderr)
    assert night.sql("SELECT pg_postmaster_start_time()") == began
