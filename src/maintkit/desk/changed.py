"""What has changed at the site, by the words that `on_change` of a duty knows: topology, engine, schedule."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any
from zoneinfo import ZoneInfo

from maintkit.contract.owed import Evidence
from maintkit.evidence.changes import FINISHED, STARTED
from maintkit.evidence.entry import Entry
from maintkit.evidence.ledger import Ledger

# Files that say when something runs, or what a backup tool keeps.
SCHEDULES = re.compile(r"/cron|\.timer($|/)|backup|backrest|restic", re.IGNORECASE)


def changes(ledger: Ledger, zone: ZoneInfo) -> dict[str, tuple[Evidence, ...]]:
    """By word, oldest first. `topology`: the whole inventory's hosts, their systems or addresses are not what they were
    at the inspection before; `engine`: an upgrade was done; `schedule`: a configuration file that plans or backs up.
    """
    found: dict[str, list[Evidence]] = {"topology": list(_topology(ledger, zone)), "engine": [], "schedule": []}
    for begun, ended in _done(ledger):
        word = _word(ledger, begun.body)
        if word:
            found[word].append(_told(ended, begun.body["procedure"], zone))
    return {word: tuple(told) for word, told in found.items()}


def parameters(ledger: Ledger, begun: Mapping[str, Any]) -> Mapping[str, Any]:
    """The parameters of the plan of a run, by the body of its `change.started`."""
    plan = json.loads(ledger.attachment(begun["sha256"]))
    told: Mapping[str, Any] = plan.get("parameters", {})
    return told


def _done(ledger: Ledger) -> Iterator[tuple[Entry, Entry]]:
    last = {entry.run: entry for entry in ledger.entries(kind=FINISHED)}  # a resumed run ends anew
    for begun in ledger.entries(kind=STARTED):
        ended = last.get(begun.run)
        # What undoes another run changes the site as well.
        if ended is not None and ended.body["verdict"] == "done":
            yield begun, ended


def _word(ledger: Ledger, begun: Mapping[str, Any]) -> str:
    if begun["procedure"] == "upgrade":
        return "engine"
    if begun["procedure"] == "config" and SCHEDULES.search(str(parameters(ledger, begun).get("dest", ""))):
        return "schedule"
    return ""


def _topology(ledger: Ledger, zone: ZoneInfo) -> Iterator[Evidence]:
    before: dict[str, Any] | None = None
    for started in ledger.entries(kind="inspection.started"):
        hosts = started.body.get("hosts", {})
        if started.body.get("scope") is not None or not hosts:
            continue
        now = {name: (sorted(said["systems"]), said["address"]) for name, said in hosts.items()}
        if before is not None and now != before:
            other = sorted(name for name in {*now, *before} if now.get(name) != before.get(name))
            what = f"{len(other)} hosts came, went or moved" if len(other) > 1 else f"{other[0]} came, went or moved"
            yield _told(started, what, zone)
        before = now


def _told(entry: Entry, what: str, zone: ZoneInfo) -> Evidence:
    day = entry.at.astimezone(zone).date()
    return Evidence(day=day, source=entry.run or f"entry {entry.seq}", what=what, seq=entry.seq)
