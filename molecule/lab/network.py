"""A bridge for each lab, in a subnet of its own, with names served beside it. Nothing leads out of it."""

from __future__ import annotations

import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path

from lab.places import BRIDGE_PREFIX, LabError
from lab.process import Process, run

NET = "10.213"  # third number: the lab's; fourth: 1 is the bridge, hosts follow from 11
FIRST_HOST = 11
SUBNETS = range(1, 255)


def bridge_name(subnet: int) -> str:
    """The bridge of a subnet."""
    return f"{BRIDGE_PREFIX}{subnet}"


def gateway(subnet: int) -> str:
    """The bridge's own address: this machine, as the hosts see it."""
    return f"{NET}.{subnet}.1"


def addresses(subnet: int, hosts: Iterable[str]) -> dict[str, str]:
    """An address for each host, by its place in the list."""
    return {name: f"{NET}.{subnet}.{FIRST_HOST + number}" for number, name in enumerate(hosts)}


def free_subnet(taken: set[int]) -> int:
    """One that neither a lab nor this machine uses."""
    used = run("ip", "-o", "-4", "address")
    for subnet in SUBNETS:
        if subnet not in taken and f" {NET}.{subnet}." not in used:
            return subnet
    raise LabError(f"all subnets of {NET}.0.0/16 are in use: `make lab-down` removes labs")


def raise_bridge(subnet: int) -> None:
    """Make the bridge and give it its address."""
    name = bridge_name(subnet)
    run("ip", "link", "add", name, "type", "bridge", "stp_state", "0", "forward_delay", "0")
    run("ip", "address", "add", f"{gateway(subnet)}/24", "dev", name)
    run("ip", "link", "set", name, "up")


def remove_bridge(subnet: int) -> None:
    """Take the bridge away, if it is there."""
    run("ip", "link", "delete", bridge_name(subnet), check=False)


def serve_names(subnet: int, names: Mapping[str, str], place: Path) -> None:
    """Answer DNS on the bridge for the lab's own names, and for nothing else."""
    hosts = place / "names"
    hosts.write_text("".join(f"{address} {name}\n" for name, address in names.items()))
    argv = [
        "dnsmasq", "--keep-in-foreground", "--conf-file=/dev/null", "--pid-file=", "--user=root",
        "--no-resolv", "--no-hosts", f"--addn-hosts={hosts}", "--domain=lab.example", "--expand-hosts",
        f"--listen-address={gateway(subnet)}", "--bind-interfaces", "--no-dhcp-interface=*",
    ]  # fmt: skip
    with (place / "dnsmasq.log").open("ab") as log:
        server = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
    (place / "dnsmasq.pid").write_text(str(Process.of(server.pid) or ""))
