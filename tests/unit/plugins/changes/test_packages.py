"""What apt and dpkg say, as recorded on Debian 12, becomes what a plan freezes."""

from __future__ import annotations

from pathlib import Path

import pytest

RECORDED = Path(__file__).with_name("recorded") / "apt-upgrade-debian12.txt"
LISTED = "curl\t7.88.1-10+deb12u15\tii \t489\nlibc6:amd64\t2.36-9+deb12u14\tii \t13001\ngone\t1.0\trc \t3\n"


def test_every_line_of_a_recorded_upgrade_is_understood(part):
    text = RECORDED.read_text()
    told = part("apt").parse_simulation(text)
    assert len(told["install"]) == text.count("\nInst ") == 120
    assert all(
        one["package"] and one["from"] and one["to"] and one["arch"] and one["origins"] for one in told["install"]
    )
    named = {one["package"]: one for one in told["install"]}
    assert named["curl"] == {
        "package": "curl",
        "arch": "amd64",
        "from": "7.88.1-10+deb12u14",
        "to": "7.88.1-10+deb12u15",
        "origins": ["Debian:12.15/oldstable"],
        "security": False,
    }
    assert named["unzip"]["security"] is True
    # Offered by both archives: it is a security update all the same.
    assert named["python3-jwt"]["origins"] == ["Debian:12.15/oldstable", "Debian-Security:12/oldstable-security"]
    assert named["python3-jwt"]["security"] is True


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("Inst cowsay (3.03+dfsg2-8 Debian:12.15/oldstable [all])", ("cowsay", "", "3.03+dfsg2-8")),
        ("Inst a:i386 [1] (2 X:1/y [i386]) [b:i386 ]", ("a:i386", "1", "2")),
        ("Inst local [1.0] (1.1 [all])", ("local", "1.0", "1.1")),
        ("Inst e [1:1.0-1] (2:1.1-1 X:1/y [amd64])", ("e", "1:1.0-1", "2:1.1-1")),
    ],
)
def test_installs_of_all_shapes(part, line, expected):
    (one,) = part("apt").parse_simulation(line)["install"]
    assert (one["package"], one["from"], one["to"]) == expected


def test_removals_and_what_is_kept_back_are_told(part):
    text = (
        "The following packages have been kept back:\n  linux-image demo\n  other\n0 upgraded\nRemv curl [7.88] [x ]\n"
    )
    told = part("apt").parse_simulation(text)
    assert told["remove"] == [{"package": "curl", "from": "7.88"}]
    assert told["kept_back"] == ["linux-image", "demo", "other"]


@pytest.mark.parametrize(
    ("origin", "security"),
    [
        ("Debian-Security:12/stable-security", True),
        ("Ubuntu:22.04/jammy-security", True),
        ("Debian:12.15/oldstable", False),
        ("Ubuntu:22.04/jammy-updates", False),
        ("security-tools:1/main", False),
    ],
)
def test_a_security_archive_is_known_by_label_or_suite(part, origin, security):
    assert part("apt").is_security(origin) is security


def test_holds_names_and_security_narrow_what_is_chosen(part):
    apt = part("apt")
    told = apt.parse_simulation(RECORDED.read_text())
    everything = {"packages": [], "holds": [], "security_only": False}
    assert len(apt.chosen(told, **everything)) == 120
    assert apt.chosen(told, **{**everything, "packages": ["curl"]}) == {"curl": "7.88.1-10+deb12u15"}
    assert apt.chosen(told, **{**everything, "packages": ["curl"], "security_only": True}) == {}
    assert "curl" not in apt.chosen(told, **{**everything, "holds": ["curl"]})


def test_sizes_are_bytes(part):
    apt = part("apt")
    uris = "Reading...\n'http://a/b.deb' b_1_all.deb 9496 MD5Sum:c7\n'http://a/c.deb' c_1%3a2_all.deb 4 SHA256:00\n"
    assert apt.parse_uris(uris) == 9500
    assert apt.parse_sizes("Package: a\nVersion: 1:2\nInstalled-Size: 3\n\nPackage: b\nVersion: 1\n") == {
        "a=1:2": 3072,
        "b=1": 0,
    }


