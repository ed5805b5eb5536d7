"""Why a drill of MariaDB was refused, or did not pass, in Chinese; the words that both engines share are elsewhere."""

from __future__ import annotations

KNOWN: tuple[tuple[str, str], ...] = (
    (
        r"job (\S+) has no finished set of mariadb-backup: there is nothing to restore",
        "备份任务 {0} 没有任何完成的备份集，无可恢复",
    ),
    (r"job (\S+) has no set (\S+): the newest is (\S+)", "备份任务 {0} 没有备份集 {1}，最近的是 {2}"),
    (
        r"set (\S+) is (\S+) h old, (\S+) h are allowed: backups have stopped",
        "备份集 {0} 距今 {1} 小时，允许 {2} 小时：备份已停止",
    ),
    (
        r"set (\S+) begins at LSN (\d+), and no set ends there: it has no base",
        "增量备份集 {0} 的基础备份集缺失（起点 LSN {1}）",
    ),
    (r"set (\S+) is packed or streamed: .+", "备份集 {0} 是压缩或流式的，须先展开为普通文件"),
    (
        r"set (\S+) holds pages that were damaged when it was made: see the source's disk",
        "备份集 {0} 在备份时已含损坏的数据页，须检查源库磁盘",
    ),
    (
        r"set (\S+) leads out of its directory \((.+)\): not restored",
        "备份集 {0} 含指向目录之外的文件（{1}），不予恢复",
    ),
    (
        r"set (\S+) names no position in a binary log: .+",
        "备份集 {0} 没有二进制日志位置：备份时未启用二进制日志，其后的业务无法恢复",
    ),
    (
        r"set (\S+) ends at (\S+), which the source has never had \(.+\): .+",
        "备份集 {0} 止于事务 {1}，源库从未有过：属于另一台服务器，或源库已重建",
    ),
    (
        r"at (\S+) the set is at (\S+) and the source was at (\S+): .+",
        "备份集在 {0} 处为 {1}，源库在该处为 {2}：不是该源库的备份，或日志已重新开始",
    ),
    (
        r"between set (\S+) and now the binary log (.+) is missing: what happened in it is lost",
        "备份集 {0} 之后缺少二进制日志 {1}，其中的业务无法恢复",
    ),
    (
        r"the binary log (\S+) is kept with (\d+) bytes, the source has (\d+)",
        "留存的二进制日志 {0} 为 {1} 字节，源库为 {2} 字节",
    ),
    (
        r"the binary log (\S+) has (\d+) bytes, at the source it had (\d+): it is cut off",
        "二进制日志 {0} 不完整（{1} / {2} 字节）",
    ),
    (
        r"of the binary log (.+) no whole copy lies in (\S+) within (\d+) s: .+",
        "二进制日志 {0} 在 {2} 秒内没有完整复制到 {1}，须检查日志复制任务",
    ),
    (r"log_bin is off(?: at the source)?: .+", "源库未启用二进制日志，最近一次备份之后的业务无法恢复"),
    (
        r"the source leaves databases out of its binary log \((.+)\): .+",
        "源库的二进制日志不含部分数据库（{0}），其备份之后的业务无法恢复",
    ),
    (r"the source receives from another server or is read-only, .+", "源库是从库或只读，须在主库建立标记"),
    (r"it is short of the mark (\S+): the row of the mark is not there", "副本未到达标记 {0}"),
    (r"it has gone past the mark (\S+): a row that was written after it is there", "副本越过了标记 {0}"),
    (r"the binary logs end short of the mark: (.+)", "二进制日志回放未到达标记：{0}"),
    (r"the binary logs end short of the mark (\S+): .+", "二进制日志未含标记 {0} 的事务"),
    (r"mariadb-backup --prepare ended with (\d+): (.+)", "准备备份失败（返回 {0}）：{1}"),
    (r"mariadb-check ended with (\d+): (.+)", "结构检查发现损坏（返回 {0}）：{1}"),
    (r"innochecksum finds pages that do not fit their checksums: (.+)", "页校验和检查发现损坏：{0}"),
    (r"copying ended with (\d+): (.+)", "复制备份或日志失败（返回 {0}）：{1}"),
    (r"the copy does not start(?: again)?: (.+)", "副本无法启动：{0}"),
    (r"this host lacks locales of the source's databases: (.+)\. Make them here .+", "演练主机缺少源库的区域设置 {0}"),
    (r"the copy was started in the network of this host, and is stopped", "副本未与主机网络隔离，已停止"),
    (r"the copy sees the network cards (.+), and is stopped", "副本可见网卡 {0}，未与网络隔离，已停止"),
    (
        r"the MariaDB server in (\S+) \(process \d+\) is the source itself: .+",
        "本机在 {0} 运行的就是源库，不得在生产主机上演练",
    ),
    (
        r"the MariaDB server in (\S+) \(process \d+\) (?:receives|has transactions) .+",
        "本机在 {0} 运行的 MariaDB 有源库的事务或正在复制，是或可能成为生产主机，不得演练",
    ),
    (r"(\S+) is the data directory of (.+): no copy is laid into it", "{0} 是数据库的数据目录，不得放置副本"),
    (r"the source is MariaDB (\S+), this host has (\S+): .+", "源库版本为 MariaDB {0}，演练主机为 {1}，版本须一致"),
)
