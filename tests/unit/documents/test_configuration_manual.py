"""系统配置手册 says how hosts are set up and what changed, and never takes what was not seen for what is not there."""

from __future__ import annotations

import sample_configurations as sample
import sample_inspections as inspections

from maintkit.documents.model import Document, Table, texts
from maintkit.documents.views import configuration_manual
from maintkit.documents.views.configuration_manual import NAME, TOPIC
from maintkit.evidence.configuration import TOPICS, differences


def drawn() -> Document:
    return configuration_manual(sample.manual(), inspections.HEADER)


def table(document: Document, column: str) -> Table:
    return next(
        block for block in document.blocks
        if isinstance(block, Table) and column in [one.title for one in block.columns]
    )  # fmt: skip


def test_what_changed_is_told_with_what_it_was() -> None:
    """Also what is gone; how full a disk is is no setting."""
    rows = {(row[1].text, row[2].text): (row[3].text, row[4].text) for row in table(drawn(), "原配置").rows}
    assert rows == {
        ("操作系统与硬件", "内核"): ("6.1.0-18-amd64", "6.1.0-26-amd64"),
        ("文件系统", "/"): ("/dev/vda1 ext4 80.0 GiB", "/dev/vda1 ext4 160.0 GiB"),
        ("监听端口", "tcp 127.0.0.1:5432"): ("（无）", "postgres"),
        ("可登录账户", "vendor"): ("（无）", "uid 1001 gid 1001 /home/vendor /bin/bash"),
        ("计划任务", "/etc/cron.d/backup: root backup.sh abababababab"): ("30 2 * * *", "（已删除）"),
        ("SSH 服务设置", "passwordauthentication"): ("yes", "no"),
    }


def test_a_topic_that_could_not_be_read_is_withheld_and_no_change() -> None:
    now, then = sample.look(sample.changed()), sample.look(sample.FACTS, days=180)
    assert now.withheld == {"sudo": "needs root: /etc/sudoers"}
    assert not [one for one in differences(then, now) if one.topic == "sudo"]
    said = "\n".join(texts(drawn()))
    assert "未取得" in said


def test_a_host_that_was_never_seen_makes_it_a_draft_and_one_seen_first_is_named() -> None:
    document = drawn()
    assert document.draft
    assert "以下主机从未取得配置，本手册不含其内容：his-old1" in document.alerts[0].text
    assert "此前没有配置记录、未作比较的主机：his-app2。" in "\n".join(texts(document))


def test_a_setting_has_words_of_its_own_and_nothing_else_is_in_the_manual() -> None:
    """`ciphers` is no setting that people look up, a bridge of containers no network card, `daemon` cannot log in."""
    items = sample.look(sample.FACTS).items
    assert {item.topic for item in items} == set(TOPICS) == set(TOPIC)
    assert {item.name for item in items if item.topic in ("system", "memory")} == set(NAME)
    assert not {"ciphers", "docker0", "daemon"} & {item.name for item in items}


def test_the_same_look_twice_has_no_difference() -> None:
    assert differences(sample.look(sample.FACTS, days=9), sample.look(sample.FACTS)) == ()
