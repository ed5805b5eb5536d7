"""Registrations: each function is one transaction's worth of SQL on the connection it is given."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

import psycopg2.errors
from psycopg2.extensions import connection as Connection
from psycopg2.extras import RealDictCursor

OPEN_CLINIC = """
    SELECT s.id FROM schedule s JOIN doctor d ON d.id = s.doctor_id JOIN department p ON p.id = d.department_id
    WHERE p.code = %(department)s AND s.booked < s.capacity AND s.clinic_date >= current_date
      AND NOT EXISTS (SELECT FROM registration r
                      WHERE r.schedule_id = s.id AND r.patient_id = %(patient)s AND r.status = 'booked')
    ORDER BY s.clinic_date, s.session, s.id LIMIT 1"""
TAKE_SLOT = """
    UPDATE schedule SET booked = booked + 1, last_number = last_number + 1
    WHERE id = %s AND booked < capacity RETURNING last_number"""
INSERT = """
    INSERT INTO registration (schedule_id, patient_id, number, reference)
    VALUES (%(schedule)s, %(patient)s, %(number)s, %(reference)s) RETURNING id"""
SHOW = """
    SELECT r.id, r.number, r.reference, r.status, r.schedule_id, p.card_no, s.clinic_date::text, s.session,
           d.name AS doctor, e.name AS department
    FROM registration r JOIN patient p ON p.id = r.patient_id JOIN schedule s ON s.id = r.schedule_id
    JOIN doctor d ON d.id = s.doctor_id JOIN department e ON e.id = d.department_id WHERE r.id = %s"""
CANCEL = """
    UPDATE registration SET status = 'cancelled', cancelled_at = now()
    WHERE id = %s AND status = 'booked' RETURNING schedule_id"""
DEPARTMENTS = """
    SELECT e.code, e.name, sum(s.capacity)::int AS capacity, sum(s.booked)::int AS booked
    FROM department e JOIN doctor d ON d.department_id = e.id JOIN schedule s ON s.doctor_id = d.id
    WHERE s.clinic_date >= current_date GROUP BY e.code, e.name ORDER BY e.code"""

Row = dict[str, Any]


class Refused(Exception):
    """The request is understood and cannot be met; `status` is the HTTP answer."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status


@dataclass(frozen=True, kw_only=True)
class Wish:
    """Who wants to see whom. Without `schedule` the first clinic of the department with a free slot is taken."""

    card_no: str
    department: str = ""
    schedule: int | None = None
    reference: str = ""

    @classmethod
    def parse(cls, body: object) -> Wish:
        """Accept a JSON object; Refused(400) says what is wrong with it."""
        if not isinstance(body, dict) or not isinstance(body.get("card_no"), str):
            raise Refused(400, "card_no is missing")
        schedule = body.get("schedule_id")
        if schedule is None and not isinstance(body.get("department"), str):
            raise Refused(400, "department or schedule_id is missing")
        if schedule is not None and not (isinstance(schedule, int) and 0 < schedule < 2**31):
            raise Refused(400, "schedule_id is not a number")
        return cls(
            card_no=body["card_no"],
            department=str(body.get("department", "")),
            schedule=schedule,
            reference=str(body.get("reference") or uuid.uuid4()),
        )


def book(connection: Connection, wish: Wish) -> Row:
    """Take a slot and its number; the constraints of the schema stand behind every step."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT id FROM patient WHERE card_no = %s", (wish.card_no,))
        patient = first(cursor.fetchone(), Refused(404, "no such patient"))
        schedule, number = take_slot(connection, wish, patient)
        values = {"schedule": schedule, "patient": patient, "number": number, "reference": wish.reference}
        try:
            cursor.execute(INSERT, values)
        except psycopg2.errors.UniqueViolation as error:
            raise Refused(409, f"already registered ({error.diag.constraint_name})") from error
        return show(connection, first(cursor.fetchone(), Refused(500, "no registration")))


def take_slot(connection: Connection, wish: Wish, patient: int) -> tuple[int, int]:
    """(schedule, number). Without a schedule in the wish: of the first open clinic, again if it filled up meanwhile."""
    with connection.cursor() as cursor:
        while True:
            schedule = wish.schedule
            if schedule is None:
                cursor.execute(OPEN_CLINIC, {"department": wish.department, "patient": patient})
                schedule = first(cursor.fetchone(), Refused(409, "no free slot"))
            cursor.execute(TAKE_SLOT, (schedule,))
            if (row := cursor.fetchone()) is not None:
                return schedule, row[0]
            if wish.schedule is not None:
                raise Refused(409, "no free slot")


def show(connection: Connection, registration: int) -> Row:
    """One registration as the API shows it; Refused(404) where there is none."""
    with connection.cursor(cursor_factory=RealDictCursor) as cursor:
        cursor.execute(SHOW, (registration,))
        row = cursor.fetchone()
    if row is None:
        raise Refused(404, "no such registration")
    return dict(row)


def cancel(connection: Connection, registration: int) -> Row:
    """Give the slot back. The number is not used again: it was called out to a person."""
    with connection.cursor() as cursor:
        cursor.execute(CANCEL, (registration,))
        schedule = first(cursor.fetchone(), Refused(409, "not booked"))
        cursor.execute("UPDATE schedule SET booked = booked - 1 WHERE id = %s", (schedule,))
    return show(connection, registration)


def departments(connection: Connection) -> list[Row]:
    """Every department with its capacity and what is booked, from today on."""
    with connection.cursor(cursor_factory=RealDictCursor) as cursor:
        cursor.execute(DEPARTMENTS)
        return [dict(row) for row in cursor.fetchall()]


def first(row: tuple[int, ...] | None, otherwise: Refused) -> int:
    """The only column of the only row."""
    if row is None:
        raise otherwise
    return row[0]
