"""Plays the year of tests/contract_year.py on a fake clock, through maintkit's own commands and functions.

Real: the site, the ledger, the checks, the clocks, keys and signatures, the engine, a web server that is watched, all
documents. Simulated: what hosts answer, and all that rests on it says so. It is what two booted hosts answered
once (tests/year_record.py) with instants moved to the day, /data as the story fills it, and on the story's days what is
wrong; phases of changes answer as tests/golden/phase_facts.py has them from booted hosts.
"""

from __future__ import annotations

import heapq
import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from pathlib import Path
from typing import Any
from unittest.mock import patch

import contract_year as story
import sample_drills
import tracker
import yaml
from change import PERIOD, Office, host, plan
from desk import Watched
from inprocess import maintkit
from sites import make_site
from year_hosts import GROUPS, Hosts, Machines

from maintkit.checks.limits import load_limits
from maintkit.clock import FixedClock, SystemClock
from maintkit.contract.load import Site, load_site
from maintkit.evidence.ledger import Ledger
from maintkit.evidence.redact import Redactor
from maintkit.plans import supervise
from maintkit.plans.acts import NAMESPACE
from maintkit.plans.content import content
from maintkit.plans.frozen import freeze
from maintkit.plans.model import Plan
from maintkit.plans.sign import sign
from maintkit.plans.window import Window
from maintkit.runs import collection
from maintkit.runs.apply import Desk, apply
from maintkit.runs.inspection import Order, inspect
from maintkit.sitefile import reading

DECLARED = {"backups": [{"tool": "pgbackrest", "name": "his", "every_h": 24}], "postgresql": [{"name": "his"}]}
BY = ("--by", "王工")
NAMESPACES = (NAMESPACE, "maintkit-anchor@maintkit", "maintkit-handover@maintkit")


class Web(BaseHTTPRequestHandler):
    """The page that is watched; `down` says whether it answers 500."""

    down = False

    def do_GET(self) -> None:
        self.send_response(500 if Web.down else 200)
        self.end_headers()
        self.wfile.write("用户登录".encode())

    def log_message(self, *_: object) -> None:
        """Keep quiet."""


@dataclass(kw_only=True)
class Year:
    """The site while its year goes by. `at` moves the one clock that everything reads."""

    root: Path
    clock: FixedClock
    site: Site

    def run(self, *words: str, codes: tuple[int, ...] = (0,)) -> str:
        """A command of maintkit, at this instant; its output."""
        done = maintkit(*words, "--site", str(self.root))
        assert done.returncode in codes, (words, done.returncode, done.stderr)
        return done.stdout

    def told(self, *words: str, codes: tuple[int, ...] = (0,)) -> Any:
        """The same as JSON."""
        return json.loads(self.run(*words, "--json", codes=codes))

    @contextmanager
    def ledger(self) -> Iterator[Ledger]:
        """The site's ledger, at this instant."""
        with Ledger.open(self.site.settings.ledger_url, clock=self.clock, redactor=Redactor()) as found:
            yield found


