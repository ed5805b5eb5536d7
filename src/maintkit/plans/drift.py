"""Whether a host is still what the plan saw: another machine, or somebody else at work, ends the change at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from maintkit.errors import PlanChanged
from maintkit.plans.model import PlanHost

_SHOWN = 5


@dataclass(frozen=True, kw_only=True)
class Present:
    """What a host says now. `packages` are installed versions by name and architecture (`native` of a removal: any)."""

    machine_id: str
    boot_id: str | None
    packages: Mapping[tuple[str, str], str]


def drift(host: PlanHost, present: Present) -> tuple[str, ...]:
    """What differs from the plan, in words; of packages only those that the plan changes. Empty: nothing.

    A reboot counts only where the plan names the boot that it was made in.
    """
    if host.machine_id != present.machine_id:
        # Nothing else that another machine says is of interest.
        return (f"{host.address} is machine {present.machine_id}, planned was {host.machine_id}",)
    rebooted = host.boot_id is not None and host.boot_id != present.boot_id
    return (*(("rebooted since",) if rebooted else ()), *_packages(host, present))


def require_undrifted(host: PlanHost, present: Present) -> None:
    """Raise PlanChanged naming what is no longer as planned."""
    found = drift(host, present)
    if found:
        more = f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
        raise PlanChanged(
            f"{host.name} is not as planned: {', '.join(found[:_SHOWN])}{more}",
            hint="find out who changed it, then make a new plan",
        )


def _packages(host: PlanHost, present: Present) -> Iterator[str]:
    for package in host.packages:
        found = present.packages.get((package.name, package.architecture))
        if found is None and package.architecture == "native":
            found = next((version for (name, _), version in present.packages.items() if name == package.name), None)
        if found != package.before:
            yield f"{package.name} is {found or 'not installed'}, planned was {package.before or 'not installed'}"
