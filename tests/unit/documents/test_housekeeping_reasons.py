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
    "is another log since the plan, or a smaller one: /l/a.log; /l/b.log: still written to by process 3 (nginx), "
    "process 4 5 ((x)): not compressed":
        "计划之后已是另一文件或变小，未轮转：/l/a.log；/l/b.log：仍被进程 3（nginx）、进程 4 5（(x)）写入，未压缩",
    "/l/a.log is rotated by /etc/x, too: let one of them do it, or say also_by_host; /l/b.log has another name, too: a "
    "process that writes by that one would not be seen":
        "/l/a.log 已由主机的 /etc/x 轮转，须只留一处，或声明 also_by_host；/l/b.log 另有硬链接，看不到经由它写入的进程",
    "/l/a.log: not compressed: [Errno 28] No space left on device": "/l/a.log：未压缩：所在磁盘已满",
    "not compressed: [Errno 2] No such file or directory: '/l/a.log-1.gz'": "未压缩：/l/a.log-1.gz 文件或目录不存在",
    "/l/a.log: not compressed: a.gz is there already, beside a: move one of them away":
        "/l/a.log：未压缩：a.gz 已存在，与 a 并存，须先移走其一",
    "/l/a.log: logrotate ended with 1: error: x; his.service was not reloaded: no answer within 90 s":
        "/l/a.log：logrotate 返回 1：error: x；服务 his.service 未能重新加载：90 秒内无应答",
    "; ".join(f"s{number}.service is failed: it cannot be asked for a new log" for number in range(9)):
        "；".join(f"服务 s{number}.service 的状态为 failed，无法通知其重新打开日志" for number in range(9)),
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
