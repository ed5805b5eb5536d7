"""The repository as pgBackRest's own catalogue tells it, and the command that restores from it."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ansible_collections.maintkit.ops.plugins.module_utils.changes.place import Refused
from ansible_collections.maintkit.ops.plugins.module_utils.postgresql.session import as_user


@dataclass(frozen=True)
class Repository:
    """How pgBackRest is asked on this host: the stanza, its configuration (empty: the usual one), its OS user."""

    stanza: str
    config: str = ""
    user: str = "postgres"

    def argv(self, command: str, *options: str) -> list[str]:
        """A command of pgBackRest, as its user; its own log files belong to the schedule and are left alone."""
        chosen = [f"--config={self.config}"] if self.config else []
        quiet = ["--log-level-file=off"]
        return as_user(self.user, ["pgbackrest", *chosen, f"--stanza={self.stanza}", *quiet, *options, command])

    def sets(self) -> dict[str, Any]:
        """`status` and the `backups`; Refused with pgBackRest's words when it does not answer."""
        return parse(self._info(), self.stanza)

    def tablespaces(self, chosen: Mapping[str, Any]) -> list[int]:
        """The OIDs of the tablespaces that a set holds."""
        told = json.loads(self._info(f"--set={chosen['label']}", *of_repository(chosen)))
        return [one["oid"] for stanza in told for each in stanza["backup"] for one in each.get("tablespace") or ()]

    def _info(self, *options: str) -> str:
        done = subprocess.run(
            self.argv("info", "--output=json", "--log-level-console=off", *options),
            env={**os.environ, "LC_ALL": "C.UTF-8"}, cwd="/", capture_output=True, text=True, errors="replace",
            timeout=120, check=False,
        )  # fmt: skip
        if done.returncode != 0:
            raise Refused(
                f"pgbackrest info ended with {done.returncode}: {' / '.join(done.stderr.split(chr(10))[-3:])}"
            )
        return done.stdout


def of_repository(chosen: Mapping[str, Any]) -> list[str]:
    """The option that names the repository of a set; none where pgBackRest does not number them (before 2.33)."""
    number = chosen.get("repo", 0)  # older journals have none
    return [f"--repo={number}"] if number else []


def parse(text: str, stanza: str) -> dict[str, Any]:
    """What `pgbackrest info --output=json` says of one stanza; databases are numbered by each repository anew."""
    found = next((one for one in json.loads(text) if one["name"] == stanza), None)
    if found is None:
        raise Refused(f"the repository has no stanza {stanza!r}")
    systems = {(one.get("repo-key", 0), one["id"]): str(one["system-id"]) for one in found.get("db") or ()}
    archives = {_database(one): one["id"] for one in found.get("archive") or ()}
    return {
        "status": (found.get("status") or {}).get("message", "unknown"),
        "systems": sorted(set(systems.values())),
        "backing_up": bool(((found.get("status") or {}).get("lock") or {}).get("backup", {}).get("held")),
        "backups": [_set(one, systems, archives) for one in found.get("backup") or ()],
    }


def _database(told: Mapping[str, Any]) -> tuple[int, Any]:
    """Of which repository, and of which of its databases, a set or an archive is."""
    database = told.get("database") or {}
    return database.get("repo-key", 0), database.get("id")


def _set(
    told: Mapping[str, Any], systems: Mapping[tuple[int, Any], str], archives: Mapping[tuple[int, Any], str]
) -> dict[str, Any]:
    info, database = told.get("info") or {}, _database(told)
    repository = info.get("repository") or {}
    return {
        "label": told["label"],
        "repo": database[0],
        "archive": archives.get(database, ""),
        "kind": told["type"],
        "stopped_at": told["timestamp"]["stop"],
        "size_bytes": info.get("size") or 0,
        "repo_bytes": repository.get("size") or repository.get("delta") or 0,
        "damaged": bool(told.get("error")),
        "system_identifier": systems.get(database, ""),
        "reference": list(told.get("reference") or ()),
        "wal_start": (told.get("archive") or {}).get("start") or "",
        "wal_stop": (told.get("archive") or {}).get("stop") or "",
        "lsn_stop": (told.get("lsn") or {}).get("stop") or "",
    }


def choose(
    told: Mapping[str, Any], *, stanza: str, wanted: str, identifier: str, now: float, oldest_h: float
) -> dict[str, Any]:
    """The set to restore: the wanted one, else the newest of any repository. See `sound`."""
    sets = sorted(told["backups"], key=lambda one: one["stopped_at"])
    if not sets:
        raise Refused(f"stanza {stanza} has no backup ({told['status']}): there is nothing to restore")
    found = next((one for one in sets if one["label"] == wanted), None) if wanted else sets[-1]
    if found is None:
        raise Refused(f"stanza {stanza} has no backup {wanted}: the newest is {sets[-1]['label']}")
    return sound(found, stanza=stanza, identifier=identifier, now=now, oldest_h=oldest_h)


def sound(found: Mapping[str, Any], *, stanza: str, identifier: str, now: float, oldest_h: float) -> dict[str, Any]:
    """The set with its age; Refused when it could not show what a drill is to show."""
    label = found["label"]
    if found["system_identifier"] != identifier:
        raise Refused(
            f"backup {label} of stanza {stanza} is of another cluster ({found['system_identifier'] or 'unknown'}, the"
            f" source is {identifier}): it is the wrong stanza, or the source was made anew and never backed up"
        )
    if not found["size_bytes"] or not found["repo_bytes"]:
        raise Refused(f"backup {label} is empty")
    if found["damaged"]:
        raise Refused(
            f"backup {label} holds pages that did not fit their checksums when it was made: see the source's disk"
        )
    age_h = (now - found["stopped_at"]) / 3600
    if oldest_h and age_h > oldest_h:
        raise Refused(f"backup {label} is {age_h:.1f} h old, {oldest_h:g} h are allowed: backups have stopped")
    return {**found, "age_h": round(age_h, 2)}


def restore(
    repository: Repository, place: Path, *, chosen: Mapping[str, Any], target: str, processes: int
) -> list[str]:
    """The command that lays the set under `place` and stops at the mark.

    Nothing leads out of `place`: tablespaces are laid into it, links are not followed, and what the copy writes is
    archived nowhere. Its locks are its own, so that it hinders no backup of the same host. The WAL is that of the set's
    own repository, too: a drill shows what one of them is worth.
    """
    return repository.argv(
        "restore",
        f"--set={chosen['label']}",
        *of_repository(chosen),
        "--type=name",
        f"--target={target}",
        "--target-action=pause",
        "--archive-mode=off",
        f"--pg1-path={place / 'data'}",
        f"--tablespace-map-all={place / 'tablespaces'}",
        f"--lock-path={place / 'lock'}",
        f"--process-max={processes}",
        "--log-level-console=info",
    )


def room(found: Mapping[str, Any], spare_bytes: int) -> int:
    """Bytes that the copy takes: the set's files, a tenth for what the checks write, and the spare."""
    return int(found["size_bytes"]) * 11 // 10 + spare_bytes


def last_error(output: str) -> str:
    """pgBackRest's errors without the time before each; its last line when there is none."""
    lines: Sequence[str] = [line.strip() for line in output.splitlines() if line.strip()]
    wrong = [line[line.index("ERROR:") :] for line in lines if "ERROR:" in line]
    return " / ".join(wrong[-2:] or lines[-1:]) or "it said nothing"
