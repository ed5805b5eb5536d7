"""Every check against its case files, tests/cases/<check id>/*.json.

A case names only what matters: a section's `data` is laid over that of tests/cases/healthy.json (mappings merge, lists
replace), and a section that the case does not name is not in the document. `findings` is the exact list, in order:
instance ("" when left out), status, and value, previous, delta and reason where the case gives them; `says` are pieces
of its conclusion and advice that must be there, `silent` such that must not. `now` is the controller's clock, by
default the moment the facts came; `previous` lies 30 days back unless it has a `collected_at`.
"""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from chinese import english_in, field_in
from pydantic import TypeAdapter

from maintkit.checks.facts.document import Facts
from maintkit.checks.judge import judge
from maintkit.checks.limits import default_limits
from maintkit.checks.model import Case, Check, Expected, Finding
from maintkit.checks.registry import all_checks, check
from maintkit.documents.reasons import reason

CASES = Path(__file__).parents[2] / "cases"
HEALTHY = json.loads((CASES / "healthy.json").read_text("utf-8"))
FILES = sorted(path for path in CASES.glob("*/*.json"))
MONTH_S = 30 * 86400
MATTERS = {"warn", "crit"}


def laid_over(below: Any, above: Any) -> Any:
    """`above` over `below`: mappings merge, everything else replaces."""
    if isinstance(below, dict) and isinstance(above, dict):
        return below | {key: laid_over(below.get(key), value) for key, value in above.items()}
    return above


def section_of(name: str, written: dict[str, Any]) -> dict[str, Any]:
    """A whole section from what the case writes of it."""
    if written.get("status", "ok") != "ok":
        return written
    healthy = {"status": "ok", "how": [f"/proc/{name}"], "took_ms": 1, "data": HEALTHY["sections"][name]}
    return laid_over(healthy, written)


def facts_of(written: dict[str, Any], collected_at: float) -> Facts:
    """A whole document from what the case writes of it."""
    frame = {key: value for key, value in HEALTHY.items() if key != "sections"} | {"collected_at": collected_at}
    sections = {name: section_of(name, section) for name, section in written.get("sections", {}).items()}
    return Facts.model_validate(laid_over(frame, written) | {"sections": sections})


def case_of(written: dict[str, Any]) -> Case:
    """What the check is asked to judge."""
    facts = facts_of(written["facts"], HEALTHY["collected_at"])
    previous = written.get("previous")
    limits = dict(default_limits())
    for key, bounds in written.get("limits", {}).items():
        limits[key] = replace(limits[key], **bounds)
    return Case(
        host="db1",
        now=datetime.fromtimestamp(written.get("now", facts.collected_at), UTC),
        facts=facts,
        previous=facts_of(previous, facts.collected_at - MONTH_S) if previous is not None else None,
        limits=limits,
        expected=TypeAdapter(Expected).validate_python(written.get("expected", {})),
        last_drills=TypeAdapter(dict[str, datetime]).validate_python(written.get("last_drills", {})),
    )


def read(path: Path) -> dict[str, Any]:
    """The case file."""
    written: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return written


def findings_of(path: Path) -> tuple[Finding, ...]:
    """What the check named by the folder finds in the case."""
    return judge(case_of(read(path)), [check(path.parent.name)], facts_sha256="0" * 64)


def kinds_of(path: Path, subject: Check) -> set[str]:
    """What a case shows of its check, from its content."""
    written = read(path)
    statuses = {finding["status"] for finding in written["findings"]}
    sections = written["facts"].get("sections", {})
    kinds = set()
    if statuses & MATTERS or (not subject.needs and statuses == {"manual"}):
        kinds.add("fires")
    if "ok" in statuses and not statuses & MATTERS:
        kinds.add("does not fire")
    if any(need not in sections for need in subject.needs) and statuses == {"unknown"}:
        kinds.add("fact missing")
    needed = [sections[need] for need in subject.needs if need in sections]
    if "unknown" in statuses and any(one.get("status") == "denied" or one.get("withheld") for one in needed):
        kinds.add("privilege missing")
    return kinds


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_check_finds_exactly_what_its_case_says(path: Path) -> None:
    """Every finding is as the case lists it, and there are none more and none less."""
    expected = read(path)["findings"]
    found = findings_of(path)
    assert [(one.instance, one.status) for one in found] == [
        (one.get("instance", ""), one["status"]) for one in expected
    ]
    for one, wanted in zip(found, expected, strict=True):
        for name in ("value", "previous", "delta", "reason"):
            if name in wanted:
                assert getattr(one, name) == wanted[name], (one.instance, name)
        text = one.conclusion_zh + one.remedy_zh
        assert [piece for piece in wanted.get("says", ()) if piece not in text] == [], text
        assert [piece for piece in wanted.get("silent", ()) if piece in text] == [], text


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_finding_says_what_its_status_owes(path: Path) -> None:
    """An abnormal finding has a conclusion and advice in Chinese; any other status but ok has its reason."""
    for one in findings_of(path):
        assert bool(one.conclusion_zh and one.remedy_zh) == (one.status in MATTERS), one
        assert bool(one.reason) == (one.status not in MATTERS | {"ok"}), one


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_reason_is_one_that_records_say_in_chinese(path: Path) -> None:
    """A record for the hospital holds no English sentence but what a host itself has said."""
    for one in findings_of(path):
        assert (english_in(reason(one.reason)), field_in(reason(one.reason))) == ("", ""), one.reason


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_evidence_is_in_the_words_of_the_host_not_of_python(path: Path) -> None:
    """It stands in the record under 原始依据, where None or True mean nothing to a reader."""
    for one in findings_of(path):
        assert not re.search(r"\b(?:None|True|False)\b", one.evidence.excerpt if one.evidence else "")


@pytest.mark.parametrize("subject", all_checks(), ids=lambda subject: subject.id)
def test_every_check_has_the_cases_that_prove_it(subject: Check) -> None:
    """It fires, it does not fire, its fact is missing, its privilege is missing."""
    shown = {kind for path in FILES if path.parent.name == subject.id for kind in kinds_of(path, subject)}
    wanted = {"fires", "does not fire", "fact missing", "privilege missing"} if subject.needs else {"fires"}
    assert wanted <= shown


def test_every_folder_of_cases_belongs_to_a_check() -> None:
    """A folder that is misspelled would prove nothing, silently."""
    assert {path.parent.name for path in FILES} <= {subject.id for subject in all_checks()}
