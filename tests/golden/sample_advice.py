"""Database servers for advice: a well-kept PostgreSQL and MariaDB, and what a test changes about them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from maintkit.analysis.advice import Advice, Insufficient, Said, advise
from maintkit.analysis.advice.applying import ByHand, Planned, applying
from maintkit.evidence.server_facts import Look, Servers, read

NOW, DAY = 1_795_000_000.0, 86400.0
GIB = 2**30
UNITS = {"shared_buffers": "8kB", "effective_cache_size": "8kB", "work_mem": "kB", "maintenance_work_mem": "kB",
         "max_wal_size": "MB", "log_min_duration_statement": "ms"}  # fmt: skip
SETTINGS = {
    "autovacuum": "on", "autovacuum_max_workers": "3", "autovacuum_vacuum_scale_factor": "0.2",
    "autovacuum_work_mem": "-1", "block_size": "8192", "checkpoint_completion_target": "0.9",
    "config_file": "/etc/postgresql/15/main/postgresql.conf", "data_directory": "/var/lib/postgresql/15/main",
    "effective_cache_size": str(20 * GIB // 8192), "fsync": "on", "full_page_writes": "on",
    "hash_mem_multiplier": "2", "huge_pages": "try", "log_min_duration_statement": "1000",
    "maintenance_work_mem": str(512 * 1024), "max_connections": "200", "max_wal_size": "4096", "port": "5432",
    "random_page_cost": "1.1", "seq_page_cost": "1", "shared_buffers": str(8 * GIB // 8192),
    "shared_memory_size_in_huge_pages": "4300", "synchronous_commit": "on",
    "unix_socket_directories": "/var/run/postgresql", "work_mem": "4096",
}  # fmt: skip
DATABASE: Mapping[str, Any] = {
    "name": "his", "asked": True, "size_bytes": 40 * GIB, "blks_hit": 99_900_000, "blks_read": 100_000,
    "temp_files": 10, "temp_bytes": 2**20, "stats_since_at": NOW - 90 * DAY, "stats_reset_at": NOW - 90 * DAY,
}  # fmt: skip
STATEMENT: Mapping[str, Any] = {
    "id": "7", "database": "his", "calls": 9000, "ms": 90_000.0, "rows": 9000, "blks_hit": 30_000, "blks_read": 0,
    "temp_blks": 0, "query": "SELECT * FROM visit WHERE id = $1",
}  # fmt: skip
MY_SETTINGS = {
    "aria_pagecache_buffer_size": str(128 * 2**20), "innodb_buffer_pool_size": str(12 * GIB),
    "innodb_doublewrite": "ON", "innodb_flush_log_at_trx_commit": "1", "innodb_log_buffer_size": str(16 * 2**20),
    "innodb_log_file_size": str(GIB), "join_buffer_size": "262144", "key_buffer_size": str(128 * 2**20),
    "log_bin": "ON", "max_connections": "151", "max_heap_table_size": str(16 * 2**20), "read_buffer_size": "131072",
    "read_rnd_buffer_size": "262144", "slow_query_log": "ON", "sort_buffer_size": str(2 * 2**20), "sync_binlog": "1",
    "table_open_cache": "2000", "thread_stack": "299008", "tmp_table_size": str(16 * 2**20),
}  # fmt: skip
MY_COUNTERS = {
    "created_tmp_disk_tables": 10, "created_tmp_tables": 5000, "innodb_buffer_pool_read_requests": 90_000_000,
    "innodb_buffer_pool_reads": 1000, "innodb_os_log_written": 90 * GIB, "opened_tables": 3000,
}  # fmt: skip


def postgresql(*, settings: Mapping[str, str] | None = None, database: Mapping[str, Any] | None = None,
               statement: Mapping[str, Any] | None = None, total_ms: float = 900_000.0,
               **instance: Any) -> dict[str, Any]:  # fmt: skip
    """An instance as facts have it, healthy but for what is changed."""
    shown = [
        {"name": name, "setting": value, "unit": UNITS.get(name), "source": "configuration file",
         "sourcefile": "/etc/postgresql/15/main/postgresql.conf", "context": "sighup"}
        for name, value in {**SETTINGS, **(settings or {})}.items()
    ]  # fmt: skip
    told = {"since_at": NOW - 90 * DAY, "total_ms": total_ms, "top": [{**STATEMENT, **(statement or {})}]}
    return {
        "name": "his", "state": "up", "withheld": {}, "version_num": 150020, "in_recovery": False,
        "started_at": NOW - 90 * DAY, "max_connections": 200, "connections": 40, "replicas": [],
        "settings": shown, "databases": [{**DATABASE, **(database or {})}],
        "checkpoints": {"timed": 8000, "requested": 20, "stats_reset_at": NOW - 90 * DAY},
        "statements": told, **instance,
    }  # fmt: skip


def mysql(*, settings: Mapping[str, str] | None = None, counters: Mapping[str, int] | None = None,
          statements: tuple[Mapping[str, Any], ...] = (), **instance: Any) -> dict[str, Any]:  # fmt: skip
    """An instance of MariaDB as facts have it, healthy but for what is changed."""
    return {
        "name": "pharmacy", "state": "up", "withheld": {}, "version": "10.11.6", "flavour": "mariadb",
        "started_at": NOW - 90 * DAY, "settings": {**MY_SETTINGS, **(settings or {})},
        "counters": {**MY_COUNTERS, **(counters or {})}, "max_connections": 151, "most_connections": 60,
        "open_tables": 400, "performance_schema": True, "channels": [],
        "databases": [{"name": "pharmacy", "size_bytes": 40 * GIB}], "tables": [], "indexes": [],
        "statements": list(statements), "statements_ms": 8_000_000.0, **instance,
    }  # fmt: skip


def look(*, pg: dict[str, Any] | None = None, my: dict[str, Any] | None = None, days_ago: float = 0,
         memory_gib: float = 32, disks: tuple[bool | None, ...] = (False,), free_gib: float = 500) -> Look:  # fmt: skip
    """A host at an inspection, as its facts document is read."""
    told = document(pg=pg, my=my, days_ago=days_ago, memory_gib=memory_gib, disks=disks, free_gib=free_gib)
    return read(told, host="his-db1", facts="0" * 64)


def document(*, pg: dict[str, Any] | None = None, my: dict[str, Any] | None = None, days_ago: float = 0,
             memory_gib: float = 32, disks: tuple[bool | None, ...] = (False,),
             free_gib: float = 500) -> dict[str, Any]:  # fmt: skip
    """The facts document, as far as advice reads it."""
    sections: dict[str, Any] = {
        "memory": {"total_bytes": int(memory_gib * GIB), "available_bytes": int(memory_gib * GIB / 2),
                   "huge_pages": 5000},
        "disks": {"devices": [{"device": f"sd{n}", "rotational": turns} for n, turns in enumerate(disks)]},
        "filesystems": {"mounts": [{"mount": "/", "free_bytes": int(free_gib * GIB)}]},
    }  # fmt: skip
    sections |= {"postgresql": {"instances": [pg]}} if pg else {}
    sections |= {"mysql": {"instances": [my]}} if my else {}
    told = {name: {"status": "ok", "data": data} for name, data in sections.items()}
    return {"collected_at": NOW - days_ago * DAY, "sections": told}


def said(now: Look, then: Look | None = None) -> tuple[Said, ...]:
    """What is said of the host."""
    return advise(Servers(now=now, then=then))


def planned(now: Look) -> list[tuple[Said, Planned | ByHand | None]]:
    """The same, each with its plan, as a document takes it."""
    server = {one.name: one for one in now.postgresql}
    return [
        (one, None if isinstance(one, Insufficient) else applying(one, server.get(one.subject.split("/")[0])))
        for one in said(now)
    ]


def hospital() -> dict[str, list[tuple[Said, Planned | ByHand | None]]]:
    """A danger, a plan, a twin, a slow statement; a MariaDB whose statements nobody counts."""
    pg = postgresql(
        settings={"full_page_writes": "off", "effective_cache_size": str(GIB // 8192)},
        database={
            "indexes": [
                {"name": "public.visit_at2", "table": "public.visit", "size_bytes": 90 * 2**20, "valid": True,
                 "twin_of": "visit_at"}
            ]
        },
        statement={"calls": 4000, "ms": 9_600_000.0, "blks_hit": 88_000_000,
                   "query": "SELECT * FROM visit WHERE who = $1 ORDER BY at"},
    )  # fmt: skip
    my = mysql(withheld={"statements": "performance_schema is off"}, statements_ms=None)
    return {"his-db1": planned(look(pg=pg, my=my))}


def rules(found: tuple[Said, ...]) -> list[str]:
    """The rules of all advice, in order."""
    return [one.rule.id for one in found if isinstance(one, Advice)]
