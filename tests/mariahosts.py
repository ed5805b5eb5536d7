"""Booted hosts with MariaDB: a database's, the keeper's of its sets and binary logs, and one for drills."""

from __future__ import annotations

from lab import Lab
from lab.image import File, Layer

SETTINGS = """
[mariadbd]
server_id = 4711
log_bin = /var/lib/mysql/binlog
innodb_buffer_pool_size = 16M
innodb_log_file_size = 16M
"""
# One image for all: the drill host and the keeper of the sets have the programs, and run no server.
PROGRAMS = Layer(
    name="mariadb-drill",
    packages=("mariadb-server", "mariadb-backup", "rsync"),
    files=(File(path="/etc/mysql/mariadb.conf.d/90-drill.cnf", content=SETTINGS.encode()),),
    script="systemctl -q disable mariadb",
)


def trust(made: Lab, name: str) -> None:
    """Root of this host may log in at backup1."""
    keeper = made["backup1"]
    made[name].sh("test -f /root/.ssh/id_ed25519 || ssh-keygen -q -t ed25519 -N '' -f /root/.ssh/id_ed25519")
    public = made[name].run("cat", "/root/.ssh/id_ed25519.pub").out.strip()
    keeper.sh(f"mkdir -p -m 0700 /root/.ssh; echo '{public}' >>/root/.ssh/authorized_keys")
    made[name].sh(f"ssh-keyscan -t ed25519 {keeper.address} >>/root/.ssh/known_hosts 2>/dev/null")
