"""The practice hospital as booted hosts: made from data, started in order, removed with the lab.

with hospital() as his:
    with Load(his.url, cafile=str(his.cafile)) as load:
        his.publish("1.1")              # the vendor's release is in the archive that every host reads
        …
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from lab import image
from lab.hospital import packages
from lab.hospital.archive import Archive
from lab.hospital.kit import KIT, Secrets, layer, start_files
from lab.hospital.topology import Member, members
from lab.hospital.updates import Updates
from lab.image import Layer
from lab.lab import Lab, Spec, load, make, names, sweep
from lab.places import cache, exclusively
from lab.process import Process

FIRST = "1.0"
START_S = 120.0


@dataclass(frozen=True, kw_only=True)
class Hospital:
    """A running hospital: its lab, its archive and where everything of it is found."""

    lab: Lab
    archive: Archive
    members: tuple[Member, ...]

    @property
    def url(self) -> str:
        """The registration service as patients reach it."""
        return f"https://{self.lab['his-web1'].address}"

    @property
    def cafile(self) -> Path:
        """The authority that signed the hosts' certificates."""
        return self.lab.place / "ca.crt"

    def remove(self) -> None:
        """Take away its hosts and its archive."""
        self.lab.remove()
        self.archive.remove()
        _maker(self.archive.root).unlink(missing_ok=True)

    def publish(self, version: str, *, keep_older: bool = False) -> None:
        """The vendor publishes a version of the registration service to the archive."""
        self.archive.publish("vendor", released(version), keep_older=keep_older)

    def publish_updates(self) -> None:
        """Debian publishes its security updates."""
        self.archive.publish("bookworm-security", updates().debs("new"))


@contextmanager
def hospital(only: Sequence[str] = ()) -> Iterator[Hospital]:
    """A hospital for as long as the block runs; only the named hosts, where `only` names some."""
    made = open_hospital(name=f"h{uuid.uuid4().hex[:6]}", keep=False, only=only)
    try:
        yield made
    finally:
        made.remove()


def open_hospital(*, name: str, keep: bool, only: Sequence[str] = ()) -> Hospital:
    """Boot the hosts and start what they run; on a failure nothing of it is left."""
    wanted = tuple(member for member in members() if not only or member.name in only)
    archive = archive_for(name)
    software, old = released(FIRST), updates().debs("old")
    archive.publish("vendor", software)
    archive.publish("bookworm", old)
    layers = {member.role: layer(member, software=software, old=old) for member in wanted}
    lab = make([_spec(member, layers[member.role], archive) for member in wanted], name=name, keep=keep)
    try:
        made = Hospital(lab=lab, archive=archive, members=wanted)
        _start(made)
    except BaseException:
        lab.remove()
        raise
    return made


def existing(name: str) -> Hospital:
    """A hospital that was made before, maybe by another process; LabError when there is none."""
    lab = load(name)
    known = tuple(member for member in members() if member.name in lab.hosts)
    return Hospital(lab=lab, archive=Archive(_archives() / name), members=known)


def released(version: str) -> list[Path]:
    """The files of one version of the hospital's software, built once."""
    place = cache() / "hospital" / "debs"
    with exclusively(cache() / "hospital.lock"):
        packages.build_all(place)
    return sorted(place.glob(f"*_{version}-{packages.REVISION}_all.deb"))


def updates() -> Updates:
    """Debian's packages in two versions, as the base's own mirrors offer them."""
    found = Updates(cache() / "hospital" / "updates", apt_root=image.base())
    with exclusively(cache() / "hospital.lock"):
        found.fetch()
    return found


def archive_for(name: str) -> Archive:
    """A new archive for the lab of this name; those of labs that are gone are removed.

    An archive is made before its lab is: until then it belongs to whoever is making it.
    """
    sweep()
    with exclusively(_archives() / ".lock"):
        for place in _archives().glob("*"):
            if place.is_dir() and place.name not in names() and not _being_made(place):
                Archive(place).remove()
                _maker(place).unlink(missing_ok=True)
        _maker(_archives() / name).write_text(str(Process.of(os.getpid())))
    return Archive.open(_archives() / name)


def _being_made(place: Path) -> bool:
    try:
        return Process.parse(_maker(place).read_text()).alive
    except (OSError, ValueError):
        return False


def _maker(place: Path) -> Path:
    return place.with_suffix(".maker")


def _archives() -> Path:
    return cache() / "hospital" / "archives"


def _spec(member: Member, role: Layer, archive: Archive) -> Spec:
    return Spec(
        name=member.name,
        layers=(role,),
        groups=member.groups,
        variables={"hospital_title": member.title, "hospital_services": list(member.services)},
        shown=(str(archive.root),),
    )


def _start(made: Hospital) -> None:
    """In the order of hospital.yml: the repository before the database that archives there, that before its users."""
    passwords = sorted({name for member in made.members for name in member.secrets})
    secrets = Secrets.open(made.lab.place / "secrets.json", passwords)
    made.cafile.write_bytes(secrets.authority.pair.certificate)
    for member in made.members:
        host = made.lab[member.name]
        host.put(*start_files(member, address=host.address, secrets=secrets, archive=made.archive))
        host.run("/bin/sh", f"{KIT}/provision/{member.role}.sh", "start", timeout_s=START_S)
    if {"backup1", "his-db1"} <= made.lab.hosts.keys():
        made.lab["backup1"].run("systemctl", "start", "pgbackrest-backup@full.service", timeout_s=START_S)
