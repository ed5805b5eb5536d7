"""Restores as their phases told them on a booted host, for the golden documents."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import sample_changes
import sample_drills as drills
from change import host, plan, step
from evening import RUN, Evening

from maintkit.plans.model import Plan

HOST = "his-db1"
DATA, UNIT = "/var/lib/postgresql/15/main", "postgresql@15-main.service"
IDENTITY = {
    "machine_id": drills.SOURCE["machine_id"], "system_identifier": drills.SOURCE["system_identifier"],
    "data_directory": DATA, "unit": UNIT, "running": True, "major": "15", "archive_mode": "on",
}  # fmt: skip
TARGET = drills.AT - timedelta(minutes=12)
UNTIL = drills.AT - timedelta(seconds=18)
TOOK = {"aside": 3_100, "restore": 41_350, "recover": 19_020, "promote": 1_870, "smoke": 790, "amcheck": 61_200,
        "checksums": 6_090, "open": 4_420}  # fmt: skip
FOUND: dict[str, dict[str, Any]] = {
    "aside": {"kept": f"{DATA}.maintkit-{RUN}-kept", "committed_at": UNTIL.timestamp(), "unpushed": []},
    "recover": {"replayed": "1/9A00F3C8", "committed_at": (TARGET - timedelta(seconds=2)).timestamp()},
    "promote": {
        "history": "00000002.history", "lsn": "1/9A00F3C8", "reason": f"before {TARGET:%Y-%m-%d %H:%M:%S.%f}+00",
        "lost": {"from": (TARGET - timedelta(seconds=2)).timestamp(), "to": UNTIL.timestamp(), "seconds": 704.0,
                 "exact": True}},
    "open": {"running": True, "archive_mode": "on", "archived": "00000002000000010000009A"},
    "back": {"returned": True, "failed": f"{DATA}.maintkit-{RUN}-failed", "running": True},
}  # fmt: skip


def told(*stages: str, **failed: str) -> dict[str, Any]:
    """The facts of a phase after these stages; `failed` are stages with why they failed."""
    at, known = drills.AT, {}
    for name in stages:
        wrong = failed.get(name, "")
        took = TOOK.get(name, 5_300)
        known[name] = {"status": "failed" if wrong else "passed", "said": wrong, "took_ms": took,
                       "at": at.timestamp(), **({} if wrong else FOUND.get(name, {}))}  # fmt: skip
        at += timedelta(milliseconds=took)
    return {"restore": {"schema": "maintkit.restore/1", "run": RUN, "stanza": "his", "identity": IDENTITY,
                        "set": drills.SET, "told": "", "stages": known}}  # fmt: skip


MARIADB_IDENTITY = {
    "machine_id": drills.SOURCE["machine_id"], "system_identifier": "server_id 4711",
    "data_directory": "/var/lib/mysql",
    "unit": "mariadb.service", "running": True,
}  # fmt: skip
MARIADB_TOOK = {"aside": 2_900, "restore": 11_800, "prepare": 8_300, "recover": 6_820, "smoke": 90, "check": 21_400,
                "checksums": 9_700, "open": 3_150}  # fmt: skip
MARIADB_FOUND: dict[str, dict[str, Any]] = {
    "aside": {"kept": f"/var/lib/mysql.maintkit-{RUN}-kept", "committed_at": UNTIL.timestamp(), "logs": 12},
    "recover": {"replayed": "0-4711-99812", "wanted": "binlog.000117:5521", "transactions": 4211,
                "reason": FOUND["promote"]["reason"], "lost": FOUND["promote"]["lost"]},
    "open": {"running": True, "log": "binlog.000119", "left_out": "binlog.000118"},
}  # fmt: skip


def mariadb_passed(night: Evening) -> None:
    """A pharmacy's MariaDB, to a second before a table was dropped; its logs go on past one that is left out."""
    at, known = drills.AT, {}
    for name, took in MARIADB_TOOK.items():
        known[name] = {"status": "passed", "said": "", "took_ms": took, "at": at.timestamp(),
                       **MARIADB_FOUND.get(name, {})}  # fmt: skip
        at += timedelta(milliseconds=took)
    chosen = {**drills.SET, "label": "incr-20261128", "kind": "incr"}
    facts = {"restore": {"schema": "maintkit.restore/1", "run": RUN, "engine": "mariadb", "stanza": "pharmacy",
                         "identity": MARIADB_IDENTITY, "set": chosen, "told": "", "stages": known}}  # fmt: skip
    night.phase(HOST, "precheck", 6.1, {})
    night.phase(HOST, "change", 30.0, facts)
    night.phase(HOST, "verify", 34.5, facts)
    night.close(HOST, "done")
    night.finish("done", {HOST: "done"})
    night.supervise("out")


def restore() -> Plan:
    """The registration database, to just before a table was dropped."""
    title = "将数据库恢复到目标时间点"
    copy: dict[str, Any] = {"target": f"his {DATA}", "before": DATA,
                            "after": f"20261128-010003F @ {TARGET:%F %T}+00; 2211 MiB; 1 min"}  # fmt: skip
    steps = (
        step("change", 2400, title_zh=title, rollback="restore-only", risk="high", **copy),
        step("verify", 1200, title_zh="核对恢复终点", target=f"his {DATA}", before=None, after=None),
        step("rollback", 120, title_zh="换回留存的原数据目录", target=f"his {DATA}", before=None, after=None),
    )
    one = host(HOST, steps=steps, packages=(), restarts=(UNIT,), drained_from=(), systems=("his",))
    asked = {"stanza": "his", "data": DATA, "unit": UNIT, "type": "time", "target": f"{TARGET:%F %T}+00"}
    return plan(sample_changes.LEDGER, hosts=(one,), batches=((HOST,),), procedure="restore",
                title_zh="数据库恢复", reason="误删挂号单", parameters=asked)  # fmt: skip


def passed(night: Evening) -> None:
    night.phase(HOST, "precheck", 6.1, {})
    night.phase(HOST, "backup", 4.2, told())
    night.phase(HOST, "change", 66.0, told("aside", "restore", "recover"))
    night.phase(HOST, "verify", 77.5, told(*TOOK))
    night.close(HOST, "done")
    night.finish("done", {HOST: "done"})
    night.supervise("out")


def back(night: Evening) -> None:
    """WAL is missing: the state from before is there again."""
    why = "it opened for writing without stopping to 2026-11-28 15:29:07+00: WAL is missing"
    begun = ("aside", "restore", "recover")
    night.phase(HOST, "precheck", 6.1, {})
    night.phase(HOST, "backup", 4.2, told())
    night.phase(HOST, "change", 66.0, told(*begun, recover=why), outcome="failed", reason=why)
    night.phase(HOST, "rollback", 6.0, told(*begun, "back", recover=why))
    night.phase(HOST, "precheck", 3.0, {"back": True})
    night.close(HOST, "rolled-back")
    night.finish("rolled-back", {HOST: "rolled-back"})
    night.supervise("out")
