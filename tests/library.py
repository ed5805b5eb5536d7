"""The commands about articles on one site."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from click.testing import CliRunner

from maintkit.cli.main import cli

FRONT = {"id": "kb-1", "title": "挂号窗口打印机不出纸", "owner": "张伟", "review_by": "2099-01-01", "systems": "[HIS]"}
BODY = "## 处理\n\n打印机队列堵塞，重启 CUPS 后恢复。报错 ORA-01555，查询慢。\n"


class Library:
    """The commands on one site, in this process."""

    def __init__(self, site: Path) -> None:
        self.site = site

    def __call__(self, *words: object, group: str = "knowledge") -> str:
        result = CliRunner().invoke(cli, [group, *map(str, words), "--site", str(self.site)], standalone_mode=False)
        if result.exception is not None:
            raise result.exception
        self.code = result.return_value or 0
        return result.stdout

    def json(self, *words: object) -> Any:
        return json.loads(self(*words, "--json"))

    def file(self, name: str, body: str = BODY, **front: str) -> Path:
        path = self.site / "knowledge" / name
        path.parent.mkdir(exist_ok=True)
        lines = "".join(f"{key}: {value}\n" for key, value in {**FRONT, **front}.items() if value)
        path.write_text(f"---\n{lines}---\n\n{body}", encoding="utf-8")
        return path

    def found(self, *words: str) -> list[str]:
        return [one["article"] for one in self.json("search", *words)]
