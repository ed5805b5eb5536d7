"""A recorded reason is said in Chinese where it is known, and never lost."""

from __future__ import annotations

import pytest

from maintkit.documents.reasons import reason


@pytest.mark.parametrize(
    ("recorded", "said"),
    [
        ("needs root: /etc/shadow", "需要 root 权限：/etc/shadow"),
        ("section accounts was denied: needs root: /etc/shadow", "“账户”无权读取：需要 root 权限：/etc/shadow"),
        ("section journal, logins was cut at the output cap", "“系统日志、登录记录”超出输出上限，数据不全"),
        ("unreachable: no answer within 10 s", "网络不可达：10 秒内无应答"),
        ("looked at on site by the engineer: lamps, power supplies, fans, dust, cabling, labels",
         "由工程师现场检查：指示灯、电源、风扇、积尘、布线、标签"),
        ("disk /dev/sda said {0} and {x}", "disk /dev/sda said {0} and {x}"),
        ("needs root: {0} {host.__class__}", "需要 root 权限：{0} {host.__class__}"),
        ("password: needs root: /etc/shadow; keys: Permission denied",
         "password：需要 root 权限：/etc/shadow；keys：权限不足"),
        ("no journal files, no /var/log/messages: a docker container is entered through what runs it",
         "没有系统日志文件：docker 容器经其运行平台进入"),
        ("ratio 3: 4", "ratio 3: 4"),
        ("", ""),
    ],
)  # fmt: skip
def test_reasons_are_said_part_by_part(recorded: str, said: str) -> None:
    """What is not known stands as it was recorded; braces in it are text."""
    assert reason(recorded) == said


def test_a_reason_that_nests_without_end_is_still_said() -> None:
    """A host writes what it likes into an error text."""
    assert reason("auth: " * 20_000).startswith("登录被拒绝：登录被拒绝：")
    assert len(reason("a: b; " * 20_000)) == len("a: b; " * 20_000)
