"""The manual procedure for hosts that could not be put back, on the terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from maintkit.cli.terminal.words import bare
from maintkit.evidence.alarm import Alarm, alarms
from maintkit.evidence.ledger import Ledger

_SAID: Mapping[str, str] = {
    "inform": "tell the hospital, keep the host out of rotation, move its work to other hosts",
    "look": "log in at {address} as root; the machine-id must be {told}",
    "nothing-kept": "nothing was kept on the host: restore from backup by the hospital's procedure, nothing else",
    "stop": "stop the application: its schema was brought up, and the old version must not meet it",
    "restore": "restore the database to `{told}`, which loses what was written since: only with written consent",
    "check-files": "compare with the report's annex; what differs must not be used",
    "mend": "let dpkg finish, and see what it finds",
    "install": "put the old versions back",
    "remove": "remove what was not there before",
    "versions": "the versions must be {told}",
    "copy": "put the file back",
    "absent": "take away the file, which was not there before",
    "check-file": "it must be {told}",
    "kept-data": "the state from before the restore is {told}: put it back; what was restored is kept beside it",
    "snapshot": "stop the application and put its data back; the snapshot must be {told}; what the change left is kept",
    "link": "let the link lead to the release that ran before",
    "reload": "load it",
    "restart": "restart what depends on it; go through the checks from before the change",
    "wipe": "end the copy of the drill and delete it: it holds patients' data; afterwards there must be no {told}",
    "unlock": "break the lock by signature when the host is well (on this machine)",
}


def manual_lines(ledger: Ledger, run: str) -> Iterator[str]:
    """What to do by hand after a run, line by line; nothing where every host was put back."""
    for alarm in alarms(ledger, run):
        yield from _lines(alarm)


def _lines(alarm: Alarm) -> Iterator[str]:
    told = alarm.manual
    yield f"P1 {alarm.host}: {bare(alarm.reason)}"
    yield f"  {alarm.host} stays locked; its incident is entry {alarm.seq} of the ledger. Kept there:"
    for kept in told["kept"] or ({"kind": "nothing", "where": ""},):
        yield bare(f"    {kept['kind']} {kept['where']} {kept.get('sha256', '')}").rstrip()
    yield "  By hand, in this order:"
    for number, step in enumerate(told["steps"], start=1):
        yield from _step(number, told, step)


def _step(number: int, told: Mapping[str, Any], step: Mapping[str, str]) -> Iterator[str]:
    yield bare(f"    {number}. {_SAID[step['what']].format(address=told['address'], told=step['told'])}")
    if step["command"]:
        yield bare(f"         {step['command']}")
