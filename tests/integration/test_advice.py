"""Advice on real servers: each rule that its fault makes speak, and a well-kept server of which nothing is said."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from collected import run, script
from mariadb import mariadb
from postgres import cluster
from sqlalchemy import create_engine, make_url, text

from maintkit.analysis.advice import Advice, Insufficient, advise
from maintkit.evidence.server_facts import Servers, read

DAYS, SCANS = 40, 220
LITERAL = "Zhang San 13800000000"
WELL = (
    "fsync=on", "shared_preload_libraries=pg_stat_statements", "random_page_cost=1.1", "effective_cache_size={cache}kB",
    "max_wal_size=4GB", "shared_buffers=512MB", "work_mem=4MB", "huge_pages=try",
)  # fmt: skip


def memory_kb() -> int:
    """Memory of this machine, of which a well-kept server takes its share."""
    words = Path("/proc/meminfo").read_text(encoding="ascii").split()
    return int(words[words.index("MemTotal:") + 1])


def well() -> tuple[str, ...]:
    return tuple(one.format(cache=int(0.65 * memory_kb())) for one in WELL)


def look(place: Path, section: str, instance: dict[str, Any]) -> dict[str, Any]:
    """The facts document of a host with this instance."""
    only = ["memory", "disks", "filesystems", section]
    return run(sys.executable, script({"only": only, section: [{"name": "his", **instance}]}, place))


def said(document: dict[str, Any], *, days: float = DAYS, then: dict[str, Any] | None = None) -> dict[str, list[str]]:
    """The subjects of all advice by its rule, had the document been made so many days later."""
    now = read({**document, "collected_at": document["collected_at"] + days * 86400}, host="h", facts="0" * 64)
    past = read(then, host="h", facts="0" * 64) if then else None
    found: dict[str, list[str]] = {}
    for one in advise(Servers(now=now, then=past)):
        kind = "-" if isinstance(one, Insufficient) else one.rule.id
        found.setdefault(kind, []).append(subject(one) if isinstance(one, Advice) else one.reason_zh)
    return found


def subject(one: Advice) -> str:
    """Without the database of a test."""
    return re.sub(r"^his/lab_\w+ ", "", one.subject)


def told(url: str, *statements: str, database: str | None = None) -> None:
    """Run statements, each by itself."""
    engine = create_engine(make_url(url).set(database=database or make_url(url).database), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        for statement in statements:
            connection.execute(text(statement))
    engine.dispose()


def counted(url: str, scans: int) -> None:
    """Wait until the server has counted them: a session tells of its own when it ends."""
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    until = time.monotonic() + 60
    with engine.connect() as connection:
        asked = text("SELECT seq_scan FROM pg_stat_user_tables WHERE relname = 'visit'")
        while (connection.execute(asked).scalar_one() or 0) < scans:
            assert time.monotonic() < until
            time.sleep(0.2)
    engine.dispose()


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """The URL of a well-kept PostgreSQL."""
    with cluster(*well()) as url:
        Path(str(make_url(url).query["host"])).chmod(0o755)  # as /var/run/postgresql
        told(
            url,
            "CREATE EXTENSION pg_stat_statements",
            "CREATE TABLE ward (id int PRIMARY KEY)",
            "CREATE TABLE visit (id int PRIMARY KEY, ward int REFERENCES ward, at int, who text)",
            "CREATE INDEX visit_ward ON visit (ward)",
            "INSERT INTO ward SELECT n FROM generate_series(1, 100) n",
            "INSERT INTO visit SELECT n, 1 + n % 100, n, repeat('x', 60) FROM generate_series(1, 130000) n",
            "VACUUM ANALYZE visit",
        )
        yield url


@pytest.fixture
def pg(server: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """A database of its own on it, with tables that have what they need; and what services.yml would say."""
    name = f"lab_{uuid.uuid4().hex}"
    told(server, f"CREATE DATABASE {name} TEMPLATE maintkit", database="postgres")
    told(server, "SELECT pg_stat_statements_reset()", database=name)
    folder = str(make_url(server).query["host"])
    yield str(make_url(server).set(database=name)), {"host": folder, "databases": [name]}
    told(server, f"DROP DATABASE {name} WITH (FORCE)", database="postgres")


def test_of_a_well_kept_postgresql_nothing_is_said(pg, tmp_path):
    """Neither when it was just started nor after weeks; only what was counted too briefly is said to be so."""
    document = look(tmp_path, "postgresql", pg[1])
    assert said(document) == {}
    assert set(said(document, days=0)) <= {"-"}
    assert all("不足 7 天" in reason for reason in said(document, days=0)["-"])


FAULTY = (
    "CREATE INDEX lab_twin ON visit (ward)",
    "CREATE INDEX lab_at ON visit (at)",
    "CREATE INDEX lab_at_who ON visit (at, who)",
    "CREATE INDEX lab_idle ON visit (who, id)",
    "CREATE INDEX lab_part ON visit (at) WHERE at > 10",
    "CREATE UNIQUE INDEX lab_unique ON visit (at, id)",
    "CREATE TABLE stay (id int, ward int REFERENCES ward, pad text)",
    "INSERT INTO stay SELECT n, 1 + n % 100, repeat('x', 80) FROM generate_series(1, 150000) n",
    "ANALYZE stay",
)


def test_each_index_of_postgresql_is_told_for_what_it_is_and_those_that_are_needed_never(pg, tmp_path):
    """A twin, a prefix, an idle one, a foreign key without one; not the unique, the partial, the foreign key's own."""
    told(pg[0], *FAULTY)
    found = said(look(tmp_path, "postgresql", pg[1]))
    assert found == {
        "postgresql.duplicate-index": ["public.lab_twin"],
        "postgresql.prefix-index": ["public.lab_at"],
        "postgresql.unused-index": ["public.lab_idle", "public.lab_at_who"],
        "postgresql.foreign-key-index": ["public.stay stay_ward_fkey"],
    }


