"""Deadlines for a calendar program: RFC 5545, one whole-day event a duty."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import NAMESPACE_URL, uuid5

from icalendar import Alarm, Calendar, Event

from maintkit.contract.due import Standing


def calendar_file(standings: Iterable[Standing], *, contract: str, now: datetime) -> bytes:
    """The next deadline of every duty that has one. A duty keeps its UID, so a later import moves it and adds none."""
    calendar = Calendar()
    calendar.add("prodid", "-//maintkit//due//ZH")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    for one in standings:
        if one.next_due is not None:
            calendar.add_component(_event(one, contract=contract, now=now))
    return bytes(calendar.to_ical())


def _event(one: Standing, *, contract: str, now: datetime) -> Event:
    event = Event()
    event.add("uid", f"{uuid5(NAMESPACE_URL, f'maintkit:{contract}:{one.duty.id}')}@maintkit")
    event.add("dtstamp", now)
    event.add("sequence", int(now.timestamp()) // 60)
    event.add("dtstart", one.next_due)
    event.add("dtend", one.next_due + timedelta(days=1) if one.next_due else None)
    event.add("summary", f"{one.duty.title_zh} ({one.duty.id})")
    event.add("description", "\n".join(filter(None, [f"合同 {contract}", *one.duty.documents, one.reason])))
    event.add("categories", [one.state])
    event.add("transp", "TRANSPARENT")
    alarm = Alarm()
    alarm.add("action", "DISPLAY")
    alarm.add("description", one.duty.title_zh)
    alarm.add("trigger", timedelta(days=-3))
    event.add_component(alarm)
    return event
