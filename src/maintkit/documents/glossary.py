"""The words of documents: one Chinese term for each closed word of the ledger (DESIGN.md, Words)."""

from __future__ import annotations

from collections.abc import Mapping

from maintkit.documents.model import Tone

STATUS: Mapping[str, str] = {
    "ok": "正常",
    "warn": "警告",
    "crit": "严重",
    "unknown": "未能判定",
    "error": "检查出错",
    "skipped": "未执行",
    "not-applicable": "不适用",
    "waived": "豁免",
    "manual": "人工检查",
}
TONE: Mapping[str, Tone] = {"warn": "warn", "crit": "crit", "unknown": "strong", "error": "strong"}
CATEGORY: Mapping[str, str] = {
    "host": "主机资源",
    "security": "安全",
    "backup": "备份",
    "web": "服务与证书",
}
COLLECTION: Mapping[str, str] = {
    "ok": "已采集",
    "unreachable": "网络不可达",
    "host-key": "主机密钥未知或已改变",
    "auth": "登录被拒绝",
    "become": "提权被拒绝",
    "no-python": "主机无可用的 Python 解释器",
    "timeout": "已连接，采集超时",
    "broken": "采集结果不完整",
    "refused": "未尝试连接（清单变量不可用）",
}
ENDED: Mapping[str | None, str] = {
    "complete": "完整",
    "incomplete": "不完整（有主机未检）",
    "interrupted": "中断",
    None: "未结束（中途终止）",
}
STATE: Mapping[str, str] = {"open": "未处理", "in-progress": "处理中", "resolved": "已解决"}
PHASE: Mapping[str, str] = {
    "precheck": "变更前检查",
    "backup": "备份",
    "change": "变更",
    "verify": "验证",
    "rollback": "回退",
}
ROLLBACK: Mapping[str, str] = {
    "reversible": "可回退",
    "snapshot": "由快照回退",
    "restore-only": "仅能由备份恢复（其后写入的数据将丢失）",
    "point-of-no-return": "不可回退",
}
RISK: Mapping[str, str] = {"low": "低", "medium": "中", "high": "高"}
ROLE: Mapping[str, str] = {"approver": "批准人", "second-approver": "第二批准人", "supervisor": "现场监督人"}
TO_FILL_IN = "待填写"
UNITS: Mapping[str, str] = {
    "percent": "%",
    "s": "秒",
    "seconds": "秒",
    "ms": "毫秒",
    "min": "分钟",
    "h": "小时",
    "hours": "小时",
    "d": "天",
    "days": "天",
    "count": "",
}
