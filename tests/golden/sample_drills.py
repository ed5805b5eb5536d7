"""Restore drills as their phases told them on booted hosts, for the golden documents."""

from __future__ import annotations

from dataclasses import replace
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


MARIADB_SOURCE = {
    "engine": "mariadb", "machine_id": digest("pharmacy1")[:32], "system_identifier": "server_id 4711",
    "version": "10.11.19", "data_directory": "/var/lib/mysql/", "checksums": True, "bytes": 1_204_331_008,
}  # fmt: skip
MARIADB_SET = {
    "label": "incr", "kind": "incr", "stopped_at": (AT - timedelta(hours=2, minutes=11)).timestamp(), "age_h": 2.18,
    "size_bytes": 1_310_220_118, "repo_bytes": 1_310_220_118,
    "position": {"file": "binlog.000112", "at": 84_113, "gtid": "0-4711-80117"},
    "chain": [{"label": name, "kind": name, "folder": f"/backup/mariadb/{name}"} for name in ("full", "incr")],
}  # fmt: skip
MARIADB_MARK = {
    "name": MARK["name"], "lsn": "binlog.000118:402177", "wal": "binlog.000118", "at": AT.isoformat(),
    "gtid": "0-4711-90233", "locked_ms": 0, "unarchived_s": 12.5, "archived_s": 2.511, "unread": ["pharmacy.old_log"],
    "databases": {
        "pharmacy": {
            "tables": [{"table": name, "rows": rows, "digest": digest(name)[:32]}
                       for name, rows in {"drug": 8_211, "issued": 4_402_118}.items()],
            "catalog": {kind: {"count": 3 * n, "digest": digest(kind)[:32]} for n, kind in enumerate(
                ("tables", "columns", "indexes", "constraints", "views", "functions", "triggers", "events"), start=1)},
        },
        "mysql": {"tables": [], "catalog": {kind: {"count": 9, "digest": digest(kind)[:32]}
                                            for kind in ("databases", "roles")}},
    },
}  # fmt: skip
MARIADB_TOOK = {"restore": 18_400, "prepare": 9_730, "recover": 41_310, "compare": 12_180, "promote": 240,
                "smoke": 512, "check": 33_400, "checksums": 8_120, "control": 11_870, "wipe": 1_050}  # fmt: skip
PLACE = f"/var/lib/maintkit-drill/{RUN}"
MARIADB_FOUND: dict[str, dict[str, Any]] = {
    "restore": {"bytes": 1_402_331_118, "logs": 7, "argv": [
        "rsync", "--archive", "--protect-args", "--no-specials", "--no-devices", "-e",
        "ssh -o BatchMode=yes -o ConnectTimeout=20", "backup1:/backup/mariadb/full/.",
        f"/var/lib/maintkit-drill/{RUN}/data/"]},
    "prepare": {"sets": 2, "argv": [
        "runuser", "-u", "mysql", "--", "/usr/bin/mariadb-backup", "--no-defaults", "--prepare",
        f"--target-dir=/var/lib/maintkit-drill/{RUN}/data", f"--tmpdir={PLACE}/tmp",  # noqa: S108  # below the copy
        f"--incremental-dir=/var/lib/maintkit-drill/{RUN}/incremental-1"]},
    "recover": {"replayed": "0-4711-90233", "wanted": "0-4711-90233", "short": "it is short of the mark"},
    "smoke": {"asked": [{"name": "发药记录", "database": "pharmacy", "lines": 1, "took_ms": 402}]},
    "checksums": {"rc": 0, "files": 214},
    "control": {"found": {"short": "it is short of the mark", "fingerprint": "a changed row was found",
                          "checksums": "a flipped byte was found", "check": "a flipped byte was found"}},
    "wipe": {"files": 688, "bytes": 1_502_998_221, "left": [], "place": f"/var/lib/maintkit-drill/{RUN}"},
}  # fmt: skip


def mariadb(*stages: str) -> dict[str, Any]:
    """The facts of a phase of a drill of MariaDB after these stages, which all went well."""
    at, known = AT + timedelta(seconds=20), {}
    for name in stages:
        known[name] = {"status": "passed", "said": "", "took_ms": MARIADB_TOOK[name], "at": at.timestamp(),
                       **MARIADB_FOUND.get(name, {})}  # fmt: skip
        at += timedelta(milliseconds=MARIADB_TOOK[name])
    return {"drill": {"schema": "maintkit.drill/1", "run": RUN, "engine": "mariadb", "stanza": "pharmacy",
                      "logs": "/backup/binlog", "source": MARIADB_SOURCE, "set": MARIADB_SET, "mark": MARIADB_MARK,
                      "stages": known}}  # fmt: skip


def mariadb_drill() -> Plan:
    """A quarter's drill of the pharmacy's database."""
    asked = {"engine": "mariadb", "source": "pharmacy1", "stanza": "pharmacy", "rto": 7200, "rpo": 300}
    return replace(drill(), parameters=asked)


def mariadb_passed(night: Evening) -> None:
    night.phase(DRILL_HOST, "precheck", 8.1, {"source": MARIADB_SOURCE, "set": MARIADB_SET})
    night.phase(DRILL_HOST, "backup", 16.2, mariadb())
    night.phase(DRILL_HOST, "change", 74.0, mariadb("restore", "prepare", "recover"))
    night.phase(DRILL_HOST, "verify", 71.5, mariadb(*MARIADB_TOOK))
    night.close(DRILL_HOST, "done")
    night.finish("done", {DRILL_HOST: "done"})
    night.supervise("out")


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
