"""How long the ledger's readers take after three years: 200 hosts, inspected weekly, a change a week, two faults.

    .venv/bin/python benchmarks/three_years.py [--hosts 200] [--weeks 156] [--keep DIRECTORY]

This machine is inspected once, for real. Its facts and findings stand for every host and week: host, event, the fill
of its filesystems and its memory differ, everything else is what the collector told. They are entered through the
ledger itself, at the instants of their weeks. Then each command runs as a user runs it; wall seconds and peak MiB,
median of three.
"""

from __future__ import annotations

import argparse
import copy
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "tests"))
from sites import MAINTKIT, make_site  # noqa: E402  # the tests' own sites

from maintkit.clock import FixedClock, to_text  # noqa: E402
from maintkit.evidence.entry import Draft  # noqa: E402
from maintkit.evidence.figures import figures_of  # noqa: E402
from maintkit.evidence.ledger import Ledger  # noqa: E402
from maintkit.evidence.redact import Redactor  # noqa: E402
from maintkit.evidence.space import fills_of  # noqa: E402
from maintkit.settings import load_settings  # noqa: E402

COMMANDS = (
    ("due",),
    ("incident", "list"),
    ("incident", "export", "--format", "json"),
    ("trend", "show"),
    ("report", "--list"),
    ("trend", "series"),
    ("trend", "baseline"),
    ("report", "health", "--format", "docx"),
    ("report", "inspection", "--format", "docx"),
    ("ledger", "verify"),
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--hosts", type=int, default=200)
    parser.add_argument("--weeks", type=int, default=156)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--keep", type=Path, help="Where to leave the site; one that is there is measured again.")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="maintkit-benchmark-") as place:
        site = (arguments.keep or Path(place)) / "site"
        if not site.exists():
            fill(site, arguments.hosts, arguments.weeks)
        size = sum(file.stat().st_size for file in (site / "ledger").iterdir()) / 2**20
        print(f"ledger: {size:.0f} MiB\n\n| command | wall s | peak MiB | exit code |\n|---|---|---|---|", flush=True)
        for words in COMMANDS:
            measured = [measure(site, words) for _ in range(arguments.repeat)]
            wall, peak = (statistics.median(one[name] for one in measured) for name in ("wall_s", "peak_mib"))
            print(f"| {' '.join(words)} | {wall:.1f} | {peak:.0f} | {measured[0]['code']} |", flush=True)


def measure(site: Path, words: tuple[str, ...]) -> dict[str, Any]:
    argv = [sys.executable, ROOT / "benchmarks" / "measure.py", MAINTKIT, *words, "--site", site]
    done = subprocess.run(argv, check=True, capture_output=True, text=True, timeout=1800)
    told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return told


def fill(site: Path, hosts: int, weeks: int) -> None:
    """A site whose ledger has all these inspections and faults."""
    names = [f"host{number:03d}" for number in range(hosts)]
    make_site(site, {"all": {"hosts": {"this": {"ansible_connection": "local"}}}})
    # Whatever it finds on this machine is told by its exit code.
    inspect = [MAINTKIT, "inspect", "--site", site, "--deep", "--engineer", "benchmark"]
    subprocess.run(inspect, check=False, capture_output=True)
    settings = load_settings(site)
    seed = read(settings.ledger_url)
    (site / "ledger" / "ledger.db").unlink()
    now = datetime.now(UTC).replace(microsecond=0)
    clock = FixedClock(at=now - timedelta(days=7 * weeks + 1))
    contract = site / "contract.yml"
    start = clock.at.date()
    text = contract.read_text(encoding="utf-8").replace("2025-12-20", f"{start - timedelta(days=30)}")
    text = text.replace("start: 2026-01-01", f"start: {start}").replace("2026-12-31", f"{now.date()}")
    contract.write_text(text, encoding="utf-8")
    with Ledger.create(settings.ledger_url, clock=clock, redactor=Redactor()) as ledger:
        for week in range(weeks):
            clock.at = now - timedelta(days=7 * (weeks - week))
            for draft in one_week(ledger, seed, names, week):
                ledger.append_all(draft)
            ledger.append_all(list(change(f"C{clock.at:%Y%m%d}-1", names[week % hosts])))
            for hours in (20, 160):
                clock.at += timedelta(hours=hours - 20 if hours > 20 else hours)
                ledger.append_all(list(incident(clock.at, f"I{clock.at:%Y%m%d}-1", names[week % hosts])))


@dataclass(frozen=True, kw_only=True)
class Seed:
    """What a real inspection of this machine wrote."""

    started: Mapping[str, Any]
    collected: Mapping[str, Any]
    facts: Mapping[str, Any]
    judged: Mapping[str, Any]
    finished: Mapping[str, Any]


def read(url: str) -> Seed:
    with Ledger.open(url, clock=FixedClock(at=datetime.now(UTC)), redactor=Redactor(), read_only=True) as ledger:
        bodies = {entry.kind: entry.body for entry in ledger.entries()}
        facts = json.loads(ledger.attachment(bodies["facts.collected"]["facts"]))
    return Seed(
        started=bodies["inspection.started"],
        collected=bodies["facts.collected"],
        facts=facts,
        judged=bodies["host.judged"],
        finished=bodies["inspection.finished"],
    )


def one_week(ledger: Ledger, seed: Seed, names: list[str], week: int) -> Iterator[list[Draft]]:
    """The entries of one inspection, some transactions of them; every thirteenth is a deep one."""
    run = f"{ledger.clock.now():%Y%m%d}-1"
    said = seed.started["hosts"]["this"]
    body = seed.started | {"deep": week % 13 == 0, "inventory_size": len(names), "hosts": dict.fromkeys(names, said)}
    yield [Draft(kind="inspection.started", body=body, run=run)]
    for number, name in enumerate(names):
        facts = copy.deepcopy(dict(seed.facts))
        facts["host"] = name
        for mount in facts["sections"]["filesystems"]["data"]["mounts"]:
            if isinstance(mount.get("used_bytes"), int):
                mount["used_bytes"] += week * (number + 1) * 2**20
        memory = facts["sections"]["memory"]["data"]
        memory["available_bytes"] = max(0, memory["available_bytes"] - week * (number + 1) * 2**14)
        kept = ledger.seal(json.dumps(facts).encode())
        findings = [
            finding | {"host": name, "event": _event(finding, run, number)} for finding in seed.judged["findings"]
        ]
        collected = seed.collected | {"facts": kept.sha256, "fills": fills_of(facts), "figures": figures_of(facts)}
        yield [
            Draft(kind="facts.collected", body=collected, run=run, subject=name, attachments=(kept,)),
            Draft(kind="host.judged", body=seed.judged | {"findings": findings}, run=run, subject=name),
        ]
    yield [Draft(kind="inspection.finished", body=seed.finished, run=run)]


def _event(finding: Mapping[str, Any], run: str, number: int) -> str | None:
    return f"{run}-{number + 1:03d}" if finding["event"] else None


def change(run: str, host: str) -> Iterator[Draft]:
    """A change of one host that was done; of its entries those that say when and where."""
    begun = {"procedure": "restart", "hosts": [host], "engineer": "王工", "ground": "approved"}
    yield Draft(kind="change.started", body=begun, run=run, subject=f"P{run}")
    yield Draft(kind="host.closed", body={"state": "done"}, run=run, subject=host)
    yield Draft(kind="change.finished", body={"verdict": "done"}, run=run, subject=f"P{run}")


def incident(at: datetime, name: str, host: str) -> Iterator[Draft]:
    """A fault from the report to its end."""
    steps: list[tuple[str, dict[str, Any]]] = [
        ("opened", {"channel": "电话", "reporter": "李主任", "department": "门诊", "systems": ["HIS"], "hosts": [host],
                    "run": None, "text": "挂号变慢"}),
        ("triaged", {"level": "P3", "rule": "slow-or-non-core", "scope": "department", "kind": "degraded",
                     "severity": "ordinary", "stopped_minutes": 0, "urgent": False, "agreed_by": "", "text": ""}),
        *((verb, {"text": "已处理"}) for verb in ("acknowledged", "progressed", "resolved", "feedback", "closed")),
    ]  # fmt: skip
    for number, (verb, body) in enumerate(steps):
        told = body | {"by": "王工", "at": to_text(at - timedelta(hours=2) + timedelta(minutes=10 * number))}
        yield Draft(kind=f"incident.{verb}", body=told, subject=name)


if __name__ == "__main__":
    os.environ.setdefault("ANSIBLE_LOCALHOST_WARNING", "False")
    main()
