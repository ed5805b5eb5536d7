"""What watches, vulnerability checks, the knowledge base and registers give, and the plans for the bad day."""

from __future__ import annotations

from collections.abc import Iterator

from maintkit.cli.terminal import knowing
from maintkit.cli.terminal.document import header
from maintkit.cli.terminal.offers.offer import NOT_OVER, Counter, Offer
from maintkit.cli.terminal.readiness import plan_number
from maintkit.documents.views.disaster_plan import BLANKS as OF_DISASTER
from maintkit.documents.views.disaster_plan import KIND as DISASTER
from maintkit.documents.views.emergency_plan import BLANKS as OF_EMERGENCY
from maintkit.documents.views.emergency_plan import KIND as EMERGENCY
from maintkit.documents.views.faq import KIND as FAQ
from maintkit.documents.views.knowledge_summary import KIND as KNOWLEDGE
from maintkit.documents.views.knowledge_summary import library
from maintkit.documents.views.quarter import Quarter
from maintkit.documents.views.registers import KIND as REGISTERS
from maintkit.documents.views.vulnerability_report import KIND as VULNERABILITY
from maintkit.documents.views.watch_report import KIND as WATCH
from maintkit.documents.views.watch_report import TITLE as WATCH_TITLE
from maintkit.documents.views.watch_report import unspoken
from maintkit.evidence import history, knowledge, registers, vulnerabilities
from maintkit.evidence.watch_weeks import watch_weeks

PLANS = ((EMERGENCY, "重大故障应急响应预案", OF_EMERGENCY), (DISASTER, "灾难恢复计划", OF_DISASTER))


def offers(counter: Counter) -> Iterator[Offer]:
    """Each source after the other."""
    yield from _watches(counter)
    yield from _vulnerabilities(counter)
    yield from _knowledge(counter)
    yield from _registers(counter)
    yield from _plans(counter)


def _watches(counter: Counter) -> Iterator[Offer]:
    zone = counter.place.contract.zone
    for week in watch_weeks(counter.ledger, zone):
        names = ", ".join(map(str, unspoken(week)))
        number, words = str(week.week), ("report", "watch", "--week", str(week.week))
        over = week.week.span(zone)[1] <= counter.ledger.clock.now()
        lacks = (*(() if over else (NOT_OVER,)), *((f"a handling of functions {names}",) if names else ()))
        yield Offer(kind=WATCH, number=number, title=WATCH_TITLE, day=week.week.monday, words=words, lacks=lacks)


def _vulnerabilities(counter: Counter) -> Iterator[Offer]:
    for entry in counter.ledger.entries(kind=vulnerabilities.CHECKED, newest_first=True):
        number = entry.run or ""
        words = ("report", "vulnerability", "--check", number)
        yield Offer(kind=VULNERABILITY, number=number, title="漏洞检查报告", day=counter.day(entry.at), words=words)


def _knowledge(counter: Counter) -> Iterator[Offer]:
    ledger, zone = counter.ledger, counter.place.contract.zone
    articles = knowledge.articles(ledger)
    if not articles:
        return
    last = ledger.entry(ledger.head().seq).at
    for quarter in sorted({Quarter.of(at, zone) for at in knowing.entered(ledger)}):
        over = library(articles, quarter, last, header(counter.place)).over
        number, words = str(quarter), ("report", "knowledge", "--quarter", str(quarter))
        day, lacks = quarter.span(zone)[1].date(), () if over else (NOT_OVER,)
        yield Offer(kind=KNOWLEDGE, number=number, title="知识库更新摘要", day=day, words=words, lacks=lacks)
    answers = [one for one in articles if one.retired is None and one.now.front.kind == "faq"]
    if answers:
        day = counter.day(max(one.touched for one in answers))
        number = f"K{max(one.now.seq for one in answers)}"
        yield Offer(kind=FAQ, number=number, title="常见问题解答", day=day, words=("report", "faq"))


def _registers(counter: Counter) -> Iterator[Offer]:
    if next(counter.ledger.entries(kind=registers.ADDED, limit=1), None) is not None:
        head = counter.ledger.head()
        day = counter.day(counter.ledger.entry(head.seq).at)
        yield Offer(kind=REGISTERS, number=f"R{head.seq}", title="项目登记簿", day=day, words=("report", "registers"))


def _plans(counter: Counter) -> Iterator[Offer]:
    number, signed = plan_number(counter.place), counter.place.contract.signed
    unseen = () if history.latest_start(counter.ledger) else ("an inspection that has seen the hosts",)
    for kind, title, blanks in PLANS:
        lacks = (*counter.blanks(kind, number, blanks), *unseen)
        yield Offer(kind=kind, number=number, title=title, day=signed, words=("report", kind), lacks=lacks)
