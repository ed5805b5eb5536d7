"""How a duty stands by a contract that a test makes of the template."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import yaml

import maintkit.contract
from maintkit.contract.contract import Contract
from maintkit.contract.due import Standing, due
from maintkit.contract.owed import Evidence, Seen
from maintkit.contract.workdays import Calendar

TEMPLATE = Path(maintkit.contract.__file__).parent / "templates" / "contract.yml"
REPORT = {"id": "report", "rhythm": "quarterly", "within": {"span": "7 wd", "after": "deep"}}
DEEP = {"id": "deep", "rhythm": "quarterly"}


def contract(duty: dict[str, Any], *more: dict[str, Any], signed: str = "2025-12-20", **term: Any) -> Contract:
    """The template with this duty and these others alone."""
    said = yaml.safe_load(TEMPLATE.read_text(encoding="utf-8"))
    duties = [{"title_zh": "义务", "evidence": ["x"], **one} for one in (duty, *more)]
    term = {"start": "2026-01-01", "end": "2026-12-31", **term}
    return Contract.model_validate(said | {"duties": duties, "term": term, "signed": signed})


def seen(*days: str, automatic: bool = True) -> Seen:
    """Evidence of these days."""
    found = [Evidence(day=date.fromisoformat(day), source="entry 1", what="x") for day in days]
    return Seen(evidence=tuple(found), automatic=automatic)


def standing(
    made: Contract, on: str, *days: str, automatic: bool = True, ended: bool = False, **others: Seen
) -> Standing:
    """How the first duty stands on a day, with evidence of these days."""
    had = {made.duties[0].id: seen(*days, automatic=automatic), **{k.replace("_", "-"): v for k, v in others.items()}}
    return due(made, Calendar(), had, date.fromisoformat(on), ended=ended)[0]
