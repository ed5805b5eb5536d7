"""`maintkit advise` over a ledger that holds two inspections of a host with database servers."""

from __future__ import annotations

import json
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sample_advice as sample
from sites import MAINTKIT, make_site

from maintkit.clock import FixedClock
from maintkit.evidence.ledger import Ledger
from maintkit.evidence.redact import Redactor
from maintkit.settings import load_settings

NOW = datetime.now(UTC).replace(microsecond=0)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """his-db1 has a setting that can lose data, a twin of an index, and a MariaDB that counts no statements."""
    place = make_site(tmp_path_factory.mktemp("advise") / "site", {"all": {"hosts": {"his-db1": {}}}})
    clock = FixedClock(at=NOW)
    pg = sample.postgresql(
        settings={"full_page_writes": "off"},
        database={"indexes": [{"name": "public.i2", "table": "public.t", "size_bytes": 2**20, "valid": True,
                               "twin_of": "i1"}]},
    )  # fmt: skip
    my = sample.mysql(withheld={"statements": "performance_schema is off"}, statements=())
    with Ledger.open(load_settings(place).ledger_url, clock=clock, redactor=Redactor()) as ledger:
        for days in (30, 0):
            clock.at = NOW - timedelta(days=days)
            facts = ledger.seal(json.dumps(sample.document(pg=pg, my=my, days_ago=days)).encode())
            body = {"facts": facts.sha256}
            ledger.append("facts.collected", body, run=f"{days}", subject="his-db1", attachments=[facts])
    return place


def run(site: Path, *words: object) -> subprocess.CompletedProcess[str]:
    argv = [str(MAINTKIT), "advise", *map(str, words), "--site", str(site)]
    return subprocess.run(argv, capture_output=True, text=True, timeout=60, check=False)


def test_each_piece_says_what_was_seen_what_to_do_and_by_which_plan(site: Path, tmp_path: Path) -> None:
    """Dangers first, and the parameters of a plan in a file that the command names."""
    done = run(site, "his-db1", "--json", "--write", tmp_path / "plans")
    assert done.returncode == 0, done.stderr
    danger, twin, gap = json.loads(done.stdout)
    assert (danger["rule"], danger["danger"], danger["takes"]) == ("postgresql.full-page-writes", True, "reload")
    assert all(danger[name] for name in ("observation", "conclusion", "advice", "risk", "undo", "source", "figures"))
    files = sorted((tmp_path / "plans").iterdir())
    assert len(files) == 2
    for piece, procedure in ((danger, "config"), (twin, "change_indexes")):
        (file,) = [one for one in files if f"--vars {one}" in piece["plan"]["command"]]
        assert piece["plan"]["command"].startswith(f"maintkit plan {procedure} ")
        assert json.loads(file.read_text()) == piece["plan"]["variables"]
    assert twin["sql"] == "DROP INDEX CONCURRENTLY public.i2;"
    (wish,) = twin["plan"]["variables"]["wanted"]
    assert (wish["act"], wish["schema"], wish["name"]) == ("drop", "public", "i2")
    assert gap["insufficient"].startswith("performance_schema")


def test_the_table_is_for_people_and_an_unknown_host_is_an_error(site: Path) -> None:
    done = run(site, "his-db1")
    assert done.returncode == 0, done.stderr
    for words in ("full_page_writes is off", "off → on", "not enough data", "plan: maintkit plan config"):
        assert words in done.stdout
    unknown = run(site, "nobody")
    assert (unknown.returncode, "no inspection has seen nobody" in unknown.stderr) == (7, True)