@contextmanager
def year(place: Path) -> Iterator[Year]:
    """A site that was signed on 20 December, and the clock of the machine turned to it."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Web)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    clock = FixedClock(at=datetime(2025, 12, 20, 9, tzinfo=story.ZONE))
    # The site's files do not change in the year: each text is taken apart once, and read by each command all the same.
    with (
        patch.object(SystemClock, "now", lambda _self: clock.now()),
        patch.object(reading, "compose", cache(reading.compose)),
    ):
        try:
            root = make_site(place, {"his": {"hosts": {name: {} for name in GROUPS}}})
            with (root / "maintkit.yml").open("a", encoding="utf-8") as file:
                file.write("\npractice: true\n")
            services = yaml.safe_load((root / "services.yml").read_text(encoding="utf-8"))
            _write(root / "services.yml", services | {"hosts": {story.DB: DECLARED}})
            _write(root / "watch.yml", _watching(server.server_port))
            contract = root / "contract.yml"
            head = contract.read_text(encoding="utf-8").partition("\nchanges:\n")[0]
            windows = yaml.safe_dump({"changes": {"windows": [PERIOD]}}, allow_unicode=True)
            contract.write_text(f"{head}\n{windows}", encoding="utf-8")
            (root / "ledger" / "ledger.db").unlink(missing_ok=True)
            url = f"sqlite:///{root}/ledger/ledger.db"
            with Ledger.create(url, clock=clock, redactor=Redactor()) as ledger:
                office = Office(root=root / "signers", ledger=ledger, clock=clock)
                office.allow(options=f'namespaces="{",".join(NAMESPACES)}"')
                office.staff()
            yield Year(root=root, clock=clock, site=load_site(root))
        finally:
            server.shutdown()
            server.server_close()


def _write(path: Path, content_: Mapping[str, Any]) -> None:
    path.write_text(f"---\n{yaml.safe_dump(dict(content_), allow_unicode=True)}", encoding="utf-8")


def _watching(port: int) -> dict[str, Any]:
    page = {"url": f"http://127.0.0.1:{port}/login", "contains": "用户登录"}
    return {
        "probes": [
            {"name": "his-web", "covers": list(range(1, 61)), "http": page},
            {"name": "emr-web", "covers": list(range(61, 121)), "http": page},
        ],
        "manual": [{"covers": [121], "how": "打开月报并核对合计"}],
    }


# ------------------------------------------------------------------ what people do

# A thread of the story: it yields the instant at which it goes on.
Thread = Iterator[datetime]


def on(day: date, hour: float) -> datetime:
    """An hour of a day on site."""
    return datetime.combine(day, time(), tzinfo=story.ZONE) + timedelta(hours=hour)


@dataclass(kw_only=True)
class Played:
    """What came of the year: names that the tests ask for."""

    inspections: dict[date, str] = field(default_factory=dict)
    changes: dict[date, str] = field(default_factory=dict)
    faults: list[tuple[str, story.Fault]] = field(default_factory=list)
    holidays: dict[date, str] = field(default_factory=dict)
    tickets: dict[str, date] = field(default_factory=dict)
    stepped: dict[str, str] = field(default_factory=dict)
    packed: dict[str, Any] = field(default_factory=dict)
    due: dict[date, dict[str, Any]] = field(default_factory=dict)
    trend: dict[str, Any] = field(default_factory=dict)
    took_s: float = 0.0
    fixable: dict[date, set[tuple[str, str]]] = field(default_factory=dict)


def play(year_: Year) -> Played:
    """Everything in the order of its instants: the ledger's clock never goes back."""
    played = Played()
    threads: list[Thread] = [
        *(inspection(year_, played, day) for day in story.MONDAYS),
        *(watching(year_, day) for day in story.WATCHES),
        *(change(year_, played, *one) for one in story.CHANGES),
        *(fault(year_, played, day, one) for day, one in _faults()),
        *(fault(year_, played, *one) for one in story.ONCE),
        *(holiday_fault(year_, played, solved) for solved in story.REPORTS),
        *(ticket(year_, played, *one) for one in story.TICKETS),
        *(stepped(year_, played, *one) for one in story.STEPPED),
        *(issue(year_, day, "inspection-summary", "--quarter", quarter) for quarter, day in story.SUMMARIES.items()),
        *(issue(year_, day, "incident-summary", "--month", month) for month, day in story.MONTHLY.items()),
        *(issue(year_, day, "knowledge", "--quarter", quarter) for quarter, day in story.KNOWLEDGE.items()),
        *(article(year_, number, day) for number, day in enumerate(story.ARTICLES)),
        *(entered(year_, *one) for one in story.REGISTERED),
        mended(year_),
        *(vulnerable(year_, played, day) for day in story.VULNERABILITY),
        written(year_, story.PLANS, "emergency-plan"),
        written(year_, story.PLANS, "disaster-plan"),
        written(year_, story.MANUAL, "recovery-manual"),
        *(review(year_, day, quarter) for quarter, day in story.SUMMARIES.items()),
        *(duties(year_, played, day) for day in story.STANDS),
        mistaken(year_),
        handed_over(year_, played),
    ]
    queue = [(next(thread), number, thread) for number, thread in enumerate(threads)]
    heapq.heapify(queue)
    while queue:
        instant, number, thread = heapq.heappop(queue)
        year_.clock.at = max(year_.clock.at, instant)
        following = next(thread, None)
        if following is not None:
            heapq.heappush(queue, (following, number, thread))
    return played


