"""What the collector makes of the mariadb client's words, and what it never lets out."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

SOCKETS = """Num       RefCount Protocol Flags    Type St Inode Path
0000000000000000: 00000002 00000000 00010000 0001 01 2100 /var/run/mysqld/mysqld.sock
0000000000000000: 00000002 00000000 00010000 0001 01 2101 /run/mysqld/mysqlx.sock
0000000000000000: 00000002 00000000 00010000 0001 01 2102 /tmp/mysql3307.sock
0000000000000000: 00000003 00000000 00000000 0001 03 2103 /run/mysqld/mysqld.sock
0000000000000000: 00000002 00000000 00010000 0001 01 2104 /var/run/postgresql/.s.PGSQL.5432
"""


def as_written(value: str | None) -> str:
    """A field as QUOTE and then the client's batch mode write it."""
    if value is None:
        return "NULL"
    quoted = value.replace("\\", "\\\\").replace("'", "\\'").replace("\0", "\\0").replace("\x1a", "\\Z")
    escaped = f"'{quoted}'".replace("\\", "\\\\")
    return escaped.replace("\t", "\\t").replace("\n", "\\n").replace("\0", "\\0")


@given(
    told=st.lists(
        st.tuples(
            st.none() | st.text(alphabet="a'\\\t\n\0\x1aN张", max_size=8) | st.just("NULL"), st.none() | st.text()
        ),
        max_size=4,
    )
)
def test_any_field_comes_back_as_it_was(part, told):
    """Tabs, line breaks, backslashes, quotes, NULL and the word NULL."""
    lines = ["maintkit", "names", "a\tb", *("\t".join(map(as_written, row)) for row in told)]
    if not told:
        lines = lines[:2]  # the client writes no header of an empty result
    ((key, kept),) = part("mytext").batch_results("\n".join(lines) + "\n")
    assert key == "names"
    assert [(row["a"], row["b"]) for row in part("mytext").result_rows(kept)] == told


def test_results_are_told_apart_and_a_line_that_was_cut_is_left_out(part):
    status, tables = "status\nVariable_name\tValue\nUptime\t5\n", "tables\nname\tsize\n'a'\t'1'\n'b'"
    text = f"maintkit\n{status}maintkit\nblocks\nmaintkit\n{tables}"
    told = {key: part("mytext").result_rows(lines) for key, lines in part("mytext").batch_results(text)}
    assert told == {
        "status": [{"Variable_name": "Uptime", "Value": "5"}],
        "blocks": [],
        "tables": [{"name": "a", "size": "1"}],
    }
    assert part("mytext").named_values(told["status"]) == {"Uptime": "5"}


@pytest.mark.parametrize(
    ("trouble", "state"),
    [
        ("ERROR 2002 (HY000): Can't connect to local server through socket '/x' (2)", "down"),
        ("ERROR 2002 (HY000): Can't connect to local server through socket '/x' (13)", "refused"),
        ("ERROR 2003 (HY000): Can't connect to MySQL server on 'h:3306' (111)", "down"),
        ("ERROR 1053 (08S01): Server shutdown in progress", "down"),
        ("ERROR 1040 (HY000): Too many connections", "full"),
        ("ERROR 1045 (28000): Access denied for user 'x'@'localhost' (using password: NO)", "refused"),
        ("ERROR 1226 (42000): User 'x' has exceeded the 'max_user_connections' resource", "refused"),
        ("Could not open required defaults file: /etc/maintkit/my.cnf", "refused"),
        ("", "refused"),
    ],
)
def test_only_what_nobody_answered_is_down(part, trouble, state):
    """A socket that may not be opened, an account that is refused and a file that is not there are not the server's."""
    told, reason = part("myclient").mysql_refusal(*part("mytext").client_complaints(trouble))
    assert told == state
    assert reason


def test_an_error_is_told_by_its_line_and_a_warning_is_none(part):
    errors, rest = part("mytext").client_complaints(
        "mysql: [Warning] Using a password on the command line interface can be insecure.\n"
        "ERROR 1227 (42000) at line 7: Access denied; you need (at least one of) the PROCESS privilege(s)\nodd\n"
    )
    assert [(line, code) for line, code, _words in errors] == [(7, 1227)]
    assert rest == "odd"


