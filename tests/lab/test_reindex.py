"""The practice hospital's database in a window, while patients register: indexes rebuilt, tables vacuumed."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from html import unescape

import pytest
from office import REQUESTER
from windows import INDEX, Evening

from lab.hospital.load import Load
from lab.hospital.practice import hospital
from lab.hospital.site import make_site

pytestmark = pytest.mark.long

HOSTS = ("backup1", "his-db1", "his-app1")
# Looks from within the server, and is itself what the rebuild waits for in its phase: a writer, or an old snapshot.
PHASES = {
    "waiting for writers before build": "LOCK TABLE patient IN ROW EXCLUSIVE MODE",
    "waiting for old snapshots": "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ",
}
KILL = """BEGIN; {hold}; DO $$ BEGIN FOR n IN 1..15000 LOOP
  PERFORM pg_stat_clear_snapshot();
  PERFORM pg_terminate_backend(pid) FROM pg_stat_progress_create_index WHERE phase LIKE '{phase}%';
  IF FOUND THEN RETURN; END IF;
  PERFORM pg_sleep(0.002);
END LOOP; END $$; ROLLBACK"""


def figure(page: str, name: str) -> list[str]:
    """What a record says of a figure: before, after, and the difference."""
    cells = [unescape(re.sub(r"<[^>]+>", "", cell)).strip() for cell in re.findall(r"<td.*?</td>", page, re.DOTALL)]
    return cells[cells.index(name) + 1 : cells.index(name) + 4]


@pytest.fixture(scope="module")
def evening(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Evening]:
    with hospital(HOSTS) as made:
        yield Evening(his=made, site=make_site(made, tmp_path_factory.mktemp("reindex") / "site"))


def bloat(evening: Evening) -> int:
    """The bytes of the index, of which next to nothing is in use."""
    for name in ("pgstattuple", "amcheck"):
        evening.sql(f"CREATE EXTENSION IF NOT EXISTS {name}")
    evening.sql(
        "INSERT INTO patient (card_no, name, id_number, phone, birth_date) SELECT 'T9' || lpad(n::text, 7, '0'), "
        "'测试患者', '999' || lpad(n::text, 14, '0') || 'X', '00000', '1990-01-01' FROM generate_series(1, 60000) AS n"
    )
    evening.sql("DELETE FROM patient WHERE card_no LIKE 'T9%'")
    evening.sql("VACUUM ANALYZE patient")
    return evening.bytes()


@contextmanager
def interrupted(evening: Evening, phase: str) -> Iterator[None]:
    """The server ends the session that rebuilds once it waits in a phase."""
    with ThreadPoolExecutor(1) as beside:
        killing = beside.submit(evening.sql, KILL.format(phase=phase, hold=PHASES[phase]))
        yield
        killing.result(timeout=60)


@pytest.mark.parametrize("phase", PHASES)
def test_a_rebuild_that_is_interrupted_costs_no_patient_anything_and_leaves_nothing(
    evening: Evening, phase: str
) -> None:
    """Of two bloated indexes the first is as it was, and the record says so; the next window does it, as below.

    Every other phase, on a server without load: tests/faults/test_reindex.py, test_reindex_client.py.
    """
    bloat(evening)
    before = evening.sizes()
    plan = evening.approved()
    with Load(f"http://{evening.his.lab['his-app1'].address}:8080", rate=10) as load, interrupted(evening, phase):
        done = evening.maintkit("apply", plan)
    assert done.returncode == 0, done.stdout + done.stderr
    assert load.result().failures() == []
    assert evening.sql("SELECT count(*) FROM pg_index WHERE NOT indisvalid") == "0"
    assert evening.sql("SELECT count(*) FROM pg_class WHERE relname ~ '_cc(new|old)'") == "0"
    after = evening.sizes()
    (kept,) = [name for name, size in after.items() if size == before[name]]
    assert [size < before[name] / 5 for name, size in after.items() if name != kept] == [True]
    run = evening.run()
    page = evening.page("change", run["run"])
    assert ("部分未做完" in page, f"his: public.{kept}" in page) == (True, True)


def test_a_bloated_index_is_rebuilt_in_the_window_and_no_patient_notices(evening: Evening) -> None:
    before = bloat(evening)
    plan = evening.approved()
    with Load(f"http://{evening.his.lab['his-app1'].address}:8080", rate=10) as load:
        done = evening.maintkit("apply", plan)
    assert done.returncode == 0, done.stdout + done.stderr
    assert load.result().failures() == []
    assert len(load.result().succeeded()) > 20
    assert evening.bytes() < before / 5
    print(f"{INDEX}: {before} -> {evening.bytes()} bytes; {load.result().summary()}")
    run = evening.run()
    assert (run["verdict"], run["hosts"]) == ("done", {"his-db1": "done"})
    assert evening.sql("SELECT count(*) FROM pg_index WHERE NOT indisvalid") == "0"
    page = evening.page("change", run["run"])
    assert "性能优化实施记录" in page
    assert f"{before / 2**20:.1f} MiB" in page
    sides = figure(page, "语句 按卡号 执行时间")[:2]
    assert [side for side in sides if not side.endswith(" 毫秒")] == []
    assert json.loads(evening.asked().stdout)["effect"] == "none"


def test_a_table_that_is_behind_is_vacuumed_in_the_window_and_the_record_shows_what_was_freed(evening: Evening) -> None:
    evening.sql(
        "CREATE TABLE visit_log WITH (autovacuum_enabled = false) AS SELECT n FROM generate_series(1, 40000) AS n"
    )
    evening.sql("VACUUM ANALYZE visit_log")
    evening.sql("DELETE FROM visit_log WHERE n <= 30000")
    plan = evening.approved("vacuum")
    with Load(f"http://{evening.his.lab['his-app1'].address}:8080", rate=10) as load:
        done = evening.maintkit("apply", plan)
    assert done.returncode == 0, done.stdout + done.stderr
    assert load.result().failures() == []
    assert evening.sql("SELECT n_dead_tup FROM pg_stat_user_tables WHERE relname = 'visit_log'") == "0"
    run = next(one for one in evening.told("status") if one["plan"] == plan)
    page = evening.page("change", run["run"])
    assert "维护记录" in page
    assert "表 his: public.visit_log 死元组（行）" in page
    assert "30000" in page


def test_indexes_are_made_and_dropped_by_name_in_the_window_and_the_record_shows_both(evening: Evening) -> None:
    evening.sql("CREATE INDEX patient_twin ON patient (name)")
    plan = evening.approved("change_indexes")
    with Load(f"http://{evening.his.lab['his-app1'].address}:8080", rate=10) as load:
        done = evening.maintkit("apply", plan)
    assert done.returncode == 0, done.stdout + done.stderr
    assert load.result().failures() == []
    named = "SELECT string_agg(indexrelid::regclass::text, ' ') FROM pg_index WHERE indexrelid::regclass::text LIKE "
    assert evening.sql(f"{named}'patient_%n%' AND indisvalid AND NOT indisunique") == "patient_phone"
    run = next(one for one in evening.told("status") if one["plan"] == plan)
    page = evening.page("change", run["run"])
    for words in ("性能优化实施记录", "索引 his: public.patient_phone 大小", "索引 his: public.patient_twin 大小"):
        assert words in page
    costs = [float(side) for side in figure(page, "语句 按电话 计划代价")[:2]]
    assert costs[1] < costs[0] / 2
    for words in ("语句 按电话 执行时间", "表 his: public.patient 全部索引"):
        assert not {"台账无记录", "—"} & set(figure(page, words)), words
    for name, why in (("写入", "该语句会改动数据"), ("写错", "SELEKT")):
        assert all(why in side for side in figure(page, f"语句 {name} 执行时间")[:2]), name


def test_a_list_of_indexes_that_cannot_be_finished_goes_back_whole(evening: Evening) -> None:
    """The drop has worked, the creation finds values twice: the engine's rollback makes the dropped index again."""
    evening.sql("CREATE TABLE ward AS SELECT n / 2 AS bed FROM generate_series(1, 1000) AS n")
    evening.sql("CREATE INDEX patient_half ON patient (lower(name)) WHERE birth_date > '1980-01-01'")
    evening.sql("COMMENT ON INDEX patient_half IS '按姓名'")
    definition = evening.sql("SELECT pg_get_indexdef('patient_half'::regclass)")
    oid = evening.sql("SELECT 'patient_half'::regclass::oid")
    place = {"database": "his", "schema": "public"}
    drop = {"act": "drop", **place, "table": "patient", "name": "patient_half", "reason": "重复"}
    bed = {"table": "ward", "name": "ward_bed", "columns": ["bed"], "unique": True}
    make = {"act": "create", **place, **bed, "reason": "床位唯一"}
    plan = evening.approved("change_indexes", wanted=[drop, make])
    with Load(f"http://{evening.his.lab['his-app1'].address}:8080", rate=10) as load:
        done = evening.maintkit("apply", plan)
    assert done.returncode == 40, done.stdout + done.stderr
    assert load.result().failures() == []
    assert "ward_bed" in done.stderr
    run = next(one for one in evening.told("status") if one["plan"] == plan)
    assert (run["verdict"], run["hosts"]) == ("rolled-back", {"his-db1": "rolled-back"})
    assert evening.sql("SELECT pg_get_indexdef('patient_half'::regclass)") == definition
    assert evening.sql("SELECT obj_description('patient_half'::regclass)") == "按姓名"
    assert evening.sql("SELECT 'patient_half'::regclass::oid") != oid
    assert evening.sql("SELECT count(*) FROM pg_index WHERE NOT indisvalid") == "0"
    assert evening.sql("SELECT to_regclass('ward_bed') IS NULL") == "t"
    assert evening.maintkit("lock", "list").stdout == "no host is locked\n"


