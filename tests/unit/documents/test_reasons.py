"""A recorded reason is said in Chinese where it is known, and never lost."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from chinese import english_in

from maintkit.documents.fields import FIELDS
from maintkit.documents.reasons import reason

COLLECTOR = Path(__file__).parents[3] / "plugins" / "module_utils" / "collector"


def collectors_reasons() -> Iterator[str]:
    """Every text that a part of the collector raises or withholds a fact with, an X for what it fills in."""
    for path in sorted(COLLECTOR.glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("Absent", "Denied"):
                yield from texts(node.args[0])
            if isinstance(node, ast.Assign) and "withheld[" in ast.unparse(node.targets[0]):
                yield from texts(node.value)
            # A part that gives a fact or says why it has none: `return None, "no program apt-cache"`.
            if isinstance(node, ast.Return) and isinstance(node.value, ast.Tuple) and is_none(node.value.elts[0]):
                yield from texts(node.value.elts[1])


def is_none(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def texts(node: ast.AST) -> Iterator[str]:
    """The text of a literal, formatted or not; none of a variable."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mod):
        node = node.left
    if isinstance(node, ast.Constant):
        yield str(node.value).replace("%s", "X")


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
         "口令状态：需要 root 权限：/etc/shadow；登录公钥：权限不足"),
        ("updates: the host has no package lists (/var/lib/apt/lists is empty)",
         "待装更新：主机没有软件包清单（/var/lib/apt/lists 为空）"),
        ("target_free_bytes: not known", "备份存储剩余空间：未知"),
        ("his transactions: needs membership of pg_monitor", "his 事务：需要角色具有 pg_monitor"),
        ("his bloat lis: the extension pgstattuple is not in database lis",
         "his lis 索引膨胀：数据库 lis 未安装 pgstattuple 扩展"),
        ("main: restic ended with 1", "main：restic 报告：以状态 1 结束"),
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


@pytest.mark.parametrize("recorded", sorted(set(collectors_reasons())))
def test_every_reason_of_the_collector_is_said_in_chinese(recorded: str) -> None:
    """They reach the record by way of a check, or of a section that is not there."""
    assert not english_in(reason(recorded))


def test_every_field_that_the_collector_withholds_is_said_in_chinese() -> None:
    """By its own name, which stands before the reason."""
    keys = set()
    for path in COLLECTOR.glob("*.py"):
        keys |= set(re.findall(r"withheld\[\"([\w.]+)\"\]", path.read_text()))
    assert len(keys) > 8
    assert {key for key in keys if key not in FIELDS} == set()


@pytest.mark.parametrize(
    ("recorded", "said"),
    [
        ("unreachable: ssh: connect to host 10.0.0.5 port 22: Connection refused",
         "网络不可达：SSH 连接 10.0.0.5 端口 22 失败：连接被拒绝"),
        ("unreachable: Connection to 10.0.0.5 port 22 timed out", "网络不可达：连接 10.0.0.5 端口 22 超时"),
        ("host-key: the host's key has changed: Host key verification failed. (known hosts: /root/.ssh/known_hosts:3)",
         "主机密钥未知或已改变：主机密钥已改变：主机密钥校验失败（已知主机文件：/root/.ssh/known_hosts:3）"),
        ("broken: the document was cut off after 12 of 90 bytes, exit status 0: Killed",
         "采集结果不完整：采集结果在 90 字节中的第 12 字节处中断，退出状态 0：Killed"),
        ("timeout: no whole answer within 40 s", "采集超时：40 秒内无完整应答"),
    ],
)  # fmt: skip
def test_why_a_host_was_missed_is_said_in_chinese(recorded: str, said: str) -> None:
    """The hospital reads the reasons of 未检 first; what a program on the way said stays in its words."""
    assert reason(recorded) == said
