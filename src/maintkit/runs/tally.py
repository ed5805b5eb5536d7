"""What the findings of an inspection come to, counted as its hosts are judged."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from maintkit.checks.model import Finding


@dataclass(kw_only=True)
class Tally:
    """What a duty asks of an inspection, so that nobody has to read the findings of every host again."""

    counts: Counter[str] = field(default_factory=Counter)
    looked: dict[str, Counter[str]] = field(default_factory=dict)  # by check
    critical: list[dict[str, str]] = field(default_factory=list)

    def add(self, findings: Iterable[Finding]) -> None:
        """Those of one host."""
        for finding in findings:
            self.counts[finding.status] += 1
            self.looked.setdefault(finding.check, Counter())[finding.status] += 1
            if finding.status == "crit" and finding.event:
                self.critical.append({"event": finding.event, "check": finding.check, "subject": finding.subject})

    def body(self, *, deep: bool) -> dict[str, Any]:
        """As `inspection.finished` holds it (docs/ledger-entries.md); `rows` for people are of a deep one."""
        return {
            "counts": dict(self.counts),
            "checks": {check: dict(counts) for check, counts in sorted(self.looked.items())},
            "critical": self.critical,
            **({"rows": self.counts["manual"]} if deep else {}),
        }
