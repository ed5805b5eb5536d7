"""The section network: each interface, its link, and what went through it."""

from __future__ import annotations

from typing import Literal

from maintkit.checks.facts.fact import Fact, Whole


class Interface(Fact):
    """One interface of /sys/class/net. `speed_mbps` None: unknown (virtual, or down).

    Bytes a second are those of the sample window; None: the interface came or its counters were reset within it, or an
    older collector did not sample it (`sample_s` None). `duplex` is "full", "half", or None where nobody says.
    """

    name: str
    physical: bool
    operstate: str
    carrier: bool | None = None
    admin_up: bool
    speed_mbps: Whole | None = None
    duplex: Literal["full", "half"] | None = None
    rx_packets: Whole
    rx_errors: Whole
    tx_packets: Whole
    tx_errors: Whole
    rx_bytes: Whole | None = None  # since boot
    tx_bytes: Whole | None = None
    sample_s: float | None = None
    rx_bytes_s: float | None = None
    tx_bytes_s: float | None = None


class Network(Fact):
    interfaces: tuple[Interface, ...]
