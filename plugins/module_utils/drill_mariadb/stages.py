"""The stages of a drill of MariaDB, in their order; each does its part, and tells what it found."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ansible_collections.maintkit.ops.plugins.module_utils.changes.place import Refused, machine_id, write
from ansible_collections.maintkit.ops.plugins.module_utils.drill import fingerprint as drilled
from ansible_collections.maintkit.ops.plugins.module_utils.drill import guard
from ansible_collections.maintkit.ops.plugins.module_utils.drill.journal import Journal
from ansible_collections.maintkit.ops.plugins.module_utils.drill.stages import MARKER
from ansible_collections.maintkit.ops.plugins.module_utils.drill.work import Work
from ansible_collections.maintkit.ops.plugins.module_utils.mariadb import binlog

from . import fingerprint, laying, proof
from .control import control
from .instance import Instance
from .mark import proof as at_mark

WORDS = ("data", "logs", "socket", "log", "tmp")


@dataclass(frozen=True)
class Drill:
    """One drill on this host. `limits` are seconds a stage may take; `smoke` are the application's own questions.

    Sets and logs are fetched from `store`, as rsync reaches it by ssh; empty, they lie on this host. `work` copies; all
    else is done by `alone`, which has no network.
    """

    journal: Journal
    work: Work
    alone: Work
    scratch: Path
    logs: Path
    store: str
    user: str
    bindir: str
    settings: Mapping[str, str]
    smoke: Sequence[Mapping[str, Any]]
    restore_timeout_s: float
    recover_timeout_s: float
    check_timeout_s: float

    @property
    def place(self) -> Path:
        """The copy's directory."""
        return self.scratch / self.journal.run

    @property
    def instance(self) -> Instance:
        """The copy as a server."""
        alike = (self.journal.told.get("source") or {}).get("alike") or {}
        return Instance(self.place, self.user, self.bindir, alike, self.settings)

    def bring_back(self) -> bool:
        """Lay sets and logs out, prepare them, let the copy run up to the mark; whether anything was done."""
        perform = self.journal.perform
        return any(
            [perform("restore", self._restore), perform("prepare", self._prepare), perform("recover", self._recover)]
        )

    def examine(self) -> bool:
        """Compare with the source, open it, ask it, check it, and prove that the checks can fail."""
        if self.journal.passed("wipe"):
            return False
        perform = self.journal.perform
        done = [perform("compare", self._compare), perform("promote", self._promote), perform("smoke", self._smoke)]
        done += [perform("check", self._check), perform("checksums", self._checksums)]
        done.append(perform("control", self._control))
        return any(done)

    def _restore(self) -> dict[str, Any]:
        told = self.journal.told
        chain, mark = told["set"]["chain"], told["mark"]
        names = binlog.between(told["set"]["position"]["file"], mark["wal"])
        if not self.work.begun("copy-0"):
            self._make_place(told["source"]["system_identifier"])
        wanted = [([f"{one['folder']}/."], self._set(number)) for number, one in enumerate(chain)]
        wanted.append(([str(self.logs / name) for name in names], self.place / "logs"))
        commands = laying.lay_out(self.work, self.store, wanted, self.restore_timeout_s)
        self._refuse_other_logs(names, mark["logs"])
        laying.refuse_outward([self._set(number) for number in range(len(chain))])
        laying.give_away(self.place, self.user)
        self.instance.configure()
        size = sum(one.stat().st_size for one in self.place.rglob("*") if one.is_file())
        return {"bytes": size, "argv": commands[0], "logs": len(names)}

    def _set(self, number: int) -> Path:
        """Where the full set is laid out, and those that are put upon it."""
        return self.place / "data" if number == 0 else self.place / f"incremental-{number}"

    def _make_place(self, identifier: str) -> None:
        guard.refuse_place(self.scratch)
        self.scratch.mkdir(mode=0o711, parents=True, exist_ok=True)
        if self.place.exists():
            raise Refused(f"{self.place} is there already: no copy is laid over another one")
        self.place.mkdir(mode=0o700)
        # From here on it is known as ours, and can be wiped.
        write(self.place / MARKER, json.dumps({"run": self.journal.run, "machine_id": machine_id(), "of": identifier}))
        chain = self.journal.told["set"]["chain"]
        for name in (*WORDS, *(self._set(number).name for number in range(1, len(chain)))):
            (self.place / name).mkdir(mode=0o700)

    def _refuse_other_logs(self, names: Sequence[str], sizes: Mapping[str, int]) -> None:
        for name in names:
            size = (self.place / "logs" / name).stat().st_size
            if name in sizes and size != sizes[name]:
                raise Refused(
                    f"the binary log {name} has {size} bytes, at the source it had {sizes[name]}: it is cut off"
                )

    def _prepare(self) -> dict[str, Any]:
        more = [self._set(number) for number in range(1, len(self.journal.told["set"]["chain"]))]
        return laying.prepare(self.instance, self.alone, more, self.recover_timeout_s)

    def _recover(self) -> dict[str, Any]:
        """In two parts, the second with the mark in it: between them the proof must say that it is short of it."""
        told = self.journal.told
        mark, position = told["mark"], told["set"]["position"]
        self.instance.start(self.alone, "instance", self.recover_timeout_s)
        if not self.alone.begun("replay-short"):
            with self.instance.session() as session:
                laying.refuse_open(session)
        names = binlog.between(position["file"], mark["wal"])
        row = self._row(names, position, mark)
        self._replay("replay-short", (position["file"], int(position["at"])), row)
        short = self._short(mark)
        argv = self._replay("replay", row, (mark["wal"], mark["position"]))
        with self.instance.session() as session:
            wrong = at_mark(session, mark)
            reached = session.value("SELECT @@gtid_binlog_pos")
        if wrong:
            raise Refused(wrong)
        return {"replayed": reached, "wanted": mark["gtid"], "short": short, "argv": argv}

    def _short(self, mark: Mapping[str, Any]) -> str:
        """What the proof says short of the mark; kept before the copy goes on, for who takes it up again."""
        if not self.alone.begun("replay"):
            with self.instance.session() as session:
                short = at_mark(session, mark)
            if "short of the mark" not in short:
                raise Refused(f"the copy was stopped before the mark, and is not found to be so: {short or 'well'}")
            self.journal.keep(short=short)
        return str(self.journal.told.get("short", ""))

    def _row(self, names: Sequence[str], position: Mapping[str, Any], mark: Mapping[str, Any]) -> tuple[str, int]:
        """Where the transaction begins that wrote the row of the mark; Refused when the logs do not hold it."""
        for name in reversed(names):
            begin = int(position["at"]) if name == position["file"] else 4
            at = binlog.position_of(self.place / "logs" / name, mark["row_gtid"], begin)
            if at is not None:
                return name, at
        raise Refused(
            f"the binary logs end short of the mark {mark['name']}: its transaction {mark['row_gtid']} is in none"
        )

    def _replay(self, step: str, begin: tuple[str, int], end: tuple[str, int]) -> list[str]:
        """From one position to another; nothing where they are the same."""
        if begin == end:
            return []
        files = [self.place / "logs" / name for name in binlog.between(begin[0], end[0])]
        done = laying.replay(self.instance, self.alone, step, files, (begin[1], end[1]), self.recover_timeout_s)
        if done["rc"] != 0:
            raise Refused(f"the binary logs end short of the mark: {laying.codes(done['output'])}")
        return list(done["argv"])

    def _compare(self) -> dict[str, Any]:
        source = self.journal.told["mark"]["databases"]
        with self.instance.session() as session:
            session.ask("START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY")
            names = {database: [one["table"] for one in told["tables"]] for database, told in source.items()}
            copy = {database: fingerprint.whole(session, database, tables) for database, tables in names.items()}
        different = drilled.differences(source, copy)
        if different:
            more = f" and {len(different) - 5} more" if len(different) > 5 else ""
            raise Refused(f"the copy is not what the source was at the mark: {'; '.join(different[:5])}{more}")
        tables = [one for told in source.values() for one in told["tables"]]
        return {
            "databases": len(source),
            "tables": len(tables),
            "rows": sum(one["rows"] for one in tables),
            "catalog": sum(kind["count"] for told in source.values() for kind in told["catalog"].values()),
        }

    def _promote(self) -> dict[str, Any]:
        with self.instance.session() as session:
            session.ask("SET GLOBAL read_only = OFF")
            session.ask("CREATE DATABASE maintkit_opened")
            session.ask("DROP DATABASE maintkit_opened")
        return {}

    def _smoke(self) -> dict[str, Any]:
        if not self.smoke:
            raise Refused("there is no statement of the application to ask (restore_drill_smoke)")
        return {"asked": [proof.ask(self.instance, one, seconds=self.check_timeout_s) for one in self.smoke]}

    def _check(self) -> dict[str, Any]:
        return proof.check(self.instance, self.alone, seconds=self.check_timeout_s)

    def _checksums(self) -> dict[str, Any]:
        self.instance.stop()
        return proof.checksums(self.instance, self.alone, seconds=self.check_timeout_s)

    def _control(self) -> dict[str, Any]:
        short = (self.journal.stage("recover") or {}).get("short", "")
        attempt = f"{time.time():.0f}"
        return control(self.instance, self.alone, short=short, attempt=attempt, seconds=self.recover_timeout_s)
