"""Filters that shape what modules return into the documents of phases."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any


def only(document: Mapping[str, Any], names: Iterable[str]) -> dict[str, Any]:
    """The named parts of a result, without what Ansible adds to it."""
    return {name: document[name] for name in names if name in document}


def as_steps(
    changes: Iterable[Mapping[str, Any]], kind: str, rollback_class: str = "reversible"
) -> list[dict[str, Any]]:
    """Changes of packages, or of anything with from and to, as steps of a plan or a record."""
    return [
        {
            "action": _action(kind, change),
            "target": change[kind],
            "from": change["from"],
            "to": change["to"],
            "rollback_class": rollback_class,
        }
        for change in changes
    ]


def _action(kind: str, change: Mapping[str, Any]) -> str:
    if not change["from"]:
        return f"install {kind}"
    return f"set {kind}" if change["to"] else f"remove {kind}"


def as_restarts(targets: Iterable[str]) -> list[dict[str, Any]]:
    """Restarts as steps. What ran before cannot be brought back."""
    return [
        {"action": "restart", "target": target, "from": "", "to": "", "rollback_class": "point-of-no-return"}
        for target in targets
    ]


def as_rebuilds(indexes: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Indexes to rebuild, or that were rebuilt, as steps with their sizes. The old one serves until then."""
    return [
        {
            "action": "rebuild index",
            "target": f"{one['database']}: {one['schema']}.{one['name']}",
            "from": f"{one['bytes'] / 2**20:.1f} MiB",
            "to": f"{one['after_bytes'] / 2**20:.1f} MiB",
            "rollback_class": "reversible",
            **only(one, ["seconds"]),
        }
        for one in indexes
        if one.get("verdict", "rebuilt") == "rebuilt"
    ]


def as_table_rebuilds(
    tables: Iterable[Mapping[str, Any]], replication: Mapping[str, Any] | None = None
) -> list[dict[str, Any]]:
    """Tables to rebuild, or that were rebuilt, as steps with their sizes; then what replicas have to repeat."""
    steps = [
        {
            "action": "rebuild table",
            "target": _table(one),
            "from": f"{one['bytes'] / 2**20:.1f} MiB",
            "to": f"{one['after_bytes'] / 2**20:.1f} MiB",
            "rollback_class": "reversible",
            **only(one, ["seconds"]),
        }
        for one in tables
        if one.get("verdict", "rebuilt") == "rebuilt"
    ]
    if steps and replication and replication["repeated"]:
        steps.append(
            {
                "action": "repeat on replicas",
                "target": f"{replication['replicas']} replicas",
                "from": "",
                "to": f"{replication['seconds']:.0f} s",
                "rollback_class": "reversible",
                "seconds": 0,  # theirs: nobody waits for them
            }
        )
    return steps


