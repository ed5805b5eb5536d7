"""What the fields of the facts are called in Chinese, where a reason names the one that was kept back."""

from __future__ import annotations

from collections.abc import Mapping

FIELDS: Mapping[str, str] = {
    # host and security
    "synchronised": "时钟同步状态",
    "offset_s": "时钟偏差",
    "updates": "待装更新",
    "updates.security": "待装安全更新",
    "security": "安全更新标记",
    "lists_updated_at": "补丁信息的时间",
    "definitions_at": "病毒库时间",
    "definitions_version": "病毒库版本",
    "accounts": "账户",
    "password": "口令状态",
    "password_changed_day": "口令更改日期",
    "password_expires_day": "口令到期日期",
    "account_expires_day": "账户到期日期",
    "rules": "规则",
    "keys": "登录公钥",
    "process": "所属进程",
    "running": "运行状态",
    "journald": "系统日志",
    "certificates": "证书",
    "probes": "网页探测",
    "gauges": "中间件指标",
    # backups
    "jobs": "任务",
    "pgbackrest": "pgBackRest",
    "off_host": "异机副本",
    "target_free_bytes": "备份存储剩余空间",
    "target_size_bytes": "备份存储总容量",
    "archiving": "归档状态",
    # databases
    "archiver": "归档进程统计",
    "autovacuum": "自动清理",
    "bloat": "索引膨胀",
    "channels": "复制通道",
    "checkpoints": "检查点统计",
    "connections": "连接数",
    "connection_errors_max_connections": "因连接数上限被拒绝的连接数",
    "created_tmp_disk_tables": "磁盘临时表数",
    "created_tmp_tables": "临时表数",
    "databases": "数据库清单",
    "foreign_keys": "外键",
    "history": "历史链表长度",
    "index_sizes": "索引大小",
    "indexes": "索引",
    "innodb_buffer_pool_read_requests": "缓冲池读请求数",
    "innodb_buffer_pool_reads": "缓冲池读盘次数",
    "instance": "实例信息",
    "max_connections": "连接数上限",
    "pending_restart": "待重启生效的参数",
    "prepared": "两阶段事务",
    "questions": "语句数",
    "replicas": "从库清单",
    "settings": "参数",
    "shared": "表空间归属",
    "slots": "复制槽",
    "slow_queries": "慢查询数",
    "standby": "备库状态",
    "statements": "语句统计",
    "status": "状态计数",
    "table_stats": "表统计信息",
    "tables": "表",
    "transactions": "事务",
    "unused": "索引使用情况",
    "version": "版本",
    "waiting": "待归档的 WAL",
}


def field_zh(name: str) -> str | None:
    """A field in Chinese: alone, of an instance (`his transactions`), or of a database (`bloat his`); None if none."""
    *of, last = name.split(" ")
    if last in FIELDS and len(of) <= 1:
        return " ".join((*of, FIELDS[last]))
    if of and of[-1] == "bloat" and len(of) <= 2:
        return " ".join((*of[:-1], last, FIELDS["bloat"]))
    return None
