"""A change whose controller and hosts fail in every way, through maintkit's own commands on booted hosts.

The tests of this file follow one run of one plan, in their order: refused, mended, killed, cut off, taken up again.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from office import QUICK, REQUESTER, Office, office
from procedures import demo, install, version
from sites import MAINTKIT

from lab import Host, Lab, Spec, lab
from lab.archive import archive_of
from lab.demo import STARTS
from lab.faults import access, disk, network, packages
from maintkit.clock import SystemClock
from maintkit.contract.load import load_site
from maintkit.evidence.changes import INTENT, OBSERVED
from maintkit.evidence.entry import Entry
from maintkit.evidence.ledger import Ledger
from maintkit.evidence.redact import Redactor
from maintkit.plans import lock
from maintkit.runs.ansible_phases import AnsiblePhases
from maintkit.runs.apply import Desk, apply, resume
from maintkit.runs.driver import PhaseResult
from maintkit.runs.phases import HostState, Phase
from maintkit.runs.verdict import Verdict

pytestmark = pytest.mark.long

HOSTS = ("h1", "h2", "h3", "h4", "h5")
BY_PASSWORD = ("h2", "h3")  # reached as an ordinary user, whose password sudo asks for
CANARY = "Nachtigall-7731-Lerche"
MENDED = "Amsel-0815"
# What 1.1 does beside starting: it counts, is slow where a file says so, and tells what it must not.
COUNTS = "echo once >>/root/configured; [ ! -e /root/slow ] || sleep 6; cat /root/told 2>/dev/null || true\n"
FAILS = "[ ! -e /root/bad ] || { echo cannot >&2; exit 1; }\n"
DEBS = (demo("1.0", postinst=STARTS + FAILS), demo("1.1", postinst=STARTS + COUNTS + FAILS))
PATIENT = {"ansible_timeout": 4}
PATIENT_S = 400.0  # for a host's turn on a machine that has much else to do
KEEPS_ALIVE = " -o ServerAliveInterval=1 -o ServerAliveCountMax=3"


@dataclass
class Meanwhile:
    """Watches a change and does what a test wants when a phase begins or a pause is made."""

    begins: dict[tuple[str, str], Callable[[], object]] = field(default_factory=dict)
    pauses: list[Callable[[], object]] = field(default_factory=list)

    def phase(self, host: str, phase: Phase) -> None:
        self.begins.pop((host, phase.value), lambda: None)()

    def observed(self, host: str, phase: Phase, result: PhaseResult) -> None:
        print(host, phase, result.outcome, result.reason)

    def held(self, host: str, reason: str) -> None:
        print(host, reason)

    def closed(self, host: str, state: HostState) -> None:
        print(host, state)

    def pause(self, _seconds: float) -> None:
        """In place of the engine's minutes."""
        if self.pauses:
            self.pauses.pop(0)()


@dataclass(frozen=True, kw_only=True)
class Trial:
    """The lab, its site, and all that maintkit has ever said."""

    office: Office
    said: list[str] = field(default_factory=list)

    def __getitem__(self, host: str) -> Host:
        return self.office.lab[host]

    def maintkit(self, *words: object) -> subprocess.CompletedProcess[str]:
        done = self.office.maintkit(*words)
        self.said.extend([done.stdout, done.stderr])
        print(done.stdout, done.stderr)
        return done

    def urgent(self, procedure: str, limit: str, **parameters: Any) -> str:
        """A plan that may run at once; approval has tests of its own."""
        file = self.office.site / "vars.yml"
        file.write_text(json.dumps({**QUICK, **parameters}))
        words = ("--limit", limit, "--vars", file, "--reason", "试验", "--requester", REQUESTER, "--json")
        done = self.maintkit("plan", procedure, *words)
        assert done.returncode == 0, done.stderr
        plan = str(json.loads(done.stdout)["plan"])
        assert (
            self.maintkit("emergency", plan, "--by", REQUESTER, "--reason", "主机内存耗尽，等待将停诊").returncode == 0
        )
        return plan

    def begin(self, *words: object) -> subprocess.Popen[str]:
        """A command in a session of its own, as from another terminal."""
        argv = [str(MAINTKIT), *map(str, words), "--site", str(self.office.site)]
        return subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True)

    def end(self, process: subprocess.Popen[str]) -> int:
        """Wait for it, and keep what it said."""
        self.said.extend(process.communicate(timeout=300))
        print(self.said[-1])
        return process.returncode

    def kill_when(self, done: Callable[[], bool], *words: object) -> None:
        """Begin a command, and kill it with SIGKILL as soon as this is so."""
        controller = self.begin(*words)
        try:
            wait_until(done, controller)
        finally:
            os.killpg(controller.pid, signal.SIGKILL)
            controller.wait()

    def desk(self, meanwhile: Meanwhile) -> Desk:
        """What the commands make a change with, where a test has to be at hand while it goes on."""
        site = load_site(self.office.site)
        ledger = Ledger.open(site.settings.ledger_url, clock=SystemClock(), redactor=Redactor())
        return Desk(
            site=site, ledger=ledger, driver=AnsiblePhases(), watcher=meanwhile, stopped=lambda: False,
            sleep=meanwhile.pause,
        )  # fmt: skip

    def resume(self, run: str, meanwhile: Meanwhile) -> Verdict:
        desk = self.desk(meanwhile)
        with desk.ledger:
            return resume(desk, run, engineer="zhang")

    def entries(self, kind: str, host: str) -> list[Entry]:
        """Of this host, oldest first."""
        settings = load_site(self.office.site).settings
        with Ledger.open(settings.ledger_url, clock=SystemClock(), redactor=Redactor(), read_only=True) as ledger:
            return list(ledger.entries(kind=kind, subject=host))

    def locked(self) -> set[str]:
        """Hosts that are locked in the ledger."""
        settings = load_site(self.office.site).settings
        with Ledger.open(settings.ledger_url, clock=SystemClock(), redactor=Redactor(), read_only=True) as ledger:
            return {one.host for one in lock.held(ledger).values()}

    def marked(self, host: str) -> str:
        """The run whose mark the host bears, empty when it bears none."""
        return str(json.loads(self[host].run("cat", "/var/lib/maintkit/lock.json").out)["run"])

    def configured(self, host: str) -> int:
        """How many times 1.1 was configured there."""
        return self[host].run("cat", "/root/configured", check=False).out.count("once")


