"""Releases of Debian and Ubuntu that a host can be made of, each with the database servers that it brings."""

from __future__ import annotations

from dataclasses import dataclass

UBUNTU = "deb http://archive.ubuntu.com/ubuntu"


@dataclass(frozen=True, kw_only=True)
class Suite:
    """A release by its code name; `postgresql` is its major version there, `mariadb` its series, `mysql` that of MySQL.

    `sources` are the lines of sources.list of an Ubuntu; none for Debian's own. `key_exchanges` are those that its sshd
    is held to: one that it does not know keeps it from starting.
    """

    name: str
    postgresql: str
    mariadb: str = ""
    mysql: str = ""
    sources: tuple[str, ...] = ()
    key_exchanges: str = "curve25519-sha256,sntrup761x25519-sha512@openssh.com"


def _ubuntu(name: str) -> tuple[str, ...]:
    return tuple(f"{UBUNTU} {suite} main universe" for suite in (name, f"{name}-updates", f"{name}-security"))


BULLSEYE = Suite(name="bullseye", postgresql="13", mariadb="10.5", key_exchanges="curve25519-sha256")
BOOKWORM = Suite(name="bookworm", postgresql="15", mariadb="10.11")
TRIXIE = Suite(name="trixie", postgresql="17", mariadb="11.8")
JAMMY = Suite(name="jammy", postgresql="14", mariadb="10.6", mysql="8.0", sources=_ubuntu("jammy"))
NOBLE = Suite(name="noble", postgresql="16", mysql="8.0", sources=_ubuntu("noble"))
