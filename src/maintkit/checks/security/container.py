"""Whether the host is a container: what it shares with the machine it runs on is looked after there."""

from __future__ import annotations

from maintkit.checks.model import Case

# What systemd-detect-virt, or the container engine's own mark, calls containers.
KINDS = frozenset(
    {
        "container-other",
        "docker",
        "lxc",
        "lxc-libvirt",
        "oci",
        "openvz",
        "podman",
        "pouch",
        "proot",
        "rkt",
        "systemd-nspawn",
    }
)


def container(case: Case) -> str:
    """What kind of container the host is; "" for a machine, and where nothing says so."""
    host = case.facts.sections.host
    kind = host.data.virtualization if host is not None and host.data is not None else None
    return kind if kind is not None and kind in KINDS else ""
