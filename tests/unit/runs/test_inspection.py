"""The engine of an inspection, over a real ledger; only the driver is a fake, as it alone reaches hosts."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from maintkit.checks.limits import load_limits
from maintkit.cli.init import command as init
from maintkit.clock import FixedClock
from maintkit.contract.load import Site, load_site
from maintkit.errors import ImportRefused, LedgerLocked, RunFailed
from maintkit.evidence import events, history
from maintkit.evidence.comparison import compare
from maintkit.evidence.ledger import Ledger
from maintkit.evidence.recorded import Inspection
from maintkit.evidence.redact import Redactor
from maintkit.runs.carried import Carried
from maintkit.runs.driver import CollectListener, CollectRequest, ExpectedHost, ExpectedHosts, HostResult, Parameters
from maintkit.runs.inspection import Order, inspect

START = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
GIB = 2**30


def section(data: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"status": "ok", "how": ["test"], "took_ms": 1, "data": data, **more}


def document(host: str, at: datetime, *, used: int = 40, ports: tuple[int, ...] = (22,)) -> dict[str, Any]:
    """A small document: one disk of 100 GiB with `used` GiB on it, and listening ports."""
    mount = {
        "mount": "/", "device": "/dev/sda1", "fstype": "ext4", "size_bytes": 100 * GIB, "used_bytes": used * GIB,
        "free_bytes": (100 - used) * GIB, "inodes_total": 1000, "inodes_free": 900,
    }  # fmt: skip
    listening = [{"protocol": "tcp", "address": "127.0.0.1", "port": port} for port in ports]
    return {
        "schema": "maintkit.facts/1",
        "collector": {"version": "0.1.0", "python": "3.11.7", "euid": 0, "user": "root"},
        "collected_at": at.timestamp(),
        "took_ms": 1200,
        "sections": {
            "host": section(
                {
                    "hostname": host,
                    "boot_id": "b",
                    "kernel": "6.1",
                    "arch": "x86_64",
                    "uptime_s": 9e5,
                    "booted_at": at.timestamp() - 9e5,
                    "cores": 4,
                }
            ),
            "filesystems": section({"mounts": [mount]}),
            "ports": section({"listening": listening}),
        },
    }


@dataclass
class FakeDriver:
    """Answers for the hosts it knows; the engine sees what Ansible would tell it."""

    answers: dict[str, dict[str, Any] | str]
    secrets: tuple[str, ...] = ()
    fails: Exception | None = None
    stop_after: int | None = None
    asked: dict[str, Parameters] = field(default_factory=dict)
    stopped: bool = False

    def collect(self, request: CollectRequest, listener: CollectListener, *, cancelled: Callable[[], bool]) -> None:
        del request, cancelled
        hosts = {
            name: ExpectedHost(groups=("his",), address=f"10.0.0.{number}", connection="ssh")
            for number, name in enumerate(self.answers)
        }
        self.asked = dict(
            listener.expected(
                ExpectedHosts(
                    hosts=hosts,
                    inventory_hosts=(*hosts, "lis1", "lis2"),
                    inventory_groups=("all", "his", "emr", "telemedicine", "pharmacy", "lis", "ris_pacs", "db"),
                    secrets=self.secrets,
                )
            )
        )
        for number, host in enumerate(self.asked):
            if number == self.stop_after:
                self.stopped = True
                return
            if self.fails and number == 1:
                raise self.fails
            listener.started(host)
            listener.received(result(host, self.answers[host]))


def result(host: str, answer: dict[str, Any] | str) -> HostResult:
    ok = isinstance(answer, dict)
    return HostResult(
        host=host,
        status="ok" if ok else "unreachable",
        reason="" if ok else str(answer),
        via="openssh",
        address=host,
        started_at=START.timestamp(),
        took_ms=100,
        document=answer if isinstance(answer, dict) else None,
    )


class Silent:
    def expects(self, run: str, hosts: tuple[str, ...]) -> None: ...
    def started(self, host: str) -> None: ...
    def judged(self, host: str, status: str, worst: str) -> None: ...


@dataclass
class Bench:
    """A site with its ledger, a clock that the test moves, and the inspection under test."""

    site: Site
    ledger: Ledger
    clock: FixedClock

    def inspect(self, driver: FakeDriver, *, scope: str | None = None, carried: tuple[Carried, ...] = ()) -> Inspection:
        limits = load_limits(self.site.root / "limits.yml")
        order = Order(scope=scope, deep=False, engineer="张工", carried=carried)
        return inspect(
            self.site, limits, self.ledger, driver, order,
            clock=self.clock, watcher=Silent(), cancelled=lambda: driver.stopped,
        )  # fmt: skip


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    place = tmp_path / "site"
    made = CliRunner().invoke(init, [str(place)])
    assert made.exit_code == 0, made.output
    site = load_site(place)
    clock = FixedClock(at=START)
    url = f"sqlite:///{tmp_path}/other.db"
    with Ledger.create(url, clock=clock, redactor=Redactor()) as ledger:
        yield Bench(site=site, ledger=ledger, clock=clock)


def abnormal(done: Inspection, check: str) -> list[tuple[str, str, str | None]]:
    return [(one.subject, one.status, one.event) for one in done.findings if one.check == check]


def nested(depth: int) -> list[Any]:
    """A list in a list in a list."""
    value: list[Any] = []
    for _unused in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize(
    "nonsense",
    [
        {"more": nested(700)},
        {"more": nested(5000)},
        {"took_ms": 10**400},
        {"collected_at": float("nan")},
        {"collected_at": 1e308},
        {"sections": {"memory": section({"total_bytes": 10**400, "available_bytes": 1})}},
    ],
    ids=["nested", "nested-deep", "huge", "nan", "far-future", "huge-fact"],
)
def test_a_host_that_sends_nonsense_costs_only_itself(bench: Bench, nonsense: dict[str, Any]) -> None:
    """It is counted as missed with the reason, and the others are inspected."""
    bad = document("his1", START) | nonsense
    done = bench.inspect(FakeDriver({"his1": bad, "his2": document("his2", START)}))
    assert (done.coverage.expected, done.coverage.inspected) == (2, 1)
    assert done.coverage.missed["his1"].startswith("the document ")


def test_findings_of_many_hosts_keep_once_what_they_share(bench: Bench) -> None:
    """A thousand hosts are some sixty thousand findings in memory at once."""
    done = bench.inspect(FakeDriver({name: document(name, START) for name in ("his1", "his2")}))
    first, second = (next(one for one in host.findings if one.check == "disk.space") for host in done.hosts)
    assert first.title_zh is second.title_zh
    assert first.collected_at is second.collected_at
    assert not hasattr(first, "__dict__")


def test_a_carried_result_with_nonsense_is_refused(bench: Bench, tmp_path: Path) -> None:
    """Before anything is recorded, with the file's host in the message."""
    bad = document("his1", START) | {"took_ms": 10**400, "collected_at": float("inf")}
    with pytest.raises(ImportRefused, match="his1 is not usable: the document does not fit its schema"):
        bench.inspect(
            FakeDriver({"his1": "unreachable"}), carried=(Carried(path=tmp_path / "x", host="his1", document=bad),)
        )
    assert list(bench.ledger.entries()) == []


