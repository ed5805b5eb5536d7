"""The parts of a drill that need no server: what is chosen, what is compared, what forbids a pass."""

from __future__ import annotations

import json
import shutil
import struct
import subprocess
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from drills import part

REFUSED = part("changes.place").Refused
SYSTEM = "7712082720644876912"
GOOD = {"label": "20261125-010000F", "kind": "full", "stopped_at": 1000.0, "size_bytes": 1000, "repo_bytes": 100,
        "damaged": False, "system_identifier": SYSTEM, "reference": []}  # fmt: skip


def choose(*sets: dict[str, Any], **changes: Any) -> Any:
    asked = {"stanza": "his", "wanted": "", "identifier": SYSTEM, "now": 1000 + 3600.0, "oldest_h": 48, **changes}
    return part("drill.backup").choose({"status": "ok", "backups": list(sets)}, **asked)


def test_the_newest_set_is_chosen_by_its_time_and_not_by_its_place() -> None:
    older = {**GOOD, "label": "20261124-010000F", "stopped_at": 10.0}
    assert choose(GOOD, older)["label"] == GOOD["label"]
    assert choose(GOOD)["age_h"] == 1
    assert choose(GOOD, older, wanted=older["label"])["label"] == older["label"]


@pytest.mark.parametrize(
    ("changes", "asked", "why"),
    [
        ({"size_bytes": 0}, {}, "is empty"),
        ({"repo_bytes": 0}, {}, "is empty"),
        ({"damaged": True}, {}, "did not fit their checksums"),
        ({"system_identifier": ""}, {}, "another cluster"),
        ({"system_identifier": "1"}, {}, "another cluster"),
        ({}, {"now": 1000 + 49 * 3600.0}, "backups have stopped"),
        ({}, {"wanted": "x"}, "has no backup x"),
    ],
)
def test_a_set_that_could_prove_nothing_is_refused(changes: Any, asked: Any, why: str) -> None:
    with pytest.raises(REFUSED, match=why):
        choose({**GOOD, **changes}, **asked)


def test_pgbackrests_catalogue_is_read_with_the_cluster_of_each_set() -> None:
    told = (Path(__file__).parents[1] / "collector/pgbackrest-2.45.json").read_text()
    name = json.loads(told)[0]["name"]
    found = part("drill.backup").parse(told, name)
    assert found["backups"]
    assert {one["system_identifier"] for one in found["backups"]} <= set(found["systems"])
    assert all(one["size_bytes"] > 0 for one in found["backups"])
    with pytest.raises(REFUSED, match="no stanza 'x'"):
        part("drill.backup").parse(told, "x")


def test_the_same_number_is_another_cluster_in_another_repository() -> None:
    """The first repository knows the cluster from before an upgrade as 1; the second one was made after it."""
    archive = {"min": "000000010000000000000001", "max": "000000010000000000000009"}
    backup = {"type": "full", "timestamp": {"start": 1, "stop": 2}, "info": {"size": 3, "repository": {"size": 1}}}
    told = {
        "name": "his",
        "db": [{"id": 1, "repo-key": 1, "system-id": 11}, {"id": 2, "repo-key": 1, "system-id": 22},
               {"id": 1, "repo-key": 2, "system-id": 22}],
        "archive": [{"database": {"id": 2, "repo-key": 1}, "id": "15-2", **archive},
                    {"database": {"id": 1, "repo-key": 2}, "id": "15-1", **archive}],
        "backup": [{"label": "A", "database": {"id": 2, "repo-key": 1}, **backup},
                   {"label": "B", "database": {"id": 1, "repo-key": 2}, **backup}],
    }  # fmt: skip
    found = part("drill.backup").parse(json.dumps([told]), "his")
    assert [(one["label"], one["repo"], one["archive"], one["system_identifier"]) for one in found["backups"]] == [
        ("A", 1, "15-2", "22"), ("B", 2, "15-1", "22"),
    ]  # fmt: skip


