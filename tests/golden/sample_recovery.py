"""What a recovery manual is drawn from: a database host, its backup host, a drill; and the same with all that lacks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from importlib.resources import as_file, files
from typing import Any

import sample_drills as drills
import sample_inspections as sample

from maintkit.contract.contract import Contract
from maintkit.documents.views.recovery_manual import BLANKS, Recovery
from maintkit.evidence.drill_record import Drill
from maintkit.evidence.recovery import Drilled, Holdings, read
from maintkit.sitefile import load

AT = sample.STARTED + timedelta(minutes=3)
SERVER = {"name": "his", "state": "up", "version_num": 150014, "in_recovery": False, "data_checksums": True}
MARIADB = {
    "name": "pharmacy", "state": "up", "flavour": "mariadb", "version": "10.11.19-MariaDB-0+deb12u1-log",
    "channels": [],
}  # fmt: skip
REPLICA = {"name": "reports", "channels": [{"name": "", "io": "Yes"}]}
JOB: dict[str, Any] = {
    "tool": "pgbackrest", "name": "his", "status": "ok", "off_host": True, "repositories": 1,
    "backups": [
        {"label": "20261122-010003F", "kind": "full", "size_bytes": 2_301_220_118,
         "stopped_at": (AT - timedelta(days=2)).timestamp()},
        {"label": "20261122-010003F_20261123-180003D", "kind": "diff", "size_bytes": 2_317_901_022,
         "stopped_at": (AT - timedelta(hours=7)).timestamp()}],
    "wal": [{"archive": "15-1", "first": "000000010000000100000061", "last": "00000001000000010000009A"}],
}  # fmt: skip


def section(data: dict[str, Any] | None, status: str = "ok", reason: str | None = None) -> dict[str, Any]:
    return {"status": status, "reason": reason, "data": data}


def seen(host: str, sections: Mapping[str, Any], at: datetime = AT) -> Holdings:
    return read({"sections": sections}, host=host, at=at, facts=sample.digest(host))


def drilled(*, days: int, passed: bool = True) -> Drilled:
    """A drill so many days before the inspection."""
    told = drills.told(*drills.TOOK) if passed else drills.told("restore", restore="pgbackrest restore ended with 82")
    drill = Drill.model_validate(told["drill"])
    at = AT - timedelta(days=days)
    run = f"C{at:%Y%m%d}-1"
    return Drilled(run=run, at=at, drill=drill, passed=passed, seq=812, hash=sample.digest(run))


def contract() -> Contract:
    with as_file(files("maintkit.contract") / "templates" / "contract.yml") as path:
        return load(path, Contract).model


def recovery() -> Recovery:
    """All is there but what only a person can say."""
    newest = drilled(days=24)
    db, backup = sample.host("his-db1", (), address="10.0.0.21"), sample.host("backup1", (), address="10.0.0.31")
    return Recovery(
        inspection=sample.inspection((db, backup)),
        hosts=(
            seen("his-db1", {"postgresql": section({"instances": [SERVER]}), "backups": section({"jobs": [JOB]})}),
            seen("backup1", {"backups": section({"jobs": [JOB]})}),
        ),
        drills={"his": (newest, newest)},
        schedules={("backup1", "his"): 24},
        contract=contract(),
        contract_sha256=sample.digest("contract.yml"),
        judged={},
    )


def finished() -> Recovery:
    """A person has written what only a person can."""
    said = {
        "decision": "由信息科主任书面决定；主任不在时由医务值班领导决定并补签。",
        "order": "先停挂号、收费，再停医生站；核对后先开收费，再开挂号、医生站。",
        "notice": "目标时刻之后的挂号与收费由各科室凭纸质单据补录，信息科提供时段清单。",
    }
    assert list(said) == list(BLANKS)
    return replace(recovery(), judged={one: sample.written(text, "张伟", AT) for one, text in said.items()})


def wanting() -> Recovery:
    """No copy elsewhere, a backup that is late, an old drill, one that failed, and a database that says nothing."""
    late = {**JOB, "off_host": False, "backups": [{**JOB["backups"][0]}]}
    return replace(
        recovery(),
        hosts=(
            seen(
                "his-db1",
                {
                    "postgresql": section(None, "denied", "needs postgres"),
                    "mysql": section(None, "timeout", "ran into its time limit"),
                    "backups": section({"jobs": [late]}),
                },
            ),
        ),
        drills={"his": (drilled(days=3, passed=False), drilled(days=161))},
        schedules={("his-db1", "his"): 24},
    )


def undrilled() -> Recovery:
    """No drill at all."""
    return replace(recovery(), drills={})


def mariadb() -> Recovery:
    """A MariaDB that was drilled, its replica, and dumps of it which nobody can drill."""
    drill = Drill.model_validate(drills.mariadb(*drills.MARIADB_TOOK)["drill"])
    newest = replace(drilled(days=23), drill=drill)
    job = {**JOB, "tool": "mariadb-backup", "name": "pharmacy", "wal": []}
    dumps = {**job, "tool": "mysqldump", "name": "dumps"}
    return replace(
        finished(),
        inspection=sample.inspection((sample.host("pharmacy1", (), address="10.0.0.41"),)),
        hosts=(
            seen("pharmacy1", {"mysql": section({"instances": [MARIADB, {**MARIADB, **REPLICA}]})}),
            seen("backup1", {"backups": section({"jobs": [job, dumps]})}),
        ),
        drills={"pharmacy": (newest, newest)},
        schedules={("backup1", "pharmacy"): 24},
    )
