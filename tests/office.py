"""A site as an engineer works in it: every method is a command of maintkit's, on real hosts."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, ClassVar

from sites import MAINTKIT, make_site

from lab import Lab
from lab.hospital.site import appoint, key, open_window

APPROVER, SECOND, REQUESTER = "li@hospital.example", "chen@hospital.example", "zhang@provider.example"
QUICK = {"checks": 1, "interval": 0.5, "settle": 3}


@dataclass(frozen=True, kw_only=True)
class Engineer:
    """Somebody at work at a site, and those who sign: every method is a command of maintkit's."""

    site: Path
    timeout_s: ClassVar[float] = 300

    def argv(self, *words: object) -> list[str]:
        return [str(MAINTKIT), *map(str, words), "--site", str(self.site)]

    def maintkit(self, *words: object) -> subprocess.CompletedProcess[str]:
        return subprocess.run(self.argv(*words), capture_output=True, text=True, timeout=self.timeout_s, check=False)

    def told(self, *words: object) -> Any:
        """What a command that must succeed says with --json."""
        done = self.maintkit(*words, "--json")
        assert done.returncode == 0, done.stdout + done.stderr
        return json.loads(done.stdout)

    def proposed(
        self, procedure: str, limit: str, parameters: Mapping[str, Any], *, reason: str = "试验"
    ) -> subprocess.CompletedProcess[str]:
        """`maintkit plan PROCEDURE`; its JSON, or why there is no plan."""
        file = self.site / "vars.yml"
        file.write_text(json.dumps(parameters))
        words = ("--vars", file, "--reason", reason, "--requester", REQUESTER, "--json")
        return self.maintkit("plan", procedure, "--limit", limit, *words)

    def approve(self, plan: str) -> None:
        """Two people sign, and one watches."""
        for who, role in ((APPROVER, "approver"), (SECOND, "second-approver")):
            words = ("--key", key(self.site, who), "--role", role, "--window", "practice")
            done = self.maintkit("approve", plan, *words)
            assert done.returncode == 0, done.stderr
        done = self.maintkit("supervise", "in", plan, "--key", key(self.site, APPROVER))
        assert done.returncode == 0, done.stderr

    def signed(self, proposed: subprocess.CompletedProcess[str]) -> str:
        """The plan that was proposed, which may run now; its id."""
        assert proposed.returncode == 0, proposed.stdout + proposed.stderr
        plan = str(json.loads(proposed.stdout)["plan"])
        self.approve(plan)
        return plan

    def run(self) -> dict[str, Any]:
        """The newest run."""
        found: list[dict[str, Any]] = self.told("status")
        return found[0]

    def page(self, *words: object) -> str:
        """A document as its HTML."""
        return Path(self.told("report", *words, "--format", "html")["written"][0]).read_text()


@dataclass(frozen=True, kw_only=True)
class Office(Engineer):
    """A lab and its site, with a window that is open and people who sign."""

    lab: Lab

    def plan(self, procedure: str, **parameters: Any) -> str:
        """A plan for h1; its id."""
        done = self.proposed(procedure, "h1", {**QUICK, **parameters})
        assert done.returncode == 0, done.stdout + done.stderr
        return str(json.loads(done.stdout)["plan"])

    def approved(self, procedure: str, **parameters: Any) -> str:
        """A plan that may run."""
        plan = self.plan(procedure, **parameters)
        self.approve(plan)
        return plan

    def urgent(self, procedure: str, **parameters: Any) -> str:
        """A plan that may run without approval."""
        plan = self.plan(procedure, **parameters)
        done = self.maintkit("emergency", plan, "--by", REQUESTER, "--reason", "主机内存耗尽，等待将停诊")
        assert done.returncode == 0, done.stderr
        return plan


def office(made: Lab, place: Path) -> Office:
    """A fresh site of the lab's hosts in `place`."""
    site = make_site(place, json.loads(made.inventory.read_text()))
    open_window(site / "contract.yml", timedelta(hours=4))
    appoint(site)
    return Office(lab=made, site=site)
