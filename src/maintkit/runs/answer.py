"""One host's answer: its typed facts, or why there are none."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from maintkit.checks.facts.document import Facts
from maintkit.evidence.attach import Attachment
from maintkit.runs.driver import HostResult

BELIEVED = 1e15  # what is larger, or no number, the schema refuses with its reason


def facts_of(kept: Attachment | None, result: HostResult) -> tuple[Facts | None, HostResult]:
    """The typed facts; a document that is none turns the result into `broken`, with the first thing wrong with it."""
    if result.status != "ok":
        return None, result
    if kept is None:
        return None, dataclasses.replace(result, status="broken", reason="the document nests too deep to be read")
    try:
        return Facts.model_validate_json(kept.content), result
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        reason = f"the document does not fit its schema: {where}: {first['msg']}"
        return None, dataclasses.replace(result, status="broken", reason=reason)


def carried_result(host: str, document: dict[str, Any]) -> HostResult:
    """The result that a carried document stands for; nothing in it is trusted yet."""
    return HostResult(
        host=host,
        status="ok",
        reason="",
        via="carried",
        address="",
        started_at=_number(document, "collected_at"),
        took_ms=int(_number(document, "took_ms")),
        document=document,
    )


def _number(document: Mapping[str, Any], key: str) -> float:
    value = document.get(key)
    return float(value) if isinstance(value, int | float) and abs(value) < BELIEVED else 0.0