def test_a_run_that_is_not_wanted_any_more_is_undone_by_a_plan_of_its_own(evening: Evening) -> None:
    """The queries have become slow since: what was dropped comes back, what was made goes, and that is recorded."""
    evening.sql("CREATE INDEX patient_late ON patient (lower(name)) WHERE birth_date > '1990-01-01'")
    definition = evening.sql("SELECT pg_get_indexdef('patient_late'::regclass)")
    place = {"database": "his", "schema": "public", "table": "patient"}
    drop = {"act": "drop", **place, "name": "patient_late", "reason": "未见使用"}
    make = {"act": "create", **place, "name": "patient_new", "columns": ["birth_date"], "reason": "按出生日期查询"}
    done = evening.maintkit("apply", evening.approved("change_indexes", wanted=[drop, make]))
    assert done.returncode == 0, done.stdout + done.stderr
    run = evening.run()["run"]
    asked = ("plan", "rollback", run, "--reason", "查询变慢", "--requester", REQUESTER, "--json")
    evening.sql("CREATE INDEX patient_late ON patient (phone)")
    refused = evening.maintkit(*asked)
    assert (refused.returncode, "something else bears the name" in refused.stderr) == (30, True), refused.stderr
    evening.sql("DROP INDEX patient_late")
    made = evening.maintkit(*asked)
    assert made.returncode == 0, made.stderr
    plan = str(json.loads(made.stdout)["plan"])
    shown = evening.maintkit("plan", "show", plan).stdout
    assert "his: public.patient_late" in shown
    evening.approve(plan)
    undone = evening.maintkit("rollback", run)
    assert undone.returncode == 0, undone.stdout + undone.stderr
    assert evening.sql("SELECT pg_get_indexdef('patient_late'::regclass)") == definition
    assert evening.sql("SELECT to_regclass('patient_new') IS NULL") == "t"
    last = evening.run()
    assert (last["plan"], last["verdict"]) == (plan, "done")
    assert f"回退实施 {run}" in evening.page("change", last["run"])
