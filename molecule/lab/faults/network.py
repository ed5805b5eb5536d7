"""The network of a host: names that nobody answers, packets lost or late, a link that is down or errs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from lab.faults.view import FOLDER
from lab.host import Host
from lab.image import File

LINK = "host0"
CARD, FAR_END = "eth1", "eth1far"
TUNNEL = "lab-tunnel"
FRAME = 1400  # bytes, with the header
NOBODY = "198.51.100.9"  # of the block for documentation


@contextmanager
def without_names(host: Host) -> Iterator[None]:
    """Questions to the name server go unanswered."""
    with _ruled(host, "udp dport 53 drop", "tcp dport 53 drop"):
        yield


@contextmanager
def losing(host: Host, *, percent: int, peer: str = "0.0.0.0/0") -> Iterator[None]:
    """This share of the packets to `peer` is lost, at random; 100 cuts it off."""
    lost = "" if percent >= 100 else f"numgen random mod 100 < {percent} "
    with _ruled(host, f"ip daddr {peer} {lost}drop"):
        yield


@contextmanager
def slow(host: Host, *, delay_ms: int) -> Iterator[None]:
    """What the host sends comes `delay_ms` late; where the kernel cannot delay (netem), it is throttled to 64 kbit/s.

    A throttled answer of a kilobyte is about an eighth of a second late, and one of a page some seconds.
    """
    delayed = ("tc", "qdisc", "add", "dev", LINK, "root", "netem", "delay", f"{delay_ms}ms")
    throttled = ("tc", "qdisc", "add", "dev", LINK, "root", "tbf", "rate", "64kbit", "burst", "2kb", "latency", "60s")
    if host.run(*delayed, check=False).code != 0:
        host.run(*throttled)
    try:
        yield
    finally:
        host.run("tc", "qdisc", "delete", "dev", LINK, "root")


@contextmanager
def erring(host: Host) -> Iterator[None]:
    """A tunnel whose far end cannot be reached: the kernel counts each packet into it as an error."""
    host.sh(f"""
        ip link add {TUNNEL} type vxlan id 7 remote {NOBODY} dstport 4789
        ip route add unreachable {NOBODY}
        ip address add 192.0.2.1/24 dev {TUNNEL}
        ip link set {TUNNEL} up
        ip neighbour add 192.0.2.2 lladdr 02:00:00:00:00:01 dev {TUNNEL}
        ping -c 5 -i 0.05 -W 1 192.0.2.2 >/dev/null || true
    """)
    try:
        yield
    finally:
        host.sh(f"ip link delete {TUNNEL}; ip route delete unreachable {NOBODY}")


@contextmanager
def card(host: Host) -> Iterator[None]:
    """A second network card `eth1` with a link of 1000 Mbit/s.

    View: a real pair of virtual interfaces, of which one shows a device and a speed in /sys/class/net as a card does.
    """
    shown = f"{FOLDER}/net"
    host.sh(f"""
        ip link add {CARD} type veth peer name {FAR_END}
        ip link set {CARD} up
        ip link set {FAR_END} up
        mkdir -p {shown}/{CARD}/device
        for link in /sys/class/net/*; do
            name=$(basename $link)
            [ $name = {CARD} ] || ln -s /sys/devices/virtual/net/$name {shown}/$name
        done
        for file in flags carrier operstate; do
            ln -s /sys/devices/virtual/net/{CARD}/$file {shown}/{CARD}/$file
        done
        echo 1000 >{shown}/{CARD}/speed
        mount --bind {shown} /sys/class/net
    """)
    try:
        yield
    finally:
        host.sh(f"umount --lazy /sys/class/net; rm -rf {shown}; ip link delete {CARD}")


@contextmanager
def unplugged(host: Host) -> Iterator[None]:
    """The cable of `card` is out: its far end is down."""
    host.run("ip", "link", "set", FAR_END, "down")
    try:
        yield
    finally:
        host.run("ip", "link", "set", FAR_END, "up")


@contextmanager
def slower(host: Host, *, mbps: int) -> Iterator[None]:
    """View: `card` has agreed on this speed with the switch."""
    speed = f"{FOLDER}/net/{CARD}/speed"
    before = host.run("cat", speed).out
    host.sh(f"echo {mbps} >{speed}")
    try:
        yield
    finally:
        host.sh(f"echo {before.strip()} >{speed}")


@contextmanager
def loaded(host: Host, *, mbps: float, link: str = CARD) -> Iterator[None]:
    """Frames go out on `link` at this rate, by the clock: whoever is late sends the more afterwards."""
    unit = f"lab-load-{link}"
    program = (
        "import socket, time\n"
        "out = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)\n"
        f"out.bind(({link!r}, 0))\n"
        f"frame = b'\\xff' * 6 + b'\\x02' + bytes(5) + b'\\x88\\xb5' + bytes({FRAME} - 14)\n"
        f"began, sent, each = time.monotonic(), 0, {FRAME} * 8 / ({mbps} * 1e6)\n"
        "while True:\n"
        "    while sent * each < time.monotonic() - began:\n"
        "        out.send(frame)\n"
        "        sent += 1\n"
        "    time.sleep(0.005)\n"
    )
    host.put(File(path=f"{FOLDER}/{unit}.py", content=program.encode()))
    host.run("systemd-run", "--quiet", f"--unit={unit}", "/usr/bin/python3", f"{FOLDER}/{unit}.py")
    try:
        yield
    finally:
        host.run("systemctl", "stop", unit)


@contextmanager
def filled(host: Host, *, mbps: int) -> Iterator[None]:
    """View: `card` has this speed; what goes out on it is real, and takes 98 % of it."""
    with slower(host, mbps=mbps), loaded(host, mbps=0.98 * mbps):
        yield


@contextmanager
def _ruled(host: Host, *rules: str) -> Iterator[None]:
    """Rules for what the host sends, in a table of their own."""
    chain = "type filter hook output priority 0; policy accept;"
    lines = "\n".join(f"        {rule}" for rule in rules)
    host.run("nft", "-f", "-", stdin=f"table inet lab_fault {{\n    chain out {{ {chain}\n{lines}\n    }}\n}}\n")
    try:
        yield
    finally:
        host.run("nft", "delete", "table", "inet", "lab_fault")
