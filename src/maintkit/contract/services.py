"""services.yml: the systems under care, where they run, and what must be on their hosts."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date
from ipaddress import ip_network
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, HttpUrl, ValidationError, model_validator

from maintkit.sitefile import Problem, Problems, SiteModel

Op = Literal[">", ">=", "<", "<=", "=="]
NAMES = "a list of names"


def _url(text: str) -> str:
    """http or https with a host; credentials in a URL would end up in records."""
    if re.search(r"[\s\\]", text):
        raise ValueError("holds white space or a backslash")
    try:
        parts = HttpUrl(text)
    except ValidationError as error:
        raise ValueError(error.errors()[0]["msg"].removeprefix("Input should be ")) from None
    if parts.username is not None or parts.password is not None:
        raise ValueError("carries a user or password")
    return text


def _network(text: str) -> str:
    """A range as `ipaddress` reads it, host bits zero."""
    ip_network(text)
    return text


def _expression(text: str) -> str:
    try:
        re.compile(text)
    except (re.error, OverflowError) as error:
        raise ValueError(f"not a regular expression ({error})") from None
    return text


def _tls(text: str) -> str:
    address, colon, port = text.rpartition(":")
    if not colon or not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9.-]*|\[[0-9A-Fa-f:.]+\]", address):
        raise ValueError("no address before the port")
    if not re.fullmatch(r"[0-9]{1,5}", port) or not 1 <= int(port) <= 65535:
        raise ValueError("no port from 1 to 65535 after the address")
    return text


Port = Annotated[int, Field(ge=1, le=65535)]
Unit = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9:_.\\@-]*$")]
File = Annotated[str, Field(pattern=r"^/[^\x00-\x1f]+$")]
Url = Annotated[str, AfterValidator(_url)]
Expression = Annotated[str, AfterValidator(_expression)]
Network = Annotated[str, AfterValidator(_network)]
Tls = Annotated[str, AfterValidator(_tls)]


class Probe(SiteModel):
    """An HTTP request made from the host; `contains` is text that the answer must hold."""

    name: str = Field(min_length=1, description="a name")
    url: Url = Field(description="an http:// or https:// address without a user or password in it")
    contains: str | None = Field(default=None, min_length=1, description="a text")
    timeout_s: float = Field(default=5, gt=0, le=60, description="seconds, above 0 and at most 60")
    latency_ms: float | None = Field(default=None, gt=0, description="milliseconds, above 0")


class Gauge(SiteModel):
    """A number of a page in the Prometheus text format, with the site's own limits."""

    name: str = Field(min_length=1, description="a name")
    url: Url = Field(description="an http:// or https:// address without a user or password in it")
    metric: str = Field(
        pattern=r"^[A-Za-z_:][A-Za-z0-9_:]*(\{.*\})?$", description='a metric like queue_depth or heap{area="old"}'
    )
    op: Op = ">"
    warn: float | None = Field(default=None, description="a number")
    crit: float | None = Field(default=None, description="a number")

    @model_validator(mode="after")
    def _in_order(self) -> Gauge:
        if self.warn is None or self.crit is None:
            return self
        up, down = self.op.startswith(">"), self.op.startswith("<")
        if (up and self.crit < self.warn) or (down and self.crit > self.warn):
            side = "below" if up else "above"
            text = f"crit {self.crit:g} is {side} warn {self.warn:g} although worse is `{self.op}`"
            allowed = f"crit {'>=' if up else '<='} {self.warn:g}"
            raise Problems([Problem(at=("crit",), text=text, allowed=allowed)])
        return self


class Log(SiteModel):
    """An application log; lines that match `pattern` are counted as errors."""

    path: File = Field(description="an absolute path")
    pattern: Expression = Field(description="a Python regular expression")


class Keep(SiteModel):
    """What is agreed to be kept of a backup job; `since` is the day on which keeping it began."""

    copies: int | None = Field(default=None, ge=1, le=10_000, description="full sets, at least 1")
    days: int | None = Field(default=None, ge=1, le=36_600, description="days back, at least 1")
    since: date | None = Field(default=None, description="a date as YYYY-MM-DD")

    @model_validator(mode="after")
    def _of_something(self) -> Keep:
        if self.copies is None and self.days is None:
            raise Problems([Problem(at=(), text="`keep` says nothing", allowed="`copies`, `days` or both")])
        return self


