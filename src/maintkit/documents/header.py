"""The facts of the contract that stand at the head of every record."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import tzinfo

from maintkit.documents.model import KeyValue, Party, SignOff

STANDARD = ("服务方工程师", "采购人系统负责人")  # who signs where a document has no other people


@dataclass(frozen=True, kw_only=True)
class Header:
    """Parties and contract as contract.yml names them; `zone` is the contract's time zone.

    `systems` gives the printed name of a system key (`his` -> `医院信息系统`); a key without one stands as it is.
    `practice`: nothing of the site is real.
    """

    hospital: str
    provider: str
    contract_number: str
    contract_title: str
    zone: tzinfo
    systems: Mapping[str, str] = field(default_factory=dict)
    practice: bool = False

    def system(self, key: str) -> str:
        """The printed name of a system."""
        return self.systems.get(key, key)


def parties(header: Header) -> tuple[KeyValue, ...]:
    """采购人, 服务方 and contract, the first lines of every cover."""
    return (
        KeyValue(label="采购人", text=header.hospital),
        KeyValue(label="服务方", text=header.provider),
        KeyValue(label="合同名称", text=header.contract_title),
        KeyValue(label="合同编号", text=header.contract_number),
    )


def sign_off(header: Header, statement: str) -> SignOff:
    """The signatures of the provider's engineer and the hospital's system owner."""
    return SignOff(
        statement=statement,
        parties=(
            Party(role=STANDARD[0], organisation=header.provider),
            Party(role=STANDARD[1], organisation=header.hospital),
        ),
    )
