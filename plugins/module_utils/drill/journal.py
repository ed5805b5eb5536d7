"""What a drill has done so far, on the host: one file, written whole after each stage, read again by every phase."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Callable
from typing import Any

from ansible_collections.maintkit.ops.plugins.module_utils.changes.place import (
    Refused,
    private,
    read_json,
    run_place,
    write,
)

SCHEMA = "maintkit.drill/1"
# In this order; the last column of the report. A stage that is not `passed` forbids that the drill passes.
STAGES = ("restore", "recover", "compare", "promote", "smoke", "amcheck", "checksums", "control", "wipe")
SERVICE = ("restore", "recover", "promote", "smoke")  # until the application could work again: the RTO
MARIADB_STAGES = (
    "restore",
    "prepare",
    "recover",
    "compare",
    "promote",
    "smoke",
    "check",
    "checksums",
    "control",
    "wipe",
)
MARIADB_SERVICE = ("restore", "prepare", "recover", "promote", "smoke")
PASSED, FAILED, NOT_RUN = "passed", "failed", "not-run"


class Journal:
    """The journal of one run: of its drill, or of another work in stages that keeps a file of its own."""

    def __init__(self, run: str, *, file: str = "drill.json", schema: str = SCHEMA) -> None:
        self.run = run
        self.file = run_place(run) / file
        self.told: dict[str, Any] = read_json(self.file) or {"schema": schema, "run": run, "stages": {}}

    def keep(self, **facts: Any) -> None:
        """Add facts of the whole drill: source, backup set, mark."""
        self.told.update(facts)
        private(self.file.parent)
        write(self.file, json.dumps(self.told))

    def stage(self, name: str) -> dict[str, Any] | None:
        """What is known of a stage; None when it was never begun."""
        found: dict[str, Any] | None = self.told["stages"].get(name)
        return found

    def passed(self, name: str) -> bool:
        """Whether a stage has ended well."""
        return (self.stage(name) or {}).get("status") == PASSED

    def perform(self, name: str, work: Callable[[], dict[str, Any]]) -> bool:
        """Do a stage unless it has ended well; whether it was done now. What failed is kept, and raised again."""
        if self.passed(name):
            return False
        began = time.monotonic()
        # A stage that is taken up again has gone on meanwhile: its time counts from when it was first begun.
        first = (self.stage(name) or {}).get("at") or time.time()
        self._keep_stage(name, {"status": NOT_RUN, "said": "begun, and no end of it is known", "at": first})
        try:
            facts = work()
        except Refused as refused:
            self._keep_stage(name, {"status": FAILED, "said": str(refused)}, began)
            raise
        except (OSError, subprocess.SubprocessError) as error:
            self._keep_stage(name, {"status": FAILED, "said": str(error)}, began)
            raise Refused(f"{name}: {error}") from error
        self._keep_stage(name, {"status": PASSED, "said": "", **facts}, began)
        return True

    def forget(self, name: str) -> None:
        """Let a stage be done again, whatever was told of it."""
        self.told["stages"].pop(name, None)

    def skip(self, name: str, why: str) -> None:
        """A stage that cannot run here: it is told, and forbids that the drill passes."""
        self._keep_stage(name, {"status": NOT_RUN, "said": why, "at": time.time(), "took_ms": 0})

    def _keep_stage(self, name: str, told: dict[str, Any], began: float | None = None) -> None:
        before = self.stage(name) or {}
        took = {}
        if began is not None:
            at = before.get("at") or time.time()
            took = {"took_ms": round(max(time.monotonic() - began, time.time() - at) * 1000), "at": at}
        self.told["stages"][name] = {**told, **took}
        self.keep()


def stages_of(told: dict[str, Any]) -> tuple[str, ...]:
    """The stages of a drill, by the engine of its source."""
    return MARIADB_STAGES if told.get("engine") == "mariadb" else STAGES


def measured(told: dict[str, Any]) -> dict[str, Any]:
    """`rto_s` from the stages until the application could work again, `rpo_s` from what was not archived at the mark.

    None where a part was not measured: half a measurement is none.
    """
    service = MARIADB_SERVICE if told.get("engine") == "mariadb" else SERVICE
    stages = [told["stages"].get(name, {}) for name in service]
    whole = all(one.get("status") == PASSED for one in stages)
    rto_s = round(sum(one["took_ms"] for one in stages) / 1000, 1) if whole else None
    return {"rto_s": rto_s, "rpo_s": (told.get("mark") or {}).get("unarchived_s")}


def shortcomings(told: dict[str, Any], *, rto_s: float, rpo_s: float) -> list[str]:
    """Why the drill has not passed, in words; empty when it has. 0: nothing is promised."""
    found = []
    for name in stages_of(told):
        one = told["stages"].get(name) or {"status": NOT_RUN, "said": ""}
        if one["status"] != PASSED:
            word = "failed" if one["status"] == FAILED else "was not run"
            found.append(f"{name} {word}{': ' if one['said'] else ''}{one['said']}")
    # Of a drill that was to start the application, too.
    started = (told["stages"].get("application") or {"status": NOT_RUN, "said": ""}) if told.get("application") else {}
    if started and started["status"] != PASSED:
        word = "failed" if started["status"] == FAILED else "was not run"
        found.append(f"application {word}{': ' if started['said'] else ''}{started['said']}")
    got = measured(told)
    for word, promised, value in (("RTO", rto_s, got["rto_s"]), ("RPO", rpo_s, got["rpo_s"])):
        if promised and value is None:
            found.append(f"the {word} was not measured, {promised:g} s are promised")
        elif promised and value > promised:
            found.append(f"the {word} was {value:g} s, {promised:g} s are promised")
    return found
