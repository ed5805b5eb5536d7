"""What every fact is: typed, immutable, and from a section that says how it went."""

from __future__ import annotations

from typing import Annotated, Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field

# What a counter of a kernel can hold. A number beyond it is no fact, and arithmetic with it could end an inspection.
Whole = Annotated[int, Field(ge=-(2**63), lt=2**64)]
Instant = Annotated[float, Field(ge=0, lt=253402300800)]  # up to the end of the year 9999

SectionStatus = Literal["ok", "absent", "denied", "timeout", "error"]


class Fact(BaseModel):
    """Base of every fact: immutable, tolerant of fields it does not know."""

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)


DataT_co = TypeVar("DataT_co", bound=Fact, covariant=True)


class Section(Fact, Generic[DataT_co]):
    """One sub-collector's result.

    ok: `data` is there, perhaps without the fields named in `withheld` (field -> why, e.g. "needs root: /etc/shadow").
    absent: the host has no such thing (no systemd, no MD driver). denied: a privilege is missing, `reason` names it.
    timeout, error: `reason` says what happened.
    """

    status: SectionStatus
    reason: str | None = None
    how: tuple[str, ...] = ()
    took_ms: Whole = 0
    truncated: bool = False
    withheld: dict[str, str] = Field(default_factory=dict)
    data: DataT_co | None = None