def test_a_restore_overwrites_nothing_archives_nothing_and_stays_in_its_place() -> None:
    repository = part("drill.backup").Repository(stanza="his")
    place = Path("/var/lib/maintkit-drill/r1")
    argv = part("drill.backup").restore(repository, place, chosen={"label": "L", "repo": 2}, target="T", processes=2)
    assert not {"--delta", "--force", "--link-all"} & set(argv)
    assert {"--archive-mode=off", "--type=name", "--target=T", "--target-action=pause", "--set=L", "--repo=2",
            f"--pg1-path={place}/data", f"--tablespace-map-all={place}/tablespaces"} <= set(argv)  # fmt: skip


def database(*tables: tuple[str, int, str], catalog: str = "c") -> dict[str, Any]:
    return {"his": {"tables": [{"table": name, "rows": rows, "digest": digest} for name, rows, digest in tables],
                    "catalog": {"indexes": {"count": 3, "digest": catalog}}}}  # fmt: skip


def test_what_differs_is_told_by_table_and_what_is_missing_differs() -> None:
    of = part("drill.fingerprint").differences
    source = database(("a", 1, "x"), ("b", 2, "y"))
    assert of(source, source) == []
    assert of(source, database(("a", 1, "x"))) == ["his: table b is not in the copy"]
    assert of(source, database(("a", 2, "x"), ("b", 2, "z"))) == [
        "his: table a has 1 rows at the source, 2 restored",
        "his: table b has as many rows, and not the same",
    ]
    assert of(source, database(("a", 1, "x"), ("b", 2, "y"), catalog="d")) == [
        "his: indexes of the catalog differ (3 at the source, 3 restored)"
    ]
    assert len(of(source, {})) == 3


def told(**changes: Any) -> dict[str, Any]:
    journal = part("drill.journal")
    stages = {name: {"status": "passed", "said": "", "took_ms": 1000} for name in journal.STAGES}
    return {"stages": stages | changes, "mark": {"unarchived_s": 40.0}}


def test_everything_must_have_run_and_a_promise_is_measured_or_broken() -> None:
    of, measured = part("drill.journal").shortcomings, part("drill.journal").measured
    assert of(told(), rto_s=0, rpo_s=0) == []
    assert measured(told()) == {"rto_s": 4.0, "rpo_s": 40.0}
    assert of(told(), rto_s=3, rpo_s=39) == [
        "the RTO was 4 s, 3 s are promised",
        "the RPO was 40 s, 39 s are promised",
    ]
    skipped = {"status": "not-run", "said": "no checksums", "took_ms": 0}
    assert of(told(checksums=skipped), rto_s=0, rpo_s=0) == ["checksums was not run: no checksums"]
    failed = told(smoke={"status": "failed", "said": "x", "took_ms": 3})
    assert measured(failed)["rto_s"] is None
    assert of(failed, rto_s=3, rpo_s=0) == ["smoke failed: x", "the RTO was not measured, 3 s are promised"]
    assert len(of({"stages": {}}, rto_s=1, rpo_s=1)) == len(part("drill.journal").STAGES) + 2


def test_an_application_that_was_to_be_started_forbids_a_pass_until_it_has_answered() -> None:
    of = part("drill.journal").shortcomings
    for one, wrong in (
        ({}, ["application was not run"]),
        (
            {"application": {"status": "failed", "said": "it does not answer"}},
            ["application failed: it does not answer"],
        ),
        ({"application": {"status": "passed", "said": "", "took_ms": 1}}, []),
    ):
        assert of({**told(**one), "application": "挂号服务"}, rto_s=0, rpo_s=0) == wrong


