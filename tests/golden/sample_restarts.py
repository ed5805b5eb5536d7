"""A rolling restart that was carried out, and one that was assessed afterwards."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import sample_changes
from change import host, plan, step
from evening import RUN, STATE, Evening
from phase_facts import figures, rounds, service, since

from maintkit.evidence.change_record import assess
from maintkit.plans.model import Plan


def restart() -> Plan:
    """Two services of one host, and another host whole."""
    cannot = "point-of-no-return"
    steps = (
        step("change", 60, title_zh="重启服务", target="his.service", before=None, after=None, rollback=cannot),
        step("verify", 90, title_zh="观察", target="his", before=None, after=None),
    )
    about: dict[str, Any] = {"steps": steps, "packages": (), "disk": ()}
    hosts = (host("his-app1", restarts=("his.service",), **about),
             host("his-db1", restarts=(), reboot=True, drained_from=(), **about))  # fmt: skip
    why = "HIS 服务内存占用三个月内由 2 GiB 升至 9 GiB，响应变慢"
    return plan(sample_changes.LEDGER, hosts=hosts, batches=(("his-app1",), ("his-db1",)), procedure="restart",
                title_zh="服务重启与性能优化", reason=why)  # fmt: skip


def restarted(night: Evening) -> None:
    was = {"his-app1": figures(7_862_400, 3.4, 2.1, 1.6), "his-db1": figures(20_000_000, 1.2, 8.8)}
    for name, found in was.items():
        ill = rounds(night.clock.at, slow=1900)
        night.phase(name, "precheck", 5.2, {"figures": found, "checks": ill[:1]})
    _restart_of(night, "his-app1", was["his-app1"], figures(7_862_560, 0.9, 10.3, 0.2), "restart")
    _restart_of(night, "his-db1", was["his-db1"], figures(41, 0.3, 21.0), "reboot")
    night.finish("done", {"his-app1": "done", "his-db1": "done"})
    night.supervise("out")


def _restart_of(night: Evening, name: str, was: dict[str, Any], now: dict[str, Any], how: str) -> None:
    whole = how == "reboot"
    old = {} if whole else {"his.service": service(1873, 9.1)}
    new = {} if whole else {"his.service": service(24410, 2.0)}
    night.phase(name, "backup", 3.0, {"figures": was, "services": old, "state": STATE})
    target = {"action": "restart", "target": "host" if whole else "his.service", "from": "", "to": "",
              "rollback_class": "point-of-no-return"}  # fmt: skip
    night.phase(name, "change", 44.0 if whole else 6.5, {"reboot_took_s": 41 if whole else 0}, (target,))
    said = {"figures": {"before": was, "after": now}, "services": {"before": old, "after": new},
            "since": since([], () if whole else ("his.service",), rebooted=whole),
            "checks": rounds(night.clock.at + timedelta(seconds=3))}  # fmt: skip
    night.phase(name, "verify", 26.0, said)
    night.close(name, "done")


def assessed(night: Evening) -> None:
    restarted(night)
    found = "内存占用回落，登录页响应由约 2 秒降至 40 毫秒，重启必要且有效；内存增长原因已提交厂商。"
    assess(night.ledger, RUN, by="张伟", cause="", remaining="", effect=found)
