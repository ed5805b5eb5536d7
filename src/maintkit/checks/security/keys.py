"""Keys that open accounts and were not there at the last inspection."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from maintkit.checks.facts.security import AuthorizedKey
from maintkit.checks.gaps import withheld
from maintkit.checks.model import Case, Check, Observation
from maintkit.checks.offenders import Offender, counted
from maintkit.checks.rule import before, data_of, no_comparison, skipped


def new(case: Case) -> Iterable[Observation]:
    """Keys of authorized_keys that the previous inspection did not list for that user.

    Where the previous list was not whole, only users of whom it held a key are compared: of the others nothing is
    known, and a key that could not be read before is not called new.
    """
    section = case.facts.sections.authorized_keys
    keys = data_of(section).keys
    earlier = before(case, lambda sections: sections.authorized_keys)
    if earlier is None or case.previous is None:
        yield skipped(no_comparison(case, "authorized_keys"), value=float(len(keys)), unit="个")
        return
    earlier_section = case.previous.sections.authorized_keys
    earlier_gap = withheld(earlier_section) or (
        "the list was cut" if earlier_section is not None and earlier_section.truncated else ""
    )
    known = {(key.user, key.fingerprint) for key in earlier.keys}
    readable = {key.user for key in earlier.keys}
    fresh = {(key.user, key.fingerprint): key for key in keys if (key.user, key.fingerprint) not in known}
    comparable = [key for key in fresh.values() if not earlier_gap or key.user in readable]
    gaps = [withheld(section)]
    if len(comparable) < len(fresh):
        gaps.append(f"the earlier inspection did not see all keys: {earlier_gap}")
    yield from counted(_added(comparable), case.limits["keys.new"], gap="; ".join(filter(None, gaps)))


def _added(keys: Iterable[AuthorizedKey]) -> Iterator[Offender]:
    for key in keys:
        comment = f"（备注 {key.comment}）" if key.comment else ""
        yield Offender(
            instance=f"{key.user} {key.fingerprint}",
            conclusion_zh=f"账户 {key.user} 新增了一把 {key.type} 登录密钥{comment}，上次巡检时没有，"
            "持有者可免口令登录。",
            remedy_zh=f"请与账户 {key.user} 的使用人核实该密钥的持有人和用途，确属授权的登记在案；"
            "无法确认来源的，经系统负责人同意后停用该密钥，并核查其启用以来的登录记录。",
            excerpt=" ".join(filter(None, (key.source, key.options, key.type, key.fingerprint, key.comment))),
        )


CHECKS = (
    Check(
        id="keys.new",
        category="security",
        title_zh="新增登录密钥",
        needs=("authorized_keys",),
        judge=new,
        limits=("keys.new",),
        change=True,
    ),
)
