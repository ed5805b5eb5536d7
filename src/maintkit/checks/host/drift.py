"""What changed since the last inspection: ports, accounts, sudoers, scheduled jobs, units started at boot."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from maintkit.checks.facts.document import Facts, Sections
from maintkit.checks.facts.host import Port
from maintkit.checks.facts.security import Account
from maintkit.checks.gaps import withheld
from maintkit.checks.model import Case, Check, Observation
from maintkit.checks.rule import cut, data_of, judged, no_comparison, section_of, skipped, unknown, well_if_none

# Where the kernel's own range of ports begins (ip_local_port_range): who asks for any port gets one of these.
EPHEMERAL = 32768

_SAID = {"新增": "{} 为新增。", "消失": "{} 已不存在。", "变更": "{} 的内容发生变更。"}


@dataclass(frozen=True, kw_only=True)
class _Entry:
    """What is listed under one name: details that may change, and the file that says it ("": one list says all)."""

    details: str = ""
    file: str = ""


Things = Mapping[str, _Entry]
Fields = frozenset[str]  # of a section, withheld from one of the two inspections at least


@dataclass(frozen=True, kw_only=True)
class _Subject:
    """One list that must not change unannounced.

    `entries` is the fact that holds it. `by_file`: it comes from files of which a user who is not root may see fewer.
    """

    section: str
    entries: str
    name_zh: str
    listed: Callable[[Sections, Fields], Things]
    remedy_zh: str
    by_file: bool = False

    def judge(self, case: Case) -> Iterator[Observation]:
        """Each change since the last inspection is a warn; without one, nothing is compared.

        Where one of the two inspections did not see everything, only what both could see is compared, and the rest is
        unknown: a privilege that was lost or gained makes nothing come or go.
        """
        past = section_of(case.previous, self.section) if case.previous else None
        if case.previous is None or past is None or past.status != "ok":
            yield skipped(no_comparison(case, self.section))
        elif cut(case.previous, self.section) or cut(case.facts, self.section):
            # From a cut list, what came cannot be told from what was cut off before, nor what went from what is now.
            yield unknown("a list was cut at the output cap: what came and went cannot be told")
        else:
            yield from self._compare(case.facts, case.previous)

    def _compare(self, facts: Facts, previous: Facts) -> Iterator[Observation]:
        fields = self._withheld(facts) | self._withheld(previous)
        now, then = self.listed(facts.sections, fields), self.listed(previous.sections, fields)
        unseen_now = self._unseen(facts) or self._fewer(facts, previous, "before")
        unseen_then = self._unseen(previous) or self._fewer(previous, facts, "now")
        came = {name: entry for name, entry in now.items() if name not in then}
        went = {name: entry for name, entry in then.items() if name not in now}
        changes = (
            *self._each(_in_files_of(then, came) if unseen_then else came, "新增"),
            *self._each(_in_files_of(now, went) if unseen_now else went, "消失"),
            *self._changed(now, then),
        )
        if unseen_now:
            yield from (*changes, unknown(f"not everything could be read: {unseen_now}"))
        elif unseen_then:
            yield from (*changes, unknown(f"the earlier inspection did not see everything: {unseen_then}"))
        else:
            yield from well_if_none(changes, excerpt=f"{len(now)} entries, none changed")

    def _withheld(self, facts: Facts) -> Fields:
        section = section_of(facts, self.section)
        return frozenset(section.withheld) if section is not None else frozenset()

    def _unseen(self, facts: Facts) -> str:
        """Why the list is not whole, "" if it is."""
        section = section_of(facts, self.section)
        return withheld(section, self.entries).removeprefix(f"{self.entries}: ")

    def _fewer(self, facts: Facts, other: Facts, when: str) -> str:
        """Why this inspection may have seen fewer files than the other one, "" if it cannot."""
        user, others = facts.collector.euid, other.collector.euid
        return f"collected as user {user}, {when} as user {others}" if self.by_file and user not in {0, others} else ""

    def _each(self, entries: Things, kind: str) -> Iterator[Observation]:
        for name in sorted(entries):
            yield self._change(name, kind, entries[name].details)

    def _changed(self, now: Things, then: Things) -> Iterator[Observation]:
        for name in sorted(now.keys() & then.keys()):
            if now[name].details != then[name].details:
                yield self._change(name, "变更", f"{then[name].details} -> {now[name].details}")

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
    """A listening port has come or gone since the last inspection; from 32768 up, a program (else a user) with one.

    The kernel gives ports from 32768 up to whoever asks for any: UDP clients, RMI, the kernel's NFS. Their numbers
    change at each start, so such a socket is told by protocol, address and program, or by its user where a program is
    not known or one of the two inspections did not see programs (it needs root). A real service up there stays as long
    as its program listens; that a certain number listens is declared in services.yml and told by port.listening.
    """
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


def _in_files_of(other: Things, entries: Things) -> Things:
    """Those of `entries` whose file the other inspection read, since it lists something of it."""
    files = {entry.file for entry in other.values() if entry.file}
    return {name: entry for name, entry in entries.items() if entry.file in files}


def _ports(sections: Sections, fields: Fields) -> Things:
    return {_port_name(port, fields): _Entry() for port in data_of(sections.ports).listening}


def _port_name(port: Port, fields: Fields) -> str:
    if port.port < EPHEMERAL:
        # Without the program, which is withheld from a collector that is not root: it would change with the privilege.
        return f"{port.protocol} {port.address}:{port.port}"
    owner = port.process if port.process and "process" not in fields else f"uid {port.uid}"
    return f"{port.protocol} {port.address}:{EPHEMERAL}+ ({owner})"


def _accounts(sections: Sections, _: Fields) -> Things:
    return {one.name: _Entry(details=_account(one)) for one in data_of(sections.accounts).accounts}


def _account(account: Account) -> str:
    return f"uid={account.uid} gid={account.gid} home={account.home} shell={account.shell}"


def _sudoers(sections: Sections, _: Fields) -> Things:
    return {f"{rule.source}: {rule.text}": _Entry(file=rule.source) for rule in data_of(sections.sudo).rules}


def _cron(sections: Sections, _: Fields) -> Things:
    """Two jobs of one program at one time are told apart by the hashes of both, as one entry."""
    jobs: dict[tuple[str, str], list[str]] = {}
    for job in data_of(sections.cron).jobs:
        name = f"{job.source} {job.user or ''} {job.schedule} {job.program}"
        # Of a folder (/etc/cron.daily) each script is a file of its own, with its own permissions.
        file = job.program if job.program.startswith(f"{job.source}/") else job.source
        jobs.setdefault((name, file), []).append(job.sha256)
    return {name: _Entry(details=" ".join(sorted(hashes)), file=file) for (name, file), hashes in jobs.items()}


def _units(sections: Sections, _: Fields) -> Things:
    return dict.fromkeys(data_of(sections.systemd).enabled, _Entry())


_PORTS = _Subject(
    section="ports",
    entries="listening",
    name_zh="监听端口",
    listed=_ports,
    remedy_zh="核对是否为计划内变更；来历不明的端口先查明其程序、启动者和来源，保留证据并上报，确认后再处置。",
)
_ACCOUNTS = _Subject(
    section="accounts",
    entries="accounts",
    name_zh="系统账户",
    listed=_accounts,
    remedy_zh="与系统负责人核对账户变更的申请与审批；未经批准的账户先保留登录记录并上报，确认没有业务使用后锁定，查明来源后再处置。",
)
_SUDOERS = _Subject(
    section="sudo",
    entries="rules",
    by_file=True,
    name_zh="sudo 授权",
    listed=_sudoers,
    remedy_zh="核对授权变更的申请与审批；未经批准的授权查明修改人后按流程收回，修改时使用 visudo 校验语法。",
)
_CRON = _Subject(
    section="cron",
    entries="jobs",
    by_file=True,
    name_zh="计划任务",
    listed=_cron,
    remedy_zh="核对是否为计划内变更；来历不明的任务先查看其命令内容和创建者，保留证据后停用；"
    "消失的任务确认是否影响备份、对账等工作。",
)
_UNITS = _Subject(
    section="systemd",
    entries="enabled",
    name_zh="开机启动项",
    listed=_units,
    remedy_zh="核对是否为计划内变更；新增的启动项查明来源，取消的启动项确认主机重启后业务能否自动恢复。",
)

CHECKS = (
    Check(id="drift.ports", category="host", title_zh="监听端口变化", needs=("ports",), judge=ports, change=True),
    Check(
        id="drift.accounts", category="host", title_zh="系统账户变化", needs=("accounts",), judge=accounts, change=True
    ),
    Check(id="drift.sudoers", category="host", title_zh="sudo 授权变化", needs=("sudo",), judge=sudoers, change=True),
    Check(id="drift.cron", category="host", title_zh="计划任务变化", needs=("cron",), judge=cron, change=True),
    Check(id="drift.units", category="host", title_zh="开机启动项变化", needs=("systemd",), judge=units, change=True),
)
