"""Trials on booted hosts: faults injected side by side, one inspection over all of them, and what it must find."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import yaml
from sites import MAINTKIT, make_site

from lab import Host, Lab
from lab.trials.trial import Trial

ABNORMAL = frozenset({"warn", "crit", "unknown", "error"})
Finding = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What one inspection said: of each host the findings that are neither well nor beside the point."""

    coverage: Mapping[str, Any]
    findings: Sequence[Finding]

    def of(self, host: str) -> list[Finding]:
        return [one for one in self.findings if one["subject"].partition("/")[0] == host and one["status"] in ABNORMAL]


@dataclass
class Ward:
    """Hosts under inspection: a site of a lab, inspected before anything was wrong.

    Each further inspection starts from that state again: it knows of no other, whatever was injected in between.
    """

    made: Lab
    place: Path
    declared: Mapping[str, Any]
    scope: str = "all"
    site: Path = field(init=False)

    def __post_init__(self) -> None:
        self.site = make_site(self.place / "site", json.loads(self.made.inventory.read_text()))
        services = yaml.safe_load((self.site / "services.yml").read_text())
        (self.site / "services.yml").write_text(json.dumps({**services, **self.declared}))

    def observe(self) -> Seen:
        """Inspect, and keep it: what comes after is compared with this."""
        return self._inspect(self.site)

    def look(self) -> Seen:
        """Inspect on a copy of the site."""
        copy = self.place / "copy"
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(self.site, copy)
        return self._inspect(copy)

    def try_out(self, trials: Mapping[str, Trial]) -> tuple[Seen, Seen]:
        """Inject a fault a host, inspect, undo all of them, inspect again: what was found under and after them."""
        with _injected({self.made[name]: trial for name, trial in trials.items()}):
            under = self.look()
        return under, self.look()

    def _inspect(self, site: Path) -> Seen:
        command = [MAINTKIT, "inspect", "--json", "--site", site, "--limit", self.scope]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode in (0, 10, 11, 12, 13), done.stdout + done.stderr
        told = json.loads(done.stdout)
        return Seen(coverage=told["coverage"], findings=told["findings"])


def wrong(trial: Trial, host: str, under: Seen, after: Seen, *, known: Sequence[str] = ()) -> list[str]:
    """What the inspection said otherwise than the trial wants, a line each; `known` checks complain without it."""
    wanted = [one for one in under.of(host) if _is(trial, host, one)]
    others = [one for one in under.of(host) if one not in wanted and one["check"] not in (*trial.explains, *known)]
    lines = [] if wanted else [f"{trial.words}: no {trial.check} {trial.status} of {trial.instance or host!r}"]
    lines += [f"{trial.words}: also {_line(one)}" for one in others]
    lines += [] if wanted else [f"{trial.words}: found {_line(one)}" for one in under.of(host)]
    return lines + [
        f"{trial.words}: undone, and still {_line(one)}" for one in after.of(host) if one["check"] not in known
    ]


def said(findings: Iterable[Finding]) -> str:
    return "\n".join(map(_line, findings))


def _is(trial: Trial, host: str, one: Finding) -> bool:
    subject = f"{host}/{trial.instance}" if trial.instance else host
    named = one["check"] == trial.check and one["status"] == trial.status and fnmatchcase(one["subject"], subject)
    if not named or trial.value is None or isinstance(trial.value, str):
        return named and trial.value in (None, one["value"])
    return abs(float(one["value"]) - trial.value) <= 0.02 * max(1, abs(trial.value))


def _line(one: Finding) -> str:
    words = one["conclusion_zh"] or one["reason"]
    return f"{one['check']} {one['status']} {one['subject']} = {one['value']}: {words}"


@contextmanager
def _injected(trials: Mapping[Host, Trial]) -> Iterator[None]:
    """All at once, and whatever happens all are undone that were injected."""
    with ThreadPoolExecutor(max_workers=len(trials)) as pool:
        entering = [pool.submit(_enter, trial, host) for host, trial in trials.items()]
        try:
            for one in entering:
                one.result()
            yield
        finally:
            list(pool.map(ExitStack.close, [one.result() for one in entering if one.exception() is None]))


def _enter(trial: Trial, host: Host) -> ExitStack:
    entered = ExitStack()
    entered.enter_context(trial.fault(host))
    return entered
