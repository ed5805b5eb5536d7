"""Every kind of probe against a real server that answers well, wrong, late, or not at all."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import partners
import pytest
from mariadb import mariadb
from sqlalchemy import make_url

from maintkit.contract.watch import WatchProbe
from maintkit.runs.probes.ask import Asked, ask_all

QUERY = "select count(*) > 0 from pg_database"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1 that no system trusts, and its key."""
    place = tmp_path_factory.mktemp("tls")
    cert, key = place / "cert.pem", place / "key.pem"
    subprocess.run(
        [
            "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
            "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", cert,
        ],
        check=True, capture_output=True,
    )  # fmt: skip
    return cert, key


@pytest.fixture(scope="module")
def ports(certificate: tuple[Path, Path]) -> Iterator[dict[str, int]]:
    """All partners at once, by name."""
    with ExitStack() as stack:
        enter = stack.enter_context
        yield {
            "web": enter(partners.pages()),
            "tls": enter(partners.pages(*certificate)),
            "silent": enter(partners.silent()),
            "closed": partners.closed_port(),
            "hl7": enter(partners.mllp(partners.acknowledge("AA"))),
            "hl7-refusing": enter(partners.mllp(partners.acknowledge("AE"))),
            "hl7-cut": enter(partners.mllp(lambda asked: partners.acknowledge("AA")(asked)[:-9])),
            "hl7-babbling": enter(partners.mllp(lambda _: b"HTTP/1.1 400 Bad Request\r\n\r\n")),
            "hl7-other": enter(partners.mllp(lambda _: b"\x0bMSH|^~\\&|A|B|C|D|1||ACK|1|P|2.4\rMSA|AA|other\r\x1c\r")),
        }


def ask(kind: str, timeout_s: float = 5, latency_ms: float | None = None, **question: Any) -> Asked:
    """One probe, asked."""
    made = {"name": "it", "covers": [1], "timeout_s": timeout_s, "latency_ms": latency_ms, kind: question}
    return ask_all([WatchProbe.model_validate(made)], {})[0]


def said(asked: Asked) -> tuple[str, str]:
    """Status and reason."""
    return asked.answer.status, asked.answer.reason


@pytest.mark.parametrize(
    ("path", "more", "expected"),
    [
        ("/login", {"contains": "用户登录"}, ("ok", "as-expected")),
        ("/login", {"contains": "处方"}, ("crit", "wrong-answer")),
        ("/broken", {}, ("crit", "wrong-answer")),
        ("/broken", {"status": 503}, ("ok", "as-expected")),
    ],
)
def test_a_page_must_come_with_its_status_and_its_text(
    ports: dict[str, int], path: str, more: dict[str, Any], expected: tuple[str, str]
) -> None:
    """A page that comes with the wrong words is not the function."""
    assert said(ask("http", url=f"http://127.0.0.1:{ports['web']}{path}", **more)) == expected


def test_a_right_answer_that_comes_late_is_a_warning(ports: dict[str, int]) -> None:
    """The page sleeps 0.4 s; a limit of a minute is kept, one of 100 ms is not."""
    url = f"http://127.0.0.1:{ports['web']}/slow"
    assert said(ask("http", url=url, latency_ms=100)) == ("warn", "slow")
    assert said(ask("http", url=url, latency_ms=60_000)) == ("ok", "as-expected")


@pytest.mark.parametrize(("server", "path"), [("silent", "/"), ("web", "/drip")])
def test_a_page_that_does_not_end_is_no_answer(ports: dict[str, int], server: str, path: str) -> None:
    """Silence, and a byte now and then that keeps every single read alive, both end at the probe's limit."""
    asked = ask("http", timeout_s=1, url=f"http://127.0.0.1:{ports[server]}{path}")
    assert said(asked) == ("crit", "no-answer")


def test_a_certificate_of_an_unknown_authority_is_not_trusted_unless_named(
    ports: dict[str, int], certificate: tuple[Path, Path]
) -> None:
    """The same server is well once watch.yml names what to trust."""
    url = f"https://127.0.0.1:{ports['tls']}/login"
    assert said(ask("http", url=url)) == ("crit", "untrusted-certificate")
    assert said(ask("http", url=url, ca=str(certificate[0]))) == ("ok", "as-expected")
    assert said(ask("http", url=url, ca="/nowhere/ca.pem")) == ("error", "not-asked")


