"""What the backup tool itself says of a job and of the pages it read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from maintkit.checks.backup.jobs import each_found
from maintkit.checks.facts.backup import BackupJob
from maintkit.checks.gaps import date_text
from maintkit.checks.model import Case, Check, Observation
from maintkit.checks.rule import judged, not_applicable, shown, unknown

# States of sets (docs/backups.md), said of the set that `status` names.
BROKEN_ZH = {
    1: "没有完成标记，备份中途失败或文件被截断，不能用于恢复",
    2: "所依据的上一级备份不在目录中，不能用于恢复",
    3: "无法读取（存储库文件损坏或缺失），不能用于恢复",
    4: "缺少清单所列的文件，不能完整恢复",
    5: "有文件的内容与清单的校验值不符，不能用于恢复",
}
FILES = frozenset({"restic", "manifest"})  # tools whose sets hold files, not a database


def status(case: Case) -> Iterable[Observation]:
    """The tool's status code is not 0; of sets: one that did not finish, lacks its base or files, or has changed.

    A set that failed before the last good one is not told. Of a set with a manifest all files are looked for, and a
    sample is read: what was not read is not known to be sound, and the evidence says how many were. pgBackRest's
    `info` says ok of a repository in which a file was damaged afterwards, and restic lists the snapshots of one: only
    a restore drill shows that.
    """
    return each_found(case, _status)


def _status(_case: Case, job: BackupJob) -> Iterator[Observation]:
    excerpt = f"{job.tool} {job.name}: status {job.status_code} ({job.status})"
    if job.files_listed is not None:
        excerpt += (
            f"; {job.files_listed} files listed, {shown(job.files_missing)} missing,"
            f" {shown(job.files_hashed)} hashed, {shown(job.files_changed)} of these changed"
        )
    broken = BROKEN_ZH.get(job.status_code) if job.tool != "pgbackrest" else None
    yield judged(
        "ok" if job.status_code == 0 else "crit",
        instance=job.name,
        value=f"{job.status_code} {job.status}",
        conclusion_zh=f"备份任务 {job.name} 的备份集 {job.status} {broken}。"
        if broken
        else f"备份工具报告任务 {job.name} 状态异常：{job.status}（代码 {job.status_code}），备份可能不可用。",
        remedy_zh="请按备份工具的状态信息和日志定位原因（存储库路径、配置、数据库版本是否一致），修复后重新检查状态，"
        "并补做一次全量备份；修复前保留存储库现状。",
        excerpt=excerpt,
    )


def pages(case: Case) -> Iterable[Observation]:
    """The last backup found damaged pages.

    `ok` means that none was reported: pgBackRest 2.45 says so too of a cluster without data checksums, where it
    checks no page; mariadb-backup checks those of InnoDB. Older versions say nothing, which is unknown. That the pages
    are sound shows a restore drill.
    """
    return each_found(case, _pages)


def _pages(_case: Case, job: BackupJob) -> Iterator[Observation]:
    last = max(job.backups, key=lambda one: one.stopped_at, default=None)
    if job.tool == "mysqldump":
        yield not_applicable("a dump holds rows, not pages", instance=job.name)
    elif job.tool in FILES:
        yield not_applicable(f"sets of {job.tool} hold files, not pages", instance=job.name)
    elif last is None:
        yield unknown("there is no backup whose pages were read", instance=job.name)
    elif last.error is None:
        reason = f"the catalogue does not say whether {last.label} found damaged pages"
        yield unknown(reason, instance=job.name)
    else:
        yield judged(
            "crit" if last.error else "ok",
            instance=job.name,
            value=last.label,
            conclusion_zh=f"任务 {job.name} 的最近备份 {last.label}（{date_text(last.stopped_at)}，UTC）"
            "发现数据页校验错误，"
            "数据库文件可能已损坏，该备份不可信。",
            remedy_zh="请立即保留更早的有效备份并暂停其过期清理，查看备份日志中损坏的文件，检查存储硬件，"
            "由数据库管理员评估损坏范围后再制定修复方案。",
            excerpt=f"{last.label}: page errors {shown(last.error)}",
        )


CHECKS = (
    Check(
        id="backup.status",
        category="backup",
        title_zh="备份任务状态",
        needs=("backups",),
        judge=status,
        decides_absence=True,
    ),
    Check(
        id="backup.page-errors",
        category="backup",
        title_zh="备份数据页校验",
        needs=("backups",),
        judge=pages,
        decides_absence=True,
    ),
)
