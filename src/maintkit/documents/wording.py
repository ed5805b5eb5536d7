"""How instants, quantities and limits are written in documents."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, tzinfo
from typing import Any

from maintkit.documents.glossary import TO_FILL_IN, UNITS
from maintkit.evidence.recorded import RecordedFinding

NOTHING = "—"
_OPERATORS = {">": "＞", ">=": "≥", "<": "＜", "<=": "≤", "==": "＝"}
_BINARY = ("B", "KiB", "MiB", "GiB", "TiB", "PiB")


def instant(at: datetime | None, zone: tzinfo) -> str:
    """`2026-11-24 10:38` in the zone; a dash where there is none."""
    return at.astimezone(zone).strftime("%Y-%m-%d %H:%M") if at else NOTHING


def second(at: datetime | None, zone: tzinfo) -> str:
    """`2026-11-24 10:38:05` in the zone; a dash where there is none."""
    return at.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S") if at else NOTHING


def moment(at: datetime | None, zone: tzinfo) -> str:
    """`11-24 10:38:05` in the zone, for tables whose year stands above; a dash where there is none."""
    return second(at, zone)[5:] if at else NOTHING


def day(on: date | None) -> str:
    """`2026-11-24`, or the words that ask for it."""
    return on.isoformat() if on else TO_FILL_IN


def offset(at: datetime, zone: tzinfo) -> str:
    """`UTC+08:00`."""
    shift = at.astimezone(zone).strftime("%z")
    return f"UTC{shift[:3]}:{shift[3:]}"


def quantity(value: float | str | None, unit: str) -> str:
    """A value with its unit; bytes in binary multiples, other numbers with at most two decimals."""
    if value is None:
        return NOTHING
    if isinstance(value, str):
        return value or NOTHING
    if unit in ("bytes", "B"):
        return _bytes(value)
    shown = UNITS.get(unit, unit)
    return f"{number(value)} {shown}".rstrip()


def duration(seconds: int) -> str:
    """`45 秒`, `18 分钟`, `2 小时`, `1 小时 5 分钟`: whole minutes, rounded up, from two minutes on."""
    if seconds < 120:
        return f"{seconds} 秒"
    hours, minutes = divmod(-(-seconds // 60), 60)
    return " ".join(f"{number} {unit}" for number, unit in ((hours, "小时"), (minutes, "分钟")) if number)


def took(milliseconds: int | None) -> str:
    """What was measured: `0.4 秒`, `38 秒`, `18 分 5 秒`; a dash where nothing was."""
    if milliseconds is None:
        return NOTHING
    if milliseconds < 10_000:
        return f"{milliseconds / 1000:.1f} 秒"
    minutes, seconds = divmod(round(milliseconds / 1000), 60)
    return f"{minutes} 分 {seconds} 秒" if minutes else f"{seconds} 秒"


def uptime(seconds: float) -> str:
    """`91 天 4 小时`, `3 小时 12 分`, `41 秒`: the two largest units."""
    whole = max(0, int(seconds))
    parts = ((whole // 86400, "天"), (whole // 3600 % 24, "小时"), (whole // 60 % 60, "分"), (whole % 60, "秒"))
    first = next((at for at, (number, _) in enumerate(parts) if number), len(parts) - 1)
    return " ".join(f"{number} {unit}" for number, unit in parts[first : first + 2])


def number(value: float) -> str:
    """At most two decimals and no trailing zeros; small fractions keep three digits, so that they do not read as 0."""
    if isinstance(value, float) and 0 < abs(value) < 0.01:
        return f"{value:.3g}"
    return f"{value:.2f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)


def limit(recorded: Mapping[str, Any] | None) -> str:
    """`＞80 % 警告，＞90 % 严重`, or a dash."""
    if not recorded:
        return NOTHING
    operator = _OPERATORS.get(str(recorded.get("op")), str(recorded.get("op")))
    bounds = (("warn", "警告"), ("crit", "严重"))
    said = [
        f"{operator}{quantity(recorded[key], str(recorded.get('unit', '')))} {word}"
        for key, word in bounds
        if recorded.get(key) is not None
    ]
    return "，".join(said) or NOTHING


def basis(recorded: Mapping[str, Any] | None) -> str:
    """Where a limit comes from: `default / ZL`."""
    if not recorded:
        return NOTHING
    return " / ".join(str(recorded[key]) for key in ("profile", "source") if recorded.get(key)) or NOTHING


def subject(finding: RecordedFinding) -> str:
    """`his-app01` or `his-app01 /data`."""
    return f"{finding.host} {finding.instance}".rstrip()


def filled(entered: str) -> str:
    """What a person entered, or the words that ask for it."""
    return entered.strip() or TO_FILL_IN


def _bytes(value: float) -> str:
    size = abs(value)
    for unit in _BINARY:
        if size < 1024 or unit == _BINARY[-1]:
            return f"{'-' if value < 0 else ''}{number(round(size, 2))} {unit}"
        size /= 1024
    raise AssertionError(value)
