"""The few fields of an X.509 certificate that an inspection asks for, read from its DER bytes."""

from __future__ import absolute_import, division, print_function, unicode_literals

import base64
import binascii
import hashlib
import re

from .ports import address_text
from .probe import utc_time
from .text import byte_pattern

SEQUENCE, OID, UTC_TIME, BMP_STRING = 0x30, 0x06, 0x17, 0x1E
COMMON_NAME, ORGANISATION, ALT_NAMES = b"\x55\x04\x03", b"\x55\x04\x0a", b"\x55\x1d\x11"
PEM = byte_pattern(r"-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----\s*([A-Za-z0-9+/=\s]+?)-----END ")


def elements(data):
    """[(tag, content)] of the DER elements that follow each other in `data`; raises ValueError."""
    found, place = [], 0
    data = bytearray(data)
    while place < len(data):
        if place + 2 > len(data):
            raise ValueError("a DER element is cut short")
        tag, length = data[place], data[place + 1]
        place += 2
        if length & 0x80:
            octets = length & 0x7F
            if not 0 < octets <= 4 or place + octets > len(data):
                raise ValueError("a DER length is not one")
            length = int(binascii.hexlify(bytes(data[place : place + octets])), 16)
            place += octets
        if place + length > len(data):
            raise ValueError("a DER element is cut short")
        found.append((tag, bytes(data[place : place + length])))
        place += length
    return found


def parse_certificate(der):
    """Facts of one certificate; raises ValueError for what is not one."""
    try:
        outer = elements(der)[0]
        fields = elements(elements(outer[1])[0][1])
        # The version is optional and explicitly tagged; the serial number follows it.
        start = 1 if fields[0][0] == 0xA0 else 0
        issuer, validity, subject = fields[start + 2], elements(fields[start + 3][1]), fields[start + 4]
        if outer[0] != SEQUENCE or issuer[0] != SEQUENCE:
            raise ValueError("not a certificate")
        return {
            "subject": name_text(subject[1]),
            "issuer": name_text(issuer[1]),
            "names": alternative_names(fields[start + 6 :]),
            "not_before_at": parse_der_time(*validity[0]),
            "not_after_at": parse_der_time(*validity[1]),
            "sha256": hashlib.sha256(der).hexdigest(),
            "self_signed": subject[1] == issuer[1],
        }
    except IndexError:
        raise ValueError("not a certificate")


def name_text(name):
    """The common name, else the organisation, else nothing."""
    parts = {}
    for _unused, group in elements(name):
        for _unused, pair in elements(group):
            (_unused, oid), (tag, value) = elements(pair)[:2]
            parts.setdefault(oid, value.decode("utf-16-be" if tag == BMP_STRING else "utf-8", "replace"))
    return parts.get(COMMON_NAME) or parts.get(ORGANISATION)


def alternative_names(fields):
    """DNS names and addresses of the subjectAltName extension."""
    names = []
    for _unused, wrapped in [field for field in fields if field[0] == 0xA3]:
        for _unused, extension in elements(elements(wrapped)[0][1]):
            parts = elements(extension)
            if parts[0] == (OID, ALT_NAMES):
                names += [alternative_name(tag, value) for tag, value in elements(elements(parts[-1][1])[0][1])]
    return [name for name in names if name]


def alternative_name(tag, value):
    if tag == 0x82:
        return value.decode("ascii", "replace")
    if tag == 0x87 and len(value) in (4, 16):
        return address_text(value)
    return None


def parse_der_time(tag, value):
    """Epoch seconds of UTCTime (two-digit year, 50 and up are 19xx) or GeneralizedTime."""
    text = value.decode("ascii")
    if tag == UTC_TIME:
        text = ("19" if text[:2] >= "50" else "20") + text
    digits = re.match(r"(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)?(?:\.\d+)?Z$", text)
    if not digits:
        raise ValueError("not a time: %s" % text)
    return utc_time([int(group or 0) for group in digits.groups()])


def first_certificate(raw):
    """DER of the first certificate in a PEM file or a DER file: the leaf; raises ValueError."""
    found = PEM.search(raw)
    if found:
        return base64.b64decode(b"".join(found.group(1).split()))
    if raw[:1] == b"\x30":
        return raw
    raise ValueError("no certificate in the file")
