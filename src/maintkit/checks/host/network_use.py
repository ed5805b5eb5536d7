"""How much of a network link is in use."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from maintkit.checks.facts.network import Interface
from maintkit.checks.host.network import LOOPBACK, earlier_of
from maintkit.checks.model import Case, Check, Observation
from maintkit.checks.rule import data_of, measured, not_applicable, skipped, unknown

MBIT = 1_000_000


def busy(case: Case) -> Iterator[Observation]:
    """More than 90 % of a link's speed received or sent in the sample; on half duplex, both together.

    Bytes of frames as the kernel counts them, so a full line of 1500-byte frames reads about 97 %. Physical interfaces
    with a link each have a finding, virtual ones where the host has no other: what goes through a container's goes
    through the host's too. Without a link speed the rate is told, and no share of it.
    """
    interfaces = [one for one in data_of(case.facts.sections.network).interfaces if one.name != LOOPBACK]
    linked = [one for one in _asked(interfaces) if one.carrier is not False and one.admin_up]
    if not linked:
        yield not_applicable("no network interface has a link")
    for interface in linked:
        yield _busy(case, interface)


def _asked(interfaces: Sequence[Interface]) -> Sequence[Interface]:
    return [one for one in interfaces if one.physical] or interfaces


def _busy(case: Case, interface: Interface) -> Observation:
    rate = rate_mbit(interface)
    if interface.sample_s is None:
        return unknown("the collector of that inspection measured no network rates", instance=interface.name)
    if rate is None:
        return unknown("the interface came or its counters were reset within the sample", instance=interface.name)
    rx, tx = ((one or 0) * 8 / MBIT for one in (interface.rx_bytes_s, interface.tx_bytes_s))
    excerpt = f"{interface.name}: received {rx:.2f}, sent {tx:.2f} Mbit/s in {interface.sample_s:g} s"
    if not interface.speed_mbps:
        reason = "the rate is known, the link's speed is not, so there is no percentage"
        return skipped(reason, instance=interface.name, value=rate, unit="Mbit/s", excerpt=excerpt)
    value = 100 * rate / interface.speed_mbps
    return measured(
        value,
        case.limits["network.busy"],
        instance=interface.name,
        previous=_earlier(case, interface),
        conclusion_zh=f"网卡 {interface.name} 采样期内使用了链路速率 {interface.speed_mbps} Mbit/s 的 {value:.1f}%"
        f"（接收 {rx:.1f}，发送 {tx:.1f} Mbit/s），已接近带宽上限，会引起排队和丢包。",
        remedy_zh="查看流量最大的连接和进程，确认是否为备份、影像传输或批处理，并将其错开业务高峰或限速；"
        "持续如此时评估提高链路速率或分流。",
        excerpt=f"{excerpt} of {interface.speed_mbps}",
    )


def rate_mbit(interface: Interface) -> float | None:
    """Mbit/s of the busier direction, on half duplex of both; None where one of them is not known."""
    rx, tx = interface.rx_bytes_s, interface.tx_bytes_s
    if rx is None or tx is None:
        return None
    return (rx + tx if interface.duplex == "half" else max(rx, tx)) * 8 / MBIT


def _earlier(case: Case, interface: Interface) -> float | None:
    earlier = earlier_of(case, interface)
    rate = rate_mbit(earlier) if earlier else None
    return None if rate is None or not earlier or not earlier.speed_mbps else 100 * rate / earlier.speed_mbps


CHECKS = (
    Check(
        id="network.busy",
        category="host",
        title_zh="网络使用率",
        needs=("network",),
        judge=busy,
        limits=("network.busy",),
    ),
)
