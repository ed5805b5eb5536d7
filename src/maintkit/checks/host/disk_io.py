"""How long a disk lets a request wait."""

from __future__ import annotations

from collections.abc import Iterator

from maintkit.checks.facts.host import Disk
from maintkit.checks.model import Case, Check, Limit, Observation
from maintkit.checks.rule import before, data_of, measured, not_applicable, shown


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
            previous=_earlier_await(case, disk, reading=reading),
            conclusion_zh=f"磁盘 {disk.device} 平均{word}等待 {value:.1f} ms，存储响应偏慢。",
            remedy_zh="确认采样时是否有备份、报表或批处理在运行；持续偏慢时检查磁盘健康、阵列与存储链路，"
            "并评估更换或扩容。",
            excerpt=f"{disk.device}: {value:.1f} ms in {disk.sample_s:g} s, mean since boot "
            f"{_since_boot(disk, reading=reading)}, busy {shown(disk.util_percent)}%",
        )


def _await(disk: Disk, *, reading: bool) -> float | None:
    return disk.read_await_ms if reading else disk.write_await_ms


def _earlier_await(case: Case, disk: Disk, *, reading: bool) -> float | None:
    earlier = before(case, lambda sections: sections.disks)
    for candidate in earlier.devices if earlier else ():
        if candidate.device == disk.device:
            return _await(candidate, reading=reading)
    return None


def _since_boot(disk: Disk, *, reading: bool) -> str:
    count, spent = (disk.reads, disk.read_ms) if reading else (disk.writes, disk.write_ms)
    return f"{spent / count:.1f} ms" if count else "none"


CHECKS = (
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
