"""The mounts themselves: do they answer, are they writable, are they still there."""

from __future__ import annotations

from collections.abc import Iterator

from maintkit.checks.facts.host import Filesystem
from maintkit.checks.model import Case, Check, Observation
from maintkit.checks.rule import before, cut, data_of, judged, unknown, well_if_none

# Made full and read-only once for all: how full they are says nothing.
SEALED = frozenset({"cramfs", "erofs", "iso9660", "romfs", "squashfs", "udf"})
GIB = 2**30


def answered(case: Case) -> tuple[Filesystem, ...]:
    """The mounts that answered and can fill up."""
    mounts = data_of(case.facts.sections.filesystems).mounts
    return tuple(mount for mount in mounts if mount.state == "ok" and mount.fstype not in SEALED)


def unanswered(case: Case) -> Iterator[Observation]:
    """An `unknown` for each mount that did not answer: its room cannot be told."""
    for mount in data_of(case.facts.sections.filesystems).mounts:
        if mount.state != "ok":
            yield unknown(_silence(mount), instance=mount.mount)


def earlier_of(case: Case, mount: Filesystem) -> Filesystem | None:
    """The same mount of the same device at the last inspection."""
    earlier = before(case, lambda sections: sections.filesystems)
    for candidate in earlier.mounts if earlier else ():
        if (candidate.mount, candidate.device, candidate.state) == (mount.mount, mount.device, "ok"):
            return candidate
    return None


def gib(count: int) -> float:
    """Bytes as GiB."""
    return count / GIB


def answers(case: Case) -> Iterator[Observation]:
    """A mount that does not answer within its time is crit; one of fstab or network that is gone since is warn.

    One that did not answer last time and does now is `ok` by name: that closes its event, while one that is gone waits
    for a person.
    """
    yield from well_if_none((*_silent_or_gone(case), *_recovered(case)))


def _recovered(case: Case) -> Iterator[Observation]:
    earlier = before(case, lambda sections: sections.filesystems)
    silent = {mount.mount for mount in earlier.mounts if mount.state != "ok"} if earlier else set()
    for mount in data_of(case.facts.sections.filesystems).mounts:
        if mount.state == "ok" and mount.mount in silent:
            yield judged("ok", instance=mount.mount, value="恢复响应", conclusion_zh="", remedy_zh="")


def _silent_or_gone(case: Case) -> Iterator[Observation]:
    mounts = data_of(case.facts.sections.filesystems).mounts
    for mount in mounts:
        if mount.state == "timeout" and mount.asked:
            kind = "网络文件系统" if mount.network else "文件系统"
            yield judged(
                "crit",
                instance=mount.mount,
                value="无响应",
                conclusion_zh=f"{kind} {mount.mount}（{mount.device}）在限定时间内没有响应，访问它的程序会挂起。",
                remedy_zh="先检查存储或文件服务器及其网络是否正常，恢复服务端后再核对业务；"
                "确认没有程序在写入之前不要强制卸载。",
                excerpt=_silence(mount),
            )
        elif mount.state != "ok":
            yield unknown(_silence(mount), instance=mount.mount)
    # The collector shows a device once, by one of its paths: as long as it shows, its mounts are not known to be gone.
    there = {mount.mount for mount in mounts} | {mount.device for mount in mounts}
    earlier = before(case, lambda sections: sections.filesystems)
    # From a list that was cut, nobody can tell what is missing: the judge turns its `ok` into unknown.
    comparable = earlier is not None and not cut(case.facts, "filesystems")
    for mount in earlier.mounts if earlier and comparable else ():
        if there.isdisjoint({mount.mount, mount.device}) and (mount.network or mount.fstab_read_only is not None):
            yield judged(
                "warn",
                instance=mount.mount,
                value="未挂载",
                conclusion_zh=f"上次巡检时挂载的 {mount.mount}（{mount.device}）现在没有挂载。",
                remedy_zh="确认是否为计划内变更；如不是，检查设备与 /etc/fstab 后重新挂载，"
                "并核对期间是否有数据写到了挂载点下的本地目录。",
                excerpt=f"was {mount.device} {mount.fstype}",
            )


def read_only(case: Case) -> Iterator[Observation]:
    """Mounted read-only although fstab says otherwise or it was writable at the last inspection: crit."""
    yield from well_if_none(_read_only(case))


def _read_only(case: Case) -> Iterator[Observation]:
    yield from unanswered(case)
    for mount in answered(case):
        if not mount.read_only or mount.fstab_read_only is True:
            continue
        earlier = earlier_of(case, mount)
        if mount.fstab_read_only is False or (earlier is not None and not earlier.read_only):
            yield judged(
                "crit",
                instance=mount.mount,
                value="只读",
                previous="可写" if earlier is not None and not earlier.read_only else None,
                conclusion_zh=f"{mount.mount}（{mount.device}）变为只读，业务数据无法写入；"
                "常见原因是磁盘或存储出现读写错误。",
                remedy_zh="先查看内核日志中的磁盘与文件系统错误，核对存储和阵列状态，确认最近一次备份可用；"
                "故障查清前不要强制重新挂载为可写，不要在挂载状态下执行修复。",
                excerpt=f"{mount.device} {mount.fstype} ro",
            )
        elif earlier is None:
            yield unknown("mounted read-only, not in fstab, and no earlier inspection saw it", instance=mount.mount)


def _silence(mount: Filesystem) -> str:
    because = f": {mount.reason}" if mount.reason else ""
    if not mount.asked:
        return f"{mount.fstype} {mount.device}{because}"
    what = "gave no answer" if mount.state == "timeout" else "could not be read"
    return f"{mount.fstype} {mount.device} {what}{because}"


CHECKS = (
    Check(
        id="disk.mounts", category="host", title_zh="文件系统挂载", needs=("filesystems",), judge=answers, change=True
    ),
    Check(
        id="disk.read-only",
        category="host",
        title_zh="文件系统只读",
        needs=("filesystems",),
        judge=read_only,
        change=True,
    ),
)
