"""The chapters of each kind of document, and the words that a site may put in the place of ours."""

from __future__ import annotations

from collections.abc import Mapping

from maintkit.documents.model import Heading

_CHANGE = ("审批与现场监督", "变更内容", "时间安排与实际", "备份", "变更后检查", "偏差与异常")

# In the order of the documents; the last, 证据, stays the last. Kinds whose chapters are names (faq) have none here.
CHAPTERS: Mapping[str, tuple[str, ...]] = {
    "inspection-record": (
        "巡检结论", "覆盖情况", "巡检内容与结果", "异常事件与处理", "与上期对比", "未能判定项与豁免项", "紧急变更",
    ),
    "inspection-summary": ("本季度巡检", "各月巡检情况", "季度末未关闭事件", "紧急变更"),
    "health-report": (
        "总体评价", "检查范围与覆盖情况", "服务器性能分析", "数据库状态", "存储容量规划", "风险清单", "优化建议",
        "查询与配置优化建议",
        "与上次深度巡检对比", "未查看与未能判定的内容", "紧急变更", "下季度工作安排",
    ),
    "incident-summary": (
        "本月概况", "时限达成情况", "本月故障", "上月转入的故障", "重复报告与复发", "与上月比较",
    ),
    "incident-report": (
        "事件经过", "影响范围与级别", "时间线", "时限", "根本原因", "处置步骤", "预防措施", "相关巡检、变更与故障",
    ),
    "ticket-summary": ("概况", "需求与缺陷", "时限", "约定日期", "工作量（人日）"),
    "service-review": (
        "服务评价", "服务义务履行情况", "故障时限达成情况", "需求处理情况", "巡检、变更、演练与监测", "与上期比较",
        "服务回顾会议", "下期工作计划",
    ),
    "function-watch": (
        "监测结论", "异常与处理", "与上周比较", "人工监测", "未执行与未覆盖的功能", "各项功能最近一次结果",
    ),
    "vulnerability-report": (
        "结论", "漏洞数据", "检查范围", "可修复的漏洞", "暂无修复版本的漏洞", "整改情况",
    ),
    "security-event": ("概况", "各事件的发现与处理", "处理过程"),
    "knowledge-update": ("概况", "新增", "修订", "停用", "复核", "到期未复核", "常见问题"),
    "upgrade-request": ("升级内容", "实施步骤", "时间安排", "风险评估", "备份与回退", "审批"),
    "change-upgrade": (
        "实施结论", *_CHANGE, "实施前后对比", "恢复结果与数据损失", "人工恢复步骤", "原因分析与后续措施",
    ),
    "change-patch": ("实施结论", *_CHANGE, "实施前后对比", "人工恢复步骤", "原因分析与后续措施"),
    "change-restart": ("实施结论", "重启评估", *_CHANGE, "实施前后对比", "人工恢复步骤", "效果评价与说明"),
    "change-tuning": ("实施结论", *_CHANGE, "实施前后对比", "人工恢复步骤", "效果评价与说明"),
    "change-housekeeping": ("实施结论", *_CHANGE, "实施前后对比", "人工恢复步骤", "原因分析与后续措施"),
    "restore-drill": (
        "验证结论", "验证对象", "实施过程与用时", "数据比对", "业务查询", "反向验证", "副本清除", "审批与现场监督",
        "偏差与异常", "原因分析与后续措施",
    ),
    "emergency-plan": (
        "故障分级与时限", "报告与响应流程", "应急指挥与决策", "应急联系人", "系统与主机", "系统恢复次序",
        "业务替代措施", "信息通报", "恢复能力缺口", "评审与修订",
    ),
    "disaster-plan": (
        "恢复目标与实测", "启动条件与授权", "系统与主机", "备份与副本", "恢复次序", "恢复步骤与实测用时",
        "备用场地与设备", "回切安排", "缺口", "联系人",
    ),
    "recovery-manual": (
        "联系人", "恢复决策与业务安排", "数据库与备份现状", "恢复验证实测", "使用 maintkit 恢复", "人工恢复步骤",
    ),
    "registers": ("项目人员与保密承诺", "项目经理变更", "培训", "服务回顾会议", "测评与风险整改", "人员资质证书"),
}  # fmt: skip

# What says how things compare, or says again what stands elsewhere. All others say what was found, what went wrong,
# what was not seen or what a person has to answer for: a document without them would read as better than it is.
MAY_BE_LEFT_OUT = frozenset((
    "与上期对比", "与上次深度巡检对比", "与上月比较", "与上周比较", "与上期比较", "各月巡检情况", "优化建议",
    "约定日期", "人工监测", "处理过程", "相关巡检、变更与故障", "服务回顾会议", "使用 maintkit 恢复", "常见问题",
))  # fmt: skip

# Labels of covers that may be said in a house's own words; what holds a hash or a number may not.
LABELS = (
    "采购人", "服务方", "合同名称", "合同编号", "巡检工程师", "实施工程师", "现场监督人", "申请人", "检查人",
    "监测人员", "分析人", "报告人",
)  # fmt: skip
RENAMED = (*LABELS, *dict.fromkeys(name for names in CHAPTERS.values() for name in names))

_NUMERALS = "一二三四五六七八九"


def chinese(number: int) -> str:
    """1 to 19 as chapters count."""
    return _NUMERALS[number - 1] if number < 10 else f"十{_NUMERALS[number - 11] if number > 10 else ''}"


def numbered(heading: Heading) -> tuple[str, str]:
    """The numeral of a chapter and its name; no numeral where it has none."""
    numeral, mark, name = heading.text.partition("、")
    if mark and numeral in {chinese(number) for number in range(1, 20)}:
        return numeral, name
    return "", heading.text
