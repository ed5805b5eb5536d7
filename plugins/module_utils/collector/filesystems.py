"""Mounted filesystems. One that does not answer (a dead NFS server) costs only itself."""

from __future__ import absolute_import, division, print_function, unicode_literals

import json
import os

from .lanes import in_lanes
from .program import monotonic
from .text import encode, table

VIRTUAL = frozenset(
    "autofs binfmt_misc bpf cgroup cgroup2 configfs debugfs devpts devtmpfs efivarfs fuse.gvfsd-fuse fuse.portal"
    " fusectl hugetlbfs mqueue nsfs overlay proc pstore ramfs rpc_pipefs securityfs selinuxfs squashfs sysfs tmpfs"
    " tracefs iso9660 fuse.lxcfs nfsd".split()
)
NETWORK = frozenset("nfs nfs4 cifs smb3 smbfs ceph glusterfs fuse.glusterfs fuse.sshfs afs lustre ocfs2 9p".split())
MOUNT_SECONDS = 3.0
MOUNTS = 200
UNANSWERED = {
    "timeout": {"state": "timeout", "reason": "no answer within %g s" % MOUNT_SECONDS},
    "late": {"state": "timeout", "asked": False, "reason": "not asked: others took too long"},
    "unborn": {"state": "error", "reason": "the host has no room for another process"},
}


def collect_filesystems(probe):
    fstab = parse_fstab(probe.read("/etc/fstab") or "")
    mounts = parse_mounts(probe.need("/proc/self/mounts"))
    if len(mounts) > MOUNTS:
        probe.truncated = True
        mounts = mounts[:MOUNTS]
    probe.noted("statvfs of each mount")
    # The parent's limit would cost all mounts: stay inside it.
    deadline = monotonic() + probe.parameters["section_timeout_s"] * 0.8
    results = in_lanes(len(mounts), lambda task: measure(mounts[task]["mount"]), 1, MOUNT_SECONDS, deadline)
    for task, mount in enumerate(mounts):
        state, payload = results[task]
        if state == "done":
            mount.update(json.loads(payload.decode("ascii")))
        else:
            mount.update(UNANSWERED.get(state) or {"state": "error", "reason": "its process ended"})
        mount["fstab_read_only"] = fstab.get(mount["mount"])
    return {"mounts": mounts}


def measure(mount):
    """The numbers of one mount as JSON, in bytes. This call is the one that may hang."""
    try:
        numbers = os.statvfs(encode(mount))
    except OSError as error:
        return json.dumps({"state": "error", "reason": os.strerror(error.errno)}).encode("ascii")
    return json.dumps(
        {
            "state": "ok",
            "size_bytes": numbers.f_blocks * numbers.f_frsize,
            "used_bytes": (numbers.f_blocks - numbers.f_bfree) * numbers.f_frsize,
            "free_bytes": numbers.f_bavail * numbers.f_frsize,
            "inodes_total": numbers.f_files,
            "inodes_free": numbers.f_ffree,
        }
    ).encode("ascii")


def parse_mounts(text):
    """Mounts of real filesystems, the topmost one per mount point, in the kernel's order."""
    mounts = {}
    for order, fields in enumerate(table(text)):
        device, mount, fstype, options = [unescape(field) for field in fields[:4]]
        # A container's root is an overlay and still the disk that fills up.
        if fstype in VIRTUAL and not (mount == "/" and fstype in ("overlay", "tmpfs", "squashfs")):
            mounts.pop(mount, None)
            continue
        mounts[mount] = {
            "order": order,
            "mount": mount,
            "device": device,
            "fstype": fstype,
            "read_only": "ro" in options.split(","),
            "network": fstype in NETWORK or fstype.startswith("nfs"),
        }
    ordered = sorted(mounts.values(), key=lambda mount: mount.pop("order"))
    return once_per_device(ordered)


def once_per_device(mounts):
    """Bind mounts show the same disk again: only the first, shortest path of a local device is kept."""
    kept, seen = [], set()
    for mount in sorted(mounts, key=lambda mount: len(mount["mount"])):
        if mount["device"].startswith("/dev/") and mount["device"] in seen and mount["fstype"] != "btrfs":
            continue
        seen.add(mount["device"])
        kept.append(mount)
    return [mount for mount in mounts if mount in kept]


def parse_fstab(text):
    """`{mount point: whether fstab says ro}`."""
    return dict((unescape(fields[1]), "ro" in fields[3].split(",")) for fields in table(text) if len(fields) >= 4)


def unescape(field):
    """Spaces and the like stand as octal escapes in mounts and fstab."""
    for code, char in (("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")):
        field = field.replace(code, char)
    return field
