"""A lab: some hosts on a bridge of their own, from one base, and everything that reaches them."""

from __future__ import annotations

import fcntl
import json
import os
import re
import shutil
import uuid
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lab import network
from lab.host import Host
from lab.image import File, Layer, layered
from lab.places import LabError, exclusively, require, state
from lab.process import Process, run
from lab.seed import make_key, seed
from lab.suites import BOOKWORM, Suite

NAME = re.compile(r"[a-z][a-z0-9-]{0,30}")
DISK_MB = 4096  # of a sparse file: what a host does not write costs nothing


@dataclass(frozen=True, kw_only=True)
class Spec:
    """A host that is wanted. `layers` lie over the base, `files` are put there before its first boot.

    `shown` are directories of this machine that it sees read-only at the same path. `groups` and `variables` go to the
    inventory. `suite` is the release of Debian of its base.
    """

    name: str
    layers: tuple[Layer, ...] = ()
    files: tuple[File, ...] = ()
    groups: tuple[str, ...] = ()
    variables: Mapping[str, object] = field(default_factory=dict)
    disk_mb: int = DISK_MB
    shown: tuple[str, ...] = ()
    suite: Suite = BOOKWORM


@dataclass(frozen=True, kw_only=True)
class Lab:
    """A lab that was made; `hosts` by name, in the order in which they were asked for."""

    name: str
    place: Path
    subnet: int
    hosts: Mapping[str, Host]

    def __getitem__(self, name: str) -> Host:
        return self.hosts[name]

    @property
    def inventory(self) -> Path:
        """An Ansible inventory of the hosts, with keys and known host keys in it."""
        return self.place / "inventory.json"

    @property
    def key(self) -> Path:
        """The private key that root of every host accepts."""
        return self.place / "user_key"

    @property
    def ssh_options(self) -> str:
        """Options that every ssh to a host of the lab needs; host keys are known and checked."""
        files = f"-F /dev/null -o UserKnownHostsFile={self.place / 'known_hosts'} -o GlobalKnownHostsFile=/dev/null"
        return f"{files} -o IdentitiesOnly=yes"

    def remove_held(self) -> None:
        """End the connections that Ansible holds to the hosts."""
        for held in (self.place / "held").glob("*"):
            run("ssh", "-O", "exit", "-o", f"ControlPath={held}", "held", check=False)

    def remove(self) -> bool:
        """Take away everything of the lab: processes, bridge, control groups, files.

        Several may want to at once: one does, the others wait for it; False when it was somebody else.
        """
        with _alone(self.place) as there:
            if there:
                self.remove_held()
                for host in self.hosts.values():
                    host.remove()
                _end_names(self.place)
                network.remove_bridge(self.subnet)
                _clear(self.place)
        return there


@contextmanager
def lab(specs: Sequence[Spec]) -> Iterator[Lab]:
    """A lab with hosts that are up, for as long as the block runs."""
    made = make(specs, name=f"t{uuid.uuid4().hex[:6]}", keep=False)
    try:
        yield made
    finally:
        made.remove()


def make(specs: Sequence[Spec], *, name: str, keep: bool) -> Lab:
    """Make a lab and wait until all its hosts are up; on a failure nothing of it is left.

    With `keep` it outlives this process, else the next lab removes it when this process has ended without doing so.
    """
    require()
    _refuse_odd([name, *(spec.name for spec in specs)])
    lowers = {spec.name: layered(*spec.layers, suite=spec.suite) for spec in specs}
    made = _claim(name, [spec.name for spec in specs], keep=keep)
    try:
        _furnish(made, specs, lowers)
        _boot(made)
    except BaseException:
        made.remove()
        raise
    return made


def load(name: str) -> Lab:
    """A lab that is there; LabError when it is not."""
    told = _told(name)
    if told is None:
        raise LabError(f"there is no lab {name}: `make lab-up` makes one")
    return _lab(name, told)


def names() -> list[str]:
    """Labs that are there, whoever made them."""
    return sorted(path.parent.name for path in state().glob("*/lab.json"))


def sweep() -> list[str]:
    """Remove what killed runs left: labs whose maker has ended, unless they were to be kept and a host is on."""
    with exclusively(state() / ".lock"):
        return [name for name in names() if (left := _abandoned(name)) and left.remove()]


def _abandoned(name: str) -> Lab | None:
    """The lab, when nobody has a use for it any more."""
    told = _told(name)
    if told is None or Process.parse(told["maker"]).alive:
        return None
    left = _lab(name, told)
    return None if told["keep"] and any(host.is_held for host in left.hosts.values()) else left


