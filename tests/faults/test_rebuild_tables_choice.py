"""Tables of every kind on a real MariaDB: what is chosen against what a rebuild makes of them; and under load."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import pytest
from indexing import part
from mysqltables import mysql_server
from tabling import Server, server

pytestmark = pytest.mark.long

MB = 1 << 20
# How a table is made, and how its rows are deleted, for the deleted shares that it is tried with.
KINDS = {
    "narrow": ("n int PRIMARY KEY, few int, KEY (few)", "n, n % 40"),
    "wide": ("n int PRIMARY KEY, t varchar(900)", "n, REPEAT(MD5(n), 24)"),
    "keys": ("n int PRIMARY KEY, t varchar(90), u varchar(90), KEY (t), KEY (u)", "n, MD5(n), MD5(-n)"),
    "long": ("n int PRIMARY KEY, t mediumtext", "n, REPEAT(MD5(n), IF(n % 20 = 0, 700, 8))"),
    "old": ("n int PRIMARY KEY, t varchar(300)", "n, REPEAT(MD5(n), 8)"),
    "random": ("t char(32) PRIMARY KEY, n int, u varchar(200)", "MD5(n), n, REPEAT(MD5(n), 5)"),
}
SHARES = (0, 20, 40, 60, 80, 95)


@dataclass(frozen=True, kw_only=True)
class Made:
    """One table: its bytes, what they were predicted to be after a rebuild, and what they were."""

    name: str
    chosen: bool
    before: int
    predicted: int
    after: int


@pytest.fixture(scope="module", params=[server, mysql_server], ids=["mariadb", "mysql"])
def maria(request: pytest.FixtureRequest) -> Iterator[Server]:
    with request.param() as made:
        yield made


@pytest.fixture(scope="module")
def many(maria: Server, tmp_path_factory: pytest.TempPathFactory) -> list[Made]:
    """36 that deletions, from all over or from one end, have emptied more or less."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(part("changes.place"), "STATE", tmp_path_factory.mktemp("state"))
        names = []
        for kind, (columns, values) in KINDS.items():
            for share in SHARES:
                name = f"{kind}{share}"
                names.append(name)
                how = "ROW_FORMAT=REDUNDANT" if kind == "old" else ""
                rows = maria.rows * (10 if kind == "narrow" else 1)
                gone = f"n <= {rows} * {share} / 100" if kind == "keys" else f"n % 100 < {share}"
                maria.sql(
                    f"CREATE TABLE {name} ({columns}) {how};"  # noqa: S608  # a test's own table
                    f"INSERT INTO {name} SELECT {values} FROM (SELECT seq AS n FROM seq_1_to_{rows}) AS s;"
                    f"DELETE FROM {name} WHERE {gone};"
                )
        maria.settled(*names)
        seen = {name.removeprefix("his."): one for name, one in maria.look().items()}
        before = {name: maria.bytes(name) for name in names}
        maria.sql("".join(f"ALTER TABLE {name} FORCE;" for name in names))
        return [
            Made(name=name, chosen=seen[name].what == "rebuild", before=before[name],
                 predicted=seen[name].after_bytes, after=maria.bytes(name))
            for name in names
        ]  # fmt: skip


def test_the_predicted_size_is_that_of_the_rebuild_but_for_a_tenth_or_what_a_server_keeps_back(
    maria: Server, many: list[Made]
) -> None:
    """A file grows by whole extents of a MiB, and keeps some back: of a table that counts that is nothing.

    None is predicted to grow, which on MySQL a full one does.
    """
    assert len(many) == len(KINDS) * len(SHARES)
    off = {one.name: (one.predicted - min(one.after, one.before)) / MB for one in many}
    print(" ".join(f"{name}:{mib:+.1f}" for name, mib in off.items()))
    allowed = {one.name: max(maria.kept_back, one.after / 10) / MB for one in many}
    assert {name for name, mib in off.items() if abs(mib) > allowed[name]} == set()


def test_no_table_above_the_factor_is_missed_and_none_below_is_rebuilt(maria: Server, many: list[Made]) -> None:
    """By what a rebuild has really made of it; within what a server keeps back of the factor either choice is right."""
    factor, back = part("tables.choice").Limits().factor, maria.kept_back
    assert {one.name for one in many if not one.chosen and one.before > factor * (one.after + back)} == set()
    assert {one.name for one in many if one.chosen and one.before < factor * (one.after - back)} == set()
    assert 8 < sum(one.chosen for one in many) < len(many)


@dataclass
class Writers:
    """Sessions that register and change without end, each transaction by itself, and what became of them."""

    his: Server
    count: int = 4
    written: list[int] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    stop: threading.Event = field(default_factory=threading.Event)
    threads: list[threading.Thread] = field(default_factory=list)

    def __enter__(self) -> Self:
        self.threads = [threading.Thread(target=self.write, args=(at,)) for at in range(self.count)]
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop.set()
        for thread in self.threads:
            thread.join(60)

    def write(self, at: int) -> None:
        with part("mysql.session").Session(self.his.reach) as session:
            row = 10_000_000 * (at + 1)
            while not self.stop.is_set():
                row += 1
                began = time.monotonic()
                try:
                    session.ask(
                        f"BEGIN; INSERT INTO his.visit VALUES ({row}, 1, MD5({row}));"  # noqa: S608  # its own numbers
                        f"UPDATE his.visit SET few = {row} % 97 WHERE n = {row}; COMMIT"
                    )
                except part("changes.place").Refused as refused:
                    self.failed.append(str(refused))
                    return
                self.seconds.append(time.monotonic() - began)
                self.written.append(row)


def test_writers_go_on_through_a_rebuild_and_none_of_them_fails(
    maria: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And every row that they were told is written is there afterwards, once."""
    monkeypatch.setattr(part("changes.place"), "STATE", tmp_path / "state")
    maria.fragment("visit", 600_000)
    before, kept = maria.bytes("visit"), int(maria.sql("SELECT COUNT(*) FROM visit"))
    with Writers(his=maria) as writers:
        time.sleep(2)
        was = len(writers.written)
        began = time.monotonic()
        (told,) = maria.sweep(databases=("his",), only=frozenset([("his", "visit")]), lock_timeout_s=5)["rebuilt"]
        took, meanwhile = time.monotonic() - began, len(writers.written) - was
    print(f"{before} -> {told['after_bytes']} bytes in {told['seconds']} of {took:.1f} s; {meanwhile} transactions"
          f" meanwhile, {len(writers.failed)} failed, the slowest took {max(writers.seconds):.2f} s")  # fmt: skip
    assert writers.failed == []
    assert meanwhile > 50
    assert maria.half_made() == []
    right = "SUM(n < 10000000), SUM(n >= 10000000 AND few = n % 97)"
    assert maria.sql(f"SELECT {right} FROM visit").split("\t") == [str(kept), str(len(writers.written))]  # noqa: S608
