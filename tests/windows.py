"""A practice hospital in a window: plans that are made, approved and watched, and questions to its database."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass

from office import Engineer

from lab.hospital.practice import Hospital

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
class Evening(Engineer):
    """A running hospital and its site; every method is a command of maintkit's, or a question to the database."""

    his: Hospital

    def asked(self, procedure: str = "reindex", **more: object) -> subprocess.CompletedProcess[str]:
        """`maintkit plan PROCEDURE`, with `more` in the place of what ASKED says."""
        return self.proposed(procedure, "his-db1", ASKED[procedure] | more, reason="索引膨胀")

    def approved(self, procedure: str = "reindex", **more: object) -> str:
        """A plan that two people have approved and one supervises; its id."""
        return self.signed(self.asked(procedure, **more))

    def sql(self, statement: str) -> str:
        words = ("runuser", "-u", "postgres", "--", "psql", "-XAtqd", "his", "-c", statement)
        return self.his.lab["his-db1"].run(*words).out.strip()

    def sizes(self) -> dict[str, int]:
        """Bytes of the indexes that are bloated below."""
        names = (INDEX, "patient_id_number_key")
        return {name: int(self.sql(f"SELECT pg_relation_size('{name}'::regclass)")) for name in names}

    def bytes(self) -> int:
        return int(self.sql(f"SELECT pg_relation_size('{INDEX}'::regclass)"))