def test_every_expected_check_of_every_expected_host_has_a_finding(bench: Bench) -> None:
    """Nothing is left out silently: not for a host that answered, and not for one that did not."""
    driver = FakeDriver({"app1": document("app1", START), "app2": "connection refused"})
    done = bench.inspect(driver)
    for host in done.hosts:
        assert {finding.check for finding in host.findings} >= set(host.checks)
        assert host.checks
    lost = [finding for finding in done.findings if finding.host == "app2"]
    assert {finding.status for finding in lost} <= {"unknown", "manual"}
    assert all("connection refused" in finding.reason for finding in lost if finding.status == "unknown")


def test_coverage_counts_from_the_inventory(bench: Bench) -> None:
    """Expected hosts come from the inventory before anyone is asked; the missed one has its reason."""
    done = bench.inspect(FakeDriver({"app1": document("app1", START), "app2": "no route to host"}), scope="app*")
    assert (done.coverage.expected, done.coverage.inspected, done.coverage.inventory_size) == (2, 1, 4)
    assert done.coverage.missed == {"app2": "no route to host"}
    assert (done.ended, done.scope, done.engineer) == ("incomplete", "app*", "张工")


def test_an_event_keeps_its_name_until_it_is_seen_well(bench: Bench) -> None:
    """First seen, still open, not looked at, still open, closed: one name, one first day."""
    full, well = document("app1", START, used=96), document("app1", START + timedelta(days=4), used=40)
    first = bench.inspect(FakeDriver({"app1": full}))
    ((subject, status, event),) = [one for one in abnormal(first, "disk.space") if one[1] != "ok"]
    assert (subject, status) == ("app1//", "crit")
    assert event is not None
    assert event.startswith("20261124-1-0")
    bench.clock.at += timedelta(days=1)
    lost = bench.inspect(FakeDriver({"app1": "timed out"}))
    assert event in compare(lost, first).unseen
    assert [one.name for one in events.open_events(bench.ledger) if one.name == event] == [event]
    bench.clock.at += timedelta(days=1)
    again = bench.inspect(FakeDriver({"app1": document("app1", START + timedelta(days=2), used=96)}))
    seen = next(one for one in again.findings if one.event == event)
    assert (seen.status, seen.first_seen) == ("crit", START)
    bench.clock.at += timedelta(days=1)
    over = bench.inspect(FakeDriver({"app1": well}))
    assert event in [one.event for one in compare(over, again).closed]
    assert event not in [one.name for one in events.open_events(bench.ledger)]
    assert events.event(bench.ledger, event).open is False