@pytest.mark.long
def test_the_sql_that_is_told_does_what_it_says(pg, tmp_path):
    """On names that need care; afterwards nothing more is said."""
    told(
        pg[0],
        'CREATE SCHEMA "挂 号"',
        'CREATE TABLE "挂 号"."Bed" (id int PRIMARY KEY, ward int REFERENCES ward, p text)',
    )
    told(pg[0], """INSERT INTO "挂 号"."Bed" SELECT n, 1, repeat('x', 80) FROM generate_series(1, 150000) n""")
    told(pg[0], 'CREATE INDEX "Two Beds" ON "挂 号"."Bed" (p)', 'CREATE INDEX "One Bed" ON "挂 号"."Bed" (p)')
    document = look(tmp_path, "postgresql", pg[1])
    now = read({**document, "collected_at": document["collected_at"] + DAYS * 86400}, host="h", facts="")
    given = [one for one in advise(Servers(now=now, then=None)) if isinstance(one, Advice)]
    assert {one.rule.id for one in given} == {"postgresql.duplicate-index", "postgresql.foreign-key-index"}
    told(pg[0], *(one.sql for one in given))
    assert said(look(tmp_path, "postgresql", pg[1])) == {}


def test_statements_and_tables_that_are_read_whole_are_told_and_no_literal_is(pg, tmp_path):
    """Lookups by a column without an index, as eight days' work: the statement, and the table."""
    engine = create_engine(pg[0], isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        for number in range(SCANS):
            connection.exec_driver_sql(f"SELECT count(*) FROM visit WHERE who = '{LITERAL} {number}'")  # noqa: S608  # our own words
        connection.exec_driver_sql(f"CREATE TABLE lab_secret AS SELECT '{LITERAL}' AS who")
        connection.exec_driver_sql("DROP TABLE lab_secret")
    engine.dispose()
    counted(pg[0], SCANS)
    document = look(tmp_path, "postgresql", pg[1])
    assert not [part for part in LITERAL.split() if part in json.dumps(document, ensure_ascii=False)]
    found = said(document, days=8)
    assert set(found) == {"postgresql.statement-reads", "postgresql.sequential-reads"}
    assert found["postgresql.sequential-reads"] == ["public.visit"]
    assert set(said(document, days=6)) == {"-"}


def test_only_what_came_since_the_earlier_look_counts_and_a_reset_begins_anew(pg, tmp_path):
    """The same scans seen before are no news; after a reset those since then are too young to say anything of."""
    before = look(tmp_path, "postgresql", pg[1])
    after = look(tmp_path, "postgresql", pg[1])
    assert said(after, days=10, then=before) == {}
    told(pg[0], "SELECT pg_stat_statements_reset()", "SELECT pg_stat_reset()")
    old = {**before, "collected_at": before["collected_at"] - DAYS * 86400}
    reset = look(tmp_path, "postgresql", pg[1])
    assert set(said(reset, days=0, then=old)) <= {"-"}


@pytest.mark.long
def test_bad_settings_of_a_postgresql_are_told(tmp_path):
    """Against this very machine; fsync is off as in every other test's cluster."""
    bad = ("full_page_writes=off", "synchronous_commit=off", "autovacuum=off", "work_mem=1GB", "max_connections=400",
           "effective_cache_size=128MB", "checkpoint_completion_target=0.3")  # fmt: skip
    with cluster(*bad) as url:
        folder = str(make_url(url).query["host"])
        Path(folder).chmod(0o755)
        found = said(look(tmp_path, "postgresql", {"host": folder}))
    wanted = {"fsync", "full-page-writes", "synchronous-commit", "autovacuum", "work-mem-large", "effective-cache-size",
              "checkpoint-completion-target", "log-min-duration"}  # fmt: skip
    assert {rule.partition(".")[2] for rule in found} - {"", "random-page-cost"} == wanted
    assert any("pg_stat_statements" in reason for reason in found["-"])


MY_WELL = ("--performance-schema=ON", "--sync-binlog=1", "--log-bin=binlog", "--slow-query-log=ON")
MY_SETUP = """
CREATE DATABASE lab; USE lab;
CREATE TABLE ward (id int PRIMARY KEY);
INSERT INTO ward SELECT seq FROM seq_0_to_99;
CREATE TABLE visit (id int PRIMARY KEY, ward int, at int, who varchar(60), KEY by_ward (ward),
  CONSTRAINT in_ward FOREIGN KEY (ward) REFERENCES ward (id));
INSERT INTO visit SELECT seq, seq % 100, seq, REPEAT('x', 50) FROM seq_1_to_150000;
ANALYZE TABLE visit;
"""


def account() -> str:
    """As whom the client runs; Debian's mariadb-server-core alone brings no user mysql."""
    found = subprocess.run(["id", "-u", "mysql"], capture_output=True, check=False).returncode == 0
    return "root" if os.geteuid() else "mysql" if found else "nobody"


def sql(socket: str, statements: str) -> None:
    argv = ["mariadb", "--no-defaults", f"--socket={socket}", "--user=root", "--default-character-set=utf8mb4"]
    subprocess.run(argv, input=statements, text=True, check=True, capture_output=True)


@pytest.fixture(scope="module")
def my() -> Iterator[dict[str, str]]:
    """A well-kept MariaDB whose statements are counted, and what services.yml would say of it."""
    with mariadb("s", *MY_WELL) as socket:
        socket.parent.chmod(0o755)
        sql(str(socket), MY_SETUP)
        yield {"socket": str(socket), "os_user": account(), "user": "root"}


def test_of_a_well_kept_mariadb_nothing_is_said(my, tmp_path):
    document = look(tmp_path, "mysql", my)
    assert said(document) == {}
    assert set(said(document, days=0)) <= {"-"}


def test_indexes_and_statements_of_mariadb_are_told_and_no_literal_is(my, tmp_path):
    """A redundant and an idle index, and a hundred lookups by a column without one."""
    sql(
        my["socket"],
        "ALTER TABLE lab.visit ADD KEY lab_short (at), ADD KEY lab_long (at, ward), ADD KEY lab_idle (who, at)",
    )
    lookup = "SELECT COUNT(*) FROM visit IGNORE INDEX (lab_idle) WHERE who = '{} {}';"
    lookups = "".join(lookup.format(LITERAL, number) for number in range(110))
    sql(my["socket"], f"USE lab; {lookups}")
    sql(my["socket"], "ANALYZE TABLE lab.visit")
    document = look(tmp_path, "mysql", my)
    assert not [part for part in LITERAL.split() if part in json.dumps(document, ensure_ascii=False)]
    found = said(document)
    assert found["mysql.redundant-index"] == ["his lab.visit.lab_short"]
    assert "his lab.visit.lab_idle" in found["mysql.unused-index"]
    assert set(found) == {"mysql.redundant-index", "mysql.unused-index", "mysql.statement-no-index"}
    assert set(said(document, days=6)) == {"-", "mysql.redundant-index"}
    sql(my["socket"], "ALTER TABLE lab.visit DROP KEY lab_short, DROP KEY lab_long, DROP KEY lab_idle")


@pytest.mark.long
def test_bad_settings_of_a_mariadb_are_told(tmp_path):
    bad = ("--innodb-flush-log-at-trx-commit=2", "--log-bin=b", "--sync-binlog=0", "--innodb-doublewrite=0",
           "--sort-buffer-size=1G", "--max-connections=500", "--slow-query-log=OFF")  # fmt: skip
    with mariadb("s", *bad) as socket:
        socket.parent.chmod(0o755)
        found = said(look(tmp_path, "mysql", {"socket": str(socket), "os_user": account(), "user": "root"}))
    assert set(found) == {
        "mysql.flush-log", "mysql.sync-binlog", "mysql.doublewrite", "mysql.memory", "mysql.slow-log", "-",
    }  # fmt: skip
