"""What a host is given under /opt/lab: what `bake` installs from, and what `start` must know."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Self

from lab.hospital.archive import KEYRING, Archive
from lab.hospital.authority import Authority, Certificate
from lab.hospital.topology import PLACE, Member
from lab.image import File, Layer

KIT = "/opt/lab"


def layer(member: Member, *, software: Sequence[Path], old: Sequence[Path]) -> Layer:
    """The member's role over the base: Debian's packages, the hospital's `software`, `old` ones for newer."""
    wanted = [deb for deb in software if deb.name.partition("_")[0] in member.software]
    debs = {f"debs/{deb.name}": deb for deb in wanted} | {f"debs/old/{deb.name}": deb for deb in old}
    scripts = {f"provision/{path.name}": path for path in (member.script, PLACE / "provision/functions.sh")}
    files = {f"files/{path.name}": path for path in sorted((PLACE / "files").iterdir())}
    content = {name: path.read_bytes() for name, path in (debs | scripts | files).items()}
    return Layer(
        name=f"hospital-{member.role}",
        packages=member.packages,
        files=tuple(_file(name, data) for name, data in sorted(content.items())),
        script=f"sh {KIT}/provision/{member.role}.sh bake",
    )


class Secrets:
    """Passwords and the authority of one lab, kept in one file that only its owner reads."""

    def __init__(self, authority: Authority, passwords: Mapping[str, str]) -> None:
        self.authority = authority
        self.passwords = passwords

    @classmethod
    def open(cls, path: Path, names: Sequence[str]) -> Self:
        """What `path` holds; drawn at random and written there the first time."""
        if not path.exists():
            made = cls(Authority.create(), {name: secrets.token_hex(16) for name in names})
            pair = {"certificate": made.authority.pair.certificate.decode(), "key": made.authority.pair.key.decode()}
            path.touch(mode=0o600)
            path.write_text(json.dumps({"authority": pair, "passwords": made.passwords}, indent=1))
        told = json.loads(path.read_text())
        pair = told["authority"]
        kept = Certificate(certificate=pair["certificate"].encode(), key=pair["key"].encode())
        return cls(Authority(kept), told["passwords"])


def start_files(member: Member, *, address: str, secrets: Secrets, archive: Archive) -> tuple[File, ...]:
    """What `start` reads on the booted host: its passwords, its certificate, and where packages come from."""
    certificate = secrets.authority.issue(member.name, addresses=[address])
    variables = {name.upper(): secrets.passwords[name] for name in member.secrets} | {"ARCHIVE": str(archive.root)}
    environment = "".join(f"{name}={value}\n" for name, value in variables.items())
    return (
        _file("lab.env", environment.encode(), mode=0o600),
        _file("tls/ca.crt", secrets.authority.pair.certificate),
        _file("tls/host.crt", certificate.certificate),
        _file("tls/host.key", certificate.key, mode=0o600),
        File(path=KEYRING, content=(archive.root / "lab-archive.gpg").read_bytes()),
        File(path="/etc/apt/sources.list.d/lab.list", content=archive.sources(f"file:{archive.root}").encode()),
    )


def _file(name: str, content: bytes, *, mode: int = 0o644) -> File:
    return File(path=f"{KIT}/{name}", content=content, mode=mode)