@pytest.mark.parametrize(
    ("kind", "question"),
    [
        ("tcp", {}),
        ("http", {}),
        ("dicom", {"called": "PACS"}),
        ("hl7", {"application": "LIS", "facility": "H"}),
        ("sql", {"engine": "postgresql", "database": "his", "user": "watch", "query": "select 1"}),
        ("sql", {"engine": "mariadb", "database": "his", "user": "watch", "query": "select 1"}),
    ],
)
def test_a_closed_port_is_refused_whatever_is_asked(ports: dict[str, int], kind: str, question: dict[str, Any]) -> None:
    """Each engine tells the same of a service that is down."""
    where = {"host": "127.0.0.1", "port": ports["closed"]}
    where = {"url": f"http://127.0.0.1:{ports['closed']}/"} if kind == "http" else where
    assert said(ask(kind, **where, **question)) == ("crit", "connection-refused")


@pytest.mark.parametrize(
    ("kind", "question"),
    [
        ("dicom", {"called": "PACS"}),
        ("hl7", {"application": "LIS", "facility": "H"}),
        ("sql", {"engine": "postgresql", "database": "his", "user": "watch", "query": "select 1"}),
        ("sql", {"engine": "mariadb", "database": "his", "user": "watch", "query": "select 1"}),
    ],
)
def test_a_server_that_never_speaks_is_no_answer(ports: dict[str, int], kind: str, question: dict[str, Any]) -> None:
    """It takes the connection and nothing else; the probe ends at its limit and a second."""
    begun = time.monotonic()
    asked = ask(kind, timeout_s=1, host="127.0.0.1", port=ports["silent"], **question)
    assert said(asked) == ("crit", "no-answer")
    assert time.monotonic() - begun < 20


def test_an_open_port_is_all_that_tcp_asks_for(ports: dict[str, int]) -> None:
    """Also one that never speaks."""
    assert said(ask("tcp", host="127.0.0.1", port=ports["silent"])) == ("ok", "as-expected")


@pytest.mark.parametrize(
    ("server", "expected"),
    [
        ("hl7", ("ok", "as-expected")),
        ("hl7-refusing", ("crit", "rejected")),
        ("hl7-cut", ("crit", "not-understood")),
        ("hl7-babbling", ("crit", "not-understood")),
        ("hl7-other", ("crit", "not-understood")),
    ],
)
def test_only_aa_to_this_very_message_is_well(ports: dict[str, int], server: str, expected: tuple[str, str]) -> None:
    """AE, a block that breaks off, no MLLP at all, and an acknowledgement of another message are not."""
    asked = ask("hl7", host="127.0.0.1", port=ports[server], application="LIS", facility="H")
    assert said(asked) == expected


@pytest.mark.skipif(shutil.which("storescp") is None, reason="no dcmtk on this machine")
def test_dicom_echoes_with_a_partner_that_takes_the_association() -> None:
    """storescp of dcmtk; told to refuse every association, it is rejected, however soon it closes the connection."""
    with partners.storescp("--aetitle", "PACS") as port:
        assert said(ask("dicom", host="127.0.0.1", port=port, called="PACS", timeout_s=20)) == ("ok", "as-expected")
    with partners.storescp("--refuse") as port:
        told = [said(ask("dicom", host="127.0.0.1", port=port, called="PACS", timeout_s=20)) for _ in range(12)]
        assert told == [("crit", "rejected")] * 12


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({"query": QUERY, "expect": "true"}, ("ok", "as-expected")),
        ({"query": QUERY, "expect": "false"}, ("crit", "wrong-answer")),
        ({"query": "select 1 where false"}, ("crit", "wrong-answer")),
        ({"query": "select null"}, ("crit", "wrong-answer")),
        ({"query": "select nothing from nowhere"}, ("crit", "wrong-answer")),
        ({"query": "select pg_sleep(30)", "timeout_s": 1.5}, ("crit", "no-answer")),
        ({"query": "create table left_behind (id int)"}, ("crit", "wrong-answer")),
        ({"query": QUERY, "user": "nobody-here"}, ("crit", "rejected")),
    ],
)
def test_a_query_is_well_when_its_first_value_is(
    postgres_server: str, more: dict[str, Any], expected: tuple[str, str]
) -> None:
    """No row, null, another value, an error, a query that does not end, one that would write, and a refused user."""
    url = make_url(postgres_server)
    question = {
        "engine": "postgresql", "host": str(url.query["host"]), "database": url.database, "user": url.username,
    }  # fmt: skip
    assert said(ask("sql", **{**question, **more})) == expected


