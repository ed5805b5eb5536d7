"""What MySQL and MariaDB say of themselves: declared instances by the host's own client, never a word of the data."""

from __future__ import absolute_import, division, print_function, unicode_literals

import re

from .masked import masked_sql
from .myclient import MysqlSession, mysql_refusal
from .myindexes import needless_indexes
from .myqueries import MY_COUNTERS, MY_FIRST, MY_INDEXES_MAX, MY_PREPARE, my_second
from .mytext import named_values
from .probe import Absent, paths_like
from .program import monotonic
from .text import decimal, number

MYSQL_SOCKET = re.compile(r"\s(/\S*/(?:mysqld?|mariadbd?)\d*\.sock)$", re.MULTILINE)
MYSQL_CLIENTS = ("/usr/local/mysql*/bin/mysql", "/opt/mysql*/bin/mysql", "/opt/mariadb*/bin/mariadb")
DENIED_CODES = (1044, 1045, 1142, 1143, 1227, 1370)
ALL_TABLES = "needs SHOW VIEW on *.*: only tables with a right of its own are seen"
MYSQL_NEEDS = {
    "transactions": "needs PROCESS",
    "history": "needs PROCESS",
    "blocks": "needs PROCESS",
    "shared": "needs PROCESS",
    "index_sizes": "needs SELECT on mysql.innodb_index_stats",
    "table_stats": "needs SELECT on mysql.innodb_table_stats",
    "unused": "needs SELECT on performance_schema.table_io_waits_summary_by_index_usage",
    "statements": "needs SELECT on performance_schema.events_statements_summary_by_digest",
}
DIGEST_KEYS = ("scanning", "spilling", "statements_total")
WATCHING_OFF = "performance_schema is off"
# A right to any of these on all tables shows all tables; SHOW VIEW is the one that lets nobody read a row.
SHOWS_ALL = re.compile(
    r"^GRANT (?=[^`'\"]*\b(?:ALL PRIVILEGES|SELECT|SHOW VIEW|INSERT|UPDATE|REFERENCES|TRIGGER|INDEX)\b)"
    r"[^`'\"]* ON \*\.\* TO "
)
MYSQL_OLDEST = ((5, 7), (10, 3))


def collect_mysql(probe):
    wanted = probe.parameters["mysql"]
    found = mysql_sockets(probe.read("/proc/net/unix") or "")
    if not wanted and not found:
        raise Absent("no MySQL is named for this host and none listens on a socket")
    if not wanted:
        return {"instances": [undeclared_mysql(path) for path in found]}
    client = probe.program("mariadb") or probe.program("mysql")
    client = client or next((path for pattern in MYSQL_CLIENTS for path in paths_like(pattern)), None)
    if client is None:
        raise EnvironmentError("no program mariadb or mysql: the declared instances cannot be asked")
    # The share of each is fixed beforehand: one that hangs must not take the time of the next.
    share = probe.parameters["section_timeout_s"] * 0.8 / len(wanted)
    instances = [ask_mysql(MysqlSession(probe, client, one, monotonic() + share)) for one in wanted]
    for one in instances:
        for field, why in sorted(one["withheld"].items()):
            probe.withheld["%s %s" % (one["name"], field)] = why
    return {"instances": instances + [undeclared_mysql(path) for path in unaccounted(found, wanted, instances)]}


def mysql_sockets(text):
    """Listening sockets in /proc/net/unix that bear the name of such a server."""
    return sorted(set(path.replace("/var/run/", "/run/") for path in MYSQL_SOCKET.findall(text)))


def unaccounted(found, wanted, instances):
    """Sockets of no declared instance. One that did not say which socket is its own may be any of them."""
    known = [one["settings"].get("socket", "") for one in instances if one.get("settings")]
    known += [one["socket"] for one in wanted if one.get("socket")]
    known = [path.replace("/var/run/", "/run/") for path in known]
    silent = [one for one, told in zip(wanted, instances) if not told.get("settings") and not one.get("socket")]
    return [path for path in found if path not in known][len(silent) :]


def undeclared_mysql(path):
    reason = "a MySQL server listens at %s and the site does not declare it" % path
    return {"name": path, "state": "undeclared", "reason": reason, "withheld": {}}


