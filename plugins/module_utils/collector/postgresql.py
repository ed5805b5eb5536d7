"""What PostgreSQL's own statistics say: declared instances by psql, a session a database, never a word of the data."""

from __future__ import absolute_import, division, print_function, unicode_literals

import json
import os
import re

from .masked import masked_sql
from .pgqueries import INSTANCE_QUERIES, WAITING, checkpoints_query, statements_query
from .pgtables import DATABASE_QUERIES, bloat_query
from .pgtuning import ACTIVITY_QUERY, SETTINGS_QUERY
from .probe import Absent, paths_like
from .program import monotonic
from .text import decode, encode, number

OLDEST = 130000  # PostgreSQL 13
PSQL_CAP = 2 << 20
SOCKET = re.compile(r"\s(/\S*/\.s\.PGSQL\.(\d+))$", re.MULTILINE)
UNREACHED = re.compile(
    r"connection refused|no such file or directory|timeout expired|could not translate|no route to host"
    r"|network is unreachable|starting up|shutting down|recovery mode|terminating connection|正在启动|正在关闭",
    re.IGNORECASE,
)
FULL = re.compile(r"too many (?:clients|connections)|connection slots are reserved|太多", re.IGNORECASE)
NEEDS_STATS = "needs membership of pg_monitor"


def collect_postgresql(probe):
    wanted = probe.parameters["postgresql"]
    found = sockets_of(probe.read("/proc/net/unix") or "")
    if not wanted and not found:
        raise Absent("no PostgreSQL is named for this host and none listens on a socket")
    if not wanted:
        return {"instances": [undeclared(path, port) for path, port in found]}
    psql = (newest_first(paths_like("/usr/lib/postgresql/*/bin/psql")) or [probe.program("psql")])[0]
    if psql is None:
        raise EnvironmentError("no program psql: the declared instances cannot be asked")
    # The share of each is fixed beforehand: one that hangs must not take the time of the next.
    share = probe.parameters["section_timeout_s"] * 0.8 / len(wanted)
    instances = [ask_instance(probe, psql, one, monotonic() + share) for one in wanted]
    for one in instances:
        for field, why in sorted(one["withheld"].items()):
            probe.withheld["%s %s" % (one["name"], field)] = why
    known = set(number(str(one.get("port", 5432))) for one in wanted)
    return {"instances": instances + [undeclared(path, port) for path, port in found if port not in known]}


def sockets_of(text):
    """`(path, port)` of PostgreSQL's listening sockets in /proc/net/unix, one a port."""
    by_port = dict((int(port), path) for path, port in SOCKET.findall(text))
    return sorted((path, port) for port, path in by_port.items())


def newest_first(paths):
    """Debian's versioned programs, newest first: the plain name there is a Perl script that looks for a cluster."""
    return sorted(paths, key=lambda path: [number(part) or 0 for part in path.split("/")], reverse=True)


def undeclared(path, port):
    reason = "a server listens at %s and the site does not declare it" % path
    return {"name": "port %d" % port, "state": "undeclared", "reason": reason, "withheld": {}}


def ask_instance(probe, psql, one, deadline):
    """All facts of one instance; `state` and `reason` say why there are none."""
    facts = {"name": one["name"], "state": "up", "reason": None, "withheld": {}}
    session = Session(probe, psql, one, deadline)
    databases = one.get("databases") or []
    first = (databases or ["postgres"])[0]
    rows, trouble = session.ask(first, INSTANCE_QUERIES + [SETTINGS_QUERY])
    if not rows.get("server"):
        facts["state"], facts["reason"] = refusal(trouble)
        return facts
    facts.update(rows["server"][0])
    facts["databases"] = rows.get("database", [])
    for key in ("transactions", "prepared", "replicas", "slots", "pending_restart", "settings"):
        facts[key] = rows.get(key, [])
    facts["pending_restart"] = [one["name"] for one in facts["pending_restart"]]
    for key in ("archiver", "standby"):
        facts[key] = (rows.get(key) or [None])[0]
    explain(facts, trouble)
    if facts["version_num"] < OLDEST:
        facts["withheld"]["version"] = "PostgreSQL before 13 is not asked for more"
        return facts
    ask_waiting(session, facts, first)
    ask_databases(session, facts, databases)
    return facts


