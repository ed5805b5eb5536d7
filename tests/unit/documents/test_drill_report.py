"""《备份恢复验证报告》: passes only what ran as a whole, and says what did not."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import sample_drills as drills
import sample_inspections as sample
import sample_runs as runs

from maintkit.documents.model import Document, texts
from maintkit.documents.parts import drill as part
from maintkit.documents.parts.drill_words import controls_of, stages_of
from maintkit.documents.views.drill_report import drill_report
from maintkit.evidence import drill_record


def document(name: str) -> Document:
    return drill_report(runs.carried_out(name), sample.HEADER)


def verdict(made: Document) -> str:
    return next(item.text for item in made.cover.items if item.label == "验证结果")


def said(made: Document) -> str:
    return "\n".join(texts(made))


def test_a_drill_of_which_everything_ran_passes() -> None:
    made = document("drill-passed")
    assert verdict(made) == "通过"
    assert not made.draft
    assert made.alerts == ()
    whole = said(made)
    for words in ("1 分 3 秒", "41 秒", "达到", "maintkit-C20261128-1-20261128T154107", "1/9A00F3C8", "已发现",
                  "无（目录不存在，无进程持有其文件）", "在册患者", "public.registration"):  # fmt: skip
        assert words in whole
    assert "未执行" not in whole


def test_a_drill_that_fell_short_says_why_and_waits_for_a_person() -> None:
    made = document("drill-short")
    assert verdict(made) == "未通过"
    assert made.draft
    whole = said(made)
    assert "归档日志缺失，恢复未到达标记" in whole
    assert "未测得" in whole
    assert "未执行" in whole
    assert not any("可能仍有副本" in note.text for note in made.alerts)  # it was wiped, and that is known


def test_a_drill_that_was_refused_proves_nothing() -> None:
    made = document("drill-refused")
    assert verdict(made) == "未实施恢复"
    assert "备份任务 his 没有任何备份" in said(made)


def test_a_stage_that_did_not_run_forbids_a_pass_whatever_the_run_says() -> None:
    made = document("drill-gap")
    assert verdict(made) == "未通过"
    assert "以下阶段没有通过的记录：结构检查" in said(made)


@pytest.mark.parametrize(("rto", "rpo", "word"), [(60, 300, "未通过"), (7200, 40, "未通过"), (0, 0, "通过")])
def test_a_broken_promise_forbids_a_pass(rto: float, rpo: float, word: str) -> None:
    done = runs.carried_out("drill-passed")
    asked = {**done.plan.parameters, "rto": rto, "rpo": rpo}
    made = drill_report(replace(done, plan=replace(done.plan, parameters=asked)), sample.HEADER)
    assert verdict(made) == word


def test_a_copy_of_which_no_wipe_is_known_is_loud() -> None:
    done = runs.carried_out("drill-short")
    cut = tuple(replace(one, phases=tuple(phase for phase in one.phases if phase.phase != "rollback"))
                for one in done.done.hosts)  # fmt: skip
    made = drill_report(replace(done, done=replace(done.done, hosts=cut)), sample.HEADER)
    assert any("可能仍有副本（含患者数据）" in note.text for note in made.alerts)


def test_a_copy_that_could_not_be_wiped_is_deleted_by_hand_step_by_step() -> None:
    made = document("drill-stuck")
    assert verdict(made) == "未通过"
    assert any("可能仍有副本" in note.text for note in made.alerts)
    assert "rm -r --one-file-system -- /var/lib/maintkit-drill/C20261128-1;" in said(made)
    assert "重启相关服务" not in said(made)


def test_what_is_no_drill_is_none() -> None:
    """A host can write what it likes."""
    for told in (
        None,
        7,
        {},
        {"stanza": "his"},
        {**drills.told()["drill"], "stages": {"restore": {"status": "passed", "took_ms": -1}}},
    ):
        assert drill_record._read(told) is None


@pytest.mark.parametrize(("name", "known"), [("drill-passed", ["his"]), ("drill-short", []), ("drill-gap", [])])
def test_only_a_drill_that_passed_whole_counts_for_inspections(name: str, known: list[str], tmp_path: Path) -> None:
    with runs.happened(name, str(tmp_path)) as ledger:
        assert list(drill_record.last_passed(ledger)) == known


@pytest.mark.parametrize("engine", ["postgresql", "mariadb"])
def test_every_stage_and_every_control_has_its_words(engine: str) -> None:
    drill = drill_record.Drill.model_validate({**drills.told()["drill"], "engine": engine})
    assert set(stages_of(engine)) == {*drill.order, drill_record.APPLICATION}
    assert set(controls_of(engine)) == set(drill.controls)


def test_a_drill_of_mariadb_passes_by_its_own_stages_and_says_what_it_did() -> None:
    """Its set with what is put upon it, its position and transactions, and the tables that nobody could compare."""
    made = document("drill-mariadb")
    assert verdict(made) == "通过"
    whole = said(made)
    for word in ("MariaDB 10.11.19", "（mariadb-backup）", "full（全量） → incr（增量）", "binlog.000118:402177",
                 "0-4711-90233", "mariadb-backup --prepare", "CHECK TABLE", "innochecksum", "在标记之前停止回放",
                 "pharmacy.old_log"):  # fmt: skip
        assert word in whole, word
    for word in ("pgBackRest", "PostgreSQL", "pg_amcheck", "未执行"):
        assert word not in whole, word


def test_a_drill_of_mariadb_without_one_of_its_own_stages_has_not_passed() -> None:
    """The stages of the other engine are all there: they count for nothing."""
    told = drills.mariadb(*drills.MARIADB_TOOK)["drill"]
    whole = drill_record.Drill.model_validate(told)
    assert whole.all_passed
    assert whole.rto_s == sum(drills.MARIADB_TOOK[name] for name in drill_record.MARIADB_SERVICE) / 1000
    lacking = {name: one for name, one in told["stages"].items() if name != "prepare"}
    other = {name: {"status": "passed", "took_ms": 1} for name in drill_record.STAGES}
    short = drill_record.Drill.model_validate({**told, "stages": {**other, **lacking}})
    assert not short.all_passed
    assert short.rto_s is None
    found = {**told["stages"]["control"], "found": {"fingerprint": "x", "checksums": "x", "check": "x"}}
    blind = drill_record.Drill.model_validate({**told, "stages": {**told["stages"], "control": found}})
    assert not blind.all_passed


def with_application(status: str, word: str) -> drill_record.Drill:
    told = drills.told(*drills.TOOK)["drill"]
    one = {"status": status, "said": word, "at": drills.AT.timestamp(), "took_ms": 4100, "answered_ms": 2300,
           "network": ["lo"]}  # fmt: skip
    found = drill_record._read({**told, "application": "挂号服务", "stages": {**told["stages"], "application": one}})
    assert found is not None
    return found


def test_an_application_that_was_started_against_the_copy_stands_after_the_questions() -> None:
    drill = with_application("passed", "")
    assert drill.all_passed
    assert drill.order.index("application") == drill.order.index("smoke") + 1
    (block,) = part.started(drill)
    whole = "\n".join(item.text for item in block.items)
    assert all(word in whole for word in ("挂号服务", "通过", "仅回环接口，与生产网络隔离", "2.3 秒"))
    assert [row[1].text for row in part.stages(drill, sample.HEADER, drill.engine).rows].count("启动业务系统") == 1


def test_an_application_that_did_not_answer_or_was_not_started_forbids_a_pass() -> None:
    drill = with_application("failed", "挂号服务: it answered with 503")
    assert not drill.all_passed
    (row,) = [row for row in part.stages(drill, sample.HEADER, drill.engine).rows if row[1].text == "启动业务系统"]
    assert (row[5].text, row[6].text) == ("未通过", "挂号服务：应答状态为 503")
    told = {**drills.told(*drills.TOOK)["drill"], "application": "挂号服务"}
    missing = drill_record._read(told)
    assert missing is not None
    assert not missing.all_passed
    without = drill_record._read(drills.told(*drills.TOOK)["drill"])
    assert without is not None
    assert part.started(without) == ()
