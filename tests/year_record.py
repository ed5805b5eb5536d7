"""Records what booted hosts of the practice hospital answer: the base that the played year changes day by day.

    make lab-up                                                # the practice hospital and its site (docs/hospital.md)
    maintkit inspect --deep --site build/hospital
    PYTHONPATH=tests .venv/bin/python tests/year_record.py build/hospital

Writes tests/year/recorded/his-app1.json and his-db1.json, a line a section: the collector's documents as the ledger has
them, but for what is the machine's under the lab and not the host's: the kernel's release, boot id and machine-id,
mounts below /run/host, fingerprints of keys. The year has no entry server: the certificates of his-web1 are told by
his-app1.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from maintkit.clock import SystemClock
from maintkit.evidence import history
from maintkit.evidence.ledger import Ledger
from maintkit.evidence.redact import Redactor
from maintkit.settings import load_settings

PLACE = Path(__file__).parent / "year" / "recorded"
KERNEL = "6.1.0-0-amd64"


def main(site: Path) -> None:
    url = load_settings(site).ledger_url
    with Ledger.open(url, clock=SystemClock(), redactor=Redactor(), read_only=True) as ledger:
        found = {name: _facts(ledger, name) for name in ("his-app1", "his-db1", "his-web1")}
    found["his-app1"]["sections"]["certificates"] = found["his-web1"]["sections"]["certificates"]
    PLACE.mkdir(exist_ok=True)
    for name in ("his-app1", "his-db1"):
        document = _scrubbed(found[name])
        head = json.dumps({key: value for key, value in document.items() if key != "sections"}, ensure_ascii=False)
        sections = (f"{json.dumps(key)}: {json.dumps(told, ensure_ascii=False, separators=(',', ':'))}"
                    for key, told in document["sections"].items())  # fmt: skip
        text = head[:-1] + ', "sections": {\n' + ",\n".join(sections) + "\n}}\n"
        (PLACE / f"{name}.json").write_text(text, encoding="utf-8")


def _facts(ledger: Ledger, host: str) -> dict[str, Any]:
    told = history.last_facts(ledger, host)
    if told is None:
        raise SystemExit(f"{host} has not answered: `maintkit inspect --deep` first")
    document: dict[str, Any] = json.loads(told[1])
    return document


def _scrubbed(document: dict[str, Any]) -> dict[str, Any]:
    sections = document["sections"]
    host, kernel = sections["host"]["data"], sections["kernel"]["data"]
    host |= {"kernel": KERNEL, "boot_id": "00000000-0000-4000-8000-000000000000", "machine_id": "0" * 32}
    kernel["running"] = KERNEL
    mounts = sections["filesystems"]["data"]["mounts"]
    sections["filesystems"]["data"]["mounts"] = [one for one in mounts if not one["mount"].startswith("/run/host")]
    for key in sections["authorized_keys"]["data"]["keys"]:
        key["fingerprint"] = f"SHA256:{'A' * 43}"
    return document


if __name__ == "__main__":
    main(Path(sys.argv[1]))
