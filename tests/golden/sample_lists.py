"""A handover, registers and vulnerability checks, as the ledger holds them, for the golden documents."""

from __future__ import annotations

from datetime import UTC, date, datetime

import tracker
from sample_inspections import digest

from maintkit.analysis.tracker import releases
from maintkit.analysis.vulnerability import hits
from maintkit.documents.views.handover_list import Handed, Submitted
from maintkit.evidence.advisory import Check, Data, Looked, Source
from maintkit.evidence.entry import Head
from maintkit.evidence.handover.manifest import Item as Packed
from maintkit.evidence.handover.manifest import Kind, LeftOut
from maintkit.evidence.registers import File, Item

AT = datetime(2026, 12, 30, 2, 38, 14, tzinfo=UTC)
HEAD = Head(seq=812, hash=digest("head 812"))
INSTALLED = {"glibc": "2.36-9+deb12u1", "openssl": "3.0.11-1~deb12u1", "zlib": "1:1.2.13.dfsg-1"}


def packed(path: str, kind: Kind, title: str, *, draft: bool = False) -> Packed:
    return Packed(path=path, sha256=digest(path), size=len(path) * 1024, kind=kind, title=title, draft=draft)


def handed() -> Handed:
    """Two documents, one a draft, and a vault file left out."""
    documents = (
        Submitted(title="日常系统巡检记录", number="20261124-1", dated=AT, formats=("docx", "pdf"), draft=False),
        Submitted(title="系统健康检查与性能分析报告", number="20261201-1", dated=AT, formats=("docx",), draft=True),
    )
    items = (
        packed("documents/日常系统巡检记录-20261124-1.docx", "document", "日常系统巡检记录 20261124-1"),
        packed("ledger/anchors/800-3fa9c1d2.anchor", "anchor", "台账链首签署"),
        packed("ledger/ledger.jsonl.gz", "ledger", "维护台账（全部条目与附件）"),
        packed("signers/allowed_signers", "signers", "签名人公钥与角色"),
        packed("site/contract.yml", "site", "合同与站点文件"),
    )
    left = (LeftOut(path="inventory/group_vars/all.yml", reason="it holds Ansible vault"),)
    return Handed(ledger="6a0c3a52-0000-4000-8000-000000000000", head=HEAD, at=AT, since=date(2026, 10, 1), until=None,
                  documents=documents, items=items, left_out=left)  # fmt: skip


def item(id_: str, at: int, *, closed: bool = False, **fields: str) -> Item:
    proof = File(name="复测报告.pdf", sha256=digest("proof"), stored=digest("proof"), masked=0)
    end = {"closed_at": AT, "closed_by": "张伟", "why": "已关闭弱口令并复测通过", "proof": (proof,)} if closed else {}
    return Item(id=id_, kind=id_.rsplit("-", 1)[0], fields={key.rstrip("_"): value for key, value in fields.items()},
                files=(), by="张伟", at=datetime(2026, 1, at, tzinfo=UTC), seq=at, hash=digest(id_), **end)  # type: ignore[arg-type]  # fmt: skip


def registered() -> tuple[Item, ...]:
    """Of every register at least one; one late, one without its undertaking, one remedied."""
    return (
        item("person-1", 3, name="张伟", role="驻场工程师", undertaking="2025-12-30", started="2026-01-04"),
        item("person-2", 4, name="赵敏", role="数据库工程师", started="2026-03-01"),
        item("manager-1", 5, from_="王芳", to="李强", reason="离职", consent="2026-05-06", consented_by="李主任",
             effective="2026-05-10"),
        item("training-1", 6, topic="备份恢复演练", held="2026-06-18", trainer="张伟", attendees="信息科 6 人",
             again="2027-01-10"),
        item("meeting-1", 7, topic="第三季度服务回顾", held="2026-10-12", attendees="双方 8 人", decisions="扩容存储"),
        item("assessment-1", 8, source="等保测评", finding="弱口令", level="高", owner="张伟", due="2026-09-30",
             closed=True),
        item("assessment-2", 9, source="等保测评", finding="日志留存不足 180 天", owner="赵敏", due="2026-11-30"),
    )  # fmt: skip


def _data(dated: date) -> Data:
    return Data(release="bookworm", origin="security-tracker.debian.org", dated=dated, file_sha256=digest("tracker"),
                imported_at=AT, by="张伟", content=digest("bookworm"), packages=4, advisories=8)  # fmt: skip


def _check(number: str, dated: date, *, missed: str, installed: dict[str, dict[str, str]]) -> Check:
    known = releases(tracker.text(), ["bookworm"])["bookworm"]
    found = []
    looked = [Looked(host=missed, reason="no deep inspection has listed its packages")]
    for name, versions in installed.items():
        sources = [Source(name=source, version=version, binaries=()) for source, version in versions.items()]
        found += hits(name, sources, known)
        looked.append(Looked(host=name, release="bookworm", listed_at=AT, facts=digest(name), sources=len(sources)))
    return Check(number=number, at=AT, by="张伟", data=(_data(dated),), hosts=tuple(looked), hits=tuple(found), seq=812,
                 hash=HEAD.hash)  # fmt: skip


def checked() -> Check:
    """Two hosts with packages that can be fixed, by data of six weeks ago."""
    return _check("V20261230-1", date(2026, 11, 18), missed="lis-app1",
                  installed={"his-app1": INSTALLED, "his-db1": INSTALLED})  # fmt: skip


def checked_again() -> Check:
    """One host patched, the other not reached, by fresh data."""
    patched = INSTALLED | {"glibc": "2.36-9+deb12u9", "openssl": "3.0.15-1~deb12u1"}
    return _check("V20261230-2", date(2026, 12, 29), missed="his-db1", installed={"his-app1": patched})
