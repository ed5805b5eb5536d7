"""What a host says of a drill of MariaDB stands in the report in Chinese."""

from __future__ import annotations

import re

import pytest

from maintkit.documents.drill_reasons import KNOWN
from maintkit.documents.reasons import reason

SAID = {
    "between set x and now the binary log b.03 is missing: what happened in it is lost": "缺少二进制日志 b.03",
    "set x is 51.0 h old, 48 h are allowed: backups have stopped": "备份集 x 距今 51.0 小时",
    "it has gone past the mark m: a row that was written after it is there": "越过了标记 m",
    "the binary logs end short of the mark: MariaDB: error 1062": "回放未到达标记：MariaDB: error 1062",
    "the MariaDB server in /var/lib/mysql (process 7) is the source itself: drill on another host": "运行的就是源库",
    "/d is the data directory of a MariaDB or MySQL server: no copy is laid into it": "/d 是数据库的数据目录",
}


@pytest.mark.parametrize(("recorded", "chinese"), SAID.items())
def test_a_reason_is_said_in_chinese_with_its_values(recorded: str, chinese: str) -> None:
    assert chinese in reason(recorded)


def test_no_sentence_asks_for_a_value_that_its_pattern_does_not_catch() -> None:
    """It would fail when the report is drawn, which is when somebody needs it."""
    for pattern, chinese in KNOWN:
        said = {int(number) for number in re.findall(r"{(\d)}", chinese)}
        assert said <= set(range(re.compile(pattern).groups)), pattern
