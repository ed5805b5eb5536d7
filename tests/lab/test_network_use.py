"""What goes over the interfaces of a booted host, measured by the collector in its sample: real pairs, real frames."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from collected import script, unframe

from lab import Host, Spec, lab
from lab.faults.network import loaded

PAIR = ("wire1", "wire2")
SPARE = "spare1"  # a bridge without ports has no speed
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def host() -> Iterator[Host]:
    """A host with a pair of virtual interfaces and one that leads nowhere."""
    with lab([Spec(name="net1")]) as made:
        one = made["net1"]
        one.sh(f"""
            ip link add {PAIR[0]} type veth peer name {PAIR[1]}
            ip link add {SPARE} type bridge
            for link in {PAIR[0]} {PAIR[1]} {SPARE}; do ip link set $link up; done
        """)
        yield one


def interfaces(host: Host, place: Path, *, sample_s: float = 2.0) -> Mapping[str, Mapping[str, Any]]:
    """What the collector tells of each."""
    program = script({"only": ["network"], "sample_s": sample_s}, place).decode()
    document = unframe(host.run("python3", "-I", "-S", "-", stdin=program).out.encode("ascii"))
    return {one["name"]: one for one in document["sections"]["network"]["data"]["interfaces"]}


def test_a_rate_is_what_was_sent_in_the_sample_and_each_end_counts_its_own_way(host: Host, tmp_path: Path) -> None:
    """20 Mbit/s by the clock are 2.5 MB/s within a tenth; the kernel says 10 Gbit/s of a pair, which nothing fills."""
    with loaded(host, mbps=20, link=PAIR[0]):
        seen = interfaces(host, tmp_path)
    near, far = (seen[name] for name in PAIR)
    assert near["tx_bytes_s"] == pytest.approx(2_500_000, rel=0.1)
    assert far["rx_bytes_s"] == pytest.approx(2_500_000, rel=0.1)
    assert near["rx_bytes_s"] < 10_000
    assert (near["speed_mbps"], near["duplex"], near["physical"]) == (10000, "full", False)
    assert near["sample_s"] == pytest.approx(2.0, abs=0.5)


def test_an_interface_without_a_speed_has_a_rate_all_the_same(host: Host, tmp_path: Path) -> None:
    """A bridge without ports: the kernel says -1 for its speed."""
    with loaded(host, mbps=8, link=SPARE):
        spare = interfaces(host, tmp_path)[SPARE]
    assert spare["tx_bytes_s"] == pytest.approx(1_000_000, rel=0.1)
    assert (spare["speed_mbps"], spare["rx_bytes_s"]) == (None, 0.0)


def test_an_interface_that_comes_within_the_sample_has_no_rate(host: Host, tmp_path: Path) -> None:
    """And one whose counters were begun anew has none either: it was taken away and made again."""
    host.sh(f"""
        systemd-run --quiet --unit=lab-anew sh -c '
            sleep 1; ip link add late1 type bridge; ip link set late1 up
            ip link delete {SPARE}; ip link add {SPARE} type bridge; ip link set {SPARE} up'
    """)
    with loaded(host, mbps=8, link=PAIR[0]):
        seen = interfaces(host, tmp_path, sample_s=4.0)
    assert (seen["late1"]["rx_bytes_s"], seen["late1"]["tx_bytes_s"]) == (None, None)
    assert seen[SPARE]["tx_bytes_s"] is None
    assert seen[PAIR[0]]["tx_bytes_s"] == pytest.approx(1_000_000, rel=0.1)
