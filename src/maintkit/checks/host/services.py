"""systemd units: those the site declares, and any that failed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from maintkit.checks.facts.host import Systemd, Unit
from maintkit.checks.model import Case, Check, Expected, Observation
from maintkit.checks.rule import (
    before,
    data_of,
    judged,
    measured,
    not_applicable,
    same_boot,
    shown,
    unknown,
    well_if_none,
)

# What `systemctl is-enabled` says of a unit that starts, or is started by another, at boot.
STARTS_AT_BOOT = frozenset(
    {"alias", "enabled", "enabled-runtime", "generated", "indirect", "linked", "static", "transient"}
)
SUFFIXES = frozenset(
    ["service", "socket", "target", "timer", "path", "mount", "automount", "swap", "slice", "scope", "device"],
)
NO_SYSTEMD = "no systemd on this host: the declared units cannot be seen"


def failed(case: Case) -> Iterator[Observation]:
    """Units in state failed. Declared ones are left to service.active, so that a matter is told once."""
    systemd = data_of(case.facts.sections.systemd)
    declared = set(_names(case.expected))
    yield from well_if_none(_failed(unit) for unit in systemd.failed if unit.name not in declared)


def _failed(unit: Unit) -> Observation:
    return judged(
        "warn",
        instance=unit.name,
        value=unit.result or unit.sub,
        conclusion_zh=f"系统服务 {unit.name} 处于失败状态（{unit.result or unit.sub}）。",
        remedy_zh=f"用 systemctl status {unit.name} 与 journalctl -u {unit.name} 查明失败原因；"
        "排除原因后再启动，不再使用的服务经确认后停用。",
        excerpt=f"{unit.name} {unit.load} {unit.active} {unit.sub} result={shown(unit.result)}",
    )


def active(case: Case) -> Iterator[Observation]:
    """A declared unit is not there, masked, or not active (crit); one on its way up or down is warn."""
    for unit in _declared(case):
        yield _active(unit) if isinstance(unit, Unit) else unit


def _active(unit: Unit) -> Observation:
    there = unit.load not in {"not-found", "masked"}
    on_its_way = there and unit.active in {"activating", "deactivating", "reloading"}
    state = f"{unit.active}/{unit.sub}" if there else unit.load
    said = {"not-found": "在本机不存在", "masked": "已被屏蔽"}.get(unit.load, f"未在运行（{state}）")
    return judged(
        "ok" if there and unit.active == "active" else "warn" if on_its_way else "crit",
        instance=unit.name,
        value=state,
        conclusion_zh=f"应运行的服务 {unit.name} {said}。",
        remedy_zh=f"先用 systemctl status {unit.name} 与服务日志查明原因并告知业务科室，"
        "排除原因后启动并验证业务；单元名称有误时修正服务清单。",
        excerpt=f"{unit.name} {unit.load} {unit.active} {unit.sub} result={shown(unit.result)} "
        f"pid={shown(unit.main_pid)}",
    )


def flapping(case: Case) -> Iterator[Observation]:
    """A declared unit was restarted by systemd 3 times or more (crit 10) since the last inspection."""
    for unit in _declared(case):
        yield _flapping(case, unit) if isinstance(unit, Unit) else unit


def _flapping(case: Case, unit: Unit) -> Observation:
    if unit.load == "not-found":
        return not_applicable("there is no unit of this name: see service.active", instance=unit.name)
    if unit.restarts is None:
        return not_applicable("systemd before 235 does not count restarts", instance=unit.name)
    earlier = _earlier(case, unit.name) if same_boot(case) else None
    counted = earlier is not None and earlier.restarts is not None and earlier.restarts <= unit.restarts
    value = unit.restarts - (earlier.restarts or 0) if earlier is not None and counted else unit.restarts
    period = "自上次巡检以来" if counted else "自装载以来"
    return measured(
        value,
        case.limits["service.restarts"],
        instance=unit.name,
        conclusion_zh=f"服务 {unit.name} {period}被系统自动重启 {value} 次，运行不稳定。",
        remedy_zh="从服务日志查明每次退出的原因（内存、配置、依赖服务），反馈应用厂商修复；"
        "不要只以延长重启间隔掩盖问题。",
        excerpt=f"NRestarts {unit.restarts}, "
        + ("since the last inspection" if counted else "since the unit was loaded"),
    )


def enabled(case: Case) -> Iterator[Observation]:
    """A declared unit would not start at the next boot."""
    for unit in _declared(case):
        yield _enabled(unit) if isinstance(unit, Unit) else unit


def _enabled(unit: Unit) -> Observation:
    if unit.load == "not-found":
        return not_applicable("there is no unit of this name: see service.active", instance=unit.name)
    if not unit.enabled:
        return unknown("systemd does not say whether the unit is enabled", instance=unit.name)
    return judged(
        "ok" if unit.enabled in STARTS_AT_BOOT else "warn",
        instance=unit.name,
        value=unit.enabled,
        conclusion_zh=f"服务 {unit.name} 未设为开机启动（{unit.enabled}），主机重启后业务不会自动恢复。",
        remedy_zh="确认该服务是否由集群或其他组件负责启动；如不是，按变更流程设为开机启动，并在下次重启时验证。",
        excerpt=f"{unit.name} is-enabled={shown(unit.enabled)}",
    )


def _declared(case: Case) -> Iterator[Unit | Observation]:
    """Each declared unit as systemd sees it, or the observation that says why it cannot be seen."""
    section = case.facts.sections.systemd
    if section is not None and section.status == "absent":
        yield from (unknown(NO_SYSTEMD, instance=name) for name in _names(case.expected))
        return
    systemd = data_of(section)
    for name in _names(case.expected):
        found = _named(systemd.expected, name)
        yield found or unknown("the collector did not ask for this unit", instance=name)


def _earlier(case: Case, name: str) -> Unit | None:
    earlier: Systemd | None = before(case, lambda sections: sections.systemd)
    return _named(earlier.expected, name) if earlier else None


def _named(units: Iterable[Unit], name: str) -> Unit | None:
    return next((unit for unit in units if _full(unit.name) == name), None)


def _names(expected: Expected) -> tuple[str, ...]:
    return tuple(_full(name) for name in expected.units)


def _full(name: str) -> str:
    """A name without one of systemd's suffixes is a service's, as for systemctl: php8.2-fpm is php8.2-fpm.service."""
    return name if name.rpartition(".")[2] in SUFFIXES else f"{name}.service"


def _units_declared(expected: Expected) -> bool:
    return bool(expected.units)


CHECKS = (
    Check(id="service.failed", category="host", title_zh="失败的系统服务", needs=("systemd",), judge=failed),
    Check(
        id="service.active",
        category="host",
        title_zh="核心服务运行",
        needs=("systemd",),
        judge=active,
        declared=_units_declared,
        decides_absence=True,
    ),
    Check(
        id="service.flapping",
        category="host",
        title_zh="核心服务反复重启",
        needs=("systemd",),
        judge=flapping,
        limits=("service.restarts",),
        declared=_units_declared,
        decides_absence=True,
    ),
    Check(
        id="service.enabled",
        category="host",
        title_zh="核心服务开机启动",
        needs=("systemd",),
        judge=enabled,
        declared=_units_declared,
        decides_absence=True,
    ),
)
