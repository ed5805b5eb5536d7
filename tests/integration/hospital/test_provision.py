"""hospital.yml, the provisioning scripts and the kit that hosts get agree with each other."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from lab.hospital.archive import Archive
from lab.hospital.kit import Secrets, layer, start_files
from lab.hospital.topology import PLACE, Member, members

SCRIPTS = sorted((PLACE / "provision").glob("*.sh"))
ALL = {member.name: member for member in members()}


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_a_script_parses_and_only_puts_files_that_there_are(script: Path) -> None:
    """`sh -n`, and every file that `put` names lies in files/."""
    subprocess.run(["sh", "-n", script], check=True)
    named = re.findall(r"^ *put \d+ \S+ ([a-z][a-z.-]+) ", script.read_text(), flags=re.MULTILINE)
    assert [name for name in named if not (PLACE / "files" / name).exists()] == []


def test_every_host_has_a_role_and_every_role_a_host() -> None:
    """No script that nobody runs."""
    assert {member.script for member in ALL.values()} == {path for path in SCRIPTS if path.name != "functions.sh"}


@pytest.mark.parametrize("verb", ["", "stop"])
def test_a_script_wants_to_be_told_what_to_do(verb: str) -> None:
    """One clear line."""
    script = PLACE / "provision/his-app.sh"
    done = subprocess.run(["sh", script, *filter(None, [verb])], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (1, f"provision: usage: {script} bake|start\n")


@pytest.mark.parametrize("member", ALL.values(), ids=ALL)
def test_a_host_is_given_its_own_software_and_secrets_only(member: Member, debs, tmp_path: Path) -> None:
    """Nothing of another role; what is secret is readable by root only, and not in the image."""
    names = sorted({name for one in ALL.values() for name in one.secrets})
    kept = Secrets.open(tmp_path / "secrets.json", names)
    assert (tmp_path / "secrets.json").stat().st_mode & 0o777 == 0o600
    archive = Archive.open(tmp_path / "archive")
    given = {file.path: file for file in start_files(member, address="10.213.1.11", secrets=kept, archive=archive)}
    assert {path for path, file in given.items() if file.mode == 0o600} == {"/opt/lab/lab.env", "/opt/lab/tls/host.key"}
    lines = given["/opt/lab/lab.env"].content.decode().splitlines()
    assert [line.partition("=")[0].lower() for line in lines] == [*member.secrets, "archive"]
    baked = layer(member, software=debs["1.0"], old=[])
    packages = [file.path for file in baked.files if file.path.endswith(".deb")]
    assert sorted(path.split("/")[-1].partition("_")[0] for path in packages) == sorted(member.software)
    assert not [file.path for file in baked.files for word in kept.passwords.values() if word.encode() in file.content]


def test_secrets_are_drawn_once(tmp_path: Path) -> None:
    """A later process finds the same passwords and authority; another lab has others."""
    first, again = (Secrets.open(tmp_path / "a", ["his_app"]) for _ in range(2))
    assert first.passwords == again.passwords
    assert first.authority.pair == again.authority.pair
    assert Secrets.open(tmp_path / "b", ["his_app"]).passwords != first.passwords
