"""What a plan says of one host, from the document of its probe (docs/procedures.md) and from procedure.yml."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import groupby
from math import inf
from typing import Any

from maintkit.plans.model import DiskNeed, Estimate, FileChange, PackageChange, Phase, Rollback, Step
from maintkit.plans.predict import foretold
from maintkit.plans.procedure import Procedure

PHASES: tuple[Phase, ...] = ("precheck", "backup", "change", "verify", "rollback")
_NAMED = 5  # targets that a step lists before it counts the others

# The estimate of a phase, by its name and the number of things to do.
Estimates = Callable[[str, int], Estimate]
# A text with what must not be stored masked: a plan that held any of it would be refused.
Mask = Callable[[str], str]


def parts(
    document: Mapping[str, Any], procedure: Procedure, estimates: Estimates, mask: Mask, budget_s: float = inf
) -> dict[str, Any]:
    """Fields of PlanHost: what is changed, restarted, needed and told; no steps where there is nothing to do.

    `budget_s` is the longest that the change works on what the probe foretells.
    """
    facts = document["facts"]
    told = document["steps"]
    return {
        "machine_id": facts["identity"]["machine_id"],
        "boot_id": facts["identity"]["boot_id"],
        "address": document["address"],
        "drained_from": tuple(document["drained_from"]),
        "steps": tuple(_steps(told, procedure, estimates, budget_s)) if told else (),
        "packages": tuple(map(_package, [*facts.get("packages", []), *facts.get("removed", [])])),
        "files": tuple(_files(document, mask)),
        "restarts": tuple(facts.get("services", ())),
        "reboot": _reboots(facts.get("reboot", {})),
        "disk": tuple(_disk(facts["disk"])) if "disk" in facts else (),
        "variables": document["frozen"],
    }


def undo_steps(document: Mapping[str, Any], procedure: Procedure, estimates: Estimates) -> dict[str, Any]:
    """Fields of PlanHost in a plan that undoes a run: steps and packages. It has no step for a way back of its own."""
    told = document["steps"]
    look, back = procedure.phases["undoable"], estimates("rollback", len(told))
    targets = _some([one["target"] for one in told])

    def around(phase: Phase, title_zh: str, estimate: Estimate) -> Step:
        return Step(phase=phase, action=phase, title_zh=title_zh, target=targets, rollback="reversible", risk="low",
                    estimate=estimate)  # fmt: skip

    changes = _changes(told, procedure, back, "rollback")
    turned = tuple(replace(step, title_zh=f"回退：{step.title_zh}") for step in changes)
    verified = procedure.phases["rollback"].title_zh or "rollback"
    first = around("precheck", look.title_zh or "undoable", estimates("undoable", len(told)))
    return {
        "steps": (first, *turned, around("verify", f"核对：{verified}", back)) if told else (),
        "packages": tuple(map(_package, document["facts"].get("packages", []))),
    }


def problems(document: Mapping[str, Any]) -> tuple[str, ...]:
    """What forbids to plan a change of this host, in words."""
    return tuple(document["facts"].get("dpkg", {}).get("problems", ()))


def _steps(
    told: Sequence[Mapping[str, Any]], procedure: Procedure, estimates: Estimates, budget_s: float
) -> Iterator[Step]:
    for phase in PHASES:
        about = procedure.phases[phase]
        if about.playbook is None:
            continue
        estimate = estimates(phase, len(told))
        if phase == "change":
            yield from _changes(told, procedure, estimate, phase, budget_s)
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


def _changes(
    told: Sequence[Mapping[str, Any]], procedure: Procedure, whole: Estimate, played: str, budget_s: float = inf
) -> Iterator[Step]:
    """The steps of the change, those that follow each other with the same action as one; their seconds add up."""
    groups = [list(alike) for _, alike in groupby(told, key=lambda one: (one["action"], one["rollback_class"]))]
    about = procedure.phases[played].rate
    shares = foretold(groups, fixed_s=about.fixed_s if about else 0, budget_s=budget_s) or _shared(whole, len(groups))
    for alike, share in zip(groups, shares, strict=True):
        first, single = alike[0], len(alike) == 1
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
            estimate=share,
        )


def _shared(whole: Estimate, groups: int) -> tuple[Estimate, ...]:
    """In equal parts; what is left over goes to the first."""
    share, rest = divmod(whole.seconds, groups)
    return tuple(replace(whole, seconds=share + (rest if number == 0 else 0)) for number in range(groups))


def _package(row: Mapping[str, Any]) -> PackageChange:
    return PackageChange(
        name=row["package"],
        architecture=row.get("arch") or "native",
        before=row["from"] or None,
        after=row.get("to") or None,
    )


def _files(document: Mapping[str, Any], mask: Mask) -> Iterator[FileChange]:
    told = document["facts"].get("difference")
    for step in document["steps"] if told else ():
        if step["target"] == told["file"]:
            yield FileChange(
                path=step["target"],
                before=step["from"] or None,
                after=step["to"] or None,
                difference=mask(told["text"]),
            )


def _reboots(told: Mapping[str, Any]) -> bool:
    return bool(told.get("asked_now") or told.get("by_packages"))


def _disk(told: Mapping[str, Any]) -> Iterator[DiskNeed]:
    yield DiskNeed(path=told.get("path", "/"), need_bytes=told["need_bytes"], free_bytes=told["free_bytes"])


def _some(names: Sequence[str]) -> str:
    shown = ", ".join(names[:_NAMED])
    return f"{shown} and {len(names) - _NAMED} more" if len(names) > _NAMED else shown
