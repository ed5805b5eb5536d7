"""日常系统巡检记录 says what the ledger holds, and says loudly what is missing."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
import sample_inspections as sample

from maintkit.documents.model import Annex, Document, KeyValues, SignOff, Table, texts
from maintkit.documents.parts.events import MOST_FORMS
from maintkit.documents.parts.results import MOST_ROWS_ON_PAPER
from maintkit.documents.views import inspection_record
from maintkit.evidence.recorded import Comparison, Handling, Inspection, ManualLook

EVENTS = ("20261124-1-001", "20261024-1-002")


def record(inspection: Inspection, handlings: dict[str, tuple[Handling, ...]] | None = None) -> Document:
    return inspection_record(
        inspection, sample.against_october(inspection), handlings or {}, sample.HEADER, emergencies=()
    )


def alerts(document: Document) -> str:
    return "\n".join(note.text for note in document.alerts)


def said(document: Document) -> str:
    return "\n".join(texts(document))


def test_the_title_names_the_contracts_document() -> None:
    """A deep run gives the deep record."""
    assert record(sample.fleet()).title == "日常系统巡检记录"
    assert record(replace(sample.fleet(), deep=True)).title == "季度深度巡检记录"


def test_missed_hosts_are_counted_and_named_with_their_reasons() -> None:
    """应检 20, 实检 18, 未检 2, in the head, in the text, and in the table."""
    document = record(sample.fleet())
    assert "应检 20　实检 18　未检 2" in said(document)
    assert "有 2 台未检，未检主机不得视为正常" in alerts(document)
    assert "网络不可达：连接被拒绝" in said(document)
    assert "已连接，采集超时：60 秒内无应答" in said(document)


def test_hosts_outside_the_scope_are_said() -> None:
    """A limited inspection does not pass for one of the whole inventory."""
    whole = sample.fleet(3)
    limited = replace(whole, scope="his", coverage=replace(whole.coverage, inventory_size=9))
    assert "其余 6 台不在本次巡检范围内" in said(record(limited))


def test_a_record_is_a_draft_until_every_event_is_handled() -> None:
    """One whole handling an event ends it; a handling with a blank does not."""
    fleet = sample.fleet()
    whole = {name: (sample.handled(name),) for name in EVENTS}
    assert record(fleet).draft
    assert "草稿：2 个" in alerts(record(fleet))
    assert record(fleet, {EVENTS[0]: whole[EVENTS[0]]}).draft
    assert record(fleet, whole | {EVENTS[1]: (sample.handled(EVENTS[1], owner=" "),)}).draft
    signed = record(fleet, whole)
    assert not signed.draft
    assert "草稿" not in said(signed)
    assert "待填写" not in said(signed)


def test_blanks_of_an_event_ask_to_be_filled_in() -> None:
    """What nobody entered is never invented."""
    form = next(block for block in record(sample.fleet()).blocks if isinstance(block, KeyValues))
    blank = {item.label for item in form.items if item.text == "待填写"}
    assert blank == {"处理结论", "处理措施", "责任人", "完成期限", "处理状态", "填写"}


def test_what_is_resolved_needs_no_day_any_more() -> None:
    """One that is being handled does."""
    fleet = sample.fleet()
    whole = {event: (sample.handled(event),) for event in EVENTS}
    done = sample.handled(EVENTS[0], due=None, state="resolved")
    document = record(fleet, whole | {EVENTS[0]: (done,)})
    assert not document.draft
    form = next(one for one in document.blocks if isinstance(one, KeyValues) and EVENTS[0] in one.caption)
    told = {item.label: item.text for item in form.items}
    assert (told["完成期限"], told["处理状态"]) == ("—", "已解决")
    assert record(fleet, whole | {EVENTS[0]: (replace(done, state="in-progress"),)}).draft


def test_the_newest_handling_stands_and_older_ones_are_kept() -> None:
    """A later entry does not wipe what was said before."""
    first = sample.handled(EVENTS[0], conclusion="疑似日志膨胀", state="open")
    document = record(sample.fleet(), {EVENTS[0]: (first, sample.handled(EVENTS[0], state="resolved"))})
    assert "疑似日志膨胀" in said(document)
    assert "已解决" in said(document)


def test_of_what_was_said_before_the_newest_three_stand_and_the_rest_is_counted() -> None:
    """A matter of a year is handled every month, and none of it is lost: the ledger has it."""
    many = tuple(sample.handled(EVENTS[0], conclusion=f"第{number}次") for number in range(1, 9))
    document = record(sample.fleet(), {EVENTS[0]: many})
    form = next(block for block in document.blocks if isinstance(block, KeyValues))
    earlier = [item.text for item in form.items if item.label == "此前记录"]
    assert [text.partition("：")[2][:3] for text in earlier[:-1]] == ["第5次", "第6次", "第7次"]
    assert earlier[-1] == "另有 4 条更早的记录，见台账。"
    assert next(item.text for item in form.items if item.label == "处理结论") == "第8次"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"ended": "interrupted"}, "本次巡检被中断"),
        ({"ended": None, "finished_at": None}, "本次巡检未结束"),
        ({"simulated": True}, "模拟数据"),
    ],
)
def test_what_the_record_is_not_stands_in_its_head(change: dict[str, object], words: str) -> None:
    """Interrupted, killed or simulated: the reader learns it before anything else."""
    document = record(replace(sample.one_healthy_host(), **change))  # type: ignore[arg-type]
    assert words in document.alerts[0].text
    assert document.blocks[0] is document.alerts[0]


def test_a_killed_inspection_is_never_ready_to_sign() -> None:
    """Without an end in the ledger the record stays a draft."""
    assert record(replace(sample.one_healthy_host(), ended=None, finished_at=None)).draft


def test_a_host_with_unknown_items_is_not_called_normal() -> None:
    """Missing is never read as healthy."""
    hosts = next(
        block
        for block in record(sample.fleet()).blocks
        if isinstance(block, Table) and block.columns[-1].title == "结论"
    )
    conclusions = {row[0].text: row[-1].text for row in hosts.rows}
    assert conclusions["his-app01"] == "正常"
    assert conclusions["his-app03"] == "严重"
    assert conclusions["his-app04"] == "有未判定项"
    assert conclusions["his-app05"] == "警告"
    assert conclusions["his-app11"] == "未检"


def test_an_interrupted_run_finds_nothing_on_hosts_it_did_not_reach() -> None:
    """They are missed, and their cells are empty."""
    document = record(sample.interrupted())
    assert "应检主机 5 台，实检 2 台，未检 3 台" in said(document)
    assert "巡检中断，未取得该主机的结果" in said(document)


def test_waivers_say_who_why_and_until_when() -> None:
    """A waived finding is shown with what it really was."""
    document = said(record(sample.fleet()))
    for words in ("王主任", "厂商认证版本，本季度不升级", "2027-01-23 09:30"):
        assert words in document


def test_undecided_items_say_which_privilege_was_missing() -> None:
    """Alike reasons are gathered in one line with all their hosts."""
    document = said(record(sample.fleet()))
    assert "需要 root 权限：/etc/shadow" in document
    assert "his-app04、his-app08、his-app12、his-app16、his-app20" in document


def test_closed_and_unseen_events_of_the_last_period_are_named() -> None:
    """What was not looked at counts as still open."""
    document = said(record(sample.fleet()))
    assert "新增异常 1 个，持续 1 个，关闭 1 个，本期未能复核 1 个" in document
    assert "本期未能复核的事件（仍视为未关闭）" in document
    assert "20261024-1-003\n—\n—\n不在本次巡检范围内" in document


def test_a_waived_matter_has_an_event_and_is_not_counted_as_abnormal() -> None:
    """It waits for nobody's handling, and 新增 and 持续 add up to what is abnormal."""
    until = (sample.STARTED + timedelta(days=9)).isoformat()
    waived = sample.bad("h", "disk.space", "waived", "20261124-1-001", waived_status="warn",
                        waiver={"who": "王主任", "why": "待扩容", "until": until})  # fmt: skip
    inspection = sample.inspection((sample.host("h", (waived,)),))
    comparison = Comparison(previous_run="20261024-1", new=("20261124-1-001",))
    document = inspection_record(inspection, comparison, {}, sample.HEADER, emergencies=())
    assert not document.draft
    assert "新增异常 0 个，持续 0 个" in said(document)
    assert "待扩容" in said(document)


