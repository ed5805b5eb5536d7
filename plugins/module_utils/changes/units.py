"""Services and what they run: pure functions over systemctl's output and /proc."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

PROPERTIES = "Id,ActiveState,SubState,Type,Result,MainPID,NRestarts,ActiveEnterTimestampMonotonic,MemoryCurrent"
SERVICE = re.compile(r"/([^/\n]+\.service)(?:/|$)", re.MULTILINE)
NUMBERS = ("MainPID", "NRestarts", "ActiveEnterTimestampMonotonic", "MemoryCurrent")
UNKNOWN = 2**64 - 1  # how systemd writes a figure that it does not have


def parse_show(text: str) -> dict[str, dict]:
    """`systemctl show UNIT… --property=…`: services by name; a figure that is not known is None."""
    services = {}
    for block in text.strip().split("\n\n"):
        fields = dict(line.split("=", 1) for line in block.splitlines() if "=" in line)
        if "Id" in fields:
            services[fields["Id"]] = _service(fields)
    return services


def _service(fields: dict[str, str]) -> dict:
    figures = {name: _number(fields.get(name, "")) for name in NUMBERS}
    return {
        "active": fields.get("ActiveState", ""),
        "sub": fields.get("SubState", ""),
        "result": fields.get("Result", ""),
        "oneshot": fields.get("Type") == "oneshot",
        "pid": figures["MainPID"] or 0,
        "restarts": figures["NRestarts"] or 0,
        "since_us": figures["ActiveEnterTimestampMonotonic"] or 0,
        "memory_bytes": figures["MemoryCurrent"],
    }


def _number(text: str) -> int | None:
    return int(text) if text.isdigit() and int(text) < UNKNOWN else None


def lost(before: dict[str, dict], after: dict[str, dict]) -> list[str]:
    """Services that ran before and do not now; a one-shot that is done has not been lost."""
    return sorted(
        name
        for name, one in before.items()
        if one["active"] == "active"
        and not one["oneshot"]
        and after.get(name, {}).get("active") not in ("active", "reloading")
    )


def failed(services: dict[str, dict]) -> list[str]:
    """Services that systemd calls failed."""
    return sorted(name for name, one in services.items() if one["active"] == "failed")


def restarted(before: dict[str, dict], after: dict[str, dict]) -> list[str]:
    """Services that run under another process than before."""
    return sorted(
        name
        for name, one in before.items()
        if one["pid"] and after.get(name, {}).get("pid") and after[name]["pid"] != one["pid"]
    )


def restarting(before: dict[str, dict], after: dict[str, dict]) -> list[str]:
    """Services that systemd itself had to start again meanwhile: after a planned restart its count begins anew."""
    return sorted(
        name
        for name, one in after.items()
        if one["restarts"] > (before.get(name, {}).get("restarts", 0) if _same_start(before.get(name), one) else 0)
    )


def _same_start(before: dict | None, after: dict) -> bool:
    return before is not None and after["restarts"] >= before["restarts"]


def service_of(cgroup: str) -> str | None:
    """The service that a process belongs to, by /proc/PID/cgroup."""
    found = SERVICE.search(cgroup)
    return found[1] if found else None


def mapped(maps: str) -> Iterator[str]:
    """Files that a process has mapped, by /proc/PID/maps; ` (deleted)` stays in the name."""
    for line in maps.splitlines():
        fields = line.split(None, 5)
        if len(fields) == 6 and fields[5].startswith("/"):
            yield fields[5]


def services_using(files: set[str]) -> list[str]:
    """Services of which a process has one of these files mapped: a change of them reaches it only by a restart."""
    return sorted({service for service, used in _running() if used & files})


def services_outdated() -> list[str]:
    """Services of which a process still uses a program or a library that has been replaced since."""
    return sorted({service for service, used in _running() if any(is_outdated(name) for name in used)})


def is_outdated(name: str) -> bool:
    """Whether a mapped file is a replaced program or library, and no scratch file that was meant to be deleted."""
    return name.endswith(" (deleted)") and name.startswith(("/usr/", "/lib", "/bin/", "/sbin/", "/opt/"))


def _running() -> Iterator[tuple[str, set[str]]]:
    for pid in filter(str.isdigit, (one.name for one in Path("/proc").iterdir())):
        try:
            service = service_of((Path("/proc") / pid / "cgroup").read_text())
            used = set(mapped((Path("/proc") / pid / "maps").read_text(errors="surrogateescape")))
        except OSError:
            continue
        if service:
            yield service, used
