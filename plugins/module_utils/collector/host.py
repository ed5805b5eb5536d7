"""Who answers: names, identities, operating system, uptime."""

from __future__ import absolute_import, division, print_function, unicode_literals

import os
import re
import time

from .text import decimal, settings


def collect_host(probe):
    _unused, hostname, release, _unused, machine = os.uname()
    uptime = decimal((probe.read("/proc/uptime") or "0").split()[0]) or 0.0
    system = os_release(probe)
    return {
        "hostname": hostname,
        "machine_id": first_line(probe.read("/etc/machine-id") or probe.read("/var/lib/dbus/machine-id")),
        "boot_id": first_line(probe.read("/proc/sys/kernel/random/boot_id")),
        "os_id": system.get("ID"),
        "os_version": system.get("VERSION_ID"),
        "os_name": system.get("PRETTY_NAME"),
        "kernel": release,
        "arch": machine,
        "virtualization": virtualization(probe),
        "uptime_s": uptime,
        "booted_at": time.time() - uptime,
        "cores": os.sysconf(str("SC_NPROCESSORS_ONLN")),
        "timezone": timezone(probe),
    }


def first_line(text):
    """The first line, stripped; None for nothing."""
    return (text or "").strip().split("\n")[0] or None


def os_release(probe):
    """ID, VERSION_ID and PRETTY_NAME; from redhat-release on systems before os-release (CentOS 6)."""
    text = probe.read("/etc/os-release") or probe.read("/usr/lib/os-release")
    if text:
        return settings(text)
    for path in ("/etc/centos-release", "/etc/redhat-release", "/etc/kylin-release", "/etc/neokylin-release"):
        text = probe.read(path)
        if text:
            return parse_release_line(text)
    return {}


def parse_release_line(text):
    """`CentOS release 6.10 (Final)` as os-release would have it."""
    line = first_line(text) or ""
    version = re.search(r"\d+(\.\d+)*", line)
    word = line.split(" ")[0].lower()
    return {"ID": "rhel" if word == "red" else word, "VERSION_ID": version and version.group(), "PRETTY_NAME": line}


def virtualization(probe):
    """What the firmware, the kernel or the init process says this machine runs in; None: nothing says so."""
    container = probe.read("/run/systemd/container")
    if container:
        return container.strip()
    return (
        "docker"
        if os.path.exists("/.dockerenv")
        else parse_dmi(probe.read("/sys/class/dmi/id/sys_vendor"), probe.read("/sys/class/dmi/id/product_name"))
    )


def parse_dmi(vendor, product):
    """The hypervisor's usual name, from the DMI strings."""
    text = ("%s %s" % (vendor, product)).lower()
    for mark, name in (
        ("vmware", "vmware"),
        ("virtualbox", "virtualbox"),
        ("virtual machine", "hyperv"),
        ("xen", "xen"),
        ("openstack", "kvm"),
        ("kvm", "kvm"),
        ("qemu", "kvm"),
    ):
        if mark in text:
            return name
    return None


def timezone(probe):
    """The zone's name (Asia/Shanghai), else its offset."""
    target = os.path.realpath("/etc/localtime")
    if "zoneinfo/" in target:
        return target.split("zoneinfo/", 1)[1]
    # Debian writes the name beside a copied file, CentOS 6 among other settings.
    name = first_line(probe.read("/etc/timezone")) or settings(probe.read("/etc/sysconfig/clock") or "").get("ZONE")
    if name:
        return name
    return time.strftime("UTC%z") if os.path.exists("/etc/localtime") else "UTC"
