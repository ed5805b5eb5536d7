"""Disks and arrays that are failing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from maintkit.checks.facts.host import Array, SmartDevice
from maintkit.checks.model import Case, Check, Observation
from maintkit.checks.rule import before, data_of, judged, not_applicable, shown, unknown

# The attributes that foretell failure, by their numbers, as a document names them.
FORETELLING = {"5": "重映射扇区", "187": "无法纠正的错误", "197": "待映射扇区", "198": "离线无法纠正的扇区"}
SILENT = "smartctl gave no verdict and none of the attributes 5, 187, 197 and 198"


def array(case: Case) -> Iterator[Observation]:
    """An MD array that runs without one of its disks, or does not run."""
    arrays = data_of(case.facts.sections.arrays).arrays
    if not arrays:
        yield not_applicable("this host has no MD array")
    for one in arrays:
        yield _array(one)


def _array(one: Array) -> Observation:
    up = f"{one.devices_up}/{one.devices_total}" if one.devices_total is not None else None
    state = "已降级" if one.active else "未运行"
    details = [f"在位磁盘 {up}"] if up else []
    details += [f"正在重建（{one.recovery}）"] if one.recovery else []
    return judged(
        "crit" if one.degraded or not one.active else "ok",
        instance=one.name,
        value=up,
        conclusion_zh="，".join([f"软阵列 {one.name} {state}", *details, "再坏一块磁盘可能丢失数据。"]),
        remedy_zh="先确认最近一次备份可用，再查明掉线的磁盘及其序列号，按厂商步骤更换并重建；"
        "重建完成前不要重启或再拔插磁盘。",
        excerpt=f"{shown(one.level)} active={shown(one.active)} degraded={shown(one.degraded)} {shown(up)} "
        f"recovery={shown(one.recovery)}",
    )


def smart(case: Case) -> Iterator[Observation]:
    """The disk's own verdict is FAILED (crit), or SMART 5, 187, 197 or 198 counts above 0 (warn).

    A disk that gives neither a verdict nor one of these is unknown, whatever else it tells.
    """
    devices = data_of(case.facts.sections.smart).devices
    if not devices:
        yield not_applicable("smartctl sees no disk on this host")
    for device in devices:
        yield _smart(case, device)


def _smart(case: Case, device: SmartDevice) -> Observation:
    counts = {number: device.attributes[number] for number in FORETELLING if number in device.attributes}
    if device.passed is None and not counts:
        return unknown(device.reason or SILENT, instance=device.device)
    statuses = {number: case.limits[f"disk.smart-{number}"].judge(count) for number, count in counts.items()}
    bad = [number for number, status in statuses.items() if status != "ok"]
    status: Literal["ok", "warn", "crit"] = "ok"
    if device.passed is False or "crit" in statuses.values():
        status = "crit"
    elif bad:
        status = "warn"
    worst = bad[0] if bad else None
    listed = "、".join(f"{FORETELLING[number]}（{number}）{counts[number]}" for number in bad)
    verdict = "自检结论为失败" if device.passed is False else "出现故障征兆"
    return judged(
        status,
        instance=device.device,
        value=counts[worst] if worst else {True: "PASSED", False: "FAILED", None: None}[device.passed],
        limit=case.limits[f"disk.smart-{worst}"] if worst else None,
        previous=_earlier(case, device, worst) if worst else None,
        conclusion_zh=f"磁盘 {device.device} {verdict}{'：' + listed if listed else ''}。",
        remedy_zh="先确认该盘上数据的最近一次备份可用，记录序列号并联系厂商更换；更换前观察计数是否继续增长。",
        excerpt=f"{device.device} passed={shown(device.passed)} "
        + " ".join(f"{number}={count}" for number, count in counts.items()),
    )


def _earlier(case: Case, device: SmartDevice, number: str) -> float | None:
    earlier = before(case, lambda sections: sections.smart)
    for candidate in earlier.devices if earlier else ():
        if candidate.device == device.device:
            return candidate.attributes.get(number)
    return None


CHECKS = (
    Check(id="disk.array", category="host", title_zh="软阵列状态", needs=("arrays",), judge=array),
    Check(
        id="disk.smart",
        category="host",
        title_zh="磁盘健康（SMART）",
        needs=("smart",),
        judge=smart,
        limits=tuple(f"disk.smart-{number}" for number in FORETELLING),
    ),
)