ROOM = {"check": "manual.room", "title_zh": "机房环境（现场）", "status": "manual", "value": None, "limit": None}


@pytest.mark.parametrize("deep", [True, False])
def test_what_a_person_looks_at_is_left_to_be_written_by_hand(*, deep: bool) -> None:
    """A row with its requirement and an empty result, and a sentence in the conclusion; a draft if it is a deep one."""
    row = sample.finding("h", 0, **ROOM, reason="looked at on site by the engineer")
    document = record(sample.inspection((sample.host("h", (row,)),), deep=deep))
    assert document.draft is deep
    assert "1 项由人工检查，其中 1 项待填写，结果见第六节" in said(document)
    assert "h\n机房环境（现场）\n由工程师现场检查\n待填写\n待填写" in said(document)


def test_what_a_person_saw_stands_with_name_and_time() -> None:
    """When it was said later, that too; the item counts as what was seen."""
    look = ManualLook(
        run="20261124-1", check="manual.room", subject="h", at=sample.STARTED,
        entered=sample.STARTED + timedelta(hours=3), result="ok", note="温湿度正常", by="王工", event=None, seq=8,
    )  # fmt: skip
    row = sample.finding("h", 0, **(ROOM | {"status": "ok"}), conclusion_zh=look.note, look=look)
    document = record(sample.inspection((sample.host("h", (row,)),), deep=True))
    assert not document.draft
    assert "正常：温湿度正常\n王工\n2026-11-24 09:30\n补记于 2026-11-24 12:30" in said(document)
    assert "1 项由人工检查，结果见第六节" in said(document)


