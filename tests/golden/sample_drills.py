"""Restore drills as their phases told them on booted hosts, for the golden documents."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import sample_changes
from change import host, plan, step
from evening import RUN, Evening
from sample_inspections import digest

from maintkit.plans.model import Plan

DRILL_HOST = "drill1"
AT = datetime(2026, 11, 28, 15, 41, 7, 412903, tzinfo=UTC)
SOURCE = {
    "machine_id": digest("his-db1")[:32], "system_identifier": "7580129463377801251", "version": "15.14",
    "data_directory": "/var/lib/postgresql/15/main", "checksums": True, "archive_mode": "on", "archive_timeout_s": 60,
    "recovering": False, "bytes": 2_318_442_131,
}  # fmt: skip
SET = {
    "label": "20261128-010003F", "kind": "full", "stopped_at": (AT - timedelta(hours=14, minutes=31)).timestamp(),
    "size_bytes": 2_317_901_022, "repo_bytes": 402_118_553, "damaged": False, "age_h": 14.52,
    "system_identifier": SOURCE["system_identifier"], "reference": [],
}  # fmt: skip
CATALOG = (
    "relations",
    "columns",
    "indexes",
    "constraints",
    "functions",
    "triggers",
    "extensions",
    "roles",
    "databases",
)
TABLES = {
    "public.department": 8,
    "public.doctor": 40,
    "public.patient": 2_104_331,
    "public.registration": 9_870_112,
    "public.schedule": 1_120,
}
MARK = {
    "name": f"maintkit-{RUN}-20261128T154107", "lsn": "1/9A00F3C8", "wal": "00000001000000010000009A",
    "at": AT.isoformat(), "locked_ms": 31, "unarchived_s": 41.207, "archived_s": 1.504, "took_ms": 9_881,
    "databases": {"his": {
        "tables": [{"table": name, "rows": rows, "digest": digest(name)[:32]} for name, rows in TABLES.items()],
        "catalog": {kind: {"count": 7 * n, "digest": digest(kind)[:32]} for n, kind in enumerate(CATALOG, start=1)},
    }},
}  # fmt: skip
TOOK = {"restore": 41_200, "recover": 18_730, "compare": 22_180, "promote": 1_940, "smoke": 812, "amcheck": 63_400,
        "checksums": 6_120, "control": 4_870, "wipe": 2_050}  # fmt: skip
FOUND: dict[str, dict[str, Any]] = {
    "restore": {"bytes": 2_317_902_144, "argv": [
        "runuser", "-u", "postgres", "--", "pgbackrest", "--stanza=his", "--log-level-file=off",
        "--set=20261128-010003F", "--type=name", f"--target={MARK['name']}", "--target-action=pause",
        "--archive-mode=off", f"--pg1-path=/var/lib/maintkit-drill/{RUN}/data", "restore"]},
    "recover": {"replayed": "1/9A00F3C8", "wanted": "1/9A00F3C8"},
    "smoke": {"asked": [{"name": "在册患者", "database": "his", "lines": 1, "took_ms": 402},
                        {"name": "当日挂号与医生", "database": "his", "lines": 14, "took_ms": 388}]},
    "checksums": {"rc": 0, "blocks": 283_014, "files": 1_204},
    "control": {"found": {"fingerprint": "a changed row was found", "checksums": "a flipped byte was found",
                          "amcheck": "a flipped byte was found"}},
    "wipe": {"files": 1_288, "bytes": 2_401_998_221, "left": [], "place": f"/var/lib/maintkit-drill/{RUN}"},
}  # fmt: skip


def told(*stages: str, **failed: str) -> dict[str, Any]:
    """The facts of a phase after these stages; `failed` are stages with why they failed."""
    at, known = AT + timedelta(seconds=20), {}
    for name in stages:
        wrong = failed.get(name, "")
        facts = {} if wrong else FOUND.get(name, {})
        known[name] = {"status": "failed" if wrong else "passed", "said": wrong, "took_ms": TOOK[name],
                       "at": at.timestamp(), **facts}  # fmt: skip
        at += timedelta(milliseconds=TOOK[name])
    return {"drill": {"schema": "maintkit.drill/1", "run": RUN, "stanza": "his", "source": SOURCE, "set": SET,
                      "mark": MARK, "stages": known}}  # fmt: skip


def drill() -> Plan:
    """A quarter's drill of the registration database."""
    copy: dict[str, Any] = {"target": "his 20261128-010003F", "before": None, "after": None}
    steps = (
        step("backup", 120, title_zh="在源库建立恢复点并留存数据指纹", **copy),
        step("change", 1200, title_zh="恢复备份到隔离副本", **copy),
        step("verify", 1200, title_zh="与源库比对、打开、查询、检查，反向验证后清除副本", **copy),
        step("rollback", 60, title_zh="清除副本", **copy),
    )
    one = host(DRILL_HOST, steps=steps, packages=(), restarts=(), drained_from=(), systems=())
    asked = {"source": "his-db1", "stanza": "his", "rto": 7200, "rpo": 300}
    return plan(sample_changes.LEDGER, hosts=(one,), batches=((DRILL_HOST,),), procedure="restore_drill",
                title_zh="备份恢复验证", reason="合同约定每季度一次的恢复验证", parameters=asked)  # fmt: skip


