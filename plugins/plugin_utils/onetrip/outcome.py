"""How a trip ended, in the words of docs/exchange.md."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

from ansible_collections.maintkit.ops.plugins.plugin_utils.onetrip.interpreter import BECAME, NO_PYTHON
from ansible_collections.maintkit.ops.plugins.plugin_utils.onetrip.words import REASON, last_line

SCHEMA = "maintkit.facts/1"

HOST_KEY = re.compile(
    r"Host key verification failed|REMOTE HOST IDENTIFICATION HAS CHANGED|host key is known for|"
    r"HOST IDENTIFICATION CHANGED|revoked host key|Certificate invalid"
)
AUTH = re.compile(
    r"Permission denied|Too many authentication failures|No more authentication methods|"
    r"no mutual signature|Roaming not allowed|Authentication failed"
)
OFFENDING = re.compile(r"Offending .{1,40}key in (.+?)\s*$|Add correct host key in (.+?) to get rid", re.MULTILINE)
SSH_FAILED = 255
NOT_FOUND = 127
NOT_EXECUTABLE = 126


@dataclass(frozen=True, kw_only=True)
class Ending:
    """What is known when the process has ended or was ended."""

    code: int | None
    timed_out: bool
    overflowed: bool
    payload: bytes | None
    received: int
    trouble: str
    stderr: str


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """Status and reason of docs/exchange.md; `document` only with `ok`."""

    status: str
    reason: str = ""
    document: Mapping[str, Any] | None = None


def judge(ending: Ending, *, limit_s: float, escalates: bool, over_ssh: bool) -> Verdict:
    """The verdict on one attempt. A whole document counts, however the process ended afterwards."""
    if ending.payload is not None:
        return read_document(ending.payload)
    words = last_line(spoken(ending.stderr))
    if ending.timed_out:
        return Verdict(status="timeout", reason=with_words(f"no whole answer within {limit_s:g} s", words))
    if ending.overflowed:
        return Verdict(status="broken", reason=f"no document in the first {ending.received} bytes of output")
    if over_ssh and ending.code == SSH_FAILED:
        return ssh_failure(ending.stderr)
    return not_started(ending, words, escalates=escalates) or no_document(ending, words)


def not_started(ending: Ending, words: str, *, escalates: bool) -> Verdict | None:
    """The verdict if the collector did not even start."""
    if escalates and BECAME not in ending.stderr:
        return Verdict(status="become", reason=words or f"privilege escalation ended with {ending.code}")
    if NO_PYTHON in ending.stderr or ending.code in {NOT_FOUND, NOT_EXECUTABLE}:
        return Verdict(status="no-python", reason=with_words("no Python 2.7 or 3.5+ was found", words))
    return None


def no_document(ending: Ending, words: str) -> Verdict:
    """The collector started, and what came of it is not a document."""
    what = ending.trouble or f"no document in {ending.received} bytes of output"
    return Verdict(status="broken", reason=with_words(f"{what}, exit status {ending.code}", words))


def ssh_failure(stderr: str) -> Verdict:
    """ssh's own 255, by its last words: who refused, and why."""
    words = last_line(stderr) or "ssh ended with 255 and said nothing"
    if HOST_KEY.search(stderr):
        offending = OFFENDING.search(stderr)
        where = f" (known hosts: {offending[1] or offending[2]})" if offending else ""
        changed = "the host's key has changed: " if "HAS CHANGED" in stderr else ""
        return Verdict(status="host-key", reason=f"{changed}{words}{where}")
    if AUTH.search(words):
        return Verdict(status="auth", reason=words)
    return Verdict(status="unreachable", reason=words)


def read_document(payload: bytes) -> Verdict:
    """The document, if the bytes are one JSON object of the schema."""
    try:
        document = json.loads(payload, parse_constant=not_json)
    except (ValueError, RecursionError) as error:
        return Verdict(status="broken", reason=f"the document is not JSON: {str(error)[:REASON]}")
    if not isinstance(document, dict) or document.get("schema") != SCHEMA:
        found = document.get("schema") if isinstance(document, dict) else type(document).__name__
        return Verdict(status="broken", reason=f"the document is {str(found)[:80]!r}, not {SCHEMA!r}")
    return Verdict(status="ok", document=document)


def not_json(constant: str) -> NoReturn:
    """NaN and Infinity, which Python would take although JSON has no such thing."""
    raise ValueError(f"{constant} is no number in JSON")


def spoken(stderr: str) -> str:
    """Standard error without our own markers."""
    return "\n".join(line for line in stderr.splitlines() if line not in {BECAME, NO_PYTHON})


def with_words(what: str, words: str) -> str:
    """A reason followed by the host's last words, when there were any."""
    return f"{what}: {words}" if words else what
