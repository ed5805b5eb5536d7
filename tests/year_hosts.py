"""What the hosts of the played year answer: simulated, from what booted hosts answered once, and phases of such.

Instants move to the day, the machine is quiet, /data is as full as tests/contract_year.py has it, glibc as old, the
certificate ends when it says, and on its days something is wrong.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from hashlib import sha256
from pathlib import Path
from typing import Any

import contract_year as story
import sample_drills
from phase_facts import figures, service
from world import World

from maintkit.clock import FixedClock
from maintkit.runs.driver import (
    CollectListener,
    CollectRequest,
    ExpectedHost,
    ExpectedHosts,
    HostResult,
    PhaseOrder,
    PhaseResult,
)
from maintkit.runs.phases import Phase

# What two booted hosts of the practice hospital answered, once (tests/year_record.py).
RECORDED = {name: json.loads((Path(__file__).parent / "year" / "recorded" / f"{name}.json").read_text("utf-8"))
            for name in (story.APP, story.DB)}  # fmt: skip
# What the machine under the lab was busy with that day: the kernel tells it to every host of it.
QUIET: dict[str, dict[str, Any]] = {
    "cpu": {"busy_percent": 12.0, "load1": 0.3, "load5": 0.3, "load15": 0.3},
    "pressure": {"cpu_some_avg60": 1.0, "cpu_some_avg300": 1.0, "io_some_avg60": 0.0, "io_full_avg60": 0.0},
    "memory": {"oom_kills": 0},
}
DID = {
    "restart": {"action": "restart", "target": "nginx.service"},
    "reindex": {"action": "rebuild index", "target": "his: public.visit_day", "from": "60.0 MiB", "to": "30.0 MiB"},
    "housekeeping": {"action": "delete file", "target": "/data/images/2019.tar"},
}
GROUPS = {story.APP: "his", story.DB: "his"}
SITE_GROUPS = ("his", "emr", "telemedicine", "pharmacy", "lis", "ris_pacs")
# Instants that do not move with the day: when machines and services were started, and what certificates say.
STILL = ("booted_at", "started_at", "stats_reset_at", "stats_since_at", "not_before_at", "not_after_at")


@dataclass(kw_only=True)
class Hosts:
    """What the hosts answer at this instant, as the driver of inspections gives it."""

    clock: FixedClock

    def collect(self, request: CollectRequest, listener: CollectListener, *, cancelled: Callable[[], bool]) -> None:
        del request, cancelled
        known = {name: ExpectedHost(groups=(group,), address="127.0.0.1", connection="ssh")
                 for name, group in GROUPS.items()}  # fmt: skip
        asked = listener.expected(
            ExpectedHosts(hosts=known, inventory_hosts=tuple(known), inventory_groups=SITE_GROUPS, secrets=())
        )
        for name in asked:
            listener.started(name)
            now = self.clock.at
            listener.received(
                HostResult(host=name, status="ok", reason="", via="ssh", address="127.0.0.1", took_ms=1000,
                           started_at=now.timestamp() - 1, document=facts(name, now))
            )  # fmt: skip


def facts(name: str, now: datetime) -> dict[str, Any]:
    """The collector's document of a host at an instant, as the story has it."""
    document = copy.deepcopy(RECORDED[name])
    _move(document, now.timestamp() - document["collected_at"])
    sections, day = document["sections"], now.date()
    sections["host"]["data"]["machine_id"] = sha256(name.encode()).hexdigest()[:32]
    for key, quiet in QUIET.items():
        sections[key]["data"] |= quiet
    # The recorded host was an hour old; one of the story has a journal that reaches back to the last inspection.
    sections["logins"]["data"]["complete"] = True
    if name == story.DB:
        mounts = sections["filesystems"]["data"]["mounts"]
        mounts.append({**mounts[0], "mount": "/data", "device": "/dev/vdb1", "fstype": "ext4", **_data(now)})
    ends = datetime.combine(story.CERTIFICATE_ENDS, time(9), tzinfo=story.ZONE)
    for one in (sections["certificates"]["data"] or {"certificates": []})["certificates"]:
        one["not_after_at"] = ends.timestamp()
    glibc = story.PATCHED if day >= story.PATCHED_ON else story.GLIBC
    for source in sections["packages_installed"]["data"]["sources"]:
        source["version"] = glibc if source["name"] == "glibc" else source["version"]
    match story.WRONG.get(day):
        case ("memory.available", host_) if host_ == name:
            sections["memory"]["data"]["available_bytes"] = sections["memory"]["data"]["total_bytes"] // 5
        case ("backup.age", host_) if host_ == name:
            for backup in sections["backups"]["data"]["jobs"][0]["backups"]:
                backup["started_at"] -= 3 * 86400
                backup["stopped_at"] -= 3 * 86400
        case ("accounts.uid0", host_) if host_ == name:
            accounts = sections["accounts"]["data"]["accounts"]
            root = next(one for one in accounts if one["uid"] == 0)
            accounts.append(root | {"name": "support", "home": "/tmp/support"})  # noqa: S108 - as it was found
    return document | {"sections": sections}


