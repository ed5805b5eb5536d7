"""Advice on the practice hospital's database: inspected, advised, planned, applied, shown before and after."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import pytest
from office import Engineer

from lab.hospital.practice import Hospital, hospital
from lab.hospital.site import make_site
from maintkit.analysis.advice import Advice
from maintkit.analysis.advice.applying import Planned, applying
from maintkit.analysis.advice.model import Change
from maintkit.analysis.advice.pg_memory import BUFFERS_SMALL
from maintkit.evidence.server_facts import Postgresql

pytestmark = pytest.mark.long

CLUSTER = "/etc/postgresql/15/main"


@dataclass(frozen=True, kw_only=True)
class Office(Engineer):
    """A running hospital and its site."""

    timeout_s: ClassVar[float] = 400
    his: Hospital

    def sql(self, statement: str) -> str:
        words = ("runuser", "-u", "postgres", "--", "psql", "-XAtqd", "his", "-c", statement)
        return self.his.lab["his-db1"].run(*words).out.strip()

    def advice(self, *words: object) -> dict[str, dict[str, Any]]:
        """What is advised for the server, by rule, after a deep inspection."""
        seen = self.maintkit("inspect", "--deep", "--limit", "his-db1", "--engineer", "张工")
        assert seen.returncode in (0, 10, 11, 12, 13), seen.stderr
        told = self.maintkit("advise", "his-db1", "--json", *words)
        assert told.returncode == 0, told.stderr
        return {row["rule"]: row for row in json.loads(told.stdout) if "title" in row}

    def planned(self, parameters: Mapping[str, Any]) -> str:
        """A plan of these parameters that two people have approved and one supervises; its id."""
        quick = {"checks": 2, "interval": 0.5, "settle": 20, "deadline": 90}
        return self.signed(self.proposed("config", "his-db1", {**parameters, **quick}, reason="参数优化"))


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    with hospital(("backup1", "his-db1")) as made:
        yield Office(his=made, site=make_site(made, tmp_path_factory.mktemp("advice") / "site"))


def test_a_setting_is_advised_planned_applied_and_no_more_advised(office: Office, tmp_path: Path) -> None:
    """The planner's guess of the cache; the record shows the server's own word before and after."""
    advised = office.advice("--write", tmp_path)["postgresql.effective-cache-size"]
    before, change = office.sql("SHOW effective_cache_size"), advised["change"]
    (file,) = tmp_path.glob("his-db1-*-effective-cache-size.json")
    assert str(file) in advised["plan"]["command"]
    done = office.maintkit("apply", office.planned(json.loads(file.read_text())))
    assert done.returncode == 0, done.stdout + done.stderr
    assert office.sql("SHOW effective_cache_size") == change["after"] != before
    page = office.page("change", office.run()["run"], "--tuning")
    assert "性能优化实施记录" in page
    assert before in page
    assert change["after"] in page
    assert "已改变" in page
    assert "postgresql.effective-cache-size" not in office.advice()
    assert "查询与配置优化建议" in office.page("health")


def test_a_server_that_does_not_take_the_value_is_put_back(office: Office) -> None:
    """Somebody's later file stands over ours: the plan notices, and leaves nothing behind."""
    host = office.his.lab["his-db1"]
    asked = ["timeout", "20", "runuser", "-u", "postgres", "--", "psql", "-XAtc"]
    dest = f"{CLUSTER}/conf.d/zz-maintkit-work-mem.conf"
    host.run("sh", "-c", f"echo \"work_mem = '3MB'\" > {CLUSTER}/conf.d/zzz-else.conf")
    office.sql("SELECT pg_reload_conf()")
    parameters = {
        "dest": dest,
        "content": "work_mem = '9MB'\n",
        "reload": [*asked, "SELECT pg_reload_conf()"],
        "measures": [{"name": "work_mem", "argv": [*asked, "SHOW work_mem"], "expect": "9MB"}],
    }
    done = office.maintkit("apply", office.planned(parameters))
    assert done.returncode != 0
    assert office.run()["verdict"] == "rolled-back"
    assert host.run("test", "-e", dest, check=False).code == 1
    assert office.sql("SHOW work_mem") == "3MB"


def test_a_setting_that_wants_a_restart_is_pending_and_the_plan_says_so(office: Office) -> None:
    """The parameters are those that advice gives; the running server keeps the old value."""
    seen = Postgresql.model_validate(
        {
            "name": "his",
            "state": "up",
            "in_recovery": False,
            "settings": [
                {"name": "config_file", "setting": f"{CLUSTER}/postgresql.conf"},
                {"name": "shared_buffers", "setting": "4096", "unit": "8kB", "source": "configuration file"},
            ],
        }
    )
    change = Change(name="shared_buffers", before=office.sql("SHOW shared_buffers"), after="48MB")
    piece = Advice(
        rule=BUFFERS_SMALL, subject="his", figures=(), observation_zh="", conclusion_zh="", advice_zh="", change=change
    )
    made = applying(piece, seen)
    assert isinstance(made, Planned)
    done = office.maintkit("apply", office.planned(made.variables))
    assert done.returncode == 0, done.stdout + done.stderr
    assert office.sql("SHOW shared_buffers") == change.before
    assert office.sql("SELECT pending_restart FROM pg_settings WHERE name = 'shared_buffers'") == "t"
