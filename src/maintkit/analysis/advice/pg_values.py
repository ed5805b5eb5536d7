"""Settings of PostgreSQL as numbers, and numbers as its files write them."""

from __future__ import annotations

import re

from maintkit.analysis.advice.model import GIB, KIB, MIB, Counted, Seen, counted
from maintkit.evidence.server_facts import Look, Postgresql, Setting

_UNITS = {"B": 1, "kB": KIB, "8kB": 8 * KIB, "16kB": 16 * KIB, "32kB": 32 * KIB, "MB": MIB, "16MB": 16 * MIB, "GB": GIB}
_PLAIN = re.compile(r"[a-z_][a-z0-9_]*")


def setting(one: Postgresql, name: str) -> Setting | None:
    """The setting of this name; None where the facts do not hold it."""
    return next((found for found in one.settings or () if found.name == name), None)


def text(one: Postgresql, name: str) -> str:
    """Its value as it is told; "" where it is not known."""
    found = setting(one, name)
    return found.setting if found is not None else ""


def number(one: Postgresql, name: str) -> float | None:
    """Its value, in bytes where its unit is one of memory; None where it is not known or no number."""
    found = setting(one, name)
    if found is None:
        return None
    try:
        return float(found.setting) * _UNITS.get(found.unit or "", 1)
    except ValueError:
        return None


def written(count: float) -> str:
    """Bytes as a file of settings writes them: 4GB, 96MB, never less than 1MB."""
    whole = max(1, int(count // MIB))
    return f"{whole // 1024}GB" if whole % 1024 == 0 else f"{whole}MB"


def down_to(count: float, step: int) -> int:
    """The greatest multiple of a step that is no more than this."""
    return int(count // step) * step


def power(count: float) -> int:
    """The smallest power of two that is no less than this many bytes, 1 MiB at least."""
    found = MIB
    while found < count:
        found *= 2
    return found


def free_at(host: Look, folder: str) -> int | None:
    """Free bytes of the filesystem that holds a folder; None where it is not known."""
    holding = [one for one in host.mounts if folder == one.mount or folder.startswith(one.mount.rstrip("/") + "/")]
    best = max(holding, key=lambda one: len(one.mount), default=None)
    return best.free_bytes if best is not None and folder.startswith("/") else None


def blocks(seen: Seen[Postgresql]) -> int:
    """Bytes of one block of this server."""
    return int(number(seen.now, "block_size") or 8 * KIB)


def quoted(name: str) -> str:
    """`schema.name` as SQL writes it."""
    return ".".join(
        part if _PLAIN.fullmatch(part) else '"' + part.replace('"', '""') + '"' for part in name.split(".", 1)
    )


def summed(seen: Seen[Postgresql], field: str) -> Counted | None:
    """A counter of all databases together, over the shortest time that one of them was counted; None: not known."""
    earlier = {one.name: getattr(one, field) for one in (seen.before.databases if seen.before else None) or ()}
    parts = []
    for database in seen.now.databases or ():
        value, then = getattr(database, field), earlier.get(database.name)
        if value is not None:
            since = database.stats_since_at if then is None else database.stats_reset_at
            parts.append(counted(seen, value, then, since))
    known = [one for one in parts if one is not None]
    used = [one for one in known if one.amount > 0] or known
    if not used:
        return None
    return Counted(amount=sum(one.amount for one in used), seconds=min(one.seconds for one in used))
