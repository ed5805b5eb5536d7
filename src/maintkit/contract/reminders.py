"""reminders.yml: who is told of what falls due, and how. No secret stands in it, only where one is."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, get_args

from pydantic import Field, model_validator

from maintkit.contract.services import Port, Url
from maintkit.contract.watch import Address, Secret
from maintkit.errors import SiteError
from maintkit.sitefile import Problem, Problems, SiteModel, read

FILE = "reminders.yml"
MAIL = "an e-mail address"
Mailbox = Annotated[str, Field(pattern=r"^[^@\s<>,;\x00-\x1f]+@[^@\s<>,;\x00-\x1f]+$")]
State = Literal["due-soon", "overdue", "lacking", "undetermined"]
About = Literal["duty", "incident", "ticket", "register", "knowledge"]
ABOUT: tuple[About, ...] = get_args(About)


class Email(SiteModel):
    """A mail by SMTP. `none` of security sends in the clear, and takes no password."""

    host: Address = Field(description="a name or an address")
    port: Port | None = Field(default=None, description="a port from 1 to 65535  [default: 587, with tls 465]")
    security: Literal["starttls", "tls", "none"] = Field(default="starttls")
    ca: str | None = Field(default=None, min_length=1, description="a path to the certificates to trust")
    user: str | None = Field(default=None, min_length=1, description="a user of the mail server")
    password: Secret | None = Field(default=None, description="`env` or `file`")
    sender: Mailbox = Field(description=MAIL)
    to: tuple[Mailbox, ...] = Field(min_length=1, description="a list of e-mail addresses")

    @property
    def at_port(self) -> int:
        """The port it is reached at: that of mail submission, or of SMTP inside TLS from the first byte."""
        return self.port or (465 if self.security == "tls" else 587)

    @model_validator(mode="after")
    def _whole(self) -> Email:
        if (self.user is None) != (self.password is None):
            raise Problems([Problem(text="a user and a password belong together", allowed="both or none")])
        if self.password is not None and self.security == "none":
            text = "a password would cross the network in the clear"
            raise Problems([Problem(at=("security",), text=text, allowed="starttls or tls")])
        return self


class Wecom(SiteModel):
    """The webhook of a group robot of WeCom (企业微信群机器人); its address is the secret."""

    url: Secret = Field(description="`env` or `file`, where the robot's whole address stands")
    ca: str | None = Field(default=None, min_length=1, description="a path to the certificates to trust")
    proxy: Url | None = Field(default=None, description="an http:// address of a proxy without a user or password")


class Program(SiteModel):
    """A program of this machine, without a shell; the reminder comes on stdin as JSON, 0 says that it was taken."""

    argv: tuple[str, ...] = Field(min_length=1, description="a list: the program and its arguments, no secret")


KINDS = ("email", "wecom", "command")
Kind = Email | Wecom | Program


class Hook(SiteModel):
    """One way in which people are told of something. `within_s` bounds all its attempts together."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$", description="a name like it-mail")
    within_s: float = Field(default=60, gt=0, le=600, description="seconds, above 0 and at most 600")
    about: tuple[About, ...] = Field(default=ABOUT, min_length=1, description=f"a list of {', '.join(ABOUT)}")
    email: Email | None = Field(default=None, description="`host`, `sender`, `to` …")
    wecom: Wecom | None = Field(default=None, description="`url`")
    command: Program | None = Field(default=None, description="`argv`")

    @model_validator(mode="after")
    def _one_kind(self) -> Hook:
        said = [kind for kind in KINDS if getattr(self, kind) is not None]
        if len(said) != 1:
            text = f"hook `{self.name}` tells in {len(said)} ways"
            raise Problems([Problem(text=text, allowed=f"one of {', '.join(KINDS)}")])
        return self

    @property
    def way(self) -> Kind:
        """How it tells."""
        found = self.email or self.wecom or self.command
        if found is None:
            raise ValueError(f"hook {self.name} tells in no way")
        return found

    @property
    def secret(self) -> Secret | None:
        """Where its secret is; None when it has none."""
        way = self.way
        return way.password if isinstance(way, Email) else way.url if isinstance(way, Wecom) else None


class Reminders(SiteModel):
    """reminders.yml: what is told of, and to whom. A clock is due soon when so many percent of its time are left."""

    states: tuple[State, ...] = Field(default=("due-soon", "overdue", "lacking"), min_length=1)
    clock_left: int = Field(default=35, ge=1, le=90, description="percent of a clock's time, 1 to 90")
    hooks: tuple[Hook, ...] = Field(min_length=1, description="a list of `name` and one of `email`, `wecom`, `command`")

    @model_validator(mode="after")
    def _named_once(self) -> Reminders:
        names = [hook.name for hook in self.hooks]
        twice = [
            Problem(at=("hooks", place, "name"), text=f"hook `{name}` stands twice", allowed="once")
            for place, name in enumerate(names)
            if name in names[:place]
        ]
        if twice:
            raise Problems(twice)
        return self


def load_reminders(root: Path) -> Reminders:
    """What reminders.yml of a site says; SiteError when there is none, or by line."""
    path = root / FILE
    if not path.exists():
        raise SiteError(f"{path}: no such file", hint="docs/duties.md shows one to begin with")
    return read(path, Reminders)
