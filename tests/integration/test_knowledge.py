"""`maintkit knowledge` as its users run it."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sites
from library import BODY, Library

from maintkit.cli.knowledge import WANTS_ATTENTION
from maintkit.clock import SystemClock
from maintkit.errors import DeskRefused, DocumentRefused, MaintkitError, NotFound, SiteError


@pytest.fixture(scope="module")
def bare_site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return sites.make_site(tmp_path_factory.mktemp("knowledge") / "site", {"all": {"hosts": {"his-app1": None}}})


@pytest.fixture
def library(bare_site: Path, tmp_path: Path) -> Library:
    return Library(shutil.copytree(bare_site, tmp_path / "site"))


def test_every_version_is_kept_with_its_hash_and_the_same_file_is_entered_once(library: Library) -> None:
    """What changed, who entered it; the text of every version comes out again."""
    first = library.file("a.md")
    digest = hashlib.sha256(first.read_bytes()).hexdigest()
    library("add", "--by", "张伟")
    assert library.json("add", "--by", "张伟") == []
    library.file("a.md", BODY + "\n更换驱动。\n")
    assert library.json("add", "--by", "王芳", "--note", "补充驱动")[0]["version"] == 2
    shown = library.json("show", "kb-1")
    assert [(one["number"], one["by"], one["note"]) for one in shown["versions"]] == [
        (1, "张伟", ""),
        (2, "王芳", "补充驱动"),
    ]
    assert shown["versions"][0]["sha256"] == digest
    assert "更换驱动" in shown["text"]
    assert "更换驱动" not in library.json("show", "kb-1", "--version", "1")["text"]
    library("verify", group="ledger")


@pytest.mark.parametrize(
    ("wrong", "line", "said"),
    [
        ({"owner": ""}, 2, "`owner` is missing"),
        ({"review_by": "明年"}, 5, "a date as YYYY-MM-DD"),
        ({"systems": "[HSI]"}, 6, "services.yml has no system `HSI` (did you mean `HIS`?)"),
        ({"kind": "fag"}, 7, "did you mean `faq`?"),
        ({"incidents": "[I20260101-1]"}, 7, "the ledger has no incident"),
        ({"reviewed": "2099-01-01"}, 5, "is not after `reviewed`"),
        ({"id": "../x"}, 2, "letters, digits"),
        ({"tag": "[x]"}, 7, "unknown key `tag`"),
    ],
)
def test_bad_front_matter_is_told_by_file_and_line(
    library: Library, wrong: dict[str, str], line: int, said: str
) -> None:
    """One clear error, and nothing is entered, of the good files neither."""
    library.file("good.md", id="kb-0")
    path = library.file("bad.md", **wrong)
    with pytest.raises(SiteError, match=r"bad\.md") as raised:
        library("add", "--by", "张伟")
    assert str(raised.value).startswith(f"{path}:{line}: ")
    assert said in str(raised.value)
    assert raised.value.hint
    assert library.json("list") == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("# 没有头\n", "does not begin with `---`"),
        ("---\nid: kb-1\n", "no second line of `---`"),
        ("---\n---\n正文\n", "the file is empty"),
        ("---\nid: [\n---\n", ":"),
    ],
)
def test_an_article_without_whole_front_matter_is_refused(library: Library, text: str, said: str) -> None:
    """Also one that is no YAML."""
    path = library.file("bad.md")
    path.write_text(text, encoding="utf-8")
    with pytest.raises(SiteError, match=r"bad\.md:") as raised:
        library("check")
    assert said in str(raised.value)


def test_a_file_as_windows_editors_save_it_is_read(library: Library) -> None:
    """With a byte order mark and CRLF; its front matter is no text of the article. In GBK it is refused by name."""
    path = library.file("a.md")
    path.write_bytes("\ufeff".encode() + path.read_bytes().replace(b"\n", b"\r\n"))
    library("add", "--by", "张伟")
    assert library.found("队列堵塞") == ["kb-1"]
    (hit,) = library.json("search", "kb-1")
    assert hit["line"] == ""
    path.write_bytes(path.read_text(encoding="utf-8-sig").encode("gbk"))
    with pytest.raises(SiteError, match="probably GBK"):
        library("add", "--by", "张伟")


def test_an_id_that_stands_in_two_files_is_refused(library: Library) -> None:
    """By `check`, with the file that had it first."""
    library.file("a.md")
    library.file("b.md")
    with pytest.raises(SiteError, match=r"id of a\.md already"):
        library("check")


def test_a_secret_and_a_patients_number_are_kept_nowhere(library: Library) -> None:
    """Neither in the ledger nor in the index; the command says that places were masked."""
    library.file("a.md", "用户 his 密码：Xk7-qq9-Lm2\n患者身份证 11010519491231002X 打印\n")
    assert library.json("add", "--by", "张伟")
    shown = library.json("show", "kb-1")
    assert shown["versions"][0]["masked"] == 2
    assert library.found("打印") == ["kb-1"]
    kept = (library.site / ".search.db").read_bytes() + json.dumps(shown, ensure_ascii=False).encode()
    assert b"Xk7-qq9" not in kept
    assert b"11010519491231002X" not in kept
    assert library.found("11010519491231002X") == []


def test_the_index_is_made_anew_when_it_is_gone_or_damaged(library: Library) -> None:
    """It follows the ledger: changed, retired and revived articles too."""
    path = library.file("a.md")
    library("add", "--by", "张伟")
    index = library.site / ".search.db"
    assert library.found("打印机") == ["kb-1"]
    for damage in (b"", b"not a database" * 400):
        index.write_bytes(damage)
        assert library.found("打印机") == ["kb-1"]
    index.unlink()
    assert library.found("打印机") == ["kb-1"]
    library.file("a.md", "更换硒鼓。\n", title="更换耗材")
    library("add", "--by", "张伟")
    assert (library.found("打印机"), library.found("硒鼓")) == ([], ["kb-1"])
    library("retire", "kb-1", "--why", "设备已换", "--by", "张伟")
    assert library.found("硒鼓") == []
    library("add", path, "--by", "张伟")
    assert library.found("硒鼓") == ["kb-1"]


def test_an_incident_becomes_a_draft_that_is_entered_when_its_blanks_are_filled(library: Library) -> None:
    """Steps with their times, cause and prevention; what nobody has entered is a marked blank, by line."""
    said = ("--channel", "电话", "--reporter", "王护士", "--department", "门诊部", "--title", "挂号: 停 #1")
    opened = json.loads(library("open", *said, "--system", "HIS", "--by", "张工", "--json", group="incident"))
    id_ = opened["incident"]
    library("triage", id_, "--scope", "room", "--kind", "stopped", "--by", "张工", group="incident")
    library("resolve", id_, "--text", "重启打印服务", "--by", "张工", group="incident")
    library("from-incident", id_, "--by", "张伟")
    path = library.site / "knowledge" / f"kb-{id_}.md"
    with pytest.raises(DeskRefused, match="is there already"):
        library("from-incident", id_, "--by", "张伟")
    with pytest.raises(SiteError, match="still to be filled in") as raised:
        library("add", "--by", "张伟")
    assert len(str(raised.value).splitlines()) == 2
    text = path.read_text(encoding="utf-8")
    assert "解决：重启打印服务" in text
    path.write_text(text.replace("待填写", "队列堵塞"), encoding="utf-8")
    library("add", "--by", "张伟")
    shown = library.json("show", f"kb-{id_}")
    assert (shown["title"], shown["systems"], shown["incidents"]) == ("挂号: 停 #1", ["HIS"], [id_])
    assert library.found("队列堵塞", "挂号") == [f"kb-{id_}"]


def test_a_review_lets_an_article_stand_until_another_day(library: Library) -> None:
    """Overdue since the day after; the review's day holds until another version says otherwise."""
    library.file("a.md", review_by="2026-01-31")
    library("add", "--by", "张伟")
    assert library.json("list")[0]["review"] == "overdue"
    assert library.json("check") == [{"article": "kb-1", "wants": library.json("check")[0]["wants"]}]
    assert library.code == WANTS_ATTENTION
    library("review", "kb-1", "--until", "2099-06-30", "--by", "王芳", "--note", "仍适用")
    assert (library.json("list")[0]["review"], library.json("list")[0]["review_by"]) == ("current", "2099-06-30")
    assert (library.json("check"), library.code) == ([], 0)


