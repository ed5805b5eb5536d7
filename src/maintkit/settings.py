"""What maintkit.yml sets: where things are, how hosts are reached, what is masked, who is at work."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field

from maintkit.errors import SiteError
from maintkit.sitefile import SiteModel, read

FILE = "maintkit.yml"
LEDGER_URL = "MAINTKIT_LEDGER_URL"


def _expression(text: str) -> str:
    """A regular expression that compiles and does not match the empty text, which would mask everything."""
    try:
        found = re.compile(text)
    except re.error as error:
        raise ValueError(f"not a regular expression ({error})") from None
    if found.match(""):
        raise ValueError("matches the empty text")
    return text


Expression = Annotated[str, AfterValidator(_expression)]


class SettingsFile(SiteModel):
    """maintkit.yml. Every key may be left out; paths are relative to the site."""

    ledger_url: str | None = Field(
        default=None,
        pattern=r"^(sqlite:///|postgresql(\+psycopg)?://).+",
        description="sqlite:///FILE or postgresql+psycopg://USER@HOST/DATABASE",
    )
    inventory: str = Field(default="inventory", min_length=1, description="a path to an Ansible inventory")
    anchors: str = Field(default="anchors", min_length=1, description="a directory for countersigned ledger heads")
    reports: str = Field(default="reports", min_length=1, description="a directory for documents")
    signers: str = Field(default="signers/allowed_signers", min_length=1, description="a file of allowed signers")
    engineer: str | None = Field(default=None, min_length=1, description="the name that records bear, like 张伟")
    organisation: str | None = Field(default=None, min_length=1, description="the organisation that works, by name")
    practice: bool = Field(default=False, description="true where all of it is an exercise; every document says so")
    forks: int = Field(default=50, ge=1, le=1000, description="a whole number from 1 to 1000")
    connect_timeout_s: int = Field(default=10, ge=1, le=600, description="whole seconds from 1 to 600")
    host_timeout_s: int = Field(default=120, ge=1, le=3600, description="whole seconds from 1 to 3600")
    redact_patterns: tuple[Expression, ...] = Field(
        default=(), description="Python regular expressions that match a secret, never the empty text"
    )


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The settings in force. Paths are absolute; timeouts are whole seconds, as Ansible takes them.

    `organisation` None: the provider's name in contract.yml stands for it. `engineer` None: the command asks for
    `--engineer` or takes the user's name.
    """

    root: Path
    ledger_url: str
    inventory: Path
    anchors: Path
    reports: Path
    signers: Path
    engineer: str | None
    organisation: str | None
    practice: bool
    forks: int
    connect_timeout_s: int
    host_timeout_s: int
    redact_patterns: tuple[re.Pattern[str], ...]


def load_settings(site: Path, environment: Mapping[str, str] = os.environ) -> Settings:
    """The settings of a site; MAINTKIT_LEDGER_URL overrides the ledger. SiteError if `site` is no site."""
    root = site.absolute()
    path = root / FILE
    if not path.is_file():
        raise SiteError(
            f"{site}: no site, because it has no {FILE}",
            hint="make a site with `maintkit init DIR`, or name one with `--site DIR`",
        )
    file = read(path, SettingsFile)
    return Settings(
        root=root,
        ledger_url=_ledger_url(root, environment.get(LEDGER_URL) or file.ledger_url),
        inventory=root / file.inventory,
        anchors=root / file.anchors,
        reports=root / file.reports,
        signers=root / file.signers,
        engineer=file.engineer,
        organisation=file.organisation,
        practice=file.practice,
        forks=file.forks,
        connect_timeout_s=file.connect_timeout_s,
        host_timeout_s=file.host_timeout_s,
        redact_patterns=tuple(re.compile(pattern) for pattern in file.redact_patterns),
    )


def _ledger_url(root: Path, url: str | None) -> str:
    """Absolute, because a relative SQLite path would follow the directory that the command runs in."""
    kind = "sqlite:///"
    if url is None:
        return f"{kind}{root / 'ledger' / 'ledger.db'}"
    return f"{kind}{root / url.removeprefix(kind)}" if url.startswith(kind) else url
