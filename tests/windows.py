"""A practice hospital in a window: plans that are made, approved and watched, and questions to its database."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lab.hospital.practice import Hospital
from lab.hospital.site import key

MAINTKIT = Path(sys.executable).with_name("maintkit")
APPROVER, SECOND, REQUESTER = "li@hospital.example", "chen@hospital.example", "zhang@provider.example"
BY_CARD = {"name": "按卡号", "database": "his", "statement": "SELECT name FROM patient WHERE card_no = 'T00000001'"}
MEASURES = [
    {"name": "按电话", "database": "his", "statement": "SELECT name FROM patient WHERE phone = '0'"},
    {"name": "写入", "database": "his", "statement": "UPDATE patient SET phone = phone"},
    {"name": "写错", "database": "his", "statement": "SELEKT 1"},
]
ASKED = {
    "reindex": {
        "databases": ["his"],
        "min_mb": 1,
        "spare_mb": 16,
        "budget": 120,
        "lock_timeout": 10,
        "measures": [BY_CARD],
    },
    "change_indexes": {
        "wanted": [
            {
                "act": "create",
                "database": "his",
                "schema": "public",
                "table": "patient",
                "name": "patient_phone",
                "columns": ["phone"],
                "reason": "按电话查询",
            },
            {
                "act": "drop",
                "database": "his",
                "schema": "public",
                "table": "patient",
                "name": "patient_twin",
                "reason": "重复",
            },
        ],
        "budget": 120,
        "spare_mb": 16,
        "old_transaction": 30,
        "lock_timeout": 10,
        "measures": MEASURES,
    },
    "vacuum": {"databases": ["his"], "budget": 120, "old_transaction": 30},
}
INDEX = "patient_card_no_key"


@dataclass(frozen=True, kw_only=True)
class Evening:
    """A running hospital and its site; every method is a command of maintkit's, or a question to the database."""

    his: Hospital
    site: Path

    def maintkit(self, *words: object) -> subprocess.CompletedProcess[str]:
        argv = [str(MAINTKIT), *map(str, words), "--site", str(self.site)]
        return subprocess.run(argv, capture_output=True, text=True, timeout=300, check=False)

    def asked(self, procedure: str = "reindex", **more: object) -> dict[str, Any]:
        """`maintkit plan PROCEDURE`, with `more` in the place of what ASKED says."""
        file = self.site / "vars.yml"
        file.write_text(json.dumps(ASKED[procedure] | more))
        words = ("--vars", file, "--reason", "索引膨胀", "--requester", REQUESTER, "--json")
        done = self.maintkit("plan", procedure, "--limit", "his-db1", *words)
        assert done.returncode == 0, done.stderr
        told: dict[str, Any] = json.loads(done.stdout)
        return told

    def approved(self, procedure: str = "reindex", **more: object) -> str:
        """A plan that two people have approved and one supervises; its id."""
        plan = str(self.asked(procedure, **more)["plan"])
        self.approve(plan)
        return plan

    def approve(self, plan: str) -> None:
        """Two people sign, and one watches."""
        for who, role in ((APPROVER, "approver"), (SECOND, "second-approver")):
            words = ("--key", key(self.site, who), "--role", role, "--window", "practice")
            signed = self.maintkit("approve", plan, *words)
            assert signed.returncode == 0, signed.stderr
        watched = self.maintkit("supervise", "in", plan, "--key", key(self.site, APPROVER))
        assert watched.returncode == 0, watched.stderr

    def sql(self, statement: str) -> str:
        words = ("runuser", "-u", "postgres", "--", "psql", "-XAtqd", "his", "-c", statement)
        return self.his.lab["his-db1"].run(*words).out.strip()

    def sizes(self) -> dict[str, int]:
        """Bytes of the indexes that are bloated below."""
        names = (INDEX, "patient_id_number_key")
        return {name: int(self.sql(f"SELECT pg_relation_size('{name}'::regclass)")) for name in names}

    def bytes(self) -> int:
        return int(self.sql(f"SELECT pg_relation_size('{INDEX}'::regclass)"))
