"""The look that every format shares: paper, sizes, shades. Status is a word first; shades survive a grey copy."""

from __future__ import annotations

from maintkit.documents.model import Tone

# 正文宋体, 标题黑体: the usual pair of official documents. The names after the first stand in where it is missing.
SERIF = ("宋体", "SimSun", "Noto Serif CJK SC", "Source Han Serif SC", "Songti SC")
SANS = ("黑体", "SimHei", "Noto Sans CJK SC", "Source Han Sans SC", "Microsoft YaHei", "PingFang SC")
LATIN_SERIF = "Times New Roman"
LATIN_SANS = "Arial"

SHADES: dict[Tone, str] = {"crit": "C8C8C8", "warn": "E6E6E6"}  # RGB; black on both reads at 10:1 and better
BOLD: frozenset[Tone] = frozenset({"crit", "warn", "strong"})
MUTED = "555555"
ALERT_SHADE = "E6E6E6"
LABEL_SHADE = "F2F2F2"
RULE = "7F7F7F"
