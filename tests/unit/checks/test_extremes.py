"""A host may send any number: the schema refuses it, or every check has an answer."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from maintkit.checks.facts.document import Facts
from maintkit.checks.judge import judge
from maintkit.checks.limits import default_limits
from maintkit.checks.model import Case, Expected
from maintkit.checks.registry import all_checks

HEALTHY: dict[str, Any] = json.loads((Path(__file__).parents[2] / "cases" / "healthy.json").read_text("utf-8"))
DOCUMENT = HEALTHY | {
    "sections": {name: {"status": "ok", "took_ms": 1, "data": data} for name, data in HEALTHY["sections"].items()}
}
WELL = Facts.model_validate(DOCUMENT)
TOLD = ("-1", "0", "1e308", "-1e308", str(2**63 - 1), str(2**64 - 1))
NEVER_TOLD = ("1e999", "-1e999", "NaN", "1" + "0" * 400)


def numbers(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Where a number stands in the document; of a list, in its first item only."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from numbers(item, (*path, key))
    elif isinstance(value, list):
        for place, item in enumerate(value[:1]):
            yield from numbers(item, (*path, place))
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield path


def with_number(path: tuple[str | int, ...], number: str) -> str:
    """The healthy document as JSON with this text where that number stood."""
    document = copy.deepcopy(DOCUMENT)
    holder: Any = document
    for step in path[:-1]:
        holder = holder[step]
    holder[path[-1]] = "@@"
    return json.dumps(document).replace('"@@"', number)


EVERYWHERE = pytest.mark.parametrize("path", list(numbers(DOCUMENT)), ids=lambda path: ".".join(map(str, path)))


@EVERYWHERE
def test_every_check_answers_whatever_number_a_host_sends(path: tuple[str | int, ...]) -> None:
    """Now or in the inspection before: one host's nonsense must not end the inspection of all."""
    for number in TOLD:
        try:
            odd = Facts.model_validate_json(with_number(path, number))
        except ValidationError:
            continue
        now = datetime.fromtimestamp(WELL.collected_at, UTC)
        case = Case(host="db1", now=now, facts=odd, previous=None, limits=default_limits(), expected=Expected())
        for facts, previous in ((odd, None), (odd, WELL), (WELL, odd)):
            found = judge(replace(case, facts=facts, previous=previous), all_checks(), facts_sha256="0" * 64)
            assert {one.check for one in found} == {one.id for one in all_checks()}


@EVERYWHERE
def test_a_number_that_no_kernel_holds_is_no_fact(path: tuple[str | int, ...]) -> None:
    """Infinite, no number, or of four hundred digits: arithmetic with it would not end well."""
    for number in NEVER_TOLD:
        with pytest.raises(ValidationError):
            Facts.model_validate_json(with_number(path, number))