def test_mariadb_is_asked_by_its_driver_and_never_writes() -> None:
    """A value, another one, a query that is none, one that would write, one that does not end, and a refused user."""
    with mariadb() as socket:
        question = {"engine": "mariadb", "host": str(socket), "database": "mysql", "user": "root"}
        asked = {
            query: said(ask("sql", timeout_s=limit, **question, query=query, expect="1"))
            for query, limit in (
                ("select 1", 20), ("select 2", 20), ("select nothing from nowhere", 20),
                ("create table left_behind (id int)", 20), ("select sleep(30)", 1),
            )
        }  # fmt: skip
        refused = ask("sql", timeout_s=20, **{**question, "user": "nobody-here"}, query="select 1")
    assert asked == {
        "select 1": ("ok", "as-expected"),
        "select 2": ("crit", "wrong-answer"),
        "select nothing from nowhere": ("crit", "wrong-answer"),
        "create table left_behind (id int)": ("crit", "wrong-answer"),
        "select sleep(30)": ("crit", "no-answer"),
    }
    assert said(refused) == ("crit", "rejected")


def test_a_password_that_is_not_to_be_had_is_said_and_nothing_is_asked(ports: dict[str, int]) -> None:
    """It is maintkit that could not ask: an error, which is not the function's fault and never healthy."""
    asked = ask(
        "sql", engine="postgresql", host="127.0.0.1", port=ports["closed"], database="his", user="watch",
        password={"env": "MAINTKIT_NOT_SET"}, query="select 1",
    )  # fmt: skip
    assert said(asked) == ("error", "not-asked")


def test_a_file_must_be_there_and_young(tmp_path: Path) -> None:
    """Ten minutes old: too old for five, young enough for fifteen."""
    file = tmp_path / "export.csv"
    assert said(ask("file", path=str(file), max_age_min=5)) == ("crit", "absent")
    file.write_text("")
    os.utime(file, (time.time() - 600,) * 2)
    assert said(ask("file", path=str(file), max_age_min=5)) == ("crit", "stale")
    assert said(ask("file", path=str(file), max_age_min=15)) == ("ok", "as-expected")


@pytest.mark.parametrize(
    ("program", "expected"),
    [
        ("print('ready')", ("ok", "as-expected")),
        ("print('down')", ("crit", "wrong-answer")),
        ("raise SystemExit(3)", ("crit", "wrong-answer")),
        ("import time; time.sleep(60)", ("crit", "no-answer")),
    ],
)
def test_a_program_must_end_well_and_say_what_it_must(program: str, expected: tuple[str, str]) -> None:
    """Its exit code, its words, and its time."""
    limit = 1 if "sleep" in program else 20
    asked = ask("command", timeout_s=limit, argv=[sys.executable, "-c", program], contains="ready")
    assert said(asked) == expected


def test_nobody_waits_for_a_probe_that_hangs(ports: dict[str, int]) -> None:
    """Twenty that hang for a second each take no twenty seconds, and the one between them is well."""
    hanging = [
        {"name": f"hang-{number}", "covers": [1], "timeout_s": 2,
         "hl7": {"host": "127.0.0.1", "port": ports["silent"], "application": "A", "facility": "B"}}
        for number in range(20)
    ]  # fmt: skip
    well = {"name": "well", "covers": [2], "tcp": {"host": "127.0.0.1", "port": ports["web"]}}
    begun = time.monotonic()
    answers = ask_all([WatchProbe.model_validate(one) for one in [*hanging[:10], well, *hanging[10:]]], {})
    assert [one.answer.status for one in answers] == ["crit"] * 10 + ["ok"] + ["crit"] * 10
    assert time.monotonic() - begun < 20
