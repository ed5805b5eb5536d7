"""Patching booted hosts: exact versions forwards and back, and everything on the way that refuses."""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Iterator

import pytest
from procedures import command as command_of
from procedures import demo, environment, install, module, play, version, whole_list

from booted import Boot
from lab import Lab, Layer, Spec, lab
from lab.archive import Deb, archive_of

VERSION_GATE = {"kind": "http", "url": "http://127.0.0.1:8080/version", "contains": "1."}
LIBRARIES = tuple(Deb(name="demo-lib", version=one) for one in ("1.0", "1.1"))
FAILS = "#!/bin/sh\necho cannot >&2\nexit 1\n"
DEBS = (
    demo("1.0", depends="demo-lib"),
    demo("1.1", depends="demo-lib (>= 1.1), demo-extra"),
    *LIBRARIES,
    Deb(name="demo-extra", version="2:1.1"),
    Deb(name="demo-bad", version="1.0"),
    Deb(name="demo-bad", version="1.1", scripts={"postinst": FAILS}),
)
SECURE = (Deb(name="demo-secure", version="1.0"), Deb(name="demo-secure", version="1.1"))


@pytest.fixture
def one() -> Iterator[Lab]:
    """A host with everything of the archives in its first version."""
    with lab([spec("h1")]) as made:
        install(made["h1"], "demo=1.0", "demo-lib=1.0", "demo-bad=1.0", "demo-secure=1.0")
        made["h1"].run("apt-mark", "auto", "demo-lib")
        yield made


def spec(name: str, *layers: Layer, disk_mb: int = 4096) -> Spec:
    files = (*archive_of(DEBS), *archive_of(SECURE, label="Lab-Security"))
    return Spec(name=name, files=files, layers=layers, disk_mb=disk_mb)


def test_the_whole_way_sets_exact_versions_and_the_rollback_brings_the_whole_list_back(one: Lab) -> None:
    """A dependency moves, another comes in, and what came only as a dependency stays so; then all of it goes back."""
    host, gates = one["h1"], [VERSION_GATE]
    before, automatic = whole_list(host), host.run("apt-mark", "showauto").out
    went = play(one, "patch", patch_packages=["demo"], patch_gates=gates)
    assert went.fine
    assert (version(host), version(host, "demo-lib"), version(host, "demo-extra")) == ("1.1", "1.1", "2:1.1")
    assert host.run("apt-mark", "showmanual").out.split().count("demo-lib") == 0
    moved = [(step["target"], step["from"], step["to"]) for step in went.phase("change")["steps"]]
    assert moved == [("demo", "1.0", "1.1"), ("demo-extra", "", "2:1.1"), ("demo-lib", "1.0", "1.1")]
    assert went.phase("verify")["facts"]["since"]["restarted"] == ["demo.service"]
    again = play(one, "patch", patch_packages=["demo"], maintkit_run="r2")
    assert again.fine
    assert again.phase("probe")["status"] == "nothing-to-do"
    assert set(again.phases) == {"h1.probe"}
    back = play(one, "procedures.patch.rollback", patch_gates=gates)
    assert back.fine
    assert whole_list(host) == before
    assert host.run("apt-mark", "showauto").out == automatic
    assert host.run("curl", "-s", "http://127.0.0.1:8080/version").out == "1.0\n"


def test_a_probe_freezes_what_a_plan_needs_and_changes_nothing(one: Lab) -> None:
    host = one["h1"]
    ours = "-not -path '/var/log/*' -not -path '/root/.ansible/*' -not -path '/run/*'"
    marks = f"find / -xdev -newer /run/mark -type f {ours}"
    host.sh("touch /run/mark; sleep 0.1")
    went = play(one, "procedures.patch.probe", "--check", patch_packages=["demo"], patch_security_only=False)
    facts = went.phase("probe")["facts"]
    assert facts["identity"]["machine_id"] == host.run("cat", "/etc/machine-id").out.strip()
    assert facts["identity"]["boot_id"] == host.boot_id()
    assert facts["to"] == {"demo": "1.1"}
    assert facts["services"] == []  # a shell script is mapped by nobody
    assert facts["disk"]["need_bytes"] > 64 * 1024 * 1024
    assert facts["dpkg"] == {"healthy": True, "problems": []}
    assert host.sh(marks).split() == []
    secure = play(one, "procedures.patch.probe", patch_security_only=True)
    assert secure.phase("probe")["facts"]["to"] == {"demo-secure": "1.1"}
    held = play(one, "procedures.patch.probe", patch_packages=["demo"], patch_holds=["demo-lib"])
    assert "would change demo-lib, which is to stay" in held.phase("probe")["reason"]


def test_a_package_that_cannot_be_configured_is_rolled_back_and_the_run_fails(one: Lab) -> None:
    host = one["h1"]
    before = whole_list(host)
    went = play(one, "patch", patch_packages=["demo", "demo-bad"])
    assert went.code == 2
    assert "apt-get ended with 100" in went.phase("change")["reason"]
    assert went.phase("rollback")["status"] == "ok"
    assert whole_list(host) == before
    assert host.run("dpkg", "--audit").out == ""