def test_each_right_that_is_missing_is_named_beside_what_it_hides(part):
    """By the place of the statement that the server refused; another complaint stands in the server's words."""
    asked = part("myqueries").my_second(maria=True, version=(10, 11, 0), watching=True)
    first = len(part("myqueries").MY_PREPARE) + 1
    facts = {"flavour": "mariadb", "version": "10.11.0", "withheld": {}}
    errors = [(first + place, 1227 if place != 4 else 3024, "said") for place in range(len(asked))]
    part("mysql").explain_mysql(facts, asked, [(1, 1193, "Unknown system variable"), *errors], "")
    assert facts["withheld"]["transactions"] == "needs PROCESS"
    assert facts["withheld"]["channels"] == "needs SLAVE MONITOR"
    assert facts["withheld"]["index_sizes"] == "needs SELECT on mysql.innodb_index_stats"
    assert facts["withheld"]["databases"] == "said"


@pytest.mark.parametrize(
    ("grant", "seen"),
    [
        ("GRANT PROCESS, SHOW VIEW ON *.* TO `m`@`localhost`", True),
        ("GRANT ALL PRIVILEGES ON *.* TO 'root'@'localhost' IDENTIFIED VIA unix_socket WITH GRANT OPTION", True),
        ("GRANT USAGE ON *.* TO `SELECT`@`localhost`", False),
        ("GRANT PROCESS ON *.* TO `m`@`localhost`", False),
        ("GRANT SELECT ON `his`.* TO `m`@`localhost`", False),
    ],
)
def test_tables_are_all_seen_only_by_a_right_to_all(part, grant, seen):
    assert bool(part("mysql").SHOWS_ALL.match(grant)) is seen


def test_each_socket_of_a_server_is_found_once_and_a_declared_one_is_no_stranger(part):
    """Not that of the X protocol. An instance that did not say where it listens may be any of those left."""
    found = part("mysql").mysql_sockets(SOCKETS)
    assert found == ["/run/mysqld/mysqld.sock", "/tmp/mysql3307.sock"]  # noqa: S108  # as written above
    up = {"settings": {"socket": "/var/run/mysqld/mysqld.sock"}}
    assert part("mysql").unaccounted(found, [{"host": "127.0.0.1"}], [up]) == found[1:]
    assert part("mysql").unaccounted(found, [{"socket": found[1]}], [{}]) == found[:1]
    assert part("mysql").unaccounted(found, [{"host": "127.0.0.1"}], [{}]) == found[1:]
    assert part("mysql").unaccounted(found[:1], [{}], [{}]) == []


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("10.11.19-MariaDB-0+deb12u1", (10, 11, 19)),
        ("5.5.5-10.3.39-MariaDB", (10, 3, 39)),
        ("8.0.36", (8, 0, 36)),
        ("5.7.44-log", (5, 7, 44)),
    ],
)
def test_a_version_is_its_numbers(part, text, numbers):
    assert part("mysql").version_of(text) == numbers


def index(name: str, *columns: str, unique: bool = False, kind: str = "BTREE") -> dict[str, str]:
    plain = "0" if unique else "1"
    return {"db": "d", "tbl": "t", "name": name, "plain": plain, "kind": kind, "parts": "\n".join(columns)}


@pytest.mark.parametrize(
    ("indexes", "needless"),
    [
        ([index("k1", "'a'::A"), index("k2", "'a'::A", "'b'::A")], {"k1": "k2"}),
        ([index("k1", "'a'::A"), index("k2", "'a'::A")], {"k2": "k1"}),
        ([index("k1", "'a'::A"), index("u", "'a'::A", unique=True)], {"k1": "u"}),
        ([index("u", "'a'::A", unique=True), index("k", "'a'::A", "'b'::A")], {}),
        ([index("u1", "'a'::A", unique=True), index("u2", "'a'::A", unique=True)], {"u2": "u1"}),
        ([index("PRIMARY", "'a'::A", unique=True), index("k", "'a'::A")], {"k": "PRIMARY"}),
        ([index("PRIMARY", "'a'::A", unique=True), index("a", "'a'::A", unique=True)], {"a": "PRIMARY"}),
        ([index("k1", "'a':10:A"), index("k2", "'a'::A", "'b'::A")], {}),
        ([index("k1", "?::A"), index("k2", "?::A", "'b'::A")], {}),
        ([index("f", "'a'::", kind="FULLTEXT"), index("k", "'a'::A")], {}),
        ([index("k1", "'b'::A"), index("k2", "'a'::A", "'b'::A")], {}),
        ([index("k1", "'a'::A"), index("k2", "'a'::D")], {}),
    ],
)
def test_an_index_is_needless_only_where_another_does_all_that_it_does(part, indexes, needless):
    """Prefix, order, uniqueness and kind count; of twins the later name is the needless one."""
    found = part("myindexes").needless_indexes({"indexes": indexes}, counted=False, sized=False)
    assert {one["name"].rpartition(".")[2]: one["redundant_to"] for one in found} == needless
    assert all(one["unused"] is None and one["size_bytes"] is None for one in found)


