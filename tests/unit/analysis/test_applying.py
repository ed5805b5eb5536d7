"""Advice as a plan: of which procedure, with what, or why a person does it by hand."""

from __future__ import annotations

from typing import Any

import pytest
import sample_advice as sample

from maintkit.analysis.advice import Advice
from maintkit.analysis.advice.applying import ByHand, Planned, applying
from maintkit.analysis.advice.pg_values import power, quoted, written

GIB, MIB = 2**30, 2**20
INDEX = {"name": "public.i", "table": "public.t", "size_bytes": 50 * MIB, "valid": True}


def plan_of(**changes: Any) -> Planned | ByHand:
    """The plan of the one piece of advice on such a server."""
    seen = sample.look(pg=sample.postgresql(**changes))
    (one,) = sample.said(seen)
    assert isinstance(one, Advice)
    return applying(one, seen.postgresql[0])


def test_a_setting_that_is_advised_is_a_plan_of_one_file_that_is_measured() -> None:
    made = plan_of(settings={"effective_cache_size": "524288"})
    assert isinstance(made, Planned)
    assert made.variables["dest"] == "/etc/postgresql/15/main/conf.d/zz-maintkit-effective-cache-size.conf"
    assert "effective_cache_size = '21248MB'\n" in made.variables["content"]
    assert made.variables["measures"][0]["expect"] == "21248MB"
    assert made.then_zh == ""


def test_one_that_wants_a_restart_is_measured_as_pending_and_says_what_follows() -> None:
    made = plan_of(settings={"shared_buffers": str(20 * GIB // 8192)})
    assert isinstance(made, Planned)
    assert made.variables["measures"][1]["expect"] == "t"
    assert "maintkit plan restart" in made.then_zh


@pytest.mark.parametrize(
    ("where", "words"),
    [
        ({"source": "command line"}, "command line"),
        ({"sourcefile": "/var/lib/postgresql/15/main/postgresql.auto.conf"}, "ALTER SYSTEM"),
        ({"sourcefile": "/etc/postgresql/15/main/conf.d/zzz.conf"}, "zzz.conf"),
    ],
)
def test_a_setting_that_a_file_would_not_override_is_no_plan(where: dict[str, str], words: str) -> None:
    pg = sample.postgresql(settings={"full_page_writes": "off"})
    shown = next(one for one in pg["settings"] if one["name"] == "full_page_writes")
    shown.update(where)
    seen = sample.look(pg=pg)
    (one,) = sample.said(seen)
    assert isinstance(one, Advice)
    made = applying(one, seen.postgresql[0])
    assert isinstance(made, ByHand)
    assert words in made.reason


def test_a_setting_of_a_server_whose_files_are_elsewhere_is_done_by_hand() -> None:
    elsewhere = plan_of(settings={"fsync": "off", "config_file": "/var/lib/pgsql/15/data/postgresql.conf"})
    assert isinstance(elsewhere, ByHand)


def test_an_index_that_is_advised_is_a_plan_that_names_it() -> None:
    twin = plan_of(database={"indexes": [{**INDEX, "twin_of": "j"}]})
    assert isinstance(twin, Planned)
    (wish,) = twin.variables["wanted"]
    assert (twin.procedure, wish["act"], wish["schema"], wish["name"]) == ("change_indexes", "drop", "public", "i")
    key = {"name": "k", "table": "public.t", "parent": "p", "table_bytes": 50 * MIB, "columns": 'a, "B ""c"'}
    missing = plan_of(database={"foreign_keys": [key]})
    assert isinstance(missing, Planned)
    (wish,) = missing.variables["wanted"]
    assert (wish["act"], wish["columns"], wish["name"]) == ("create", ["a", 'B "c'], 't_a_B "c_idx')
    (measure,) = missing.variables["measures"]
    asked, among = 'SELECT 1 FROM ONLY "public"."t" WHERE ("a", "B ""c")', 'SELECT "a", "B ""c" FROM ONLY "public"."t"'
    assert measure["statement"].startswith(f"{asked} = ({among} WHERE")
    assert twin.variables["measures"] == []


@pytest.mark.parametrize(
    ("name", "told"), [("public.t", "public.t"), ("S.t", '"S".t'), ('a."b', 'a."""b"'), ("挂 号.t", '"挂 号".t')]
)
def test_names_are_written_as_sql_wants_them(name: str, told: str) -> None:
    assert quoted(name) == told


def test_sizes_are_written_as_a_file_of_settings_has_them() -> None:
    assert [written(count) for count in (4 * GIB, 96 * MIB, 5)] == ["4GB", "96MB", "1MB"]
    assert [power(count) for count in (1, 3 * MIB, 4 * MIB)] == [MIB, 4 * MIB, 4 * MIB]
