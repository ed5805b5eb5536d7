"""Root file systems that are made once and never written again: a base, and layers of packages over it."""

from __future__ import annotations

import hashlib
import io
import json
import shlex
import shutil
import tarfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from lab.places import cache, exclusively, require
from lab.process import run
from lab.suites import BOOKWORM, TRIXIE, Suite

BASE_PACKAGES = (
    "systemd", "systemd-sysv", "dbus", "libpam-systemd", "openssh-server", "python3", "python3-apt", "sudo", "iproute2",
    "iputils-ping", "nftables", "procps", "cron", "logrotate", "ca-certificates", "less", "curl", "gpgv", "openssl",
)  # fmt: skip
# What a booted host must not share with its siblings, or would only wait for.
FORGET = "rm -f /var/cache/apt/archives/*.deb /etc/ssh/ssh_host_*"
TIDY = f"""
{FORGET} /var/lib/dbus/machine-id
: >/etc/machine-id
systemctl -q enable systemd-networkd.service
systemctl -q mask systemd-networkd-wait-online.service apt-daily.timer apt-daily-upgrade.timer
mkdir -p /var/log/journal
"""


@dataclass(frozen=True, kw_only=True)
class File:
    """A file to be put into a root; directories on its way are made, those that are there stay as they are."""

    path: str
    content: bytes
    mode: int = 0o644
    owner: tuple[int, int] = (0, 0)


@dataclass(frozen=True, kw_only=True)
class Layer:
    """Files, then packages, then a shell script, over the base: in a chroot, where nothing is started.

    Packages come from the mirrors that the base names. The script runs with `set -eu`.
    """

    name: str
    packages: tuple[str, ...] = ()
    files: tuple[File, ...] = ()
    script: str = ""


def base(suite: Suite = BOOKWORM) -> Path:
    """The base's root, made if it is not there (a minute, from Debian's mirrors)."""

    def make(root: Path) -> None:
        include = f"--include={','.join(BASE_PACKAGES)}"
        keyring = (f"--keyring={_ubuntu_keys()}",) if suite.sources else ()
        how = ("--variant=apt", include, *keyring, "--format=directory", "--mode=root")
        run("mmdebstrap", *how, suite.name, root, *suite.sources)
        run("chroot", root, "/bin/sh", "-eu", stdin=TIDY)

    return _made(f"base-{suite.name}-{_digest(BASE_PACKAGES, TIDY, *suite.sources)}", make)


def layered(*layers: Layer, suite: Suite = BOOKWORM) -> tuple[Path, ...]:
    """Lower directories for an overlay, topmost first. A layer is named by its content and all that lies under it."""
    lowers: tuple[Path, ...] = (base(suite),)
    for layer in layers:
        lowers = (_layer(layer, lowers), *lowers)
    return lowers


def _ubuntu_keys() -> Path:
    """The keys that Ubuntu's archives are signed with, from a Debian that has them: the machine itself may not."""
    keys = Layer(name="ubuntu-keys", packages=("ubuntu-archive-keyring",))
    return layered(keys, suite=TRIXIE)[0] / "usr/share/keyrings/ubuntu-archive-keyring.gpg"


def archive(files: tuple[File, ...]) -> bytes:
    """The files as tar, without entries for directories, so that unpacking changes none that is there."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        for file in files:
            entry = tarfile.TarInfo(file.path.lstrip("/"))
            entry.size, entry.mode = len(file.content), file.mode
            entry.uid, entry.gid = file.owner
            tar.addfile(entry, io.BytesIO(file.content))
    return packed.getvalue()


def _layer(layer: Layer, lowers: tuple[Path, ...]) -> Path:
    files = archive(layer.files)
    digest = _digest(
        [lower.name for lower in lowers], layer.packages, files.hex(), layer.script, _install(layer.packages)
    )
    return _made(f"{layer.name}-{digest}", lambda upper: _bake(upper, layer, files, lowers))


def _made(name: str, make: Callable[[Path], None]) -> Path:
    """A finished directory of this name: it appears whole, by a rename, and only one process makes it."""
    require()
    place = cache() / name
    if place.is_dir():
        return place
    with exclusively(cache() / f"{name}.lock"):
        if not place.is_dir():
            half = cache() / f"{name}.half"
            shutil.rmtree(half, ignore_errors=True)
            half.mkdir(parents=True)
            make(half / "root")
            (half / "root").rename(place)
            shutil.rmtree(half)
    return place


def _bake(upper: Path, layer: Layer, files: bytes, lowers: tuple[Path, ...]) -> None:
    """Everything happens in a mount namespace of its own: however it ends, no mount is left."""
    upper.mkdir()
    work, root = upper.with_name("work"), upper.with_name("mounted")
    work.mkdir()
    root.mkdir()
    upper.with_name("files.tar").write_bytes(files)
    options = f"lowerdir={':'.join(map(str, lowers))},upperdir={upper},workdir={work}"
    inside = f"set -eu\n{_install(layer.packages)}\n{layer.script}\n{FORGET}\n"
    script = f"""
        mount -t overlay {upper.parent.name} -o {shlex.quote(options)} {root}
        mount -t proc proc {root}/proc
        mount --rbind /dev {root}/dev
        tar -xf {upper.with_name("files.tar")} -C {root}
        cp --remove-destination /etc/resolv.conf {root}/etc/resolv.conf
        exec chroot {root} /bin/sh -c {shlex.quote(inside)}
    """
    run("unshare", "--mount", "--propagation", "private", "/bin/sh", "-euc", script, timeout_s=900)


def _install(packages: tuple[str, ...]) -> str:
    """Install without starting anything: there is no systemd in a chroot, and policy-rc.d says no to the rest."""
    if not packages:
        return ""
    return f"""
        printf '#!/bin/sh\\nexit 101\\n' >/usr/sbin/policy-rc.d
        chmod 755 /usr/sbin/policy-rc.d
        export DEBIAN_FRONTEND=noninteractive
        apt-get update -qq
        apt-get install -y -qq --no-install-recommends {" ".join(packages)} >/dev/null
        rm /usr/sbin/policy-rc.d
    """


def _digest(*what: object) -> str:
    return hashlib.sha256(json.dumps(what).encode()).hexdigest()[:12]
