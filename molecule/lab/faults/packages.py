"""Packages: real .deb files from a repository on the host, updates that wait, a lock that is held, a halfway state."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from lab.faults.view import written
from lab.host import Host
from lab.image import File
from lab.places import LabError

REPOSITORY = "/srv/apt"
PACKAGE = "lab-viewer"
BROKEN = "lab-broken"
LOCKS = ("/var/lib/dpkg/lock-frontend", "/var/lib/dpkg/lock")
HOLDER = """
import fcntl, sys, time
held = [open(path, "a") for path in sys.argv[1:]]
for file in held:
    fcntl.lockf(file, fcntl.LOCK_EX)
time.sleep(86400)
"""
UPDATED_AT_FILES = "/var/lib/apt/lists/* /var/lib/apt/periodic/* /var/cache/apt/pkgcache.bin"


def serve(host: Host) -> None:
    """Make a repository with security updates the host's only one, and install `lab-viewer` 1.0, its newest.

    A step of making a host, not a fault: nothing undoes it.
    """
    _build(host, PACKAGE, "1.0", f"{REPOSITORY}/pool")
    host.put(
        File(
            path="/etc/apt/sources.list",
            content=f"deb [trusted=yes] file:{REPOSITORY} bookworm-security main\n".encode(),
        )
    )
    host.sh("rm -rf /etc/apt/sources.list.d/* /var/lib/apt/lists/*")
    _index(host)
    host.run("apt-get", "install", "--yes", "--quiet", PACKAGE)


@contextmanager
def security_update(host: Host) -> Iterator[None]:
    """`lab-viewer` 1.1 has come into the security suite, the host's lists name it, and it is not installed."""
    _build(host, PACKAGE, "1.1", f"{REPOSITORY}/pool")
    _index(host)
    try:
        yield
    finally:
        host.run("rm", f"{REPOSITORY}/pool/{PACKAGE}_1.1_all.deb")
        _index(host)


@contextmanager
def stale_lists(host: Host, *, days: int) -> Iterator[None]:
    """The lists of what is available were last renewed `days` ago, as their files' dates say."""
    host.sh(f"touch -c -d '{days} days ago' {UPDATED_AT_FILES}")
    try:
        yield
    finally:
        host.sh(f"touch -c {UPDATED_AT_FILES}")


@contextmanager
def locked(host: Host) -> Iterator[None]:
    """A process holds dpkg's locks, as an installation at work does."""
    host.run("systemd-run", "--quiet", "--unit=lab-dpkg", "/usr/bin/python3", "-c", HOLDER, *LOCKS)
    until = time.monotonic() + 10
    while "lock" not in host.run("apt-get", "check", check=False).err:
        if time.monotonic() > until:
            raise LabError(f"dpkg's lock on {host.name} is not taken")
        time.sleep(0.05)
    try:
        yield
    finally:
        host.run("systemctl", "stop", "lab-dpkg")


@contextmanager
def half_configured(host: Host) -> Iterator[None]:
    """A package `lab-broken` that is unpacked, and whose postinst fails each time it is configured."""
    _build(host, BROKEN, "1.0", "/run/lab-packages", postinst="#!/bin/sh\nexit 1\n")
    host.run("dpkg", "--install", f"/run/lab-packages/{BROKEN}_1.0_all.deb", check=False)
    try:
        yield
    finally:
        host.run("dpkg", "--purge", BROKEN)
        host.run("rm", "-r", "/run/lab-packages")


@contextmanager
def newer_kernel(host: Host, release: str) -> Iterator[None]:
    """A kernel that is newer than the running one has been installed: its image lies in /boot."""
    with written(host, File(path=f"/boot/vmlinuz-{release}", content=b"")):
        yield


@contextmanager
def reboot_wanted(host: Host, package: str) -> Iterator[None]:
    """`package` has left word that the host must be rebooted, as Debian's do."""
    word = "*** System restart required ***\n"
    with written(
        host,
        File(path="/run/reboot-required", content=word.encode()),
        File(path="/run/reboot-required.pkgs", content=f"{package}\n".encode()),
    ):
        yield


def _build(host: Host, name: str, version: str, folder: str, *, postinst: str = "") -> None:
    control = (
        f"Package: {name}\nVersion: {version}\nArchitecture: all\nMaintainer: Lab <lab@lab.example>\n"
        "Description: a package of the lab\n"
    )
    root = f"/run/lab-build/{name}"
    scripts = (File(path=f"{root}/DEBIAN/postinst", content=postinst.encode(), mode=0o755),) if postinst else ()
    host.put(
        File(path=f"{root}/DEBIAN/control", content=control.encode()),
        File(path=f"{root}/usr/share/{name}/version", content=f"{version}\n".encode()),
        *scripts,
    )
    host.sh(f"mkdir -p {folder}; dpkg-deb --root-owner-group -b {root} {folder} >/dev/null; rm -r /run/lab-build")


def _index(host: Host) -> None:
    """Packages and Release of the repository, and the host's lists renewed from them."""
    host.sh(rf"""
        cd {REPOSITORY}
        suite=dists/bookworm-security
        binary=$suite/main/binary-$(dpkg --print-architecture)
        mkdir -p $binary
        for deb in pool/*.deb; do
            dpkg-deb -f $deb
            echo "Filename: $deb"
            echo "Size: $(stat -c %s $deb)"
            echo "SHA256: $(sha256sum $deb | cut -d' ' -f1)"
            echo
        done >$binary/Packages
        {{
            echo 'Suite: bookworm-security'
            echo 'Codename: bookworm-security'
            echo 'Components: main'
            echo "Architectures: $(dpkg --print-architecture)"
            echo "Date: $(date -Ru | sed 's/+0000/UTC/')"
            echo 'SHA256:'
            cd $suite
            for file in main/binary-*/Packages; do
                echo " $(sha256sum $file | cut -d' ' -f1) $(stat -c %s $file) $file"
            done
            cd - >/dev/null
        }} >Release.new
        mv Release.new $suite/Release
        apt-get update -q >/dev/null
    """)
