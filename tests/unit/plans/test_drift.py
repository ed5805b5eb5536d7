"""Faults 8 and 43: another machine behind the address, or somebody else's change since the plan, stops the host."""

from __future__ import annotations

from dataclasses import replace

import pytest
from change import host

from maintkit.errors import PlanChanged
from maintkit.plans.drift import Present, drift, require_undrifted
from maintkit.plans.model import PackageChange

HOST = host("his-app1", boot_id="b1")
AS_PLANNED = Present(
    machine_id=HOST.machine_id,
    boot_id="b1",
    packages={("nginx", "amd64"): "1.22.1-9", ("passwd", "amd64"): "1:4.13", ("curl", "amd64"): "7.88"},
)


def test_a_host_as_planned_goes_on() -> None:
    """Other packages may be what they like, and a boot counts only if the plan names it."""
    require_undrifted(HOST, AS_PLANNED)
    require_undrifted(HOST, replace(AS_PLANNED, packages={**AS_PLANNED.packages, ("curl", "amd64"): "8"}))
    require_undrifted(replace(HOST, boot_id=None), replace(AS_PLANNED, boot_id="b2"))


@pytest.mark.parametrize(("present", "told"), [
    ({"machine_id": "0" * 32}, f"his-app1.example is machine {'0' * 32}, planned was"),
    ({"boot_id": "b2"}, "rebooted since"),
    ({"packages": {("nginx", "amd64"): "1.22.1-9+deb12u1", ("passwd", "amd64"): "1:4.13"}},
     "nginx is 1.22.1-9+deb12u1, planned was 1.22.1-9"),
    ({"packages": {("nginx", "amd64"): "1.22.1-9", ("passwd", "i386"): "1:4.13"}}, "passwd is not installed"),
])  # fmt: skip
def test_what_changed_since_is_told(present: dict[str, object], told: str) -> None:
    """Machine, boot, version, architecture."""
    with pytest.raises(PlanChanged) as caught:
        require_undrifted(HOST, replace(AS_PLANNED, **present))  # type: ignore[arg-type]
    assert told in str(caught.value)


def test_another_machine_is_the_only_thing_told() -> None:
    """Its packages are not compared."""
    assert len(drift(HOST, replace(AS_PLANNED, machine_id="0" * 32, packages={}))) == 1


def test_a_new_package_must_not_be_there_and_a_removed_one_must() -> None:
    """apt names no architecture for what it removes: any will do."""
    new = PackageChange(name="libx", architecture="amd64", before=None, after="1")
    gone = PackageChange(name="curl", architecture="native", before="7.88", after=None)
    both = replace(HOST, packages=(new, gone))
    assert drift(both, AS_PLANNED) == ()
    there = replace(AS_PLANNED, packages={("libx", "amd64"): "1"})
    assert drift(both, there) == ("libx is 1, planned was not installed", "curl is not installed, planned was 7.88")
