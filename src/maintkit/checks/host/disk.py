"""Room on the filesystems: blocks, inodes, and how soon they are full."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from maintkit.checks.facts.host import Filesystem
from maintkit.checks.host.mounts import answered, earlier_of, gib, unanswered
from maintkit.checks.model import Case, Check, Limit, Observation, Severity, crosses
from maintkit.checks.rule import elapsed_s, judged, measured, not_applicable, unknown

HOUR_S = 3600
SHORTEST_TREND_H = 6  # two inspections closer than this show a job at work, not a growth


def space(case: Case) -> Iterator[Observation]:
    """Used > 80 % (crit 90 %) AND (free < 10 GiB (crit 5) OR full within 24 h as it grew since the last inspection).

    The trend wants the same device at the same size, and at least six hours between the two inspections.
    Used is of what an unprivileged user may fill, as df counts it. A percentage alone says little of a large disk,
    and without an earlier inspection nothing is known of growth, so then only the free bytes count.
    """
    yield from unanswered(case)
    for mount in answered(case):
        used, free = mount.used_bytes, mount.free_bytes
        if used is None or free is None:
            yield unknown("the filesystem did not say how many bytes are used and free", instance=mount.mount)
        elif used + free == 0:
            yield not_applicable("the filesystem has no blocks", instance=mount.mount)
        else:
            yield _space(case, mount, used, free)


def _space(case: Case, mount: Filesystem, used: int, free: int) -> Observation:
    percent = 100 * used / (used + free)
    hours = _hours_to_full(case, mount, used, free)
    limit = case.limits["disk.used"]
    status: Literal["ok", "warn", "crit"] = "ok"
    for severity in ("crit", "warn"):
        scarce = _beyond(case.limits["disk.free-gib"], severity, gib(free))
        soon = hours is not None and _beyond(case.limits["disk.full-within"], severity, hours)
        if status == "ok" and _beyond(limit, severity, percent) and (scarce or soon):
            status = severity
    trend = f"，按上次巡检以来的增速约 {hours:.1f} 小时后写满" if hours is not None and hours < 24 * 30 else ""
    earlier = earlier_of(case, mount)
    return judged(
        status,
        instance=mount.mount,
        value=percent,
        limit=limit,
        previous=_percent(earlier) if earlier else None,
        conclusion_zh=f"{mount.mount} 已使用 {percent:.1f}%，剩余 {gib(free):.1f} GiB{trend}。",
        remedy_zh="查明增长最快的目录；先归档或清理已确认可删除的临时文件和已满留存期限的日志，再评估扩容。"
        "不要手工删除数据库的数据文件、归档日志和备份文件，备份由备份工具按保留策略过期。",
        excerpt=f"{mount.device} {mount.fstype}: {gib(free):.1f} GiB free"
        + (f", full in {hours:.0f} h at the growth since the last inspection" if hours is not None else ""),
    )


def free_share(case: Case) -> Iterator[Observation]:
    """Free < 5 % (crit 3 %) of the filesystem, however large it is."""
    yield from unanswered(case)
    for mount in answered(case):
        size, free = mount.size_bytes, mount.free_bytes
        if size is None or free is None:
            yield unknown("the filesystem did not say how large it is and how much is free", instance=mount.mount)
        elif size == 0:
            yield not_applicable("the filesystem has no blocks", instance=mount.mount)
        else:
            yield _free_share(case, mount, size, free)


def _free_share(case: Case, mount: Filesystem, size: int, free: int) -> Observation:
    earlier = earlier_of(case, mount)
    value = 100 * free / size
    return measured(
        value,
        case.limits["disk.free"],
        instance=mount.mount,
        previous=100 * earlier.free_bytes / earlier.size_bytes
        if earlier and earlier.size_bytes and earlier.free_bytes is not None
        else None,
        conclusion_zh=f"{mount.mount} 仅剩 {value:.1f}%（{gib(free):.1f} GiB）可用空间，写满后业务将无法写入。",
        remedy_zh="立即核对增长来源，清理已确认可删除的文件或扩容；数据库所在分区优先扩容。"
        "不要手工删除数据库的数据文件、归档日志和备份文件。",
        excerpt=f"{mount.device} {mount.fstype}: {gib(free):.1f} of {gib(size):.1f} GiB free",
    )


def inodes(case: Case) -> Iterator[Observation]:
    """Inodes free < 20 % (crit 10 %), on filesystems that have a fixed number of them."""
    yield from unanswered(case)
    counted = [mount for mount in answered(case) if mount.inodes_total]
    if not counted:
        yield not_applicable("no filesystem of this host has a fixed number of inodes")
    for mount in counted:
        if not mount.inodes_total or mount.inodes_free is None:
            yield unknown("the filesystem did not say how many inodes are free", instance=mount.mount)
            continue
        earlier = earlier_of(case, mount)
        value = 100 * mount.inodes_free / mount.inodes_total
        yield measured(
            value,
            case.limits["disk.inodes-free"],
            instance=mount.mount,
            previous=100 * earlier.inodes_free / earlier.inodes_total
            if earlier and earlier.inodes_total and earlier.inodes_free is not None
            else None,
            conclusion_zh=f"{mount.mount} 的 inode 仅剩 {value:.1f}%（{mount.inodes_free} 个），"
            "用尽后即使有空间也无法新建文件。",
            remedy_zh="查找小文件数量最多的目录（会话、缓存、临时文件、邮件队列），"
            "与应用厂商确认后归档或清理，并设置定期清理。",
            excerpt=f"{mount.inodes_free} of {mount.inodes_total} inodes free",
        )


def _percent(mount: Filesystem) -> float | None:
    if mount.used_bytes is None or mount.free_bytes is None or mount.used_bytes + mount.free_bytes == 0:
        return None
    return 100 * mount.used_bytes / (mount.used_bytes + mount.free_bytes)


def _hours_to_full(case: Case, mount: Filesystem, used: int, free: int) -> float | None:
    """Hours until full, as it grew between the two inspections; None where that says nothing."""
    earlier = earlier_of(case, mount)
    hours = elapsed_s(case) / HOUR_S
    if (
        earlier is None
        or hours < SHORTEST_TREND_H
        or earlier.size_bytes != mount.size_bytes
        or earlier.used_bytes is None
    ):
        return None
    growth = (used - earlier.used_bytes) / hours
    return free / growth if growth > 0 else None


def _beyond(limit: Limit, severity: Severity, value: float) -> bool:
    bound = limit.crit if severity == "crit" else limit.warn
    return bound is not None and crosses(value, limit.op, bound)


CHECKS = (
    Check(
        id="disk.space",
        category="host",
        title_zh="磁盘使用率",
        needs=("filesystems",),
        judge=space,
        limits=("disk.used", "disk.free-gib", "disk.full-within"),
    ),
    Check(
        id="disk.free",
        category="host",
        title_zh="磁盘剩余空间",
        needs=("filesystems",),
        judge=free_share,
        limits=("disk.free",),
    ),
    Check(
        id="disk.inodes",
        category="host",
        title_zh="inode 余量",
        needs=("filesystems",),
        judge=inodes,
        limits=("disk.inodes-free",),
    ),
)
