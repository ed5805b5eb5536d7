"""The order of recovery: refused where it cannot be followed."""

from __future__ import annotations

from pathlib import Path

import pytest

from maintkit.contract.recovery import Recovery
from maintkit.contract.services import Services
from maintkit.errors import SiteError
from maintkit.sitefile import load

HEAD = "systems:\n  - {system: HIS, rto: 2 h, rpo: 15 min}\n"


def told(text: str, tmp_path: Path) -> str:
    path = tmp_path / "recovery.yml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(SiteError) as raised:
        load(path, Recovery)
    return str(raised.value).removeprefix(f"{path}:")


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ("  - {system: HIS, rto: 2 h, rpo: 0 min}\n", "3: system `HIS` stands twice"),
        ("  - {system: EMR, rto: 2 h, rpo: 0 min, after: [LIS]}\n", "3: `EMR` needs `LIS`"),
        ("  - {system: EMR, rto: 2 h, rpo: 0 min, after: [HSI]}\n", "did you mean `HIS`?"),
        ("  - {system: EMR, rto: 2 h, rpo: 0 min, after: [EMR]}\n", "3: `EMR` needs `EMR`"),
        ("  - {system: EMR, rto: 3 wd, rpo: 0 min}\n", "minutes or hours"),
        ("  - {system: EMR, rto: 2 h}\n", "3: `rpo` is missing"),
        ("contacts: [{name: 厂商}]\n", "3: `phone` is missing"),
    ],
)
def test_an_order_that_cannot_be_followed_is_told_by_line(more: str, said: str, tmp_path: Path) -> None:
    """A system needs only those before it; lengths run around the clock."""
    assert said in told(HEAD + more, tmp_path)


def test_systems_and_jobs_that_services_does_not_have_are_told() -> None:
    """Each where it stands."""
    known = Services.model_validate(
        {
            "systems": {"HIS": {"name_zh": "医院"}},
            "groups": {"db": {"backups": [{"tool": "pgbackrest", "name": "his", "every_h": 24}]}},
        }
    )
    promised = [
        {"system": "HIS", "rto": "2 h", "rpo": "1 h", "backups": ["hs"]},
        {"system": "EMR", "rto": "2 h", "rpo": "1 h", "after": ["HIS"]},
    ]
    recovery = Recovery.model_validate({"systems": promised})
    found = list(recovery.unknown(list(known.systems), known.backup_jobs()))
    assert [problem.at for problem in found] == [("systems", 0, "backups", 0), ("systems", 1, "system")]
    assert "did you mean `his`?" in found[0].text
