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
    "postgresql": "PostgreSQL",
    "mysql": "MySQL/MariaDB",
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
VERDICT: Mapping[str | None, str] = {
    "done": "成功",
    "rolled-back": "已回退",
    "rollback-failed": "回退失败",
    "partial": "部分完成",
    "refused": "未实施",
    "unknown": "状态未知",
    None: "未结束",
}
VERDICT_TONE: Mapping[str | None, Tone] = {
    "done": "strong",
    "rolled-back": "warn",
    "rollback-failed": "crit",
    "partial": "warn",
    "refused": "strong",
    "unknown": "crit",
    None: "crit",
}
HOST_STATE: Mapping[str | None, str] = {
    "done": "完成",
    "unchanged": "原已符合计划",
    "untouched": "未变更",
    "rolled-back": "已回退",
    "rollback-failed": "回退失败",
    "unknown": "状态未知",
    None: "未结束",
}
HOST_TONE: Mapping[str | None, Tone] = {
    "untouched": "strong",
    "rolled-back": "warn",
    "rollback-failed": "crit",
    "unknown": "crit",
    None: "crit",
}
OUTCOME: Mapping[str, str] = {
    "ok": "完成",
    "nothing": "无需变更",
    "failed": "失败",
    "lost": "失去联系",
    "begun": "已开始，无结果",
}
OUTCOME_TONE: Mapping[str, Tone] = {"failed": "crit", "lost": "warn", "begun": "warn"}
ACTION: Mapping[str, str] = {
    "restart": "重启",
    "install package": "新装软件包",
    "set package": "更换软件包版本",
    "remove package": "卸载软件包",
    "install file": "新建文件",
    "set file": "修改文件",
    "set link": "切换发布目录",
    "install link": "启用首个发布目录",
    "restore_point": "建立数据库恢复点",
    "snapshot": "建立数据快照",
    "migrate": "数据库结构升级",
    "restore copy": "恢复备份到隔离副本",
    "rebuild index": "在线重建索引",
    "rebuild table": "在线重建表",
    "repeat on replicas": "从库重放重建",
    "freeze table": "冻结旧事务号",
    "vacuum table": "清理死元组",
    "create index": "新建索引",
    "drop index": "移除索引",
    "analyze table": "更新统计信息",
    "rotate file": "轮转日志（改名后由服务重新打开）",
    "copytruncate file": "轮转日志（复制后清空，其间写入的行会丢失）",
    "compress file": "压缩旧文件",
    "delete file": "删除过期文件",
}
ENTRY: Mapping[str, str] = {
    "plan.frozen": "计划冻结",
    "approval.given": "批准签署",
    "approval.used": "批准使用",
    "standing.approved": "常设批准签署",
    "emergency.declared": "紧急声明",
    "supervisor.in": "监督人签到",
    "supervisor.out": "监督人签退",
    "lock.taken": "主机加锁",
    "lock.released": "主机解锁",
    "lock.broken": "强制解锁",
    "change.started": "实施开始",
    "change.resumed": "继续实施",
    "change.wish": "暂停或中止要求",
    "change.assessed": "人工评价",
    "change.finished": "实施结束",
    "phase.intent": "阶段开始",
    "phase.observed": "阶段结果",
    "host.held": "主机未开始",
    "host.closed": "主机结束",
    "host.alarm": "P1 故障",
    "host.reopened": "主机重新核实",
    "step.timed": "步骤用时",
}
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
