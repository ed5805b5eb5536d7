"""Facts of who may do what on the host, and who did."""

from __future__ import annotations

from typing import Literal

from maintkit.checks.facts.fact import Fact, Whole


class Account(Fact):
    """One line of passwd, with what shadow says of it. `password` None: shadow could not be read."""

    name: str
    uid: Whole
    gid: Whole
    home: str
    shell: str
    login: bool  # the shell lets somebody in
    password: Literal["set", "empty", "locked"] | None = None
    password_changed_day: Whole | None = None  # days since 1970-01-01
    password_expires_day: Whole | None = None
    account_expires_day: Whole | None = None


class Accounts(Fact):
    accounts: tuple[Account, ...]


class SudoRule(Fact):
    """A rule line of sudoers, comments and aliases left out."""

    source: str
    text: str
    nopasswd: bool


class Sudo(Fact):
    rules: tuple[SudoRule, ...]


class Sshd(Fact):
    """The settings in force, lower-case names as `sshd -T` prints them; `basis` says how they were learnt."""

    basis: Literal["sshd -T", "files"]
    settings: dict[str, str]


class FailedLogin(Fact):
    user: str
    address: str
    count: Whole


class AcceptedLogin(Fact):
    user: str
    address: str
    method: str | None = None
    count: Whole
    last_at: float | None = None


class Logins(Fact):
    """Logins through sshd, login and su between `since_at` and the collection; the lists hold the most frequent 200.

    `failed_burst` is the largest number of failures within any ten minutes.
    """

    since_at: float
    source: str
    complete: bool = True
    failed_total: Whole
    failed_burst: Whole
    failed: tuple[FailedLogin, ...] = ()
    accepted: tuple[AcceptedLogin, ...] = ()


class AuthorizedKey(Fact):
    """A key that opens an account. `fingerprint` is OpenSSH's `SHA256:…`."""

    user: str
    source: str
    type: str
    fingerprint: str
    comment: str | None = None
    options: str | None = None


class AuthorizedKeys(Fact):
    keys: tuple[AuthorizedKey, ...]


class Audit(Fact):
    """auditd. `running` None: unknown."""

    installed: bool
    running: bool | None = None


class Update(Fact):
    name: str
    installed: str
    candidate: str
    security: bool


class Packages(Fact):
    """Installed packages and pending updates. `lists_updated_at` is the age of what the host knows of updates."""

    manager: Literal["dpkg", "rpm"]
    installed: Whole
    fingerprint: str  # sha256 over the sorted name=version lines
    updates: tuple[Update, ...] | None = None  # None: could not be worked out, see withheld
    lists_updated_at: float | None = None


class InstalledSource(Fact):
    """Installed packages that were built from one version of one source."""

    name: str
    version: str  # of the source, which a binary that was built anew does not share
    binaries: tuple[str, ...]


class PackagesInstalled(Fact):
    """Every installed package, by source. Only in deep inspections, and where dpkg is."""

    manager: Literal["dpkg"]
    codename: str | None = None  # VERSION_CODENAME of os-release, like bookworm
    sources: tuple[InstalledSource, ...]


class Antivirus(Fact):
    """An engine's definitions. absent where no engine is installed."""

    engine: str
    definitions_at: float | None = None
    definitions_version: str | None = None
    running: bool | None = None


class RetainedLog(Fact):
    """How far back one log reaches and what its rotation promises, in days; None: unknown."""

    name: str
    oldest_at: float | None = None
    kept_days: float | None = None
    policy_days: float | None = None
    policy: str | None = None


class LogRetention(Fact):
    logs: tuple[RetainedLog, ...]
