"""What the stages and controls of a drill are called, by the engine of its source."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from maintkit.documents.model import Tone


class Said(NamedTuple):
    """A title, and what is done."""

    title: str
    content: str


STATUS = {"passed": "通过", "failed": "未通过", "not-run": "未执行"}
TONE: Mapping[str, Tone] = {"passed": "plain", "failed": "crit", "not-run": "strong"}
KIND = {"full": "全量", "diff": "差异", "incr": "增量"}
CATALOG = {
    "relations": "表、视图、序列", "tables": "表", "columns": "列", "indexes": "索引", "constraints": "约束",
    "views": "视图", "functions": "函数", "triggers": "触发器", "events": "定时事件", "extensions": "扩展",
    "roles": "角色", "databases": "数据库",
}  # fmt: skip
_COMMON = {
    "smoke": Said("业务查询", "执行业务系统约定的查询，核对结果"),
    "application": Said("启动业务系统", "在独立网络中针对副本启动业务系统本身，核对其应答后停止"),
    "control": Said("反向验证", "在副本中制造损坏，确认各项检查能够发现"),
    "wipe": Said("清除副本", "停库并删除全部副本文件，核实无残留文件与进程"),
}
_POSTGRESQL = _COMMON | {
    "restore": Said("恢复备份", "将备份集恢复到隔离目录，不归档、不监听网络"),
    "recover": Said("恢复到标记点", "回放归档日志至恢复点并暂停，核对回放位置不早于标记位置"),
    "compare": Said("数据比对", "在暂停状态下逐表比对行数与数据指纹，比对系统目录"),
    "promote": Said("打开数据库", "结束恢复，数据库可读写"),
    "amcheck": Said("结构检查", "pg_amcheck：表与索引逐页检查，索引与表逐行对应"),
    "checksums": Said("页校验和检查", "pg_checksums：停库后核对全部数据页的校验和"),
}
_MARIADB = _COMMON | {
    "restore": Said("复制备份与日志", "将备份集（全量及增量）和二进制日志复制到隔离目录，核对日志大小与连续性"),
    "prepare": Said("准备备份", "mariadb-backup --prepare：应用重做日志，依次合并增量"),
    "recover": Said("恢复到标记点", "在隔离、只读的实例上回放二进制日志至标记位置，核对已到达且未越过标记"),
    "compare": Said("数据比对", "在只读状态下逐表比对行数与数据指纹，比对库表定义与账号权限"),
    "promote": Said("打开数据库", "解除只读，数据库可读写"),
    "check": Said("结构检查", "CHECK TABLE … EXTENDED：全部表逐行核对索引，检查视图"),
    "checksums": Said("页校验和检查", "innochecksum：停库后核对全部数据页的校验和"),
}
_FLIPPED = "翻转数据文件中的字节"
_CONTROL = {
    "fingerprint": Said("数据指纹", "改动一行数据"),
    "checksums": Said("页校验和检查", "翻转数据文件中的一个字节"),
    "amcheck": Said("结构检查", "翻转数据文件中的一个字节"),
}
_MARIADB_CONTROL = {
    "short": Said("标记点核对", "在标记之前停止回放"),
    "fingerprint": Said("数据指纹", "改动一行数据"),
    "checksums": Said("页校验和检查", _FLIPPED),
    "check": Said("结构检查", _FLIPPED),
}


def stages_of(engine: str) -> Mapping[str, Said]:
    """The stages by name."""
    return _MARIADB if engine == "mariadb" else _POSTGRESQL


def controls_of(engine: str) -> Mapping[str, Said]:
    """The controls by name: the check, and the damage that it must find."""
    return _MARIADB_CONTROL if engine == "mariadb" else _CONTROL
