"""Advice speaks where figures are behind it, says where too little was counted, and leaves a healthy server alone."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import sample_advice as sample
from chinese import english_in

from maintkit.analysis.advice import RULES, Advice, Insufficient

GIB, MIB, NOW, DAY = 2**30, 2**20, sample.NOW, sample.DAY
PAGE = Path(__file__).parents[3] / "docs" / "advice.md"
INDEX = {"name": "public.i", "table": "public.t", "size_bytes": 50 * MIB, "valid": True}
TABLE = {"name": "public.t", "size_bytes": 3 * GIB, "live": 20_000_000, "dead": 5, "seq_scan": 10, "idx_scan": 5,
         "seq_tup_read": 100, "vacuum_scale": 0.02}  # fmt: skip
DIGEST = {"id": "d", "database": "pharmacy", "calls": 1000, "ms": 100_000.0, "rows_examined": 1000, "rows_sent": 1000,
          "no_index": 0, "temp_disk": 0, "query": "SELECT * FROM `drug` WHERE `id` = ?"}  # fmt: skip


def of(**changes: Any) -> list[str]:
    """The rules that speak of a PostgreSQL that is healthy but for this."""
    machine = {name: changes.pop(name) for name in ("memory_gib", "disks", "free_gib") if name in changes}
    return sample.rules(sample.said(sample.look(pg=sample.postgresql(**changes), **machine)))


def my(**changes: Any) -> list[str]:
    """The rules that speak of a MariaDB that is healthy but for this."""
    machine = {name: changes.pop(name) for name in ("memory_gib",) if name in changes}
    return sample.rules(sample.said(sample.look(my=sample.mysql(**changes), **machine)))


def test_healthy_servers_are_left_alone() -> None:
    assert sample.said(sample.look(pg=sample.postgresql(), my=sample.mysql())) == ()


POSTGRESQL: tuple[tuple[str, dict[str, Any]], ...] = (
    ("fsync", {"settings": {"fsync": "off"}}),
    ("full-page-writes", {"settings": {"full_page_writes": "off"}}),
    ("synchronous-commit", {"settings": {"synchronous_commit": "off"}}),
    ("autovacuum", {"settings": {"autovacuum": "off"}}),
    ("shared-buffers", {"settings": {"shared_buffers": "16384"}, "database": {"blks_read": 9_900_000}}),
    ("shared-buffers-large", {"settings": {"shared_buffers": str(20 * GIB // 8192)}}),
    ("effective-cache-size", {"settings": {"effective_cache_size": "524288"}}),
    ("effective-cache-size", {"settings": {"effective_cache_size": str(64 * GIB // 8192)}}),
    ("work-mem-large", {"settings": {"work_mem": str(128 * 1024)}}),
    ("work-mem", {"database": {"temp_files": 90_000, "temp_bytes": 900 * GIB}}),
    ("maintenance-work-mem", {"settings": {"maintenance_work_mem": "65536"}, "database": {"activity": [TABLE]}}),
    ("huge-pages", {"settings": {"huge_pages": "off"}}),
    ("max-wal-size", {"checkpoints": {"timed": 100, "requested": 900, "stats_reset_at": NOW - 90 * DAY}}),
    ("checkpoint-completion-target", {"settings": {"checkpoint_completion_target": "0.5"}}),
    ("random-page-cost", {"settings": {"random_page_cost": "4"}}),
    ("autovacuum-scale", {"database": {"activity": [{**TABLE, "vacuum_scale": None}]}}),
    (
        "log-min-duration",
        {
            "settings": {"log_min_duration_statement": "-1"},
            "statements": None,
            "withheld": {"statements": "the extension pg_stat_statements is in none of the databases asked"},
        },
    ),
    ("duplicate-index", {"database": {"indexes": [{**INDEX, "twin_of": "j"}]}}),
    ("prefix-index", {"database": {"indexes": [{**INDEX, "prefix_of": "j"}]}}),
    ("unused-index", {"database": {"indexes": [{**INDEX, "unused": True}]}}),
    (
        "foreign-key-index",
        {
            "database": {
                "foreign_keys": [
                    {"name": "k", "table": "public.t", "parent": "p", "table_bytes": GIB, "columns": "a, b"}
                ]
            }
        },
    ),
    ("sequential-reads", {"database": {"activity": [{**TABLE, "seq_scan": 9000, "seq_tup_read": 10**11}]}}),
    ("statement-time", {"statement": {"calls": 10**6, "ms": 80_000_000.0}, "total_ms": 90_000_000.0}),
    ("statement-mean", {"statement": {"calls": 30, "ms": 60_000.0}}),
    ("statement-reads", {"statement": {"blks_hit": 90_000_000}}),
    ("statement-temp", {"statement": {"temp_blks": 10_000_000}}),
)


@pytest.mark.parametrize(("rule", "changes"), POSTGRESQL, ids=[f"{rule}-{n}" for n, (rule, _) in enumerate(POSTGRESQL)])
def test_what_is_wrong_with_a_postgresql_leads_to_its_advice_and_no_other(rule: str, changes: dict[str, Any]) -> None:
    assert of(**changes) == [f"postgresql.{rule}"]


MYSQL: tuple[tuple[str, dict[str, Any]], ...] = (
    ("flush-log", {"settings": {"innodb_flush_log_at_trx_commit": "2"}}),
    ("sync-binlog", {"settings": {"sync_binlog": "0"}}),
    ("doublewrite", {"settings": {"innodb_doublewrite": "OFF"}}),
    ("slow-log", {"settings": {"slow_query_log": "OFF"}, "performance_schema": False}),
    (
        "buffer-pool",
        {"settings": {"innodb_buffer_pool_size": str(GIB)}, "counters": {"innodb_buffer_pool_reads": 9_000_000}},
    ),
    ("buffer-pool-large", {"settings": {"innodb_buffer_pool_size": str(28 * GIB)}}),
    ("redo-size", {"counters": {"innodb_os_log_written": 90 * 24 * 4 * GIB}}),
    ("temp-tables", {"counters": {"created_tmp_disk_tables": 4000}}),
    ("table-cache", {"open_tables": 2000, "counters": {"opened_tables": 900_000}}),
    ("memory", {"settings": {"sort_buffer_size": str(GIB)}}),
    ("max-connections", {"most_connections": 140}),
    ("redundant-index", {"indexes": [{"name": "a.b.c", "redundant_to": "d", "size_bytes": 9}]}),
    ("unused-index", {"indexes": [{"name": "a.b.c", "unused": True, "size_bytes": GIB}]}),
    ("statement-time", {"statements": ({**DIGEST, "calls": 10**6, "ms": 9e7},), "statements_ms": 1e8}),
    ("statement-no-index", {"statements": ({**DIGEST, "no_index": 1000, "rows_examined": 10**9},)}),
    ("statement-examined", {"statements": ({**DIGEST, "rows_examined": 10**9},)}),
    ("statement-temp", {"statements": ({**DIGEST, "temp_disk": 1000},)}),
)


@pytest.mark.parametrize(("rule", "changes"), MYSQL, ids=[rule for rule, _ in MYSQL])
def test_what_is_wrong_with_a_mysql_leads_to_its_advice_and_no_other(rule: str, changes: dict[str, Any]) -> None:
    assert my(**changes) == [f"mysql.{rule}"]


def test_every_rule_is_tried_and_stands_on_its_page_with_its_source() -> None:
    tried = {f"postgresql.{rule}" for rule, _ in POSTGRESQL} | {f"mysql.{rule}" for rule, _ in MYSQL}
    assert {rule.id for rule in RULES} == tried
    page = PAGE.read_text()
    assert [rule.id for rule in RULES if f"| `{rule.id}` | {rule.title} |" not in page] == []
    assert all(rule.source and rule.risk_zh and rule.undo_zh for rule in RULES)


@pytest.mark.parametrize(
    "needed",
    [
        {**INDEX, "twin_of": "j", "attached": True},
        {**INDEX, "twin_of": "j", "valid": False},
        {**INDEX, "unused": False},
        {**INDEX, "unused": True, "size_bytes": MIB},
    ],
    ids=["of-a-partition", "invalid", "used", "small"],
)
def test_an_index_that_must_stay_or_matters_little_is_not_told(needed: dict[str, Any]) -> None:
    assert of(database={"indexes": [needed]}) == []


@pytest.mark.parametrize(
    ("changes", "machine"),
    [
        ({"settings": {"random_page_cost": "4"}}, {"disks": (False, True)}),
        ({"settings": {"random_page_cost": "4"}}, {"disks": (None,)}),
        ({"settings": {"random_page_cost": "4"}}, {"disks": ()}),
        ({"checkpoints": {"timed": 1, "requested": 900, "stats_reset_at": NOW - 90 * DAY}}, {"free_gib": 5}),
        ({"database": {"activity": [{**TABLE, "seq_scan": 90, "seq_tup_read": 90 * 10**7}]}}, {}),
        ({"statement": {"calls": 99, "blks_hit": 90_000_000}}, {}),
        ({"settings": {"shared_buffers": "16384"}}, {}),
    ],
    ids=["a-disk-turns", "not-told", "no-disk", "no-room", "nightly-dump", "few-calls", "cache-hits"],
)
def test_no_figures_no_advice(changes: dict[str, Any], machine: dict[str, Any]) -> None:
    assert of(**changes, **machine) == []


def young(days: float) -> dict[str, Any]:
    """A server of which everything would be told, had it been counted for longer."""
    since = NOW - days * DAY
    pg = sample.postgresql(
        settings={"shared_buffers": "16384"},
        database={"blks_read": 9_900_000, "temp_files": 90_000, "temp_bytes": 900 * GIB, "stats_since_at": since,
                  "stats_reset_at": since, "indexes": [{**INDEX, "unused": True}],
                  "activity": [{**TABLE, "seq_scan": 9000, "seq_tup_read": 10**11}]},
        statement={"blks_hit": 90_000_000},
        checkpoints={"timed": 100, "requested": 900, "stats_reset_at": since},
    )  # fmt: skip
    pg["statements"]["since_at"] = since
    return pg


def test_what_was_counted_for_less_than_a_week_says_so_rule_by_rule() -> None:
    found = sample.said(sample.look(pg=young(6)))
    assert {one.rule.id for one in found if isinstance(one, Insufficient) and one.rule} == {
        "postgresql.shared-buffers", "postgresql.work-mem", "postgresql.max-wal-size", "postgresql.unused-index",
        "postgresql.sequential-reads", "postgresql.statement-time",
    }  # fmt: skip
    assert not [one for one in found if isinstance(one, Advice)]
    assert "postgresql.statement-reads" in sample.rules(sample.said(sample.look(pg=young(8))))
    assert "postgresql.unused-index" not in sample.rules(sample.said(sample.look(pg=young(8))))


def test_only_what_came_since_the_earlier_look_counts() -> None:
    """A month ago the table had been read as often: since then nobody did. A reset in between begins anew."""
    database = {"activity": [{**TABLE, "seq_scan": 9000, "seq_tup_read": 10**11}]}
    before = sample.look(pg=sample.postgresql(database=database), days_ago=30)
    assert sample.said(sample.look(pg=sample.postgresql(database=database)), before) == ()
    more = {"activity": [{**TABLE, "seq_scan": 18_000, "seq_tup_read": 2 * 10**11}]}
    (one,) = sample.said(sample.look(pg=sample.postgresql(database=more)), before)
    assert isinstance(one, Advice)
    assert dict(one.figures)["scans"] == "9000 in 30 d"
    reset = {**more, "stats_since_at": NOW - 2 * DAY, "stats_reset_at": NOW - 2 * DAY}
    (gap,) = sample.said(sample.look(pg=sample.postgresql(database=reset)), before)
    assert isinstance(gap, Insufficient)
    assert "2.0 天" in gap.reason_zh


def test_a_counter_that_went_back_was_lost_and_says_nothing() -> None:
    """A crash takes the statistics with it without a word."""
    past = sample.look(my=sample.mysql(counters={"innodb_os_log_written": 10**15}), days_ago=30)
    (gap,) = sample.said(sample.look(my=sample.mysql()), past)
    assert isinstance(gap, Insufficient)
    assert gap.rule is not None
    assert gap.rule.id == "mysql.redo-size"


def test_replicas_that_may_use_an_index_are_named() -> None:
    (one,) = sample.said(
        sample.look(pg=sample.postgresql(database={"indexes": [{**INDEX, "unused": True}]}, replicas=[{"name": "r"}]))
    )
    assert isinstance(one, Advice)
    assert "有备库" in one.advice_zh


def test_what_could_not_be_seen_is_said_and_never_taken_for_well() -> None:
    down = {"name": "his", "state": "down", "withheld": {}}
    blind = sample.postgresql(settings={}, withheld={"database lis": "no right"}, statements=None)
    for pg in (down, blind):
        found = sample.said(sample.look(pg=pg))
        assert found
        assert all(isinstance(one, Insufficient) for one in found)
    without = replace(sample.look(pg=sample.postgresql()), memory=None)
    assert [one.reason_zh for one in sample.said(without)] == ["未取得主机内存或数据库参数，内存参数未作分析"]


def test_what_documents_take_over_is_chinese() -> None:
    """But for names of settings, commands and units."""
    for rule in RULES:
        for text in (rule.title_zh, rule.risk_zh, rule.undo_zh):
            assert [word for word in english_in(text) if word.islower() and len(word) > 12 and "_" not in word] == []
