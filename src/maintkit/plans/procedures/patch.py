"""patch: exact versions of packages, and back. `facts` are those of its probe (docs/procedures.md)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from maintkit.contract.changes import Risk
from maintkit.plans.model import DiskNeed, Estimate, PackageChange, PlanHost
from maintkit.plans.predict import AptChange, Rate, package_steps

# Before anything was measured: what a package costs on a slow disk, with a margin (ours).
RATES = {
    "precheck-host": Rate(fixed_s=15, per_unit_s=0.1, detail_zh="默认速率：每台 15 秒，每包 0.1 秒"),
    "cache-packages": Rate(fixed_s=15, per_unit_s=2, detail_zh="默认速率：每台 15 秒，每包 2 秒"),
    "install-packages": Rate(fixed_s=60, per_unit_s=6, detail_zh="默认速率：每台 60 秒，每包 6 秒"),
    "compare-packages": Rate(fixed_s=90, per_unit_s=0, detail_zh="默认速率：稳定性观察 90 秒"),
    "downgrade-packages": Rate(fixed_s=90, per_unit_s=6, detail_zh="默认速率：每台 90 秒，每包 6 秒"),
}


def nothing_to_do(facts: Mapping[str, Any]) -> bool:
    """Whether the host is as it should be already."""
    return not facts["packages"] and not facts["removed"]


def problems(facts: Mapping[str, Any]) -> tuple[str, ...]:
    """What forbids to plan a change of this host."""
    return tuple(facts["dpkg"]["problems"])


def parts(facts: Mapping[str, Any], estimates: Mapping[str, Estimate], risk: Risk) -> dict[str, Any]:
    """What the plan says of the host: fields of PlanHost."""
    changes = _changes(facts)
    disk = facts["disk"]
    return {
        "steps": package_steps(changes, estimates=dict(estimates), risk=risk),
        "packages": tuple(change.package for change in changes),
        "restarts": tuple(facts["services"]),
        "reboot": bool(facts["reboot"]["asked_now"] or facts["reboot"]["by_packages"]),
        "disk": (DiskNeed(path="/", need_bytes=disk["need_bytes"], free_bytes=disk["free_bytes"]),),
    }


def size(facts: Mapping[str, Any]) -> int:
    """How much work it is, in the units of RATES: packages."""
    return len(facts["packages"]) + len(facts["removed"])


def variables(host: PlanHost, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """The role's variables that follow from the frozen host: these versions and no others."""
    return {
        **{f"patch_{name}": value for name, value in parameters.items()},
        "patch_to": {one.name: one.after for one in host.packages if one.after is not None},
        "patch_expected": [
            {"package": one.name, "from": one.before or "", "to": one.after or ""} for one in host.packages
        ],
        "patch_removals": [one.name for one in host.packages if one.after is None],
        "patch_gates": [gate.told for gate in host.gates],
    }


def _changes(facts: Mapping[str, Any]) -> tuple[AptChange, ...]:
    rows = [*facts["packages"], *({**one, "to": ""} for one in facts["removed"])]
    return tuple(
        AptChange(
            package=PackageChange(
                name=row["package"],
                architecture=row.get("arch") or "native",
                before=row["from"] or None,
                after=row["to"] or None,
            ),
            origins=tuple(row.get("origins", ())),
        )
        for row in rows
    )
