"""Releases of Debian that a host can be made of, each with the database servers that it brings."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Suite:
    """A release by its code name; `postgresql` is its major version there, `mariadb` its series.

    `key_exchanges` are those that its sshd is held to: one that it does not know keeps it from starting.
    """

    name: str
    postgresql: str
    mariadb: str
    key_exchanges: str = "curve25519-sha256,sntrup761x25519-sha512@openssh.com"


BULLSEYE = Suite(name="bullseye", postgresql="13", mariadb="10.5", key_exchanges="curve25519-sha256")
BOOKWORM = Suite(name="bookworm", postgresql="15", mariadb="10.11")
TRIXIE = Suite(name="trixie", postgresql="17", mariadb="11.8")
