"""The network that a process sees: whatever a copy knows of production, it must have no way there."""

from __future__ import annotations

from pathlib import Path

from ansible_collections.maintkit.ops.plugins.module_utils.changes.place import Refused, pointed

PROC = Path("/proc")
# What was restored might know the way to others: foreign servers, federated tables, plugins. There is none.
ALONE = ("PrivateNetwork=yes",)


def require_apart(name: str, pid: int) -> list[str]:
    """The network cards that a process sees, its own loopback alone; Refused where it sees another one."""
    proc = PROC / str(pid)
    if pointed(proc / "ns" / "net") == pointed(PROC / "self" / "ns" / "net"):
        raise Refused(f"{name} was started in the network of this host, and is stopped")
    lines = (proc / "net" / "dev").read_text().splitlines()
    cards = sorted(line.split(":")[0].strip() for line in lines if ":" in line)
    if cards != ["lo"]:
        raise Refused(f"{name} sees the network cards {', '.join(cards)}, and is stopped")
    return cards
