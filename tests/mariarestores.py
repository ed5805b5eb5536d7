"""Restores of a real MariaDB in its own directory on this machine, without systemd: its unit is a plain process."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from drills import Direct, part
from mariadrills import JOB, OWNER, SMOKE, Source, stop

UNIT = "mariadb.service"


class Hands(Direct):
    """Stops and starts the server as its unit would: not while it is masked."""

    def __init__(self, place: Path, source: Source) -> None:
        super().__init__(place)
        self.source = source
        self.done: dict[str, dict[str, Any]] = {}

    @property
    def mask(self) -> Path:
        return self.place / "masked"

    def begun(self, name: str) -> bool:
        return name in self.done or super().begun(name)

    def finish(self, name: str, argv: Sequence[str], seconds: float) -> dict[str, Any]:
        if argv[0] != "systemctl":
            return super().finish(name, argv, seconds)
        if name not in self.done:
            if argv[1] == "stop":
                stop(self.source.server)
            else:
                assert not self.mask.exists(), "a masked unit is not started"
                self.source.boot()
            self.done[name] = {"rc": 0, "output": ""}
        return self.done[name]


def server_of(source: Source, hands: Hands, run: str) -> Any:
    """The server as a restore knows it, with a mask of its own."""
    base = part("recovery_mariadb.server").Server

    class Standing(base):  # type: ignore[misc,valid-type]
        """Its unit is this test's process."""

        def mask(self) -> None:
            hands.mask.touch()

        def unmask(self) -> None:
            hands.mask.unlink(missing_ok=True)

        def refuse_mask(self) -> None:
            assert not hands.mask.exists()

    logs = str(source.home / "binlog" / "binlog")
    return Standing(data=source.data, unit=UNIT, run=run, reach=source.reach, user=OWNER, logs=logs)


@dataclass(kw_only=True)
class Restoring:
    """Restores of one source, each a run of its own."""

    source: Source
    place: Path
    smoke: Sequence[Mapping[str, Any]] = SMOKE
    hands: Hands = field(init=False)
    run: str = "r0"

    def begin(self, run: str) -> None:
        """The next run, with work of its own."""
        self.run = run
        (self.place / run).mkdir()
        self.hands = Hands(self.place / run, self.source)

    def target(self, kind: str, value: str = "", wanted: str = "") -> Any:
        return part("recovery.target").target_of(kind, value, timeline="latest", wanted_set=wanted)

    def store(self, target: Any) -> dict[str, Any]:
        """As the module mariadb_sets_info tells it."""
        way, store = part("recovery_mariadb.way"), self.source.store()
        return {**store, **way.told_of(store, self.source.kept, target.kind, target.value)}

    def look(self, target: Any, **changes: Any) -> dict[str, Any]:
        server = server_of(self.source, self.hands, self.run)
        told = {"server": server, "job": JOB, "target": target, "store": self.store(target), "fetched": False,
                "wanted_set": "", "identifier": "", "spare_bytes": 1 << 20, "bindir": "", "rate_mb_s": 0.0}  # fmt: skip
        found: dict[str, Any] = part("recovery_mariadb.look").look(
            part("recovery_mariadb.look").Wish(**{**told, **changes})
        )
        return found

    def restore(self, target: Any, **changes: Any) -> Any:
        """A restore that is ready to begin: looked at and journalled."""
        seen = self.look(target, **{one: changes.pop(one) for one in ("wanted_set", "identifier") if one in changes})
        assert seen["refusals"] == [], seen["refusals"]
        journal = part("recovery.journal").journal_of(self.run)
        names = ("identity", "set", "stop", "archive", "disk", "bindir", "told", "predicted")
        kept = {name: seen[name] for name in names}
        journal.keep(**kept, engine="mariadb", before={"at": seen["identity"].get("at")}, stanza=JOB)
        told = {"journal": journal, "work": self.hands, "alone": self.hands,
                "server": server_of(self.source, self.hands, self.run), "target": target, "logs": self.source.kept,
                "store": "", "bindir": "", "settings": {"innodb_buffer_pool_size": "16M"}, "smoke": self.smoke,
                "restore_timeout_s": 60, "recover_timeout_s": 120, "check_timeout_s": 60,
                "start_timeout_s": 60}  # fmt: skip
        return part("recovery_mariadb.stages").Restore(**{**told, **changes})


@contextmanager
def restores_of(source: Source) -> Iterator[Restoring]:
    """Restores of it, the first of them begun as `r1`, whose journals and work end with the block."""
    home = Path(tempfile.mkdtemp(prefix="maintkit-restore-"))
    home.chmod(0o711)
    place = part("changes.place")
    state, place.STATE = place.STATE, home / "state"
    made = Restoring(source=source, place=home)
    made.begin("r1")
    try:
        yield made
    finally:
        place.STATE = state
        made.hands.end()
        shutil.rmtree(home)


def moment() -> str:
    """A second that lies between what is written before and what after."""
    time.sleep(1.1)
    now = datetime.now(UTC)
    time.sleep(1.1)
    return f"{now:%Y-%m-%d %H:%M:%S}+00"