def refusal(trouble):
    """(state, reason) where no session came about."""
    state = "down" if UNREACHED.search(trouble) else "full" if FULL.search(trouble) else "refused"
    return state, without_prefix(trouble) or "psql said nothing"


def without_prefix(trouble):
    """psql's first complaint without its own name, on one line."""
    lines = [line.strip() for line in trouble.splitlines() if line.strip()]
    return re.sub(r"^psql: (?:error: )?", "", " ".join(lines[:2]))[:300]


def explain(facts, trouble):
    """What this role may not see is said, field by field; what went wrong otherwise, as psql said it."""
    if not facts["sees_all"]:
        for field in ("transactions", "replicas", "standby", "statements"):
            facts["withheld"][field] = NEEDS_STATS
    if not facts["sees_settings"]:
        facts["withheld"]["pending_restart"] = NEEDS_STATS
    if trouble:
        facts["withheld"]["instance"] = without_prefix(trouble)


def ask_waiting(session, facts, database):
    """What waits to be archived: the archiver counts an attempt when it ends, so of one that hangs it says nothing."""
    if not facts["archiving"] or facts["archiver"] is None:
        return
    rows, trouble = session.ask(database, [WAITING]) if facts["sees_archive"] else ({}, NEEDS_STATS)
    facts["archiver"].update((rows.get("waiting") or [{}])[0])
    if trouble:
        facts["withheld"]["waiting"] = without_prefix(trouble)


def ask_databases(session, facts, wanted):
    """Tables, indexes and sequences of each database, and the statements of the first that can show them."""
    open_ones = [one["name"] for one in facts["databases"] if one["may_connect"]]
    extensions = []
    for name in wanted or open_ones:
        fact = dict(([one for one in facts["databases"] if one["name"] == name] or [{"name": name}])[0])
        if not fact.get("may_connect"):
            facts["withheld"]["database %s" % name] = "no such database or no right to connect"
            continue
        queries = DATABASE_QUERIES + [ACTIVITY_QUERY]
        queries += [] if "checkpoints" in facts else [checkpoints_query(facts["version_num"])]
        rows, trouble = session.ask(name, queries)
        if "counts" not in rows:
            facts["withheld"]["database %s" % name] = without_prefix(trouble)
            continue
        if trouble:
            facts["withheld"]["database %s" % name] = without_prefix(trouble)
        facts["checkpoints"] = (rows.get("checkpoints") or [facts.get("checkpoints")])[0]
        extensions += [dict(extension, database=name) for extension in rows.get("extension", [])]
        asked = next(one for one in facts["databases"] if one["name"] == name)
        asked.update(rows["counts"][0], asked=True)
        for key in ("tables", "vacuum", "statistics", "sequences", "keys", "indexes", "foreign_keys", "activity"):
            asked[key] = rows.get(key, [])
    if session.probe.parameters["deep"]:
        measure_bloat(session, facts, extensions)
    ask_statements(session, facts, extensions)


def measure_bloat(session, facts, extensions):
    """Leaf density of the largest B-trees by pgstatindex, which reads them whole: deep inspections only."""
    having = dict((one["database"], one) for one in extensions if one["extname"] == "pgstattuple")
    for database in [one for one in facts["databases"] if one.get("asked")]:
        field = "bloat %s" % database["name"]
        if database["name"] not in having:
            facts["withheld"][field] = "the extension pgstattuple is not in database %s" % database["name"]
            continue
        rows, trouble = session.ask(database["name"], [bloat_query(having[database["name"]]["nspname"])])
        database["bloat"] = rows.get("bloat", [])
        if trouble:
            facts["withheld"][field] = without_prefix(trouble)


