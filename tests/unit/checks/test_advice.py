"""Laws of the words that hospitals act on."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import maintkit.checks

RULES = sorted(Path(next(iter(maintkit.checks.__path__))).glob("*/*.py"))

# What must never be advised: it destroys evidence or data, or stops somebody's work.
DESTRUCTIVE = re.compile(r"\bkill\b|\brm -|userdel|强制结束|立即删除|直接删除|清空日志|格式化|DROP|TRUNCATE")


@pytest.mark.parametrize("path", RULES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_no_advice_destroys_anything(path: Path) -> None:
    """The Chinese text of every rule is free of destructive orders."""
    chinese = [line for line in path.read_text("utf-8").splitlines() if re.search(r"[\u4e00-\u9fff]", line)]
    assert [line.strip() for line in chinese if DESTRUCTIVE.search(line)] == []
