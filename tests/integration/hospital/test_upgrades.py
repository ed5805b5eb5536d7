"""What each version of the registration service is for: 1.1 is good, 1.2 fails its users, 1.3 fails its migration."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from hospital import Site, call, running

POST = "/api/registrations"


def book(site: Site, number: int, **more: object) -> tuple[int, dict[str, object]]:
    """Register patient `number` in internal medicine."""
    return call("POST", site.url + POST, {"card_no": f"T{number:08d}", "department": "IM"} | more)


@pytest.fixture
def second(database, tmp_path: Path) -> Site:
    """The other application host."""
    return Site.make(tmp_path / "app2", dsn=database.dsn("his_app"), owner_dsn=database.dsn("his_owner"))


def test_1_1_rolls_in_beside_1_0_before_and_after_its_migration(versions, site: Site, second: Site) -> None:
    """Host by host: each pair of versions and schemas that a rolling upgrade passes through registers patients."""
    with running(versions["1.0"], second):
        with running(versions["1.1"], site):
            status, booked = book(site, 1, visit_type="follow-up")
            assert (status, booked["visit_type"]) == (201, "first"), "the column is not there yet"
            assert book(second, 2)[0] == 201
            assert site.migrate(versions["1.1"]).stdout == "applied 0002-visit-type.sql\n"
            status, booked = book(site, 3, visit_type="follow-up")
            assert (status, booked["visit_type"]) == (201, "follow-up")
            assert book(second, 4)[0] == 201
            assert "复诊" in call("GET", site.url + "/")[1]
        with running(versions["1.0"], site):
            assert book(site, 5)[0] == 201, "packages back to 1.0 on the new schema"


def test_1_1_can_be_undone_under_the_running_service(versions, site: Site) -> None:
    """`--to 1` goes down where a script for it exists; below 1 there is none, and nothing happens."""
    with running(versions["1.1"], site):
        assert site.migrate(versions["1.1"]).returncode == 0
        assert site.migrate(versions["1.1"], "--to", "1").stdout == "reverted 0002-visit-type.sql\n"
        assert book(site, 1, visit_type="follow-up")[1]["visit_type"] == "first"
    down = site.migrate(versions["1.1"], "--to", "0")
    assert down.returncode == 1
    assert "there is no way down from 0001 in this version (1.1)" in down.stderr


def test_status_says_what_is_applied_pending_and_unknown(versions, site: Site) -> None:
    """One line a migration, from the database and the installed package; it changes nothing."""
    assert (
        site.migrate(versions["1.1"], "--status").stdout == "0001\tregistration\tapplied\n0002\tvisit-type\tpending\n"
    )
    site.migrate(versions["1.1"])
    old = site.migrate(versions["1.0"], "--status").stdout
    assert old == "0001\tregistration\tapplied\n0002\tvisit-type\tunknown-to-this-version\n"
    again = site.migrate(versions["1.1"])
    assert (again.returncode, again.stdout) == (0, "")


def test_1_2_looks_well_and_registers_nobody(versions, site: Site) -> None:
    """Alive, right version, page shown, old registrations shown: only a real transaction tells."""
    site.migrate(versions["1.2"])
    with running(versions["1.1"], site):
        before = book(site, 1)[1]
    with running(versions["1.2"], site) as process:
        assert call("GET", site.url + "/health")[0] == 200
        assert call("GET", site.url + "/")[0] == 200
        assert call("GET", site.url + "/version") == (200, {"version": "1.2"})
        assert call("GET", f"{site.url}{POST}/{before['id']}") == (200, before)
        assert book(site, 2) == (500, {"error": "internal error"})
        assert 'his_demo_registrations_total{result="failed"} 1\n' in call("GET", site.url + "/metrics")[1]
        assert process.poll() is None
    assert 'ERROR POST /api/registrations: column "channel" of relation "registration" does not exist' in site.log


def test_1_2_brings_no_migration(versions) -> None:
    """It is the code that is wrong."""
    names = [
        sorted(path.name for path in (versions[version] / "usr/share/his-demo/migrations").iterdir())
        for version in ("1.1", "1.2")
    ]
    assert names[0] == names[1]


@pytest.mark.parametrize("before", ["1.0", "1.1"])
def test_the_migration_of_1_3_fails_half_way_and_leaves_nothing(before: str, versions, site: Site, database) -> None:
    """The column was added and filled when the constraint failed: no column, no constraint, no record of it, stays.

    From 1.0 the good migration of 1.1 is pending as well: it goes with the failed one, all or nothing.
    """
    site.migrate(versions[before])
    schema, patients = (
        database.schema(),
        database.one("SELECT md5(string_agg(p::text, '|' ORDER BY id)) FROM patient p"),
    )
    failed = site.migrate(versions["1.3"])
    assert failed.returncode == 1
    assert "failed, nothing was changed" in failed.stderr
    assert "patient_login_phone_once" in failed.stderr
    assert database.schema() == schema
    assert database.one("SELECT md5(string_agg(p::text, '|' ORDER BY id)) FROM patient p") == patients
    with running(versions[before], site):
        assert book(site, 1)[0] == 201


def test_the_migration_of_1_3_succeeds_where_no_telephone_is_shared(versions, site: Site, database) -> None:
    """The negative control: it is the data that breaks it."""
    database.one("UPDATE patient SET phone = '00000' || lpad(id::text, 6, '0') RETURNING 1")
    assert site.migrate(versions["1.3"]).returncode == 0
    with running(versions["1.3"], site):
        assert book(site, 1)[0] == 201


@pytest.mark.parametrize("statement", ["COMMIT;", "CREATE INDEX CONCURRENTLY i ON patient (phone);", "vacuum patient;"])
def test_what_cannot_be_rolled_back_is_refused_before_anything_runs(
    statement: str, versions, site: Site, database, tmp_path: Path
) -> None:
    """A file that would end the transaction would make what came before it permanent."""
    root = tmp_path / "edited"
    subprocess.run(["cp", "-a", versions["1.1"], root], check=True)
    script = "CREATE TABLE half (id int);\n" + statement
    (root / "usr/share/his-demo/migrations/0003-escape.sql").write_text(script)
    schema = database.schema()
    failed = site.migrate(root)
    assert failed.returncode == 1
    assert "0003-escape.sql" in failed.stderr
    assert database.schema() == schema


def test_a_migration_that_was_edited_after_it_ran_stops_the_next_one(versions, site: Site, tmp_path: Path) -> None:
    """The database was made by another file than this one: a person must look."""
    root = tmp_path / "edited"
    subprocess.run(["cp", "-a", versions["1.1"], root], check=True)
    with (root / "usr/share/his-demo/migrations/0001-registration.sql").open("a") as stream:
        stream.write("-- a thought\n")
    failed = site.migrate(root)
    assert failed.returncode == 1
    assert "0001-registration.sql is not the file that was applied" in failed.stderr


def test_two_hosts_that_migrate_at_once_migrate_once(versions, site: Site, second: Site) -> None:
    """The second waits for the first and finds nothing to do."""
    both = [
        subprocess.Popen(
            ["/usr/bin/python3", "-I", versions["1.1"] / "usr/sbin/his-demo-migrate"],
            env=one.environment(),
            stdout=subprocess.PIPE,
            text=True,
        )
        for one in (site, second)
    ]
    said = sorted(process.communicate(timeout=30)[0] for process in both)
    assert [process.returncode for process in both] == [0, 0]
    assert said == ["", "applied 0002-visit-type.sql\n"]
