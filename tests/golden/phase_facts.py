"""What phases say of themselves, in the shape that the roles gave on booted hosts (docs/ledger-entries.md)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from evening import RUN, STATE, Evening
from sample_inspections import digest

from maintkit.plans.model import Plan


def gate(name: str, took_ms: int, said: str = "") -> dict[str, Any]:
    return {"gate": name, "ok": not said, "said": said, "took_ms": took_ms}


def rounds(at: datetime, *problems: str, slow: int = 0) -> list[dict[str, Any]]:
    """Three checks, ten seconds apart; with problems one check that has them."""
    asked = [gate("unit nginx.service", 4), gate("HIS 登录页", 38 + slow, problems[0] if problems else "")]
    named = [f"HIS 登录页: {problems[0]}", *problems[1:]] if problems else []
    many = 1 if problems else 3
    return [
        {"at": (at + timedelta(seconds=10 * n)).timestamp(), "gates": asked, "problems": named} for n in range(many)
    ]


def figures(uptime_s: float, load: float, available_gib: float, swap_gib: float = 0.0) -> dict[str, Any]:
    gib = 1024**3
    return {"uptime_s": uptime_s, "load": [load, round(load * 0.8, 2), round(load * 0.6, 2)],
            "memory_total_bytes": 32 * gib, "memory_available_bytes": int(available_gib * gib),
            "swap_used_bytes": int(swap_gib * gib)}  # fmt: skip


def since(moves: list[dict[str, str]], restarted: tuple[str, ...] = (), *, rebooted: bool = False) -> dict[str, Any]:
    return {"packages": moves, "lost": [], "newly_failed": [], "restarted": list(restarted), "restarting": [],
            "rebooted": rebooted, "another_machine": False}  # fmt: skip


def moves(of: Plan, name: str) -> list[dict[str, str]]:
    """As the hosts tell them: with architecture where dpkg needs it."""
    return [{"package": f"{one.name}:{one.architecture}" if one.name.startswith("lib") else one.name,
             "from": one.before or "", "to": one.after or ""} for one in of.host(name).packages]  # fmt: skip


def cached(of: Plan, name: str) -> dict[str, Any]:
    files = {
        f"{part}/{one.name}_{version}_{one.architecture}.deb": digest(f"{one.name} {version}")
        for one in of.host(name).packages
        for part, version in (("new", one.after), ("old", one.before))
        if version
    }
    return {"files": dict(sorted(files.items())), "packages_in_all": 412, "cache": f"/var/cache/maintkit/{RUN}",
            "state": STATE}  # fmt: skip


def package_steps(of: Plan, name: str) -> tuple[dict[str, str], ...]:
    return tuple({"action": "set package", "target": one["package"], "from": one["from"], "to": one["to"],
                  "rollback_class": "reversible"} for one in moves(of, name))  # fmt: skip


def patched(night: Evening, name: str, *, until: str = "verify", slow: int = 0) -> None:
    """Backup and what follows, as far as it goes well."""
    of = night.plan
    night.phase(name, "backup", 21.4, cached(of, name), package_steps(of, name))
    night.phase(name, "change", 64.9, {"packages": moves(of, name), "outdated": ["nginx.service"], "output": "…"},
                package_steps(of, name))  # fmt: skip
    if until != "verify":
        return
    at = night.clock.at + timedelta(seconds=2)
    said = {"since": since(moves(of, name), ("nginx.service",)), "checks": rounds(at, slow=slow),
            "figures": {"before": figures(5_184_000, 0.82, 11.5), "after": figures(5_184_220, 0.91, 11.9)}}  # fmt: skip
    night.phase(name, "verify", 31.2, said)
    night.close(name, "done")


def prechecked(night: Evening) -> None:
    for one in night.plan.hosts:
        night.phase(one.name, "precheck", 8.6, {"packages": moves(night.plan, one.name)})


def service(pid: int, gib: float, **changes: Any) -> dict[str, Any]:
    return {
        "active": "active",
        "sub": "running",
        "pid": pid,
        "restarts": 0,
        "memory_bytes": int(gib * 1024**3),
    } | changes
