"""What only a person can look at: rows of a deep inspection that the engineer fills in on site."""

from __future__ import annotations

from collections.abc import Iterator

from maintkit.checks.model import Case, Check, Observation

REASON = "looked at on site by the engineer"


def server(_case: Case) -> Iterator[Observation]:
    """The server itself: indicator lamps, power supplies, fans, noise, dust, cabling and labels."""
    yield Observation(status="manual", reason=f"{REASON}: lamps, power supplies, fans, dust, cabling, labels")


def room(_case: Case) -> Iterator[Observation]:
    """The room: temperature, humidity, air conditioning, UPS and its batteries, water, fire protection, access."""
    yield Observation(status="manual", reason=f"{REASON}: temperature, humidity, UPS, water, fire protection, access")


def peripherals(_case: Case) -> Iterator[Observation]:
    """Key peripherals of the host's applications: printers, card readers, scanners, instruments' connections."""
    yield Observation(status="manual", reason=f"{REASON}: printers, card readers, scanners, instrument connections")


CHECKS = (
    Check(id="manual.server", category="host", title_zh="服务器物理状态（现场）", needs=(), judge=server, deep=True),
    Check(id="manual.room", category="host", title_zh="机房环境（现场）", needs=(), judge=room, deep=True),
    Check(
        id="manual.peripherals",
        category="host",
        title_zh="关键外设（现场）",
        needs=(),
        judge=peripherals,
        deep=True,
    ),
)
