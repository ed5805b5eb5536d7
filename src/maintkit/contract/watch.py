"""watch.yml: how every function of the catalogue is watched, by a probe or by a person."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from maintkit.contract.services import Port, Url
from maintkit.sitefile import Problem, Problems, SiteModel

Address = Annotated[str, Field(pattern=r"^[A-Za-z0-9\[][A-Za-z0-9.:\]-]*$")]
HostName = Annotated[str, Field(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.-]*$")]
Title = Annotated[str, Field(pattern=r"^[ -~]{1,16}$")]
LIMIT = "seconds, above 0 and at most 60"


class Secret(SiteModel):
    """Where a password is: an environment variable, or a file that only the user who runs maintkit can read."""

    env: str | None = Field(default=None, pattern=r"^[A-Za-z_][A-Za-z0-9_]*$", description="an environment variable")
    file: str | None = Field(default=None, min_length=1, description="a path; a relative one is in the site")

    @model_validator(mode="before")
    @classmethod
    def _no_password(cls, value: Any) -> Any:
        if not isinstance(value, dict):  # never told in a message: it may be the password
            raise Problems([Problem(text="a value stands where only its place may", allowed="`env` or `file`")])
        return value

    @model_validator(mode="after")
    def _one(self) -> Secret:
        if (self.env is None) == (self.file is None):
            raise Problems([Problem(text="a secret stands in one place", allowed="either `env` or `file`")])
        return self


class Http(SiteModel):
    """A GET; the answer must have `status` and hold `contains`."""

    url: Url = Field(description="an http:// or https:// address without a user or password in it")
    status: int = Field(default=200, ge=100, le=599, description="an HTTP status")
    contains: str | None = Field(default=None, min_length=1, description="a text")
    ca: str | None = Field(default=None, min_length=1, description="a path to the certificates to trust")


class Tcp(SiteModel):
    """A connection that must be taken; nothing is sent. It shows that a port is open, not that the function works."""

    host: Address = Field(description="a name or an address")
    port: Port = Field(description="a port from 1 to 65535")


class Sql(SiteModel):
    """A query in a read-only transaction; the first value of its first row must be there, and be `expect`."""

    engine: Literal["postgresql", "mariadb"]
    host: str = Field(pattern=r"^[A-Za-z0-9\[/][^\x00-\x20]*$", description="a name, an address or a socket's path")
    port: Port | None = Field(default=None, description="a port from 1 to 65535")
    database: str = Field(min_length=1, description="a database")
    user: str = Field(min_length=1, description="a database user that may only read")
    password: Secret | None = Field(default=None, description="`env` or `file`")
    query: str = Field(min_length=1, description="one SELECT")
    expect: str | None = Field(default=None, description="a text, in quotes")


class Dicom(SiteModel):
    """A C-ECHO; the titles are the partners' application entities."""

    host: Address = Field(description="a name or an address")
    port: Port = Field(description="a port from 1 to 65535")
    called: Title = Field(description="an AE title of at most 16 characters")
    calling: Title = Field(default="MAINTKIT", description="an AE title of at most 16 characters")


class Hl7(SiteModel):
    """A QRY^A19 over MLLP, which asks and changes nothing; its acknowledgement must be AA."""

    host: Address = Field(description="a name or an address")
    port: Port = Field(description="a port from 1 to 65535")
    application: str = Field(pattern=r"^[^|^~\\&\x00-\x1f]+$", description="the receiving application, MSH-5")
    facility: str = Field(pattern=r"^[^|^~\\&\x00-\x1f]+$", description="the receiving facility, MSH-6")
    patient: str = Field(
        default="MAINTKIT", pattern=r"^[A-Za-z0-9_-]+$", description="the id of a test patient, never a real one"
    )


class File(SiteModel):
    """A file of the machine that runs maintkit (or mounted there) that must be young enough."""

    path: str = Field(pattern=r"^/[^\x00-\x1f]+$", description="an absolute path")
    max_age_min: float = Field(gt=0, description="minutes, above 0")