@pytest.fixture(scope="module")
def trial(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trial]:
    files = archive_of(DEBS)
    with lab([Spec(name=name, files=files, variables=PATIENT) for name in HOSTS]) as made:
        with ThreadPoolExecutor(max_workers=len(HOSTS)) as pool:
            list(pool.map(lambda name: furnish(made[name]), HOSTS))
        yield Trial(office=office(told_how(made), tmp_path_factory.mktemp("trial") / "site"))


def furnish(host: Host) -> None:
    install(host, "demo=1.0")
    if host.name in BY_PASSWORD:
        host.sh(f"""
            useradd --create-home --shell /bin/sh maint
            cp -r /root/.ssh /home/maint/.ssh
            chown -R maint: /home/maint/.ssh
            echo 'maint:{CANARY}' | chpasswd
            echo 'maint ALL=(ALL) ALL' >/etc/sudoers.d/maint
        """)


def told_how(made: Lab) -> Lab:
    """The lab, whose inventory says how to log in where it takes a password to become root."""
    told = json.loads(made.inventory.read_text())
    told["all"]["vars"]["ansible_ssh_common_args"] += KEEPS_ALIVE
    for name in BY_PASSWORD:
        told["all"]["hosts"][name] |= {"ansible_user": "maint", "ansible_become_password": CANARY}
    made.inventory.write_text(json.dumps(told))
    return made


@contextmanager
def another_machine(host: Host) -> Iterator[None]:
    """The address leads to a machine that shows the same host key: restored from the same image, say."""
    before = host.run("cat", "/etc/machine-id").out
    host.sh(f"echo {'0' * 32} >/etc/machine-id")
    try:
        yield
    finally:
        host.sh(f"echo {before.strip()} >/etc/machine-id")


@contextmanager
def changed_by_somebody(host: Host) -> Iterator[None]:
    """Somebody else has installed the new version since the plan."""
    host.run("apt-get", "-qq", "install", "demo=1.1")
    try:
        yield
    finally:
        host.run("apt-get", "-qq", "--allow-downgrades", "install", "demo=1.0")
        host.run("rm", "/root/configured")


@contextmanager
def another_password(host: Host) -> Iterator[None]:
    """The password that the inventory knows is no longer the user's."""
    host.run("chpasswd", stdin=f"maint:{MENDED}\n")
    try:
        yield
    finally:
        host.run("chpasswd", stdin=f"maint:{CANARY}\n")


@contextmanager
def hung_sudo(host: Host) -> Iterator[None]:
    """sudo neither asks nor ends, as when it waits for a directory server that does not answer."""
    host.sh(
        "printf '#!/bin/sh\\nexec sleep 600\\n' >/root/hung; chmod 755 /root/hung;mount --bind /root/hung /usr/bin/sudo"
    )
    try:
        yield
    finally:
        host.sh("umount -l /usr/bin/sudo; rm /root/hung")


