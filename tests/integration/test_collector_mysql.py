"""The collector's questions to a real MariaDB, on every Python that this machine has."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from collected import run, script, unknown_fields
from mariadb import mariadb
from pythons import VERSIONS, interpreter

from maintkit.checks.facts.document import Facts
from maintkit.checks.facts.mysql import MysqlInstance

DATABASE, TABLE = "挂号 '1'\\", "病人\tNULL"
PASSWORD = "only-of-this-test"  # noqa: S105  # of a server that lives for a minute
SETUP = f"""
CREATE DATABASE `{DATABASE}`;
CREATE TABLE `{DATABASE}`.`{TABLE}` (id int PRIMARY KEY, a int, b int, KEY k1 (a), KEY k2 (a, b), UNIQUE KEY u (b));
SET GLOBAL innodb_file_per_table = 0;
CREATE TABLE `{DATABASE}`.`shared` (id int PRIMARY KEY);
SET GLOBAL innodb_file_per_table = 1;
CREATE USER monitor@localhost IDENTIFIED BY '{PASSWORD}';
GRANT PROCESS, SHOW VIEW, SLAVE MONITOR ON *.* TO monitor@localhost;
GRANT SELECT ON mysql.innodb_index_stats TO monitor@localhost;
GRANT SELECT ON mysql.innodb_table_stats TO monitor@localhost;
CREATE USER bare@localhost IDENTIFIED BY '{PASSWORD}';
"""


def sql(socket: Path, text: str) -> None:
    argv = ["mariadb", "--no-defaults", f"--socket={socket}", "--user=root", "--default-character-set=utf8mb4"]
    subprocess.run(argv, input=text, text=True, check=True, capture_output=True)


@pytest.fixture(scope="module")
def server() -> Iterator[dict[str, str]]:
    """What services.yml would say of a server with names that need care: socket, file of the password, user."""
    with mariadb() as socket:
        sql(socket, SETUP)
        socket.parent.chmod(0o755)  # as /run/mysqld
        user = "mysql" if os.geteuid() == 0 else "root"
        for name in ("monitor", "bare"):
            file = socket.parent / f"{name}.cnf"
            file.write_text(f"[client]\nuser={name}\npassword={PASSWORD}\n")
            file.chmod(0o644)
        yield {"socket": str(socket), "defaults_file": str(socket.parent / "monitor.cnf"), "os_user": account(user)}


def account(user: str) -> str:
    """Debian's mariadb-server-core alone brings no user mysql."""
    found = subprocess.run(["id", "-u", user], capture_output=True, check=False).returncode == 0
    return user if found else "nobody"


def asked(python: str, place: Path, **instance: object) -> MysqlInstance:
    """What the collector tells of the instance."""
    document = run(python, script({"only": ["mysql"], "mysql": [{"name": "his", **instance}]}, place))
    facts = Facts.model_validate(document)
    assert unknown_fields(document, facts.model_dump(mode="json", by_alias=True)) == []
    section = facts.sections.mysql
    assert section is not None
    assert section.data is not None, section.reason
    return section.data.instances[0]


@pytest.mark.parametrize("version", VERSIONS)
def test_an_instance_is_asked_on_every_python(version, server, tmp_path):
    """Every table is seen by an account that may read none, and no field comes that the models do not know."""
    python = interpreter(version)
    if python is None:
        pytest.skip(f"no Python {version} on this machine")
    told = asked(python, tmp_path, **server)
    assert (told.state, told.reason, told.flavour) == ("up", None, "mariadb")
    assert [(one.name, one.tables) for one in told.databases or ()] == [(DATABASE, 2)]
    assert {one.name: one.shared for one in told.tables or ()} == {
        f"{DATABASE}.{TABLE}": False,
        f"{DATABASE}.shared": True,
    }
    assert [(one.name, one.redundant_to) for one in told.indexes or ()] == [(f"{DATABASE}.{TABLE}.k1", "k2")]
    assert told.withheld == {"unused": "performance_schema is off", "statements": "performance_schema is off"}
    assert (told.channels, told.counters is not None) == ((), True)


def test_what_an_account_may_not_see_names_the_right_that_it_wants(server, tmp_path):
    """And nothing of what it hides is told as if it were all."""
    told = asked(
        sys.executable, tmp_path, **server | {"defaults_file": server["defaults_file"].replace("monitor", "bare")}
    )
    assert told.state == "up"
    assert {name: why for name, why in told.withheld.items() if "performance_schema" not in why} == {
        "transactions": "needs PROCESS",
        "blocks": "needs PROCESS",
        "shared": "needs PROCESS",
        "channels": "needs SLAVE MONITOR",
        "index_sizes": "needs SELECT on mysql.innodb_index_stats",
        "table_stats": "needs SELECT on mysql.innodb_table_stats",
        **dict.fromkeys(
            ("databases", "tables", "indexes"), "needs SHOW VIEW on *.*: only tables with a right of its own are seen"
        ),
    }
    assert told.transactions is None
    assert told.channels is None


def test_an_open_transaction_is_told_without_a_word_of_what_it_does(server, tmp_path):
    """Who, since when, how many rows it changed; not the number that it was run with."""
    sql(Path(server["socket"]), "CREATE DATABASE plain; CREATE TABLE plain.t (id int PRIMARY KEY)")
    argv = ["mariadb", "--no-defaults", f"--socket={server['socket']}", "--user=root", "--unbuffered", "--batch"]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdin is not None
        assert holder.stdout is not None
        holder.stdin.write("BEGIN; INSERT INTO plain.t VALUES (1380001380 % 7); SELECT SLEEP(2.5);\n")
        holder.stdin.flush()
        holder.stdout.readline()  # the header comes with the row: the transaction is some seconds old then, and idle
        document = run(sys.executable, script({"only": ["mysql"], "mysql": [{"name": "his", **server}]}, tmp_path))
        holder.stdin.close()
    (open_one,) = document["sections"]["mysql"]["data"]["instances"][0]["transactions"]
    assert (open_one["user"], open_one["command"], open_one["changed"]) == ("root", "Sleep", 1)
    assert open_one["transaction_s"] >= 2
    assert "1380001380" not in str(document)
    sql(Path(server["socket"]), "DROP DATABASE plain")


@pytest.mark.parametrize(
    ("instance", "state"),
    [
        ({"socket": "/nowhere/mysqld.sock"}, "down"),
        ({"user": "nobody-there"}, "refused"),
        ({"defaults_file": "/nowhere/my.cnf"}, "refused"),
    ],
)
def test_what_is_not_told_says_why(instance, state, server, tmp_path):
    """A server that nobody runs, an account that is not there, a file that is not there."""
    told = asked(sys.executable, tmp_path, **server | instance)
    assert told.state == state
    assert told.reason


def test_a_server_that_nobody_declared_is_named(tmp_path):
    """By its socket, and not asked for anything."""
    with mariadb(socket="mysqld.sock") as socket:
        document = run(sys.executable, script({"only": ["mysql"]}, tmp_path))
    instances = document["sections"]["mysql"]["data"]["instances"]
    assert {one["state"] for one in instances} == {"undeclared"}
    assert str(socket) in {one["name"] for one in instances}
