"""Releases side by side on a booted host: the link is switched whole, leads back by itself, nothing is overwritten."""

from __future__ import annotations

import io
import tarfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from procedures import Went, play

from lab import File, Lab, Layer, Spec, lab

UNIT = """\
[Service]
WorkingDirectory=/opt/his/current
ExecStart=/usr/bin/python3 -m http.server 8080 --bind 127.0.0.1
"""
# A btrfs of the host's own at /srv, with the application's data in a subvolume.
BTRFS = """
truncate -s 200M /root/btrfs.img
mkfs.btrfs -q /root/btrfs.img 2>/dev/null
mknod /dev/loop-control c 10 237
for attempt in 1 2 3 4 5; do
  loop=$(losetup -f)
  [ -e "$loop" ] || mknod "$loop" b 7 "${loop#/dev/loop}"
  mount -o "loop=$loop" /root/btrfs.img /srv && break
done
btrfs subvolume create /srv/his >/dev/null
echo one >/srv/his/patients
"""
PAGE = {"kind": "http", "url": "http://127.0.0.1:8080/version"}


def packed(place: Path, name: str, files: Mapping[str, str]) -> Path:
    """A release as a tar.gz."""
    path = place / f"{name}.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        for inside, text in files.items():
            member = tarfile.TarInfo(f"./{inside}")
            member.size, member.mode = len(text.encode()), 0o644
            archive.addfile(member, io.BytesIO(text.encode()))
    return path


@pytest.fixture(scope="module")
def one() -> Iterator[Lab]:
    files = (
        File(path="/etc/systemd/system/his.service", content=UNIT.encode()),
        File(path="/opt/his/releases/1.0/version", content=b"1.0\n"),
    )
    layer = Layer(name="btrfs", packages=("btrfs-progs",))
    with lab([Spec(name="h1", files=files, layers=(layer,))]) as made:
        made["h1"].sh(BTRFS)
        made["h1"].sh("ln -s releases/1.0 /opt/his/current; systemctl daemon-reload; systemctl start his")
        yield made
        made["h1"].run("umount", "/srv", check=False)  # lets go of this machine's loop device


def upgrade(made: Lab, archive: Path, version: str, playbook: str = "upgrade", **more: Any) -> Went:
    told = {
        "upgrade_release": str(archive),
        "upgrade_version": version,
        "upgrade_directory": "/opt/his/releases",
        "upgrade_link": "/opt/his/current",
        "upgrade_service": "his.service",
        "upgrade_gates": [{**PAGE, "contains": version}],
        "upgrade_gates_before": [PAGE],
        "upgrade_checks": 1,
        "upgrade_settle": 3,
    }
    return play(made, playbook, **{**told, **more})


def serves(made: Lab) -> str:
    until = time.monotonic() + 30
    while (told := made["h1"].run("curl", "-s", "http://127.0.0.1:8080/version", check=False)).code != 0:
        assert time.monotonic() < until
        time.sleep(0.2)
    return told.out.strip()


def leads(made: Lab) -> str:
    return made["h1"].run("readlink", "/opt/his/current").out.strip()


@pytest.mark.long
def test_a_release_that_is_well_runs_and_can_be_undone_as_long_as_both_are_what_they_were(
    one: Lab, tmp_path: Path
) -> None:
    archive = packed(tmp_path, "1.1", {"version": "1.1\n", "lib/his.py": "x = 1\n"})
    went = upgrade(one, archive, "1.1")
    assert went.fine
    assert went.phase("verify")["facts"]["deadman"]["by"] == "confirmation"
    assert (leads(one), serves(one)) == ("/opt/his/releases/1.1", "1.1")
    one["h1"].sh("echo x >>/opt/his/releases/1.0/version")
    spoiled = upgrade(one, archive, "1.1", "procedures.upgrade.undoable")
    assert "is not what it was" in spoiled.phase("undoable")["reason"]
    one["h1"].sh("echo 1.0 >/opt/his/releases/1.0/version")
    back = upgrade(one, archive, "1.1", "procedures.upgrade.rollback")
    assert back.fine
    assert (leads(one), serves(one)) == ("releases/1.0", "1.0")


@pytest.mark.long
def test_a_release_that_spoils_data_is_taken_back_with_them_and_one_that_is_there_is_never_written_again(
    one: Lab, tmp_path: Path
) -> None:
    bad = packed(tmp_path, "1.2", {"version": "what?\n"})
    spoil = {"kind": "command", "argv": ["sh", "-c", "echo spoilt >/srv/his/patients; false"]}
    went = upgrade(one, bad, "1.2", maintkit_run="r2", upgrade_gates=[spoil], upgrade_snapshot="/srv/his")
    assert (went.code, went.phase("rollback")["status"]) == (2, "ok")
    assert went.phase("change")["steps"][0]["rollback_class"] == "snapshot"
    aside = went.phase("rollback")["facts"]["snapshot"]["aside"]
    patients = [one["h1"].run("cat", f"{place}/patients").out for place in ("/srv/his", aside)]
    assert patients == ["one\n", "spoilt\n"]
    assert (leads(one), serves(one)) == ("releases/1.0", "1.0")
    good = packed(tmp_path, "1.2-again", {"version": "1.2\n"})
    refused = upgrade(one, good, "1.2", "procedures.upgrade.precheck", maintkit_run="r3")
    assert "is there with other content, and is never written again" in refused.phase("precheck")["reason"]
    assert one["h1"].run("cat", "/opt/his/releases/1.2/version").out == "what?\n"


@pytest.mark.long
def test_a_release_that_nobody_confirms_is_taken_back_by_the_host(one: Lab, tmp_path: Path) -> None:
    """Its controller dies after the change."""
    archive = packed(tmp_path, "1.3", {"version": "1.3\n"})
    for phase in ("backup", "change"):
        assert upgrade(one, archive, "1.3", f"procedures.upgrade.{phase}", maintkit_run="r4", upgrade_deadline=10).fine
    until = time.monotonic() + 90
    while leads(one) != "releases/1.0":
        assert time.monotonic() < until
        time.sleep(0.5)
    assert serves(one) == "1.0"
    late = upgrade(one, archive, "1.3", "procedures.upgrade.verify", maintkit_run="r4")
    assert "the host has taken it back by itself" in late.phase("verify")["reason"]
