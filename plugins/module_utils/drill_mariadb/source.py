"""Which server the source is: what a plan freezes, and what the copy is held against."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ansible_collections.maintkit.ops.plugins.module_utils.changes.place import Refused, machine_id
from ansible_collections.maintkit.ops.plugins.module_utils.mariadb.session import Reach, Session

from . import guard

# Of the source, because a copy without them would read its files, or obey its logs, in another way.
ALIKE = (
    "lower_case_table_names", "character_set_server", "collation_server", "default_storage_engine",
    "innodb_default_row_format", "innodb_strict_mode", "explicit_defaults_for_timestamp", "innodb_file_per_table",
    "sql_mode", "old_mode",
)  # fmt: skip
ASKED = (*ALIKE, "datadir", "pid_file", "server_id", "version", "log_bin", "binlog_format", "read_only", "hostname")
ASKED += ("innodb_checksum_algorithm", "gtid_binlog_state")
LEAST = (10, 5)  # its programs are called mariadb-… since


def identity(reach: Reach) -> dict[str, Any]:
    """The server, the machine and the directory that it really is; Refused when they contradict each other.

    What answers must be a server that runs on this machine, in the directory that it names.
    """
    with Session(reach) as session:
        told = dict(session.ask(f"SHOW GLOBAL VARIABLES WHERE variable_name IN {ASKED!r}"))
        filters = [field for row in session.ask("SHOW MASTER STATUS") for field in row[2:4] if field]
        logs = dict(session.ask("SHOW BINARY LOGS")) if told["log_bin"] == "ON" else {}
        receives = bool(session.ask("SHOW ALL SLAVES STATUS"))
        size = session.value("SELECT COALESCE(SUM(data_length + index_length), 0) FROM information_schema.tables")
    data = Path(told["datadir"])
    found = [one for one in guard.servers() if one.data == data.resolve()]
    if not found:
        raise Refused(f"what answers works in {data}, and no server of this host does: reach it by its own socket")
    version = told["version"].partition("-")[0]
    if "mariadb" not in told["version"].lower() or tuple(int(one) for one in version.split(".")[:2]) < LEAST:
        raise Refused(f"the source is {told['version']}: drills are of MariaDB {LEAST[0]}.{LEAST[1]} and later")
    return {
        "engine": "mariadb",
        "machine_id": machine_id(),
        "system_identifier": f"server_id {told['server_id']}",
        "server_id": int(told["server_id"]),
        "tablespace": found[0].tablespace,
        "data_directory": str(data),
        "hostname": told["hostname"],
        "version": version,
        "checksums": told["innodb_checksum_algorithm"] != "none",
        "log_bin": told["log_bin"] == "ON",
        "binlog_format": told["binlog_format"],
        "filters": filters,
        "logs": {name: int(size) for name, size in logs.items()},
        "receives": receives,
        "read_only": told["read_only"] == "ON",
        "gtid_state": told["gtid_binlog_state"],
        "alike": {name: told[name] for name in ALIKE if name in told},
        "bytes": int(float(size)),
    }
