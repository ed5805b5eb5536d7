"""The packages are packages: reproducible, complete, and what apt and dpkg say of them is right."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from lab.hospital import packages

HIS_FILES = {
    "./etc/his-demo/his-demo.conf",
    "./lib/systemd/system/his-demo.service",
    "./usr/bin/his-demo",
    "./usr/sbin/his-demo-migrate",
    "./usr/share/doc/his-demo/changelog.Debian.gz",
    "./usr/share/doc/his-demo/copyright",
}


def field(deb: Path, name: str) -> str:
    """One field of the control file."""
    return subprocess.run(["dpkg-deb", "-f", deb, name], capture_output=True, text=True, check=True).stdout.strip()


def contents(deb: Path) -> dict[str, str]:
    """path -> mode and owner."""
    lines = subprocess.run(["dpkg-deb", "-c", deb], capture_output=True, text=True, check=True).stdout.splitlines()
    return {line.split()[5]: " ".join(line.split()[:2]) for line in lines}


def find(debs: dict[str, list[Path]], name: str, version: str = "1.0") -> Path:
    """One package out of the build."""
    return next(deb for deb in debs[version] if deb.name.startswith(f"{name}_"))


def test_every_version_of_every_package_is_built(debs) -> None:
    """The set that the lab's tests rely on."""
    names = {version: sorted(deb.name.partition("_")[0] for deb in some) for version, some in debs.items()}
    his = ["his-demo", "his-demo-common"]
    assert names == {"1.0": [*his, "pharmacy-demo", "report-demo"], "1.1": his, "1.2": his, "1.3": his}


def test_the_same_tree_gives_the_same_bytes(debs, tmp_path: Path) -> None:
    """Whatever the umask and the time of the checkout."""
    again = {path.name: path.read_bytes() for path in packages.build_all(tmp_path)}
    assert again == {deb.name: deb.read_bytes() for some in debs.values() for deb in some}


@pytest.mark.parametrize("version", ["1.0", "1.1", "1.2", "1.3"])
def test_his_demo_needs_exactly_its_own_common_part(debs, version: str) -> None:
    """An upgrade of one without the other is impossible: plans must include dependencies."""
    deb = find(debs, "his-demo", version)
    assert field(deb, "Version") == f"{version}-1"
    assert field(deb, "Architecture") == "all"
    assert f"his-demo-common (= {version}-1)" in field(deb, "Depends")


def test_his_demo_installs_what_it_says_and_nothing_for_one_user(debs) -> None:
    """All files belong to root; programs are executable, nothing else is."""
    inside = contents(find(debs, "his-demo"))
    assert inside.keys() >= HIS_FILES
    assert {mode.split()[1] for mode in inside.values()} == {"root/root"}
    executable = {path for path, mode in inside.items() if mode.startswith("-rwx")}
    assert executable == {"./usr/bin/his-demo", "./usr/sbin/his-demo-migrate"}
    assert not [path for path in inside if "__pycache__" in path or path.endswith((".orig", ".rej"))]
    command = ["dpkg-deb", "-I", find(debs, "his-demo"), "conffiles"]
    conffiles = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    assert conffiles == ["/etc/his-demo/his-demo.conf", "/etc/logrotate.d/his-demo"]


def test_the_installation_does_not_migrate(debs, tmp_path: Path) -> None:
    """That is the upgrade's own step, after its backup. The service is restarted only where systemd runs."""
    subprocess.run(["dpkg-deb", "-e", find(debs, "his-demo"), tmp_path / "control"], check=True)
    script = (tmp_path / "control/postinst").read_text()
    assert "his-demo-migrate" not in script
    assert "if [ -d /run/systemd/system ]" in script
    assert (tmp_path / "control/postinst").stat().st_mode & 0o777 == 0o755


@pytest.mark.parametrize("binary", ["his-demo", "his-demo-common", "pharmacy-demo", "report-demo"])
def test_control_scripts_parse_and_sums_are_right(debs, binary: str, tmp_path: Path) -> None:
    """`sh -n` on each script, md5sums against the unpacked files, no placeholder left."""
    subprocess.run(["dpkg-deb", "-R", find(debs, binary), tmp_path / "root"], check=True)
    for script in (tmp_path / "root/DEBIAN").glob("p*"):
        subprocess.run(["sh", "-n", script], check=True)
    subprocess.run(["md5sum", "--quiet", "-c", "DEBIAN/md5sums"], cwd=tmp_path / "root", check=True)
    left = subprocess.run(["grep", "-rl", "@VERSION@", tmp_path / "root"], capture_output=True, check=False)
    assert left.stdout == b""


def test_a_patch_that_does_not_apply_stops_the_build(tmp_path: Path) -> None:
    """Patches are applied without fuzz: a version is never silently something else."""
    release = packages.releases("his-demo")[-1]
    broken = packages.Release(
        source="his-demo",
        version="9.9",
        date=release.date,
        patches=("channel.patch",),
        changes="channel without the visit type that it builds on",
        breaks=None,
    )
    with pytest.raises(packages.subprocess.CalledProcessError) as caught:
        packages.build(broken, tmp_path)
    assert "FAILED" in caught.value.stderr
    assert list(tmp_path.iterdir()) == []