class Backup(SiteModel):
    """A backup job; `every_h` is its schedule in hours. pgBackRest is asked by its stanza, sets by where they lie."""

    tool: Literal["pgbackrest", "mariadb-backup", "mysqldump", "restic", "manifest"]
    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$", description="the stanza's name, or a name for the job")
    every_h: float = Field(gt=0, le=8784, description="hours, above 0")
    off_host_every_h: float | None = Field(
        default=None, gt=0, le=8784, description="hours, above 0: the schedule of pgBackRest's repository off the host"
    )
    keep: Keep | None = Field(default=None, description="`copies` and `days` that are agreed to be kept")
    config: File | None = Field(default=None, description="an absolute path to pgBackRest's configuration")
    path: File | None = Field(
        default=None,
        description="an absolute path to the folder of the sets; for dumps also a pattern, like /b/his-*.sql.gz",
    )
    password_file: File | None = Field(
        default=None, description="an absolute path to the file of the host that holds restic's password"
    )
    tag: str | None = Field(default=None, min_length=1, description="a tag of restic's snapshots")
    binlogs: File | None = Field(
        default=None, description="an absolute path to the folder of the binary logs kept with mariadb-backup's sets"
    )

    @model_validator(mode="after")
    def _of_its_tool(self) -> Backup:
        owners = {
            "password_file": "restic", "tag": "restic", "binlogs": "mariadb-backup", "off_host_every_h": "pgbackrest",
        }  # fmt: skip
        for field, tool in owners.items():
            if getattr(self, field) is not None and self.tool != tool:
                raise Problems([Problem(at=(field,), text=f"{self.tool} has no `{field}`", allowed=f"{tool} only")])
        if self.tool == "restic" and self.password_file is None:
            text, allowed = "restic without a `password_file`", "`password_file`, a file on the host"
            raise Problems([Problem(at=("tool",), text=text, allowed=allowed)])
        return self

    @model_validator(mode="after")
    def _told_where(self) -> Backup:
        stanza = self.tool == "pgbackrest"
        if stanza and self.path is not None:
            raise Problems([Problem(at=("path",), text="pgbackrest has no `path`", allowed="`config`")])
        if not stanza and self.config is not None:
            raise Problems([Problem(at=("config",), text=f"{self.tool} has no `config`", allowed="`path`")])
        if not stanza and self.path is None:
            raise Problems(
                [Problem(at=("tool",), text=f"{self.tool} without a `path`", allowed="`path`, where its sets lie")]
            )
        return self


class Postgresql(SiteModel):
    """An instance of PostgreSQL, and how it is asked: by peer, or with a password in a file of the host, never here."""

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$", description="a name for the instance")
    host: str | None = Field(
        default=None, pattern=r"^[A-Za-z0-9/\[][^\s'\\]*$", description="a socket's folder or an address"
    )
    port: Port = Field(default=5432, description="a port from 1 to 65535")
    databases: tuple[str, ...] = Field(default=(), description="a list of databases; empty: all that can be entered")
    os_user: str = Field(
        default="postgres", pattern=r"^[a-z_][a-z0-9_-]*$", description="the user of the host as whom psql runs"
    )
    user: str | None = Field(default=None, min_length=1, description="a role of the database, by default os_user")
    passfile: File | None = Field(default=None, description="an absolute path to a file in the format of .pgpass")
    service: str | None = Field(default=None, pattern=r"^[A-Za-z0-9_.-]+$", description="a service of pg_service.conf")
    role: Literal["primary", "standby"] | None = Field(default=None, description="primary or standby")


class Mysql(SiteModel):
    """An instance of MySQL or MariaDB, and how it is asked: its password is in a file of the host, never here."""

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$", description="a name for the instance")
    socket: File | None = Field(default=None, description="an absolute path of its socket; left out: the client's own")
    host: str | None = Field(
        default=None, pattern=r"^[A-Za-z0-9\[][A-Za-z0-9.:\]-]*$", description="an address, in place of a socket"
    )
    port: Port = Field(default=3306, description="a port from 1 to 65535, with `host`")
    os_user: str = Field(
        default="mysql", pattern=r"^[a-z_][a-z0-9_-]*$", description="the user of the host as whom the client runs"
    )
    user: str | None = Field(
        default=None,
        pattern=r"^[^\s'\"]+$",
        description="an account, by default that of `defaults_file`, and without one os_user",
    )
    defaults_file: File | None = Field(default=None, description="an absolute path to a file in the format of .my.cnf")
    role: Literal["primary", "replica"] | None = Field(default=None, description="primary or replica")

    @model_validator(mode="after")
    def _one_way(self) -> Mysql:
        if self.socket is not None and self.host is not None:
            raise Problems([Problem(at=("host",), text="both `socket` and `host` are given", allowed="one of them")])
        return self