def test_the_whole_list_is_compared_with_states(part):
    dpkg = part("dpkg")
    before = dpkg.parse_list(LISTED)
    assert before["libc6:amd64"] == {"version": "2.36-9+deb12u14", "state": "ii", "bytes": 13001 * 1024}
    assert "gone" not in before
    after = dpkg.parse_list(
        LISTED.replace("curl\t7.88.1-10+deb12u15\tii ", "curl\t7.88.1-10+deb12u15\tiF ") + "new\t1\tii \t1\n"
    )
    assert dpkg.differences(before, after) == [
        {"package": "curl", "from": "7.88.1-10+deb12u15", "to": "7.88.1-10+deb12u15 (iF)"},
        {"package": "new", "from": "", "to": "1"},
    ]
    assert dpkg.differences(before, before) == []
    assert (dpkg.broken(before), dpkg.broken(after)) == ([], ["curl"])
    assert dpkg.held(dpkg.parse_list("a\t1\thi \t1\n")) == ["a"]


def test_a_files_name_is_that_of_apt(part):
    assert part("dpkg").file_name("libc6:amd64", "1:2.3-4", "amd64") == "libc6_1%3a2.3-4_amd64.deb"


def test_versions_that_differ_are_told_whatever_dpkg_calls_the_package(part):
    differing = part("packages").differing
    installed = part("dpkg").parse_list(LISTED)
    assert differing(installed, {"libc6": "2.36-9+deb12u14", "absent": ""}) == []
    assert differing(installed, {"curl": "8"}) == [{"package": "curl", "from": "7.88.1-10+deb12u15", "to": "8"}]
    assert differing(installed, {"curl": ""})[0]["to"] == ""
    assert differing({}, {"curl": "8"}) == [{"package": "curl", "from": "", "to": "8"}]


@pytest.mark.parametrize(
    ("package", "version"), [("-o", "1"), ("a", "-1"), ("A", "1"), ("a;b", "1"), ("a", "1 2"), ("a/sid", "1")]
)
def test_nothing_but_packages_and_versions_reaches_apt(part, package, version):
    """Fault 54, for apt: a name that is an option."""
    with pytest.raises(part("place").Refused, match="is no Debian package with a version"):
        part("patching").install_argv({package: version})


def test_what_is_told_about_dpkg_names_the_way_to_mend_it(part, tmp_path, monkeypatch):
    patching = part("patching")
    monkeypatch.setattr(patching, "INTERRUPTED", tmp_path)
    assert patching.health(part("dpkg").parse_list(LISTED)) == {"healthy": True, "problems": []}
    (tmp_path / "0001").touch()
    told = patching.health({"a": {"version": "1", "state": "iU", "bytes": 0}})
    assert not told["healthy"]
    assert all("dpkg --configure -a" in problem for problem in told["problems"])
    assert len(told["problems"]) == 2


def test_drift_is_told_both_ways(part):
    phases = part("phases")
    planned = [{"package": "a", "from": "1", "to": "2"}, {"package": "b", "from": "", "to": "1"}]
    found = [{"package": "a", "from": "1", "to": "3", "origins": []}, {"package": "b", "from": "", "to": "1"}]
    assert phases.drift(found, found) == []
    assert phases.drift(found, planned) == ["not planned: a 1 -> 3", "no more: a 1 -> 2"]


def test_a_migration_comes_back_only_by_a_restore_unless_it_has_a_way_down(part):
    phases = part("phases")
    hooks = {"restore_point": ["mark"], "migrate": ["up"]}
    package = [{"package": "his", "from": "1.0", "to": "1.1"}]
    for down, last in ([], "restore-only"), (["down"], "reversible"):
        steps = phases.as_upgrade(package, hooks, down)
        assert [step["action"] for step in steps] == ["restore_point", "set package", "migrate"]
        assert steps[-1]["rollback_class"] == last
    assert [step["target"] for step in phases.as_upgrade(package, {"restore_point": [], "migrate": []}, [])] == ["his"]
