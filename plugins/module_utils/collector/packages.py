"""Installed packages and pending updates. Programs run as nobody, so that no cache or lock can be written."""

from __future__ import absolute_import, division, print_function, unicode_literals

import hashlib
import os
import re

from .probe import Absent, modified_at
from .program import NOBODY
from .text import decode

STATUS = "/var/lib/dpkg/status"
STATUS_CAP = 32 * 1024 * 1024
APT_LISTS = "/var/lib/apt/lists"


def collect_packages(probe):
    if os.path.exists(STATUS):
        return from_dpkg(probe)
    if probe.program("rpm"):
        return from_rpm(probe)
    raise Absent("neither dpkg nor rpm")


collect_packages.turn = -1


def fingerprint_of(installed):
    """sha256 over the sorted name=version lines."""
    return hashlib.sha256("\n".join(sorted(installed)).encode("utf-8")).hexdigest()


def from_dpkg(probe):
    packages = parse_status(decode(probe.bytes_of(STATUS, STATUS_CAP)))
    updates, why = apt_updates(probe, [name for name, _unused in packages])
    if why:
        probe.withheld["updates"] = why
    return {
        "manager": "dpkg",
        "installed": len(packages),
        "fingerprint": fingerprint_of("%s=%s" % package for package in packages),
        "updates": updates,
        "lists_updated_at": newest([APT_LISTS + "/" + name for name in probe.names(APT_LISTS) if "InRelease" in name])
        or newest(["/var/lib/apt/periodic/update-success-stamp", "/var/cache/apt/pkgcache.bin"]),
    }


def newest(paths):
    """The latest change among files, epoch seconds, or None."""
    return max([at for at in map(modified_at, paths) if at] or [None])


def parse_status(text):
    """(name:architecture, version) of what is installed, halfway states left out."""
    packages = []
    for block in text.split("\n\n"):
        if "\nStatus: install ok installed" not in block and "\nStatus: hold ok installed" not in block:
            continue
        fields = dict(re.findall(r"^(Package|Version|Architecture): *(.*)$", block, re.MULTILINE))
        name = "%s:%s" % (fields.get("Package"), fields.get("Architecture"))
        packages.append((name.replace(":all", ""), fields.get("Version", "")))
    return packages


def apt_updates(probe, names):
    """(updates, why not). `apt-cache policy` compares versions and honours pins; apt-get -s costs ten times that."""
    if not names or probe.program("apt-cache") is None:
        return None, "no program apt-cache"
    if not any("Packages" in name for name in probe.names(APT_LISTS)):
        return None, "the host has no package lists (%s is empty)" % APT_LISTS
    # As nobody: apt rewrites its cache when it finds it stale, and may do so only as root.
    output = probe.run(["apt-cache", "policy"] + names, 8.0, 16 << 20, NOBODY, "apt-cache policy (as nobody)")
    if output.timeout or output.code != 0:
        return None, "apt-cache policy failed: %s" % (decode(output.err).strip()[:200] or "no answer within 8 s")
    return parse_policy(decode(output.out)), None


def parse_policy(text):
    """Updates from `apt-cache policy`: candidate differs from what is installed.

    security: some version above the installed one comes from a suite with "security" in its name.
    """
    updates = []
    for block in re.split(r"\n(?=\S)", text):
        head = re.match(r"(\S+):\n +Installed: (\S+)\n +Candidate: (\S+)\n", block)
        if not head or head.group(2) in (head.group(3), "(none)") or head.group(3) == "(none)":
            continue
        newer = block[head.end() :].split("\n *** ")[0]
        sources = re.findall(r"^ +-?\d+ (\S+ \S+)", newer, re.MULTILINE)
        updates.append(
            {
                "name": head.group(1),
                "installed": head.group(2),
                "candidate": head.group(3),
                "security": any("security" in source.lower() for source in sources),
            }
        )
    return updates


def from_rpm(probe):
    query = "%{NAME}=%{EPOCH}:%{VERSION}-%{RELEASE}.%{ARCH}\\n"
    output = probe.run(["rpm", "-qa", "--qf", query], 8.0, 16 << 20, NOBODY, "rpm -qa (as nobody)")
    lines = [line for line in decode(output.out).splitlines() if line and not line.startswith("gpg-pubkey=")]
    if output.timeout or output.code != 0 or not lines:
        raise OSError("rpm -qa failed: %s" % (decode(output.err).strip()[:200] or "no answer within 8 s"))
    probe.withheld["updates"] = "asking dnf or yum would write their cache on the host"
    return {
        "manager": "rpm",
        "installed": len(lines),
        "fingerprint": fingerprint_of(line.replace("=(none):", "=") for line in lines),
        "updates": None,
        "lists_updated_at": newest(list(repository_stamps(probe))),
    }


def repository_stamps(probe):
    """repomd.xml of every repository that dnf or yum has fetched."""
    for cache in ("/var/cache/dnf", "/var/cache/yum"):
        for folder, folders, files in os.walk(cache):
            if folder.count("/") > 7:
                del folders[:]
            if "repomd.xml" in files:
                probe.noted(cache)
                yield os.path.join(folder, "repomd.xml")
