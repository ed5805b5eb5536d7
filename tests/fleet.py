"""SSH targets on loopback addresses: real sshd, real keys, nothing outside 127.0.0.0/8.

    with Fleet(directory, [Node(name=f"h{n}") for n in range(20)]) as fleet:
        subprocess.run(["ansible-playbook", "-i", fleet.inventory, …], env=fleet.environment())

Every node has an address of its own and, unless the fleet is `shared`, a daemon and a host key of its own. All of it
lives in `directory` and ends with the `with`. Addresses come from the process number, so that fleets of parallel
test workers do not meet.
"""

from __future__ import annotations

import contextlib
import getpass
import hashlib
import json
import os
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Self

SSHD = "/usr/sbin/sshd"
READY_S = 10.0
NODES_A_NET = 250

Kind = Literal["sshd", "refused", "silent"]


@dataclass(frozen=True, kw_only=True)
class Node:
    """One target. `refused`: nobody listens; `silent`: TCP is accepted and nothing is ever said.

    `command` is sshd's ForceCommand, `settings` are more lines of its configuration, `variables` go to the inventory;
    `known` False keeps its key out of known_hosts, and "other" puts somebody else's key there.
    """

    name: str
    kind: Kind = "sshd"
    command: str | None = None
    settings: tuple[str, ...] = ()
    variables: Mapping[str, object] = field(default_factory=dict)
    known: bool | Literal["other"] = True


class Fleet:
    """Runs the nodes between `__enter__` and `__exit__`."""

    def __init__(self, directory: Path, nodes: Sequence[Node], *, shared: bool = False, ssh_args: str = "") -> None:
        self.directory = directory
        self.nodes = {node.name: node for node in nodes}
        self.addresses = dict(zip(self.nodes, loopback_addresses(), strict=False))
        self.known_hosts = directory / "known_hosts"
        self.inventory = directory / "inventory.json"
        self.key = directory / "user_key"
        self.port = free_port()
        self._shared = shared
        self._ssh_args = ssh_args
        self._closing = contextlib.ExitStack()

    def __enter__(self) -> Self:
        self.directory.mkdir(parents=True, exist_ok=True)
        make_key(self.key)
        make_key(self.directory / "other_host_key")
        with self._closing as stack:
            self._start(stack)
            self.inventory.write_text(json.dumps(self.inventory_data(), indent=1))
            self._closing = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.close()

    def environment(self, **more: str) -> dict[str, str]:
        """An environment for Ansible with settings of its own and the collection of this checkout."""
        home = self.directory / "home"
        home.mkdir(exist_ok=True)
        collections = Path(__file__).parent.parent / ".ansible"
        kept = {name: value for name, value in os.environ.items() if not name.startswith("ANSIBLE_")}
        return {
            **kept,
            "ANSIBLE_CONFIG": str(empty_file(home / "ansible.cfg")),
            "ANSIBLE_COLLECTIONS_PATH": str(collections),
            "ANSIBLE_LOCAL_TEMP": str(home / "tmp"),
            # A held connection would outlive its test; one that wants it says so, with a short path for the socket.
            "ANSIBLE_SSH_ARGS": "-o ControlMaster=no",
            "ANSIBLE_HOST_KEY_CHECKING": "true",
            "ANSIBLE_NOCOLOR": "1",
            "HOME": str(home),
            **more,
        }

    def ssh_options(self) -> list[str]:
        """Options that every ssh to a node needs, as argv."""
        files = [
            "-F",
            "/dev/null",
            "-o",
            f"UserKnownHostsFile={self.known_hosts}",
            "-o",
            "GlobalKnownHostsFile=/dev/null",
        ]
        return [*files, "-o", f"IdentityFile={self.key}", "-o", "IdentitiesOnly=yes", "-p", str(self.port)]

    def log(self, name: str) -> str:
        """What the daemon of this node has written."""
        return (self.directory / f"{label_of(name)}_sshd.log").read_text()

    def inventory_data(self) -> dict[str, object]:
        """The nodes as Ansible's YAML inventory, which JSON is."""
        files = f"-F /dev/null -o UserKnownHostsFile={self.known_hosts} -o GlobalKnownHostsFile=/dev/null"
        hosts = {name: {"ansible_host": self.addresses[name], **node.variables} for name, node in self.nodes.items()}
        common = {
            "ansible_port": self.port,
            "ansible_user": getpass.getuser(),
            "ansible_ssh_private_key_file": str(self.key),
            "ansible_ssh_common_args": f"{files} -o IdentitiesOnly=yes {self._ssh_args}".strip(),
        }
        return {"fleet": {"hosts": hosts, "vars": common}}

    def _start(self, stack: contextlib.ExitStack) -> None:
        if self._shared:
            node = next(iter(self.nodes.values()))
            self._daemon(stack, "shared", "0.0.0.0", node)  # noqa: S104  # reached at 127.0.0.0/8 with our key only
            self.known_hosts.write_text(f"[127.*]:{self.port} {public_key(self.directory / 'shared_host_key')}\n")
            return
        lines = []
        for name, node in self.nodes.items():
            address = self.addresses[name]
            if node.kind == "silent":
                stack.enter_context(contextlib.closing(silent_listener(address, self.port)))
            elif node.kind == "sshd":
                lines += self._own_daemon(stack, node, address)
        self.known_hosts.write_text("".join(f"{line}\n" for line in lines))
        for name, node in self.nodes.items():
            if node.kind == "sshd":
                wait_until_it_listens(self.addresses[name], self.port)

    def _sessions_home(self) -> Path:
        home = self.directory / "target"
        home.mkdir(exist_ok=True)
        return home

    def _own_daemon(self, stack: contextlib.ExitStack, node: Node, address: str) -> list[str]:
        label = label_of(node.name)
        self._daemon(stack, label, address, node, wait=False)
        shown = "other_host_key" if node.known == "other" else f"{label}_host_key"
        return [f"[{address}]:{self.port} {public_key(self.directory / shown)}"] if node.known else []

    def _daemon(self, stack: contextlib.ExitStack, label: str, address: str, node: Node, *, wait: bool = True) -> None:
        host_key = self.directory / f"{label}_host_key"
        make_key(host_key)
        config = self.directory / f"{label}_sshd_config"
        force = [f"ForceCommand {node.command}"] if node.command else []
        lines = [
            f"ListenAddress {address}:{self.port}",
            f"HostKey {host_key}",
            f"AuthorizedKeysFile {self.key}.pub",
            "PidFile none",
            "PermitRootLogin yes",
            "PasswordAuthentication no",
            "UsePAM no",
            "StrictModes no",
            "PrintMotd no",
            "MaxStartups 5000",
            "MaxSessions 100",
            # Not this machine's own start-up files: a version manager's may cost more than the session.
            f"SetEnv HOME={self._sessions_home()}",
            *force,
            *node.settings,
        ]
        config.write_text("".join(f"{line}\n" for line in lines))
        Path("/run/sshd").mkdir(exist_ok=True)
        argv = [SSHD, "-D", "-f", str(config), "-E", str(self.directory / f"{label}_sshd.log")]
        process = subprocess.Popen(argv, start_new_session=True, stdin=subprocess.DEVNULL)
        stack.callback(end, process)
        if wait:
            wait_until_it_listens("127.0.0.1" if address == "0.0.0.0" else address, self.port)  # noqa: S104  # compared


