"""Disks: one more, one that fills up or runs out of inodes, one that turns read-only, goes away or never answers."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lab.host import Host
from lab.image import File
from lab.process import run

FILLER = ".lab-filler"
# An overlay hands the numbers of the disk under it through, so this works on a host's root as well.
ROOM = """
import json, os, sys
told = os.statvfs(sys.argv[1])
print(json.dumps({"block": told.f_frsize, "used": told.f_blocks - told.f_bfree, "free": told.f_bavail,
                  "inodes": told.f_files, "inodes_free": told.f_ffree}))
"""
MANY = """
import os, sys
folder, count = sys.argv[1], int(sys.argv[2])
os.mkdir(folder)
for number in range(count):
    os.close(os.open(f"{folder}/{number}", os.O_CREAT))
"""
SILENT = """
import ctypes, os, sys, time
fuse = os.open("/dev/fuse", os.O_RDWR)
options = "fd=%d,rootmode=40000,user_id=0,group_id=0" % fuse
libc = ctypes.CDLL(None, use_errno=True)
if libc.mount(b"dead:/pacs", sys.argv[1].encode(), b"fuse", 0, options.encode()) != 0:
    sys.exit(os.strerror(ctypes.get_errno()))
time.sleep(86400)
"""


@contextmanager
def attached(host: Host, path: str, *, mb: int) -> Iterator[None]:
    """One more ext4 disk, in fstab and mounted at `path`; gone with its content at the end."""
    image = host.place / f"disk-{path.strip('/').replace('/', '-')}.ext4"
    with image.open("wb") as disk:
        disk.truncate(mb * 1024 * 1024)
    run("mkfs.ext4", "-q", "-O", "^has_journal", "-E", "lazy_itable_init=1,nodiscard", image)
    device = run("losetup", "--find", "--show", image).strip()
    held = os.open(device, os.O_RDONLY)
    run("losetup", "--detach", device)  # takes effect when the last user has gone, this process among them
    number = Path(device).stat().st_rdev
    host.sh(f"""
        [ -b {device} ] || mknod {device} b {os.major(number)} {os.minor(number)}
        mkdir -p {path}
        echo '{device} {path} ext4 defaults 0 2' >>/etc/fstab
        mount -t ext4 {device} {path}
    """)
    try:
        yield
    finally:
        host.sh(f"umount -l {path}; sed -i '\\,^{device} ,d' /etc/fstab; rmdir {path}; rm {device}")
        os.close(held)
        image.unlink()


@contextmanager
def filled(host: Host, path: str, *, percent: float) -> Iterator[None]:
    """The filesystem of `path` used to `percent`, as df counts it: of what is not reserved for root."""
    room = _room(host, path)
    wanted = int((room["used"] + room["free"]) * percent / 100 - room["used"]) * room["block"]
    host.run("fallocate", "--length", str(wanted), f"{path}/{FILLER}")
    try:
        yield
    finally:
        host.run("rm", f"{path}/{FILLER}")


@contextmanager
def without_inodes(host: Host, path: str, *, free_percent: float) -> Iterator[None]:
    """Empty files until only this share of the filesystem's inodes is free."""
    room = _room(host, path)
    count = room["inodes_free"] - int(room["inodes"] * free_percent / 100)
    host.run("/usr/bin/python3", "-c", MANY, f"{path}/{FILLER}", str(count))
    try:
        yield
    finally:
        host.run("rm", "-rf", f"{path}/{FILLER}")


@contextmanager
def read_only(host: Host, path: str) -> Iterator[None]:
    """Remounted read-only, as the kernel does after an error."""
    host.run("mount", "-o", "remount,ro", path)
    try:
        yield
    finally:
        host.run("mount", "-o", "remount,rw", path)


@contextmanager
def gone(host: Host, path: str) -> Iterator[None]:
    """Not mounted, though fstab says so."""
    host.run("umount", path)
    try:
        yield
    finally:
        host.run("mount", path)


@contextmanager
def silent(host: Host, path: str) -> Iterator[None]:
    """A filesystem whose server never answers: a FUSE mount that nobody serves."""
    host.put(File(path="/run/lab-silent.py", content=SILENT.encode()))
    host.sh(f"""
        [ -c /dev/fuse ] || mknod /dev/fuse c 10 229
        mkdir -p {path}
        systemd-run --quiet --unit=lab-silent /usr/bin/python3 /run/lab-silent.py {path}
        for wait in 1 2 3 4 5 6 7 8 9; do grep -q ' {path} ' /proc/mounts && break; sleep 0.1; done
        grep -q ' {path} ' /proc/mounts
    """)
    try:
        yield
    finally:
        host.sh(f"umount -l {path}; systemctl stop lab-silent; rmdir {path}; rm /run/lab-silent.py")


def _room(host: Host, path: str) -> dict[str, int]:
    told: dict[str, int] = json.loads(host.run("/usr/bin/python3", "-c", ROOM, path).out)
    return told