def as_vacuumed(tables: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Tables to vacuum, or that were, as a step for each thing that is done with one, with the number it is for."""
    counted = {"freeze": "xid_age", "vacuum": "dead", "analyze": "modified"}
    return [
        {
            "action": f"{act} table",
            "target": f"{one['database']}: {one['schema']}.{one['name']}",
            "from": str(one.get("before", one)[counted[act]]),
            "to": str(one["after"][counted[act]]) if one.get("after") else "",
            "rollback_class": "reversible",
            **({"seconds": one["seconds"] / len(one["acts"])} if "seconds" in one else {}),
        }
        for one in tables
        for act in one["acts"]
    ]


def as_index_changes(indexes: Iterable[Mapping[str, Any]], rollback_class: str = "reversible") -> list[dict[str, Any]]:
    """Indexes to create or drop, or that were, as steps with the room that they take before and afterwards."""
    sides = {"create": ("after_bytes", 1), "drop": ("before_bytes", 0)}
    steps = []
    for one in indexes:
        side, at = sides[one["act"]]
        sizes = ["", ""]
        sizes[at] = f"{one.get(side, one.get('bytes', 0)) / 2**20:.1f} MiB"
        steps.append(
            {
                "action": f"{one['act']} index",
                "target": f"{one['database']}: {one['schema']}.{one['name']}",
                "from": sizes[0],
                "to": sizes[1],
                "rollback_class": rollback_class,
                **only(one, ["seconds"]),
            }
        )
    return steps


def as_tidied(files: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Old files to compress or delete and logs to rotate, or that were, as steps with the room that they take."""
    return [
        {
            "action": f"{'copytruncate' if one.get('writer') == 'copytruncate' else one['action']} file",
            "target": one["path"],
            "from": _mib(one["bytes"]),
            "to": _tidied_to(one),
            "rollback_class": "point-of-no-return",
            **({} if "freed" in one else {"seconds": _tidied_seconds(one)}),
        }
        for one in files
        if one.get("ended", "done") in ("done", "rotated", "held")
    ]


def _tidied_to(one: Mapping[str, Any]) -> str:
    """What is left of a file; of a log to rotate who is asked, of a rotated one where it is and why it stayed so."""
    left = _mib(one["bytes"] - one["freed"]) if "freed" in one else ""
    if one["action"] != "rotate":
        return left
    if not left:
        signal = f"kill -s {one['signal']}" if one.get("signal") else "reload"
        return f"{signal} {one['service']}" if one["writer"] == "reload" else ""
    return f"{one['to'].rpartition('/')[2]}, {left}" + (f"; {one['why']}" if one["why"] else "")


def _tidied_seconds(one: Mapping[str, Any]) -> float:
    """Measured on logs: one core compresses about 18 MiB in a second, and may have other work; a disk copies more."""
    mib = int(one["size"]) / 2**20
    packed = one["action"] == "compress" or (one["action"] == "rotate" and one["compress"])
    return 2 + packed * mib / 10 + (one.get("writer") == "copytruncate") * mib / 50


def _mib(size: int) -> str:
    return f"{size / 2**20:.2f} MiB"


def as_left(files: Iterable[Mapping[str, Any]]) -> str:
    """Files that did not go as planned, with the reason; empty when all did."""
    files = list(files)
    logs = [one for one in files if one["action"] == "rotate"]
    since = [one["path"] for one in files if one not in logs and one["ended"] in ("changed", "open")]
    stay = [f"stays, written or opened since the plan: {', '.join(since)}"] if since else []
    other = [one["path"] for one in logs if one["ended"] in ("changed", "gone")]
    stay += [f"is another log since the plan, or a smaller one: {', '.join(other)}"] if other else []
    return "; ".join([*stay, *(f"{one['path']}: {one['why']}" for one in logs if one["ended"] in ("held", "left"))])


def as_undone(remaining: Iterable[Mapping[str, Any]]) -> str:
    """What a change in a limited time did not come to: how many, the first one and why; empty when it came to all."""
    left: dict[str, str] = {}
    for one in remaining:
        target = f"{one['database']}: {one['schema']}.{one['name']}" if "schema" in one else _table(one)
        left.setdefault(target, one["why"])
    first = next(iter(left.items()), None)
    return f"{len(left)} not done, the first one: {': '.join(first)}" if first else ""


def _table(one: Mapping[str, Any]) -> str:
    return f"{one['database']}.{one['name']}"


def as_unmoved(
    files: Iterable[Mapping[str, Any]], planned: Iterable[Mapping[str, Any]], rotated: Mapping[str, str]
) -> list[str]:
    """Files of a plan that are still there as before. A busy log may have grown over its limit again.

    One that was renamed is another file then; of one that was copied the copy is there, as the run has noted it.
    """
    was = {(one["path"], one["action"]): one for one in planned}
    return [
        one["path"]
        for one in files
        for before in [was.get((one["path"], one["action"]))]
        if before and one["inode"] == before["inode"]
        if one.get("writer") != "copytruncate" or one["path"] not in rotated
    ]


def why_no_rebuild(found: Iterable[Mapping[str, Any]], unsettled: list[str], what: str = "indexes") -> str:
    """Why nothing is to be rebuilt, in words: what could not be measured, and what is unfinished, is not well."""
    procedure = {"indexes": "reindex", "tables": "rebuild_tables"}[what]
    withheld = [one["why"] for one in found if one["choice"] == "withheld"]
    said = f"of the {what} that were measured none is bloated beyond the factor"
    if withheld:
        said += f"; {len(withheld)} are withheld, the first one: {withheld[0]}"
    if unsettled:
        said += f"; {'; '.join(unsettled)}, by hand: `ansible-playbook maintkit.ops.{procedure}`"
    return said


def as_upgrade(
    moves: Iterable[Mapping[str, Any]], hooks: Mapping[str, list[str]], down: list[str], kind: str = "package"
) -> list[dict[str, Any]]:
    """An upgrade's steps. A migration without a way down comes back only by a restore, data by their snapshot."""
    classes = {
        "restore_point": "reversible",
        "snapshot": "snapshot",
        "migrate": "reversible" if down else "restore-only",
    }
    acts = {
        name: {"action": name, "target": " ".join(argv), "from": "", "to": "", "rollback_class": classes[name]}
        for name, argv in hooks.items()
        if argv
    }
    before = [acts[name] for name in ("restore_point", "snapshot") if name in acts]
    return [*before, *as_steps(moves, kind), *([acts["migrate"]] if "migrate" in acts else [])]


def as_unit_gates(units: Iterable[str], *, changed_pid: bool) -> list[dict[str, Any]]:
    """Services as gates for maintkit.ops.health_gate."""
    return [{"kind": "unit", "unit": unit, "changed_pid": changed_pid} for unit in units]


def as_moves(changes: Iterable[Mapping[str, Any]]) -> list[str]:
    """Changes of packages in words."""
    return [f"{one['package']} {one['from'] or 'absent'} -> {one['to'] or 'absent'}" for one in changes]


def drift(found: Iterable[Mapping[str, Any]], expected: Iterable[Mapping[str, Any]]) -> list[str]:
    """What would be done and was not planned, and what was planned and would not be done, in words."""
    now, planned = set(as_moves(found)), set(as_moves(expected))
    return [f"not planned: {one}" for one in sorted(now - planned)] + [
        f"no more: {one}" for one in sorted(planned - now)
    ]


def beyond(found: Iterable[Mapping[str, Any]], back: Iterable[Mapping[str, Any]]) -> list[str]:
    """Of packages that differ from before, those that going back would not touch, in words."""
    touched = {_bare(one["package"]) for one in back}
    return as_moves(one for one in found if _bare(one["package"]) not in touched)


def _bare(package: str) -> str:
    """Without the architecture, which dpkg tells where apt does not."""
    return package.partition(":")[0]


def not_done(hostvars: Mapping[str, Mapping[str, Any]], hosts: list[str], batch: list[str]) -> list[str]:
    """Hosts before this batch on which the whole way has not gone well, unreachable ones among them."""
    return [host for host in hosts[: hosts.index(batch[0])] if not hostvars[host].get("procedure_done")]


class FilterModule:
    """Found by Ansible."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """The filters by name."""
        return {
            "only": only,
            "as_steps": as_steps,
            "as_restarts": as_restarts,
            "as_index_changes": as_index_changes,
            "as_rebuilds": as_rebuilds,
            "as_table_rebuilds": as_table_rebuilds,
            "as_left": as_left,
            "as_tidied": as_tidied,
            "as_undone": as_undone,
            "as_unmoved": as_unmoved,
            "as_vacuumed": as_vacuumed,
            "why_no_rebuild": why_no_rebuild,
            "as_upgrade": as_upgrade,
            "as_unit_gates": as_unit_gates,
            "as_moves": as_moves,
            "beyond": beyond,
            "drift": drift,
            "not_done": not_done,
        }
