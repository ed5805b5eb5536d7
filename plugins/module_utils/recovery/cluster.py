"""The cluster that is restored: its directories, its unit, and how it is told from every other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ansible_collections.maintkit.ops.plugins.module_utils.drill import guard
from ansible_collections.maintkit.ops.plugins.module_utils.drill.instance import Instance
from ansible_collections.maintkit.ops.plugins.module_utils.postgresql.session import Reach, Session

from .keeping import Keeping

RECOVERING = ("standby.signal", "recovery.signal")
WORDS = ("socket", "log", "lock", "spool")  # directories of the restored server


@dataclass(frozen=True)
class Restored(Instance):
    """What was restored, as a server that nobody but us reaches until it is proven; its data lie where they belong."""

    where: Path

    @property
    def data(self) -> Path:
        """See `Instance`."""
        return self.where


@dataclass(frozen=True)
class Cluster(Keeping):
    """One cluster of this host, and how production reaches its server."""

    reach: Reach

    @property
    def owner(self) -> str:
        """See `Keeping`."""
        return self.reach.user

    def instance(self, bindir: str, settings: Mapping[str, str]) -> Restored:
        """The restored server, apart."""
        return Restored(place=self.work, user=self.reach.user, bindir=bindir, settings=settings, where=self.data)

    def runs(self) -> bool:
        """Whether any server works in the data directory."""
        return any(one.data == self.data for one in guard.postmasters())

    def session(self) -> Session:
        """A conversation with the server as production reaches it."""
        return Session(self.reach, "postgres")

    def outside(self) -> list[Path]:
        """See `Keeping`."""
        return [one for one in (self.data / "pg_wal", *(self.data / "pg_tblspc").glob("*")) if one.is_symlink()]

    def signals(self) -> list[str]:
        """The files that make a standby of it, or of a recovery that has not ended."""
        return [name for name in RECOVERING if (self.data / name).exists()]
