"""By hand, a host is brought back by what was kept there, in an order that loses nothing, or not at all."""

from __future__ import annotations

from typing import Any

from change import NOW, host, plan

from maintkit.evidence.change_record import HostRecord, PhaseRecord
from maintkit.evidence.phase_document import phase_document
from maintkit.plans.manual import Manual, manual
from maintkit.plans.model import PackageChange

LEDGER = "6a0c3a52-0000-4000-8000-000000000000"
FILES = {"old/nginx_1_amd64.deb": "a" * 64, "new/nginx_2_amd64.deb": "b" * 64}


def by_hand(backup: dict[str, Any] | None, change: dict[str, Any] | None = None, **changes: Any) -> Manual:
    """Of his-app1, whose backup and change phases have told this."""
    phases = tuple(
        PhaseRecord(phase=phase, begun_at=NOW, ended_at=NOW, outcome="ok", reason="", changed=True, took_ms=1,
                    document=phase_document("0" * 64, {"facts": facts}) if facts is not None else None, seq=1)
        for phase, facts in (("backup", backup), ("change", change))
    )  # fmt: skip
    record = HostRecord(name="his-app1", state=None, closed_at=None, phases=phases, held=(), reopened=())
    return manual(plan(LEDGER, **changes), record)


def commands(found: Manual) -> list[str]:
    return [step.command for step in found.steps if step.command]


def test_packages_are_checked_before_they_are_put_back_and_compared_after() -> None:
    found = by_hand({"files": FILES, "cache": "/var/cache/maintkit/R1"})
    assert [step.what for step in found.steps] == [
        "inform", "look", "check-files", "mend", "install", "versions", "restart", "unlock",
    ]  # fmt: skip
    assert "dpkg --install /var/cache/maintkit/R1/old/*.deb" in commands(found)
    assert [(one.kind, one.where) for one in found.kept] == [("packages", "/var/cache/maintkit/R1")]


def test_of_a_plan_that_undoes_a_run_the_versions_are_those_that_it_wants() -> None:
    """Both ways were kept by the undone run; what stands in the plan goes the other way."""
    moved = (PackageChange(name="nginx", architecture="amd64", before="2", after="1"),
             PackageChange(name="extra", architecture="amd64", before="1", after=None))  # fmt: skip
    one = host("his-app1", packages=moved)
    found = by_hand({"files": FILES, "cache": "/c"}, hosts=(one,), batches=(("his-app1",),), undoes="C20261101-1")
    assert "dpkg --purge extra" in commands(found)
    assert next(step.told for step in found.steps if step.what == "versions") == "nginx 1"


def test_a_file_comes_back_with_its_loading_and_a_new_one_goes() -> None:
    asked = {"dest": "/etc/my pool.conf", "reload": ["systemctl", "reload", "his"]}
    there = by_hand({"copy": "/var/lib/x/before", "sha256": "c" * 64}, procedure="config", parameters=asked)
    assert commands(there)[1:4] == [
        "cp --archive -- /var/lib/x/before '/etc/my pool.conf'",
        "sha256sum '/etc/my pool.conf'",
        "systemctl reload his",
    ]
    new = by_hand({"copy": ""}, procedure="config", parameters=asked)
    assert commands(new)[1] == "rm -f -- '/etc/my pool.conf'"


def test_a_link_leads_back_at_one_instant() -> None:
    found = by_hand({"link": {"path": "/opt/his/current", "target": "releases/1.0", "tree": "d" * 64}})
    switch = "ln -sfn -- releases/1.0 /opt/his/current.back && mv -T -- /opt/his/current.back /opt/his/current"
    assert switch in commands(found)
    assert [(one.kind, one.where) for one in found.kept] == [("release", "releases/1.0")]


def test_data_come_back_from_the_very_snapshot_before_the_old_version_does() -> None:
    taken = {"path": "/srv/.maintkit-R1", "of": "/srv/his", "id": "257", "uuid": "595fcbe8"}
    found = by_hand({"files": FILES, "cache": "/c"}, {"snapshot": taken})
    step = next(step for step in found.steps if step.what == "snapshot")
    assert step.told == "257 595fcbe8"
    assert step.command == (
        "btrfs subvolume show /srv/.maintkit-R1 && mv -T -- /srv/his /srv/.maintkit-R1-failed"
        " && btrfs subvolume snapshot /srv/.maintkit-R1 /srv/his"
    )
    assert [step.what for step in found.steps].index("snapshot") < [step.what for step in found.steps].index("install")


def test_nothing_is_put_back_by_a_guess() -> None:
    """No backup in the ledger, or no place of it: a person restores by the hospital's procedure."""
    for told in (None, {"files": FILES}):
        found = by_hand(told)
        assert "nothing-kept" in [step.what for step in found.steps]
        assert not [one for one in commands(found) if "dpkg" in one]


def test_what_a_host_told_stays_one_word_of_the_command() -> None:
    found = by_hand({"files": FILES, "cache": "/c; rm -rf /"})
    assert "dpkg --install '/c; rm -rf /'/old/*.deb" in commands(found)


def test_what_a_restore_has_kept_aside_is_renamed_back_and_nothing_is_deleted() -> None:
    """By what the host told of its cluster; when it told nothing, nothing is done by a guess."""
    data, unit = "/var/lib/postgresql/15/main", "postgresql@15-main.service"
    told = {"restore": {"run": "C20261128-1", "identity": {"data_directory": data, "unit": unit}}}
    found = by_hand(told, procedure="restore")
    step = next(step for step in found.steps if step.what == "kept-data")
    kept = f"{data}.maintkit-C20261128-1-kept"
    assert step.told == kept
    assert step.command.endswith(
        f"test -d {kept} && mv -T -- {data} {data}.maintkit-C20261128-1-failed && mv -T -- {kept} {data}"
        f" && systemctl unmask {unit} && systemctl start {unit}"
    )
    assert "nothing-kept" in [step.what for step in by_hand({}, procedure="restore").steps]
