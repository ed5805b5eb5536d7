"""Advice on queries, indexes and settings of database servers: facts to statements, or why there is none."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeVar

from maintkit.analysis.advice import (
    my_indexes,
    my_settings,
    my_statements,
    pg_indexes,
    pg_memory,
    pg_safety,
    pg_settings,
    pg_statements,
)
from maintkit.analysis.advice.model import Advice, Insufficient, Rule, Said, Seen
from maintkit.evidence.server_facts import Mysql, Postgresql, Servers

__all__ = ["RULES", "Advice", "Insufficient", "Rule", "Said", "advise"]

_POSTGRESQL = (pg_safety, pg_memory, pg_settings, pg_indexes, pg_statements)
_MYSQL = (my_settings, my_indexes, my_statements)
RULES: tuple[Rule, ...] = tuple(rule for part in (*_POSTGRESQL, *_MYSQL) for rule in part.RULES)
ServerT = TypeVar("ServerT", Postgresql, Mysql)
_FIRST = {"high": 0, "medium": 1, "low": 2}


def advise(known: Servers) -> tuple[Said, ...]:
    """All that can be said of a host's servers: dangers first, then by confidence; what is not known comes last."""
    said = list(_said(known))
    advice = [one for one in said if isinstance(one, Advice)]
    rest = [one for one in said if isinstance(one, Insufficient)]
    advice.sort(key=lambda one: (not one.rule.danger, _FIRST[one.rule.confidence]))
    return (*advice, *rest)


def _said(known: Servers) -> Iterator[Said]:
    now, then = known.now, known.then
    for name, why in now.withheld.items():
        if name in ("postgresql", "mysql"):
            yield Insufficient(subject=name, rule=None, reason_zh="本次巡检未取得该类数据库的数据", why=why)
    for pg in now.postgresql:
        before_pg = _same(then.postgresql, pg.name) if then else None
        for part in _POSTGRESQL if pg.state == "up" else ():
            yield from part.rules(Seen(host=now, then=then, now=pg, before=before_pg))
        yield from _down(pg)
    for my in now.mysql:
        before_my = _same(then.mysql, my.name) if then else None
        for other in _MYSQL if my.state == "up" else ():
            yield from other.rules(Seen(host=now, then=then, now=my, before=before_my))
        yield from _down(my)


def _same(servers: tuple[ServerT, ...], name: str) -> ServerT | None:
    return next((one for one in servers if one.name == name and one.state == "up"), None)


def _down(one: Postgresql | Mysql) -> Iterator[Insufficient]:
    if one.state not in ("up", "undeclared"):
        yield Insufficient(subject=one.name, rule=None, reason_zh="本次巡检未能进入该实例，不作建议")
