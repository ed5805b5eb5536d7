"""The stages of a restore, in their order; each looks at what is there, does its part, and tells what it found."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ansible_collections.maintkit.ops.plugins.module_utils.changes.place import Refused
from ansible_collections.maintkit.ops.plugins.module_utils.drill import backup, guard, proof
from ansible_collections.maintkit.ops.plugins.module_utils.drill.instance import run, wait
from ansible_collections.maintkit.ops.plugins.module_utils.drill.journal import Journal
from ansible_collections.maintkit.ops.plugins.module_utils.drill.work import Work
from ansible_collections.maintkit.ops.plugins.module_utils.postgresql.session import Session

from . import timeline
from .cluster import WORDS, Cluster, Restored
from .keeping import make_work
from .look import STATE
from .opening import Opening
from .target import Target


@dataclass(frozen=True)
class Restore:
    """One restore. `smoke` are the application's own questions; the last fields are seconds a stage may take."""

    journal: Journal
    work: Work
    repository: backup.Repository
    cluster: Cluster
    target: Target
    settings: Mapping[str, str]
    smoke: Sequence[Mapping[str, Any]]
    restore_timeout_s: float
    recover_timeout_s: float
    check_timeout_s: float
    archive_timeout_s: float
    processes: int = 2

    @property
    def instance(self) -> Restored:
        """What was restored, as a server apart."""
        return self.cluster.instance(self.journal.told["bindir"], self.settings)

    def bring(self) -> bool:
        """Keep the present state aside, lay the backup out, recover to the target; whether anything was done."""
        if self.journal.stage("back"):
            raise Refused("this run has gone back: make another plan")
        perform = self.journal.perform
        return any([
            perform("aside", self._aside), perform("restore", self._restore), perform("recover", self._recover)
        ])  # fmt: skip

    def prove(self) -> bool:
        """Open it apart, ask it, check it; only then give it back to the application, archiving."""
        perform = self.journal.perform
        done = [perform("promote", self._promote), perform("smoke", self._smoke), perform("amcheck", self._amcheck)]
        done += [perform("checksums", self._checksums), perform("open", self._open)]
        return any(done)

    def _aside(self) -> dict[str, Any]:
        last = self._last_state()
        done = self.work.finish("stop", ["systemctl", "stop", self.cluster.unit], self.check_timeout_s)
        self.cluster.mask()
        if self.cluster.runs():  # stopped, and started again by a boot before the mask
            self._stop_hard()
        if self.cluster.runs():
            raise Refused(f"{self.cluster.unit} does not stop: {done['output'].strip()[-300:] or done['rc']}")
        unpushed = self._push()
        self.cluster.aside()
        kept = self.cluster.kept
        return {**last, "kept": str(kept) if kept.exists() else "", "unpushed": unpushed, "stopped_at": time.time()}

    def _last_state(self) -> dict[str, Any]:
        """How far the present state had come, asked at the last moment; what was told before where it is down."""
        known = self.journal.told["before"]
        if self.cluster.runs() and not self.cluster.kept.exists():
            with self.cluster.session() as session:
                known = session.json(STATE)
        return {"lsn": known.get("lsn"), "committed_at": known.get("committed_at"), "seen_at": known.get("at")}

    def _stop_hard(self) -> None:
        program = self.instance.program("pg_ctl", "-D", str(self.cluster.data), "-m", "fast", "-w", "-t", "300", "stop")
        run(program, timeout=360)

    def _push(self) -> list[str]:
        """Archive whole segments that the server itself did not get rid of; those that could not be are named."""
        wal, left = self.cluster.data / "pg_wal", []
        for ready in sorted((wal / "archive_status").glob("*.ready")):
            if (wal / ready.stem).exists():
                pg1 = f"--pg1-path={self.cluster.data}"
                argv = [*self.repository.argv("archive-push", pg1), str(wal / ready.stem)]
                if run(argv, timeout=self.archive_timeout_s).returncode != 0:
                    left.append(ready.stem)
        return left

    def _restore(self) -> dict[str, Any]:
        told = self.journal.told
        make_work(self.cluster, *WORDS)
        argv = self.repository.argv(
            "restore", f"--set={told['set']['label']}", *backup.of_repository(told["set"]), *self.target.options(),
            "--archive-mode=off",
            f"--pg1-path={self.cluster.data}", f"--lock-path={self.cluster.work / 'lock'}",
            f"--process-max={self.processes}", "--log-level-console=info",
        )  # fmt: skip
        done = self.work.finish("restore", argv, self.restore_timeout_s)
        if done["rc"] != 0:
            raise Refused(f"pgbackrest restore ended with {done['rc']}: {backup.last_error(done['output'])}")
        found = guard.system_identifier(self.cluster.data)
        if found != told["identity"]["system_identifier"]:
            raise Refused(f"what was restored is cluster {found}, not {told['identity']['system_identifier']}")
        self.instance.configure()
        size = sum(one.stat().st_size for one in self.cluster.data.rglob("*") if one.is_file())
        return {"bytes": size, "argv": argv}

    def _recover(self) -> dict[str, Any]:
        instance, until = self.instance, time.monotonic() + self.recover_timeout_s
        self.work.begin("instance", instance.server())
        while True:
            state = instance.recovery() if instance.answers() else None
            if state and (not state["recovering"] if self.target.kind == "end" else state["paused"]):
                return self._where(state)
            if state and not state["recovering"]:
                raise Refused(f"it opened for writing without stopping {self.target.told()}: WAL is missing")
            if self.work.cut_off("instance"):
                raise Refused("instance was begun and cut off: the host or its process went down in it")
            if self.work.ended("instance"):
                raise Refused(f"recovery {self.target.told()} ended short of it: {instance.last_words()}")
            if time.monotonic() > until:
                raise Refused(f"not {self.target.told()} within {self.recover_timeout_s:.0f} s: {json.dumps(state)}")
            time.sleep(0.3)

    def _where(self, state: Mapping[str, Any]) -> dict[str, Any]:
        committed = state["committed_at"]
        if self.target.at is not None and committed is not None and committed > self.target.at:
            raise Refused(f"a transaction of {committed} was replayed, after {self.target.value}")
        return {"replayed": state["replayed"], "committed_at": committed}

    def _promote(self) -> dict[str, Any]:
        instance = self.instance
        with instance.session("postgres") as session:
            if session.value("SELECT pg_is_in_recovery()") == "t":
                session.ask("SELECT pg_wal_replay_resume()")  # at the target this is the end of recovery
        state = {"recovering": True}

        def opened() -> bool:
            nonlocal state
            state = instance.recovery() or state
            return state["recovering"] is False

        if not wait(opened, self.recover_timeout_s):
            raise Refused(f"it does not open for writing: {instance.last_words()}")
        ended = timeline.history(self.cluster.data)
        if not self.target.reached(ended["reason"]):
            raise Refused(f"recovery ended {ended['reason']!r}, it was to go {self.target.told()}: WAL is missing")
        self._require_the_last(ended)
        forgotten = timeline.forget_recovery(instance, self.cluster.kept)
        return {**ended, "settings": forgotten, **self._lost()}

    def _require_the_last(self, ended: Mapping[str, Any]) -> None:
        """A missing segment ends recovery without an error: it must have come to the last one that was archived."""
        known = self.journal.told.get("archive") or {}
        if self.target.kind == "end" and known:
            come = timeline.segment(ended["lsn"], per_log=known["per_log"])
            if come < known["last"]:
                raise Refused(f"recovery ended in WAL segment {come}, {known['last']} was archived: WAL is missing")

    def _lost(self) -> dict[str, Any]:
        """What was written after the target and now lies in the kept state alone."""
        aside, recovered = self.journal.stage("aside") or {}, self.journal.stage("recover") or {}
        until = aside.get("committed_at") or aside.get("seen_at")
        since = recovered.get("committed_at") or self.target.at
        seconds = round(max(0.0, until - since), 1) if until and since else None
        exact = bool(aside.get("committed_at") and recovered.get("committed_at"))
        return {"lost": {"from": since, "to": until, "seconds": seconds, "exact": exact}}

    def _smoke(self) -> dict[str, Any]:
        if not self.smoke:
            raise Refused("there is no statement of the application to ask (restore_smoke)")
        seconds = self.check_timeout_s
        return {"asked": [proof.ask(self._session, one, seconds=seconds) for one in self.smoke]}

    def _session(self, database: str) -> Session:
        return self.instance.session(database)

    def _amcheck(self) -> dict[str, Any]:
        return proof.amcheck(self.instance, self.work, processes=self.processes, seconds=self.check_timeout_s)

    def _checksums(self) -> dict[str, Any]:
        self.instance.stop()
        return proof.checksums(self.instance, self.work, seconds=self.check_timeout_s)

    def _open(self) -> dict[str, Any]:
        opening = Opening(self.cluster, self.work, seconds=self.archive_timeout_s)
        current = self.instance.control()["Latest checkpoint's REDO WAL file"]
        told = opening.open("open", self.journal.told["identity"], current=current, archives=self._archived())
        shutil.rmtree(self.cluster.work, ignore_errors=True)
        return {**told, "history": (self.journal.stage("promote") or {}).get("history")}

    def _archived(self) -> bool:
        """Whether the cluster archived before; of one that was down nothing is known but that it has an archive."""
        return str(self.journal.told["identity"].get("archive_mode", "on")) in ("on", "always")

    def put_back(self) -> bool:
        """Bring the kept state back, as it was found; whether anything was done. What was restored is moved aside."""
        return self.journal.perform("back", self._back)

    def _back(self) -> dict[str, Any]:
        cluster, told = self.cluster, self.journal.told
        if not self.journal.stage("aside"):
            return {"returned": False}
        self.work.end()
        if cluster.runs() and cluster.kept.exists():
            self.work.finish("stop-back", ["systemctl", "stop", cluster.unit], self.check_timeout_s)
            if cluster.runs():
                self._stop_hard()
        if cluster.runs() and cluster.kept.exists():
            raise Refused(f"a server still works in {cluster.data}: stop it, then go on with this run")
        returned = cluster.back()
        cluster.unmask()
        shutil.rmtree(cluster.work, ignore_errors=True)
        failed = str(cluster.failed) if cluster.failed.exists() else ""
        if not told["identity"]["running"]:
            return {"returned": returned, "failed": failed, "running": False}
        opening = Opening(cluster, self.work, seconds=self.archive_timeout_s)
        return {"returned": returned, "failed": failed, **opening.start("start-back", told["identity"])}
