"""What is masked by its shape or its label, and the fixed texts that stand in its place."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from functools import lru_cache
from typing import Any

SECRET = "[masked:secret]"  # noqa: S105 - the text that stands where a secret stood
KEY = "[masked:private-key]"
ID_CARD = "[masked:id-card]"
MOBILE = "[masked:mobile]"
RECORD = "[masked:record-number]"
SITE = "[masked:site]"

SHORTEST = 4  # a shorter secret would mask half of everything

# Values of "password" and the like that are states, not passwords.
_STATES = frozenset(
    (
        *("set", "empty", "locked", "unset", "none", "null", "nil", "true", "false", "yes", "no", "on", "off", "ok"),
        *("required", "optional", "prompt", "never", "expired", "changed", "enabled", "disabled", "missing", "unknown"),
        *("hidden", "redacted", "masked", "not", "is", "was", "must", "has", "for", "all"),
    )
)
_NAMES = (
    r"pass(?:word|wd|phrase|code)s?|pwd(?!=/)|_pass|(?:api|access|secret|private|account|encryption|auth)[_-]?keys?|secrets?"
    r"|tokens?|credentials?|community|密码|口令|密钥"
)
_RECORD_NAMES = (
    r"病历号码?|病案号|住院号码?|门诊号码?|就诊卡号?|就诊号|患者(?:编号|ID|号)|登记号|\bMRN"
    r"|(?:patient|medical[_ -]?record|inpatient|outpatient)[_ -]?(?:id|no|num|number)"
)
_ID_NAMES = r"身份证(?:件)?(?:号码?)?|证件号码?|公民身份号码|id[_ -]?card(?:[_ -]?(?:no|num|number))?"
_MOBILE_NAMES = (
    r"手机(?:号码?)?|联系电话|电话(?:号码)?|mobile(?:[_ -]?(?:no|num|number|phone))?"
    r"|(?:tele)?phone(?:[_ -]?(?:no|num|number))?|tel"
)

# A digit run inside a hash or a UUID touches hex digits; a decimal's touches its point.
_BEFORE = r"(?<![0-9A-Fa-f])(?<!\d\.)"
_AFTER = r"(?![0-9A-Fa-f])(?!\.\d)"

_SEPARATOR = r"""(?:\\?["'])?[ \t]{0,8}(?:=>|:=|==?|[:：])[ \t]{0,8}"""
_VALUE = r"""(?:\\"(?:(?!\\").)*(?:\\")?|"(?:[^"\\\n]|\\.)*"?|'(?:[^'\\\n]|\\.)*'?|[^\s"'&;，；。]+)"""

_PEM_NAME = r"[A-Z0-9 ]{0,40}PRIVATE KEY-----"
_PEM = re.compile(rf"-----BEGIN {_PEM_NAME}[\s\S]*?(?:-----END {_PEM_NAME}|\Z)")
_USERINFO = re.compile(r"(?<=://)([^\s/:@\"'<>]{0,256}:)([^\s/\"'<>]{1,512})(?=@)")
# `{env: NAME}` or `{file: PATH}` says where a secret is, in YAML and in JSON; a value of any other shape may be one.
_PLACE = r"""["']?(?:env|file)["']?[ \t]{0,4}:[ \t]{0,4}(?:null|["']?[A-Za-z_~./][\w~./-]{0,255}["']?)"""
_REFERENCE = rf"\{{[ \t]{{0,4}}{_PLACE}(?:[ \t]{{0,4}},[ \t]{{0,4}}{_PLACE})?[ \t]{{0,4}},?[ \t]{{0,4}}\}}"
# "NOPASSWD: ALL" is a rule of sudoers, and the evidence of a check.
_LABELLED = re.compile(rf"((?<!no)(?:{_NAMES}){_SEPARATOR})(?!{_REFERENCE})({_VALUE})", re.IGNORECASE)
_OPTION = re.compile(
    rf"(--?(?:pass(?:word|wd|phrase)?|secret|token|api-?key)[ \t]{{1,8}}|\bsshpass[ \t]+-p[ \t]*)((?!-){_VALUE})",
    re.IGNORECASE,
)
_BEARER = re.compile(
    r"(\bauthorization(?:\\?[\"'])?[ \t]{0,8}[:=][ \t]{0,8}(?:\\?[\"'])?(?:[A-Za-z][A-Za-z0-9-]{0,30}[ \t]+)?"
    r"|\bbearer[ \t]+)"
    r"([A-Za-z0-9._~+/=:-]{4,})",
    re.IGNORECASE,
)
_JWT = re.compile(r"\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}")
_CRYPT = re.compile(r"\$(?:1|2[abxy]?|5|6|7|y|gy|argon2[a-z]*)\$[A-Za-z0-9./$=,+]{8,}")
MASK = re.compile(r"\[masked:[a-z-]+\]")

_LABELLED_RECORD = re.compile(
    rf"((?:{_RECORD_NAMES})(?:\\?[\"'])?[ \t]{{0,8}}(?:[:：=#为是]|no\.?)?[ \t]{{0,8}}(?:\\?[\"'])?)"
    r"([A-Za-z]{0,6}-?\d[0-9A-Za-z-]{2,31})",
    re.IGNORECASE,
)
_LABELLED_ID = re.compile(
    rf"((?:{_ID_NAMES})(?:\\?[\"'])?[ \t]{{0,8}}[:：=为是]?[ \t]{{0,8}}(?:\\?[\"'])?)"
    rf"(\d{{17}}[0-9Xx]|\d{{15}}){_AFTER}",
    re.IGNORECASE,
)
_ID_18 = re.compile(rf"{_BEFORE}[1-9]\d{{5}}(?:18|19|20)\d{{9}}[0-9Xx]{_AFTER}")
_MOBILE = re.compile(rf"{_BEFORE}(?:\+?86[- ]?)?1[3-9]\d(?:\d{{8}}|-\d{{4}}-\d{{4}}){_AFTER}")

# What makes an eleven-digit number a measure and not a telephone: a word before it or a unit after it.
_MEASURE_BEFORE = re.compile(
    r"(?:bytes?|size|used|free|total|avail(?:able)?|offset|inodes?|sectors?|blocks?|count|packets|[kmg]i?b|_[num]s"
    r"|lsn|txid|xid|usual|backup|\bof|大小|字节|容量|已用|可用|总量)[\"']?[ \t]*[:：=]?[ \t]*[\"']?$",
    re.IGNORECASE,
)
_MEASURE_AFTER = re.compile(
    r"[\"']?[ \t]*(?:%|/|of[ \t]+\d|(?:bytes?|[kmgt]?i?b|[num]?s|字节|inodes|blocks|sectors|packets)(?![A-Za-z]))",
    re.IGNORECASE,
)

_SECRET_NAME = re.compile(rf"(?:{_NAMES})$", re.IGNORECASE)
_PERSON_NAME = {
    RECORD: re.compile(rf"(?:{_RECORD_NAMES})$", re.IGNORECASE),
    ID_CARD: re.compile(rf"(?:{_ID_NAMES})$", re.IGNORECASE),
    MOBILE: re.compile(rf"(?:^|_|\b)(?:{_MOBILE_NAMES})$", re.IGNORECASE),
}
# One cheap look that says whether any pattern can match at all: most strings of an inspection stop here.
SUSPICIOUS = re.compile(
    rf"\d{{11}}|\d-\d{{4}}-\d{{4}}|://|-----BEGIN|eyJ|\$[1-7agy]|authorization|bearer|sshpass|{_NAMES}|-pass"
    rf"|{_RECORD_NAMES}|{_ID_NAMES}",
    re.IGNORECASE,
)

Replacement = Callable[[re.Match[str]], str]


@lru_cache(maxsize=4096)
def label_of(key: Any) -> str | None:
    """The mask for whole values under this key; None for nearly all keys."""
    if not isinstance(key, str) or len(key) > 64:
        return None
    if _SECRET_NAME.search(key):
        return SECRET
    return next((mask for mask, pattern in _PERSON_NAME.items() if pattern.search(key)), None)


def is_value(value: str, mask: str) -> bool:
    """Whether this can be the secret or number itself; not a state, a mask, a small number or a word."""
    if is_state(value) or MASK.fullmatch(value) or (value.isdigit() and len(value) < SHORTEST):
        return False
    return mask == SECRET or any(character.isdigit() for character in value)


def is_state(value: str) -> bool:
    """Whether a value says how a password is (set, locked, ***), not what it is."""
    return value.strip("\\\"'()[]{}.,:*!x").lower() in _STATES or not value.strip("\\\"'*.•x")


def _second(mask: str) -> Replacement:
    """Keep the label (group 1), replace the value (group 2) and its closing quote's inside only."""

    def replace(found: re.Match[str]) -> str:
        value = found[2]
        if is_state(value) or MASK.fullmatch(value.strip("\\\"'")):
            return found[0]
        opening = next((mark for mark in ('\\"', '"', "'") if value.startswith(mark)), "")
        closing = opening if opening and len(value) > len(opening) and value.endswith(opening) else ""
        return f"{found[1]}{opening}{mask}{closing}"

    return replace


def _id_card(found: re.Match[str]) -> str:
    digits = found[0]
    return ID_CARD if _is_date(digits[6:14]) and _checksum(digits[:17]) == digits[17].upper() else digits


def _is_date(digits: str) -> bool:
    try:
        date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        return False
    return True


def _checksum(digits: str) -> str:
    """GB 11643-1999: ISO 7064 MOD 11-2 over the first 17 digits."""
    total = sum(int(digit) * pow(2, 17 - place, 11) for place, digit in enumerate(digits))
    return "10X98765432"[total % 11]


def _mobile(found: re.Match[str]) -> str:
    before, after = (
        found.string[max(0, found.start() - 24) : found.start()],
        found.string[found.end() : found.end() + 12],
    )
    if _MEASURE_BEFORE.search(before) or _MEASURE_AFTER.match(after):
        return found[0]
    return MOBILE


RULES: tuple[tuple[re.Pattern[str], Replacement], ...] = (
    (_PEM, lambda _: KEY),
    (_USERINFO, _second(SECRET)),
    (_BEARER, _second(SECRET)),
    (_JWT, lambda _: SECRET),
    (_CRYPT, lambda _: SECRET),
    (_OPTION, _second(SECRET)),
    (_LABELLED, _second(SECRET)),
    (_LABELLED_RECORD, _second(RECORD)),
    (_LABELLED_ID, _second(ID_CARD)),
    (_ID_18, _id_card),
    (_MOBILE, _mobile),
)