def test_an_index_that_a_foreign_key_needs_is_never_unused(part):
    """It may hold more columns behind those of the key; in another order it does not serve."""
    indexes = [index("k", "'a'::A", "'b'::A"), index("other", "'b'::A", "'a'::A")]
    db, tbl = indexes[0]["db"], indexes[0]["tbl"]
    told = {
        "indexes": indexes,
        "unused": [{"db": db, "tbl": tbl, "name": one["name"]} for one in indexes],
        "foreign_keys": [{"db": db, "tbl": tbl, "name": "f", "parts": "'a'"}],
    }
    found = part("myindexes").needless_indexes(told, counted=True, sized=False)
    assert {one["name"].rpartition(".")[2] for one in found if one["unused"]} == {"other"}


def test_of_replication_errors_only_the_numbers_are_told(part):
    """MySQL's new names and the old ones."""
    old = {"Slave_IO_Running": "Yes", "Slave_SQL_Running": "No", "Seconds_Behind_Master": None, "SQL_Delay": "0"}
    old |= {"Last_SQL_Errno": "1062", "Last_SQL_Error": "Duplicate entry 'Zhang San'", "Connection_name": "his"}
    told = part("mysql").channel_of(old)
    assert (told["name"], told["io"], told["sql"], told["lag_s"], told["sql_error"]) == ("his", "Yes", "No", None, 1062)
    assert "Zhang" not in str(told)
    new = {"Replica_IO_Running": "Yes", "Replica_SQL_Running": "Yes", "Seconds_Behind_Source": "7", "Source_Host": "h"}
    assert (part("mysql").channel_of(new)["lag_s"], part("mysql").channel_of(new)["source"]) == (7.0, "h")


def test_a_name_is_filed_as_innodb_files_it(part):
    assert part("mysql").filed("挂号 '1'", "病人_a1") == "@6302@53f7@0020@00271@0027/@75c5@4eba_a1"


def test_a_digest_is_masked_once_more_with_both_kinds_of_quotes(part):
    told = {"statements": [{"id": "a" * 32, "db": "d", "calls": "2", "ms": "1.5", "text": "SELECT \"Zhang\", 'Li', 7"}]}
    facts = {"withheld": {}}
    part("mysql").seen_of_statements(facts, told)
    assert facts["statements"][0]["query"] == "SELECT ?, ?, ?"


def test_the_client_is_told_no_password_and_reads_no_file_but_the_one_named(part):
    told = part("myclient").client_arguments({"name": "x", "defaults_file": "/etc/my", "socket": "/s"}, 10)
    assert told[0] == "--defaults-file=/etc/my"
    assert "--socket=/s" in told
    assert not [word for word in told if "password" in word or word.startswith("--user")]
    bare = part("myclient").client_arguments({"name": "x", "host": "::1"}, 10)
    assert bare[0] == "--no-defaults"
    assert {"--protocol=tcp", "--host=::1", "--port=3306", "--user=mysql"} <= set(bare)


@pytest.mark.parametrize(
    ("maria", "version", "words"),
    [
        (True, (10, 11, 2), ("SHOW ALL SLAVES STATUS", "INNODB_SYS_TABLES WHERE SPACE = 0", "INNODB_LOCK_WAITS")),
        (False, (5, 7, 44), ("SHOW SLAVE STATUS", "INNODB_SYS_TABLES WHERE SPACE_TYPE", "INNODB_LOCK_WAITS")),
        (False, (8, 0, 36), ("SHOW REPLICA STATUS", "INNODB_TABLES WHERE SPACE_TYPE", "data_lock_waits")),
    ],
)
def test_each_server_is_asked_where_it_keeps_it(part, maria, version, words):
    asked = part("myqueries").my_second(maria, version, watching=False)
    assert all(word in "\n".join(asked) for word in words)
    assert all("\n" not in statement for statement in asked)
    assert "performance_schema.events" not in "\n".join(asked)