def test_a_stage_that_was_cut_off_is_known_to_have_begun(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever reads the journal after a crash must not take it for a stage that never began, or passed."""
    monkeypatch.setattr(part("changes.place"), "STATE", tmp_path / "maintkit")
    journal = part("drill.journal").Journal("r1")

    def cut() -> dict[str, Any]:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        journal.perform("restore", cut)
    again = part("drill.journal").Journal("r1")
    assert again.stage("restore")["status"] == "not-run"
    assert "no end of it is known" in again.stage("restore")["said"]
    assert again.perform("restore", dict) is True
    assert again.perform("restore", cut) is False


def test_a_cluster_is_known_by_its_control_file_and_no_other(tmp_path: Path) -> None:
    (tmp_path / "global").mkdir()
    (tmp_path / "global/pg_control").write_bytes(struct.pack("=Q", int(SYSTEM)) + b"rest")
    assert part("drill.guard").system_identifier(tmp_path) == SYSTEM
    (tmp_path / "global/pg_control").write_bytes(b"short")
    with pytest.raises(REFUSED, match="holds no PostgreSQL cluster"):
        part("drill.guard").system_identifier(tmp_path)


@pytest.fixture
def mariadbd(tmp_path: Path) -> Iterator[Path]:
    """Where a process works that is called as a MariaDB server is, and that has no data: it may just be starting."""
    program, home = tmp_path / "mariadbd", tmp_path / "home"
    shutil.copy(shutil.which("sleep") or "", program)
    home.mkdir()
    with subprocess.Popen([program, "600"], cwd=home) as process:
        yield home
        process.kill()


def test_a_server_keeps_a_place_by_its_data_and_not_by_where_it_was_started(mariadbd: Path) -> None:
    """One that is starting works in `/` still, and every place lies below."""
    part("drill.guard").refuse_place(mariadbd / "scratch")
    with pytest.raises(REFUSED, match="MariaDB or MySQL server runs in"):
        part("drill.guard").refuse_place(mariadbd)
    (mariadbd / "aria_log_control").touch()
    with pytest.raises(REFUSED, match="MariaDB or MySQL server runs in"):
        part("drill.guard").refuse_place(mariadbd / "scratch")


def test_the_last_words_of_a_server_have_their_reason_with_them(tmp_path: Path) -> None:
    """pgBackRest says why in the lines after: without them nobody knows whether the file is missing or broken."""
    (tmp_path / "log").mkdir()
    (tmp_path / "log/server.log").write_text(
        "2026-11-26 04:12:21 P00  ERROR: [042]: unable to get 000000010000000000000013:\n"
        "                                repo1: 15-1/000000010000000000000013-ab.gz [FormatError] unexpected eof\n"
        "2026-11-26 04:12:21 LOG:  redo done\n"
        "2026-11-26 04:12:21 FATAL:  recovery ended before configured recovery target was reached\n"
    )
    said = part("drill.instance").Instance.last_words(SimpleNamespace(place=tmp_path))
    assert said == (
        "ERROR: [042]: unable to get 000000010000000000000013:"
        " repo1: 15-1/000000010000000000000013-ab.gz [FormatError] unexpected eof"
        " / FATAL:  recovery ended before configured recovery target was reached"
    )


def test_positions_are_compared_as_numbers() -> None:
    """As text `0/A0` would stand after `0/100`, and `9/0` after `10/0`."""
    position = part("drill.instance").position
    assert position("0/A0") < position("0/100")
    assert position("9/FFFFFFFF") < position("10/0")


def test_nothing_that_leads_out_of_the_copy_is_left_to_what_came_along() -> None:
    isolated = part("drill.instance").ISOLATED
    for name in ("listen_addresses", "archive_command", "primary_conninfo", "shared_preload_libraries"):
        assert isolated[name] == ""
    assert (isolated["archive_mode"], isolated["max_logical_replication_workers"]) == ("off", "0")
    assert isolated["log_error_verbosity"] == "terse"


@pytest.mark.parametrize(("major", "silent"), [("15", False), ("17", True)])
def test_while_a_network_is_there_no_login_runs_a_trigger(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, major: str, *, silent: bool
) -> None:
    """They came with 17; before it no server would start with the setting."""
    instance = part("drill.instance").Instance(place=tmp_path, user="postgres", bindir="/bin", settings={})
    monkeypatch.setattr(type(instance), "control", lambda _instance: {})
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "PG_VERSION").write_text(f"{major}\n")
    assert ("event_triggers=off" in instance.recovering()) is silent
    assert "event_triggers=off" not in instance.server()


@pytest.mark.parametrize("word", ["it's", "a\\b", "two\nlines", "'; \\! id", "挂号"])
def test_a_word_is_one_word_to_psql(word: str) -> None:
    """No quote of it ends the word, and no line of it begins another command."""
    quoted = part("postgresql.session").quoted(word)
    assert "\n" not in quoted
    inner = quoted[1:-1].replace("\\\\", "").replace("''", "")
    assert "'" not in inner


def test_a_stage_that_is_taken_up_again_counts_from_its_first_beginning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A restore that went on while the connection was lost is no shorter for it: the RTO is what the hospital waits."""
    monkeypatch.setattr(part("changes.place"), "STATE", tmp_path / "maintkit")
    journal = part("drill.journal").Journal("r1")
    refused = part("changes.place").Refused

    def lost() -> dict[str, Any]:
        raise refused("restore still runs after 5 s")

    with pytest.raises(refused):
        journal.perform("restore", lost)
    journal.told["stages"]["restore"]["at"] -= 3600
    assert journal.perform("restore", dict)
    assert journal.stage("restore")["took_ms"] >= 3600_000


def test_a_fault_of_the_machine_is_kept_with_its_stage_and_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full disk is a reason, not a traceback; and a wipe that is wanted again is done again."""
    monkeypatch.setattr(part("changes.place"), "STATE", tmp_path / "maintkit")
    journal = part("drill.journal").Journal("r1")

    def full() -> dict[str, Any]:
        raise OSError(28, "No space left on device", "/var/lib/maintkit-drill/r1")

    with pytest.raises(part("changes.place").Refused, match=r"restore: .*No space left on device: '/var/lib"):
        journal.perform("restore", full)
    assert journal.stage("restore")["status"] == "failed"
    assert journal.perform("wipe", dict)
    assert not journal.perform("wipe", dict)
    journal.forget("wipe")
    assert journal.perform("wipe", dict)


@pytest.mark.parametrize("name", ["listen_addresses", "archive_mode", "hba_file", "primary_conninfo", "log_statement"])
def test_a_setting_that_would_let_the_copy_out_is_refused(name: str) -> None:
    """A block pasted from production."""
    refuse = part("drill.instance").refuse_settings
    with pytest.raises(part("changes.place").Refused, match=f"must not hold {name}"):
        refuse({name: "x", "shared_buffers": "1GB"})
    refuse({"shared_buffers": "1GB", "shared_preload_libraries": "timescaledb", "work_mem": "64MB"})


@pytest.mark.parametrize(
    ("source", "why"),
    [({"version": "13.14", "checksums": True}, "14 and later"), ({"version": "15.2", "checksums": False}, "checksums")],
)
def test_a_drill_that_cannot_pass_is_refused_before_anything_is_locked(source: dict[str, Any], why: str) -> None:
    look = part("drill.look")
    wish = look.Wish("r1", None, Path("/x"), source, False, "", 48.0, 0, "")
    with pytest.raises(part("changes.place").Refused, match=why):
        look._provable(wish, {})


def test_one_descriptor_that_closes_hides_no_other(tmp_path: Path) -> None:
    """What proves that nothing is left must not look away at the first thing that moves."""
    process = tmp_path / "4711"
    (process / "fd").mkdir(parents=True)
    (process / "cwd").symlink_to("/")
    (process / "fd" / "0").write_text("no link: it closed meanwhile")
    (process / "fd" / "1").symlink_to("/var/lib/maintkit-drill/r1/data/base/1/1259")
    assert "/var/lib/maintkit-drill/r1/data/base/1/1259" in list(part("drill.wipe")._held(process))