def test_drift_is_judged_against_the_facts_of_last_time(bench: Bench) -> None:
    """A port that was not there last time is found; the first inspection has nothing to compare with."""
    first = bench.inspect(FakeDriver({"app1": document("app1", START)}))
    assert {status for _, status, _ in abnormal(first, "drift.ports")} == {"skipped"}
    bench.clock.at += timedelta(days=1)
    driver = FakeDriver({"app1": document("app1", START + timedelta(days=1), ports=(22, 4444))})
    second = bench.inspect(driver)
    assert {"warn", "crit"} & {status for _, status, _ in abnormal(second, "drift.ports")}
    assert driver.asked["app1"]["since_at"] == START.timestamp()


def handle(bench: Bench, event: str, state: str) -> None:
    body = {"conclusion": "c", "handling": "h", "owner": "王工", "due": None, "state": state, "by": "张工"}
    bench.ledger.append("finding.handled", body, subject=event)


def test_a_change_stays_open_until_somebody_resolves_it(bench: Bench) -> None:
    """A new port is seen once; that the next inspection finds it there again does not make it explained."""
    days: list[tuple[int, ...]] = [(22,), (22, 4444), (22, 4444), (22, 4444), (22, 4444)]

    def day(number: int) -> Inspection:
        bench.clock.at = START + timedelta(days=number)
        return bench.inspect(FakeDriver({"app1": document("app1", bench.clock.at, ports=days[number])}))

    day(0)
    (event,) = {one.event for one in day(1).findings if one.check == "drift.ports" and one.event}
    assert event is not None
    bench.clock.at = START + timedelta(days=1, hours=6)
    bench.inspect(FakeDriver({"app1": "no route to host"}))
    standing = next(one for one in day(2).findings if one.event == event)
    assert (standing.status, standing.conclusion_zh != "") == ("warn", True)
    assert "not declared resolved" in standing.reason
    handle(bench, event, "in-progress")
    assert event in {one.event for one in day(3).findings}
    handle(bench, event, "resolved")
    before = history.latest(bench.ledger)
    over = day(4)
    assert event not in {one.event for one in over.findings}
    assert [one.event for one in compare(over, before).closed] == [event]


