"""`maintkit register` as its users run it."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

import click
import pytest
import sites
from click.testing import CliRunner

from maintkit.cli.main import cli
from maintkit.errors import MaintkitError

PERSON = ("--set", "name=张伟", "--set", "started=2026-01-04", "--by", "王芳")
FINDING = ("--set", "source=等保测评", "--set", "finding=弱口令", "--set", "owner=张伟", "--by", "王芳")


@pytest.fixture(scope="module")
def bare_site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return sites.make_site(tmp_path_factory.mktemp("register") / "site", {"all": {"hosts": {"his-app1": None}}})


class Registrar:
    """The commands on one site, in this process."""

    def __init__(self, site: Path) -> None:
        self.site = site

    def __call__(self, *words: object) -> str:
        result = CliRunner().invoke(
            cli, ["register", *map(str, words), "--site", str(self.site)], standalone_mode=False
        )
        if result.exception is not None:
            raise result.exception
        return result.stdout

    def states(self, on: str, *more: str) -> dict[str, str]:
        found: list[dict[str, Any]] = json.loads(self("list", "--on", on, "--json", *more))
        return {one["id"]: one["state"] for one in found}


@pytest.fixture
def register(bare_site: Path, tmp_path: Path) -> Registrar:
    return Registrar(shutil.copytree(bare_site, tmp_path / "site"))


def test_a_person_needs_an_undertaking_signed_before_starting(register: Registrar) -> None:
    """None, too late, in time: even on the very day."""
    register("add", "person", *PERSON)
    register("add", "person", *PERSON, "--set", "undertaking=2026-01-05")
    register("add", "person", *PERSON, "--set", "undertaking=2026-01-04")
    assert register.states("2026-02-01") == {"person-1": "lacking", "person-2": "lacking", "person-3": "valid"}


def test_a_change_of_managers_needs_consent_before_it_takes_effect(register: Registrar) -> None:
    change = ("--set", "from=王经理", "--set", "to=李强", "--set", "effective=2026-05-10", "--by", "张伟")
    register("add", "manager", *change, "--set", "consent=2026-05-11")
    register("add", "manager", *change, "--set", "consent=2026-05-06")
    assert register.states("2026-06-01", "manager") == {"manager-1": "lacking", "manager-2": "valid"}


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        ("training", ("topic=x", "trainer=y", "attendees=z", "held=2999-01-01")),
        ("meeting", ("topic=x", "attendees=z", "held=2999-01-01")),
        ("person", ("name=x", "started=2999-02-01", "undertaking=2999-01-01")),
        ("manager", ("from=王经理", "to=李强", "effective=2999-02-01", "consent=2999-01-01")),
        ("certificate", ("name=x", "certificate=y", "until=2999-02-01", "issued=2999-01-01")),
    ],
)
def test_what_has_happened_has_no_day_to_come(register: Registrar, kind: str, fields: tuple[str, ...]) -> None:
    """Held, signed, consented to, issued; what begins or ends may lie ahead. Nothing is registered."""
    said = [word for field in fields for word in ("--set", field)]
    with pytest.raises(click.UsageError, match=r"=2999-01-01 is still to come"):
        register("add", kind, *said, "--by", "张伟")
    assert register.states("2026-06-01") == {}
    register("add", kind, *(word.replace("2999-01-01", "2026-01-01") for word in said), "--by", "张伟")
    assert list(register.states("2026-06-01")) == [f"{kind}-1"]


def test_only_a_project_manager_is_replaced(register: Registrar) -> None:
    """One whom contract.yml names, or whom an earlier change brought; a closed change brings nobody."""
    days = ("--set", "effective=2026-05-10", "--by", "张伟")
    with pytest.raises(click.UsageError, match=r"from=王经里 is no project manager .*`王经理`.* are 王经理, 赵经理"):
        register("add", "manager", "--set", "from=王经里", "--set", "to=李强", *days)
    assert register.states("2026-06-01") == {}
    register("add", "manager", "--set", "from=王经理", "--set", "to=李强", *days)
    register("add", "manager", "--set", "from=李强", "--set", "to=陈工", *days)
    register("close", "manager-2", "--why", "未生效", "--by", "张伟")
    with pytest.raises(click.UsageError, match=r"from=陈工 is no project manager"):
        register("add", "manager", "--set", "from=陈工", "--set", "to=周工", *days)


def test_expiry_is_told_from_thirty_days_before_and_overdue_from_the_day_after(register: Registrar) -> None:
    register("add", "assessment", *FINDING, "--set", "due=2026-09-30")
    told = {
        day: register.states(day)["assessment-1"] for day in ("2026-08-30", "2026-08-31", "2026-09-30", "2026-10-01")
    }
    assert list(told.values()) == ["valid", "due-soon", "due-soon", "overdue"]


def test_a_finding_is_closed_with_proof_and_only_once(register: Registrar, tmp_path: Path) -> None:
    """The file comes out again as it went in, and its hash stands in the item."""
    register("add", "assessment", *FINDING, "--set", "due=2026-09-30")
    close = ("close", "assessment-1", "--why", "已复测", "--by", "张伟")
    with pytest.raises(click.UsageError, match="--proof FILE"):
        register(*close)
    proof = tmp_path / "复测.pdf"
    proof.write_bytes(b"%PDF-1.7 \x00\xff whole")
    register(*close, "--proof", proof)
    assert register.states("2027-01-01") == {}
    assert register.states("2027-01-01", "--all") == {"assessment-1": "closed"}
    digest = hashlib.sha256(proof.read_bytes()).hexdigest()
    assert digest in register("show", "assessment-1", "--save", tmp_path / "out")
    assert [path.read_bytes() for path in (tmp_path / "out").iterdir()] == [proof.read_bytes()]
    with pytest.raises(MaintkitError, match="closed before"):
        register(*close, "--proof", proof)


def test_a_place_that_takes_no_file_and_a_file_that_nobody_can_read_are_told(
    register: Registrar, tmp_path: Path
) -> None:
    """Below a file, and below /proc; a file of /proc that opens and then cannot be read enters nothing."""
    good = tmp_path / "承诺书.pdf"
    good.write_bytes(b"signed")
    with pytest.raises(MaintkitError, match=r"/proc/self/mem: ") as unread:
        register("add", "person", *PERSON, "--attach", good, "--attach", "/proc/self/mem")
    assert (unread.value.exit_code, register("list").strip()) == (3, "nothing registered")
    register("add", "person", *PERSON, "--attach", good)
    for place in (register.site / "contract.yml" / "x", Path("/proc/x")):
        with pytest.raises(MaintkitError, match=f"{place}") as unwritten:
            register("show", "person-1", "--save", place)
        assert (unwritten.value.exit_code, unwritten.value.hint) == (3, "choose a directory that you may write to")


def test_a_name_or_a_reason_of_nothing_but_space_is_refused(register: Registrar) -> None:
    register("add", "person", *PERSON)
    for words in (
        ("add", "person", *PERSON[:4], "--by", " "),
        ("close", "person-1", "--why", " ", "--by", "王芳"),
    ):
        with pytest.raises(click.UsageError, match="an empty text says nothing"):
            register(*words)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--set", "name=张伟"), "needs --set started="),
        ((*PERSON[:4], "--set", "phone=1"), "no field of person; those are name, role"),
        ((*PERSON[:4], "--set", "until=2026-02-30"), "no day as YYYY-MM-DD"),
        ((*PERSON[:4], "--set", "until=20260101"), "no day as YYYY-MM-DD"),
        ((*PERSON[:4], "--set", "role= "), "is empty"),
        ((*PERSON[:4], "--set", "name=李强"), "given twice"),
    ],
)
def test_what_is_no_item_is_refused_and_nothing_is_entered(
    register: Registrar, words: tuple[str, ...], said: str
) -> None:
    with pytest.raises(click.UsageError, match=said):
        register("add", "person", *words, "--by", "王芳")
    assert register("list").strip() == "nothing registered"


def test_an_item_that_is_not_there_is_named(register: Registrar) -> None:
    with pytest.raises(MaintkitError, match="no register item 'person-9'") as missing:
        register("show", "person-9")
    assert missing.value.exit_code == 7


def test_registers_are_drawn_and_handed_over(register: Registrar, tmp_path: Path) -> None:
    """As of the last entry: the same ledger gives the same document."""
    report = ["report", "registers", "--format", "html", "--out", str(tmp_path), "--site", str(register.site)]
    with pytest.raises(MaintkitError, match=r"the ledger is empty|nothing is registered"):
        CliRunner().invoke(cli, report, standalone_mode=False, catch_exceptions=False)
    register("add", "person", *PERSON)
    result = CliRunner().invoke(cli, report, standalone_mode=False, catch_exceptions=False)
    text = Path(result.stdout.strip()).read_text(encoding="utf-8")
    assert "1 项缺少事先的签署或书面同意：项目人员与保密承诺 person-1。" in text