def test_a_half_configured_package_stops_the_precheck_and_tells_the_way_to_mend_it(one: Lab) -> None:
    """Fault 33."""
    one["h1"].run("apt-get", "-qq", "install", "demo-bad=1.1", check=False)
    went = play(one, "patch", patch_packages=["demo"])
    assert went.code == 2
    assert (
        "half-installed or not configured: demo-bad; mend with `dpkg --configure -a`"
        in went.phase("precheck")["reason"]
    )
    assert version(one["h1"]) == "1.0"


@pytest.mark.long
def test_a_held_lock_is_waited_for_within_bounds_and_never_removed(one: Lab) -> None:
    """Fault 32."""
    host = one["h1"]
    lock = "/var/lib/dpkg/lock-frontend"
    holds = f"import fcntl, time; f = open('{lock}', 'w'); fcntl.lockf(f, fcntl.LOCK_EX); time.sleep(60)"
    host.run("systemd-run", "-q", "--unit=holder", "python3", "-c", holds)
    began = time.monotonic()
    refused = play(one, "patch", patch_packages=["demo"], patch_lock_wait=2)
    assert refused.code == 2
    assert "python3 -c import fcntl" in refused.phase("precheck")["reason"]
    assert "holds /var/lib/dpkg/lock-frontend" in refused.phase("precheck")["reason"]
    assert time.monotonic() - began < 20
    assert host.run("systemctl", "is-active", "holder").out == "active\n"
    host.run("systemd-run", "-q", "--on-active=3", "--timer-property=AccuracySec=100ms", "systemctl", "stop", "holder")
    assert play(one, "patch", patch_packages=["demo"], patch_lock_wait=30).fine
    assert version(host) == "1.1"


def test_without_room_for_change_and_rollback_nothing_begins(boot: Boot) -> None:
    """Fault 31: what is free would do for the change, and not for the way back."""
    made = boot(spec("h1", disk_mb=256))
    host = made["h1"]
    install(host, "demo=1.0", "demo-lib=1.0")
    host.sh("free=$(df --output=avail -m / | tail -1); fallocate -l $((free - 40))M /root/filler")
    went = play(made, "patch", patch_packages=["demo"])
    assert went.code == 2
    assert "needed for the change and its rollback" in went.phase("precheck")["reason"]
    assert version(host) == "1.0"


def test_what_the_plan_did_not_see_stops_the_precheck(one: Lab) -> None:
    """Fault 43, and fault 8: the versions are others, or the machine is."""
    expected = [{"package": "demo", "from": "0.9", "to": "1.1"}]
    went = play(one, "patch", patch_packages=["demo"], patch_expected=expected)
    assert "no more: demo 0.9 -> 1.1" in went.phase("precheck")["reason"]
    other = play(one, "patch", patch_packages=["demo"], maintkit_machine_id="0" * 32)
    assert "the address leads to another machine" in other.phase("probe")["reason"]
    assert version(one["h1"]) == "1.0"


def test_an_old_version_that_the_archive_has_dropped_stops_the_change(one: Lab) -> None:
    """There would be no way back."""
    host = one["h1"]
    host.put(*archive_of([deb for deb in DEBS if deb.version != "1.0"]))
    host.sh("rm -f /var/cache/apt/archives/*.deb; apt-get -qq update")
    went = play(one, "patch", patch_packages=["demo"])
    assert went.code == 2
    assert "the archive has no more demo-lib 1.0, demo 1.0: install dpkg-repack" in went.phase("backup")["reason"]
    assert version(host) == "1.0"


@pytest.mark.long
def test_an_old_version_that_the_archive_has_dropped_is_rebuilt_where_that_is_possible(boot: Boot) -> None:
    made = boot(spec("h1", Layer(name="repack", packages=("dpkg-repack",))))
    host = made["h1"]
    install(host, "demo=1.0", "demo-lib=1.0")
    before = whole_list(host)
    host.put(*archive_of([deb for deb in DEBS if deb.version != "1.0"]))
    host.sh("rm -f /var/cache/apt/archives/*.deb; apt-get -qq update")
    assert play(made, "patch", patch_packages=["demo"]).fine
    assert play(made, "procedures.patch.rollback").fine
    assert whole_list(host) == before
    assert host.run("curl", "-s", "http://127.0.0.1:8080/version").out == "1.0\n"


@pytest.mark.long
def test_the_wrong_version_after_the_change_fails(one: Lab) -> None:
    """Fault 38: somebody else puts another version there between change and verify."""
    assert play(one, "patch", patch_packages=["demo-secure"]).fine
    one["h1"].run("apt-get", "-qq", "install", "--allow-downgrades", "demo-secure=1.0")
    went = play(one, "procedures.patch.verify")
    assert went.code == 2
    assert went.phase("verify")["status"] == "failed"


