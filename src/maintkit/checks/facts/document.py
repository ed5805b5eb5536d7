"""The whole document of one host."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from maintkit.checks.facts.backup import Backups
from maintkit.checks.facts.fact import Fact, Instant, Section, Whole
from maintkit.checks.facts.host import (
    AppLogs,
    Arrays,
    ClockFact,
    Cpu,
    Cron,
    Disks,
    Filesystems,
    Host,
    Journal,
    Kernel,
    Memory,
    Ports,
    Pressure,
    Smart,
    Systemd,
    Tables,
)
from maintkit.checks.facts.mysql import Mysql
from maintkit.checks.facts.network import Network
from maintkit.checks.facts.postgresql import Postgresql
from maintkit.checks.facts.security import (
    Accounts,
    Antivirus,
    Audit,
    AuthorizedKeys,
    Logins,
    LogRetention,
    Packages,
    PackagesInstalled,
    Sshd,
    Sudo,
)
from maintkit.checks.facts.web import Certificates, Web

SCHEMA = "maintkit.facts/1"


class Collector(Fact):
    """Which collector ran, and as whom."""

    version: str
    sha256: str | None = None
    python: str
    euid: Whole
    user: str | None = None
    deep: bool = False


class Sections(Fact):
    """Every sub-collector by name. None: this document does not hold the section at all."""

    host: Section[Host] | None = None
    cpu: Section[Cpu] | None = None
    pressure: Section[Pressure] | None = None
    memory: Section[Memory] | None = None
    filesystems: Section[Filesystems] | None = None
    disks: Section[Disks] | None = None
    arrays: Section[Arrays] | None = None
    smart: Section[Smart] | None = None
    network: Section[Network] | None = None
    tables: Section[Tables] | None = None
    clock: Section[ClockFact] | None = None
    systemd: Section[Systemd] | None = None
    kernel: Section[Kernel] | None = None
    journal: Section[Journal] | None = None
    applogs: Section[AppLogs] | None = None
    ports: Section[Ports] | None = None
    cron: Section[Cron] | None = None
    accounts: Section[Accounts] | None = None
    sudo: Section[Sudo] | None = None
    sshd: Section[Sshd] | None = None
    logins: Section[Logins] | None = None
    authorized_keys: Section[AuthorizedKeys] | None = None
    audit: Section[Audit] | None = None
    packages: Section[Packages] | None = None
    packages_installed: Section[PackagesInstalled] | None = None
    antivirus: Section[Antivirus] | None = None
    log_retention: Section[LogRetention] | None = None
    certificates: Section[Certificates] | None = None
    web: Section[Web] | None = None
    backups: Section[Backups] | None = None
    postgresql: Section[Postgresql] | None = None
    mysql: Section[Mysql] | None = None


class Facts(Fact):
    """One host's document, schema `maintkit.facts/1`."""

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False, title=SCHEMA)

    format: Annotated[Literal["maintkit.facts/1"], Field(alias="schema")]
    collector: Collector
    collected_at: Instant
    took_ms: Whole
    sections: Sections
