"""`due remind` on one site whose clock a test turns."""

from __future__ import annotations

import json
import sys
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner
from posts import HOST

from maintkit.cli.main import cli
from maintkit.cli.terminal.place import open_ledger
from maintkit.clock import SystemClock
from maintkit.contract.due import Standing
from maintkit.contract.load import load_site
from maintkit.contract.reminders import load_reminders
from maintkit.desk.matter import of_duties
from maintkit.runs.reminding import Outcome, remind

NOW = datetime(2026, 11, 25, 2, 0, tzinfo=UTC)
KEEP = "import sys; open(sys.argv[1], 'a').write(sys.stdin.read() + '\\n')"


class Bell:
    """`due remind` on one site whose clock a test turns."""

    def __init__(self, root: Path, patch: pytest.MonkeyPatch) -> None:
        self.root, self.now = root, NOW
        patch.setattr(SystemClock, "now", lambda _: self.now)

    def hooks(self, *hooks: dict[str, Any], **more: Any) -> None:
        text = yaml.safe_dump({"hooks": list(hooks), **more}, allow_unicode=True)
        (self.root / "reminders.yml").write_text(text, encoding="utf-8")

    def secret(self, name: str, value: str) -> dict[str, str]:
        path = self.root / name
        path.write_text(value + "\n", encoding="utf-8")
        path.chmod(0o600)
        return {"file": name}

    def ring(self, *words: str) -> Any:
        """The command's JSON; its error when it failed."""
        argv = ["due", "remind", "--json", *words, "--site", str(self.root)]
        result = CliRunner().invoke(cli, argv, standalone_mode=False)
        if result.exception is not None:
            raise result.exception
        return json.loads(result.stdout)

    def quick(self) -> dict[str, Outcome]:
        """The same without the command, with short pauses."""
        place, day = load_site(self.root), self.now.date()
        duty = place.contract.duties[0]
        standing = Standing(duty=duty, state="overdue", last=None, next_due=date(2026, 11, 20), days_left=-5)
        matters = tuple(of_duties([standing], day))
        with open_ledger(place.settings) as ledger:
            outcomes = remind(place, ledger, load_reminders(self.root), matters, day, first_pause_s=0.05)
        return {one.hook: one for one in outcomes}

    def entries(self, kind: str = "reminder.sent") -> list[Any]:
        with open_ledger(load_site(self.root).settings, read_only=True) as ledger:
            return [(one.subject, one.body) for one in ledger.entries(kind=kind)]

    def held(self) -> bytes:
        return b"".join(path.read_bytes() for path in (self.root / "ledger").rglob("*") if path.is_file())


def mail(port: int, **more: Any) -> dict[str, Any]:
    plain = {"host": HOST, "port": port, "security": "none", "sender": "maint@provider.example",
             "to": ["xxk@hospital.example"]}  # fmt: skip
    return {"name": "it-mail", "within_s": 10, "email": plain | more}


def wecom(bell: Bell, url: str, **more: Any) -> dict[str, Any]:
    return {"name": "group", "within_s": 10, "wecom": {"url": bell.secret("robot", url)}} | more


def pager(told: Path, *about: str, name: str = "pager", **more: Any) -> dict[str, Any]:
    program = {"argv": [sys.executable, "-c", KEEP, str(told)]}
    return {"name": name, "command": program, **({"about": list(about)} if about else {}), **more}


def lines(told: Path) -> list[Any]:
    return [json.loads(line) for line in told.read_text(encoding="utf-8").splitlines()] if told.exists() else []
