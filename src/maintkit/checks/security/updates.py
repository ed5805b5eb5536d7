"""Security updates that wait, and how old the host's knowledge of them is."""

from __future__ import annotations

from collections.abc import Iterable

from maintkit.checks.gaps import DAY_S, age_s, date_text, why_none, withheld
from maintkit.checks.model import Case, Check, Observation
from maintkit.checks.rule import before, data_of, measured, unknown

_SHOWN = 10


def security(case: Case) -> Iterable[Observation]:
    """Pending security updates (Lynis PKGS-7392), with the age of the lists that they were counted from.

    Updates that an old list names are still pending, so they count as "at least"; but "none" from a list past
    either bound of updates.advisory-age, or without a date, is not known to be none.
    """
    section = case.facts.sections.packages
    packages = data_of(section)
    kept_back = withheld(section, "updates", "updates.security", "security")
    if packages.updates is None or kept_back:
        yield unknown(why_none(section, "updates", "updates.security", "security"))
        return
    pending = [update for update in packages.updates if update.security]
    doubt = _doubt(case, packages.lists_updated_at)
    at_least = "至少" if doubt else ""
    observation = measured(
        float(len(pending)),
        case.limits["updates.security"],
        previous=_earlier(case),
        conclusion_zh=f"{at_least}有 {len(pending)} 个安全更新未安装，相关已知漏洞可能被利用。",
        remedy_zh="请编制补丁更新方案报批，先在测试环境验证与业务系统的兼容性，备份后在维护窗口内更新，"
        "更新后核对服务与版本；涉及内核的需一并安排重启。",
        excerpt="\n".join(f"{update.name} {update.installed} -> {update.candidate}" for update in pending[:_SHOWN]),
    )
    if observation.status == "ok" and doubt:
        yield unknown(f"{len(pending)} pending security updates are known of, but {doubt}", value=observation.value)
    else:
        yield observation


def _earlier(case: Case) -> float | None:
    """How many were pending at the last inspection."""
    earlier = before(case, lambda sections: sections.packages)
    if earlier is None or earlier.updates is None:
        return None
    return float(sum(update.security for update in earlier.updates))


def _doubt(case: Case, lists_updated_at: float | None) -> str:
    """Why a count from these lists may be too low, "" if it is current."""
    if lists_updated_at is None:
        why = why_none(case.facts.sections.packages, "lists_updated_at")
        return f"the age of the update lists is not known ({why})"
    age = age_s(case, lists_updated_at)
    if age is None:
        return f"the update lists are dated {date_text(lists_updated_at)}, after the collection"
    days = age / DAY_S
    stale = case.limits["updates.advisory-age"].judge(days) != "ok"
    return f"the update lists are {days:.0f} days old" if stale else ""


def advisory_age(case: Case) -> Iterable[Observation]:
    """Days since the host's list of available updates was renewed, against 30/60 (ours)."""
    section = case.facts.sections.packages
    updated_at = data_of(section).lists_updated_at
    if updated_at is None:
        yield unknown(why_none(section, "lists_updated_at"))
        return
    age = age_s(case, updated_at)
    if age is None:
        yield unknown(f"the update lists are dated {date_text(updated_at)}, after the collection")
        return
    days = age / DAY_S
    yield measured(
        days,
        case.limits["updates.advisory-age"],
        conclusion_zh=f"补丁信息已 {days:.0f} 天未更新（最近 {date_text(updated_at)}，UTC），"
        "无法据此判断有无未安装的安全更新。",
        remedy_zh="请检查内网软件源是否可达、是否按期同步，同步后刷新本机的补丁列表（只刷新列表，不安装）"
        "并复查安全更新数量。",
        excerpt=f"lists updated {date_text(updated_at)}",
    )


CHECKS = (
    Check(
        id="updates.security",
        category="security",
        title_zh="待安装安全更新",
        needs=("packages",),
        judge=security,
        limits=("updates.security", "updates.advisory-age"),
    ),
    Check(
        id="updates.advisory-age",
        category="security",
        title_zh="补丁信息时效",
        needs=("packages",),
        judge=advisory_age,
        limits=("updates.advisory-age",),
    ),
)
