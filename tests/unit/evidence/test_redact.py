"""What is masked, what must stay, and that masking ends."""

from __future__ import annotations

import json
import re
import time
import uuid
from datetime import date
from hashlib import sha256

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maintkit.evidence.patterns import ID_CARD, KEY, MOBILE, RECORD, SECRET, SITE
from maintkit.evidence.redact import Redactor

NOTHING = Redactor()


def id_card(region: int, born: date, order: int) -> str:
    """A resident identity number with its true check character (GB 11643-1999)."""
    digits = f"{region:06}{born:%Y%m%d}{order:03}"
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    total = sum(int(digit) * weight for digit, weight in zip(digits, weights, strict=True))
    return digits + "10X98765432"[total % 11]


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("password=Zx9!kk", f"password={SECRET}"),
        ("passwd: Zx9!kk, next", f"passwd: {SECRET} next"),
        ('{"db_password": "a, b"}', f'{{"db_password": "{SECRET}"}}'),
        (r"{\"token\": \"abc def\", \"n\": 1}", rf"{{\"token\": \"{SECRET}\", \"n\": 1}}"),
        ("PGPASSWORD=abc psql", f"PGPASSWORD={SECRET} psql"),
        ("ansible_become_pass: x1y2", f"ansible_become_pass: {SECRET}"),
        ("secret = 'it is here'", f"secret = '{SECRET}'"),
        ('password: "cut sho', f'password: "{SECRET}'),
        ("api_key=0123456789abcdef", f"api_key={SECRET}"),
        ("Server=db;Pwd=abc123;Database=his", f"Server=db;Pwd={SECRET};Database=his"),
        ("GET /x?token=abc&page=2", f"GET /x?token={SECRET}&page=2"),
        ("密码：abc123。", f"密码：{SECRET}。"),
        ("Authorization: Bearer abc.def-ghi", f"Authorization: Bearer {SECRET}"),
        ("authorization: Basic dXNlcjpwYXNz", f"authorization: Basic {SECRET}"),
        ("mysqldump --password abc123 his", f"mysqldump --password {SECRET} his"),
        ("sshpass -p abc123 ssh h", f"sshpass -p {SECRET} ssh h"),
        ("postgresql://his:p@ss@db/his", f"postgresql://his:{SECRET}@db/his"),
        ("redis://:abc@cache:6379", f"redis://:{SECRET}@cache:6379"),
        ("root:$6$saltsalt$abcdefghijk:19000:", f"root:{SECRET}:19000:"),
        ("-----BEGIN OPENSSH PRIVATE KEY-----\nb3Bl\n-----END OPENSSH PRIVATE KEY-----\nend", f"{KEY}\nend"),
        ("-----BEGIN PRIVATE KEY-----\nMIIE cut", KEY),
        ("患者11010119900307299X来院", None),
        ("联系电话 13812345678", f"联系电话 {MOBILE}"),
        ("+86 13812345678", MOBILE),
        ("138-1234-5678", MOBILE),
        ("病历号: 0012345", f"病历号: {RECORD}"),
        ("住院号为ZY20240001，", f"住院号为{RECORD}，"),
        ("patient_id=778899", f"patient_id={RECORD}"),
        ("MRN 1234567", f"MRN {RECORD}"),
        ("身份证号：110101900307299", f"身份证号：{ID_CARD}"),
        ("password: {env: Zx9!kk}", f"password: {SECRET} Zx9!kk}}"),
        ("password: {env: HIS} token=abc123", f"password: {{env: HIS}} token={SECRET}"),
    ],
)
def test_what_is_sensitive_is_masked(text: str, masked: str | None) -> None:
    """Each shape, with what surrounds it left alone, and one place counted."""
    if masked is None:  # an identity number, made here so that its check digit is right
        number = id_card(110101, date(1990, 3, 7), 299)
        text, masked = f"患者{number}来院", f"患者{ID_CARD}来院"
    result = NOTHING.text(text)
    assert (result.text, result.count) == (masked, 1)