def test_what_happened_once_stays_open_until_it_is_handled(bench: Bench) -> None:
    """An OOM kill of last month is not settled because none came since; the host's own `ok` does not close it."""

    def day(number: int, kills: int) -> Inspection:
        bench.clock.at = START + timedelta(days=number)
        body = document("app1", bench.clock.at)
        sizes = {"total_bytes": GIB, "available_bytes": GIB // 2, "free_bytes": GIB // 2, "cached_bytes": 0}
        body["sections"]["memory"] = section({**sizes, "swap_total_bytes": 0, "swap_free_bytes": 0, "oom_kills": kills})
        return bench.inspect(FakeDriver({"app1": body}))

    def oom(done: Inspection) -> list[tuple[str, str | None]]:
        return [(one.status, one.event) for one in done.findings if one.check == "memory.oom"]

    day(0, 0)
    ((status, event),) = oom(day(1, 2))
    assert status in ("warn", "crit")
    assert event is not None
    assert oom(day(2, 2)) == [(status, event)]
    handle(bench, event, "resolved")
    assert oom(day(3, 2)) == [("ok", None)]


def test_a_matter_seen_again_after_it_was_resolved_is_a_new_one(bench: Bench) -> None:
    """Somebody said that the disk is no longer full; it still is: that is news, not an old matter."""
    full = FakeDriver({"app1": document("app1", START, used=96)})
    first = bench.inspect(full)
    event = next(one.event for one in first.findings if one.check == "disk.space" and one.event)
    assert event is not None
    handle(bench, event, "resolved")
    bench.clock.at += timedelta(days=1)
    second = bench.inspect(FakeDriver({"app1": document("app1", bench.clock.at, used=96)}))
    again = next(one for one in second.findings if one.check == "disk.space" and one.event)
    assert (again.event != event, again.first_seen) == (True, bench.clock.at)
    compared = compare(second, first)
    assert again.event in compared.new
    assert event not in [*compared.unseen, *(one.event for one in compared.closed)]


def test_its_end_says_what_every_check_came_to_and_which_critical_findings_there_are(bench: Bench) -> None:
    """Enough to tell what a duty asks of it without the findings of every host: they agree with these to the last."""
    answers: dict[str, Any] = {"app1": document("app1", START, used=99), "app2": document("app2", START)}
    done = bench.inspect(FakeDriver(answers))
    (ended,) = bench.ledger.entries(kind="inspection.finished")
    told = {(check, status): number for check, by in ended.body["checks"].items() for status, number in by.items()}
    assert told == Counter((one.check, one.status) for one in done.findings)
    bad = [one for one in done.findings if one.status == "crit"]
    assert ended.body["critical"] == [{"event": one.event, "check": one.check, "subject": one.subject} for one in bad]
    assert ("disk.space", "app1") in {(one.check, one.host) for one in bad}


def test_a_cut_off_inspection_says_which_hosts_it_did_not_reach(bench: Bench) -> None:
    """Ctrl-C after one host: the ledger holds that host, and says of the others that they were not looked at."""
    answers: dict[str, Any] = {name: document(name, START) for name in ("app1", "app2", "app3")}
    done = bench.inspect(FakeDriver(answers, stop_after=1))
    assert done.ended == "interrupted"
    assert done.coverage.inspected == 1
    assert set(done.coverage.missed) == {"app2", "app3"}


def test_a_driver_that_breaks_off_leaves_a_finished_inspection(bench: Bench) -> None:
    """What came before the failure stands, the rest is missed, and the error still reaches the caller."""
    answers: dict[str, Any] = {name: document(name, START) for name in ("app1", "app2")}
    with pytest.raises(RunFailed):
        bench.inspect(FakeDriver(answers, fails=RunFailed("broken")))
    done = history.latest(bench.ledger)
    assert done is not None
    assert (done.ended, done.coverage.inspected, done.coverage.expected) == ("incomplete", 1, 2)


def test_a_document_that_fits_no_schema_is_broken_not_healthy(bench: Bench) -> None:
    """A host may send anything: what does not fit is said, with the place."""
    done = bench.inspect(FakeDriver({"app1": document("app1", START) | {"took_ms": "soon"}}))
    (host,) = done.hosts
    assert (host.collection, host.facts) == ("broken", None)
    assert "took_ms" in host.reason


def test_secrets_and_patients_never_reach_the_ledger(bench: Bench) -> None:
    """An inventory password and a patient's numbers in a log line are masked before anything is stored."""
    bad = document("app1", START)
    text = "login S3cret-canary for 身份证 11010519491231002X 手机 13912345678 病历号: 00456789"
    bad["sections"]["journal"] = section(
        {"since_at": 0, "until_at": 10, "source": "journald", "errors": 1, "top": [{"text": text, "count": 1}]}
    )
    bench.inspect(FakeDriver({"app1": bad}, secrets=("S3cret-canary",)))
    stored = b"".join(
        bench.ledger.attachment(one) for entry in bench.ledger.entries() for one in entry.attachments
    ).decode() + "".join(json.dumps(entry.body, ensure_ascii=False) for entry in bench.ledger.entries())
    assert "login" in stored
    for leak in ("S3cret-canary", "11010519491231002X", "13912345678", "00456789"):
        assert leak not in stored


def test_a_waived_matter_is_still_looked_at_and_says_who_let_it_stand(bench: Bench) -> None:
    """A waiver hides nothing: value, event and what it would be stay; after its end the finding is abnormal again."""

    def full(day: int) -> FakeDriver:
        return FakeDriver({"app1": document("app1", START + timedelta(days=day), used=96)})

    first = bench.inspect(full(0))
    found = next(one for one in first.findings if one.check == "disk.space" and one.event)
    body = {
        "check": found.check, "subject": found.subject, "who": "李主任", "why": "迁移中", "by": "张工",
        "until": "2026-11-26T00:00:00.000000Z",
    }  # fmt: skip
    bench.ledger.append("finding.waived", body, subject=f"{found.check} {found.subject}")
    bench.clock.at += timedelta(days=1)
    waived = next(one for one in bench.inspect(full(1)).findings if one.event == found.event)
    assert (waived.status, waived.waived_status, waived.value) == ("waived", found.status, found.value)
    assert waived.waiver == {"who": "李主任", "why": "迁移中", "until": "2026-11-26T00:00:00.000000Z"}
    bench.clock.at += timedelta(days=2)
    after = next(one for one in bench.inspect(full(3)).findings if one.event == found.event)
    assert (after.status, after.waiver) == (found.status, None)


def test_a_carried_result_is_not_asked_for_and_is_marked(bench: Bench, tmp_path: Path) -> None:
    """The host is not contacted, the others are, and record and host say that it was carried by hand."""
    brought = Carried(path=tmp_path / "x", host="app2", document=document("app2", START - timedelta(hours=1)))
    driver = FakeDriver({"app1": document("app1", START), "app2": "never asked"})
    done = bench.inspect(driver, carried=(brought,))
    assert set(driver.asked) == {"app1"}
    assert [(host.name, host.carried, host.collection) for host in done.hosts] == [
        ("app1", False, "ok"),
        ("app2", True, "ok"),
    ]
    assert done.carried


@pytest.mark.parametrize("days", [0, 1])
def test_a_carried_result_that_is_old_or_from_the_future_is_refused(bench: Bench, tmp_path: Path, days: int) -> None:
    """The same file twice, or one from a clock that runs ahead, is refused before anything is recorded."""
    bench.inspect(FakeDriver({"app1": document("app1", START)}))
    before = bench.ledger.head()
    brought = Carried(path=tmp_path / "x", host="app1", document=document("app1", START + timedelta(days=days)))
    with pytest.raises(ImportRefused, match=r"not newer|in the future"):
        bench.inspect(FakeDriver({"app1": "never asked"}), carried=(brought,))
    assert bench.ledger.head() == before


def test_two_inspections_at_once_exclude_each_other(bench: Bench) -> None:
    """The second one is refused and told who is at work; the first is not disturbed."""
    url = f"sqlite:///{bench.ledger.name}"
    with (
        Ledger.open(url, clock=bench.clock, redactor=Redactor()) as other,
        other.writing("inspection"),
        pytest.raises(LedgerLocked, match="inspection"),
    ):
        bench.inspect(FakeDriver({"app1": document("app1", START)}))


def test_runs_are_named_by_the_day_of_the_contract(bench: Bench) -> None:
    """23:30 UTC is the next morning in Shanghai; the second inspection of a day is number 2."""
    bench.clock.at = datetime(2026, 11, 24, 23, 30, tzinfo=UTC)
    assert bench.inspect(FakeDriver({"app1": "down"})).run == "20261125-1"
    assert bench.inspect(FakeDriver({"app1": "down"})).run == "20261125-2"


def test_the_scope_and_mapping_of_expectations_reach_the_collector(bench: Bench) -> None:
    """What services.yml declares for a host is what the collector is asked."""
    driver = FakeDriver({"app1": "down"})
    bench.inspect(driver)
    said: Mapping[str, Any] = driver.asked["app1"]
    assert said["deep"] is False
    assert "since_at" not in said
