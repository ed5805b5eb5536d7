"""What a host is given before its first boot: its name, its address, its keys."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from lab.image import File
from lab.network import gateway
from lab.process import run
from lab.suites import Suite

SSHD = """\
# A held-up key exchange is not what a lab is about.
KexAlgorithms {}
UseDNS no
"""


def make_key(path: Path) -> str:
    """An ed25519 key pair without passphrase, made once; the public half without its comment."""
    if not path.exists():
        run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", path.name, "-f", path)
    return " ".join(Path(f"{path}.pub").read_text().split()[:2])


def seed(
    name: str, *, subnet: int, names: Mapping[str, str], host_key: Path, user_key: str, suite: Suite
) -> tuple[File, ...]:
    """Files for the host `name`; `names` are the addresses of all hosts of the lab."""
    known = "".join(f"{address} {other}\n" for other, address in names.items())
    return (
        File(path="/etc/hostname", content=f"{name}\n".encode()),
        File(path="/etc/hosts", content=f"127.0.0.1 localhost\n127.0.1.1 {name}\n{known}".encode()),
        File(path="/etc/resolv.conf", content=f"nameserver {gateway(subnet)}\nsearch lab.example\n".encode()),
        File(path="/etc/systemd/network/10-host0.network", content=_network(names[name], subnet)),
        File(path="/etc/ssh/ssh_host_ed25519_key", content=host_key.read_bytes(), mode=0o600),
        File(path="/etc/ssh/ssh_host_ed25519_key.pub", content=Path(f"{host_key}.pub").read_bytes()),
        File(path="/etc/ssh/sshd_config.d/lab.conf", content=SSHD.format(suite.key_exchanges).encode()),
        File(path="/root/.ssh/authorized_keys", content=f"{user_key} lab\n".encode(), mode=0o600),
    )


def _network(address: str, subnet: int) -> bytes:
    text = (
        f"[Match]\nName=host0\n\n[Network]\nAddress={address}/24\nGateway={gateway(subnet)}\nLinkLocalAddressing=no\n"
    )
    return text.encode()
