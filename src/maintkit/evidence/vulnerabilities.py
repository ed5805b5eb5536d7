"""Advisory data and checks in the ledger (docs/vulnerabilities.md)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import date, datetime, tzinfo
from typing import Any

from maintkit.clock import from_text, to_text
from maintkit.errors import NotFound
from maintkit.evidence.advisory import Advisories, Advisory, Check, Data, Hit, Looked, Vendor
from maintkit.evidence.entry import Draft, Entry
from maintkit.evidence.ledger import Ledger

IMPORTED = "advisories.imported"
CHECKED = "vulnerability.checked"
LARGEST = 40 * 1024 * 1024  # of one release: Ubuntu's CVEs are many, and an export writes it on one line
_FIELDS = ("cve", "fixed", "urgency", "undetermined", "needs")  # entries of before have no `needs`


def keep(
    ledger: Ledger, found: Mapping[str, Advisories], *, origin: str, dated: date, file_sha256: str, by: str,
    vendor: Vendor = "debian", left_out: int = 0,
) -> tuple[Entry, ...]:  # fmt: skip
    """Record advisory data, a release an entry, with where they come from and how old they are."""
    about = {"origin": origin, "dated": dated.isoformat(), "file_sha256": file_sha256, "by": by,
             "vendor": vendor, "left_out": left_out}  # fmt: skip
    return ledger.append_all([_draft(ledger, release, known, about) for release, known in found.items()])


def _draft(ledger: Ledger, release: str, known: Advisories, about: Mapping[str, Any]) -> Draft:
    rows = {name: [[getattr(one, field) for field in _FIELDS] for one in of] for name, of in known.items()}
    packed = json.dumps(rows, separators=(",", ":"), sort_keys=True).encode()
    content = ledger.seal(packed, cap_bytes=LARGEST)
    body = {
        **about,
        "release": release,
        "content": content.sha256,
        "packages": len(rows),
        "advisories": sum(map(len, rows.values())),
    }
    return Draft(kind=IMPORTED, body=body, subject=release, attachments=[content])


def newest_data(ledger: Ledger, release: str) -> Data | None:
    """The data of a release that were fetched last; of those of one day, the ones imported last."""
    held = [_data(entry.body, entry.at) for entry in ledger.entries(kind=IMPORTED, subject=release)]
    return max(held, key=lambda one: (one.dated, one.imported_at), default=None)


def advisories(ledger: Ledger, data: Data) -> Advisories:
    """What imported data say, by source package or, of Ubuntu's, by binaries."""
    rows = json.loads(ledger.attachment(data.content))
    return {name: tuple(Advisory(**dict(zip(_FIELDS, row, strict=False))) for row in of) for name, of in rows.items()}


def _data(body: Mapping[str, Any], imported_at: datetime) -> Data:
    known = {key: body[key] for key in Data.__dataclass_fields__ if key not in ("dated", "imported_at") and key in body}
    return Data(**known, dated=date.fromisoformat(body["dated"]), imported_at=imported_at)


def record(
    ledger: Ledger, hosts: Sequence[Looked], hits: Sequence[Hit], data: Sequence[Data], *, by: str, zone: tzinfo
) -> Check:
    """Record a check, under the next number of its day; what was found is the entry's attachment."""
    with ledger.writing("vulnerability check"):
        day = f"V{ledger.clock.now().astimezone(zone):%Y%m%d}"
        taken = sum((entry.run or "").startswith(f"{day}-") for entry in ledger.entries(kind=CHECKED))
        found = {"hosts": [_plain(one) for one in hosts], "hits": [_plain(hit) for hit in hits]}
        content = ledger.seal(json.dumps(found, separators=(",", ":")).encode())
        counts = {state: sum(hit.state == state for hit in hits) for state in ("fixable", "open", "undetermined")}
        body = {"by": by, "data": [_plain(one) for one in data], "content": content.sha256, "counts": counts,
                "expected": len(hosts), "looked_at": sum(not one.reason for one in hosts)}  # fmt: skip
        entry = ledger.append(CHECKED, body, run=f"{day}-{taken + 1}", attachments=[content])
    return _check(ledger, entry)


def checks(ledger: Ledger) -> Iterator[Check]:
    """Every check, newest first."""
    for entry in ledger.entries(kind=CHECKED, newest_first=True):
        yield _check(ledger, entry)


def check(ledger: Ledger, number: str | None = None) -> tuple[Check, Check | None]:
    """The check of this number (the newest), and the one before it; raises NotFound."""
    held = ledger.entries(kind=CHECKED, newest_first=True)
    for entry in held:
        if number in (None, entry.run):
            before = next(held, None)
            return _check(ledger, entry), _check(ledger, before) if before else None
    what = f"check {number!r}" if number else "vulnerability check"
    raise NotFound(f"no {what} in the ledger", hint="run `maintkit vulnerability check` first")


def _check(ledger: Ledger, entry: Entry) -> Check:
    body = entry.body
    found = json.loads(ledger.attachment(body["content"]))
    return Check(
        number=entry.run or "",
        at=entry.at,
        by=body["by"],
        data=tuple(_data(one, from_text(one["imported_at"])) for one in body["data"]),
        hosts=tuple(Looked(**{**one, "listed_at": _instant(one["listed_at"])}) for one in found["hosts"]),
        hits=tuple(Hit(**one) for one in found["hits"]),
        seq=entry.seq,
        hash=entry.hash,
        invented=tuple(dict.fromkeys(_invented(ledger, found["hosts"]))),
    )


def _invented(ledger: Ledger, hosts: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    runs = {one.run for one in ledger.entries(kind="inspection.started") if one.body["simulated"]}
    for host in hosts if runs else ():
        told = ledger.entries(kind="facts.collected", subject=host["host"], newest_first=True)
        yield from (one.run or "" for one in told if one.run in runs and one.body["facts"] == host["facts"])


def _instant(text: str | None) -> datetime | None:
    return from_text(text) if text else None


def _plain(one: Looked | Hit | Data) -> dict[str, Any]:
    return {
        key: to_text(value) if isinstance(value, datetime) else value.isoformat() if isinstance(value, date) else value
        for key, value in asdict(one).items()
    }
