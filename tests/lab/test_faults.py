"""Faults that no check of an inspection asks for: each is felt on the host, and gone when it is undone."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator

import pytest

from lab import Host, Lab, LabError, Spec, lab
from lab.faults import access, logs, machine, network, packages


@pytest.fixture(scope="module")
def made() -> Iterator[Lab]:
    with lab([Spec(name="h1", disk_mb=512), Spec(name="h2", disk_mb=512)]) as two:
        yield two


def answers(host: Host, question: str) -> bool:
    return host.run("timeout", "2", "getent", "-s", "dns", "hosts", question, check=False).code == 0


def pings(host: Host, other: Host, *, count: int = 1) -> int:
    """How many of `count` came back."""
    said = host.run("ping", "-n", "-c", str(count), "-i", "0.01", "-W", "1", other.address, check=False).out
    return int(said.split(" received")[0].split()[-1])


def logs_in(made: Lab, host: Host) -> subprocess.CompletedProcess[str]:
    command = ["ssh", *made.ssh_options.split(), "-i", str(made.key), "-o", "BatchMode=yes", "-o", "ConnectTimeout=2"]
    command += [f"root@{host.address}", "true"]
    return subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)


def test_names_are_not_answered(made: Lab) -> None:
    host = made["h1"]
    assert answers(host, "h2.lab.example")
    with network.without_names(host):
        assert not answers(host, "h2.lab.example")
        assert pings(host, made["h2"]) == 1
    assert answers(host, "h2.lab.example")


def test_a_host_is_cut_off_from_one_other_only(made: Lab) -> None:
    one, other = made["h1"], made["h2"]
    with network.losing(one, percent=100, peer=other.address):
        assert pings(one, other) == 0
        assert logs_in(made, one).returncode == 0
    assert pings(one, other) == 1


def test_half_of_the_packets_are_lost(made: Lab) -> None:
    """Of 100; the chance that 20 and fewer, or 80 and more, come through is below one in a hundred million."""
    one, other = made["h1"], made["h2"]
    with network.losing(one, percent=50, peer=other.address):
        assert 20 < pings(one, other, count=100) < 80
    assert pings(one, other, count=20) == 20


def test_what_a_host_sends_comes_late(made: Lab) -> None:
    """By netem, and by a throttle where the kernel has no netem: 64 KiB then take seconds."""
    host = made["h1"]
    fetch = [
        "ssh",
        *made.ssh_options.split(),
        "-i",
        str(made.key),
        f"root@{host.address}",
        "head",
        "-c",
        "65536",
        "/dev/zero",
    ]
    with network.slow(host, delay_ms=300):
        began = time.monotonic()
        subprocess.run(fetch, capture_output=True, timeout=40, check=True)
        assert time.monotonic() - began > 0.9
    assert "tbf" not in host.run("tc", "qdisc", "show").out
    assert "netem" not in host.run("tc", "qdisc", "show").out


def test_dpkg_is_locked_by_a_process(made: Lab) -> None:
    host = made["h1"]
    with packages.locked(host), pytest.raises(LabError, match="lock"):
        host.run("dpkg", "--configure", "-a")
    host.run("dpkg", "--configure", "-a")


def test_a_package_is_half_configured(made: Lab) -> None:
    host = made["h1"]
    with packages.half_configured(host):
        assert packages.BROKEN in host.run("dpkg", "--audit").out
        with pytest.raises(LabError, match=packages.BROKEN):
            host.run("dpkg", "--configure", "-a")
    assert host.run("dpkg", "--audit").out == ""
    assert host.run("dpkg-query", "-W", packages.BROKEN, check=False).code != 0


def test_another_host_key_is_shown(made: Lab) -> None:
    host = made["h1"]
    with access.other_host_key(host):
        assert "REMOTE HOST IDENTIFICATION HAS CHANGED" in logs_in(made, host).stderr
    assert logs_in(made, host).returncode == 0


def test_a_frozen_host_does_not_answer(made: Lab) -> None:
    host = made["h2"]
    with machine.frozen(host):
        assert logs_in(made, host).returncode != 0
    assert logs_in(made, host).returncode == 0


def test_a_host_without_power_comes_back_with_its_files(made: Lab) -> None:
    host = made["h2"]
    host.sh("echo here >/root/kept; sync")
    with machine.off(host):
        assert not host.is_on
    assert host.run("cat", "/root/kept").out == "here\n"


def test_a_rewound_journal_has_lost_what_came_meanwhile_and_nothing_else(made: Lab) -> None:
    host = made["h1"]
    host.run("logger", "-t", "lab", "before")
    with logs.rewound(host):
        host.run("logger", "-t", "lab", "meanwhile")
        assert "meanwhile" in host.run("journalctl", "-t", "lab").out
    host.run("logger", "-t", "lab", "after")
    said = host.run("journalctl", "--sync").out + host.run("journalctl", "-o", "cat", "-t", "lab").out
    assert said.split() == ["before", "after"]