def label_of(name: str) -> str:
    """A name for files: a node may have any name."""
    return hashlib.sha256(name.encode()).hexdigest()[:12]


def loopback_addresses() -> Iterator[str]:
    """Addresses of 127.0.0.0/8 that belong to this process by its number."""
    net = os.getpid()
    while True:
        for host in range(1, NODES_A_NET + 1):
            yield f"127.{1 + (net >> 8) % 254}.{net % 256}.{host}"
        net += 1


def empty_file(path: Path) -> Path:
    path.touch()
    return path


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def make_key(path: Path) -> None:
    """An ed25519 key pair without passphrase, once."""
    if not path.exists():
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(path)], check=True)


def public_key(path: Path) -> str:
    """Type and key without the comment."""
    return " ".join(Path(f"{path}.pub").read_text().split()[:2])


def silent_listener(address: str, port: int) -> socket.socket:
    """The kernel accepts, and nobody reads or writes."""
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((address, port))
    listener.listen(64)
    return listener


def wait_until_it_listens(address: str, port: int) -> None:
    until = time.monotonic() + READY_S
    while True:
        try:
            socket.create_connection((address, port), timeout=1).close()
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(0.02)
        else:
            return


def end(process: subprocess.Popen[bytes]) -> None:
    """Stop a daemon that we started; its open sessions end with their clients."""
    process.terminate()
    process.wait(timeout=READY_S)


def frame(document: Mapping[str, object]) -> bytes:
    """The frame of docs/exchange.md around a document, as a collector writes it."""
    payload = json.dumps(document).encode()
    return f"MAINTKIT-FACTS/1 {len(payload)} {hashlib.sha256(payload).hexdigest()}\n".encode() + payload + b"\n"
