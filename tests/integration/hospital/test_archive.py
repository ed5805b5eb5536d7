"""The lab's apt archive, asked by apt itself: signed, by file and over HTTP, and what it offers after a publication."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from lab.hospital.archive import KEYRING, Archive
from lab.hospital.updates import TooFew, Update, Updates, compare


class Client:
    """An apt of its own: its sources, lists and trust are in one directory, and this machine's are not read."""

    def __init__(self, root: Path, archive: Archive, address: str) -> None:
        self.root = root
        for name in ("etc/apt/apt.conf.d", "etc/apt/preferences.d", "lists/partial", "cache"):
            (root / name).mkdir(parents=True)
        (root / "status").touch()
        (root / "key.gpg").write_bytes((archive.root / "lab-archive.gpg").read_bytes())
        sources = archive.sources(address).replace(KEYRING, str(root / "key.gpg"))
        (root / "etc/apt/sources.list").write_text(sources)

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        options = {
            "Dir::Etc": self.root / "etc/apt",
            "Dir::State::lists": self.root / "lists",
            "Dir::State::status": self.root / "status",
            "Dir::Cache": self.root / "cache",
            "APT::Sandbox::User": "root",
        }
        command = [arguments[0], *(f"-o{name}={value}" for name, value in options.items()), *arguments[1:]]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    def update(self) -> str:
        """What `apt-get update` had to say; nothing when all was well."""
        done = self.run("apt-get", "-qq", "update")
        return done.stdout + done.stderr

    def versions(self, package: str) -> list[str]:
        return [line.split("|")[1].strip() for line in self.run("apt-cache", "madison", package).stdout.splitlines()]


@contextmanager
def over_http(root: Path) -> Iterator[str]:
    """The archive as a web server on a loopback address shows it."""

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(root))) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture
def archive(debs, tmp_path: Path) -> Archive:
    """Version 1.0 of everything, published."""
    archive = Archive.open(tmp_path / "archive")
    archive.publish("vendor", debs["1.0"])
    return archive


def test_a_publication_is_what_apt_offers_next(archive: Archive, debs, tmp_path: Path) -> None:
    """The vendor publishes 1.1: after an update it is the candidate, and 1.0 is gone, as from Debian's own suites."""
    client = Client(tmp_path / "client", archive, f"file:{archive.root}")
    assert client.update() == ""
    assert client.versions("his-demo") == ["1.0-1"]
    archive.publish("vendor", debs["1.1"])
    assert client.update() == ""
    assert client.versions("his-demo") == ["1.1-1"]
    assert client.versions("pharmacy-demo") == ["1.0-1"]
    archive.publish("vendor", debs["1.2"], keep_older=True)
    assert client.update() == ""
    assert client.versions("his-demo") == ["1.2-1", "1.1-1"]


def test_it_is_served_over_http_as_well(archive: Archive, tmp_path: Path) -> None:
    """apt verifies the signature and can fetch what is offered."""
    with over_http(archive.root) as address:
        client = Client(tmp_path / "client", archive, address)
        assert client.update() == ""
        fetched = client.run("apt-get", "-qq", "--print-uris", "download", "his-demo")
    assert f"{address}/pool/vendor/his-demo_1.0-1_all.deb" in fetched.stdout


def test_a_changed_index_is_refused(archive: Archive, tmp_path: Path) -> None:
    """The signature covers every index: somebody who can write here cannot slip a package in."""
    client = Client(tmp_path / "client", archive, f"file:{archive.root}")
    for name in ("Packages", "Packages.gz"):
        (index,) = (archive.root / "dists/vendor").glob(f"main/*/{name}")
        index.write_bytes(index.read_bytes() + b"\n")
    assert "Hash Sum mismatch" in client.update() or "unexpected size" in client.update()
    assert client.versions("his-demo") == []


def test_another_key_is_refused(archive: Archive, tmp_path: Path) -> None:
    """An archive of the same shape, signed by somebody else."""
    client = Client(tmp_path / "client", Archive.open(tmp_path / "other"), f"file:{archive.root}")
    assert "NO_PUBKEY" in client.update()


def test_security_updates_are_told_by_label_and_suite(archive: Archive, debs, tmp_path: Path) -> None:
    """What the collector, unattended-upgrades and apt look at."""
    archive.publish("bookworm-security", debs["1.1"])
    client = Client(tmp_path / "client", archive, f"file:{archive.root}")
    client.update()
    policy = client.run("apt-cache", "policy").stdout
    assert "o=Debian,a=bookworm-security,n=bookworm-security,l=Debian-Security" in policy


def test_an_archive_is_opened_again_with_its_key(archive: Archive, debs, tmp_path: Path) -> None:
    """A later process publishes to the same archive; clients that trust it go on."""
    client = Client(tmp_path / "client", archive, f"file:{archive.root}")
    Archive.open(archive.root).publish("vendor", debs["1.1"])
    assert client.update() == ""
    assert client.versions("his-demo") == ["1.1-1"]
    assert (archive.root.parent / "archive.key").stat().st_mode & 0o777 == 0o600


def test_updates_are_packages_that_mirrors_offer_in_two_versions(archive: Archive, debs, tmp_path: Path) -> None:
    """The newest and the next lower one; groups move together; what stands in one version only is left out."""
    archive.publish("bookworm", debs["1.1"])
    archive.publish("bookworm-security", debs["1.2"])
    mirror = Client(tmp_path / "mirror", archive, f"file:{archive.root}")
    groups = (("his-demo", "his-demo-common"), ("his-demo",), ("his-demo-common",), ("pharmacy-demo",), ("absent",))
    updates = Updates(tmp_path / "cache", apt_root=mirror.root, candidates=groups)
    found = updates.fetch()
    assert found == [Update(packages=group, old="1.1-1", new="1.2-1") for group in groups[:3]]
    assert [deb.name for deb in updates.debs("old")] == ["his-demo-common_1.1-1_all.deb", "his-demo_1.1-1_all.deb"]
    assert [deb.name for deb in updates.debs("new")] == ["his-demo-common_1.2-1_all.deb", "his-demo_1.2-1_all.deb"]
    (mirror.root / "etc/apt/sources.list").unlink()
    assert updates.fetch() == found, "a complete cache needs no network"


def test_too_few_updates_are_an_error(archive: Archive, tmp_path: Path) -> None:
    """A lab that cannot be patched says so instead of testing nothing."""
    mirror = Client(tmp_path / "mirror", archive, f"file:{archive.root}")
    with pytest.raises(TooFew):
        Updates(tmp_path / "cache", apt_root=mirror.root).fetch()


def test_versions_are_compared_as_dpkg_does() -> None:
    """A tilde sorts before the end, 10 after 9."""
    assert [compare("1.0~rc1", "1.0"), compare("1.10", "1.9"), compare("1:0", "2")] == [-1, 1, 1]
    assert compare("1.0", "1.0") == 0
