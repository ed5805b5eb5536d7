"""Laying sets and binary logs out, preparing and replaying them: what drill and restore of MariaDB have in common."""

from __future__ import annotations

import os
import pwd
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ansible_collections.maintkit.ops.plugins.module_utils.changes.place import Refused
from ansible_collections.maintkit.ops.plugins.module_utils.drill.work import Work

from .instance import Instance

CHARACTERS = "--default-character-set=utf8mb4"
# Two commands with a pipe between them, and neither may fail; their words are arguments and never text of a shell.
PIPED = 'set -o pipefail; n=$1; shift; "${@:1:n}" | "${@:n+1}"'


def copying(store: str, paths: Sequence[str], to: Path) -> list[str]:
    """The command that copies paths into a directory: of this host, or of `store` as rsync reaches it by ssh."""
    if not store:
        return ["cp", "-a", "--reflink=auto", "-t", str(to), "--", *paths]
    remote = [f"{store}:{path}" for path in paths]
    ssh = "ssh -o BatchMode=yes -o ConnectTimeout=20"
    return ["rsync", "--archive", "--protect-args", "--no-specials", "--no-devices", "-e", ssh, *remote, f"{to}/"]


def lay_out(
    work: Work, store: str, wanted: Sequence[tuple[Sequence[str], Path]], seconds: float, step: str = "copy"
) -> list[list[str]]:
    """Copy each (paths, directory) as a step of its own; the commands. Refused names why one fails."""
    commands = [copying(store, paths, to) for paths, to in wanted]
    for number, argv in enumerate(commands):
        done = work.finish(f"{step}-{number}", argv, seconds)
        if done["rc"] != 0:
            raise Refused(f"copying ended with {done['rc']}: {last_line(done['output'])}")
    return commands


def refuse_outward(places: Sequence[Path]) -> None:
    """Looked for once more in what was laid out, full set first: it is what will be opened."""
    for place in places:
        wrong = next((one for one in place.rglob("*") if one.is_symlink() or one.suffix == ".isl"), None)
        if wrong:
            raise Refused(f"{wrong.relative_to(place.parent)} leads out of the copy: not opened")


def give_away(place: Path, user: str) -> None:
    """All below a directory, and itself, to this user alone."""
    account = pwd.getpwnam(user)
    for folder, _names, files in os.walk(place):
        for one in (Path(folder), *(Path(folder) / name for name in files)):
            os.chown(one, account.pw_uid, account.pw_gid, follow_symlinks=False)
            one.chmod(0o600 if one.name in files else 0o700)


def prepare(instance: Instance, work: Work, more: Sequence[Path], seconds: float) -> dict[str, Any]:
    """Make the full set in the instance's directory consistent, with the incremental ones put upon it in order."""
    argv: list[str] = []
    for number, folder in enumerate((None, *more)):
        where = [f"--target-dir={instance.data}", f"--tmpdir={instance.place / 'tmp'}"]
        where += [f"--incremental-dir={folder}"] if folder else []
        argv = instance.program("mariadb-backup", "--no-defaults", "--prepare", *where)
        done = work.finish(f"prepare-{number}", argv, seconds)
        if done["rc"] != 0 or "completed OK!" not in done["output"]:
            raise Refused(f"mariadb-backup --prepare ended with {done['rc']}: {last_error(done['output'])}")
    return {"sets": 1 + len(more), "argv": argv}


def replay(
    instance: Instance, work: Work, step: str, files: Sequence[Path], between: tuple[int, int], seconds: float
) -> dict[str, Any]:
    """Replay logs from a position in the first to one in the last: `rc`, `output`, and `argv` of what was run."""
    where = [f"--start-position={between[0]}", f"--stop-position={between[1]}", *map(str, files)]
    own = ["--no-defaults", "--verify-binlog-checksum", f"--local-load={instance.place / 'tmp'}"]
    read = instance.program("mariadb-binlog", *own, *where)
    apply = instance.reach.argv("mariadb", "--binary-mode", "--batch", "--max-allowed-packet=1G", CHARACTERS)
    done = work.finish(step, ["bash", "-c", PIPED, "replay", str(len(read)), *read, *apply], seconds)
    return {**done, "argv": [*read, "|", *apply]}


def refuse_open(session: Any) -> None:
    """Isolation is what the server says of itself, not what it was told."""
    wanted = {"skip_networking": "ON", "event_scheduler": "OFF", "read_only": "ON", "gtid_binlog_pos": ""}
    said = dict(session.ask(f"SHOW GLOBAL VARIABLES WHERE variable_name IN {tuple(wanted)!r}"))
    wrong = sorted(name for name, value in wanted.items() if said.get(name, "") != value)
    running = [row for row in session.ask("SHOW ALL SLAVES STATUS") if "Yes" in row]
    if wrong or running:
        raise Refused(f"the copy is not kept apart: {', '.join(wrong) or 'it receives from another server'}")


def last_line(output: str) -> str:
    """The last words of a command."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    return " / ".join(lines[-2:])[-400:] or "it said nothing"


def last_error(output: str) -> str:
    """mariadb-backup's errors without the time before each; its last line when there is none."""
    wrong = [found[1].strip() for found in re.finditer(r"(?:\[ERROR\]|[Ee]rror:)\s*(.+)", output)]
    return " / ".join(wrong[-2:])[-400:] or last_line(output)


def codes(output: str) -> str:
    """What the client and mariadb-binlog say. The client's text may quote a value: its number is enough."""
    code = re.search(r"ERROR (\d+) \((\w+)\)", output)
    read = [found[1] for found in re.finditer(r"^(?:ERROR|Error): (.+)", output, re.MULTILINE)]
    said = [f"MariaDB: error {code[1]} ({code[2]})"] if code else []
    return " / ".join([*read[-2:], *said])[-400:] or "replay was cut off"
