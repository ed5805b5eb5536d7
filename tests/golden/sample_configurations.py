"""What a configuration manual is drawn from: two looks at one host half a year apart, and the first at another."""

from __future__ import annotations

from copy import deepcopy
from datetime import timedelta
from typing import Any

import sample_inspections as sample

from maintkit.documents.views.configuration_manual import Manual
from maintkit.evidence.configuration import Configuration, read

GIB = 2**30


def section(data: dict[str, Any] | None, reason: str | None = None) -> dict[str, Any]:
    return {"status": "ok" if data is not None else "denied", "reason": reason, "data": data}


EVERYWHERE = "0.0.0.0"  # noqa: S104  # what a host says of itself
HOST = {
    "hostname": "his-app1", "os_name": "Debian GNU/Linux 12 (bookworm)", "kernel": "6.1.0-18-amd64", "arch": "x86_64",
    "virtualization": "kvm", "timezone": "Asia/Shanghai", "cores": 4, "machine_id": "3d1219c7c4c5404aaa1f6d2a48adfda4",
}  # fmt: skip
ROOT = {"mount": "/", "device": "/dev/vda1", "fstype": "ext4", "size_bytes": 80 * GIB, "used_bytes": 30 * GIB}
NIGHTLY = "30 2 * * *"
JOB = {"source": "/etc/cron.d/backup", "user": "root", "program": "backup.sh", "sha256": "ab" * 32, "schedule": NIGHTLY}
SSHD = {"port": "22", "permitrootlogin": "no", "passwordauthentication": "yes", "ciphers": "x"}
FACTS: dict[str, Any] = {
    "sections": {
        "host": section(HOST),
        "memory": section({"total_bytes": 16 * GIB, "swap_total_bytes": 2 * GIB}),
        "filesystems": section({"mounts": [ROOT | {"read_only": False}]}),
        "network": section({"interfaces": [
            {"name": "ens192", "physical": True, "operstate": "up", "speed_mbps": 1000},
            {"name": "docker0", "physical": False, "operstate": "down", "speed_mbps": None}]}),
        "ports": section({"listening": [
            {"protocol": "tcp", "address": EVERYWHERE, "port": 22, "process": "sshd"},
            {"protocol": "tcp", "address": EVERYWHERE, "port": 8080, "process": None}]}),
        "systemd": section({"enabled": ["his-demo.service", "ssh.service"]}),
        "accounts": section({"accounts": [
            {"name": "root", "uid": 0, "gid": 0, "home": "/root", "shell": "/bin/bash", "login": True},
            {"name": "daemon", "uid": 1, "gid": 1, "home": "/", "shell": "/usr/sbin/nologin", "login": False}]}),
        "sudo": section({"rules": [{"source": "/etc/sudoers", "text": "%sudo ALL=(ALL:ALL) ALL", "nopasswd": False}]}),
        "cron": section({"jobs": [JOB]}),
        "sshd": section({"settings": SSHD}),
    }
}  # fmt: skip


def changed() -> dict[str, Any]:
    """A newer kernel, a larger disk, a port and an account more, a job less, no password login; usage is no setting."""
    facts = deepcopy(FACTS)
    found = {name: one["data"] for name, one in facts["sections"].items()}
    found["host"]["kernel"] = "6.1.0-26-amd64"
    found["filesystems"]["mounts"][0] |= {"size_bytes": 160 * GIB, "used_bytes": 41 * GIB}
    found["ports"]["listening"].append({"protocol": "tcp", "address": "127.0.0.1", "port": 5432, "process": "postgres"})
    found["accounts"]["accounts"].append(
        {"name": "vendor", "uid": 1001, "gid": 1001, "home": "/home/vendor", "shell": "/bin/bash", "login": True}
    )
    found["cron"]["jobs"].clear()
    found["sshd"]["settings"]["passwordauthentication"] = "no"
    facts["sections"]["sudo"] = section(None, "needs root: /etc/sudoers")
    return facts


def look(facts: dict[str, Any], host: str = "his-app1", *, days: int = 0) -> Configuration:
    return read(facts, host=host, at=sample.STARTED - timedelta(days=days), facts=sample.digest(f"{host} {days}"))


def manual() -> Manual:
    hosts = (
        sample.host("his-app1", ()),
        sample.host("his-app2", (), systems=("emr",)),
        sample.host("his-old1", (), collection="unreachable", reason="Connection refused", facts=None),
    )
    return Manual(
        inspection=sample.inspection(hosts),
        now={"his-app1": look(changed()), "his-app2": look(FACTS, "his-app2")},
        then={"his-app1": look(FACTS, days=180)},
        since=sample.STARTED - timedelta(days=90),
    )
