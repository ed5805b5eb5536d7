"""People of the contract, by name and telephone."""

from __future__ import annotations

from pydantic import Field

from maintkit.sitefile import SiteModel

PHONE = r"^[0-9+(][0-9 ()+-]{4,24}$"


class Person(SiteModel):
    """Somebody who can be called."""

    name: str = Field(min_length=1, description="a person's name")
    role_zh: str = Field(default="", description="what the person does, like 信息科主任")
    phone: str = Field(pattern=PHONE, description="a telephone number in quotes, like '010-12345678'")
    email: str | None = Field(default=None, pattern=r"^[^@\s]+@[^@\s]+$", description="an e-mail address")