def _faults() -> Iterator[tuple[date, story.Fault]]:
    """Four a week, in the weeks after each round begins."""
    for first in story.ROUNDS:
        for number, one in enumerate(story.FAULTS):
            yield first + timedelta(days=7 * (number // 4) + number % 4), one


def inspection(year_: Year, played: Played, day: date) -> Thread:
    """A Monday morning's inspection; what is found is handled on the day, and a deep one's report goes out later."""
    yield on(day, 8)
    limits = load_limits(year_.root / "limits.yml")
    order = Order(scope=None, deep=day in story.DEEP, engineer="王工", simulated=True)
    with year_.ledger() as ledger:
        found = inspect(year_.site, limits, ledger, Hosts(clock=year_.clock), order, clock=year_.clock,
                        watcher=_Quiet(), cancelled=lambda: False)  # fmt: skip
    played.inspections[day] = found.run
    if day in story.DEEP:
        yield on(day, 9)
        looked(year_, found.run, day)
    yield on(day, 10)
    due = ("--due", f"{day + timedelta(days=14)}")
    for event in year_.told("finding", "list"):
        words = ("--conclusion", "属实", "--handling", "已安排", "--owner", "王工", *due)
        year_.run("finding", "handle", event["event"], *words, *BY)
    if day == story.INTRUDED:
        issued(year_, "security-event", "--run", found.run)
    if day == story.DEEP[-1]:
        played.trend = {row["mount"]: row for row in year_.told("trend", "show", "--host", story.DB)}
    if day == story.LOOKED_LATE:
        yield on(day + timedelta(days=1), 9)
        year_.run("finding", "look", found.run, "manual.peripherals", story.APP, story.DB, "--result", "ok",
                  "--note", "打印机、读卡器正常", "--at", f"{day} 15:00", *BY)  # fmt: skip
    if day in story.DEEP:
        yield on(story.HEALTH_ISSUED[story.DEEP.index(day)], 15)
        for blank in blanks(year_, "health-report", found.run):
            text = f"{day + timedelta(days=60)}" if blank.startswith("due:") else "见各节"
            year_.run("report", "fill", "health-report", found.run, "--blank", blank, "--text", text, *BY)
        issued(year_, "health", "--run", found.run)


def blanks(year_: Year, document: str, number: str) -> list[str]:
    """What a person has still to write into a document, as the list of all documents names it."""
    listed = year_.told("report", "--list", "--all")["documents"]
    lacks = next(one["lacks"] for one in listed if (one["document"], one["number"]) == (document, number))
    return [lack.removeprefix("blank ").partition(" (")[0] for lack in lacks if lack.startswith("blank ")]


def looked(year_: Year, run: str, day: date) -> None:
    """What the engineer saw on site of each host; the peripherals of one quarter are entered a day late."""
    for check in ("manual.server", "manual.room", *(() if day == story.LOOKED_LATE else ("manual.peripherals",))):
        year_.run("finding", "look", run, check, story.APP, story.DB, "--result", "ok", "--note", "未见异常", *BY)
    if day in story.SEEN_BAD:
        check, host_, note = story.SEEN_BAD[day]
        year_.run("finding", "look", run, check, host_, "--result", "warn", "--note", note, *BY)


class _Quiet:
    def expects(self, run: str, hosts: tuple[str, ...]) -> None:
        del run, hosts

    def started(self, host: str) -> None:
        del host

    def judged(self, host: str, status: str, worst: str) -> None:
        del host, status, worst


def watching(year_: Year, day: date) -> Thread:
    """The weekly watch, with the one function that a person tries; what was down is handled."""
    yield on(day, 9)
    Web.down = day == story.DOWN
    year_.run("watch", "run", "--engineer", "王工", codes=(0, 10, 11))
    year_.run("watch", "record", "121", "--result", "ok", "--note", "合计一致", *BY)
    if Web.down:
        done = ("--handling", "重启登录服务", "--owner", "王工", "--state", "resolved")
        year_.run("watch", "handle", *map(str, range(1, 121)), *done, *BY)
    Web.down = False


def change(year_: Year, played: Played, day: date, procedure: str, ends: story.Ends) -> Thread:
    """A plan three days before, signed by the hospital, and applied in the night under its eyes."""
    yield on(day - timedelta(days=3), 11)
    with year_.ledger() as ledger, _office(year_, ledger, day) as office:
        made = _plan(year_, office, day, procedure)
        office.approve(made, window=Window(start=on(day, 23.5), end=on(day + timedelta(days=1), 5)))
    yield on(day, 23.75)
    with year_.ledger() as ledger, _office(year_, ledger, day) as office:
        world = Machines(
            clock=year_.clock, versions=dict.fromkeys((story.APP, story.DB, sample_drills.DRILL_HOST), "1.0-1")
        )
        if ends == "rolled-back":
            world.script[story.APP, "verify"] = ["failed"]
        desk = Desk(site=year_.site, ledger=ledger, driver=world, watcher=Watched(), stopped=lambda: False,
                    sleep=world.pass_time, simulated=True)  # fmt: skip
        _supervise(office, made, desk)
        verdict = apply(desk, made.id, engineer="王工")
        assert str(verdict) == ends, verdict
        run = next(ledger.entries(kind="change.started", newest_first=True)).run or ""
    played.changes[day] = run
    if ends == "rolled-back":
        year_.run("assess", run, "--cause", "登录页在新版本下报错", "--remaining", "厂商修复后再申请", *BY)
    elif procedure in ("restart", "reindex"):
        year_.run("assess", run, "--effect", "内存占用回落", *BY)


@contextmanager
def _office(year_: Year, ledger: Ledger, day: date) -> Iterator[Office]:
    """The people of both sides, with keys of their own; no nonce is used twice in the year."""
    office = Office(root=year_.root / "signers", ledger=ledger, clock=year_.clock, changes=year_.site.contract.changes)
    office.nonces = count(int(f"{day:%j}") * 1000 + ledger.head().seq * 10**6)
    yield office


def _plan(year_: Year, office: Office, day: date, procedure: str) -> Plan:
    inventory = year_.root / year_.site.settings.inventory
    made_of = content(collection=collection.root(), site=year_.root, inventory=inventory)
    name = story.DB if procedure in ("housekeeping", "reindex") else story.APP
    said = plan(office.ledger.id, id=f"P{day - timedelta(days=3):%Y%m%d}-1", created_at=year_.clock.at,
                procedure=procedure, title_zh=TITLES[procedure], reason="合同约定", content=made_of,
                site=year_.site.contract.hospital.name, hosts=(host(name),), batches=((name,),),
                parameters={})  # fmt: skip
    if procedure == "restore_drill":
        drill = sample_drills.drill()
        said = replace(said, hosts=drill.hosts, batches=drill.batches, parameters=drill.parameters)
    return freeze(office.ledger, said)


TITLES = {"patch": "安全补丁更新", "restart": "服务重启", "upgrade": "应用升级", "restore_drill": "备份恢复验证",
          "reindex": "索引重建", "housekeeping": "日志清理"}  # fmt: skip


def _supervise(office: Office, made: Plan, desk: Desk) -> None:
    nonce = f"{next(office.nonces):032x}"
    act = supervise.supervision_act(made, "in", signer="li@hospital.example", nonce=nonce, at=office.clock.at)
    supervise.check(office.ledger, made, act, sign(act, key=office.key("li")), desk.authority)


def fault(year_: Year, played: Played, day: date, one: story.Fault, *, analysed: datetime | None = None) -> Thread:
    """A fault from the report at ten to its end, each step entered when it happens."""
    start = on(day, 10)
    yield start
    who = ("--channel", "电话", "--reporter", "李主任", "--department", "门诊部")
    id_ = year_.told("incident", "open", *who, "--title", one.title, "--system", "HIS", *BY)["incident"]
    played.faults.append((id_, one))
    if analysed is not None:
        played.holidays[day] = id_
    seen = ("--scope", one.scope, "--kind", one.kind, "--severity", one.severity, "--stopped", "30", *one.triage)
    steps: list[tuple[int, tuple[str, ...]]] = [
        (1, ("triage", id_, *seen)),
        (one.respond, ("acknowledge", id_, "--text", "已受理")),
        (one.restore, ("resolve", id_, "--text", "已恢复")),
        (one.restore + 5, ("feedback", id_, "--text", "已告知报修人")),
        (one.restore + 10, ("close", id_, "--text", "报修人确认")),
    ]
    if one.arrive is not None:
        steps.append((one.arrive, ("arrive", id_, "--text", "到场")))
    if one.rest is not None:
        steps.append((one.rest[0], ("pause", id_, "--agreed-by", "李主任", "--text", "等备件")))
        steps.append((one.rest[1], ("continue", id_, "--text", "备件到")))
    for minutes, words in sorted(steps, key=lambda step: step[0]):
        yield start + timedelta(minutes=minutes)
        year_.run("incident", *words, *BY)
    if one.level in ("P1", "P2"):
        yield analysed or on(day + timedelta(days=1), 16)
        said = ("--cause", "连接池耗尽", "--prevention", "加监控", "--text", "经过见时间线")
        year_.run("incident", "analyse", id_, *said, *BY)


def holiday_fault(year_: Year, played: Played, solved: date) -> Thread:
    """A P1 that is solved on the last day before a holiday."""
    late = timedelta(days=1 if solved == story.LATE_REPORT else 0)
    return fault(year_, played, solved, story.FAULTS[0], analysed=on(story.REPORTS[solved] + late, 17))


def ticket(year_: Year, played: Played, accepted: date, kind: str, reached: date, until: date) -> Thread:
    """A request from the acceptance at eleven to its delivery at four, with its effort confirmed."""
    yield on(accepted, 11)
    wanted = ("--requester", "李主任", "--department", "信息科", "--title", "增加一张报表")
    id_ = year_.told("ticket", "open", *wanted, *BY)["ticket"]
    played.tickets[id_] = until
    year_.run("ticket", "accept", id_, "--kind", kind, "--accepted-by", "李主任", "--text", "书面受理", *BY)
    yield on(reached, 16)
    year_.run("ticket", "reach", id_, "done", "--text", "已交付", *BY)
    year_.run("ticket", "effort", id_, "--days", "6", "--confirmed-by", "李主任", "--text", "工作量", *BY)
    year_.run("ticket", "close", id_, "--text", "验收", *BY)


def stepped(
    year_: Year, played: Played, accepted: date, kind: str, steps: Mapping[str, tuple[float, datetime | None, str]]
) -> Thread:
    """A defect or an urgent request, step by step; where the contract has no time for one, a date is agreed on."""
    yield on(accepted, 11)
    wanted = ("--requester", "李主任", "--department", "信息科", "--title", "挂号费合计错误")
    id_ = year_.told("ticket", "open", *wanted, *BY)["ticket"]
    played.stepped[kind] = id_
    year_.run("ticket", "accept", id_, "--kind", kind, "--accepted-by", "李主任", "--text", "书面受理", *BY)
    for step, (hours, due, _) in steps.items():
        if due == story.AGREED:
            yield on(accepted, 12)
            until = ("--step", step, "--until", f"{due:%Y-%m-%d %H:%M}", "--agreed-by", "李主任")
            year_.run("ticket", "agree", id_, *until, "--text", "双方商定", *BY)
        yield on(accepted, 11 + hours)
        year_.run("ticket", "reach", id_, step, "--text", "已完成", *BY)


def issue(year_: Year, day: date, *words: str) -> Thread:
    """A document goes out on a day."""
    yield on(day, 15.5)
    issued(year_, *words)


def written(year_: Year, day: date, document: str) -> Thread:
    """A document of which a person has to write parts: they are filled, and out it goes."""
    yield on(day, 14)
    for blank in story.WRITTEN[document]:
        year_.run("report", "fill", document, "--blank", blank, "--text", "按会议纪要执行", *BY)
    issued(year_, document)


def article(year_: Year, number: int, day: date) -> Thread:
    """An article of the knowledge base, or the second version of the first one."""
    yield on(day, 11)
    id_ = f"kb-{1 if number == 1 else number + 1}"
    head = {"id": id_, "title": f"连接池耗尽的处理 {id_}", "kind": "faq" if number else "article", "systems": ["HIS"],
            "tags": ["连接池"], "owner": "王工", "review_by": "2027-06-30", "incidents": []}  # fmt: skip
    text = yaml.safe_dump(head, allow_unicode=True)
    path = year_.root / "knowledge" / f"{id_}.md"
    path.parent.mkdir(exist_ok=True)
    path.write_text(
        f"---\n{text}---\n\n## 处理\n\n第 {number + 1} 次整理：重启连接池，查看等待会话。\n", encoding="utf-8"
    )
    year_.run("knowledge", "add", str(path), "--note", "整理", *BY)


def entered(year_: Year, day: date, kind: str, fields: Mapping[str, str]) -> Thread:
    """An item of a register."""
    yield on(day, 14)
    said = [word for name, text in fields.items() for word in ("--set", f"{name}={text}")]
    year_.run("register", "add", kind, *said, *BY)


def mended(year_: Year) -> Thread:
    """What the assessment found is mended, with a proof."""
    yield on(story.MENDED_ON, 14)
    proof = year_.root / "proof.txt"
    proof.write_text("复测通过", encoding="utf-8")
    year_.run("register", "close", story.MENDED, "--why", "已整改", "--proof", str(proof), *BY)


def vulnerable(year_: Year, played: Played, day: date) -> Thread:
    """Data are carried in, and the packages of the last deep inspection held against them."""
    yield on(day, 14)
    path = year_.root / "tracker.json"
    path.write_bytes(tracker.text())
    where = ("--dated", f"{day - timedelta(days=2)}", "--origin", "security-tracker")
    year_.run("vulnerability", "import", str(path), *where, *BY)
    told = year_.told("vulnerability", "check", *BY)
    hits = [hit for hit in told["hits"] if hit["state"] == "fixable"]
    played.fixable[day] = {(hit["host"], f"{hit['source']} {hit['cve']} {hit['fixed']}") for hit in hits}


def review(year_: Year, day: date, quarter: str) -> Thread:
    """A quarter's review: what a person has to judge, and out it goes."""
    yield on(day, 16)
    for blank in ("evaluation", "next"):
        year_.run("report", "fill", "service-review", quarter, "--blank", blank, "--text", "见各节", *BY)
    issued(year_, "service-review", "--quarter", quarter)


def issued(year_: Year, *words: str) -> None:
    """A document goes out, as a page: all formats are another test's."""
    year_.run("report", *words, "--format", "html", "--issued-by", "王工")


def duties(year_: Year, played: Played, day: date) -> Thread:
    """How every duty stands at the end of a day."""
    yield on(day, 23.9)
    told = year_.told("due", codes=(0, 14))
    played.due[day] = {one["duty"]: one for one in told["duties"]}


def mistaken(year_: Year) -> Thread:
    """Somebody enters a purge of another host, and takes it back on the next day."""
    yield on(story.MISTAKEN, 17)
    at = ("--mount", "/data", "--at", f"{story.MISTAKEN}")
    year_.run("trend", "cut", story.DB, *at, "--why", "旧影像清理", *BY)
    yield on(story.WITHDRAWN, 9)
    year_.run("trend", "uncut", story.DB, *at, "--why", "是影像服务器的清理", *BY)


def handed_over(year_: Year, played: Played) -> Thread:
    """The package of the end: packed, verified by the signers that the hospital keeps, and handed over."""
    yield on(story.HANDED_OVER, 20)
    package, key = year_.root / "handover", str(year_.root / "signers" / "zhang.key")
    since = ("--from", f"{story.HANDED_OVER.replace(month=1, day=1)}", "--format", "html")
    played.packed = year_.told("handover", "pack", str(package), "--key", key, *since)
    signers = ("--signers", str(year_.root / "signers" / "allowed_signers"))
    done = maintkit("handover", "verify", str(package), *signers)
    assert done.returncode == 0, done.stdout
    year_.run("handover", "deliver", str(package), "--to", "李主任", *BY)