def wait_until(done: Callable[[], bool], controller: subprocess.Popen[str]) -> None:
    """Until this is so, while the controller runs."""
    until = time.monotonic() + PATIENT_S
    while not done():
        assert controller.poll() is None, controller.communicate()
        assert time.monotonic() < until
        time.sleep(0.02)


def held_because(trial: Trial, host: str) -> str:
    """The last reason for which the host was not begun."""
    return str(trial.entries("host.held", host)[-1].body["reason"])


def refused_because(trial: Trial, host: str) -> str:
    """What the last phase on the host said."""
    return str(trial.entries(OBSERVED, host)[-1].body["reason"])


def test_what_is_wrong_beforehand_refuses_all_hosts_and_of_two_controllers_one_gets_through(trial: Trial) -> None:
    """Faults 8, 31, 32, 33 and 43, each on a host of its own since the plan; and 16."""
    plan = trial.urgent("patch", "all", packages=["demo"], lock_wait=1)
    with ExitStack() as faults:
        faults.enter_context(disk.filled(trial["h1"], "/", percent=99))
        faults.enter_context(packages.locked(trial["h2"]))
        faults.enter_context(packages.half_configured(trial["h3"]))
        faults.enter_context(another_machine(trial["h4"]))
        faults.enter_context(changed_by_somebody(trial["h5"]))
        two = [trial.begin("apply", plan) for _ in range(2)]
        codes = sorted(trial.end(one) for one in two)
    # The ledger is being written, the plan is used, or its hosts are locked.
    assert codes[0] in (20, 32, 34)
    assert codes[1] == 43
    assert "are needed for the change and its rollback" in refused_because(trial, "h1")
    assert "holds /var/lib/dpkg/lock" in refused_because(trial, "h2")
    assert "half-installed or not configured: lab-broken; mend with" in refused_because(trial, "h3")
    assert "the address leads to another machine" in refused_because(trial, "h4")
    assert "not as planned: " in refused_because(trial, "h5")
    assert [version(trial[host]) for host in HOSTS] == ["1.0"] * 5
    assert (trial.locked(), [trial.marked(host) for host in HOSTS]) == (set(), [""] * 5)
    assert trial.office.run()["verdict"] == "refused"


def test_hosts_that_cannot_be_held_are_named_within_bounded_time_and_none_is_begun(trial: Trial) -> None:
    """Faults 3, 4 and 5: another host key, another password, a sudo that hangs."""
    run = trial.office.run()["run"]
    trial.office.lab.remove_held()
    began = time.monotonic()
    with access.other_host_key(trial["h1"]), another_password(trial["h2"]), hung_sudo(trial["h3"]):
        done = trial.maintkit("resume", run)
    assert done.returncode == 43, done.stderr
    assert time.monotonic() - began < 90
    why = held_because(trial, "h5")
    assert why.startswith("not every host could be held: ")
    assert "h1: " in why
    assert "Host key verification failed" in why
    assert "h2: Task failed: Incorrect sudo password" in why
    assert "h3: " in why
    assert "h4: " not in why
    assert [len(trial.entries(INTENT, host)) for host in HOSTS] == [1] * 5
    assert trial.locked() == set()


def test_a_controller_killed_before_in_and_after_the_change_is_taken_up_and_does_nothing_twice(trial: Trial) -> None:
    """Faults 9 and 10, on one host: SIGKILL three times, at three places."""
    run = trial.office.run()["run"]
    host = trial["h1"]
    host.run("touch", "/root/slow")

    def phases(kind: str) -> list[str]:
        return [entry.body["phase"] for entry in trial.entries(kind, "h1")]

    def begun() -> bool:
        return host.run("test", "-d", f"/var/lib/maintkit/runs/{run}/steps/change", check=False).code == 0

    trial.kill_when(lambda: "change" in phases(INTENT), "resume", run)
    assert not begun()
    assert trial.office.run()["hosts"]["h1"] == "change begun"
    trial.kill_when(begun, "resume", run)
    assert "change" not in phases(OBSERVED)
    trial.kill_when(lambda: "change" in phases(OBSERVED), "resume", run)
    assert (version(host), trial.configured("h1")) == ("1.1", 1)
    assert "verify" not in phases(OBSERVED)
    assert trial.office.run()["verdict"] is None
    assert trial.locked() == set(HOSTS)


