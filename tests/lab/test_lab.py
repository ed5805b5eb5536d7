"""The lab itself: hosts boot, stay themselves over reboots and power cuts, and leave nothing."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from booted import Boot
from lab import File, Lab, LabError, Spec, cgroup, lab, load, names, network, sweep
from lab.image import base
from lab.places import state

MOLECULE = Path(__file__).parents[2] / "molecule"
IN_SECONDS = 10.0  # a host, after the base exists


def python(*argv: str, **more: object) -> subprocess.CompletedProcess[str]:
    """Another process with the lab on its path."""
    environment = {**os.environ, "PYTHONPATH": str(MOLECULE)}
    return subprocess.run(
        [sys.executable, *argv], env=environment, capture_output=True, text=True, timeout=120, check=False, **more
    )  # type: ignore[call-overload, no-any-return]


def ansible(made: Lab, *argv: str) -> subprocess.CompletedProcess[str]:
    command = [str(Path(sys.executable).with_name("ansible")), "-i", str(made.inventory), *argv]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


def test_a_host_is_up_soon_and_ansible_reaches_it_with_its_host_key_checked(boot: Boot) -> None:
    base()
    began = time.monotonic()
    made = boot("h1")
    assert time.monotonic() - began < IN_SECONDS
    assert made["h1"].run("systemctl", "is-system-running").out == "running\n"
    done = ansible(made, "h1", "-m", "ansible.builtin.command", "-a", "hostname")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "h1" in done.stdout.splitlines()
    (made.place / "known_hosts").write_text("")
    made.remove_held()
    refused = ansible(made, "h1", "-m", "ansible.builtin.ping")
    assert "Host key verification failed" in refused.stdout


def test_hosts_know_each_other_by_name_and_differ_by_machine_id(boot: Boot) -> None:
    made = boot("h1", "h2")
    assert made["h1"].run("ping", "-c1", "-W2", "h2").code == 0
    ids = {host.run("cat", "/etc/machine-id").out for host in made.hosts.values()}
    assert len(ids) == 2
    answer = made["h1"].run("getent", "-s", "dns", "hosts", "h2.lab.example").out
    assert answer.split()[0] == made["h2"].address


def test_no_way_leads_out_of_a_lab(boot: Boot) -> None:
    """Neither to the internet nor to the hosts of another lab."""
    one, other = boot("h1"), boot("h1")
    assert one.subnet != other.subnet
    assert one["h1"].run("ping", "-c1", "-W1", other["h1"].address, check=False).code != 0
    assert one["h1"].run("getent", "-s", "dns", "hosts", "example.org", check=False).code != 0


def test_address_and_files_survive_a_reboot_that_changes_the_boot_id(boot: Boot) -> None:
    host = boot("h1")["h1"]
    host.put(File(path="/root/kept", content=b"here\n"))
    before = host.boot_id()
    host.reboot()
    assert host.boot_id() != before
    assert host.run("cat", "/root/kept").out == "here\n"
    assert host.address in host.run("ip", "-br", "address", "show", "host0").out


def test_a_power_cut_ends_everything_at_once_and_the_host_boots_again(boot: Boot) -> None:
    made = boot("h1")
    host = made["h1"]
    host.sh("echo written >/root/kept; sync; systemd-run --unit=last sleep 600")
    host.cut_power()
    assert not host.is_on
    assert cgroup.members(made.name, "h1") == set()
    with pytest.raises(LabError, match="h1 is off"):
        host.run("true")
    host.start()
    host.wait()
    assert host.run("cat", "/root/kept").out == "written\n"
    assert host.run("systemctl", "is-active", "last", check=False).out != "active\n"


def test_in_a_power_cut_no_process_sees_another_die(boot: Boot) -> None:
    """Else a host could still write down what no machine without power does."""
    host = boot("h1")["h1"]
    watch = "for n in $(seq 60); do (sleep 600; echo seen >>/root/seen; sync) & done; wait"
    host.run("systemd-run", "--quiet", "--unit=watch", "sh", "-c", watch)
    while host.sh("pgrep -xc sleep || true").strip() != "60":
        time.sleep(0.05)
    host.cut_power()
    host.start()
    host.wait()
    assert host.run("test", "-e", "/root/seen", check=False).code != 0


def test_a_host_that_stays_off_does_not_come_back_from_a_reboot(boot: Boot) -> None:
    host = boot("h1")["h1"]
    host.stay_off()
    host.run("systemctl", "--no-block", "reboot")
    until = time.monotonic() + 20
    while host.is_on and time.monotonic() < until:
        time.sleep(0.1)
    assert not host.is_on


def test_a_frozen_host_does_not_answer_and_goes_on_when_thawed(boot: Boot) -> None:
    made = boot("h1")
    host = made["h1"]
    host.freeze()
    late = ansible(made, "h1", "-T", "3", "-m", "ansible.builtin.ping")
    assert late.returncode == 4, late.stdout
    host.thaw()
    assert ansible(made, "h1", "-m", "ansible.builtin.ping").returncode == 0


def test_a_host_has_a_disk_of_its_own_that_can_run_full(boot: Boot) -> None:
    host = boot(Spec(name="h1", disk_mb=256))["h1"]
    full = host.run("dd", "if=/dev/zero", "of=/root/filler", "bs=1M", "count=300", check=False)
    assert "No space left on device" in full.err


def test_a_removed_lab_leaves_nothing() -> None:
    with lab([Spec(name="h1"), Spec(name="h2")]) as made:
        folders = [folder for host in made.hosts for folder in cgroup.folders(made.name, host)]
        assert all(folder.is_dir() for folder in folders)
    assert not made.place.exists()
    assert not any(folder.exists() for folder in folders)
    assert network.bridge_name(made.subnet) not in Path("/proc/net/dev").read_text()
    assert made.name not in Path("/proc/self/mountinfo").read_text()
    assert all(made.name not in command for command in commands())


def test_what_a_killed_run_left_is_removed_by_the_next(boot: Boot) -> None:
    """SIGKILL between boot and end, as when CI is cut off."""
    script = (
        "import os, lab; made = lab.make([lab.Spec(name='h1')], name='killed', keep=False); os.kill(os.getpid(), 9)"
    )
    assert python("-c", script).returncode == -signal.SIGKILL
    assert "killed" in names()
    boot("h1")
    assert "killed" not in names()
    assert not (state() / "killed").exists()
    assert all("maintkit-lab-killed" not in command for command in commands())


def test_a_kept_lab_outlives_its_maker_until_it_is_taken_down() -> None:
    up = python("-m", "lab", "up", "--name", "kept", "--hosts", "1")
    assert up.returncode == 0, up.stderr
    try:
        assert "kept" not in sweep()
        assert load("kept")["h1"].run("hostname").out == "h1\n"
        again = python("-m", "lab", "up", "--name", "kept")
        assert again.returncode == 1
        assert again.stderr == "lab: the lab kept is there already: `make lab-down` removes it\n"
    finally:
        assert python("-m", "lab", "down", "kept").stdout.splitlines()[-1] == "lab kept removed"
    assert "kept" not in names()


def test_a_kept_lab_that_reboots_is_left_alone() -> None:
    """Between two boots its hosts are off for a moment, and another run may sweep just then."""
    up = python("-m", "lab", "up", "--name", "reboots")
    assert up.returncode == 0, up.stderr
    made = load("reboots")
    try:
        with ThreadPoolExecutor(max_workers=1) as pool:
            reboot = pool.submit(made["h1"].reboot)
            while not reboot.done():
                assert "reboots" not in sweep()
            reboot.result()
        assert made["h1"].is_on
    finally:
        made.remove()


def test_a_lab_that_two_want_to_remove_is_removed_by_one() -> None:
    """Another run sweeps while somebody takes a kept lab down, whose maker has ended long ago."""
    up = python("-m", "lab", "up", "--name", "contested", "--hosts", "3")
    assert up.returncode == 0, up.stderr
    script = "import lab, time; until = time.monotonic() + 4\nwhile time.monotonic() < until: lab.sweep(); lab.names()"
    with ThreadPoolExecutor(max_workers=4) as pool:
        sweeping = [pool.submit(python, "-c", script) for _ in range(2)]
        time.sleep(1)
        taking = [pool.submit(python, "-m", "lab", "down", "contested") for _ in range(2)]
        assert [one.result().stderr for one in sweeping] == ["", ""]
        down = [one.result() for one in taking]
    assert all("Traceback" not in one.stderr for one in down), down
    assert [one.returncode for one in down if not one.stderr.startswith("lab: there is no lab")] in ([0], [0, 0])
    assert "contested" not in names()
    assert not (state() / "contested").exists()


@pytest.mark.parametrize("name", ["../up", "Up", "a b", "-o", ""])
def test_odd_names_are_refused_before_anything_is_made(name: str) -> None:
    before = names()
    with pytest.raises(LabError, match="is no name for a lab or a host"), lab([Spec(name=name)]):
        pass
    assert names() == before


def test_without_root_the_lab_says_so() -> None:
    """From a copy that others may read: this checkout may lie where they may not."""
    with tempfile.TemporaryDirectory(prefix="maintkit-lab-") as place:
        Path(place).chmod(0o755)
        shutil.copytree(MOLECULE / "lab", f"{place}/lab", ignore=shutil.ignore_patterns("__pycache__"))
        done = subprocess.run(
            ["setpriv", "--reuid=65534", "--clear-groups", "/usr/bin/python3", "-m", "lab", "up"],
            env={"PYTHONPATH": place, "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"},
            cwd="/",
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert (done.returncode, done.stderr) == (1, "lab: booting hosts needs root\n")


def commands() -> list[str]:
    """Command lines of this machine's processes."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            found.append(path.read_text(errors="replace").replace("\0", " "))
        except OSError:
            continue
    return found