def ask_mysql(session):
    """All facts of one instance; `state` and `reason` say why there are none."""
    facts = {"name": session.one["name"], "state": "up", "reason": None, "withheld": {}}
    told, errors, trouble = session.ask(MY_FIRST)
    if not told.get("server"):
        facts["state"], facts["reason"] = mysql_refusal(errors, trouble)
        return facts
    server = told["server"][0]
    settings, status = named_values(told.get("settings")), named_values(told.get("status"))
    version = version_of(server["version"])
    maria = "mariadb" in (server["version"] + settings.get("version_comment", "")).lower()
    facts.update(
        version=".".join("%d" % part for part in version),
        flavour="mariadb" if maria else "mysql",
        now_at=decimal(server["now_at"]),
        settings=settings,
        max_connections=number(settings.get("max_connections")),
        performance_schema=switch(settings.get("performance_schema")),
        read_only=switch(settings.get("read_only")),
        counters=counters_of(status),
        connections=number(status.get("Threads_connected")),
        most_connections=number(status.get("Max_used_connections")),
        open_tables=number(status.get("Open_tables")),
    )
    if facts["now_at"] is not None and number(status.get("Uptime")) is not None:
        facts["started_at"] = facts["now_at"] - number(status["Uptime"])
    explain_mysql(facts, MY_FIRST, errors, trouble)
    if version < MYSQL_OLDEST[1 if maria else 0]:
        facts["withheld"]["version"] = "versions before MySQL 5.7 and MariaDB 10.3 are not asked for more"
        return facts
    asked = my_second(maria, version, facts["performance_schema"])
    told_more, errors, trouble = session.ask(asked)
    explain_mysql(facts, asked, errors, trouble)
    seen_of_sessions(facts, told_more, status)
    seen_of_replication(facts, told_more)
    shown = any(SHOWS_ALL.match(text) for row in told.get("grants", []) for text in row.values() if text)
    seen_of_tables(facts, told_more, shown)
    seen_of_statements(facts, told_more)
    return facts


def version_of(text):
    """The numbers that a version begins with. MariaDB 10 may say 5.5.5- before its own, for old replicas."""
    text = re.sub(r"^5\.5\.5-(?=1\d\.)", "", text or "")
    return tuple(int(part) for part in re.findall(r"\d+", re.split(r"[^\d.]", text)[0])[:3])


def switch(text):
    return None if text is None else text in ("ON", "1")


def counters_of(status):
    """Counters since the start of the server, in small letters."""
    return dict((name.lower(), number(status.get(name))) for name in MY_COUNTERS[4:-1])


def explain_mysql(facts, asked, errors, trouble):
    """What was not told is said, field by field: the right that it wants, or else the server's word."""
    keys = [statement.split("'")[1] for statement in asked]
    for at, code, text in errors:
        place = at - 1 - len(MY_PREPARE)
        if not 0 <= place < len(keys):
            continue
        key = "statements" if keys[place] in DIGEST_KEYS else keys[place]
        if key == "channels" and code in DENIED_CODES:
            maria = facts["flavour"] == "mariadb" and version_of(facts["version"]) >= (10, 5)
            facts["withheld"][key] = "needs SLAVE MONITOR" if maria else "needs REPLICATION CLIENT"
        else:
            facts["withheld"][key] = MYSQL_NEEDS.get(key, text) if code in DENIED_CODES else text
    if trouble:
        facts["withheld"]["instance"] = trouble


def heard(facts, told, key):
    """Whether a query was answered, with rows or without."""
    return key in told and key not in facts["withheld"]


def seen_of_sessions(facts, told, status):
    """Open transactions, whom they keep waiting, and how much the purge has still to do."""
    if heard(facts, told, "transactions"):
        waiting = dict((row["pid"], number(row["waiting"])) for row in told.get("blocks", []))
        facts["transactions"] = [
            {
                "pid": number(row["pid"]),
                "user": row["user"],
                "database": row["db"],
                "command": row["command"],
                "state": row["state"],
                "transaction_s": decimal(row["transaction_s"]),
                "changed": number(row["changed"]),
                "blocks": waiting.get(row["pid"], 0) if heard(facts, told, "blocks") else None,
            }
            for row in told.get("transactions", [])
        ]
    length = number(status.get("Innodb_history_list_length"))
    if length is not None:
        facts["withheld"].pop("history", None)
    elif told.get("history"):
        length = number(told["history"][0]["length"])
    facts["history"] = length