@pytest.mark.long
def test_a_service_that_comes_and_goes_does_not_pass_the_soak(boot: Boot) -> None:
    """Fault 36: 1.2 starts and dies, again and again; it is rolled back to what worked."""
    flaps = demo("1.2", body="sleep 0.7\nexit 1\n")
    unit = flaps.files["/lib/systemd/system/demo.service"].replace(
        "[Service]", "[Service]\nRestart=always\nRestartSec=0.2"
    )
    broken = Deb(
        name="demo",
        version="1.2",
        files={**flaps.files, "/lib/systemd/system/demo.service": unit},
        scripts=flaps.scripts,
    )
    made = boot(Spec(name="h1", files=archive_of([demo("1.0"), broken])))
    install(made["h1"], "demo=1.0")
    went = play(made, "patch", patch_checks=6, patch_interval=0.5, patch_settle=2)
    assert went.code == 2
    assert "demo.service" in went.phase("verify")["reason"]
    assert version(made["h1"]) == "1.0"
    assert made["h1"].run("systemctl", "is-active", "demo").out == "active\n"


@pytest.mark.long
def test_after_a_host_that_failed_no_other_is_begun(boot: Boot) -> None:
    """Fault 34, also when the first one does not answer at all, where Ansible by itself would go on."""
    made = boot(spec("h1"), spec("h2"))
    for host in made.hosts.values():
        install(host, "demo=1.0", "demo-lib=1.0", "demo-bad=1.0")
    went = play(made, "patch", patch_packages=["demo-bad"])
    assert went.code == 2
    assert version(made["h1"], "demo-bad") == "1.0"
    assert not any(name.startswith("h2.") for name in went.phases)
    made["h1"].cut_power()
    gone = play(made, "patch", "-T", "3", patch_packages=["demo"], maintkit_run="r2")
    assert gone.code != 0
    assert version(made["h2"]) == "1.0"
    assert not any(name in ("h2.backup", "h2.change") for name in gone.phases)


@pytest.mark.long
def test_a_service_that_still_runs_what_was_replaced_is_restarted_unless_it_is_not_to_be(boot: Boot) -> None:
    """The package itself restarts nothing, as with a library."""
    libs = [
        Deb(
            name="demo-tool",
            version=one,
            scripts={"postinst": "#!/bin/sh\ncp --remove-destination /usr/bin/sleep /usr/lib/demo-tool\n"},
        )
        for one in ("1.0", "1.1")
    ]
    made = boot(Spec(name="h1", files=archive_of(libs)))
    host = made["h1"]
    install(host, "demo-tool=1.0")
    host.sh("for one in a b; do systemd-run -q --unit=$one /usr/lib/demo-tool 600; done")
    before = {one: host.run("systemctl", "show", "-P", "MainPID", one).out for one in ("a", "b")}
    went = play(made, "patch", patch_never_restart=["b.service"])
    assert went.fine
    assert went.phase("change")["facts"]["outdated"] == ["a.service", "b.service"]
    assert went.phase("verify")["facts"]["since"]["restarted"] == ["a.service"]
    assert host.run("systemctl", "show", "-P", "MainPID", "b").out == before["b"]


@pytest.mark.long
def test_a_reboot_that_the_host_asks_for_is_made_only_when_it_is_wanted(boot: Boot) -> None:
    asks = Deb(name="demo-kernel", version="1.1", scripts={"postinst": "#!/bin/sh\ntouch /run/reboot-required\n"})
    made = boot(Spec(name="h1", files=archive_of([Deb(name="demo-kernel", version="1.0"), asks])))
    host = made["h1"]
    install(host, "demo-kernel=1.0")
    booted = host.boot_id()
    went = play(made, "patch", patch_reboot="if-needed")
    assert went.fine
    assert host.boot_id() != booted
    assert went.phase("change")["facts"]["rebooted"] is True
    assert went.phase("verify")["facts"]["since"]["rebooted"] is True


def test_a_controller_that_dies_in_the_change_does_not_cut_it_and_nothing_is_done_twice(boot: Boot) -> None:
    """Faults 2 and 9: the second call attaches to the step that the first one has begun."""
    waits = "#!/bin/sh\necho once >>/root/configured\nuntil [ -e /root/go ]; do sleep 0.2; done\n"
    slow = demo("1.1", postinst=waits)
    made = boot(Spec(name="h1", files=archive_of([demo("1.0"), slow])))
    host = made["h1"]
    install(host, "demo=1.0")
    told = {"maintkit_run": "r1", "patch_checks": 1, "patch_interval": 1}
    first = subprocess.Popen(
        command_of(made, "patch", told), env=environment(), stdout=subprocess.PIPE, start_new_session=True
    )
    until = time.monotonic() + 120
    while host.run("test", "-e", "/root/configured", check=False).code:
        assert time.monotonic() < until
        time.sleep(0.1)
    first.send_signal(signal.SIGKILL)
    made.remove_held()
    first.wait()
    busy = module(made, "package_set", {"run": "r1", "step": "change", "timeout": 0})
    assert "still runs" in busy["msg"]
    host.run("touch", "/root/go")
    went = play(made, "procedures.patch.change")
    assert went.fine
    assert went.phase("change")["changed"] is False
    assert version(host) == "1.1"
    assert host.run("cat", "/root/configured").out == "once\n"
