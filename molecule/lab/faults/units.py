"""Units of systemd that stop, fail, flap, or would not start at the next boot."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from lab.faults.view import written
from lab.host import Host
from lab.image import File
from lab.places import LabError

BROKEN = "lab-broken"
UNITS = "/etc/systemd/system"


@contextmanager
def stopped(host: Host, unit: str) -> Iterator[None]:
    """Stopped by somebody."""
    host.run("systemctl", "stop", unit)
    try:
        yield
    finally:
        host.run("systemctl", "start", unit)


@contextmanager
def failed(host: Host) -> Iterator[None]:
    """A service `lab-broken` whose program ended with an error."""
    host.run("systemd-run", "--quiet", f"--unit={BROKEN}", "/bin/false")
    _until(host, BROKEN, "failed")
    try:
        yield
    finally:
        host.run("systemctl", "reset-failed", BROKEN)


@contextmanager
def flapping(host: Host, unit: str, *, times: int) -> Iterator[None]:
    """Killed `times` times, so that systemd starts it again as often; wants a unit with Restart=."""
    for _ in range(times):
        before = _main_pid(host, unit)
        host.run("systemctl", "kill", "--signal=KILL", unit)
        _other_pid(host, unit, before)
    try:
        yield
    finally:
        host.run("systemctl", "restart", unit)  # its count of restarts begins again


@contextmanager
def disabled(host: Host, unit: str) -> Iterator[None]:
    """Running, and not started at the next boot."""
    host.run("systemctl", "--quiet", "disable", unit)
    try:
        yield
    finally:
        host.run("systemctl", "--quiet", "enable", unit)


@contextmanager
def failed_timer(host: Host) -> Iterator[None]:
    """A timer `lab-broken` whose service failed when it last ran."""
    service = b"[Service]\nType=oneshot\nExecStart=/bin/false\n"
    timer = b"[Timer]\nOnCalendar=yearly\n"
    with written(
        host,
        File(path=f"{UNITS}/{BROKEN}.service", content=service),
        File(path=f"{UNITS}/{BROKEN}.timer", content=timer),
    ):
        host.sh(f"systemctl daemon-reload; systemctl start {BROKEN}.timer; systemctl start {BROKEN}.service || true")
        try:
            yield
        finally:
            host.sh(f"systemctl stop {BROKEN}.timer; systemctl reset-failed {BROKEN}.service")
    host.run("systemctl", "daemon-reload")


def _main_pid(host: Host, unit: str) -> str:
    return host.run("systemctl", "show", "--property=MainPID", "--value", unit).out.strip()


def _other_pid(host: Host, unit: str, before: str) -> None:
    until = time.monotonic() + 10
    while _main_pid(host, unit) in (before, "0"):
        if time.monotonic() > until:
            raise LabError(f"{unit} does not come back on {host.name}")
        time.sleep(0.05)


def _until(host: Host, unit: str, state: str) -> None:
    until = time.monotonic() + 10
    while host.run("systemctl", "show", "--property=ActiveState", "--value", unit).out.strip() != state:
        if time.monotonic() > until:
            raise LabError(f"{unit} does not become {state} on {host.name}")
        time.sleep(0.05)
