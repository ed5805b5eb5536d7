"""A host's findings as they are written down."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from typing import Any

from maintkit.checks.model import Finding
from maintkit.clock import to_text


def finding_json(finding: Finding) -> dict[str, Any]:
    """A finding as `host.judged` holds it (docs/ledger-entries.md)."""
    body = dataclasses.asdict(finding)
    body["collected_at"] = to_text(finding.collected_at) if finding.collected_at else None
    body["first_seen"] = to_text(finding.first_seen) if finding.first_seen else None
    if finding.waiver is not None:
        body["waiver"] = {"who": finding.waiver.who, "why": finding.waiver.why, "until": to_text(finding.waiver.until)}
    if finding.evidence is not None:
        body["evidence"]["how"] = list(finding.evidence.how)
    return body


def worst(findings: Iterable[Finding]) -> str:
    """The status that a person should see first."""
    order = ("crit", "warn", "error", "unknown", "ok")
    present = {finding.status for finding in findings}
    return next((status for status in order if status in present), "ok")