def seen_of_replication(facts, told):
    """The channels by which this server receives; errors by their number alone, for their text holds values."""
    if heard(facts, told, "channels"):
        facts["channels"] = [channel_of(row) for row in told["channels"]]


def channel_of(row):
    def first(*names):
        return next((row[name] for name in names if row.get(name) not in (None, "", "NULL")), None)

    return {
        "name": first("Connection_name", "Channel_Name") or "",
        "source": first("Master_Host", "Source_Host"),
        "io": first("Slave_IO_Running", "Replica_IO_Running"),
        "sql": first("Slave_SQL_Running", "Replica_SQL_Running"),
        "lag_s": decimal(first("Seconds_Behind_Master", "Seconds_Behind_Source")),
        "delay_s": decimal(first("SQL_Delay")),
        "io_error": number(first("Last_IO_Errno")),
        "sql_error": number(first("Last_SQL_Errno")),
    }


def seen_of_tables(facts, told, shown):
    """Sizes, free space and indexes; of tables that nothing lets this account see, that they are not seen."""
    gaps = facts["withheld"]
    for field in ("databases", "tables", "indexes"):
        if not shown:
            gaps.setdefault(field, ALL_TABLES)
    if not facts["performance_schema"]:
        gaps.update(unused=WATCHING_OFF, statements=WATCHING_OFF)
    elif "foreign_keys" in gaps:
        gaps["unused"] = "not known which indexes foreign keys need: %s" % gaps["foreign_keys"]
    if len(told.get("indexes", [])) >= MY_INDEXES_MAX:
        gaps["indexes"] = "more than %d indexes: only the first were looked at" % MY_INDEXES_MAX
    if "databases" in told:
        facts["databases"] = [
            {"name": row["name"], "size_bytes": number(row["size_bytes"]), "tables": number(row["tables"])}
            for row in told["databases"]
        ]
    if "tables" in told:
        facts["tables"] = tables_of(told, heard(facts, told, "shared"))
    if "indexes" in told:
        facts["indexes"] = needless_indexes(told, heard(facts, told, "unused"), heard(facts, told, "index_sizes"))


def tables_of(told, spaced):
    """The largest tables; `spaced`: it is known which have no tablespace of their own."""
    apart = set(row["name"].split("#")[0].lower() for row in told.get("shared", []))
    stats = dict(((row["db"], row["tbl"]), decimal(row["at"])) for row in told.get("table_stats", []))
    return [
        {
            "name": "%s.%s" % (row["db"], row["name"]),
            "engine": row["engine"],
            "size_bytes": number(row["size_bytes"]),
            "free_bytes": number(row["free_bytes"]),
            "shared": filed(row["db"], row["name"]).lower() in apart if spaced else None,
            "stats_at": stats.get((row["db"], row["name"])),
        }
        for row in told["tables"]
    ]


def seen_of_statements(facts, told):
    """The digests that took most time. Here "…" is a string as '…' is, where PostgreSQL has names in them."""
    if not heard(facts, told, "statements"):
        return
    rows = [row for key in ("statements", "scanning", "spilling") for row in told.get(key, [])]
    found = dict(((row["id"], row["db"]), statement_of(row)) for row in rows)
    facts["statements"] = sorted(found.values(), key=lambda one: (-(one["ms"] or 0), one["id"]))
    if told.get("statements_total"):
        facts["statements_ms"] = decimal(told["statements_total"][0]["ms"])


def statement_of(row):
    """One digest; `no_index` counts calls that used none, `temp_disk` temporary tables on the disk."""
    counts = ("calls", "rows_examined", "rows_sent", "no_index", "temp_disk")
    one = dict((name, number(row.get(name))) for name in counts)
    one.update(
        id=(row["id"] or "")[:16],
        database=row["db"],
        ms=decimal(row["ms"]),
        query=masked_sql((row["text"] or "").replace('"', "'"))[:300],
    )
    return one


def filed(database, name):
    """How InnoDB writes a table's name, which is how it names the file."""
    return "/".join(
        "".join(char if re.match(r"[A-Za-z0-9_]", char) else "@%04x" % ord(char) for char in part)
        for part in (database, name)
    )
