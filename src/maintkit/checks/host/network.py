"""Network interfaces: errors on the wire, links that are down or slower than they were."""

from __future__ import annotations

from collections.abc import Iterator

from maintkit.checks.facts.network import Interface
from maintkit.checks.model import Case, Check, Observation
from maintkit.checks.rule import before, data_of, judged, measured, same_boot, shown, unknown, well_if_none

LOOPBACK = "lo"


def errors(case: Case) -> Iterator[Observation]:
    """More than 1 % of the packets received or sent since the last inspection (else since boot) were in error.

    Physical interfaces each have a finding; virtual ones, of which a host may have hundreds, only when they err.
    """
    yield from well_if_none(_errors(case))


def _errors(case: Case) -> Iterator[Observation]:
    for interface in data_of(case.facts.sections.network).interfaces:
        if interface.name == LOOPBACK:
            continue
        earlier = earlier_of(case, interface) if same_boot(case) else None
        counted = _since(interface, earlier)
        basis = "since the last inspection" if counted is not interface else "since boot"
        value = max(
            _percent(counted.rx_errors, counted.rx_packets),
            _percent(counted.tx_errors, counted.tx_packets),
        )
        seen = measured(
            value,
            case.limits["network.errors"],
            instance=interface.name,
            conclusion_zh=f"网卡 {interface.name} 收发错误占比 {value:.2f}%（接收错误 {counted.rx_errors}，"
            f"发送错误 {counted.tx_errors}），"
            "会引起重传和业务卡顿。",
            remedy_zh="检查网线、光模块和交换机端口的错误计数与协商速率，在业务低峰期更换可疑部件后复查。",
            excerpt=f"{basis}: "
            f"rx {counted.rx_errors}/{counted.rx_packets}, tx {counted.tx_errors}/{counted.tx_packets}",
        )
        if interface.physical or seen.status != "ok":
            yield seen


def link(case: Case) -> Iterator[Observation]:
    """A physical interface that is switched on has no link (crit if it had one), is gone, or slower than it was.

    One whose speed was known and is not now is unknown.
    """
    yield from well_if_none(_links(case))


def _links(case: Case) -> Iterator[Observation]:
    interfaces = data_of(case.facts.sections.network).interfaces
    for interface in interfaces:
        if not interface.physical:
            continue
        earlier = earlier_of(case, interface)
        was_up = earlier is not None and earlier.carrier is True
        if interface.carrier is True:
            yield _up(interface, earlier)
        elif was_up or interface.admin_up:
            yield _down(interface, was_up=was_up)
    there = {interface.name for interface in interfaces}
    before_now = before(case, lambda sections: sections.network)
    for interface in before_now.interfaces if before_now else ():
        if interface.physical and interface.name not in there:
            yield judged(
                "warn",
                instance=interface.name,
                value="消失",
                conclusion_zh=f"上次巡检时存在的物理网卡 {interface.name} 现在不存在。",
                remedy_zh="确认是否为计划内更换或改名；如不是，检查网卡硬件、驱动和内核日志。",
            )


def _down(interface: Interface, *, was_up: bool) -> Observation:
    since = "上次巡检时正常，现在" if was_up else "已启用但"
    return judged(
        "crit" if was_up else "warn",
        instance=interface.name,
        value="断开",
        previous="连通" if was_up else None,
        conclusion_zh=f"网卡 {interface.name} {since}没有链路，网络可能已失去冗余或中断。",
        remedy_zh="检查网线、光模块和交换机端口；多网卡绑定时先确认其余链路正常，再处理故障链路；"
        "本不使用的网口经确认后停用，或登记豁免。",
        excerpt=f"operstate {interface.operstate}, carrier {shown(interface.carrier)}, "
        f"admin up {shown(interface.admin_up)}",
    )


def _up(interface: Interface, earlier: Interface | None) -> Observation:
    speed, was = interface.speed_mbps, earlier.speed_mbps if earlier else None
    if speed is None and was is not None:
        return unknown(f"the link is up and its speed is not known; it was {was} Mbit/s", instance=interface.name)
    slower = speed is not None and was is not None and speed < was
    return judged(
        "warn" if slower else "ok",
        instance=interface.name,
        value=speed if speed is not None else "连通",
        unit="Mbit/s" if speed is not None else "",
        previous=was,
        conclusion_zh=f"网卡 {interface.name} 协商速率为 {speed} Mbit/s，低于上次巡检时的 {was} Mbit/s。",
        remedy_zh="检查网线、光模块与交换机端口的协商设置，在业务低峰期更换可疑部件后复查速率。",
        excerpt=f"operstate {interface.operstate}, {shown(speed)} Mbit/s",
    )


def earlier_of(case: Case, interface: Interface) -> Interface | None:
    """The interface of this name at the previous inspection; None when there was none, or no usable facts of it."""
    earlier = before(case, lambda sections: sections.network)
    for candidate in earlier.interfaces if earlier else ():
        if candidate.name == interface.name:
            return candidate
    return None


def _since(now: Interface, earlier: Interface | None) -> Interface:
    """The counters' growth; the counters themselves where there is no earlier value or they were reset."""
    counters = ("rx_packets", "rx_errors", "tx_packets", "tx_errors")
    if earlier is None or any(getattr(now, name) < getattr(earlier, name) for name in counters):
        return now
    return now.model_copy(update={name: getattr(now, name) - getattr(earlier, name) for name in counters})


def _percent(failed: int, packets: int) -> float:
    if packets <= 0:
        return 100.0 if failed else 0.0
    return 100 * failed / packets


CHECKS = (
    Check(
        id="network.errors",
        category="host",
        title_zh="网卡错误",
        needs=("network",),
        judge=errors,
        limits=("network.errors",),
    ),
    Check(id="network.link", category="host", title_zh="网卡链路", needs=("network",), judge=link, change=True),
)