def ask_statements(session, facts, extensions):
    """The statements that stand out, normalised by the server and masked once more here."""
    having = [one for one in extensions if one["extname"] == "pg_stat_statements"]
    if not having:
        facts["withheld"]["statements"] = "the extension pg_stat_statements is in none of the databases asked"
        return
    if not facts["sees_all"]:
        return
    query, since = statements_query(having[0]["nspname"], having[0]["extversion"])
    rows, trouble = session.ask(having[0]["database"], [query, since])
    if trouble:
        facts["withheld"]["statements"] = without_prefix(trouble)
        return
    facts["statements"] = {
        "since_at": rows["since"][0]["since_at"],
        "total_ms": rows["statement"][0]["total_ms"] if "statement" in rows else 0.0,
        "top": [dict(one, query=masked_sql(one["query"])[:300]) for one in rows.get("statement", [])],
    }


class Session(object):
    """How psql is started for one instance."""

    def __init__(self, probe, psql, one, deadline):
        self.probe = probe
        self.psql = psql
        self.one = one
        self.deadline = deadline

    def ask(self, database, queries):
        """`({key: rows}, what psql complained of)`; each query gives lines of a key, a tab and a JSON object."""
        left = self.deadline - monotonic()
        if left < 0.2:
            return {}, "no time was left"
        argv = [self.psql, "-X", "-A", "-t", "-q", "-w", "-d"]
        # Names may be Chinese, and old Pythons would write them in the locale's ASCII.
        argv.append(encode(conninfo(self.one, database, left)))
        for query in queries:
            argv += ["-c", query]
        how = "psql: statistics of %s, database %s" % (self.one["name"], database)
        output = self.probe.run(argv, left, PSQL_CAP, identity_of(self.one.get("os_user", "postgres")), how)
        rows, trouble = rows_of(decode(output.out)), complaints(decode(output.err))
        if output.timeout or output.capped:
            trouble = "no answer within %d s" % left if output.timeout else "the output was cut"
        return rows, trouble


def complaints(text):
    """What psql wrote to stderr, notices left out."""
    return "\n".join(line for line in text.splitlines() if line.strip() and not re.match("(NOTICE|WARNING):", line))


def rows_of(text):
    """`{key: [object, …]}` of lines `key<tab>object`; others are left out."""
    rows = {}
    for line in text.split("\n"):
        key, tab, rest = line.partition("\t")
        if tab and rest.startswith("{") and rest.endswith("}"):
            rows.setdefault(key, []).append(json.loads(rest))
    return rows


def conninfo(one, database, left):
    """libpq's connection string. It never holds a password: that is in the file that `passfile` names, or peer."""
    milliseconds = max(200, int(min(5.0, left * 0.8) * 1000))
    settings = {
        "statement_timeout": milliseconds,
        "lock_timeout": 500,
        "default_transaction_read_only": "on",
        "search_path": "pg_catalog",
        "jit": "off",
    }
    fields = {
        "dbname": database,
        "application_name": "maintkit",
        "client_encoding": "UTF8",
        "connect_timeout": max(2, min(5, int(left))),
        "options": " ".join("-c %s=%s" % pair for pair in sorted(settings.items())),
    }
    if "service" not in one:
        fields.update(host=one.get("host", "/var/run/postgresql"), port=one.get("port", 5432))
        fields["user"] = one.get("user", one.get("os_user", "postgres"))
    for key in ("service", "host", "port", "user", "passfile"):
        if key in one:
            fields[key] = one[key]
    return " ".join("%s='%s'" % (key, quoted(value)) for key, value in sorted(fields.items()))


def quoted(value):
    """A value of a connection string."""
    return ("%s" % value).replace("\\", "\\\\").replace("'", "\\'")


def identity_of(name):
    """(uid, gid) of the OS user as whom psql runs; None where this process cannot become another."""
    if os.geteuid() != 0:
        return None
    import pwd  # here, because only hosts with a database pay for it

    try:
        entry = pwd.getpwnam(str(name))
    except KeyError:
        raise EnvironmentError("no user %s on this host" % name)
    return entry.pw_uid, entry.pw_gid
