"""Trials of the security checks."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial

from lab.faults import access, logs, packages, view
from lab.host import Host
from lab.image import File
from lab.lab import load
from lab.trials.healthy import OPERATOR
from lab.trials.trial import Trial

CLAMAV = "/var/lib/clamav/daily.cvd"


@contextmanager
def _definitions(host: Host, *, days: int) -> Iterator[None]:
    """ClamAV's definitions were made so many days ago: of the file its head, which is all that tells."""
    made = datetime.now(UTC) - timedelta(days=days)
    head = f"ClamAV-VDB:{made:%d %b %Y %H-%M} +0000:27000:2000000:90:x:x:builder:{made.timestamp():.0f}"
    with view.written(host, File(path=CLAMAV, content=f"{head:<512}".encode())):
        yield
    host.run("rmdir", "/var/lib/clamav")


@contextmanager
def _stranger(host: Host) -> Iterator[None]:
    """Somebody has come in from another host of the lab, the next in the list."""
    made = load(host.lab)
    names = list(made.hosts)
    other = made[names[(names.index(host.name) + 1) % len(names)]]
    with access.login_from(host, other, user_key=made.key):
        yield


TRIALS = (
    Trial(
        check="accounts.uid0",
        words="a second account with UID 0",
        fault=partial(access.account, name="toor", uid=0),
        status="crit",
        instance="toor",
        explains=("drift.accounts",),
    ),
    Trial(
        check="accounts.password",
        words="an account that lets in without a password",
        fault=partial(access.empty_password, name=OPERATOR),
        status="crit",
        instance=OPERATOR,
    ),
    Trial(
        check="accounts.expired",
        words="an account with a password, past its day",
        fault=partial(access.expired, name=OPERATOR, day="2026-01-31"),
        status="warn",
        instance=OPERATOR,
    ),
    Trial(
        check="antivirus.definitions",
        words="ClamAV's definitions are ten days old",
        fault=partial(_definitions, days=10),
        status="warn",
        instance="ClamAV",
        value=10,
    ),
    Trial(
        check="antivirus.definitions",
        words="ClamAV's definitions are 40 days old",
        fault=partial(_definitions, days=40),
        status="crit",
        instance="ClamAV",
        value=40,
    ),
    Trial(
        check="audit.running",
        words="no auditd, and nothing says that the host is a container",
        fault=view.machine,
        status="warn",
        value="未安装",
        view=True,
    ),
    Trial(
        check="keys.new",
        words="one more key opens root's account",
        fault=partial(access.key, comment="who-is-this"),
        status="warn",
        instance="root SHA256:*",
    ),
    Trial(
        check="logins.failed-burst",
        words="twelve logins in vain from outside, as a user that there is not",
        fault=partial(access.failed_logins, times=12),
        status="warn",
    ),
    Trial(
        check="logins.unknown-address",
        words="root logs in from an address that the site has not named",
        fault=_stranger,
        status="warn",
        instance="10.213.*",
    ),
    Trial(
        check="logs.retention",
        words="the journal is kept for 30 days",
        fault=partial(logs.journal_kept, days=30),
        status="crit",
        instance="journald",
        value=30,
    ),
    Trial(
        check="sshd.root-login",
        words="sshd lets root in, by key only",
        fault=partial(access.sshd_setting, line="PermitRootLogin yes"),
        status="warn",
        value="yes",
    ),
    Trial(
        check="sshd.password-login",
        words="sshd lets in by password",
        fault=partial(access.sshd_setting, line="PasswordAuthentication yes"),
        status="warn",
        value="yes",
    ),
    Trial(
        check="sudo.nopasswd",
        words="a sudo rule that asks for no password",
        fault=partial(access.sudo_rule, rule=f"{OPERATOR} ALL=(ALL) NOPASSWD: ALL"),
        status="warn",
        instance="*NOPASSWD*",
        explains=("drift.sudoers",),
    ),
    Trial(
        check="updates.security",
        words="a newer version in a security repository that the host uses",
        fault=packages.security_update,
        status="warn",
        value=1,
    ),
    Trial(
        check="updates.advisory-age",
        words="lists of packages last renewed 40 days ago",
        fault=partial(packages.stale_lists, days=40),
        status="warn",
        value=40,
        explains=("updates.security",),  # not known from old lists
    ),
)
