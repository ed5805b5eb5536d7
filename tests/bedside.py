"""A database server of a booted host under trial: the real collector on it, the real rules, no whole inspection."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from lab import Host
from lab.trials.trial import Trial
from maintkit.checks.facts.document import Facts
from maintkit.checks.judge import judge
from maintkit.checks.limits import default_limits
from maintkit.checks.model import Case, Check, Expected, Finding
from maintkit.checks.registry import expected_on

BUNDLE = Path(__file__).parents[1] / "plugins" / "module_utils" / "collector" / "bundle.py"
WELL = ("ok", "skipped", "not-applicable")


@dataclass
class Bedside:
    """The host, the collector for its one instance, what is expected of it, and what the last look saw."""

    host: Host
    script: str
    expected: Expected
    section: str
    last: Facts | None = field(default=None)

    @property
    def checks(self) -> tuple[Check, ...]:
        """The checks of a deep inspection that this server is held to."""
        return tuple(one for one in expected_on(self.expected, deep=True) if one.category == self.section)

    def look(self, trial: Trial | None = None, *, days_later: float = 0) -> tuple[Finding, ...]:
        """Collect as an inspection does, judge against the look before; what is neither well nor beside the point."""
        told = self.host.run("python3", "-I", "-S", "-", stdin=self.script).out
        facts = Facts.model_validate_json(told.partition("\n")[2])
        limits = dict(default_limits())
        for key, bounds in (trial.limits if trial else {}).items():
            limits[key] = replace(limits[key], **bounds)
        later = facts.model_copy(update={"collected_at": facts.collected_at + days_later * 86400})
        now = datetime.fromtimestamp(later.collected_at, UTC)
        case = Case(
            host=self.host.name, now=now, facts=later, previous=self.last, limits=limits, expected=self.expected
        )
        self.last = facts
        return tuple(one for one in judge(case, self.checks, facts_sha256="0" * 64) if one.status not in WELL)

    def try_out(self, trial: Trial) -> None:
        """The fault leads to its finding and to no other; undone, it leaves nothing to be found."""
        with trial.fault(self.host):
            under = self.look(trial, days_later=trial.days_later)
        after = self.look(trial)
        wanted = [one for one in under if is_of(trial, one)]
        assert wanted, said(under) or "nothing was found"
        others = said(tuple(one for one in under if one not in wanted and one.check not in trial.explains))
        assert others == "", others
        assert said(after) == "", said(after)


def collector(place: Path, section: str, instance: Mapping[str, Any]) -> str:
    """The collector's script for one instance of this section, as a deep inspection sends it."""
    parameters = place / "parameters.json"
    parameters.write_text(json.dumps({"only": [section], "deep": True, section: [instance]}))
    argv = [sys.executable, BUNDLE, "--parameters", parameters]
    return subprocess.run(argv, capture_output=True, text=True, check=True).stdout


def said(findings: tuple[Finding, ...]) -> str:
    """The findings in words, for a failure to show."""
    return "\n".join(
        f"{one.check} {one.status} {one.subject} = {one.value}: {one.conclusion_zh or one.reason}" for one in findings
    )


def is_of(trial: Trial, one: Finding) -> bool:
    """Whether a finding is the one that a trial wants; numbers within 2 %."""
    named = (one.check, one.status) == (trial.check, trial.status) and fnmatchcase(one.instance, trial.instance)
    if not named or trial.value is None or isinstance(trial.value, str):
        return named and trial.value in (None, one.value)
    return abs(float(one.value or 0) - trial.value) <= 0.02 * max(1, abs(trial.value))
