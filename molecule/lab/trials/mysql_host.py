"""The host of the trials of the MySQL checks: a replica, its source, and an account that can read no row."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from lab.faults import mysql
from lab.faults.mysql import DATABASE, SOURCE, sql
from lab.faults.preload import PRELOAD
from lab.host import Host
from lab.image import File, Layer
from lab.lab import Spec
from lab.suites import BOOKWORM, Suite
from lab.trials.healthy import HARDENED_HOST

HOST, INSTANCE, ACCOUNT = "db", "pharmacy", "his_monitor"
DEFAULTS = "/etc/maintkit-my.cnf"
PLACES = 12
SETTINGS = f"""
[mysqld]
bind-address = 127.0.0.1
skip-name-resolve
server_id = 1
max_connections = {PLACES}
performance_schema = ON
innodb_buffer_pool_size = 8M
innodb_log_file_size = 16M
innodb_flush_log_at_trx_commit = 0
# Up to 10.5 the history list gets shorter only with every 128th turn of the purge, which a quiet server never comes to.
loose_innodb_purge_rseg_truncate_frequency = 1
"""
# The server that the instance receives from. Its socket bears no name that the inspection would take for a stranger's.
SECOND = f"""
[Unit]
After=mariadb.service mysql.service
[Service]
User=mysql
ExecStart={{}} --no-defaults --datadir=/var/lib/mysql-source --socket={mysql.SOURCE} \\
  --port=3307 --bind-address=127.0.0.1 --skip-name-resolve --server-id=2 --log-bin=binlog \\
  --pid-file=/var/lib/mysql-source/pid --innodb-buffer-pool-size=8M --loose-innodb-log-file-size=8M --loose-mysqlx=0
"""


def _second(server: str) -> File:
    """The unit of the server that the instance receives from."""
    return File(path=f"/etc/systemd/system/{mysql.SOURCE_UNIT}.service", content=SECOND.format(server).encode())


MARIADB = Layer(
    name="mariadb",
    packages=("mariadb-server",),
    files=(
        File(path="/etc/mysql/mariadb.conf.d/90-trials.cnf", content=SETTINGS.encode()),
        _second("/usr/sbin/mariadbd"),
    ),
    script="systemctl -q enable mariadb",
)
MYSQL = Layer(
    name="mysql",
    packages=("mysql-server",),
    files=(
        File(path="/etc/mysql/mysql.conf.d/zz-trials.cnf", content=SETTINGS.encode()),
        _second("/usr/sbin/mysqld"),
    ),
    script="systemctl -q enable mysql",
)
# What the two call differently: the right to see the replica's state, that over the last place, how it begins to
# receive, and how an empty server is made.
RIGHTS = {"mariadb": "SLAVE MONITOR", "mysql": "REPLICATION CLIENT"}
MIGHTY = {"mariadb": "SUPER, CONNECTION ADMIN", "mysql": "SUPER, CONNECTION_ADMIN"}
RECEIVE = {"mariadb": "MASTER_USE_GTID = slave_pos", "mysql": "GET_MASTER_PUBLIC_KEY = 1"}
EMPTY = {
    "mariadb": "mariadb-install-db --no-defaults --user=mysql --force --skip-test-db",
    "mysql": "mysqld --no-defaults --user=mysql --initialize-insecure",
}
TEN = "(SELECT 0 AS n{})".format("".join(f" UNION ALL SELECT {number}" for number in range(1, 10)))
FILL = (
    f"INSERT INTO {mysql.NUMBERS} SELECT 1 + a.n + 10 * b.n + 100 * c.n + 1000 * d.n + 10000 * e.n"  # noqa: S608  # our own words
    f" FROM {TEN} a JOIN {TEN} b JOIN {TEN} c JOIN {TEN} d JOIN {TEN} e"
)


def specs(suite: Suite = BOOKWORM) -> list[Spec]:
    """One database host: MySQL where the release brings it, else MariaDB."""
    return [Spec(name=HOST, layers=(PRELOAD, HARDENED_HOST, MYSQL if suite.mysql else MARIADB), suite=suite)]


def declared() -> dict[str, Any]:
    """What services.yml says of the instance."""
    return {"name": INSTANCE, "defaults_file": DEFAULTS, "role": "replica"}


def let_in(host: Host, password: str) -> None:
    """The file from which the client takes account and password."""
    owner = tuple(int(host.run("id", option, "mysql").out) for option in ("-u", "-g"))
    text = f"[client]\nuser={ACCOUNT}\npassword={password}\n"
    host.put(File(path=DEFAULTS, content=text.encode(), mode=0o600, owner=(owner[0], owner[1])))


@contextmanager
def served(host: Host, password: str) -> Iterator[None]:
    """The database, what it receives from, and the account of an inspection with the rights of docs/mysql.md."""
    kind = mysql.flavour(host).client
    host.sh(f"""
        install -d -o mysql -g mysql /var/lib/mysql-source
        {EMPTY[kind]} --datadir=/var/lib/mysql-source >/dev/null
        systemctl start {mysql.SOURCE_UNIT}
    """)
    wait = "for _ in $(seq 300); do [ -S {} ] && exit 0; sleep 0.2; done; exit 1"
    for socket in (mysql.OWN, SOURCE):
        host.sh(wait.format(socket))
    sql(host, f"CREATE USER repl@'127.0.0.1' IDENTIFIED BY '{password}'", socket=SOURCE)
    sql(host, "GRANT REPLICATION SLAVE ON *.* TO repl@'127.0.0.1'", "RESET MASTER", socket=SOURCE)
    sql(
        host,
        f"CREATE USER {ACCOUNT}@localhost IDENTIFIED BY '{password}'",
        f"GRANT PROCESS, SHOW VIEW, {RIGHTS[kind]} ON *.* TO {ACCOUNT}@localhost",
        *(f"GRANT SELECT ON mysql.innodb_{what}_stats TO {ACCOUNT}@localhost" for what in ("index", "table")),
        f"GRANT SELECT ON performance_schema.* TO {ACCOUNT}@localhost",
        f"CREATE USER {mysql.APPLICATION}@localhost",
        f"GRANT ALL ON *.* TO {mysql.APPLICATION}@localhost",
        f"REVOKE {MIGHTY[kind]} ON *.* FROM {mysql.APPLICATION}@localhost",
        f"CHANGE MASTER TO MASTER_HOST = '127.0.0.1', MASTER_PORT = 3307, MASTER_USER = 'repl',"
        f" MASTER_PASSWORD = '{password}', MASTER_CONNECT_RETRY = 1, {RECEIVE[kind]}",
        "START SLAVE",
        "CREATE DATABASE numbers",
        f"CREATE TABLE {mysql.NUMBERS} (seq int PRIMARY KEY)",
        FILL,
    )
    sql(
        host,
        f"CREATE DATABASE {DATABASE}",
        f"CREATE TABLE {DATABASE}.stock (drug int PRIMARY KEY, amount int)",
        socket=SOURCE,
    )
    mysql.replicating(host)
    let_in(host, password)
    yield
