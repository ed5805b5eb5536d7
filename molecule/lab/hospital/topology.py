"""Which hosts the hospital has: hospital.yml, read and checked."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

PLACE = Path(__file__).parent


@dataclass(frozen=True, kw_only=True)
class Member:
    """One host of the hospital; hospital.yml says what the fields mean."""

    name: str
    role: str
    title: str
    packages: tuple[str, ...]
    services: tuple[str, ...]
    ports: tuple[int, ...]
    groups: tuple[str, ...]
    software: tuple[str, ...] = ()
    secrets: tuple[str, ...] = ()

    @property
    def script(self) -> Path:
        """What prepares it."""
        return PLACE / "provision" / f"{self.role}.sh"


def members() -> tuple[Member, ...]:
    """All hosts in the order in which they start; TypeError names a field that nobody knows."""
    data = yaml.safe_load((PLACE / "hospital.yml").read_text(encoding="utf-8"))
    return tuple(_member(host) for host in data["hosts"])


def _member(told: dict[str, Any]) -> Member:
    values: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in told.items()}
    return Member(**values)
