"""What changed since the last inspection: ports, accounts, sudoers, scheduled jobs, units started at boot."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from maintkit.checks.facts import Account, Port, Sections
from maintkit.checks.model import Case, Check, Observation
from maintkit.checks.rule import cut, data_of, judged, no_comparison, section_of, skipped, unknown, well_if_none

# From here up a UDP socket without a peer is mostly a client's, on another number each time: its user stands for it.
EPHEMERAL = 32768

_SAID = {"新增": "{} 为新增。", "消失": "{} 已不存在。", "变更": "{} 的内容发生变更。"}

Things = Mapping[str, str]  # what is there -> its details, which may change


@dataclass(frozen=True, kw_only=True)
class _Subject:
    """One list that must not change unannounced."""

    section: str
    name_zh: str
    listed: Callable[[Sections], Things]
    remedy_zh: str

    def judge(self, case: Case) -> Iterator[Observation]:
        """Each change since the last inspection is a warn; without one, nothing is compared."""
        past = section_of(case.previous, self.section) if case.previous else None
        if case.previous is None or past is None or past.status != "ok":
            yield skipped(no_comparison(case, self.section))
        elif cut(case.previous, self.section) or cut(case.facts, self.section):
            # From a cut list, what came cannot be told from what was cut off before, nor what went from what is now.
            yield unknown("a list was cut at the output cap: what came and went cannot be told")
        else:
            now = self.listed(case.facts.sections)
            then = self.listed(case.previous.sections)
            yield from well_if_none(self._changes(now, then), excerpt=f"{len(now)} entries, none changed")

    def _changes(self, now: Things, then: Things) -> Iterator[Observation]:
        for name in sorted(now.keys() - then.keys()):
            yield self._change(name, "新增", now[name])
        for name in sorted(then.keys() - now.keys()):
            yield self._change(name, "消失", then[name])
        for name in sorted(now.keys() & then.keys()):
            if now[name] != then[name]:
                yield self._change(name, "变更", f"{then[name]} -> {now[name]}")

    def _change(self, name: str, kind: str, details: str) -> Observation:
        return judged(
            "warn",
            instance=name,
            value=kind,
            conclusion_zh="与上次巡检相比，" + _SAID[kind].format(f"{self.name_zh} {name}"),
            remedy_zh=self.remedy_zh,
            excerpt=details,
        )


def ports(case: Case) -> Iterator[Observation]:
    """A listening port has come or gone since the last inspection."""
    yield from _PORTS.judge(case)


def accounts(case: Case) -> Iterator[Observation]:
    """An account has come, gone or changed UID, group, home or shell since the last inspection."""
    yield from _ACCOUNTS.judge(case)


def sudoers(case: Case) -> Iterator[Observation]:
    """A sudo rule has come or gone since the last inspection."""
    yield from _SUDOERS.judge(case)


def cron(case: Case) -> Iterator[Observation]:
    """A scheduled job has come, gone or changed its command since the last inspection."""
    yield from _CRON.judge(case)


def units(case: Case) -> Iterator[Observation]:
    """A systemd unit was enabled or disabled since the last inspection."""
    yield from _UNITS.judge(case)


def _ports(sections: Sections) -> Things:
    """Without the program: it is withheld from a collector that is not root, and would change with the privilege."""
    return {_port_name(port): "" for port in data_of(sections.ports).listening}


def _port_name(port: Port) -> str:
    if port.protocol.startswith("udp") and port.port >= EPHEMERAL:
        return f"{port.protocol} {port.address} uid {port.uid}, any high port"
    return f"{port.protocol} {port.address}:{port.port}"


def _accounts(sections: Sections) -> Things:
    return {one.name: _account(one) for one in data_of(sections.accounts).accounts}


def _account(account: Account) -> str:
    return f"uid={account.uid} gid={account.gid} home={account.home} shell={account.shell}"


def _sudoers(sections: Sections) -> Things:
    return {f"{rule.source}: {rule.text}": "" for rule in data_of(sections.sudo).rules}


def _cron(sections: Sections) -> Things:
    """Two jobs of one program at one time are told apart by the hashes of both, as one entry."""
    jobs: dict[str, list[str]] = {}
    for job in data_of(sections.cron).jobs:
        jobs.setdefault(f"{job.source} {job.user or ''} {job.schedule} {job.program}", []).append(job.sha256)
    return {name: " ".join(sorted(hashes)) for name, hashes in jobs.items()}


def _units(sections: Sections) -> Things:
    return dict.fromkeys(data_of(sections.systemd).enabled, "")


_PORTS = _Subject(
    section="ports",
    name_zh="监听端口",
    listed=_ports,
    remedy_zh="核对是否为计划内变更；来历不明的端口先查明其程序、启动者和来源，保留证据并上报，确认后再处置。",
)
_ACCOUNTS = _Subject(
    section="accounts",
    name_zh="系统账户",
    listed=_accounts,
    remedy_zh="与系统负责人核对账户变更的申请与审批；未经批准的账户先保留登录记录并上报，确认没有业务使用后锁定，查明来源后再处置。",
)
_SUDOERS = _Subject(
    section="sudo",
    name_zh="sudo 授权",
    listed=_sudoers,
    remedy_zh="核对授权变更的申请与审批；未经批准的授权查明修改人后按流程收回，修改时使用 visudo 校验语法。",
)
_CRON = _Subject(
    section="cron",
    name_zh="计划任务",
    listed=_cron,
    remedy_zh="核对是否为计划内变更；来历不明的任务先查看其命令内容和创建者，保留证据后停用；"
    "消失的任务确认是否影响备份、对账等工作。",
)
_UNITS = _Subject(
    section="systemd",
    name_zh="开机启动项",
    listed=_units,
    remedy_zh="核对是否为计划内变更；新增的启动项查明来源，取消的启动项确认主机重启后业务能否自动恢复。",
)

CHECKS = (
    Check(id="drift.ports", category="host", title_zh="监听端口变化", needs=("ports",), judge=ports),
    Check(id="drift.accounts", category="host", title_zh="系统账户变化", needs=("accounts",), judge=accounts),
    Check(id="drift.sudoers", category="host", title_zh="sudo 授权变化", needs=("sudo",), judge=sudoers),
    Check(id="drift.cron", category="host", title_zh="计划任务变化", needs=("cron",), judge=cron),
    Check(id="drift.units", category="host", title_zh="开机启动项变化", needs=("systemd",), judge=units),
)