class Command(SiteModel):
    """A program on the machine that runs maintkit, without a shell; 0 is well."""

    argv: tuple[str, ...] = Field(min_length=1, description="a list: the program and its arguments, no secret")
    contains: str | None = Field(default=None, min_length=1, description="a text")


KINDS = ("http", "tcp", "sql", "dicom", "hl7", "file", "command")
Kind = Http | Tcp | Sql | Dicom | Hl7 | File | Command


class WatchProbe(SiteModel):
    """One question and the functions that its answer speaks for."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$", description="a name like his-web")
    covers: tuple[int, ...] = Field(min_length=1, description="a list of seq of functions.csv")
    hosts: tuple[HostName, ...] = Field(default=(), description="a list of hosts of the inventory that it is of")
    timeout_s: float = Field(default=10, gt=0, le=60, description=LIMIT)
    latency_ms: float | None = Field(default=None, gt=0, description="milliseconds, above 0")
    http: Http | None = Field(default=None, description="`url`, `status`, `contains`, `ca`")
    tcp: Tcp | None = Field(default=None, description="`host`, `port`")
    sql: Sql | None = Field(default=None, description="`engine`, `host`, `database`, `user`, `query` …")
    dicom: Dicom | None = Field(default=None, description="`host`, `port`, `called`, `calling`")
    hl7: Hl7 | None = Field(default=None, description="`host`, `port`, `application`, `facility`")
    file: File | None = Field(default=None, description="`path`, `max_age_min`")
    command: Command | None = Field(default=None, description="`argv`, `contains`")

    @model_validator(mode="after")
    def _one_kind(self) -> WatchProbe:
        said = [kind for kind in KINDS if getattr(self, kind) is not None]
        if len(said) != 1:
            text = f"probe `{self.name}` asks in {len(said)} ways"
            raise Problems([Problem(text=text, allowed=f"one of {', '.join(KINDS)}")])
        return self

    @property
    def kind(self) -> str:
        """The word of watch.yml for how it asks."""
        return next(kind for kind in KINDS if getattr(self, kind) is not None)

    @property
    def question(self) -> Kind:
        """What it asks."""
        found: Kind = getattr(self, self.kind)
        return found


class Manual(SiteModel):
    """Functions that a person tries every week, and how."""

    covers: tuple[int, ...] = Field(min_length=1, description="a list of seq of functions.csv")
    how: str = Field(min_length=1, description="what the person does and must see")


class Watch(SiteModel):
    """watch.yml. A function that nothing here covers is shown as uncovered; one may be covered several times."""

    probes: tuple[WatchProbe, ...] = Field(default=(), description="a list of `name`, `covers` and how to ask")
    manual: tuple[Manual, ...] = Field(default=(), description="a list of `covers` and `how`")

    @model_validator(mode="after")
    def _named_once(self) -> Watch:
        names = [probe.name for probe in self.probes]
        twice = [
            Problem(at=("probes", place, "name"), text=f"probe `{name}` stands twice", allowed="once")
            for place, name in enumerate(names)
            if name in names[:place]
        ]
        if twice:
            raise Problems(twice)
        return self

    def probes_of(self, seq: int) -> tuple[WatchProbe, ...]:
        """The probes that speak for a function, in the order of the file."""
        return tuple(probe for probe in self.probes if seq in probe.covers)

    def manual_of(self, seq: int) -> str | None:
        """What a person does for a function; None where nobody need."""
        said = [manual.how for manual in self.manual if seq in manual.covers]
        return "；".join(said) or None

    def unknown(self, seqs: Iterable[int]) -> Iterator[Problem]:
        """The functions named here that the catalogue does not have."""
        known = set(seqs)
        named = [(("probes", place), probe.covers) for place, probe in enumerate(self.probes)]
        named += [(("manual", place), row.covers) for place, row in enumerate(self.manual)]
        for at, covers in named:
            for number, seq in enumerate(covers):
                if seq not in known:
                    text = f"functions.csv has no function {seq}"
                    yield Problem(at=(*at, "covers", number), text=text, allowed="a seq of functions.csv")
