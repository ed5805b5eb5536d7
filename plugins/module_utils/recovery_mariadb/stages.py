"""The stages of a restore of MariaDB, in their order; each does its part, and tells what it found."""

from __future__ import annotations

import shutil
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ansible_collections.maintkit.ops.plugins.module_utils.changes.place import Refused
from ansible_collections.maintkit.ops.plugins.module_utils.drill.journal import Journal
from ansible_collections.maintkit.ops.plugins.module_utils.drill.work import Work
from ansible_collections.maintkit.ops.plugins.module_utils.drill_mariadb import laying, mark, proof
from ansible_collections.maintkit.ops.plugins.module_utils.mariadb import binlog
from ansible_collections.maintkit.ops.plugins.module_utils.recovery.keeping import make_work
from ansible_collections.maintkit.ops.plugins.module_utils.recovery.target import Target

from . import way
from .opening import Opening
from .server import ACCOUNT, WORDS, Restored, Server


@dataclass(frozen=True)
class Restore:
    """One restore. `smoke` are the application's own questions; the last fields are seconds a stage may take.

    Sets and logs are fetched from `store`, as rsync reaches it by ssh; empty, they lie on this host. `work` copies,
    stops and starts; what is restored is prepared and runs `alone`, without a network.
    """

    journal: Journal
    work: Work
    alone: Work
    server: Server
    target: Target
    logs: Path
    store: str
    bindir: str
    settings: Mapping[str, str]
    smoke: Sequence[Mapping[str, Any]]
    restore_timeout_s: float
    recover_timeout_s: float
    check_timeout_s: float
    start_timeout_s: float

    @property
    def instance(self) -> Restored:
        """What was restored, as a server apart."""
        alike = self.journal.told["identity"].get("alike") or {}
        return self.server.instance(self.bindir, alike, self.settings)

    @property
    def opening(self) -> Opening:
        """How it is given back."""
        return Opening(self.server, self.work, seconds=self.start_timeout_s)

    def bring(self) -> bool:
        """Keep the present state aside, lay sets and logs out, prepare, replay; whether anything was done."""
        if self.journal.stage("back"):
            raise Refused("this run has gone back: make another plan")
        perform = self.journal.perform
        done = [perform("aside", self._aside), perform("restore", self._restore), perform("prepare", self._prepare)]
        return any([*done, perform("recover", self._recover)])

    def prove(self) -> bool:
        """Ask and check it apart; only then give it back to the application."""
        perform = self.journal.perform
        done = [perform("smoke", self._smoke), perform("check", self._check), perform("checksums", self._checksums)]
        return any([*done, perform("open", self._open)])

    def put_back(self) -> bool:
        """Bring the kept state back, as it was found; whether anything was done. What was restored is moved aside."""
        return self.journal.perform("back", self._back)

    def _aside(self) -> dict[str, Any]:
        seen_at = time.time() if self.server.runs() else self.journal.told["before"].get("at")
        done = self.work.finish("stop", ["systemctl", "stop", self.server.unit], self.check_timeout_s)
        self.server.mask()
        if self.server.runs():  # stopped, and started again by a boot before the mask
            self.server.end()
        if self.server.runs():
            raise Refused(f"{self.server.unit} does not stop: {done['output'].strip()[-300:] or done['rc']}")
        self.server.aside()
        kept, own = self.server.kept, self.server.own_logs()
        last = next((at for at in map(_last_transaction, reversed(own)) if at), None)
        return {"committed_at": last, "seen_at": seen_at, "kept": str(kept) if kept.exists() else "",
                "logs": len(own), "stopped_at": time.time()}  # fmt: skip

    def _set(self, number: int) -> Path:
        """Where the full set is laid out, and those that are put upon it."""
        return self.server.data if number == 0 else self.server.work / f"incremental-{number}"

    def _restore(self) -> dict[str, Any]:
        chain = self.journal.told["set"]["chain"]
        make_work(self.server, *WORDS, *(self._set(number).name for number in range(1, len(chain))))
        wanted = [([f"{one['folder']}/."], self._set(number)) for number, one in enumerate(chain)]
        commands = laying.lay_out(self.work, self.store, wanted, self.restore_timeout_s)
        count = self._lay_logs()
        mode = self.server.kept.stat().st_mode & 0o777 if self.server.kept.exists() else 0o700
        laying.refuse_outward([self._set(number) for number in range(len(chain))])
        for place in (self.server.data, self.server.work):
            laying.give_away(place, self.server.user)
        self.server.data.chmod(mode)
        self.instance.configure()
        size = sum(one.stat().st_size for one in self.server.data.rglob("*") if one.is_file())
        return {"bytes": size, "argv": commands[0], "logs": count}

    def _lay_logs(self) -> int:
        """The logs on the way: the server's own as far as they are there, else those that are kept; their number."""
        if self.target.kind == "set":
            return 0
        told = self.journal.told
        own = {one.name: one for one in self.server.own_logs()} if told["archive"]["own"] else {}
        newest = max((told["archive"]["last"], *own), key=binlog.number)
        last = told["stop"]["file"] if told["stop"] else newest
        names = binlog.between(told["set"]["position"]["file"], last)
        to = self.server.work / "logs"
        here, there = ([str(own[one]) for one in names if one in own], [one for one in names if one not in own])
        fetched = [str(self.logs / one) for one in there]
        laying.lay_out(self.work, "", [(here, to)] if here else [], self.restore_timeout_s, "own-logs")
        laying.lay_out(self.work, self.store, [(fetched, to)] if fetched else [], self.restore_timeout_s, "logs")
        return len(names)

    def _prepare(self) -> dict[str, Any]:
        more = [self._set(number) for number in range(1, len(self.journal.told["set"]["chain"]))]
        return laying.prepare(self.instance, self.alone, more, self.recover_timeout_s)

    def _recover(self) -> dict[str, Any]:
        """Replay to the target and hold what came of it against the logs themselves."""
        position = self.journal.told["set"]["position"]
        stop = self._stop()
        names = binlog.between(position["file"], stop["file"]) if self.target.kind != "set" else []
        planned = way.follow(self.server.work / "logs", names, position, stop)
        self.instance.start(self.alone, "instance", self.recover_timeout_s)
        if not self.alone.begun("replay"):
            with self.instance.session() as session:
                laying.refuse_open(session)
        argv = self._replay(names, position, stop) if planned.count else []
        with self.instance.session() as session:
            reached = session.value("SELECT @@gtid_binlog_pos")
            wrong = mark.rows(session, self.target.value) if self.target.kind == "name" else ""
        if wrong:
            raise Refused(wrong)
        way.refuse_short(reached, planned)
        committed = planned.committed_at or None
        return {
            "replayed": reached, "wanted": f"{stop['file']}:{stop['at']}", "transactions": planned.count,
            "committed_at": committed, "reason": self._reason(), "lost": self._lost(committed), "argv": argv,
        }  # fmt: skip

    def _stop(self) -> dict[str, Any]:
        """Where replay ends, told once more by the logs that are laid out: they hold what was written at last, too."""
        position = self.journal.told["set"]["position"]
        if self.target.kind == "set":
            return {"file": position["file"], "at": int(position["at"])}
        base = position["file"].rpartition(".")[0]
        paths = way.logs_of(self.server.work / "logs", base)
        found = way.stop_of(paths, self.target.kind, self.target.value)
        if found:
            return found
        if self.target.kind == "name":
            raise Refused(f"no binary log on the way holds the mark {self.target.value}")
        return {"file": paths[-1].name, "at": binlog.reach_of(paths[-1])[0]}

    def _replay(self, names: Sequence[str], position: Mapping[str, Any], stop: Mapping[str, Any]) -> list[str]:
        files = [self.server.work / "logs" / name for name in names]
        between = (int(position["at"]), int(stop["at"]))
        done = laying.replay(self.instance, self.alone, "replay", files, between, self.recover_timeout_s)
        if done["rc"] != 0:
            raise Refused(f"replay {self.target.told()} ended short of it: {laying.codes(done['output'])}")
        return list(done["argv"])

    def _reason(self) -> str:
        """Where it ended, in PostgreSQL's words for the same, so that there is one set of them."""
        words = {"time": f"before {self.target.value}", "name": f'at restore point "{self.target.value}"'}
        return words.get(self.target.kind, "no recovery target" if self.target.kind == "end" else "reached consistency")

    def _lost(self, committed: float | None) -> dict[str, Any]:
        """What was written after the target and now lies in the kept state alone; to the second."""
        aside, chosen = self.journal.stage("aside") or {}, self.journal.told["set"]
        until = aside.get("committed_at") or aside.get("seen_at")
        since = committed or (chosen["stopped_at"] if self.target.kind == "set" else self.target.at)
        if self.target.kind == "end" and not committed:
            since = chosen["stopped_at"]
        seconds = round(max(0.0, until - since), 1) if until and since else None
        return {"from": since, "to": until, "seconds": seconds, "exact": bool(committed and aside.get("committed_at"))}

    def _smoke(self) -> dict[str, Any]:
        if not self.smoke:
            raise Refused("there is no statement of the application to ask (restore_smoke)")
        return {"asked": [proof.ask(self.instance, one, seconds=self.check_timeout_s) for one in self.smoke]}

    def _check(self) -> dict[str, Any]:
        return proof.check(self.instance, self.alone, seconds=self.check_timeout_s)

    def _checksums(self) -> dict[str, Any]:
        if not self.journal.told.get("parted"):
            with self.instance.session() as session:
                session.ask("SET GLOBAL read_only = OFF")
                session.ask("SET SESSION sql_log_bin = 0")
                session.ask(f"DROP USER IF EXISTS '{ACCOUNT}'@'localhost'")
            self.journal.keep(parted=True)
        self.instance.stop()
        return proof.checksums(self.instance, self.alone, seconds=self.check_timeout_s)

    def _open(self) -> dict[str, Any]:
        told, opening = self.journal.told, self.opening
        opening.tidy()
        state = opening.continue_logs(told["archive"])
        if "fence" not in told:
            self.journal.keep(fence=opening.fence([told["archive"]["last"]]))
        opened = opening.start("open", told["identity"], fence=told["fence"], state=state)
        shutil.rmtree(self.server.work, ignore_errors=True)
        return opened

    def _back(self) -> dict[str, Any]:
        server, told = self.server, self.journal.told
        if not self.journal.stage("aside"):
            return {"returned": False}
        self.work.end()
        if server.runs() and server.kept.exists():
            self.work.finish("stop-back", ["systemctl", "stop", server.unit], self.check_timeout_s)
            server.end()
        if server.runs() and server.kept.exists():
            raise Refused(f"a server still works in {server.data}: stop it, then go on with this run")
        returned = server.back()
        if not server.holds(told["identity"]["tablespace"]):
            raise Refused(f"{server.data} does not hold the state from before: look which directory does")
        shutil.rmtree(server.work, ignore_errors=True)
        facts = {"returned": returned, "failed": str(server.failed) if server.failed.exists() else ""}
        if not told["identity"]["running"]:
            server.unmask()
            return {**facts, "running": False}
        if "fence" in told and "back_fence" not in told:
            # It may have been opened, and then has written logs that may be kept already: ours begin past them.
            self.journal.keep(back_fence=self.opening.fence([told["fence"], *self._written_meanwhile()]))
        started = self.opening.start("start-back", told["identity"], fence=told.get("back_fence", ""))
        self.opening.forget(told.get("fence", ""))
        return {**facts, **started}

    def _written_meanwhile(self) -> list[str]:
        """Names of the logs that a restored server has written in its own directory before it went back."""
        logs = Path(self.server.logs)
        if self.server.data not in (logs.parent, *logs.parent.parents):
            return []
        folder = self.server.failed / logs.parent.relative_to(self.server.data)
        return [one.name for one in way.logs_of(folder, logs.name)]


def _last_transaction(path: Path) -> int:
    """0 where a log cannot be read: it is of the state that is broken."""
    try:
        return binlog.last_transaction(path)
    except (Refused, OSError):
        return 0
