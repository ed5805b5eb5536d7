"""Certificates, from files and from live ports."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from maintkit.checks.facts.web import Certificate
from maintkit.checks.gaps import DAY_S, date_text, withheld
from maintkit.checks.model import Case, Check, Limit, Observation
from maintkit.checks.rule import data_of, judged, measured, not_applicable, shown, unknown


def expiry(case: Case) -> Iterable[Observation]:
    """Days until the certificate ends, against 60/30 (CHECKS.md), by the controller's clock.

    One that has ended or has not begun is crit whatever the limits say: clients refuse it already.
    """
    section = case.facts.sections.certificates
    certificates = data_of(section).certificates
    for one in certificates:
        yield _judge(case, one, certificates)
    gap = withheld(section)
    if gap:
        yield unknown(f"not every certificate could be read: {gap}")
    elif not certificates:
        yield not_applicable("no certificate file and no TLS port was found")


def _judge(case: Case, one: Certificate, every: Sequence[Certificate]) -> Observation:
    if one.error or one.not_after_at is None or one.not_before_at is None:
        return unknown(one.error or "the certificate does not say from when to when it holds", instance=one.where)
    now, limit = case.now.timestamp(), case.limits["certificates.expiry"]
    left = (one.not_after_at - now) / DAY_S
    name_zh = f"证书 {one.where}（{one.subject or '主体未知'}）"
    if one.not_before_at > now:
        return _early(one, name_zh, limit, left)
    if left <= 0:
        return _ended(one, name_zh, limit, left, every)
    return measured(
        left,
        limit,
        instance=one.where,
        conclusion_zh=f"{name_zh}将于 {date_text(one.not_after_at)}（UTC）到期，剩余 {left:.0f} 天，"
        "到期后相关业务访问会被拒绝。",
        remedy_zh=_renewal_zh(one, every),
        excerpt=_excerpt(one),
    )


def _ended(one: Certificate, name_zh: str, limit: Limit, left: float, every: Sequence[Certificate]) -> Observation:
    return judged(
        "crit",
        instance=one.where,
        value=left,
        limit=limit,
        conclusion_zh=f"{name_zh}已于 {date_text(one.not_after_at or 0)}（UTC）过期，过期 {-left:.0f} 天，"
        "客户端会拒绝或告警。",
        remedy_zh=_renewal_zh(one, every),
        excerpt=_excerpt(one),
    )


def _early(one: Certificate, name_zh: str, limit: Limit, left: float) -> Observation:
    return judged(
        "crit",
        instance=one.where,
        value=left,
        limit=limit,
        conclusion_zh=f"{name_zh}自 {date_text(one.not_before_at or 0)}（UTC）起才生效，目前尚未生效，"
        "客户端会拒绝访问。",
        remedy_zh="请先核对主机与签发机构的时间是否正确；时间无误的，在生效日前继续使用原证书，"
        "或联系签发机构重新签发。",
        excerpt=_excerpt(one),
    )


def _renewal_zh(one: Certificate, every: Sequence[Certificate]) -> str:
    """Advice; where a file already holds a later certificate of this subject, the port has only not loaded it."""
    newer = [
        other.where
        for other in every
        if one.source == "port"
        and other.source == "file"
        and one.subject is not None
        and other.subject == one.subject
        and (other.not_after_at or 0) > (one.not_after_at or 0)
    ]
    if newer:
        return (
            f"主机上已有同一主体的新证书（{newer[0]}），服务可能尚未加载：请校验配置后在维护窗口内重新加载服务，"
            "再从客户端核对新的有效期。"
        )
    return (
        "请尽早向证书签发机构申请续期，确认证书用于哪些业务；保留原证书，在维护窗口内替换并重新加载服务，"
        "随后从客户端核对新的有效期。"
    )


def _excerpt(one: Certificate) -> str:
    begins, ends = date_text(one.not_before_at or 0), date_text(one.not_after_at or 0)
    return f"{one.where}: {shown(one.subject)}, issued by {shown(one.issuer)}, {begins} to {ends}"


CHECKS = (
    Check(
        id="certificates.expiry",
        category="web",
        title_zh="证书有效期",
        needs=("certificates",),
        judge=expiry,
        limits=("certificates.expiry",),
    ),
)