@pytest.mark.parametrize(
    "text",
    [
        "PasswordAuthentication no",
        "passwordauthentication: yes",
        "password: locked",
        "Access denied for user 'his'@'db' (using password: YES)",
        "Failed password for invalid user admin from 10.0.0.9 port 5022 ssh2",
        "password: [masked:secret]",
        "PWD changed",
        "his ALL=(root) NOPASSWD: /usr/bin/systemctl restart his, PASSWD: ALL",
        "Environment=PWD=/srv/his",
        "token: ***",
        "password: {env: MAINTKIT_WATCH_HIS}",
        "#       password: {file: secrets/smtp}   # or {env: SMTP_PASSWORD}; never here",
        "password: { env: 'HIS', }",
        '{"password": {"env": "HIS", "file": null}}',
        '{"password": {"env": null, "file": "/etc/maintkit/his"}}',
        "http://host:8080/path",
        "size=13812345678",
        "used_bytes: 13812345678",
        "13812345678 bytes free",
        "his: 13812345678 of 15812345678 bytes free, largest full backup 13912345678",
        "20261124-010203F: 13812345678 bytes, usual 13912345678",
        "rx 18612345678 packets",
        "epoch_ms 1732415894123",
        "2026-11-24T02:38:14.000000Z",
        "15810101900307299",
        "110101900307299",
        "110101199003072991",
        "0.13812345678",
        "13812345678.5",
        "20261124-1-003",
        "/dev/disk/by-id/wwn-0x5000c500a1b2c3d4",
    ],
)
def test_what_is_innocent_stays(text: str) -> None:
    """States, measures, instants and names are what an inspection is made of."""
    assert (NOTHING.text(text).text, NOTHING.text(text).count) == (text, 0)


@given(
    st.integers(110000, 659004),
    st.dates(min_value=date(1900, 1, 1), max_value=date(2026, 12, 31)),
    st.integers(0, 999),
    st.sampled_from(["", " ", "：", "id ", "(", "、"]),
)
def test_every_valid_identity_number_is_masked(region: int, born: date, order: int, before: str) -> None:
    """Any region, date of birth and order, in either case of the check character."""
    number = id_card(region, born, order)
    for form in (number, number.lower()):
        assert NOTHING.text(f"{before}{form},").text == f"{before}{ID_CARD},"


@given(st.integers(0, 10**9 - 1), st.sampled_from("3456789"), st.sampled_from(["", "86", "+86", "+86-", "+86 "]))
def test_every_mobile_number_is_masked(rest: int, second: str, prefix: str) -> None:
    """1[3-9] and nine digits, with or without the country's prefix, between other text."""
    assert NOTHING.text(f"拨打{prefix}1{second}{rest:09}。").text == f"拨打{MOBILE}。"


@given(st.binary(max_size=40), st.uuids(), st.integers(946684800000, 4102444800000), st.integers(0, 2**53))
def test_hashes_uuids_instants_and_counters_stay(content: bytes, name: uuid.UUID, millis: int, size: int) -> None:
    """Digits inside a hash or UUID, epoch milliseconds, and numbers in JSON are never taken for a person's."""
    value = {
        "sha256": sha256(content).hexdigest(),
        "machine_id": name.hex,
        "uuid": str(name),
        "line": f"{sha256(content).hexdigest()}  /etc/{name} at {millis} ({size} bytes)",
        "at": millis / 1000,
        "size_bytes": size,
        "millis": millis,
    }
    assert NOTHING.value(value) == (value, 0)


@given(st.text(min_size=4, max_size=30), st.text(max_size=20), st.text(max_size=20))
def test_a_known_secret_never_survives(secret: str, before: str, after: str) -> None:
    """Eight characters or more are masked anywhere, whatever characters they are."""
    secret = f"{secret}#Aa1"
    masked = Redactor([secret]).text(f"{before}{secret}{after}")
    assert secret not in masked.text
    assert masked.count >= 1


@settings(max_examples=300)
@given(
    st.lists(
        st.one_of(
            st.text(max_size=12),
            st.sampled_from(
                [
                    "password=",
                    "token: ",
                    '"',
                    "'",
                    "\\",
                    "13812345678",
                    "://u:p@",
                    "Bearer abcd",
                    "hunter22",
                    "病历号 A123",
                ]
            ),
        ),
        max_size=12,
    ).map("".join)
)
def test_masking_twice_changes_nothing_more(text: str) -> None:
    """What was masked once is left alone, so that an entry can be quoted in another."""
    redactor = Redactor(["hunter22", "masked", "secret", "asked:se"])
    once = redactor.text(text)
    again = redactor.text(once.text)
    assert (again.text, again.count) == (once.text, 0)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=20,
)


