"""When a backup was last restored for real."""

from __future__ import annotations

from collections.abc import Iterable

from maintkit.checks.backup.jobs import jobs, no_jobs
from maintkit.checks.gaps import DAY_S
from maintkit.checks.model import Case, Check, Observation
from maintkit.checks.rule import judged, measured, unknown


def drill(case: Case) -> Iterable[Observation]:
    """Days since the job's last passed restore drill, by the ledger, against 90/100 (the contract's quarter).

    A job that was never drilled is crit: a backup that nobody has restored is a hope.
    """
    every = jobs(case)
    if not every:
        yield no_jobs(case)
    for job in every:
        yield _judge(case, job.name)


def _judge(case: Case, name: str) -> Observation:
    last = case.last_drills.get(name)
    remedy_zh = (
        "请在维护窗口内把该任务的备份恢复到隔离环境（不要覆盖生产），校验数据完整性并记录实际 RTO、RPO，"
        "形成《备份恢复验证报告》，演练数据用后清除并留痕。"
    )
    if last is None:
        return judged(
            "crit",
            instance=name,
            value="无演练记录",
            conclusion_zh=f"台账中没有备份任务 {name} 的恢复演练记录，备份能否真正恢复未经验证。",
            remedy_zh=remedy_zh,
            excerpt="no drill recorded",
        )
    days = (case.now - last).total_seconds() / DAY_S
    if days < 0:
        return unknown(f"the last drill is recorded at {last:%F}, after this inspection", instance=name)
    return measured(
        days,
        case.limits["backup.drill"],
        instance=name,
        conclusion_zh=f"备份任务 {name} 最近一次通过的恢复演练在 {last:%Y-%m-%d}（UTC），距今 {days:.0f} 天，"
        "超出每季度一次的约定。",
        remedy_zh=remedy_zh,
        excerpt=f"{name}: last passed drill {last:%F}",
    )


CHECKS = (
    Check(
        id="backup.drill",
        category="backup",
        title_zh="恢复演练",
        needs=("backups",),
        judge=drill,
        limits=("backup.drill",),
        decides_absence=True,
    ),
)
