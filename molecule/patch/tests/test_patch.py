"""What the whole way leaves: the exact version, its service, and the way back."""

from __future__ import annotations


def test_the_version_is_exact_and_runs(host):
    """The package is at 1.1, and what answers is 1.1."""
    assert host.package("demo").version == "1.1"
    assert host.service("demo").is_running
    assert host.check_output("curl -s http://127.0.0.1:8080/version") == "1.1"


def test_the_way_back_is_on_the_host_and_private(host):
    """The old package's file is kept, where only root looks."""
    assert host.file("/var/cache/maintkit/molecule/old/demo_1.0_all.deb").is_file
    assert host.file("/var/cache/maintkit").mode == 0o700
