"""What the collector makes of psql's words, and what it never lets out."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

SOCKETS = """Num       RefCount Protocol Flags    Type St Inode Path
0000000000000000: 00000002 00000000 00010000 0001 01 2100 /var/run/postgresql/.s.PGSQL.5433
0000000000000000: 00000002 00000000 00010000 0001 01 2101 /run/systemd/notify
0000000000000000: 00000002 00000000 00010000 0001 01 2102 /tmp/.s.PGSQL.5432
0000000000000000: 00000002 00000000 00010000 0001 01 2103 /var/run/postgresql/.s.PGSQL.5432
"""


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("SELECT * FROM visit WHERE id = $1 AND day > 20", "SELECT * FROM visit WHERE id = $1 AND day > ?"),
        ("SELECT 'Zhang ''San''', E'x', U&'\u674e', $q$ li $q$ FROM t2", "SELECT ?, ?, ?, ? FROM t2"),
        ("ALTER ROLE li PASSWORD 'never ended", "ALTER ROLE li PASSWORD ?"),
        ("SELECT 1 -- of patient 7\n, 2 /* it's 'his' */", "SELECT ? , ?"),
        ('SELECT "name of 3" FROM "it\'s"', 'SELECT "name of 3" FROM "it\'s"'),
        (r"SELECT 'a\', 'Zhang San', 'b'", "SELECT ?"),
        ("SELECT 1.5e3, .5, 0x1F, t1.c2", "SELECT ?, ?, ?, t1.c2"),
        ("SELECT a /* \u533b\u751f /* \u4e34\u65f6 */ \u5f20\u4e09 A12 */ FROM t", "SELECT a"),
        ("SELECT a /*/ of 3 */, b /* never /ended", "SELECT a , b"),
        ("SELECT $\u4e2d$ \u5f20\u4e09 $\u4e2d$, a", "SELECT ?, a"),
    ],
)
def test_literals_and_comments_are_masked_and_names_stay(part, text, told):
    assert part("masked").masked_sql(text) == told


@given(secret=st.text(alphabet="qzQZ\u5f20\u4e09'\\", min_size=4, max_size=12), cut=st.integers(0, 60))
def test_no_quoted_value_gets_through_wherever_the_text_was_cut(part, secret, cut):
    """Quoted as the server wants it, with what may stand around it."""
    written = secret.replace("'", "''")
    text = f"INSERT INTO t VALUES ('{written}', $1, '{written}') -- {written}"[: 20 + cut]  # noqa: S608  # never run
    told = part("masked").masked_sql(text)
    assert not set(told) & set("qzQZ\u5f20\u4e09\\'")


@pytest.mark.parametrize(
    ("trouble", "state"),
    [
        ('psql: error: connection to server on socket "/x" failed: No such file or directory', "down"),
        ('psql: error: connection to server at "h", port 5432 failed: Connection refused', "down"),
        ("psql: error: FATAL:  the database system is starting up", "down"),
        ("psql: error: FATAL:  sorry, too many clients already", "full"),
        ("FATAL:  remaining connection slots are reserved for non-replication superuser connections", "full"),
        ('psql: error: FATAL:  password authentication failed for user "x"', "refused"),
        ("psql: error: 致命错误:  用户 x Password 认证失败", "refused"),
        ("no answer within 3 s", "refused"),
        ("", "refused"),
    ],
)
def test_only_what_nobody_answered_is_down(part, trouble, state):
    """A server that answers in whatever language, and one that is slow, is not down."""
    assert part("postgresql").refusal(trouble)[0] == state
    assert part("postgresql").refusal(trouble)[1]


def test_each_port_that_listens_is_found_once(part):
    found = part("postgresql").sockets_of(SOCKETS)
    assert found == [("/var/run/postgresql/.s.PGSQL.5432", 5432), ("/var/run/postgresql/.s.PGSQL.5433", 5433)]


def test_rows_are_told_apart_by_their_key_and_the_rest_is_no_row(part):
    """A line that was cut at the limit is left out."""
    text = 'server\t{"a": 1}\ndatabase\t{"name": "x\\ty"}\ndatabase\t{"name": "z"}\nnotice\nserver\t{"a": 2'
    assert part("postgresql").rows_of(text) == {"server": [{"a": 1}], "database": [{"name": "x\ty"}, {"name": "z"}]}


def test_a_session_changes_nothing_and_waits_for_nobody(part):
    """What the server is told at its start; odd names stay values."""
    told = part("postgresql").conninfo({"name": "x", "user": "o'neil\\", "passfile": "/etc/pgpass"}, "his db", 10)
    assert "default_transaction_read_only=on" in told
    assert "statement_timeout=5000" in told
    assert "lock_timeout=500" in told
    assert "user='o\\'neil\\\\'" in told
    assert "dbname='his db'" in told
    assert "passfile='/etc/pgpass'" in told
    assert "password" not in told
    by_service = part("postgresql").conninfo({"name": "x", "service": "his"}, "his", 10)
    assert "service='his'" in by_service
    assert "host=" not in by_service


@pytest.mark.parametrize(
    ("version", "words"), [(130000, "checkpoints_req"), (160004, "checkpoints_req"), (170000, "num_requested")]
)
def test_checkpoints_are_asked_where_the_version_keeps_them(part, version, words):
    assert words in part("pgqueries").checkpoints_query(version)


@pytest.mark.parametrize(
    ("version", "took", "since"),
    [("1.7", "s.total_time", False), ("1.8", "s.total_exec_time", False), ("1.10", "s.total_exec_time", True)],
)
def test_statements_are_asked_as_their_extension_has_them(part, version, took, since):
    """The extension may be older than the server: an upgrade leaves it as it was."""
    query, reset = part("pgqueries").statements_query('odd "schema', version)
    assert took in query
    assert '"odd ""schema".pg_stat_statements' in query
    assert ("pg_stat_statements_info" in reset) is since