def test_check_tells_what_was_not_entered_what_changed_and_whose_file_is_gone(library: Library) -> None:
    """Each with the article's id."""
    library.file("a.md")
    gone = library.file("b.md", id="kb-2")
    library("add", "--by", "张伟")
    library.file("a.md", "改了。\n")
    library.file("c.md", id="kb-3")
    gone.unlink()
    told = {one["article"]: one["wants"] for one in library.json("check")}
    assert library.code == WANTS_ATTENTION
    assert ("was changed" in told["kb-1"], "file is gone" in told["kb-2"], "not entered" in told["kb-3"]) == (True,) * 3


def test_a_file_from_elsewhere_is_put_into_the_site(library: Library, tmp_path: Path) -> None:
    """Never over another text of this id."""
    source = shutil.move(library.file("a.md"), tmp_path / "a.md")
    library("add", source, "--by", "张伟")
    assert (library.site / "knowledge" / "kb-1.md").read_bytes() == Path(source).read_bytes()
    Path(source).write_text(Path(source).read_text(encoding="utf-8") + "又一段。\n", encoding="utf-8")
    with pytest.raises(DeskRefused, match="another text"):
        library("add", source, "--by", "张伟")


@pytest.mark.parametrize(
    "words", [("show", "kb-9"), ("review", "kb-9", "--by", "张"), ("from-incident", "I1", "--by", "张")]
)
def test_what_is_not_there_is_not_found(library: Library, words: tuple[str, ...]) -> None:
    """With a hint where to look."""
    with pytest.raises(NotFound) as raised:
        library(*words)
    assert raised.value.hint


