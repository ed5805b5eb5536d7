"""Changes that were carried out, each an evening in a ledger of its own, for the golden documents."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache
from tempfile import TemporaryDirectory
from typing import Any

import sample_changes
import sample_drills
import sample_indexes
import sample_restarts
import sample_restores
from change import host, plan, step
from evening import MEMORY, RUN, STATE, Evening, evening, signed
from phase_facts import cached, figures, gate, moves, package_steps, patched, prechecked, rounds, since
from sample_inspections import HOSTILE, digest

from maintkit.evidence.ledger import Ledger
from maintkit.plans.implementation import Implementation, implementation
from maintkit.plans.model import FileChange, PackageChange, Plan
from maintkit.plans.window import Window
from maintkit.runs.phases import Phase


def _done(night: Evening) -> None:
    prechecked(night)
    for at, name in enumerate(("his-app1", "his-app2", "his-app3")):
        if at:
            night.phase(name, "precheck", 8.1, {"packages": moves(night.plan, name)})
        patched(night, name, slow=at * 5)
    night.finish("done", {one.name: "done" for one in night.plan.hosts})
    night.wait(240)
    night.supervise("out")


def _rolled_back(night: Evening) -> None:
    prechecked(night)
    patched(night, "his-app1", until="change")
    wrong = 'http://127.0.0.1/login does not say "挂号"'
    night.phase("his-app1", "verify", 72.8, {"checks": rounds(night.clock.at, wrong)}, outcome="failed",
                reason=f"not healthy: HIS 登录页: {wrong}")  # fmt: skip
    at = night.clock.at + timedelta(seconds=30)
    night.phase("his-app1", "rollback", 58.3, {"since": since([], ("nginx.service",)), "checks": rounds(at)})
    night.phase("his-app1", "precheck", 8.9)
    night.close("his-app1", "rolled-back")
    for name in ("his-app2", "his-app3"):
        night.journal.hold(name, "1 hosts failed, 0 are allowed to")
    night.finish("rolled-back", {"his-app1": "rolled-back", "his-app2": "untouched", "his-app3": "untouched"})


def _urgent(night: Evening) -> None:
    """Declared at noon; the second host is lost for a while and runs over, the third is not begun."""
    night.clock.at = datetime(2026, 11, 26, 4, 10, tzinfo=UTC)
    opened = night.clock.at
    night.declare("张伟", "nginx 远程执行漏洞正被利用，等待审批将使门诊系统继续暴露", 0.1)
    night.wait(60)
    night.begin("emergency", ("张伟",), "nginx 远程执行漏洞正被利用，等待审批将使门诊系统继续暴露",
                (opened, opened + timedelta(minutes=6)))  # fmt: skip
    prechecked(night)
    patched(night, "his-app1")
    night.phase("his-app2", "precheck", 8.1)
    night.phase("his-app2", "backup", 22.0, cached(night.plan, "his-app2"))
    night.phase("his-app2", "change", 60.0, outcome="lost", reason="no route to host")
    night.wait(120)
    of = night.plan
    night.phase("his-app2", "change", 12.0, {"packages": moves(of, "his-app2")}, package_steps(of, "his-app2"))
    night.phase("his-app2", "verify", 31.0, {"since": since(moves(of, "his-app2"), ("nginx.service",)),
                                             "checks": rounds(night.clock.at)})  # fmt: skip
    night.close("his-app2", "done")
    window = Window(start=opened, end=opened + timedelta(minutes=6))
    night.journal.hold("his-app3", f"the window {window} is not open")
    night.finish("partial", {"his-app1": "done", "his-app2": "done", "his-app3": "untouched"}, overrun_s=71)


def _killed(night: Evening) -> None:
    """The controller dies in the change of the first host."""
    prechecked(night)
    night.phase("his-app1", "backup", 21.4, cached(night.plan, "his-app1"))
    night.journal.intend("his-app1", Phase.CHANGE)
    night.wait(40)


def _resumed(night: Evening) -> None:
    """The same, taken up by somebody else; a pause is asked for, and the supervisor leaves too early."""
    _killed(night)
    night.wait(900)
    night.resume()
    of = night.plan
    night.phase("his-app1", "change", 9.7, {"packages": moves(of, "his-app1")}, package_steps(of, "his-app1"))
    night.journal.ask("pause", by="李主任", why="急诊高峰，先观察第一台")
    night.supervise("out")
    bare = [each | {"gates": []} for each in rounds(night.clock.at)]
    told = {"since": since(moves(of, "his-app1"), ("nginx.service",)), "checks": bare}
    night.phase("his-app1", "verify", 31.2, told)
    night.close("his-app1", "done")
    for name in ("his-app2", "his-app3"):
        night.journal.hold(name, "李主任 asked to pause it: 急诊高峰，先观察第一台")
    night.finish("partial", {"his-app1": "done", "his-app2": "untouched", "his-app3": "untouched"})


def upgrade() -> Plan:
    """HIS 1.0 to 1.1 with a schema that comes back only by a restore."""
    steps = (
        step("backup", 120, title_zh="数据库恢复点与安装文件", target="his", before=None, after=None),
        step("change", 300, "high", title_zh="安装 1.1 并升级数据库结构", target="his", before="1.0-1", after="1.1-1",
             rollback="restore-only"),
        step("verify", 300, title_zh="观察：服务、登录页与挂号业务", target="his", before=None, after=None),
        step("rollback", 600, "high", title_zh="恢复原版本与数据库结构", target="his", rollback="restore-only"),
    )  # fmt: skip
    new = PackageChange(name="his-client", architecture="all", before=None, after="1.1-1")
    old = PackageChange(name="his-server", architecture="amd64", before="1.0-1", after="1.1-1")
    one = host("his-app1", steps=steps, packages=(old, new), restarts=("his.service",), drained_from=("his-lb1",))
    return plan(sample_changes.LEDGER, hosts=(one,), batches=(("his-app1",),), procedure="upgrade",
                title_zh="HIS 1.1 升级", reason="合同约定的版本升级，含医保接口调整")  # fmt: skip


# The last words of roles/upgrade/tasks/schema_back.yml.
RESTORE_ONLY = (
    "the schema was brought up, and there is no way down (upgrade_migrate_down): it is restore-only. Restoring to the "
    "restore point loses what was written since, and needs upgrade_restore and upgrade_restore_agreed. The new version "
    "stays installed, and the host out of rotation, until somebody decides"
)
UPGRADE_STEPS = (
    {"action": "set package", "target": "his-server", "from": "1.0-1", "to": "1.1-1", "rollback_class": "reversible"},
    {"action": "migrate", "target": "/opt/his/bin/migrate up", "from": "", "to": "", "rollback_class": "restore-only"},
)


def _upgraded(night: Evening) -> None:
    name, of = "his-app1", night.plan
    point = {"restore_point": "his_20261128_2336 at 0/5A000028"}
    night.phase(name, "precheck", 6.3, {"packages": moves(of, name), "checks": rounds(night.clock.at)[:1]})
    night.phase(name, "backup", 95.0, cached(of, name) | point)
    night.phase(name, "change", 188.0, {"packages": moves(of, name), "migration": "schema 41 -> 42: 3 tables altered"},
                UPGRADE_STEPS)  # fmt: skip


def _upgrade_done(night: Evening) -> None:
    _upgraded(night)
    at = night.clock.at + timedelta(seconds=5)
    said = {"since": since(moves(night.plan, "his-app1"), ("his.service",)), "checks": rounds(at),
            "figures": {"before": figures(864_000, 1.9, 6.2), "after": figures(864_400, 1.4, 9.7)}}  # fmt: skip
    night.phase("his-app1", "verify", 310.0, said)
    night.close("his-app1", "done")
    night.finish("done", {"his-app1": "done"})
    night.supervise("out")


def _upgrade_stuck(night: Evening) -> None:
    """1.1 does not register patients, and the schema has no way down."""
    _upgraded(night)
    wrong = "http://127.0.0.1/register answers 500, not 200"
    ill = [{"at": night.clock.at.timestamp(), "gates": [gate("HIS 登录页", 41), gate("挂号", 212, wrong)],
            "problems": [f"挂号: {wrong}"]}]  # fmt: skip
    night.phase("his-app1", "verify", 75.0, {"checks": ill}, outcome="failed", reason=f"not healthy: 挂号: {wrong}")
    night.phase("his-app1", "rollback", 12.0, outcome="failed", reason=RESTORE_ONLY)
    night.close("his-app1", "rollback-failed")
    night.finish("rollback-failed", {"his-app1": "rollback-failed"}, keep=("his-app1",))


def config() -> Plan:
    """A pool size, loaded by the service."""
    file: dict[str, Any] = {"target": "/etc/his/pool.conf", "before": None, "after": None}
    steps = (
        step("change", 40, title_zh="修改配置文件", **file),
        step("verify", 60, title_zh="观察并确认", **file),
        step("rollback", 90, title_zh="恢复原文件", **file),
    )
    shown = "@@ -1,3 +1,3 @@\n # 连接池\n-pool = 20\n+pool = 60\n db_password = [masked:secret]"
    pool = FileChange(path="/etc/his/pool.conf", before=digest("pool = 20"), after=digest("pool = 60"),
                      difference=shown)  # fmt: skip
    one = host("his-app1", steps=steps, packages=(), restarts=("his.service",), drained_from=(), disk=(),
               files=(pool,))  # fmt: skip
    return plan(sample_changes.LEDGER, hosts=(one,), batches=(("his-app1",),), procedure="config",
                title_zh="配置变更", reason="连接池由 20 调至 60")  # fmt: skip


def _reverted(night: Evening) -> None:
    """The host was cut off by its new configuration and took it back by itself."""
    name, old, new = "his-app1", digest("pool = 20"), digest("pool = 60")
    night.phase(name, "precheck", 4.0, {"judged_by": "/opt/his/bin/check %s"})
    copy = f"/var/lib/maintkit/runs/{RUN}/config/before"
    night.phase(name, "backup", 2.0, {"copy": copy, "sha256": old, "state": STATE})
    changed = {
        "action": "set file",
        "target": "/etc/his/pool.conf",
        "from": old,
        "to": new,
        "rollback_class": "reversible",
    }
    armed = {"state": "reverted", "by": "host", "rehearsed_rc": 0, "reverted_rc": 0, "log": ""}
    night.phase(name, "change", 190.0, {"deadman": armed, "output": ""}, (changed,))
    night.phase(name, "verify", 34.0, outcome="failed", reason="not healthy: his.service has failed")
    night.phase(name, "rollback", 35.0, {"deadman": armed, "sha256": old, "checks": rounds(night.clock.at)})
    night.phase(name, "precheck", 4.0)
    night.close(name, "rolled-back")
    night.finish("rolled-back", {name: "rolled-back"})
    night.supervise("out")


def _hostile(night: Evening) -> None:
    """Hosts say what they like, in every place where they are heard; facts have no shape that was agreed on."""
    said = HOSTILE[0]
    night.phase("his-app1", "precheck", 1.0, {"packages": "all of them", "figures": [1, 2], "checks": {"at": said}})
    night.phase("his-app1", "backup", 1.0, {"files": {f"old/{one}": one for one in HOSTILE}, "state": said, "cache": 7})
    strange = [{"at": 1e300, "gates": [], "problems": []}]
    packages = [{"package": one, "from": one, "to": one} for one in HOSTILE]
    steps = tuple({"action": one, "target": one, "from": one, "to": one, "rollback_class": one} for one in HOSTILE)
    night.phase("his-app1", "change", 1.0, {"packages": packages, "checks": strange}, steps)
    asked = [{"at": 0.0, "gates": [gate(one, 1, one) for one in HOSTILE], "problems": list(HOSTILE)}]
    wrong = {"since": "nothing", "checks": asked, "figures": {"before": {"uptime_s": "x"}, "after": None}}
    night.phase("his-app1", "verify", 1.0, wrong, outcome="failed", reason=said)
    night.phase(
        "his-app1", "rollback", 1.0, {"since": {"packages": []}, "checks": strange}, outcome="failed", reason=said
    )
    night.close("his-app1", "rollback-failed")
    night.journal.hold("his-app2", said)
    night.finish("rollback-failed", {"his-app1": "rollback-failed", "his-app2": "untouched", "his-app3": "untouched"},
                 keep=("his-app1",))  # fmt: skip


_EVENINGS = {
    "done": (sample_changes.patch, signed, _done),
    "rolled-back": (sample_changes.patch, signed, _rolled_back),
    "urgent": (sample_changes.patch, evening, _urgent),
    "killed": (sample_changes.patch, signed, _killed),
    "resumed": (sample_changes.patch, signed, _resumed),
    "hostile": (sample_changes.patch, signed, _hostile),
    "upgrade-done": (upgrade, signed, _upgrade_done),
    "upgrade-stuck": (upgrade, signed, _upgrade_stuck),
    "restart": (sample_restarts.restart, signed, sample_restarts.restarted),
    "restart-assessed": (sample_restarts.restart, signed, sample_restarts.assessed),
    "indexes": (sample_indexes.indexes, signed, sample_indexes.changed),
    "reindex": (sample_indexes.reindex, signed, sample_indexes.rebuilt),
    "reindex-short": (sample_indexes.reindex, signed, sample_indexes.short),
    "reindex-nothing": (sample_indexes.reindex, signed, sample_indexes.nothing),
    "config-reverted": (config, signed, _reverted),
    "drill-passed": (sample_drills.drill, signed, sample_drills.passed),
    "drill-mariadb": (sample_drills.mariadb_drill, signed, sample_drills.mariadb_passed),
    "drill-short": (sample_drills.drill, signed, sample_drills.short),
    "drill-refused": (sample_drills.drill, signed, sample_drills.refused),
    "drill-stuck": (sample_drills.drill, signed, sample_drills.stuck),
    "restore-passed": (sample_restores.restore, signed, sample_restores.passed),
    "restore-mariadb": (sample_restores.restore, signed, sample_restores.mariadb_passed),
    "restore-back": (sample_restores.restore, signed, sample_restores.back),
    "drill-gap": (sample_drills.drill, signed, sample_drills.gap),
}


def happened(name: str, directory: str) -> Ledger:
    """One of the evenings, in a ledger of this directory."""
    of, opened, happens = _EVENINGS[name]
    night = opened(directory, of())
    happens(night)
    return night.ledger


@cache
def carried_out(name: str) -> Implementation:
    """One of the evenings, read back from its ledger."""
    with TemporaryDirectory(dir=MEMORY) as directory, happened(name, directory) as ledger:
        return implementation(ledger, RUN)
