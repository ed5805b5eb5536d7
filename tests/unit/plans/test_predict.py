"""Predictions from what apt-get -s really wrote on a Debian 12, and durations from the ledger."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from change import Office

from maintkit.errors import ChangeRefused
from maintkit.plans import predict
from maintkit.plans.model import Estimate
from maintkit.plans.predict import Rate, Restarts, Timing

APT = Path(__file__).parent / "apt"
RATE = Rate(fixed_s=20, per_unit_s=3, detail_zh="默认：20 秒，每个软件包 3 秒")


def recorded(name: str) -> str:
    return (APT / f"{name}.txt").read_text(encoding="utf-8")


def test_an_upgrade_is_read_package_by_package() -> None:
    """All 120 lines, versions from and to, where the new one comes from, and the odd tails that apt adds."""
    found = predict.apt_changes(recorded("upgrade"))
    by_name = {one.package.name: one for one in found}
    assert len(found) == len(by_name) == 120
    bash = by_name["bash"].package
    assert (bash.before, bash.after, bash.architecture) == ("5.2.15-2+b8", "5.2.15-2+b13", "amd64")
    assert by_name["libpam-modules-bin"].package.after == "1.5.2-6+deb12u2"
    assert by_name["init-system-helpers"].package.architecture == "all"
    assert by_name["passwd"].package.before == "1:4.13+dfsg1-1+deb12u1"
    assert (by_name["bash"].security, by_name["libexpat1"].security) == (False, True)
    assert by_name["libexpat1"].origins == ("Debian-Security:12/oldstable-security",)


def test_an_installation_has_no_version_before_and_a_removal_none_after() -> None:
    """nginx-full with what it pulls in; python3-yaml with what goes with it."""
    installed = [one.package for one in predict.apt_changes(recorded("install"))]
    assert ("libmaxminddb0", None, "1.7.1-1") in [(one.name, one.before, one.after) for one in installed]
    removed = [one.package for one in predict.apt_changes(recorded("remove"))]
    assert [(one.name, one.before, one.after) for one in removed] == [
        ("llvm-14-dev", "1:14.0.6-12", None), ("llvm-14-tools", "1:14.0.6-12", None), ("yq", "3.1.0-3", None),
        ("python3-yaml", "6.0-3+b2", None),
    ]  # fmt: skip


def test_nothing_to_do_is_no_change_and_no_step() -> None:
    """A plan made of it says that it changes nothing."""
    assert predict.apt_changes(recorded("nothing")) == ()
    assert predict.package_steps((), estimates={}, risk="low") == ()


@pytest.mark.parametrize("line", ["Inst nginx", "Inst nginx [1] 2", "Remv nginx", "E: Unmet dependencies."])
def test_what_cannot_be_read_is_not_planned(line: str) -> None:
    """A line in another form, or apt's own refusal, ends the planning."""
    with pytest.raises(ChangeRefused):
        predict.apt_changes(f"Reading package lists...\n{line}\n")


def test_a_foreign_architecture_is_kept_apart() -> None:
    """`libc6:i386` is not another version of libc6."""
    (found,) = predict.apt_changes("Inst libc6:i386 [2.36-9] (2.36-9+deb12u1 Debian:12.15/oldstable [i386])")
    assert (found.package.name, found.package.architecture) == ("libc6", "i386")


def test_the_download_is_the_sum_of_the_index() -> None:
    """Eight archives of nginx-full as apt-get --print-uris lists them."""
    lines = recorded("uris").splitlines()
    assert len(lines) == 8
    assert predict.fetched_bytes(recorded("uris")) == sum(int(line.split()[2]) for line in lines) > 100_000
    with pytest.raises(ChangeRefused, match="cannot be read"):
        predict.fetched_bytes("'http://mirror.example/a.deb' a.deb many")


def test_restarts_are_those_needrestart_lists() -> None:
    """Units once and in order; a kernel of state 3 wants a reboot, of state 1 not."""
    said = ("VER: 3.6", "KCUR: 6.1.0-25", "KEXP: 6.1.0-26", "KSTA: 3")
    units = ("SVC: nginx.service", "SVC: cron.service", "SVC: nginx.service")
    text = "".join(f"NEEDRESTART-{line}\n" for line in (*said, *units))
    assert predict.restarts(text) == Restarts(units=("nginx.service", "cron.service"), kernel=True)
    assert predict.restarts("NEEDRESTART-KSTA: 1\n") == Restarts(units=(), kernel=False)


def test_disk_needs_add_up_on_one_file_system_and_stay_apart_on_two() -> None:
    """Archives new and old, and twice what is unpacked, so that the way back has room too."""
    sizes = {"fetched": 100, "cached": 80, "unpacked": 300}
    one = predict.disk_needs(**sizes, free={"/": 1000}, mount_of={"/": "/", predict.ARCHIVES: "/"})
    assert [(need.path, need.need_bytes, need.fits) for need in one] == [("/", 780, True)]
    two = predict.disk_needs(**sizes, free={"/": 599, "/var": 180}, mount_of={"/": "/", predict.ARCHIVES: "/var"})
    assert [(need.path, need.need_bytes, need.fits) for need in two] == [("/", 600, False), ("/var", 180, True)]
    with pytest.raises(ChangeRefused, match="not known how much is free"):
        predict.disk_needs(**sizes, free={}, mount_of={"/": "/"})


def test_a_first_time_is_estimated_by_the_stated_rate() -> None:
    """No sample, and the words say that it is assumed."""
    assert predict.estimate((), size=7, rate=RATE) == Estimate(seconds=41, samples=0, detail_zh=RATE.detail_zh)


def test_later_estimates_come_from_the_slowest_run_in_the_ledger(office: Office) -> None:
    """Scaled up to the size, never down; other procedures and actions do not count, nor what is long past."""
    for number, (action, seconds, size) in enumerate(
        [
            ("install", 9999.0, 1),
            *[("install", 10.0, 5)] * 8,
            ("install", 30.2, 10),
            ("install", 20, 2),
            ("other", 500, 1),
        ]
    ):
        office.later(office.clock.at + timedelta(minutes=1))
        body = {"host": f"h{number}", "seconds": seconds, "size": size}
        office.ledger.append("step.timed", body, run=f"R{number}", subject=f"patch {action}")
    known = predict.timings(office.ledger, "patch", "install")
    assert len(known) == 10
    assert known[0] == Timing(host="h10", at=known[0].at, seconds=20, size=2)
    small = predict.estimate(known, size=1, rate=RATE)
    assert (small.seconds, small.samples) == (31, 10)
    assert small.detail_zh.startswith("近 10 次中最慢一次：30 秒（规模 10，h9，2026-11-26")
    assert predict.estimate(known, size=20, rate=RATE).seconds == 200
    assert predict.timings(office.ledger, "restart", "install") == ()


def test_package_steps_cover_every_phase_and_name_what_changes() -> None:
    """Cache before, compare after, downgrade to go back; the risk is the change's and the rollback's."""
    changes = predict.apt_changes(recorded("upgrade"))
    times = ("cache-packages", "install-packages", "compare-packages", "downgrade-packages")
    estimates = {name: predict.estimate((), size=120, rate=RATE) for name in times}
    steps = predict.package_steps(changes, estimates=estimates, risk="medium")
    assert [(one.phase, one.risk) for one in steps] == [
        ("backup", "low"), ("change", "medium"), ("verify", "low"), ("rollback", "medium"),
    ]  # fmt: skip
    assert steps[1].target.startswith("base-files, ")
    assert steps[1].target.endswith(" 等 120 个软件包")
    assert steps[1].estimate.seconds == 380
