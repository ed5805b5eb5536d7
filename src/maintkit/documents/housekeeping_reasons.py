"""Why an old file stayed, or a log was not rotated or not compressed, in Chinese; read by `reasons.reason`."""

from __future__ import annotations

KNOWN: tuple[tuple[str, str], ...] = (
    (r"stays, written or opened since the plan: ([^;]+)", "计划之后有写入或被打开，保留：{0}"),
    (r"is another log since the plan, or a smaller one: ([^;]+)", "计划之后已是另一文件或变小，未轮转：{0}"),
    (r"([^;]+) is still there, as old or as large as before", "{0} 仍为原样"),
    (r"([^;]+) was rotated, and is still written to by ([^;]+): [^;]+", "{0} 已轮转，但仍被{1}写入，须重启写入方"),
    # what has become of a log that was rotated
    (r"(/[^;]+): still written to by ([^;]+): not compressed", "{0}：仍被{1}写入，未压缩"),
    (r"(/[^;]+): still read by ([^;]+): not compressed", "{0}：仍被{1}读取，未压缩"),
    (r"still written to by ([^;]+): not compressed", "仍被{0}写入，未压缩"),
    (r"still read by ([^;]+): not compressed", "仍被{0}读取，未压缩"),
    (r"([^;]+): not compressed", "{0}，未压缩"),
    (r"not compressed: ([^;]+)", "未压缩：{0}"),
    (r"([^;]+) is there already, beside ([^;]+): move one of them away", "{0} 已存在，与 {1} 并存，须先移走其一"),
    (r"opened again", "又被打开"),
    (r"no answer within (\d+) s", "{0} 秒内无应答"),
    (r"\[Errno \d+\] ([^;:]+)", "{0}"),
    (r"\[Errno \d+\] ([^;:]+): '([^;']+)'", "{1} {0}"),
    (r"No space left on device", "所在磁盘已满"),
    (r"Disk quota exceeded", "超出磁盘配额"),
    (r"Operation not permitted", "不允许该操作"),
    (r"Read-only file system", "文件系统只读"),
    (r"Input/output error", "读写出错"),
    (r"still written to by ([^;]+)", "仍被{0}写入"),
    (r"still read by ([^;]+)", "仍被{0}读取"),
    (r"process ([\d ]+) \(([^;,]*)\)", "进程 {0}（{1}）"),
    (r"process ([\d ]+) \(([^;,]*)\), ([^;]+)", "进程 {0}（{1}）、{2}"),
    (r"(\S+) was not reloaded: (.+)", "服务 {0} 未能重新加载：{1}"),
    (r"not begun: another one failed", "未开始：前一个文件失败"),
    (
        r"no file is as old, and no log as large, as the rules say",
        "没有达到规则所定时间的旧文件，也没有超过规则大小的日志",
    ),
    # why one is not rotated
    (r"logrotate is not on this host: [^;]+", "主机没有 logrotate，须先安装，或去掉轮转规则"),
    (
        r"([^;]+): logrotate's configuration cannot hold such a name: [^;]+",
        "{0}：logrotate 的配置不能写这样的文件名，须排除",
    ),
    (r"([^;]+) has another name, too: [^;]+", "{0} 另有硬链接，看不到经由它写入的进程"),
    (
        r"(\S+) has no main process that systemd knows: [^;]+",
        "服务 {0} 没有 systemd 所知的主进程，不能发信号，须改用重新加载",
    ),
    (r"([^;]+) is append-only or immutable [^;]+", "{0} 设有只追加或不可修改属性（chattr），须先取消，事后恢复"),
    (r"([^;]+) is rotated by (\S+), too: [^;]+", "{0} 已由主机的 {1} 轮转，须只留一处，或声明 also_by_host"),
    (
        r"([^;]+): (\S+) has (\d+) bytes free, and (\d+) are needed: make room first",
        "{0}：{1} 可用 {2} 字节，需要 {3} 字节，须先腾出空间",
    ),
    (r"systemctl is not on this host: (\S+) cannot be asked for a new log", "主机没有 systemctl，无法通知服务 {0}"),
    (r"(\S+) is (\S+): it cannot be asked for a new log", "服务 {0} 的状态为 {1}，无法通知其重新打开日志"),
    (r"(\S+) cannot be reloaded: [^;]+", "服务 {0} 不能重新加载，须指明其重新打开日志的信号"),
    (r"([^;]+) is written by ([^;]+), not of (\S+): [^;]+", "{0} 由{1}写入，不属于服务 {2}，通知服务不能使其放开"),
    (
        r"([^;]+) is written by ([^;]+) without appending: [^;]+",
        "{0} 由{1}写入且不是追加方式，清空后会立即恢复原大小并出现空洞",
    ),
    (
        r"([^;]+) is root's, in a directory that others may write: [^;]+",
        "{0} 属于 root，而其目录其他用户可写，须先收回",
    ),
    (
        r"([^;]+) belongs to (\S+), its directory to (\S+), and others may write on the way: [^;]+",
        "{0} 属于 {1}，其目录属于 {2}，且途经目录其他用户可写，须先统一用户和组",
    ),
    (r"([^;]+) belongs to ([^;]+): logrotate knows [^;]+", "{0} 属于 {1}，logrotate 只认有名称且不含空格的用户和组"),
    (r"([^;]+) is a link to (\S+): [^;]+", "{0} 是指向 {1} 的链接"),
    (r"([^;]+) is no regular file: [^;]+", "{0} 不是普通文件"),
    (r"([^;]+): logrotate ended with (-?\d+): (.+)", "{0}：logrotate 返回 {1}：{2}"),
    (r"([^;]+): logrotate has made no file that can be found: [^;]+", "{0}：logrotate 未生成可辨认的文件"),
)
