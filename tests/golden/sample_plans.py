"""What the plans for the bad day are drawn from: a contract, three hosts, two backup jobs of which one was drilled."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from sample_inspections import digest, written
from sample_lists import item

import maintkit.contract
from maintkit.contract.contract import Contract
from maintkit.documents.parts.readiness.ready import Contact, Job, Machine, Ready
from maintkit.evidence.drilled import Drilled, JobSeen

TEMPLATE = Path(maintkit.contract.__file__).parent / "templates" / "contract.yml"
AT = datetime(2026, 11, 28, 16, 20, tzinfo=UTC)
PROMISED = (
    {"system": "his", "rto": "2 h", "rpo": "15 min", "backups": ["his"]},
    {"system": "emr", "rto": "4 h", "rpo": "15 min", "after": ["his"]},
)
STAGES = (
    ("restore", 24.1), ("recover", 9.9), ("compare", 30.2), ("promote", 2.4), ("smoke", 1.1), ("amcheck", 41.0),
    ("checksums", 8.3), ("control", 12.9), ("wipe", 1.0),
)  # fmt: skip


@cache
def template() -> dict[str, Any]:
    told: dict[str, Any] = yaml.safe_load(TEMPLATE.read_text(encoding="utf-8"))
    return told


def contract(*promised: dict[str, Any]) -> Contract:
    told = template() | {"systems": ["his", "emr", "pharmacy"], "recovery": {"systems": list(promised)}}
    return Contract.model_validate(told)


def drilled(run: str = "C20261128-1", **changes: Any) -> Drilled:
    had = Drilled(run=run, at=AT, passed=True, rto_s=37.5, rpo_s=41.2, size=2_317_901_022, stages=STAGES,
                  seq=812, hash=digest(run))  # fmt: skip
    return replace(had, **changes)


def seen(name: str, **changes: Any) -> JobSeen:
    had = JobSeen(name=name, host=f"{name}-db1", at=AT, last=AT.replace(hour=1), status="ok", off_host=True,
                  repositories=2)  # fmt: skip
    return replace(had, **changes)


def ready(**changes: Any) -> Ready:
    """Nobody has filled anything in; the second system's job was never drilled and has no copy elsewhere."""
    had = Ready(
        contract=contract(*PROMISED),
        contract_sha256=digest("contract.yml"),
        number="HT-2026-001",
        inspection="20261124-1",
        head=digest("head 20261124-1"),
        at=AT,
        machines=(
            Machine(name="his-app1", address="10.1.2.11", systems=("his",), os="Debian GNU/Linux 12 (bookworm)",
                    services=("nginx.service", "his.service")),
            Machine(name="his-db1", address="10.1.2.21", systems=("his", "emr"), os="Debian GNU/Linux 12 (bookworm)",
                    services=("postgresql@15-main.service",)),
            Machine(name="emr-db1", address="10.1.2.31", systems=("emr",), os="", services=()),
        ),
        jobs=(
            Job(name="his", tool="pgbackrest", every_h=24, systems=("his",), seen=seen("his"), drills=(drilled(),)),
            Job(name="emr", tool="pgbackrest", every_h=24, systems=("emr",), seen=seen("emr", off_host=False),
                drills=()),
        ),
        contacts=(
            Contact(side="某市第一人民医院", name="李主任", role="信息科主任", phone="010-00000001",
                    email="xxk@hospital.example"),
            Contact(side="某某医疗信息技术有限公司", name="李强", role="项目经理", phone="", email="",
                    registered=(item("manager-1", 5, from_="王经理", to="李强"),)),
            Contact(side="其他", name="存储厂商热线", role="存储与服务器", phone="400-000-0001", email=""),
        ),
        judged={},
    )  # fmt: skip
    return replace(had, **changes)


def filled(*blanks: str, **changes: Any) -> Ready:
    """Every blank is written, every job was drilled in time and has its copy, every system its promise."""
    promised = (*PROMISED, {"system": "pharmacy", "rto": "8 h", "rpo": "24 h", "backups": ["his"]})
    jobs = (
        Job(name="his", tool="pgbackrest", every_h=24, systems=("his", "pharmacy"), seen=seen("his"),
            drills=(drilled("C20260828-1", passed=False), drilled())),
        Job(name="emr", tool="pgbackrest", every_h=24, systems=("emr",), seen=seen("emr"),
            drills=(drilled("C20261128-2"),)),
    )  # fmt: skip
    machines = (*ready().machines, Machine(name="ph1", address="10.1.2.41", systems=("pharmacy",), os="", services=()))
    judged = {blank: written(f"按医院规定执行（{blank}）", "李主任", AT) for blank in blanks}
    return ready(**({"contract": contract(*promised), "jobs": jobs, "machines": machines, "judged": judged} | changes))
