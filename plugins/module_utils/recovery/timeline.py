"""The timeline that a recovery has begun: where it begins and why there, and what recovery leaves in the settings."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from ansible_collections.maintkit.ops.plugins.module_utils.changes.place import Refused
from ansible_collections.maintkit.ops.plugins.module_utils.drill.instance import Instance, position

HISTORY = re.compile(r"[0-9A-F]{8}\.history")
# Written by pgBackRest for this recovery; a later one must not meet them.
RECOVERY = (
    *("restore_command", "recovery_target", "recovery_target_time", "recovery_target_name", "recovery_target_lsn"),
    *("recovery_target_action", "recovery_target_timeline", "recovery_target_inclusive", "archive_mode"),
)
SETTING = re.compile(r"^\s*(\w+)\s*=\s*'((?:[^']|'')*)'", re.MULTILINE)


def history(data: Path) -> dict[str, Any]:
    """The newest timeline's beginning: its file, the position at which recovery ended, and PostgreSQL's own reason."""
    files = sorted(one for one in (data / "pg_wal").glob("*.history") if HISTORY.fullmatch(one.name))
    lines = [line for line in files[-1].read_text(errors="replace").splitlines() if line.strip()] if files else []
    fields = lines[-1].split("\t") if lines else []
    if len(fields) != 3:
        raise Refused(f"{data}/pg_wal holds no history of a new timeline: recovery has not ended")
    return {"history": files[-1].name, "lsn": fields[1], "reason": fields[2].strip()}


def segment(lsn: str, *, per_log: int) -> int:
    """The number of the WAL segment that holds the byte before a position."""
    return (position(lsn) - 1) // ((1 << 32) // per_log)


def forget_recovery(instance: Instance, kept: Path) -> dict[str, str]:
    """Take away what recovery was told, and set again what the present state had set; the settings set again."""
    known = _settings(kept / "postgresql.auto.conf")
    back = {name: known[name] for name in RECOVERY if name in known}
    with instance.session("postgres") as session:
        for name in RECOVERY:
            if name not in back:
                session.ask(f"ALTER SYSTEM RESET {name}")
        for name, value in back.items():
            session.ask(f"ALTER SYSTEM SET {name} = :'value'", value=value)
    return back


def _settings(path: Path) -> dict[str, str]:
    text = path.read_text(errors="replace") if path.exists() else ""
    return {name: value.replace("''", "'") for name, value in SETTING.findall(text)}
