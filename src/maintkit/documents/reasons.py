"""Why something was not seen, in Chinese.

Reasons are recorded in English, where they arise (collector, transport, checks). The recurring ones are said in Chinese
here, part by part; one that is not known stands as it was recorded, so that nothing is lost or guessed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

from maintkit.documents.change_reasons import KNOWN as _OF_CHANGES

SECTIONS: Mapping[str, str] = {
    "host": "主机信息",
    "cpu": "处理器",
    "pressure": "资源压力",
    "memory": "内存",
    "filesystems": "文件系统",
    "disks": "磁盘",
    "arrays": "软阵列",
    "smart": "磁盘健康",
    "network": "网卡",
    "tables": "内核表",
    "clock": "时钟",
    "systemd": "系统服务",
    "kernel": "内核",
    "journal": "系统日志",
    "applogs": "应用日志",
    "ports": "监听端口",
    "cron": "计划任务",
    "accounts": "账户",
    "sudo": "sudo 授权",
    "sshd": "SSH 服务设置",
    "logins": "登录记录",
    "authorized_keys": "登录公钥",
    "audit": "审计",
    "packages": "软件包",
    "antivirus": "防病毒",
    "log_retention": "日志留存",
    "certificates": "证书",
    "web": "网页探测",
    "backups": "备份",
}

# The whole reason, or the whole of what follows a colon in one. `{0}` is what a group matched, itself said in Chinese.
_KNOWN: tuple[tuple[str, str], ...] = (
    # the inspection and the way to the host
    (r"no answer was recorded: the inspection was cut off before this host", "巡检中断，未取得该主机的结果"),
    (r"not reached|no result came back", "未取得结果"),
    (r"host was not inspected: (.+)", "主机未检：{0}"),
    (r"unreachable: (.+)", "网络不可达：{0}"),
    (r"unreachable", "网络不可达"),
    (r"host-key: (.+)", "主机密钥未知或已改变：{0}"),
    (r"auth: (.+)", "登录被拒绝：{0}"),
    (r"become: (.+)", "提权被拒绝：{0}"),
    (r"no-python: (.+)", "主机无可用的 Python 解释器：{0}"),
    (r"timeout: (.+)", "采集超时：{0}"),
    (r"broken: (.+)", "采集结果不完整：{0}"),
    (r"refused: (.+)", "未尝试连接：{0}"),
    (r"no answer within (\S+) s", "{0} 秒内无应答"),
    (r"no whole answer within (\S+) s", "{0} 秒内无完整应答"),
    (r"not done within the total limit of (\S+) s", "未在总时限 {0} 秒内完成"),
    (r"no Python 2\.7 or 3\.5\+ was found", "未找到 Python 2.7 或 3.5 以上版本"),
    (r"not part of this inspection; last seen (\w+) in an earlier one", "不在本次巡检范围内，上次为{0}"),
    (r"a change seen in an earlier inspection, not declared resolved yet", "上期已发现的变化，尚未登记处理完毕"),
    (r"interrupted before it answered", "巡检被中断，该主机尚未应答"),
    (r"the collection ended before it answered", "采集已结束，该主机尚未应答"),
    (r"warn", "警告"),
    (r"crit", "严重"),
    # sections of the facts
    (r"section ([\w, ]+) was not collected", "未采集“{0}”"),
    (r"section ([\w, ]+) was denied: (.+)", "“{0}”无权读取：{1}"),
    (r"section ([\w, ]+) was denied", "“{0}”无权读取"),
    (r"section ([\w, ]+) did not answer in time: (.+)", "“{0}”采集超时：{1}"),
    (r"section ([\w, ]+) did not answer in time", "“{0}”采集超时"),
    (r"section ([\w, ]+) is absent on this host: (.+)", "本机没有“{0}”：{1}"),
    (r"section ([\w, ]+) is absent on this host", "本机没有“{0}”"),
    (r"section ([\w, ]+) failed: (.+)", "“{0}”采集出错：{1}"),
    (r"section ([\w, ]+) failed", "“{0}”采集出错"),
    (r"section ([\w, ]+) was cut at the output cap", "“{0}”超出输出上限，数据不全"),
    (r"contradictory facts: (.+)", "采集数据自相矛盾：{0}"),
    # privileges
    (r"needs root", "需要 root 权限"),
    (r"needs root or group systemd-journal or adm: (.+)", "需要 root 权限或 systemd-journal、adm 组：{0}"),
    (r"needs root or group systemd-journal or adm", "需要 root 权限或 systemd-journal、adm 组"),
    (r"needs root or group adm: (.+)", "需要 root 权限或 adm 组：{0}"),
    (r"needs root or the backup user: (.+)", "需要 root 权限或备份用户：{0}"),
    (r"needs root: keys of (.+)", "需要 root 权限：{0} 的公钥"),
    (r"needs root: (.+)", "需要 root 权限：{0}"),
    (r"needs group (\S+): (.+)", "需要 {0} 组：{1}"),
    (r"needs the user (\S+): (.+)", "需要用户 {0}：{1}"),
    (r"needs read permission", "需要读权限"),
    (r"Permission denied", "权限不足"),
    (r"cannot be read: (.+)", "无法读取：{0}"),
    # what is not there
    (r"no program (\S+)", "没有程序 {0}"),
    (r"no such file", "文件不存在"),
    (r"no SSH server", "没有 SSH 服务"),
    (r"no MD array in /proc/mdstat", "没有软阵列"),
    (r"no antivirus engine that is known here", "没有可识别的防病毒引擎"),
    (r"no application log is named for this host", "未为本机指定应用日志"),
    (
        r"no backup job is named for this host and pgBackRest is not configured",
        "未为本机指定备份任务，也未配置 pgBackRest",
    ),
    (r"no certificate file is named and no TLS port listens", "未指定证书文件，也没有监听的 TLS 端口"),
    (r"no probe and no gauge is named for this host", "未为本机指定网页探测"),
    (r"no block device that did any work", "没有有读写活动的块设备"),
    (r"no cron on this host", "本机没有 cron"),
    (r"smartctl finds no disk", "smartctl 未发现磁盘"),
    (r"systemd does not run here", "本机未运行 systemd"),
    (r"neither dpkg nor rpm", "没有 dpkg 或 rpm"),
    (r"the kernel has no pressure stall information \(/proc/pressure\)", "内核不提供资源压力信息（/proc/pressure）"),
    (r"no system log and no journal files", "没有系统日志文件"),
    (r"virtual machine", "虚拟机"),
    (r"not asked: others took too long", "其他项耗时过长，未执行"),
    # what a host does not have
    (r"no antivirus engine is installed, and the site demands none", "未安装防病毒引擎，站点亦未要求"),
    (r"no certificate file and no TLS port was found", "未发现证书文件和 TLS 端口"),
    (r"no filesystem of this host has a fixed number of inodes", "本机文件系统不限定 inode 数"),
    (
        r"no kernel is installed on this host \(a container\)(, and no package asks for a reboot)?",
        "本机未安装内核（容器）",
    ),
    (r"smartctl sees no disk on this host", "smartctl 未发现磁盘"),
    (r"no smartctl", "没有程序 smartctl"),
    (r"systemd before 235 does not count restarts", "systemd 235 之前的版本不记录重启次数"),
    (r"the catalogue holds no job, and the site declares none", "备份目录无任务，站点亦未登记任务"),
    (r"no backup tool on this host(?: .*)?, and the site declares no job", "本机没有备份工具，站点亦未登记备份任务"),
    (r"the filesystem has no blocks", "该文件系统没有数据块"),
    (r"the kernel of this host shows no count of file handles", "本机内核不提供文件句柄计数"),
    (r"the kernel of this host tracks no connections", "本机内核未启用连接跟踪"),
    (r"the site asks for no content of this page", "站点未要求核对该页面内容"),
    (r"the site asks for no number of this host", "站点未为本机登记中间件指标"),
    (r"the site asks for no page of this host", "站点未为本机登记页面"),
    (r"the site names no application log for this host", "站点未为本机登记应用日志"),
    (r"the site names no known addresses, and (.+)", "站点未登记已知地址，且{0}"),
    (r"there is no unit of this name: see service\.active", "没有该服务，见“核心服务运行”"),
    (r"this host has no MD array", "本机没有软阵列"),
    (r"this host has no block device of its own", "本机没有自有块设备"),
    (r"this host has no swap", "本机未设交换区"),
    (r"this kernel \(before 4\.13\) does not count OOM kills", "4.13 之前的内核不记录内存耗尽终止次数"),
    (r"a (\S+) container is audited by the host it runs on", "{0} 容器由宿主机审计"),
    (r"a (\S+) container is entered through what runs it", "{0} 容器经其运行平台进入"),
    (r"the output of a (\S+) container is kept by what runs it", "{0} 容器的输出由其运行平台保存"),
    (r"no (\S+) finished within the sample of (\S+) s", "{1} 秒采样期内没有完成的{0}请求"),
    (r"no (/[^\s,]+)(?:, no (?:/[^\s,]+|journal files))*", "没有 {0} 等日志或数据文件"),
    (r"no journal files((?:, no /\S+)*)", "没有系统日志文件"),
    # what could not be told
    (r"nothing on the host says how far it is off", "主机上没有信息表明时钟偏差"),
    (r"nothing on the host says whether (.+)", "主机上没有信息表明：{0}"),
    (r"adjtimex is refused here", "内核拒绝读取时钟状态"),
    (r"asking dnf or yum would write their cache on the host", "查询 dnf、yum 会写入主机缓存，未执行"),
    (r"no status and no error came home", "没有返回状态"),
    (r"not known, and the collector does not say why", "未知，采集时未说明原因"),
    (r"no previous inspection|no earlier inspection.*", "没有可比较的上期巡检"),
    (r"not every certificate could be read: (.+)", "部分证书无法读取：{0}"),
    (r"not every log could be looked at: (.+)", "部分日志无法查看：{0}"),
    (r"not every (?:number|probe) came home: (.+)", "部分探测没有结果：{0}"),
    (r"not every catalogue could be read: (.+)", "部分备份目录无法读取：{0}"),
    (r"not everything could be read: (.+)", "部分内容无法读取：{0}"),
    (r"nothing on the host says whether a reboot is required", "主机上没有信息表明是否需要重启"),
    (r"neither the oldest entry nor the rotation policy is known", "最早记录与轮转策略均未知"),
    (r"there is no backup that would need WAL", "没有需要归档日志的备份"),
    (r"there is no good backup to measure", "没有可供比较的有效备份"),
    (r"a list was cut at the output cap: what came and went cannot be told", "清单超出输出上限，无法判断增减"),
    (r"this period was counted only in part", "本期计数不完整"),
    (r"the period before was counted only in part", "上期计数不完整"),
    (r"not known", "未知"),
    # what a person looks at
    (r"looked at on site by the engineer: (.+)", "由工程师现场检查：{0}"),
    (r"lamps, power supplies, fans, dust, cabling, labels", "指示灯、电源、风扇、积尘、布线、标签"),
    (r"temperature, humidity, UPS, water, fire protection, access", "温度、湿度、不间断电源、漏水、消防、门禁"),
    (r"printers, card readers, scanners, instrument connections", "打印机、读卡器、扫描枪、仪器连接"),
    (r"looked at on site by the engineer", "由工程师现场检查"),
)
_PATTERNS = tuple((re.compile(pattern, re.IGNORECASE), chinese) for pattern, chinese in (*_KNOWN, *_OF_CHANGES))


_REMEMBERED = 2000  # a fleet gives the same few reasons for every host, and each is held against every pattern
_DEEPEST = 4  # parts within parts; a host can write a reason that nests as deep as it is long


@lru_cache(maxsize=_REMEMBERED)
def reason(recorded: str) -> str:
    """A recorded reason in Chinese as far as its parts are known, otherwise as it was recorded."""
    return _said(recorded, _DEEPEST)


def _said(recorded: str, deep: int) -> str:
    if deep == 0:
        return recorded
    for pattern, chinese in _PATTERNS:
        found = pattern.fullmatch(recorded)
        if found:
            # Only there do the words name sections: elsewhere `web` may be a host.
            said = _part if pattern.pattern.startswith("section") else _said
            return chinese.format(*(said(part or "", deep - 1) for part in found.groups()))
    for separator, mark in (("; ", "；"), (": ", "：")):
        first, cut, second = recorded.partition(separator)
        parts = (_said(first, deep - 1), _said(second, deep - 1))
        # Where neither half is known, nothing is gained by another colon.
        if cut and parts != (first, second):
            return mark.join(parts)
    return recorded


def _part(part: str, deep: int) -> str:
    names = part.split(", ")
    if all(name in SECTIONS for name in names):
        return "、".join(SECTIONS[name] for name in names)
    return _said(part, deep)