def test_a_retired_article_is_retired_once(library: Library) -> None:
    """It is not listed any more, and shown with the reason."""
    library.file("a.md")
    library("add", "--by", "张伟")
    library("retire", "kb-1", "--why", "设备已换", "--by", "王芳")
    with pytest.raises(MaintkitError, match="was retired by 王芳"):
        library("retire", "kb-1", "--why", "设备已换", "--by", "王芳")
    assert library.json("list") == []
    assert library.json("list", "--all")[0]["review"] == "retired"
    assert "设备已换" in library("show", "kb-1")


def test_a_retired_article_comes_back_only_when_its_file_is_named(library: Library) -> None:
    """`add` for all passes it over and says so, changed or not, and whatever is wrong with it by now."""
    path = library.file("a.md")
    library("add", "--by", "张伟")
    library("retire", "kb-1", "--why", "设备已换", "--by", "王芳")
    assert "1 retired: name the file to bring it back" in library("add", "--by", "张伟")
    library.file("a.md", systems="[OLD]")
    assert "1 retired" in library("add", "--by", "张伟")
    library.file("a.md")
    assert library.json("add", path, "--by", "张伟")[0]["version"] == 2
    assert "by 王芳: 设备已换; back on" in library("show", "kb-1")


def test_the_documents_are_written_issued_and_handed_over(
    library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The summary proves its duty once it is issued; articles go along as they are kept, masked."""
    monkeypatch.setattr(SystemClock, "now", lambda _: datetime(2026, 9, 30, 2, 0, tzinfo=UTC))
    library.file("a.md", "患者身份证 11010519491231002X 的挂号记录\n", title="如何补打发票？", kind="faq")
    library.file("never-entered.md", id="kb-9")
    library("add", library.site / "knowledge" / "a.md", "--by", "张伟")
    out = ("--format", "docx", "--out", tmp_path / "out")
    with pytest.raises(DocumentRefused, match="is a draft"):
        library("knowledge", *out, "--issued-by", "张伟", group="report")
    monkeypatch.setattr(SystemClock, "now", lambda _: datetime(2026, 10, 1, 2, 0, tzinfo=UTC))
    library("review", "kb-1", "--by", "王芳")
    library("knowledge", *out, "--quarter", "2026Q3", "--issued-by", "张伟", group="report")
    library("faq", *out, group="report")
    assert {path.name.split("-")[0] for path in (tmp_path / "out").iterdir()} == {"知识库更新摘要", "常见问题解答"}
    duties = {one["duty"]: one for one in json.loads(library("--json", group="due"))["duties"]}
    assert duties["knowledge-update"]["last"]["what"] == "knowledge-update"
    key = tmp_path / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
    library("pack", tmp_path / "H", "--key", key, "--format", "docx", group="handover")
    packed = (tmp_path / "H" / "knowledge" / "kb-1.md").read_text(encoding="utf-8")
    assert "11010519491231002X" not in packed
    assert (tmp_path / "H" / "knowledge" / "never-entered.md").exists()
    assert {path.name.split("-")[0] for path in (tmp_path / "H" / "documents").iterdir()} >= {
        "知识库更新摘要",
        "常见问题解答",
    }
