"""The registration service, version by version, as its packages install it, on a real PostgreSQL."""

from __future__ import annotations

import re
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest
from hospital import Site, call, running

POST = "/api/registrations"


def wish(number: int, **more: object) -> dict[str, object]:
    """Patient `number` wants to see somebody."""
    return {"card_no": f"T{number:08d}", "department": "IM"} | more


def test_a_registration_can_be_booked_read_and_cancelled(versions: dict[str, Path], site: Site, database) -> None:
    """The row in the database is what the API said; a cancelled slot is free again, its number is not."""
    with running(versions["1.0"], site):
        status, booked = call("POST", site.url + POST, wish(1, reference="r-1"))
        assert (status, booked["number"], booked["card_no"]) == (201, 1, "T00000001")
        assert call("GET", f"{site.url}{POST}/{booked['id']}") == (200, booked)
        assert database.one("SELECT booked FROM schedule WHERE last_number = 1") == 1
        assert call("DELETE", f"{site.url}{POST}/{booked['id']}") == (200, booked | {"status": "cancelled"})
        assert database.one("SELECT booked FROM schedule WHERE last_number = 1") == 0
        assert call("POST", site.url + POST, wish(2))[1]["number"] == 2
        assert call("DELETE", f"{site.url}{POST}/{booked['id']}") == (409, {"error": "not booked"})


def test_it_starts_in_well_under_a_second_and_says_who_it_is(versions: dict[str, Path], site: Site) -> None:
    """Page, version, metrics and departments of 1.0."""
    started = time.monotonic()
    with running(versions["1.0"], site):
        assert time.monotonic() - started < 2, "0.2 s on an idle machine"
        assert call("GET", site.url + "/version") == (200, {"version": "1.0"})
        status, page = call("GET", site.url + "/")
        assert status == 200
        assert "挂号" in page
        assert "内科" in page
        call("POST", site.url + POST, wish(3))
        call("POST", site.url + POST, wish(3, card_no="T99999999"))
        metrics = call("GET", site.url + "/metrics")[1]
        assert 'his_demo_registrations_total{result="booked"} 1\n' in metrics
        assert 'his_demo_registrations_total{result="refused"} 1\n' in metrics
        assert "his_demo_queue_depth 0\n" in metrics
        assert {row["code"]: row["booked"] for row in call("GET", site.url + "/api/departments")[1]}["IM"] == 1


@pytest.mark.parametrize(
    ("body", "status", "error"),
    [
        ([], 400, "card_no is missing"),
        ({"card_no": "T00000001"}, 400, "department or schedule_id is missing"),
        (wish(1, schedule_id="1; drop table patient"), 400, "schedule_id is not a number"),
        (wish(1, department="'; --"), 409, "no free slot"),
        (wish(0), 404, "no such patient"),
    ],
)
def test_a_wrong_wish_is_refused_with_its_reason(versions, site: Site, body: object, status: int, error: str) -> None:
    """A refusal is the client's, not an ERROR of the service."""
    with running(versions["1.0"], site):
        assert call("POST", site.url + POST, body) == (status, {"error": error})
    assert "ERROR" not in site.log


def test_many_at_once_never_share_a_number_and_never_overbook(versions, site: Site, database) -> None:
    """40 patients, 16 at a time, for a clinic of 25: exactly 25 numbers, 1 to 25, and 15 refusals."""
    schedule = database.one("UPDATE schedule SET capacity = 25 WHERE id = (SELECT min(id) FROM schedule) RETURNING id")
    with running(versions["1.0"], site), ThreadPoolExecutor(16) as crowd:
        wishes = [wish(number, schedule_id=schedule) for number in range(1, 41)]
        answers = list(crowd.map(lambda one: call("POST", site.url + POST, one), wishes))
    assert Counter(status for status, _ in answers) == {201: 25, 409: 15}
    assert sorted(answer["number"] for status, answer in answers if status == 201) == list(range(1, 26))
    assert database.one("SELECT count(*) FROM registration") == 25


def test_a_department_is_filled_to_its_last_slot_by_a_crowd(versions, site: Site, database) -> None:
    """Without a schedule in the wish nobody is refused while any clinic of the department has a slot."""
    with database.connect() as connection:
        connection.execute(
            "DELETE FROM schedule WHERE id NOT IN (SELECT s.id FROM schedule s JOIN doctor d ON d.id = doctor_id"
            " WHERE department_id = 1 ORDER BY s.id LIMIT 4)"
        )
        connection.execute("UPDATE schedule SET capacity = 6")
    with running(versions["1.0"], site), ThreadPoolExecutor(16) as crowd:
        answers = list(crowd.map(lambda n: call("POST", site.url + POST, wish(n)), range(1, 31)))
    assert Counter(status for status, _ in answers) == {201: 24, 409: 6}


def test_the_schema_itself_refuses_an_overbooking(database) -> None:
    """Whatever the application does: the constraint is there."""
    with (
        database.connect() as connection,
        pytest.raises(psycopg.errors.CheckViolation, match="schedule_not_overbooked"),
    ):
        connection.execute("UPDATE schedule SET booked = capacity + 1, last_number = capacity + 1")


def test_the_same_reference_is_booked_once(versions, site: Site) -> None:
    """A POST that a proxy sent twice is seen: the second is refused."""
    with running(versions["1.0"], site):
        assert call("POST", site.url + POST, wish(1, reference="once"))[0] == 201
        status, answer = call("POST", site.url + POST, wish(2, reference="once"))
    assert (status, answer["error"]) == (409, "already registered (registration_reference_once)")


def test_no_identity_number_is_a_persons(database) -> None:
    """Region 99 is not assigned, and the check digit of GB 11643 is wrong in every row."""
    with database.connect() as connection:
        numbers = [str(row[0]) for row in connection.execute("SELECT id_number FROM patient").fetchall()]
    assert len(set(numbers)) == 2000
    weights = [pow(2, 17 - place, 11) for place in range(17)]
    for number in numbers:
        total = sum(int(digit) * weight for digit, weight in zip(number, weights, strict=False))
        assert number.startswith("99")
        assert number[17] != "10X98765432"[total % 11]


def test_the_application_may_not_change_the_schema(database) -> None:
    """Least privilege: rows yes, tables no."""
    with psycopg.connect(database.dsn("his_app")) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute("ALTER TABLE patient ADD COLUMN x int")


def test_a_database_that_is_away_is_an_error_in_the_log_and_a_503(versions, site: Site) -> None:
    """The process stays alive, and works again as soon as the database does."""
    good = (site.directory / "db.dsn").read_text()
    (site.directory / "db.dsn").write_text("host=/nonexistent dbname=his\n")
    with running(versions["1.0"], site):
        assert call("POST", site.url + POST, wish(1)) == (503, {"error": "database not available"})
        assert call("GET", site.url + "/health")[0] == 200
        assert re.search(r" ERROR POST /api/registrations: database not available: ", site.log)
        (site.directory / "db.dsn").write_text(good)
        assert call("POST", site.url + POST, wish(1))[0] == 201


def test_idle_connections_that_the_server_cut_cost_no_registration(versions, site: Site, database) -> None:
    """A restart of PostgreSQL leaves dead connections in the pool: they are found before a patient pays for them."""
    with running(versions["1.0"], site):
        assert call("POST", site.url + POST, wish(1))[0] == 201
        database.one(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = 'his-demo'"
        )
        assert call("POST", site.url + POST, wish(2))[0] == 201
