"""The few figures of a host's facts that trends and baselines are made of, told by the entry itself (decision 18)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeGuard

WRAPAROUND = 2**31 - 1  # transactions, at which PostgreSQL stops writing
_SHORTEST_H = 0.5  # of a window of logins: a rate of less is chance

Told = dict[str, dict[str, dict[str, float | int | None]]]
Bound = Literal["used", "free"]


@dataclass(frozen=True, kw_only=True)
class Series:
    """One kind of figure. `limit`: the key in limits.yml whose bounds are percent `used` or still `free` of the whole.

    `least`: of a baseline, what a value must differ by to matter; None: no baseline is made. `grows`: a trend is.
    """

    title_zh: str
    unit: str
    grows: bool = False
    limit: str | None = None
    bound: Bound = "used"
    least: float | None = None


SERIES: Mapping[str, Series] = {
    "database": Series(title_zh="数据库大小", unit="bytes", grows=True),
    "backup-target": Series(title_zh="备份目标空间", unit="bytes", grows=True, limit="backup.space"),
    "inodes": Series(title_zh="索引节点", unit="个", grows=True, limit="disk.inodes-free", bound="free"),
    "memory": Series(
        title_zh="内存工作集", unit="bytes", grows=True, limit="memory.available", bound="free", least=2.0**28
    ),
    "swap": Series(title_zh="交换区", unit="bytes", grows=True, limit="memory.swap-free", bound="free"),
    "connections-postgresql": Series(
        title_zh="PostgreSQL 连接数", unit="个", grows=True, limit="postgresql.connections", least=5
    ),
    "connections-mysql": Series(title_zh="MySQL 连接数", unit="个", grows=True, limit="mysql.connections", least=5),
    "xid-age": Series(title_zh="事务号年龄", unit="个", grows=True, limit="postgresql.wraparound"),
    "retained-wal": Series(title_zh="复制槽保留的 WAL", unit="bytes", grows=True),
    "cpu": Series(title_zh="CPU 使用率", unit="%", least=10),
    "load": Series(title_zh="每核负载", unit="", least=0.25),
    "failed-logins": Series(title_zh="每小时登录失败", unit="次", least=2),
    "response": Series(title_zh="功能响应时间", unit="ms", least=100),  # of probes, from the watch's own entries
}


def figures_of(document: Mapping[str, Any]) -> Told:
    """Kind, then which one (a mount, a database, or nothing), then `value` and `of`, the whole where there is one.

    Only what was measured: a section that is missing or cut short is no zero.
    """
    found: Told = {}
    for kind, which, value, whole in _all(document):
        if _number(value) and value >= 0 and (whole is None or (_number(whole) and whole > 0)):
            found.setdefault(kind, {})[which] = {"value": value, "of": whole}
    return found


def _all(document: Mapping[str, Any]) -> Iterator[tuple[str, str, Any, Any]]:
    yield from _host(document)
    for mount in _rows(document, "filesystems", "mounts"):
        total, free = mount.get("inodes_total"), mount.get("inodes_free")
        if not mount.get("network") and _number(total) and _number(free):
            yield "inodes", str(mount.get("mount")), total - free, total
    for job in _rows(document, "backups", "jobs"):
        size, free = job.get("target_size_bytes"), job.get("target_free_bytes")
        if _number(size) and _number(free):
            yield "backup-target", f"{job.get('tool')} {job.get('name')}", size - free, size
    for engine in ("postgresql", "mysql"):
        for instance in _rows(document, engine, "instances"):
            yield from _instance(engine, instance)


def _host(document: Mapping[str, Any]) -> Iterator[tuple[str, str, Any, Any]]:
    cpu, memory, logins = (_data(document, name) for name in ("cpu", "memory", "logins"))
    yield "cpu", "", cpu.get("busy_percent"), None
    if _number(cpu.get("load1")) and _number(cpu.get("cores")) and cpu["cores"] > 0:
        yield "load", "", round(cpu["load1"] / cpu["cores"], 3), None
    for kind, whole, free in (
        ("memory", memory.get("total_bytes"), memory.get("available_bytes")),
        ("swap", memory.get("swap_total_bytes"), memory.get("swap_free_bytes")),
    ):
        if _number(whole) and _number(free) and whole > 0:
            yield kind, "", whole - free, whole
    since, until, failed = logins.get("since_at"), document.get("collected_at"), logins.get("failed_total")
    if logins.get("complete", True) and _number(since) and _number(until) and _number(failed):
        hours = (until - since) / 3600
        if hours >= _SHORTEST_H:
            yield "failed-logins", "", round(failed / hours, 3), None


def _instance(engine: str, instance: Mapping[str, Any]) -> Iterator[tuple[str, str, Any, Any]]:
    name = str(instance.get("name"))
    if _number(instance.get("max_connections")):
        yield f"connections-{engine}", name, instance.get("connections"), instance["max_connections"]
    for database in instance.get("databases") or ():
        which = f"{engine} {name}/{database.get('name')}"
        yield "database", which, database.get("size_bytes"), None
        yield "xid-age", which, database.get("xid_age"), WRAPAROUND
    for slot in instance.get("slots") or ():
        yield "retained-wal", f"{name}/{slot.get('name')}", slot.get("retained_bytes"), None


def _data(document: Mapping[str, Any], section: str) -> Mapping[str, Any]:
    found = (document.get("sections", {}).get(section) or {}).get("data")
    return found if isinstance(found, Mapping) else {}


def _rows(document: Mapping[str, Any], section: str, name: str) -> tuple[Mapping[str, Any], ...]:
    return tuple(_data(document, section).get(name) or ())


def _number(value: Any) -> TypeGuard[int | float]:
    return isinstance(value, int | float) and not isinstance(value, bool)
