"""Accounts: twins of root, accounts that need no password, accounts and passwords past their day."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from maintkit.checks.facts.security import Account
from maintkit.checks.gaps import DAY_S, days_text, why_none, withheld
from maintkit.checks.model import Case, Check, Limit, Observation
from maintkit.checks.offenders import Offender, counted
from maintkit.checks.rule import data_of, measured, shown, unknown

EMPTY = "empty"  # what shadow says where no password is asked for


def uid0(case: Case) -> Iterable[Observation]:
    """Every account but root that has UID 0 (Lynis AUTH-9204)."""
    section = case.facts.sections.accounts
    twins = [account for account in data_of(section).accounts if account.uid == 0 and account.name != "root"]
    return counted(map(_twin, twins), case.limits["accounts.uid0"], gap=withheld(section, "accounts"))


def _twin(account: Account) -> Offender:
    return Offender(
        instance=account.name,
        conclusion_zh=f"账户 {account.name} 的 UID 为 0，与 root 权限完全相同，其操作无法与 root 区分，"
        "不满足身份唯一性要求。",
        remedy_zh=f"请向系统负责人核实账户 {account.name} 的用途与使用人；确认不再需要后先锁定、观察业务无影响，"
        "仍需管理权限的改为普通账户并按需授予 sudo。",
        excerpt=f"{account.name} uid={account.uid} shell={account.shell}",
    )


def password(case: Case) -> Iterable[Observation]:
    """Accounts with a login shell whose password field is empty (Lynis AUTH-9283).

    An account of which shadow says nothing makes the rest of the list unknown, not healthy.
    """
    section = case.facts.sections.accounts
    able = [account for account in data_of(section).accounts if account.login]
    unread = [account.name for account in able if account.password is None]
    gap = f"{why_none(section, 'password')} ({_names(unread)})" if unread else withheld(section, "accounts")
    empty = (account for account in able if account.password == EMPTY)
    return counted(map(_open, empty), case.limits["accounts.password"], gap=gap)


def _open(account: Account) -> Offender:
    return Offender(
        instance=account.name,
        conclusion_zh=f"账户 {account.name} 可登录且口令为空，任何人无需口令即可进入系统。",
        remedy_zh=f"请立即与账户 {account.name} 的使用人联系，设置符合复杂度要求的口令；暂时联系不上的，"
        "经系统负责人同意后先锁定该账户，并复核其近期登录记录。",
        excerpt=f"{account.name} uid={account.uid} shell={account.shell} password=empty",
    )


def expired(case: Case) -> Iterable[Observation]:
    """Accounts that could log in by password and whose account or password is past its day, in days left.

    As the login program counts: an account stops on its expiry day, a password on the day after. A password that
    was last changed on day 0 is to be changed at the next login, which is how new accounts start, and has no age.
    A locked password or a shell that lets nobody in is how an account is put out of use: nothing is left to expire.
    """
    section = case.facts.sections.accounts
    able = [account for account in data_of(section).accounts if account.login]
    unread = [account.name for account in able if account.password is None]
    limit = case.limits["accounts.expired"]
    today = int(case.facts.collected_at // DAY_S)
    seen = [
        observation
        for account in able
        if account.password in {"set", "empty"}
        for observation in _expiries(account, today, limit)
    ]
    yield from seen
    if unread:
        yield unknown(f"{why_none(section, 'password')} ({_names(unread)})")
    elif not seen:
        yield Observation(status="ok", limit=limit, unit=limit.unit)


def _expiries(account: Account, today: int, limit: Limit) -> Iterator[Observation]:
    """The account's two terms that are crossed; an account with both yields the account's, which weighs more."""
    terms = []
    if account.account_expires_day is not None:
        terms.append(("账户", account.account_expires_day, account.account_expires_day - today))
    if account.password_expires_day is not None and account.password_changed_day != 0:
        terms.append(("口令", account.password_expires_day, account.password_expires_day + 1 - today))
    for what, day, left in terms:
        if limit.judge(left) == "ok":
            continue
        state = f"已于 {days_text(day)} 过期" if left <= 0 else f"将于 {days_text(day)} 到期，剩余 {left} 天"
        yield measured(
            float(left),
            limit,
            instance=account.name,
            conclusion_zh=f"账户 {account.name} 的{what}{state}，可能是无人管理的闲置账户，"
            "也可能使依赖它的任务无法登录。",
            remedy_zh=f"请与账户 {account.name} 的使用人或所属科室核实是否仍在使用：在用的由使用人更新口令或办理延期，"
            "不再使用的经系统负责人确认后锁定。",
            excerpt=f"{account.name} account_expires={shown(account.account_expires_day)} "
            f"password_expires={shown(account.password_expires_day)}",
        )
        return


def _names(names: list[str]) -> str:
    """The first few names and how many more there are."""
    shown = ", ".join(names[:5])
    return f"{shown} and {len(names) - 5} more" if len(names) > 5 else shown


CHECKS = (
    Check(
        id="accounts.uid0",
        category="security",
        title_zh="特权账户（UID 0）",
        needs=("accounts",),
        judge=uid0,
        limits=("accounts.uid0",),
    ),
    Check(
        id="accounts.password",
        category="security",
        title_zh="空口令账户",
        needs=("accounts",),
        judge=password,
        limits=("accounts.password",),
    ),
    Check(
        id="accounts.expired",
        category="security",
        title_zh="过期账户与口令",
        needs=("accounts",),
        judge=expired,
        limits=("accounts.expired",),
    ),
)
