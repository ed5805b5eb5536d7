"""Scheduled tasks whose last run failed."""

from __future__ import annotations

from collections.abc import Iterator

from maintkit.checks.facts.host import Timer
from maintkit.checks.model import Case, Check, Observation
from maintkit.checks.rule import data_of, judged, unknown, well_if_none


def failed(case: Case) -> Iterator[Observation]:
    """The last run of a timer's unit, or of a cron job whose end is known, was no success."""
    yield from well_if_none(_failed(case))


def _failed(case: Case) -> Iterator[Observation]:
    for timer in data_of(case.facts.sections.systemd).timers:
        if timer.result is None and timer.last_at is not None:
            yield unknown("it ran, and nothing says how its last run ended", instance=timer.name)
        elif timer.result not in {None, "success"}:
            yield _failure(timer)


def _failure(timer: Timer) -> Observation:
    return judged(
        "warn",
        instance=timer.name,
        value=timer.result,
        conclusion_zh=f"计划任务 {timer.name} 最近一次执行失败（{timer.result}）。",
        remedy_zh=f"查看 {timer.unit or timer.name} 的日志查明原因；"
        "涉及备份、对账、接口同步的任务先核对缺失的数据，再商定补做时间。",
        excerpt=f"{timer.name} -> {timer.unit} result={timer.result} last={timer.last_at}",
    )


CHECKS = (Check(id="timer.failed", category="host", title_zh="计划任务执行", needs=("systemd",), judge=failed),)