def _data(now: datetime) -> dict[str, int]:
    used = story.FIRST + story.DAILY * (now.date() - date(2026, 1, 1)).days
    used -= story.PURGED if now >= story.PURGE else 0
    room = story.ROOM * story.GIB
    return {"size_bytes": room, "used_bytes": int(used * story.GIB), "free_bytes": room - int(used * story.GIB)}


def _move(value: Any, by: float) -> None:
    """Every instant of the document, but those that stay where they are."""
    for key, one in value.items() if isinstance(value, dict) else enumerate(value):
        if isinstance(one, dict | list):
            _move(one, by)
        elif str(key).endswith("_at") and isinstance(one, float | int):
            value[key] = one + (by if key not in STILL else -400 * 86400)


def steps(order: PhaseOrder) -> list[dict[str, str]]:
    """What the change of each procedure that is asked for it did, as its role tells it."""
    if order.phase is not Phase.CHANGE or order.procedure not in DID:
        return []
    return [{"from": "", "to": "", "rollback_class": "", **DID[order.procedure]}]


@dataclass
class Machines(World):
    """The hosts that are changed: they answer with what the phases of each procedure tell on booted hosts."""

    def phase(self, order: PhaseOrder) -> PhaseResult:
        result = super().phase(order)
        document = {"schema": "maintkit.phase/1", "procedure": order.procedure, "phase": order.phase.value,
                    "host": order.host, "facts": self._facts(order), "steps": steps(order), "status": result.outcome,
                    "reason": result.reason}  # fmt: skip
        return replace(result, document=document, took_ms=int(self.takes_s * 1000))

    def _facts(self, order: PhaseOrder) -> dict[str, Any]:
        if order.procedure == "restore_drill":
            stages = {Phase.CHANGE: ("restore", "recover"), Phase.VERIFY: tuple(sample_drills.TOOK)}
            return sample_drills.told(*stages.get(order.phase, ()))
        if (order.procedure, order.phase) == ("housekeeping", Phase.CHANGE):
            old = {"path": "/data/images/2019.tar", "action": "delete", "ended": "done"}
            return {"files": [old | {"bytes": story.PURGED * story.GIB, "freed": story.PURGED * story.GIB}]}
        if (order.procedure, order.phase) == ("reindex", Phase.CHANGE):
            size = {"bytes": 60 * 2**20, "after_bytes": 30 * 2**20, "verdict": "rebuilt"}
            return {"run_items": [{"database": "his", "schema": "public", "name": "visit_day", **size}]}
        at = self.clock.at.timestamp()
        gates = [{"gate": "HIS 登录页", "ok": True, "said": "", "took_ms": 40}]
        rounds = [{"at": at + 10 * number, "gates": gates, "problems": []} for number in range(3)]
        return {"checks": rounds, "units": {"nginx.service": service(4711, 0.3)},
                "figures": {"before": figures(5_184_000, 0.8, 11.5), "after": figures(120, 0.3, 20.1)}}  # fmt: skip
