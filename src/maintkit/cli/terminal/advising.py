"""Advice for the terminal: of one host, with the plan of each piece where there is one."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Collection, Iterator
from dataclasses import asdict
from hashlib import sha256
from pathlib import Path
from typing import Any

from maintkit.analysis.advice import Advice, Insufficient, Said, advise
from maintkit.analysis.advice.applying import ByHand, Planned, applying
from maintkit.contract.expectations import expectations
from maintkit.contract.load import Site
from maintkit.evidence.server_facts import Servers


def advised(place: Site, known: Servers, groups: Collection[str]) -> Iterator[tuple[Said, Planned | ByHand | None]]:
    """What is said of a host, and for advice its plan, or why it has none."""
    users = {one.name: one.os_user for one in expectations(place.services, known.now.host, groups).postgresql}
    servers = {one.name: one for one in known.now.postgresql}
    for said in advise(known):
        if isinstance(said, Insufficient):
            yield said, None
        else:
            server = servers.get(server_of(said)) if said.rule.id.startswith("postgresql.") else None
            yield said, applying(said, server, os_user=users.get(server_of(said), "postgres"))


def server_of(said: Advice) -> str:
    """The name of the instance, with which every subject begins."""
    return re.split(r"[/ ]", said.subject, maxsplit=1)[0]


def rows(place: Site, known: Servers, groups: Collection[str], folder: Path | None) -> Iterator[dict[str, Any]]:
    """What is said of a host, as JSON has it; with `folder`, the parameters of each plan are written there."""
    for said, made in advised(place, known, groups):
        row = _row(known.now.host, said)
        if isinstance(said, Advice) and made is not None:
            row["plan"] = _plan(known.now.host, said, made, folder)
        yield row


def _row(host: str, said: Said) -> dict[str, Any]:
    if isinstance(said, Insufficient):
        of = said.rule.id if said.rule else None
        return {"host": host, "subject": said.subject, "rule": of, "insufficient": said.reason_zh, "why": said.why}
    rule = said.rule
    return {
        "host": host, "subject": said.subject, "rule": rule.id, "title": rule.title, "danger": rule.danger,
        "figures": dict(said.figures), "observation": said.observation_zh, "conclusion": said.conclusion_zh,
        "advice": said.advice_zh, "risk": rule.risk_zh, "undo": rule.undo_zh, "takes": rule.takes,
        "confidence": rule.confidence, "source": rule.source,
        "change": asdict(said.change) if said.change else None, "sql": said.sql or None,
    }  # fmt: skip


def _plan(host: str, said: Advice, made: Planned | ByHand, folder: Path | None) -> dict[str, Any]:
    if isinstance(made, ByHand):
        return {"by_hand": made.reason}
    file = (folder or Path()) / f"{host}-{server_of(said)}-{said.rule.id.partition('.')[2]}{_of(said)}.json"
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(made.variables, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    words = ["maintkit", "plan", made.procedure, "--limit", host, "--vars", str(file), "--reason", said.rule.title_zh]
    command = f"{shlex.join(words)} --requester PRINCIPAL"
    return {"command": command, "then": made.then_zh or None, "variables": made.variables}


def _of(said: Advice) -> str:
    """Which of many indexes: its subject's own number, since a name may hold what a file's name may not."""
    return f"-{sha256(said.subject.encode()).hexdigest()[:8]}" if said.index is not None else ""
