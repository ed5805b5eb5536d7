"""数据恢复操作手册 says what there is, what was measured, and never lets a gap pass for something that is there."""

from __future__ import annotations

from dataclasses import replace

import pytest
import sample_drills as drills
import sample_inspections as inspections
import sample_recovery as sample

from maintkit.documents.model import Document, Table, texts
from maintkit.documents.parts.recovery import BINDIR, CONFIG, UNIT, bindir_of, config_of, unit_of
from maintkit.documents.views import recovery_manual
from maintkit.documents.views.recovery_manual import BLANKS, Recovery, gaps
from maintkit.documents.wording import NOTHING
from maintkit.evidence.drill_record import Source


def drawn(found: Recovery) -> Document:
    return recovery_manual(found, inspections.HEADER)


def said(found: Recovery) -> str:
    return "\n".join(texts(drawn(found)))


def test_it_is_a_draft_until_a_person_has_said_what_only_a_person_can() -> None:
    draft, done = drawn(sample.recovery()), drawn(sample.finished())
    assert (draft.draft, done.draft) == (True, False)
    assert all(title in draft.alerts[-1].text for title in BLANKS.values())
    assert done.alerts == ()


def test_the_steps_bear_the_values_of_the_ledger_and_the_times_that_were_measured() -> None:
    """Host, cluster, directory, unit and backup job as the drill told them; its RTO and the commands that it ran."""
    text = said(sample.finished())
    source = drills.SOURCE
    for value in (source["machine_id"], source["system_identifier"], source["data_directory"]):
        assert str(value) in text
    assert "systemctl stop postgresql@15-main.service && systemctl mask postgresql@15-main.service" in text
    assert "RTO 实测 1 分 3 秒" in text  # 41.2 + 18.73 + 1.94 + 0.812 s
    assert "--set=20261128-010003F --type=name" in text
    assert "maintkit plan restore" in text


def test_each_gap_is_told_in_words() -> None:
    assert list(gaps(sample.wanting())) == [
        "his-db1：PostgreSQL 数据库信息未取得（needs postgres）。",
        "his-db1：MySQL/MariaDB 数据库信息未取得（ran into its time limit）。",
        "备份任务 his 最近一次通过的恢复验证距今 160 天，已超过 100 天。",
        "备份任务 his 最近一次恢复验证（C20261121-1）未通过。",
        "备份任务 his 没有异机副本：数据库主机损毁时备份一并丢失。",
        "his-db1：备份任务 his 最近一次备份距采集时 48 小时，约定每 24 小时一次。",
    ]
    assert list(gaps(sample.undrilled())) == ["备份任务 his 没有通过的恢复验证：备份能否恢复、需要多久均未经证明。"]
    assert list(gaps(sample.finished())) == []
    assert next(gaps(replace(sample.finished(), hosts=()))).startswith("没有取得任何备份任务的信息")


def test_without_a_drill_no_step_pretends_to_know_the_cluster() -> None:
    text = said(sample.undrilled())
    assert "不能列出可直接执行的步骤" in text
    assert "恢复用时未知" in text
    assert "postgresql@" not in text


@pytest.mark.parametrize("data", ["/data/pg", "/var/lib/postgresql/15/a b", "/var/lib/postgresql/15"])
def test_a_unit_is_named_only_where_the_directory_tells_it(data: str) -> None:
    assert unit_of("/var/lib/postgresql/15/main") == "postgresql@15-main.service"
    assert unit_of(data) == UNIT


@pytest.mark.parametrize(
    ("told", "config", "bindir"),
    [
        (
            {"data_directory": "/var/lib/postgresql/15/his"},
            "/etc/postgresql/15/his/postgresql.conf",
            "/usr/lib/postgresql/15/bin",
        ),
        ({"data_directory": "/data/pg"}, CONFIG, BINDIR),
        (
            {"data_directory": "/data/pg", "config_file": "/data/pg/postgresql.conf", "bindir": "/opt/pg15/bin"},
            "/data/pg/postgresql.conf",
            "/opt/pg15/bin",
        ),
    ],
)
def test_the_server_is_started_with_its_own_configuration_and_programs(
    told: dict[str, str], config: str, bindir: str
) -> None:
    """Not with those of another cluster of the host; where nobody knows there is a blank to fill in."""
    source = Source.model_validate({**drills.SOURCE, **told})
    assert (config_of(source), bindir_of(source)) == (config, bindir)


def test_facts_that_are_not_understood_are_withheld_and_not_left_out() -> None:
    found = sample.seen("his-db1", {"backups": sample.section({"jobs": [{"status": "ok"}]})})
    assert (found.jobs, found.withheld) == ((), {"backups": "not understood"})


def test_servers_of_mysql_stand_beside_those_of_postgresql() -> None:
    """With product, version and role as far as the facts tell them, and nothing that they do not."""
    table = next(one for one in drawn(sample.mariadb()).blocks if getattr(one, "caption", "") == "数据库实例")
    assert isinstance(table, Table)
    assert [[cell.text for cell in row] for row in table.rows] == [
        ["pharmacy1", "10.0.0.41", "pharmacy", "MariaDB 10.11.19", "主库", NOTHING],
        ["pharmacy1", "10.0.0.41", "reports", "MariaDB 10.11.19", "从库", NOTHING],
    ]
    shut = sample.seen("lis1", {"mysql": sample.section({"instances": [{"name": "lis", "state": "refused"}]})})
    assert [one.product for one in shut.instances] == ["MySQL/MariaDB"]
    told = {"name": "lis", "state": "up", "flavour": "mysql", "version": "8.0.46"}
    (lis,) = sample.seen("lis1", {"mysql": sample.section({"instances": [told]})}).instances
    assert lis.product == "MySQL 8.0.46"


def test_a_mariadb_gets_its_own_steps_and_no_command_of_another_tool() -> None:
    """The procedure, and its steps with what the last drill had; dumps get no steps at all."""
    text = said(sample.mariadb())
    wanted = """mariadb-backup --prepare|/backup/mariadb/full → /backup/mariadb/incr|binlog.000112 的 84113
/backup/binlog|server_id 4711|engine: mariadb|stanza: pharmacy|sets: /backup/mariadb|maintkit plan restore
备份任务 dumps（mysqldump）：maintkit 没有自动恢复操作|备份任务 dumps：台账没有恢复验证"""
    for word in wanted.replace("\n", "|").split("|"):
        assert word in text, word
    assert "pgbackrest" not in text
    assert "备份任务 pharmacy（mariadb-backup）：maintkit 没有自动恢复操作" not in text
