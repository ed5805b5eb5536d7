"""The running kernel, those installed, and whether a reboot is due."""

from __future__ import absolute_import, division, print_function, unicode_literals

import os
import re


def collect_kernel(probe):
    running_release = os.uname()[2]
    installed = installed_kernels(probe)
    newest = newest_of_flavour(installed, running_release)
    required, reason = reboot_needed(probe, running_release, newest)
    return {
        "running": running_release,
        "newest": newest,
        "installed": installed,
        "reboot_required": required,
        "reboot_reason": reason,
    }


def installed_kernels(probe):
    """Releases with an image, oldest first. Where images lie elsewhere, those with a module tree."""
    probe.noted("/boot/vmlinuz-*")
    probe.noted("/lib/modules")
    modules = probe.names("/lib/modules")
    images = set(name[8:] for name in probe.names("/boot") if name.startswith("vmlinuz-"))
    images.update(name for name in modules if os.path.exists("/lib/modules/%s/vmlinuz" % name))
    trees = set(name for name in modules if os.path.isdir("/lib/modules/%s/kernel" % name))
    found = set(name for name in images or trees if "rescue" not in name and name[:1].isdigit())
    return sorted(found, key=version_key)


def version_key(release):
    """Numbers compare as numbers: 5.10 is newer than 5.9, and 4.19.90-52.9 older than 4.19.90-52.15."""
    return [(1, int(part), "") if part.isdigit() else (0, 0, part) for part in re.findall(r"\d+|[a-z]+", release)]


def flavour(release):
    """What stays of a release without its numbers: `cloud-amd64` is not replaced by `amd64`."""
    return re.sub("[^a-z]+", "-", re.sub("[.-]el[^.]*", ".el", release)).strip("-")


def newest_of_flavour(installed, running_release):
    """The newest installed kernel of the running one's flavour, else the newest of all; None: none is installed."""
    same = [release for release in installed if flavour(release) == flavour(running_release)]
    return (same or installed or [None])[-1]


def reboot_needed(probe, running_release, newest):
    """(required, reason); (None, None) where nothing tells."""
    for path in ("/run/reboot-required", "/var/run/reboot-required"):
        if os.path.exists(path):
            packages = sorted(set((probe.read(path + ".pkgs") or "").split()))
            probe.noted(path)
            return True, "packages ask for it: " + ", ".join(packages[:20]) if packages else path
    if newest is None:
        return None, None
    if version_key(newest) > version_key(running_release):
        return True, "%s is installed, %s runs" % (newest, running_release)
    return False, None
