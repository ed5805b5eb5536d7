"""The stages of a drill, in their order; each looks at what is there, does its part, and tells what it found."""

from __future__ import annotations

import json
import os
import pwd
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ansible_collections.maintkit.ops.plugins.module_utils.changes.place import Refused, machine_id, write

from . import backup, fingerprint, guard, proof
from .application import NAME as APPLICATION
from .application import Application
from .control import control
from .instance import Instance, position, start, wait
from .journal import Journal
from .network import require_apart
from .work import Work

MARKER = "drill.json"
WORDS = ("data", "tablespaces", "socket", "log", "lock", "spool")


@dataclass(frozen=True)
class Drill:
    """One drill on this host. `smoke` are the application's own questions; what ends in `_s` a stage may take.

    `work` reaches the repository, and so may not run what is open for writing: that is done by `alone`, which has no
    network.
    """

    journal: Journal
    work: Work
    alone: Work
    repository: backup.Repository
    scratch: Path
    bindir: str
    settings: Mapping[str, str]
    smoke: Sequence[Mapping[str, Any]]
    restore_timeout_s: float
    recover_timeout_s: float
    check_timeout_s: float
    processes: int = 2
    application: Mapping[str, Any] | None = None

    @property
    def place(self) -> Path:
        """The copy's directory."""
        return self.scratch / self.journal.run

    @property
    def instance(self) -> Instance:
        """The copy as a server."""
        return Instance(place=self.place, user=self.repository.user, bindir=self.bindir, settings=self.settings)

    def bring_back(self) -> bool:
        """Lay the backup out and let it run up to the mark; whether anything was done."""
        perform = self.journal.perform
        return any([perform("restore", self._restore), perform("recover", self._recover)])

    def examine(self) -> bool:
        """Compare with the source, open it, ask it, check it, and prove that the checks can fail."""
        if self.journal.passed("wipe"):
            return False
        perform = self.journal.perform
        done = [perform("compare", self._compare), perform("promote", self._promote), perform("smoke", self._smoke)]
        if self.application:
            self.journal.keep(application=self.application["name"])
            done.append(perform(APPLICATION, Application(self.journal.run, self.instance, self.application).prove))
        done += [perform("amcheck", self._amcheck)]
        if self.instance.checksums:
            done.append(perform("checksums", self._checksums))
        else:
            self.journal.skip("checksums", "the cluster has no page checksums (pg_checksums --enable)")
        done.append(perform("control", self._control))
        return any(done)

    def _restore(self) -> dict[str, Any]:
        told = self.journal.told
        target = told["mark"]["name"]
        argv = backup.restore(self.repository, self.place, chosen=told["set"], target=target, processes=self.processes)
        if not self.work.begun("restore"):
            self._make_place(told["source"]["system_identifier"])
        done = self.work.finish("restore", argv, self.restore_timeout_s)
        if done["rc"] != 0:
            raise Refused(f"pgbackrest restore ended with {done['rc']}: {backup.last_error(done['output'])}")
        found = guard.system_identifier(self.instance.data)
        if found != told["source"]["system_identifier"]:
            raise Refused(f"what was restored is cluster {found}, the source is {told['source']['system_identifier']}")
        self.instance.configure()
        size = sum(one.stat().st_size for one in self.place.rglob("*") if one.is_file())
        return {"bytes": size, "argv": argv}

    def _make_place(self, identifier: str) -> None:
        guard.refuse_place(self.scratch)
        account = pwd.getpwnam(self.repository.user)
        self.scratch.mkdir(mode=0o711, parents=True, exist_ok=True)
        if self.place.exists():
            raise Refused(f"{self.place} is there already: no copy is laid over another one")
        self.place.mkdir(mode=0o700)
        # From here on it is known as ours, and can be wiped.
        write(self.place / MARKER, json.dumps({"run": self.journal.run, "machine_id": machine_id(), "of": identifier}))
        for name in WORDS:
            (self.place / name).mkdir(mode=0o700)
            os.chown(self.place / name, account.pw_uid, account.pw_gid)
        os.chown(self.place, account.pw_uid, account.pw_gid)

    def _recover(self) -> dict[str, Any]:
        mark = self.journal.told["mark"]
        self.work.begin("instance", self.instance.recovering())
        until = time.monotonic() + self.recover_timeout_s
        while True:
            state = self.instance.recovery() if self.instance.answers() else None
            if state and not state["recovering"]:
                raise Refused(f"it opened for writing without stopping at the mark {mark['name']}: WAL is missing")
            if state and state["paused"]:
                break
            if self.work.cut_off("instance"):
                raise Refused("instance was begun and cut off: the host or its process went down in it")
            if self.work.ended("instance"):
                raise Refused(f"recovery ended short of the mark {mark['name']}: {self.instance.last_words()}")
            if time.monotonic() > until:
                raise Refused(f"the mark was not reached within {self.recover_timeout_s:.0f} s: {json.dumps(state)}")
            time.sleep(0.3)
        if position(state["replayed"]) < position(mark["lsn"]):
            raise Refused(
                f"recovery stopped at {state['replayed']}, short of the mark at {mark['lsn']}: WAL is missing"
            )
        return {"replayed": state["replayed"], "wanted": mark["lsn"], "argv": self.instance.recovering()}

    def _compare(self) -> dict[str, Any]:
        source = self.journal.told["mark"]["databases"]
        copy = {}
        for database, told in source.items():
            with self.instance.session(database) as session:
                session.ask("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
                copy[database] = fingerprint.whole(session, [one["table"] for one in told["tables"]])
        different = fingerprint.differences(source, copy)
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
        """Open it, and start it again where nothing is reached: recovery had to reach the repository."""
        if not self.alone.begun("open"):
            self._end_recovery()
            self.instance.stop()
        start(self.instance, self.alone, "open", self.recover_timeout_s)
        try:
            return {"network": require_apart("the copy", self.instance.pid)}
        except (Refused, OSError):
            self.instance.stop("immediate")
            raise

    def _end_recovery(self) -> None:
        with self.instance.session("postgres") as session:
            if session.value("SELECT pg_is_in_recovery()") == "t":
                session.ask("SELECT pg_wal_replay_resume()")  # at the target this is the end of recovery
        if not wait(
            lambda: (self.instance.recovery() or {"recovering": True})["recovering"] is False, self.recover_timeout_s
        ):
            raise Refused(f"the copy does not open for writing: {self.instance.last_words()}")

    def _smoke(self) -> dict[str, Any]:
        if not self.smoke:
            raise Refused("there is no statement of the application to ask (restore_drill_smoke)")
        ask, session = proof.ask, self.instance.session
        return {"asked": [ask(session, one, seconds=self.check_timeout_s) for one in self.smoke]}

    def _amcheck(self) -> dict[str, Any]:
        seconds = self.check_timeout_s
        return proof.amcheck(self.instance, self.alone, processes=self.processes, seconds=seconds, keep=True)

    def _checksums(self) -> dict[str, Any]:
        self.instance.stop()
        return proof.checksums(self.instance, self.alone, seconds=self.check_timeout_s)

    def _control(self) -> dict[str, Any]:
        attempt = f"{time.time():.0f}"
        return control(self.instance, self.alone, attempt=attempt, seconds=self.recover_timeout_s)