def test_a_host_lost_in_the_middle_is_waited_for_and_one_that_stays_away_holds_the_rest(trial: Trial) -> None:
    """Fault 2: the network is cut when the host has begun; it comes back on h2, and on h3 when all is over."""
    run = trial.office.run()["run"]
    meanwhile = Meanwhile()
    with ExitStack() as cut, ThreadPoolExecutor() as aside:

        def cut_off(name: str) -> None:
            trial[name].run("touch", "/root/slow")
            aside.submit(cut_when_begun, name)

        def cut_when_begun(name: str) -> None:
            step = f"/var/lib/maintkit/runs/{run}/steps/change"
            until = time.monotonic() + PATIENT_S
            while trial[name].run("test", "-d", step, check=False).code and time.monotonic() < until:
                time.sleep(0.02)
            cut.enter_context(network.losing(trial[name], percent=100))

        meanwhile.begins = {("h2", "change"): lambda: cut_off("h2"), ("h3", "change"): lambda: cut_off("h3")}
        meanwhile.pauses = [lambda: cut.pop_all().close()]
        assert trial.resume(run, meanwhile) is Verdict.UNKNOWN
        assert trial.office.run()["hosts"]["h2"] == "done"
        assert trial.office.run()["hosts"]["h3"] == "unknown"
        assert held_because(trial, "h4") == held_because(trial, "h5") == "1 hosts failed, 0 are allowed to"
        assert (trial.locked(), trial.marked("h3"), trial.marked("h4")) == ({"h3"}, run, "")
    assert [trial.configured(host) for host in HOSTS] == [1, 1, 1, 0, 0]


def test_sigterm_ends_the_host_at_work_and_begins_no_other(trial: Trial) -> None:
    """Fault 11; the host that was unknown is brought to its end first."""
    run = trial.office.run()["run"]
    controller = trial.begin("resume", run)
    try:
        wait_until(lambda: "change" in [entry.body["phase"] for entry in trial.entries(INTENT, "h4")], controller)
    finally:
        controller.send_signal(signal.SIGTERM)
    assert trial.end(controller) == 42
    found = trial.office.run()
    assert found["hosts"] == {**dict.fromkeys(HOSTS[:4], "done"), "h5": "not begun: maintkit was asked to stop"}
    assert [trial.configured(host) for host in HOSTS] == [1, 1, 1, 1, 0]
    assert trial.locked() == set()


def test_a_rollback_that_fails_keeps_lock_and_mark_and_says_so(trial: Trial) -> None:
    """Fault 41: neither the new version nor the old one can be configured."""
    run = trial.office.run()["run"]
    trial["h5"].run("touch", "/root/bad")
    trial["h5"].run("tee", "/root/told", stdin=f"the password is {CANARY}\n")
    done = trial.maintkit("resume", run)
    assert done.returncode == 41, done.stderr
    assert "h5: ROLLBACK-FAILED" in done.stderr
    assert (trial.locked(), trial.marked("h5")) == ({"h5"}, run)
    assert trial.maintkit("resume", run).returncode == 30


def test_a_reboot_that_never_returns_is_unknown_and_a_resume_brings_it_to_its_end(trial: Trial) -> None:
    """Fault 39: locked, marked, said; nothing is rebooted a second time."""
    host = trial["h1"]
    plan = trial.urgent("restart", "h1", host=True, host_timeout=8, reason="内核更新")
    host.stay_off()
    meanwhile = Meanwhile()
    desk = trial.desk(meanwhile)
    with desk.ledger:
        assert apply(desk, plan, engineer="zhang") is Verdict.UNKNOWN
    found = trial.office.run()
    assert found["hosts"] == {"h1": "unknown"}
    assert "h1" in trial.locked()
    host.start()
    host.wait()
    booted = host.boot_id()
    trial.office.lab.remove_held()
    done = trial.maintkit("resume", found["run"])
    assert done.returncode == 0, done.stderr
    assert host.boot_id() == booted
    assert "h1" not in trial.locked()
    assert trial.marked("h1") == ""


def test_no_secret_of_the_inventory_is_ever_shown_or_stored(trial: Trial) -> None:
    """Fault 60: in what was said, in the ledger, its attachments and the documents, although a host has told it."""
    site = trial.office.site
    file = site / "vars.yml"
    file.write_text(
        json.dumps({**QUICK, "packages": ["demo"], "gates": [{"kind": "command", "argv": ["psql", CANARY]}]})
    )
    words = ("--limit", "h2", "--vars", file, "--reason", "试验", "--requester", REQUESTER)
    refused = trial.maintkit("plan", "patch", *words)
    assert (refused.returncode, "look like secrets" in refused.stderr) == (30, True), refused.stderr
    file.unlink()
    for run in [one["run"] for one in trial.office.told("status")]:
        assert trial.maintkit("status", run).returncode == 0
        assert trial.maintkit("report", "change", run, "--format", "html").returncode == 0
    assert trial.maintkit("ledger", "verify").returncode == 0
    kept = site / "inventory"
    holding = [one for one in site.rglob("*") if one.is_file() and kept not in one.parents and holds(one)]
    assert holding == []
    assert not any(CANARY in said for said in trial.said)


def holds(path: Path) -> bool:
    return CANARY.encode() in path.read_bytes()
