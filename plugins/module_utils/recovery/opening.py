"""Giving the server back to the application: started by its own unit, with its own settings, archiving."""

from __future__ import annotations

import os
import pwd
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.maintkit.ops.plugins.module_utils.changes.place import Refused
from ansible_collections.maintkit.ops.plugins.module_utils.drill import source
from ansible_collections.maintkit.ops.plugins.module_utils.drill.instance import wait
from ansible_collections.maintkit.ops.plugins.module_utils.drill.work import Work

from .cluster import Cluster
from .timeline import HISTORY

ARCHIVED = "SELECT coalesce(last_archived_wal, '') FROM pg_stat_archiver"


@dataclass(frozen=True)
class Opening:
    """One cluster that is started again; `seconds` is how long it may take to answer, and to archive."""

    cluster: Cluster
    work: Work
    seconds: float

    def open(self, step: str, identity: Mapping[str, Any], *, current: str, archives: bool) -> dict[str, Any]:
        """Start what was restored and see that its new timeline comes into the repository.

        `current` is the WAL segment in which the stopped server would go on.
        """
        if archives:
            self._announce(current)
        self.cluster.unmask()
        told = self.start(step, identity)
        return {**told, "archived": self._archived()} if archives else {**told, "archived": ""}

    def start(self, step: str, identity: Mapping[str, Any]) -> dict[str, Any]:
        """Start it by its unit; Refused unless it is this cluster, in this directory, open for writing."""
        self.work.finish(step, ["systemctl", "start", self.cluster.unit], self.seconds)
        if not wait(self._answers, self.seconds):
            raise Refused(f"{self.cluster.unit} does not answer: journalctl -u {self.cluster.unit}")
        found = source.identity(self.cluster.reach)
        for name in ("system_identifier", "data_directory"):
            if found[name] != identity[name]:
                raise Refused(f"what {self.cluster.unit} runs is {name} {found[name]}, not {identity[name]}")
        wanted = identity.get("archive_mode")
        if wanted and found["archive_mode"] != wanted:
            raise Refused(f"archive_mode is {found['archive_mode']}, it was {wanted}: see postgresql.auto.conf")
        if found["recovering"]:
            raise Refused(f"{self.cluster.unit} is in recovery: it is not open for writing")
        return {"running": True, "archive_mode": found["archive_mode"]}

    def _announce(self, current: str) -> None:
        """The timeline was made while nothing was archived, and so PostgreSQL itself would never archive its history.

        Without it in the repository no later recovery finds its way past this restore.
        """
        account, wal = pwd.getpwnam(self.cluster.reach.user), self.cluster.data / "pg_wal"
        new = max(one.name for one in wal.glob("*.history") if HISTORY.fullmatch(one.name))
        # Neither would the segments that were filled meanwhile be archived, until a checkpoint wants to be rid of them.
        full = (one.name for one in wal.glob(f"{new[:8]}" + "?" * 16) if one.name < current)
        for name in (new, *full):
            ready = wal / "archive_status" / f"{name}.ready"
            if not ready.with_suffix(".done").exists():
                ready.touch(mode=0o600)
                os.chown(ready, account.pw_uid, account.pw_gid)

    def _answers(self) -> bool:
        try:
            with self.cluster.session() as session:
                return session.value("SELECT pg_is_in_recovery()") == "f"
        except Refused:
            return False

    def _archived(self) -> str:
        """The first segment of the new timeline, archived by the server's own command."""
        with self.cluster.session() as session:
            # A segment with nothing in it is not switched.
            session.ask("SELECT pg_create_restore_point('maintkit')")
            wanted = session.value("SELECT pg_walfile_name(pg_switch_wal() - 1)")
        status = self.cluster.data / "pg_wal" / "archive_status"
        if not wait(lambda: not list(status.glob("*.ready")) and self._last() >= wanted, self.seconds):
            raise Refused(f"WAL {wanted} of the new timeline is not archived: see the server's log and pgBackRest's")
        return wanted

    def _last(self) -> str:
        with self.cluster.session() as session:
            return session.value(ARCHIVED)
