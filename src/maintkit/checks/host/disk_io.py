"""How busy a disk is, and how long it lets a request wait."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from maintkit.checks.facts.host import Disk
from maintkit.checks.model import Case, Check, Limit, Observation
from maintkit.checks.rule import before, data_of, judged, measured, not_applicable, shown, unknown


def busy(case: Case) -> Iterator[Observation]:
    """A disk had a request to serve > 90 % of the sample, and its own mean read or write was too slow.

    Being busy says nothing alone: an array or an SSD serves many requests at once (iostat(1) on %util).
    """
    limit, reading, writing = (case.limits[f"disk.{name}"] for name in ("busy", "read-await", "write-await"))
    devices = data_of(case.facts.sections.disks).devices
    if not devices:
        yield not_applicable("this host has no block device of its own")
    for disk in devices:
        value = disk.util_percent
        if value is None:
            yield unknown("the kernel has not told how long the disk was busy", instance=disk.device)
            continue
        waits = ((disk.read_await_ms, reading), (disk.write_await_ms, writing))
        slow = any(wait is not None and bound.judge(wait) != "ok" for wait, bound in waits)
        yield judged(
            limit.judge(value) if slow else "ok",
            value=value,
            limit=limit,
            instance=disk.device,
            previous=_earlier(case, disk, lambda one: one.util_percent),
            conclusion_zh=f"磁盘 {disk.device} 采样期内 {value:.1f}% 的时间忙碌，且单次读写偏慢，已接近处理上限。",
            remedy_zh="查看读写最多的进程，将备份、报表与批处理错开业务高峰；持续如此时评估更换或扩容存储。",
            excerpt=f"{disk.device}: busy {value:.1f}% of {disk.sample_s:g} s, read {shown(disk.read_await_ms)} ms, "
            f"write {shown(disk.write_await_ms)} ms",
        )


def read_await(case: Case) -> Iterator[Observation]:
    """A read took more than 20 ms, the mean of those finished in the sample."""
    yield from _waits(case, case.limits["disk.read-await"], reading=True)


def write_await(case: Case) -> Iterator[Observation]:
    """A write took more than 20 ms, the mean of those finished in the sample."""
    yield from _waits(case, case.limits["disk.write-await"], reading=False)


def _waits(case: Case, limit: Limit, *, reading: bool) -> Iterator[Observation]:
    devices = data_of(case.facts.sections.disks).devices
    if not devices:
        yield not_applicable("this host has no block device of its own")
    word = "读" if reading else "写"
    for disk in devices:
        value = _await(disk, reading=reading)
        if value is None:
            kind = "read" if reading else "write"
            yield not_applicable(f"no {kind} finished within the sample of {disk.sample_s:g} s", instance=disk.device)
            continue
        yield measured(
            value,
            limit,
            instance=disk.device,
            previous=_earlier(case, disk, lambda one: _await(one, reading=reading)),
            conclusion_zh=f"磁盘 {disk.device} 平均{word}等待 {value:.1f} ms，存储响应偏慢。",
            remedy_zh="确认采样时是否有备份、报表或批处理在运行；持续偏慢时检查磁盘健康、阵列与存储链路，"
            "并评估更换或扩容。",
            excerpt=f"{disk.device}: {value:.1f} ms in {disk.sample_s:g} s, mean since boot "
            f"{_since_boot(disk, reading=reading)}, busy {shown(disk.util_percent)}%",
        )


def _await(disk: Disk, *, reading: bool) -> float | None:
    return disk.read_await_ms if reading else disk.write_await_ms


def _earlier(case: Case, disk: Disk, told: Callable[[Disk], float | None]) -> float | None:
    earlier = before(case, lambda sections: sections.disks)
    for candidate in earlier.devices if earlier else ():
        if candidate.device == disk.device:
            return told(candidate)
    return None


def _since_boot(disk: Disk, *, reading: bool) -> str:
    count, spent = (disk.reads, disk.read_ms) if reading else (disk.writes, disk.write_ms)
    return f"{spent / count:.1f} ms" if count else "none"


CHECKS = (
    Check(
        id="disk.busy",
        category="host",
        title_zh="磁盘忙碌度",
        needs=("disks",),
        judge=busy,
        limits=("disk.busy", "disk.read-await", "disk.write-await"),
    ),
    Check(
        id="disk.read-await",
        category="host",
        title_zh="磁盘读等待",
        needs=("disks",),
        judge=read_await,
        limits=("disk.read-await",),
    ),
    Check(
        id="disk.write-await",
        category="host",
        title_zh="磁盘写等待",
        needs=("disks",),
        judge=write_await,
        limits=("disk.write-await",),
    ),
)
