"""Logins since the last inspection: bursts of failures, and successes from addresses nobody has named."""

from __future__ import annotations

import ipaddress
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from maintkit.checks.facts.security import AcceptedLogin, FailedLogin, Logins
from maintkit.checks.gaps import withheld
from maintkit.checks.model import Case, Check, Observation
from maintkit.checks.offenders import Offender, counted
from maintkit.checks.rule import before, data_of, measured, no_comparison, not_applicable, skipped, unknown
from maintkit.checks.security.container import container

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_SHOWN = 5

# What a login on a terminal or by su has in place of an address.
NO_NETWORK = frozenset({"", "local"})


def failed_burst(case: Case) -> Iterable[Observation]:
    """Most failures within any ten minutes since the last inspection, against 10/50 (ours).

    A log that does not reach back to the start of the period gives a lower bound: it can fire, but not be fine.
    """
    section = case.facts.sections.logins
    if section is not None and section.status == "absent":
        yield _no_record(case, section.reason or "no log")
        return
    logins = data_of(section)
    earlier = before(case, lambda sections: sections.logins)
    worst = sorted(logins.failed, key=lambda login: (-login.count, login.address, login.user))[:_SHOWN]
    observation = measured(
        float(logins.failed_burst),
        case.limits["logins.failed-burst"],
        previous=float(earlier.failed_burst) if earlier else None,
        conclusion_zh=f"十分钟内最多出现 {logins.failed_burst} 次登录失败（本期共 {logins.failed_total} 次），"
        f"疑似口令猜测或业务程序使用了错误口令。{_sources_zh(worst)}",
        remedy_zh="请先核实来源地址是否为本院业务或运维终端：是则更正其口令配置；不是则由网络管理员在边界限制该来源，"
        "核对同一来源有无登录成功记录，必要时按安全事件上报。",
        excerpt="\n".join(f"{login.user}@{login.address} x{login.count}" for login in worst),
    )
    gap = _gap(logins, withheld(section))
    if observation.status == "ok" and gap:
        yield unknown(f"at least {logins.failed_burst} failures in ten minutes, {gap}", value=observation.value)
    else:
        yield observation


def _sources_zh(worst: Sequence[FailedLogin]) -> str:
    if not worst:
        return ""
    most = worst[0]
    place = "本机" if most.address in NO_NETWORK else most.address
    return f"最多的来源：{place}（账户 {most.user}，{most.count} 次）。"


def unknown_address(case: Case) -> Iterable[Observation]:
    """Accepted logins from outside the addresses the site has named; where it named none, from addresses that
    the previous inspection did not see.

    A login without an address, or from the host itself, came over no network.
    """
    section = case.facts.sections.logins
    if section is not None and section.status == "absent":
        yield _no_record(case, section.reason or "no log")
        return
    logins = data_of(section)
    earlier = before(case, lambda sections: sections.logins)
    if not case.expected.known_addresses and earlier is None:
        yield skipped(f"the site names no known addresses, and {no_comparison(case, 'logins')}")
        return
    foreign: dict[str, list[AcceptedLogin]] = defaultdict(list)
    for login in logins.accepted:
        if not _known(login.address, case.expected.known_addresses, earlier):
            foreign[login.address].append(login)
    yield from counted(_strangers(foreign), case.limits["logins.unknown-address"], gap=_gap(logins, withheld(section)))


def _strangers(foreign: Mapping[str, Sequence[AcceptedLogin]]) -> Iterable[Offender]:
    for address, logins in foreign.items():
        users = "、".join(dict.fromkeys(login.user for login in logins))
        total = sum(login.count for login in logins)
        yield Offender(
            instance=address,
            conclusion_zh=f"账户 {users} 从未登记的地址 {address} 登录成功 {total} 次。",
            remedy_zh=f"请与账户 {users} 的使用人核实 {address} 的登录是否本人操作：属正常运维的，"
            "将地址登记到已知地址清单（known_addresses）；"
            "无法确认的，请使用人更换口令和密钥，保全日志并按安全事件上报。",
            excerpt="\n".join(
                f"{login.user}@{login.address} {login.method or 'unknown method'} x{login.count}" for login in logins
            ),
        )


def _known(address: str, named: Sequence[str], earlier: Logins | None) -> bool:
    parsed = _parse(address)
    if address in NO_NETWORK or (parsed is not None and parsed.is_loopback):
        return True
    if not named:
        seen = {login.address for login in earlier.accepted} if earlier is not None else set()
        return address in seen
    return parsed is not None and any(parsed in ipaddress.ip_network(one, strict=False) for one in named)


def _parse(address: str) -> Address | None:
    """The address, an IPv4 one that came over an IPv6 socket as IPv4; None for a host name or a terminal's."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return None
    mapped = parsed.ipv4_mapped if isinstance(parsed, ipaddress.IPv6Address) else None
    return mapped or parsed


def _no_record(case: Case, reason: str) -> Observation:
    """Nobody knows who came in: not the same as nobody, but in a container without a log there is mostly no way in."""
    if kind := container(case):
        return not_applicable(f"{reason}: a {kind} container is entered through what runs it")
    return unknown(f"no login is recorded on this host: {reason}")


def _gap(logins: Logins, kept_back: str) -> str:
    """Why the period was not seen whole, "" if it was."""
    return kept_back or ("" if logins.complete else f"{logins.source} does not reach back to the start of the period")


CHECKS = (
    Check(
        id="logins.failed-burst",
        category="security",
        title_zh="登录失败突增",
        needs=("logins",),
        judge=failed_burst,
        limits=("logins.failed-burst",),
        decides_absence=True,
        change=True,
    ),
    Check(
        id="logins.unknown-address",
        category="security",
        title_zh="未登记地址登录",
        needs=("logins",),
        judge=unknown_address,
        limits=("logins.unknown-address",),
        decides_absence=True,
        change=True,
    ),
)