def _told(name: str) -> dict[str, Any] | None:
    """What the lab's maker wrote down; None when there is no such lab, or no longer."""
    try:
        told: dict[str, Any] = json.loads((state() / name / "lab.json").read_text())
    except OSError:
        return None
    return told


@contextmanager
def _alone(place: Path) -> Iterator[bool]:
    """Keep everybody else from removing the lab; False when it is gone already."""
    try:
        held = (place / "lab.json").open()
    except FileNotFoundError:
        yield False
        return
    with held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield os.fstat(held.fileno()).st_nlink > 0


def _clear(place: Path) -> None:
    """Remove the directory, last of all the file by which a sweep finds what is left of it."""
    for inner in place.iterdir():
        if inner.is_dir():
            shutil.rmtree(inner)
        elif inner.name != "lab.json":
            inner.unlink(missing_ok=True)
    (place / "lab.json").unlink()
    place.rmdir()


def _claim(name: str, hosts: Sequence[str], *, keep: bool) -> Lab:
    """Take a name and a subnet; the directory is there before anything else is made, so that a sweep finds the rest."""
    sweep()
    with exclusively(state() / ".lock"):
        place = state() / name
        if name in names():
            raise LabError(f"the lab {name} is there already: `make lab-down` removes it")
        taken = {told["subnet"] for other in names() if (told := _told(other))}
        subnet = network.free_subnet(taken)
        told = {"subnet": subnet, "maker": str(Process.of(os.getpid())), "keep": keep, "hosts": list(hosts)}
        place.mkdir(mode=0o700, exist_ok=True)
        (place / "lab.half").write_text(json.dumps(told))
        (place / "lab.half").rename(place / "lab.json")
    return _lab(name, told)


def _lab(name: str, told: Mapping[str, Any]) -> Lab:
    place = state() / name
    given = network.addresses(told["subnet"], told["hosts"])
    hosts = {host: Host(lab=name, name=host, place=place / host, address=address) for host, address in given.items()}
    return Lab(name=name, place=place, subnet=told["subnet"], hosts=hosts)


def _furnish(made: Lab, specs: Sequence[Spec], lowers: Mapping[str, tuple[Path, ...]]) -> None:
    """Bridge, keys, inventory and disks."""
    network.raise_bridge(made.subnet)
    addresses = {name: host.address for name, host in made.hosts.items()}
    network.serve_names(made.subnet, addresses, made.place)
    user_key = make_key(made.key)
    known = []
    for spec in specs:
        host, host_key = made[spec.name], made.place / f"{spec.name}_host_key"
        known.append(f"{spec.name},{host.address} {make_key(host_key)}\n")
        files = seed(
            spec.name,
            subnet=made.subnet,
            names=addresses,
            host_key=host_key,
            user_key=user_key,
            suite=spec.suite,
        )
        host.create(
            lowers=lowers[spec.name],
            bridge=network.bridge_name(made.subnet),
            disk_mb=spec.disk_mb,
            seed=(*files, *spec.files),
            shown=spec.shown,
        )
    (made.place / "known_hosts").write_text("".join(known))
    made.inventory.write_text(json.dumps(_inventory(made, specs), indent=1))


def _inventory(made: Lab, specs: Sequence[Spec]) -> dict[str, Any]:
    """The hosts as Ansible's YAML inventory, which JSON is."""
    groups: dict[str, Any] = {}
    for spec in specs:
        for group in spec.groups:
            groups.setdefault(group, {"hosts": {}})["hosts"][spec.name] = {}
    hosts = {spec.name: {"ansible_host": made[spec.name].address, **spec.variables} for spec in specs}
    common = {
        "ansible_user": "root",
        "ansible_ssh_private_key_file": str(made.key),
        "ansible_ssh_common_args": made.ssh_options,
        # A held connection must not outlive the lab: the next one may have the same addresses.
        "ansible_control_path_dir": str(made.place / "held"),
        "ansible_python_interpreter": "/usr/bin/python3",
    }
    return {"all": {"hosts": hosts, "vars": common, "children": groups}}


def _boot(made: Lab) -> None:
    for host in made.hosts.values():
        host.start()
    with ThreadPoolExecutor(max_workers=len(made.hosts)) as pool:
        list(pool.map(Host.wait, made.hosts.values()))


def _end_names(place: Path) -> None:
    noted = place / "dnsmasq.pid"
    if noted.exists() and noted.read_text():
        Process.parse(noted.read_text()).kill()


def _refuse_odd(wanted: Sequence[str]) -> None:
    for name in wanted:
        if not NAME.fullmatch(name):
            raise LabError(f"{name!r} is no name for a lab or a host: small letters, digits and hyphens")
    if len(set(wanted[1:])) < len(wanted) - 1 or len(wanted) == 1:
        raise LabError("a lab wants at least one host, each with a name of its own")
