"""Accounts: passwd, and what shadow says of their passwords. The hashes themselves go nowhere."""

from __future__ import absolute_import, division, print_function, unicode_literals

import os

from .text import number

NO_LOGIN = frozenset(("nologin", "false", "sync", "shutdown", "halt"))


def collect_accounts(probe):
    accounts = parse_passwd(probe.need("/etc/passwd"))
    shadow = probe.read("/etc/shadow")
    if shadow is None:
        why = "needs root: /etc/shadow" if os.path.exists("/etc/shadow") else "no /etc/shadow"
        for field in ("password", "password_changed_day", "password_expires_day", "account_expires_day"):
            probe.withheld[field] = why
    return {"accounts": with_shadow(accounts, parse_shadow(shadow or ""))}


def with_shadow(accounts, states):
    """The accounts with what shadow says of them; a password that passwd itself holds is the one that counts."""
    return [dict(states.get(account["name"], {}), **account) for account in accounts]


def password_state(field):
    """Of a password field, whose hash goes nowhere."""
    return "empty" if not field else "locked" if field[0] in "!*" else "set"


def parse_passwd(text):
    """Local accounts in the file's order; lines that are not accounts (NIS `+`) are left out.

    `password` only where the line itself holds it: `x` and `##name` send login to shadow, anything else does not.
    """
    rows = (line.split(":") for line in text.splitlines())
    return [account_of(row) for row in rows if len(row) == 7 and row[2].isdigit() and row[3].isdigit()]


def account_of(row):
    account = {
        "name": row[0],
        "uid": int(row[2]),
        "gid": int(row[3]),
        "home": row[5],
        "shell": row[6] or "/bin/sh",
        "login": os.path.basename(row[6]) not in NO_LOGIN,
    }
    if row[1] != "x" and not row[1].startswith("##"):
        account["password"] = password_state(row[1])
    return account


def parse_shadow(text):
    """`{name: password state and days}`; days count from 1970-01-01. A longest age of 99999 means never."""
    states = {}
    for line in text.splitlines():
        row = line.split(":")
        if len(row) < 8:
            continue
        changed, longest = number(row[2]), number(row[4])
        expires = changed + longest if changed is not None and longest is not None and longest < 99999 else None
        states[row[0]] = {
            "password": password_state(row[1]),
            "password_changed_day": changed,
            "password_expires_day": expires,
            "account_expires_day": number(row[7]),
        }
    return states
