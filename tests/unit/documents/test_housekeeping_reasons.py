"""What a host says of logs that were rotated, or were not, stands in the record in Chinese."""

from __future__ import annotations

import re

import pytest
from chinese import english_in

from maintkit.documents.housekeeping_reasons import KNOWN
from maintkit.documents.reasons import reason

SAID = {
    "his.log-1, 0.06 MiB; still written to by process 12 (python3): not compressed":
        "his.log-1, 0.06 MiB；仍被进程 12（python3）写入，未压缩",
    "his.log-1, 0.06 MiB; still read by process 7 (tail), process 8 (less): not compressed":
        "his.log-1, 0.06 MiB；仍被进程 7（tail）、进程 8（less）读取，未压缩",
    "his.service was not reloaded: Job failed: not compressed": "服务 his.service 未能重新加载：Job failed，未压缩",
    "his.log-1, 0.06 MiB; not compressed: Errno 28": "his.log-1, 0.06 MiB；未压缩：Errno 28",
    "/l/a.log: /l has 3 bytes free, and 90 are needed: make room first":
        "/l/a.log：/l 可用 3 字节，需要 90 字节，须先腾出空间",
    "/l/a.log is written by process 7 (x), not of a.service: no reload would reach it":
        "/l/a.log 由进程 7（x）写入，不属于服务 a.service，通知服务不能使其放开",
    "a.service is inactive: it cannot be asked for a new log":
        "服务 a.service 的状态为 inactive，无法通知其重新打开日志",
    "his.log-1.gz, 0.01 MiB": "his.log-1.gz, 0.01 MiB",
}  # fmt: skip


@pytest.mark.parametrize(("recorded", "chinese"), SAID.items())
def test_a_reason_is_said_in_chinese_with_its_values(recorded: str, chinese: str) -> None:
    assert reason(recorded) == chinese


def test_no_sentence_asks_for_a_value_that_its_pattern_does_not_catch() -> None:
    """It would fail when the report is drawn, which is when somebody needs it."""
    for pattern, chinese in KNOWN:
        said = {int(number) for number in re.findall(r"{(\d)}", chinese)}
        assert said <= set(range(re.compile(pattern).groups)), pattern
        assert not english_in(chinese)
