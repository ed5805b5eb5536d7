"""What a plan says of one host, from the document of its probe (docs/procedures.md) and from procedure.yml."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

from maintkit.plans.model import DiskNeed, Estimate, PackageChange, Phase, Rollback, Step
from maintkit.plans.procedure import Procedure

PHASES: tuple[Phase, ...] = ("precheck", "backup", "change", "verify", "rollback")
_NAMED = 5  # targets that a step lists before it counts the others

# The estimate of a phase, by its name and the number of things to do.
Estimates = Callable[[Phase, int], Estimate]


def parts(document: Mapping[str, Any], procedure: Procedure, estimates: Estimates) -> dict[str, Any]:
    """Fields of PlanHost: steps, packages, restarts, reboot, disk, variables; no steps where there is nothing to do."""
    facts = document["facts"]
    told = document["steps"]
    return {
        "machine_id": facts["identity"]["machine_id"],
        "boot_id": facts["identity"]["boot_id"],
        "address": document["address"],
        "drained_from": tuple(document["drained_from"]),
        "steps": tuple(_steps(told, procedure, estimates)) if told else (),
        "packages": tuple(map(_package, [*facts.get("packages", []), *facts.get("removed", [])])),
        "restarts": tuple(facts.get("services", ())),
        "reboot": _reboots(facts.get("reboot", {})),
        "disk": tuple(_disk(facts["disk"])) if "disk" in facts else (),
        "variables": document["frozen"],
    }


def problems(document: Mapping[str, Any]) -> tuple[str, ...]:
    """What forbids to plan a change of this host, in words."""
    return tuple(document["facts"].get("dpkg", {}).get("problems", ()))


def _steps(told: Sequence[Mapping[str, Any]], procedure: Procedure, estimates: Estimates) -> Iterator[Step]:
    for phase in PHASES:
        about = procedure.phases[phase]
        if about.playbook is None:
            continue
        estimate = estimates(phase, len(told))
        if phase == "change":
            yield from _changes(told, procedure, estimate)
        else:
            # What a phase around the change does to the host undoes itself with it.
            yield Step(
                phase=phase,
                action=phase,
                title_zh=about.title_zh or phase,
                target=_some([one["target"] for one in told]),
                rollback="reversible",
                risk=procedure.change_risk if phase == "rollback" else "low",
                estimate=estimate,
            )


def _changes(told: Sequence[Mapping[str, Any]], procedure: Procedure, whole: Estimate) -> Iterator[Step]:
    """The steps of the change, those that follow each other with the same action as one; their seconds add up."""
    groups = [list(alike) for _, alike in groupby(told, key=lambda one: (one["action"], one["rollback_class"]))]
    for number, alike in enumerate(groups):
        first, single = alike[0], len(alike) == 1
        share, rest = divmod(whole.seconds, len(groups))
        rollback: Rollback = first["rollback_class"]
        yield Step(
            phase="change",
            action=first["action"].replace(" ", "-"),
            title_zh=procedure.actions.get(first["action"], first["action"]),
            target=_some([one["target"] for one in alike]),
            before=(first["from"] or None) if single else None,
            after=(first["to"] or None) if single else None,
            rollback=rollback,
            risk=procedure.change_risk,
            estimate=Estimate(
                seconds=share + (rest if number == 0 else 0), samples=whole.samples, detail_zh=whole.detail_zh
            ),
        )


def _package(row: Mapping[str, Any]) -> PackageChange:
    return PackageChange(
        name=row["package"],
        architecture=row.get("arch") or "native",
        before=row["from"] or None,
        after=row.get("to") or None,
    )


def _reboots(told: Mapping[str, Any]) -> bool:
    return bool(told.get("asked_now") or told.get("by_packages"))


def _disk(told: Mapping[str, Any]) -> Iterator[DiskNeed]:
    yield DiskNeed(path=told.get("path", "/"), need_bytes=told["need_bytes"], free_bytes=told["free_bytes"])


def _some(names: Sequence[str]) -> str:
    shown = ", ".join(names[:_NAMED])
    return f"{shown} and {len(names) - _NAMED} more" if len(names) > _NAMED else shown