class Expectations(SiteModel):
    """What must be on a host; for all hosts, a group or one host."""

    units: tuple[Unit, ...] = Field(default=(), description="a list of systemd units, like nginx.service")
    ports: tuple[Port, ...] = Field(default=(), description="a list of ports from 1 to 65535")
    certificates: tuple[File, ...] = Field(default=(), description="a list of absolute paths")
    tls: tuple[Tls, ...] = Field(default=(), description="a list of address:port in quotes, like '127.0.0.1:8443'")
    probes: tuple[Probe, ...] = Field(default=(), description="a list of `name`, `url` …")
    gauges: tuple[Gauge, ...] = Field(default=(), description="a list of `name`, `url`, `metric` …")
    logs: tuple[Log, ...] = Field(default=(), description="a list of `path` and `pattern`")
    backups: tuple[Backup, ...] = Field(default=(), description="a list of `tool`, `name`, `every_h`")
    postgresql: tuple[Postgresql, ...] = Field(default=(), description="a list of `name`, `port`, `databases` …")
    mysql: tuple[Mysql, ...] = Field(default=(), description="a list of `name`, `socket`, `defaults_file` …")
    known_addresses: tuple[Network, ...] = Field(
        default=(), description="a list of address ranges in CIDR notation, like 10.1.0.0/16"
    )
    antivirus: bool | None = Field(default=None, description="true or false")

    @model_validator(mode="after")
    def _named_once(self) -> Expectations:
        problems = [
            *_twice("probes", [probe.name for probe in self.probes], "name"),
            *_twice("gauges", [gauge.name for gauge in self.gauges], "name"),
            *_twice("logs", [log.path for log in self.logs], "path"),
            *_twice("backups", [backup.name for backup in self.backups], "name"),
            *_twice("postgresql", [one.name for one in self.postgresql], "name"),
            *_twice("mysql", [one.name for one in self.mysql], "name"),
        ]
        if problems:
            raise Problems(problems)
        return self


def _twice(key: str, names: list[str], at: str) -> Iterable[Problem]:
    for place, name in enumerate(names):
        if name in names[:place]:
            yield Problem(at=(key, place, at), text=f"`{name}` stands twice in `{key}`", allowed="once")


class System(SiteModel):
    """A system under care: its name in documents, the hosts it runs on, the suites of functions.csv that it covers."""

    name_zh: str = Field(min_length=1, description="the system's name in the documents, like HIS 医院信息系统")
    groups: tuple[str, ...] = Field(default=(), description="a list of inventory groups")
    hosts: tuple[str, ...] = Field(default=(), description="a list of inventory hosts")
    suites: tuple[str, ...] = Field(default=(), description="a list of suites of functions.csv")


class Services(SiteModel):
    """services.yml. Keys of `systems` are ids, keys of `groups` and `hosts` are names of the inventory."""

    systems: dict[str, System] = Field(min_length=1, description="ids with `name_zh`, `groups`, `hosts`, `suites`")
    all: Expectations = Field(default=Expectations(), description="what must be on every host")
    groups: dict[str, Expectations] = Field(default={}, description="names of groups with what must be there")
    hosts: dict[str, Expectations] = Field(default={}, description="names of hosts with what must be there")

    @model_validator(mode="after")
    def _suites_once(self) -> Services:
        owners: dict[str, str] = {}
        problems = []
        for id_, system in self.systems.items():
            for place, suite in enumerate(system.suites):
                if suite in owners:
                    text = f"suite `{suite}` belongs to system `{owners[suite]}` already"
                    problems.append(
                        Problem(at=("systems", id_, "suites", place), text=text, allowed="one system a suite")
                    )
                owners.setdefault(suite, id_)
        if problems:
            raise Problems(problems)
        return self

    def system_of_suite(self, suite: str) -> str | None:
        """The id of the system that covers this suite of functions."""
        return next((id_ for id_, system in self.systems.items() if suite in system.suites), None)

    def backup_jobs(self) -> tuple[str, ...]:
        """The names of all backup jobs that are declared anywhere, each once."""
        places = (self.all, *self.groups.values(), *self.hosts.values())
        return tuple(dict.fromkeys(job.name for place in places for job in place.backups))
