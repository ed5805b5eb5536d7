"""The bodies of an inspection of one host with one finding, as the ledger holds them."""

from __future__ import annotations

from typing import Any

STARTED: dict[str, Any] = {
    "deep": False, "engineer": "李工", "scope": None, "inventory_size": 1, "period_from": None, "version": "1",
    "carried": False, "simulated": False,
    "hosts": {"his1": {"groups": [], "systems": ["HIS"], "address": "", "checks": ["disk.space"]}},
}  # fmt: skip
FINDING: dict[str, Any] = {
    "check": "disk.space", "title_zh": "磁盘使用率", "host": "his1", "instance": "/", "category": "host",
    "status": "ok", "value": 40, "unit": "%", "limit": None, "previous": None, "delta": None, "evidence": None,
    "collected_at": None, "took_ms": 1, "reason": "", "conclusion_zh": "", "remedy_zh": "", "first_seen": None,
    "event": None, "waiver": None, "waived_status": None,
}  # fmt: skip