@given(JSON)
def test_a_value_keeps_its_form(value: object) -> None:
    """Masking gives JSON again, and the same value where nothing was found."""
    masked, count = Redactor(["s3cr3t-s3cr3t"]).value(value)
    assert json.loads(json.dumps(masked)) == masked
    if not count:
        assert masked == value


def test_values_are_masked_deep_and_by_their_key() -> None:
    """Strings at any depth, keys, and whole values under a telling key; states and counts stay."""
    value = {
        "accounts": [{"name": "his", "password": "locked", "password_changed_day": 19000}],
        "vars": {"db_password": "x y z", "pin_token": 123456, "tokens": ["abcd", "efgh"], "patient_id": 778899},
        "hunter22-on-db": ["is hunter22-on-db"],
        "手机": "13812345678",
        "count": 13812345678,
    }
    masked, count = Redactor(["hunter22-on-db"]).value(value)
    assert masked == {
        "accounts": [{"name": "his", "password": "locked", "password_changed_day": 19000}],
        "vars": {"db_password": SECRET, "pin_token": SECRET, "tokens": [SECRET, SECRET], "patient_id": RECORD},
        SECRET: [f"is {SECRET}"],
        "手机": MOBILE,
        "count": 13812345678,
    }
    assert count == 8


def test_a_weak_secret_is_masked_as_a_word_only() -> None:
    """Short passwords must not eat hashes and numbers; shorter than four characters they are not looked for."""
    redactor = Redactor(["1234", "abc", ""])
    assert redactor.text("pin 1234, 12345678, a1234f abc").text == f"pin {SECRET}, 12345678, a1234f abc"


def test_forms_of_a_secret_are_masked_too() -> None:
    """URL-quoted, JSON-escaped and with non-ASCII escaped."""
    redactor = Redactor(['p@ss"口令/1'])
    for form in ("p%40ss%22%E5%8F%A3%E4%BB%A4%2F1", r"p@ss\"口令/1", r"p@ss\"\u53e3\u4ee4/1"):
        assert redactor.text(f"<{form}>").text == f"<{SECRET}>"


def test_the_longest_secret_goes_first() -> None:
    """Where one secret begins another, nothing of the longer one stays."""
    assert Redactor(["hunter22", "hunter22-and-more"]).text("hunter22-and-more").text == SECRET


def test_a_site_adds_its_own_patterns() -> None:
    """Regular expressions of the site's settings, counted like the rest."""
    result = Redactor((), [re.compile(r"YB\d{6}")]).text("医保卡 YB123456 和 YB654321")
    assert (result.text, result.count) == (f"医保卡 {SITE} 和 {SITE}", 2)


def test_a_private_key_in_a_list_of_lines_is_masked_whole() -> None:
    """A file's lines as a list hide no key material between them."""
    lines = ["a", "-----BEGIN RSA PRIVATE KEY-----", "MIIEowIBAAKCAQEA", "-----END RSA PRIVATE KEY-----", "z"]
    masked, _ = NOTHING.value({"lines": lines})
    assert "MIIEowIBAAKCAQEA" not in json.dumps(masked)
    assert (masked["lines"][0], masked["lines"][-1]) == ("a", "z")


def test_a_long_hostile_text_takes_no_long_time() -> None:
    """No pattern goes quadratic: 200 KB of any bait are done at once, so a host cannot stall an inspection."""
    baits = ("password", "password=", "://", "://a:", "1", "-----BEGIN PRIVATE KEY-----", "Bearer ", '\\"', "身份证")
    begun = time.process_time()
    for bait in baits:
        NOTHING.text(bait * (200_000 // len(bait)))
    assert time.process_time() - begun < 10


def test_a_signature_is_no_record_number_by_chance() -> None:
    """One of some thousand random signatures holds letters that look like one; a masked signature verifies never."""
    middle = "nnGD/MrN8bDQAqK65s+w67Jz3DHPxa62HT3Dtr5DqYKfPr+gEBxVhToPl8/vw2OVy4gtGT"
    signature = f"-----BEGIN SSH SIGNATURE-----\n{middle}\n-----END SSH SIGNATURE-----\n"
    assert Redactor([]).value({"signature": signature}) == ({"signature": signature}, 0)
    assert Redactor([]).text(f"MRN 12345678 {signature}").count > 0
