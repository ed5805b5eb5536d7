"""An index that was created and one that was rebuilt, with the statements that were measured before and after.

And a window that ended before all was rebuilt, or anything.
"""

from __future__ import annotations

from typing import Any

import sample_changes
from change import host, plan, step
from evening import Evening

from maintkit.plans.model import Plan

MIB = 2**20
REBUILT = {
    "action": "rebuild index",
    "target": "his: public.visit_day",
    "from": "80.0 MiB",
    "to": "9.0 MiB",
    "rollback_class": "reversible",
}
LEFT = [
    {"database": "his", "schema": "public", "name": "visit_patient",
     "why": "out of time: 412 s are predicted, 95 s are left"},
    {"database": "his", "schema": "public", "name": "bill_day",
     "why": "session 4711 of his: in a transaction since 380.2 s (psql)"},
]  # fmt: skip


def indexes() -> Plan:
    """One index to create, on a large table."""
    steps = (step("change", 90, title_zh="新建索引", target="his: public.visit_patient", before="", after="12.4 MiB"),)
    return _plan("change_indexes", "数据库索引增删", steps)


def reindex() -> Plan:
    """One index to rebuild; there is no backup."""
    steps = (
        step("change", 90, title_zh="在线重建索引", target="his: public.visit_day", before="80.0 MiB", after="9.0 MiB"),
    )
    return _plan("reindex", "数据库索引重建", steps)


def _plan(procedure: str, title: str, steps: tuple[Any, ...]) -> Plan:
    one = host("his-db1", steps=steps, packages=(), restarts=(), drained_from=(), disk=())
    return plan(sample_changes.LEDGER, hosts=(one,), batches=(("his-db1",),), procedure=procedure, title_zh=title,
                reason="按患者查询就诊记录缓慢")  # fmt: skip


def timed(cost: float | None, ms: float | None, why: str = "") -> dict[str, Any]:
    return {"cost": cost, "ms": ms, "why": why}


def changed(night: Evening) -> None:
    """What timed out before is quick now; one statement is not right, on either side."""
    wrong = timed(None, None, 'ERROR:  relation "vist" does not exist')
    table = {"bytes": 410 * MIB, "index_bytes": 96 * MIB}
    before = {
        "statements": {
            "患者的就诊": timed(52_710.5, 812.4),
            "月报": timed(981_000.0, None, "it did not end within 10 s"),
            "写错的": wrong,
        },
        "tables": {"his: public.visit": table},
    }
    after = {
        "statements": {"患者的就诊": timed(8.45, 0.061), "月报": timed(12_400.0, 950.0), "写错的": wrong},
        "tables": {"his: public.visit": table | {"index_bytes": 108 * MIB}},
    }
    night.phase("his-db1", "precheck", 4.0)
    night.phase("his-db1", "backup", 12.0, {"kept": {}, "measured": before})
    _ended(
        night, {"action": "create index", "target": "his: public.visit_patient", "from": "", "to": "12.4 MiB"}, after
    )


def rebuilt(night: Evening) -> None:
    """The figures from before come with the precheck."""
    before, after = ({"statements": {"当日就诊": timed(cost, ms)}} for cost, ms in ((310.2, 4.2), (291.0, 3.1)))
    night.phase("his-db1", "precheck", 9.0, {"measured": before})
    _ended(night, REBUILT, after)


def short(night: Evening) -> None:
    """One index was rebuilt, two were not."""
    _short(night, REBUILT)


def nothing(night: Evening) -> None:
    """The time was up before anything could be begun."""
    _short(night)


def _short(night: Evening, *steps: dict[str, str]) -> None:
    night.phase("his-db1", "precheck", 9.0)
    told = {"ended": "out of time", "remaining": LEFT, "run_items": []}
    why = f"2 not done, the first one: his: public.visit_patient: {LEFT[0]['why']}"
    night.phase("his-db1", "change", 70.0, told, steps, reason=why)
    night.phase("his-db1", "verify", 40.0)
    night.close("his-db1", "done")
    night.finish("done", {"his-db1": "done"})
    night.supervise("out")


def _ended(night: Evening, did: dict[str, str], after: dict[str, Any]) -> None:
    night.phase("his-db1", "change", 70.0, {"ended": "done"}, ({"rollback_class": "reversible"} | did,))
    night.phase("his-db1", "verify", 40.0, {"measured": after})
    night.close("his-db1", "done")
    night.finish("done", {"his-db1": "done"})
    night.supervise("out")
