"""How a host is set up, as its facts say: what stays the same between inspections unless somebody changes it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from maintkit.evidence.ledger import Ledger

GIB = 2.0**30
SSHD = (
    *("port", "permitrootlogin", "passwordauthentication", "pubkeyauthentication", "kbdinteractiveauthentication"),
    *("allowusers", "allowgroups", "maxauthtries", "x11forwarding", "allowtcpforwarding"),
)


@dataclass(frozen=True, kw_only=True, order=True)
class Item:
    """One setting: the topic it belongs to, its name there, and its value in words that need no translation."""

    topic: str
    name: str
    value: str


@dataclass(frozen=True, kw_only=True)
class Configuration:
    """A host's settings at an inspection; `withheld` says of which topics nothing is known, and why."""

    host: str
    at: datetime
    facts: str
    items: tuple[Item, ...]
    withheld: Mapping[str, str]


def configuration(ledger: Ledger, host: str, *, before: datetime | None = None) -> Configuration | None:
    """From the newest facts of the host (older than `before`); None when there are none."""
    for entry in ledger.entries(kind="facts.collected", subject=host, newest_first=True):
        if entry.body["facts"] is not None and (before is None or entry.at < before):
            document = json.loads(ledger.attachment(entry.body["facts"]))
            return read(document, host=host, at=entry.at, facts=entry.body["facts"])
    return None


def read(document: Mapping[str, Any], *, host: str, at: datetime, facts: str) -> Configuration:
    """The settings in a facts document (docs/exchange.md); a section that is not there is withheld, not empty."""
    items: list[Item] = []
    withheld: dict[str, str] = {}
    sections = document.get("sections", {})
    for topic, (section, parts) in TOPICS.items():
        found = sections.get(section) or {"status": "absent", "reason": "not collected", "data": None}
        if found["data"] is None:
            withheld[topic] = found.get("reason") or found["status"]
        else:
            items += [Item(topic=topic, name=name, value=value) for name, value in parts(found["data"])]
    return Configuration(host=host, at=at, facts=facts, items=tuple(sorted(set(items))), withheld=withheld)


def _system(data: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name in ("hostname", "os_name", "kernel", "arch", "virtualization", "timezone", "machine_id"):
        if data.get(name):
            yield name, str(data[name])
    yield "cores", str(data["cores"])


def _memory(data: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name in ("total_bytes", "swap_total_bytes"):
        yield name.removesuffix("_bytes"), f"{data[name] / GIB:.1f} GiB"


def _filesystems(data: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for mount in data["mounts"]:
        size = mount.get("size_bytes")
        told = f"{size / GIB:.1f} GiB" if size else ""
        only = "ro" if mount.get("read_only") else ""
        yield mount["mount"], " ".join(word for word in (mount["device"], mount["fstype"], told, only) if word)


def _network(data: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for one in data["interfaces"]:
        if one["physical"]:
            speed = f" {one['speed_mbps']} Mbit/s" if one.get("speed_mbps") else ""
            yield one["name"], f"{one['operstate']}{speed}"


def _ports(data: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for one in data["listening"]:
        yield f"{one['protocol']} {one['address']}:{one['port']}", one.get("process") or ""


def _units(data: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    return ((name, "enabled") for name in data["enabled"])


def _accounts(data: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for one in data["accounts"]:
        if one["login"]:
            yield one["name"], f"uid {one['uid']} gid {one['gid']} {one['home']} {one['shell']}"


def _sudo(data: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    return ((f"{rule['source']}: {rule['text']}", "NOPASSWD" if rule["nopasswd"] else "") for rule in data["rules"])


def _cron(data: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for job in data["jobs"]:
        # The command may hold secrets: the facts carry its first word and its hash.
        name = f"{job['source']}: {job.get('user') or ''} {job['program']} {job['sha256'][:12]}"
        yield name, job["schedule"]


def _sshd(data: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    return ((name, data["settings"][name]) for name in SSHD if name in data["settings"])


TOPICS: Mapping[str, tuple[str, Callable[[Mapping[str, Any]], Iterator[tuple[str, str]]]]] = {
    "system": ("host", _system),
    "memory": ("memory", _memory),
    "filesystem": ("filesystems", _filesystems),
    "network": ("network", _network),
    "port": ("ports", _ports),
    "unit": ("systemd", _units),
    "account": ("accounts", _accounts),
    "sudo": ("sudo", _sudo),
    "cron": ("cron", _cron),
    "sshd": ("sshd", _sshd),
}


@dataclass(frozen=True, kw_only=True)
class Difference:
    """One setting that is not what it was; None where it was, or is, not there."""

    host: str
    topic: str
    name: str
    before: str | None
    after: str | None


def differences(before: Configuration, after: Configuration) -> tuple[Difference, ...]:
    """What changed between two looks at a host, of the topics that both of them saw."""
    seen = set(TOPICS) - set(before.withheld) - set(after.withheld)
    old, new = _values(before, seen), _values(after, seen)
    return tuple(
        Difference(host=after.host, topic=topic, name=name, before=old.get((topic, name)), after=new.get((topic, name)))
        for topic, name in sorted(old.keys() | new.keys())
        if old.get((topic, name)) != new.get((topic, name))
    )


def _values(one: Configuration, topics: set[str]) -> dict[tuple[str, str], str]:
    return {(item.topic, item.name): item.value for item in one.items if item.topic in topics}
