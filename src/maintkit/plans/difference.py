"""What makes two plans different, place by place."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

from maintkit.plans.model import Plan

Value: TypeAlias = "bool | int | float | str | list[Value] | dict[str, Value] | None"


@dataclass(frozen=True, kw_only=True)
class Difference:
    """One place, as `hosts.NAME.packages.nginx:amd64.after`; None where it is in one of the two only."""

    where: str
    before: str | None
    after: str | None


def differences(one: Plan, other: Plan) -> tuple[Difference, ...]:
    """Everything that differs but number and time, in the order of the places' names."""
    return tuple(_walk("", _named(one), _named(other)))


def _named(plan: Plan) -> Value:
    """The plan as JSON with lists of named things as mappings, so that an added host shifts nothing."""
    value: Value = json.loads(plan.text)
    said = _keyed(value)
    if isinstance(said, dict):
        for key in ("id", "created_at"):
            said.pop(key)
    return said


def _keyed(value: Value) -> Value:
    if isinstance(value, dict):
        return {key: _keyed(item) for key, item in value.items()}
    if not isinstance(value, list):
        return value
    items = [_keyed(item) for item in value]
    names = [_name(item) for item in items]
    if all(names) and len(set(names)) == len(names):
        return {str(name): item for name, item in zip(names, items, strict=True)}
    return items


def _name(item: Value) -> str | None:
    if not isinstance(item, dict):
        return None
    if "phase" in item:
        return f"{item['phase']} {item['action']} {item['target']}"
    name, architecture = item.get("name", item.get("path")), item.get("architecture")
    return None if name is None else f"{name}:{architecture}" if architecture else str(name)


def _walk(where: str, before: Value, after: Value) -> Iterator[Difference]:
    if before == after:
        return
    if isinstance(before, dict) and isinstance(after, dict):
        for key in sorted(before.keys() | after.keys()):
            at = f"{where}.{key}" if where else key
            if key not in before or key not in after:
                yield Difference(where=at, before=_text(before, key), after=_text(after, key))
            else:
                yield from _walk(at, before[key], after[key])
        return
    yield Difference(where=where, before=_shown(before), after=_shown(after))


def _text(value: dict[str, Value], key: str) -> str | None:
    return _shown(value[key]) if key in value else None


def _shown(value: Value) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, sort_keys=True)
