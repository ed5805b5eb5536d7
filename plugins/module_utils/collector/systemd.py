"""systemd's units: failed, expected, enabled, timers. Few calls, for each costs the host a process."""

from __future__ import absolute_import, division, print_function, unicode_literals

import os
import re
import time

from .probe import Absent, local_time
from .text import decimal, decode, number, settings, table

UNIT_FIELDS = "Id,LoadState,ActiveState,SubState,UnitFileState,Result,NRestarts,MainPID,ActiveEnterTimestampMonotonic"
TIMER_FIELDS = "Id,Unit,LastTriggerUSec,NextElapseUSecRealtime"
UNIT_NAME = re.compile(r"[A-Za-z0-9:_.@\\][A-Za-z0-9:_.@\\-]*$")
STAMP = re.compile(r"(\d{4})-(\d\d)-(\d\d) (\d\d):(\d\d):(\d\d)")


def collect_systemd(probe):
    if not os.path.isdir("/run/systemd/system"):
        raise Absent("systemd does not run here")
    booted_at = time.time() - (decimal((probe.read("/proc/uptime") or "0").split()[0]) or 0)
    failed = [
        row[0] for row in table(ask_systemctl(probe, "list-units", "--failed", *"--all --plain --no-legend".split()))
    ]
    expected = [name for name in probe.parameters["units"] if UNIT_NAME.match(name)]
    return {
        "state": settings(ask_systemctl(probe, "show", "--property=SystemState")).get("SystemState") or "unknown",
        "failed": show_units(probe, failed, booted_at),
        "expected": show_units(probe, expected, booted_at) + [unknown_unit(name) for name in misnamed(probe)],
        "enabled": enabled_units(probe, "/etc/systemd/system"),
        "timers": timers(probe),
    }


collect_systemd.turn = -1  # among the slow ones: starts first


def ask_systemctl(probe, *arguments):
    output = probe.run(["systemctl", "--no-pager"] + list(arguments), how="systemctl " + " ".join(arguments[:2]))
    if output.timeout:
        raise OSError("systemctl %s did not answer" % arguments[0])
    return decode(output.out)


def enabled_units(probe, folder):
    """Units that something in `folder` wants or requires: the links that `systemctl enable` makes.

    `systemctl list-unit-files` tells the same and costs process 1 half a second of CPU.
    """
    probe.noted("%s/*.wants" % folder)
    pulling = [name for name in probe.names(folder) if name.endswith((".wants", ".requires"))]
    return sorted(set(unit for name in pulling for unit in probe.names("%s/%s" % (folder, name))))


def misnamed(probe):
    """Names asked for that cannot be a unit's; they never reach a command line."""
    return [name for name in probe.parameters["units"] if not UNIT_NAME.match(name)]


def unknown_unit(name):
    return {"name": name, "load": "not-found", "active": "inactive", "sub": "dead"}


def show_units(probe, names, booted_at):
    """Each unit under the very name it was asked by, though it may be an alias."""
    if not names:
        return []
    shown = ask_systemctl(probe, "show", "--property=" + UNIT_FIELDS, "--", *names)
    blocks = [settings(block) for block in shown.strip().split("\n\n")]
    if len(blocks) != len(names):
        raise ValueError("systemctl showed %d units of %d" % (len(blocks), len(names)))
    return [parse_unit(name, block, booted_at) for name, block in zip(names, blocks)]


def parse_unit(name, block, booted_at):
    """One unit from `systemctl show`. NRestarts came with systemd 235."""
    since = number(block.get("ActiveEnterTimestampMonotonic"))
    return {
        "name": name,
        "load": block.get("LoadState") or "unknown",
        "active": block.get("ActiveState") or "unknown",
        "sub": block.get("SubState") or "unknown",
        "enabled": block.get("UnitFileState") or None,
        "result": block.get("Result") or None,
        "restarts": number(block.get("NRestarts")),
        "main_pid": number(block.get("MainPID")) or None,
        "active_since_at": booted_at + since / 1e6 if since else None,
    }


def timers(probe):
    """Every loaded timer, with the result of the unit that it starts."""
    shown = ask_systemctl(probe, "show", "--property=" + TIMER_FIELDS, "--", "*.timer")
    found = [parse_timer(settings(block)) for block in shown.strip().split("\n\n") if "Id=" in block]
    services = sorted(set(timer["unit"] for timer in found if timer["unit"]))
    if services:
        blocks = ask_systemctl(probe, "show", "--property=Id,Result", "--", *services).strip().split("\n\n")
        results = dict((name, settings(block).get("Result")) for name, block in zip(services, blocks))
        for timer in found:
            timer["result"] = results.get(timer["unit"]) or None
    return found


def parse_timer(block):
    return {
        "name": block["Id"],
        "unit": block.get("Unit") or None,
        "result": None,
        "last_at": parse_stamp(block.get("LastTriggerUSec")),
        "next_at": parse_stamp(block.get("NextElapseUSecRealtime")),
    }


def parse_stamp(text):
    """Epoch seconds of `Tue 2026-11-24 03:00:00 CST`, which systemctl writes in the host's own zone."""
    found = STAMP.search(text or "")
    return local_time(*[int(group) for group in found.groups()]) if found else None
