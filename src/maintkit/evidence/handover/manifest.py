"""What a handover package holds: every file with its hash, in one text that is signed."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from maintkit.errors import HandoverRefused

FORMAT: Literal["maintkit.handover/1"] = "maintkit.handover/1"
NAMESPACE = "maintkit-handover@maintkit"
MANIFEST = "manifest.json"
SIGNATURE = "manifest.json.sig"
EXPORT = "ledger/ledger.jsonl.gz"
ANCHORS = "ledger/anchors/"

Kind = Literal["document", "list", "ledger", "anchor", "signers", "site", "inventory", "knowledge"]
MOST_FILES = 100_000
_LONGEST = 512


def unsafe(name: str) -> str | None:
    """Why a name must not be used as a path inside a package; None when it may."""
    if not name or len(name) > _LONGEST:
        return "its name is empty or too long"
    if name.startswith("/") or ":" in name.split("/", 1)[0]:
        return "its name is absolute"
    if any(part in ("", ".", "..") for part in name.split("/")):
        return "its name leads out of the package, or nowhere"
    if "\\" in name or not name.isprintable():
        return "its name holds a backslash or a character that cannot be shown"
    return None


def _path(name: str) -> str:
    why = unsafe(name)
    if why:
        raise ValueError(why)
    return name


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Item(_Part):
    """One file. `title` says what it is; `draft`: a document in which a person's words are still missing."""

    path: Annotated[str, AfterValidator(_path)]
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    size: int = Field(ge=0)
    kind: Kind
    title: str
    draft: bool = False


class LeftOut(_Part):
    """A file of the site that was not packed, and why."""

    path: str
    reason: str


class Manifest(_Part):
    """The signed list. `at` is the instant of the ledger's last entry: nothing here is the time of packing.

    `since` and `until` bound the documents (both days included, in the contract's time zone); None: no bound. The
    ledger in the package is always whole.
    """

    format: Literal["maintkit.handover/1"] = FORMAT
    hospital: str
    provider: str
    contract: str
    ledger: str
    seq: int = Field(ge=1)
    head: str = Field(pattern=r"^[0-9a-f]{64}$")
    at: AwareDatetime
    since: date | None
    until: date | None
    left_out: tuple[LeftOut, ...]
    files: tuple[Item, ...] = Field(max_length=MOST_FILES)

    @property
    def text(self) -> str:
        """The very text that is signed, the same for the same content."""
        return self.model_dump_json(indent=1) + "\n"


def parse(text: bytes) -> Manifest:
    """A manifest's content; HandoverRefused when it is none, or names a file twice or out of order."""
    try:
        made = Manifest.model_validate_json(text)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, first["loc"]))
        raise HandoverRefused(
            f"{MANIFEST}: {where}: {first['msg']}", hint="ask for the package anew: this is no handover of maintkit"
        ) from error
    paths = [item.path for item in made.files]
    if paths != sorted(set(paths)) or {MANIFEST, SIGNATURE} & set(paths):
        raise HandoverRefused(f"{MANIFEST}: its files are not named once each, in order", hint="ask for it anew")
    return made