def passed(night: Evening) -> None:
    night.phase(DRILL_HOST, "precheck", 6.1, {"source": SOURCE, "set": SET})
    night.phase(DRILL_HOST, "backup", 18.2, told())
    night.phase(DRILL_HOST, "change", 64.0, told("restore", "recover"))
    night.phase(DRILL_HOST, "verify", 108.5, told(*TOOK))
    night.close(DRILL_HOST, "done")
    night.finish("done", {DRILL_HOST: "done"})
    night.supervise("out")


def short(night: Evening) -> None:
    """The WAL of the mark is missing: fails, is wiped, and a person has not yet said why."""
    mark = MARK["name"]
    why = (
        f"recovery ended short of the mark {mark}: FATAL:  recovery ended before configured recovery target was reached"
    )
    night.phase(DRILL_HOST, "precheck", 6.1, {"source": SOURCE, "set": SET})
    night.phase(DRILL_HOST, "backup", 18.2, told())
    night.phase(DRILL_HOST, "change", 55.0, told("restore", "recover", recover=why), outcome="failed", reason=why)
    night.phase(DRILL_HOST, "rollback", 4.0, told("restore", "recover", "wipe", recover=why))
    night.phase(DRILL_HOST, "precheck", 2.0, {"wiped": True})
    night.close(DRILL_HOST, "rolled-back")
    night.finish("rolled-back", {DRILL_HOST: "rolled-back"})
    night.supervise("out")


def refused(night: Evening) -> None:
    """There is no backup to restore."""
    why = "stanza his has no backup (no valid backups): there is nothing to restore"
    night.phase(DRILL_HOST, "precheck", 4.0, outcome="failed", reason=why)
    night.close(DRILL_HOST, "untouched")
    night.finish("refused", {DRILL_HOST: "untouched"})
    night.supervise("out")


def gap(night: Evening) -> None:
    """A controller says done although a stage did not run: the report does not."""
    night.phase(DRILL_HOST, "precheck", 6.1, {"source": SOURCE, "set": SET})
    night.phase(DRILL_HOST, "backup", 18.2, told())
    night.phase(DRILL_HOST, "change", 64.0, told("restore", "recover"))
    night.phase(DRILL_HOST, "verify", 90.0, told(*(name for name in TOOK if name != "amcheck")))
    night.close(DRILL_HOST, "done")
    night.finish("done", {DRILL_HOST: "done"})


def stuck(night: Evening) -> None:
    """The wipe fails: the copy stays, and a person has to delete it."""
    why = "the copy is deleted, but something of it is left: process 4711 holds a file of it"
    night.phase(DRILL_HOST, "precheck", 6.1, {"source": SOURCE, "set": SET})
    night.phase(DRILL_HOST, "backup", 18.2, told())
    night.phase(DRILL_HOST, "change", 64.0, told("restore", "recover"))
    night.phase(DRILL_HOST, "verify", 108.5, told(*TOOK, wipe=why), outcome="failed", reason=why)
    night.phase(DRILL_HOST, "rollback", 16.0, told(*TOOK, wipe=why), outcome="failed", reason=why)
    night.close(DRILL_HOST, "rollback-failed")
    night.finish("rollback-failed", {DRILL_HOST: "rollback-failed"}, keep=(DRILL_HOST,))