def test_an_event_that_could_not_be_looked_at_again_says_why() -> None:
    """Its host or its privilege was missing this time; that does not close it."""
    open_ = sample.finding(
        "h", 3, status="unknown", event="20261024-1-003", reason="needs root: /data", instance="/data"
    )
    document = said(record(sample.inspection((sample.host("h", (open_,)),))))
    assert "20261024-1-003\nh /data\n磁盘使用率\n需要 root 权限：/data" in document


def test_a_first_inspection_says_that_there_is_nothing_to_compare() -> None:
    """It does not call everything new."""
    one = sample.one_healthy_host()
    document = inspection_record(one, sample.first_time(one), {}, sample.HEADER, emergencies=())
    assert "不作对比" in said(document)


def test_proof_and_signatures_are_there() -> None:
    """Run, head of the ledger, facts hashes; and a place for both parties to sign."""
    inspection = sample.fleet()
    document = record(inspection)
    for words in (inspection.run, inspection.head_hash, str(inspection.head_seq), inspection.hosts[0].facts or ""):
        assert words in said(document)
    signs = next(block for block in document.blocks if isinstance(block, SignOff))
    assert [party.role for party in signs.parties] == ["服务方工程师", "采购人系统负责人"]


def test_a_result_carried_by_hand_is_marked() -> None:
    """In the means and beside the host."""
    one = sample.one_healthy_host()
    carried = replace(one, hosts=(replace(one.hosts[0], carried=True),), carried=True)
    assert "人工携带结果导入 1 台" in said(record(carried))
    assert "demo（携带导入）" in said(record(carried))


def test_many_events_are_one_table_and_none_is_lost() -> None:
    """Above MOST_FORMS a form each would fill more pages than anybody reads."""
    many = MOST_FORMS + 1
    found = tuple(sample.bad("h", "disk.space", "crit", f"20261124-1-{n:03d}") for n in range(many))
    document = record(sample.inspection((sample.host("h", found),)))
    assert not any(isinstance(block, KeyValues) for block in document.blocks)
    assert all(f"20261124-1-{n:03d}" in said(document) for n in range(many))


def test_rows_beyond_what_paper_carries_go_to_the_workbook_and_the_note_says_so() -> None:
    """The annex is whole in the tree whatever its length."""
    hosts = MOST_ROWS_ON_PAPER // 60 + 1
    annex = next(block for block in record(sample.fleet(hosts, 60)).blocks if isinstance(block, Annex))
    assert annex.workbook_only
    assert "xlsx" in annex.note
    assert len(annex.table.rows) == hosts * 60
