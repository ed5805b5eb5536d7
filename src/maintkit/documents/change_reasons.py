"""Why a change was refused, held, failed or taken back, in Chinese; read by `reasons.reason`."""

from __future__ import annotations

# The whole reason, or the whole of a part of one. `{0}` is what a group matched, itself said in Chinese.
KNOWN: tuple[tuple[str, str], ...] = (
    # why a host is not begun
    (r"(.+) must not be changed now", "{0} 现不得变更，全部主机均不开始"),
    (r"(\d+) hosts failed, (\d+) are allowed to", "已有 {0} 台失败，允许 {1} 台，不再开始其他主机"),
    (
        r"(-?\d+) s are left of the window, the change wants (\d+) s and its rollback (\d+) s",
        "时间窗口剩余 {0} 秒，不足以完成变更（{1} 秒）并回退（{2} 秒）",
    ),
    (r"the window (.+) is not open", "时间窗口未开放：{0}"),
    (r"this machine's clock was set back by (\d+) s", "控制机时钟被回拨 {0} 秒"),
    (r"maintkit was asked to stop", "程序收到停止请求"),
    (r"(.+?) asked to pause it: (.+)", "{0} 要求暂停，理由：{1}"),
    (r"(.+?) asked to abort it: (.+)", "{0} 要求中止，理由：{1}"),
    (r"the supervisor has checked out", "现场监督人已签退"),
    # what a phase came to
    (r"no end within the time it was given", "超过时限仍未结束"),
    (r"it left no document", "未留下结果"),
    (r"the phase failed without a word", "失败，未说明原因"),
    (r"no route to host", "没有到主机的路由"),
    (r"connection lost", "连接中断"),
    (r"not healthy: (.+)", "健康检查未通过：{0}"),
    (r"not as planned: (.+); make a new plan", "与计划不符：{0}；须重新编制计划"),
    (r"not planned: (.+)", "计划外 {0}"),
    (r"no more: (.+)", "计划内而不再需要 {0}"),
    (r"not as before: (.+)", "与变更前不一致：{0}"),
    (
        r"the machine-id is (\w+), the plan's is (\w+): the address leads to another machine",
        "机器标识为 {0}，计划为 {1}：该地址是另一台机器",
    ),
    (r"every package is at its version already", "全部软件包已是目标版本"),
    (r"(.+) would be removed: name it in patch_removals, or leave the update out", "将卸载 {0}，计划未予列明"),
    (
        r"(.+) are needed for the change and its rollback, (.+) are free: make room first",
        "变更与回退需要 {0}，可用 {1}，空间不足",
    ),
    (r"the boot id is the one from before", "主机并未重启"),
    (
        r"the schema was brought up, and there is no way down \(upgrade_migrate_down\): it is restore-only\. .+",
        "数据库结构已升级且没有降级方法，只能由恢复点恢复，其后写入的数据将丢失，须另行批准；新版本保留，主机不接收请求，待人决定",
    ),
    # why a statement was not measured
    (r"it must be one statement without a semicolon", "须为单条语句且不含分号"),
    (r"it did not end within ([\d.]+) s", "{0} 秒内未执行完"),
    (r"a lock did not come within (\d+) s", "{0} 秒内未取得锁"),
    (r"the server gave no plan of it", "数据库未给出其执行计划"),
    (r"it failed on a value of the data, SQLSTATE (\w+)", "执行中遇到不能处理的数据（SQLSTATE {0}）"),
    (r"it failed on a value of the data, error (.+)", "执行中遇到不能处理的数据（错误 {0}）"),
    (r"it would change data", "该语句会改动数据，数据库拒绝执行"),
    # why a restore was refused, or did not pass
    (r"(\d+) clients are connected: .+", "仍有 {0} 个客户端连接，须先停止应用"),
    (r"recovery (.+) ended short of it: (.+)", "恢复（{0}）未到达目标，归档日志缺失或没有该恢复点：{1}"),
    (r"it opened for writing without stopping (.+): WAL is missing", "未在目标处（{0}）停止即打开，归档日志缺失"),
    (
        r"recovery ended in WAL segment (\d+), (\d+) was archived: WAL is missing",
        "恢复止于日志段 {0}，已归档至 {1}，归档日志缺失",
    ),
    (
        r"the archive lacks WAL that backup (\S+) needs to get there: (.+) \(without the timeline\)\. .+",
        "备份集 {0} 到目标之间缺少归档日志 {1}",
    ),
    (
        r"(\S+) is a standby, or a recovery that has not ended \((.+)\): .+",
        "{0} 是备库或尚未结束的恢复（{1}），不得恢复",
    ),
    (r"(\S+) does not answer: journalctl -u \S+", "{0} 启动后没有应答"),
    (r"WAL (\S+) of the new timeline is not archived: .+", "新时间线的日志 {0} 未能归档"),
    (r"no kept binary log holds the mark (\S+): .+", "留存的二进制日志中没有标记 {0}"),
    (r"(.+) is before the end of the oldest backup .+", "{0} 早于可用的最早备份集的结束时间"),
    (r"(.+) is still to come: .+", "{0} 尚未到来"),
    (r"the target lies at (\S+), before the end of the set (\S+): .+", "目标位于 {0}，早于备份集 {1} 的终点"),
    (r"(\d+) replicas follow this server, .+", "有 {0} 个从库正在复制本库，须先停止"),
    (r"(\d+) bytes are needed beside .+ and (\d+) are free in (\S+): .+", "须有 {0} 字节，{2} 仅余 {1} 字节"),
    (r"the binary log (\S+) is cut off: .+", "二进制日志 {0} 不完整"),
    (r"replay ended at (\S+), short of transaction .+", "回放止于 {0}，未到达目标"),
    (r"replay (.+) ended short of it: (.+)", "回放（{0}）未到达目标：{1}"),
    # why a drill was refused, or did not pass
    (r"stanza (\S+) has no backup \((.+)\): there is nothing to restore", "备份任务 {0} 没有任何备份（{1}），无可恢复"),
    (r"the repository has no stanza '(.+)'", "备份存储库中没有任务 {0}"),
    (r"backup (\S+) is empty", "备份集 {0} 为空"),
    (
        r"backup (\S+) is (\S+) h old, (\S+) h are allowed: backups have stopped",
        "备份集 {0} 距今 {1} 小时，允许 {2} 小时：备份已停止",
    ),
    (
        r"backup (\S+) of stanza (\S+) is of another cluster \((\S+), the source is (\d+)\): .+",
        "备份任务 {1} 的备份集 {0} 属于另一个数据库集群（{2}），源库为 {3}",
    ),
    (
        r"backup (\S+) holds pages that did not fit their checksums when it was made: see the source's disk",
        "备份集 {0} 在备份时已含校验和不符的数据页，须检查源库磁盘",
    ),
    (r"pgbackrest restore ended with (\d+): (.+)", "恢复备份失败（返回 {0}）：{1}"),
    (r"recovery ended short of the mark (\S+): (.+)", "归档日志缺失，恢复未到达标记 {0}：{1}"),
    (
        r"recovery stopped at (\S+), short of the mark at (\S+): WAL is missing",
        "恢复停在 {0}，未到达标记位置 {1}，归档日志缺失",
    ),
    (
        r"it opened for writing without stopping at the mark (\S+): WAL is missing",
        "未到达标记 {0} 即打开，归档日志缺失",
    ),
    (r"the copy is not what the source was at the mark: (.+)", "副本与标记时刻的源库不一致：{0}"),
    (r"(\S+): table (.+) has (\d+) rows at the source, (\d+) restored", "数据库 {0} 的表 {1} 源库 {2} 行，副本 {3} 行"),
    (r"(\S+): table (.+) has as many rows, and not the same", "数据库 {0} 的表 {1} 行数相同而内容不同"),
    (r"pg_amcheck ended with (\d+): (.+)", "结构检查发现损坏（返回 {0}）：{1}"),
    (r"pg_checksums ended with (\d+): (.+)", "页校验和检查发现损坏（返回 {0}）：{1}"),
    (
        r"the cluster has no page checksums \(pg_checksums --enable\)",
        "源库未启用数据页校验和，此项无法执行",
    ),
    (r"(.+): the answer does not hold what is expected", "{0}：应答与预期不符"),
    (r"(.+): it answered with (\d+)", "{0}：应答状态为 {1}"),
    (r"(.+): it does not answer: (\w+)", "{0}：没有应答（{1}）"),
    (r"(.+): it did not answer in time", "{0}：在时限内没有应答"),
    (r"(.+): it has ended by itself", "{0}：启动后自行退出"),
    (r"(.+) has ended as soon as it was started", "{0} 启动后立即退出"),
    (r"(.+) is not started: (.+)", "{0} 未能启动：{1}"),
    (r"begun, and no end of it is known", "已开始，没有结束的记录"),
    (r"(\w+) was begun and cut off: the host or its process went down in it", "{0} 中途被切断：主机或进程在其间终止"),
    (
        r"(\d+) bytes are needed for the copy, (\d+) are free in (\S+): .+",
        "副本需要 {0} 字节，{2} 可用 {1} 字节，空间不足",
    ),
    (r"the source is this very machine \((\w+)\): .+", "源库就在本机（{0}），不得在生产主机上演练"),
    (
        r"a server of the source's own cluster (\d+) runs here in (\S+) \(process \d+\): .+",
        "本机运行着源库集群 {0} 的数据库（{1}），是或可能成为生产主机，不得演练",
    ),
    (
        r"(\S+) is the data directory of a PostgreSQL cluster: no copy is laid into it",
        "{0} 是数据库的数据目录，不得放置副本",
    ),
    (
        r"the WAL (\S+) that holds the mark was not archived within (\d+) s: mend archiving",
        "含标记的日志 {0} 在 {1} 秒内未完成归档，归档不可用",
    ),
    (
        r"archiving is failing \(pg_stat_archiver\): .+",
        "源库归档正在失败，须先修复",
    ),
    # what a gate said
    (r"unit (\S+): (\S+) is (\S+) \((\S*)\)", "服务 {1} 的状态为 {2}（{3}）"),
    (r"(\S+\.service) is (\S+) \((\S*)\)", "服务 {0} 的状态为 {1}（{2}）"),
    (r"(\S+) still runs as process (\d+): it was not restarted", "{0} 仍为原进程 {1}，没有重启"),
    (r"(\S+) answers (\d+), not (\d+)", "{0} 返回 {1}，应为 {2}"),
    (r"(\S+) does not say (.+)", "{0} 未返回 {1}"),
    (r"(\S+) ran before and does not", "{0} 变更前运行，现未运行"),
    (r"(\S+) has failed", "{0} 已失败"),
    (r"(\S+) had to be started again", "{0} 被系统重新拉起"),
)
