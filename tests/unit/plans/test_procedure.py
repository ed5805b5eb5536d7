"""What a person may set, read exactly or refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from maintkit.errors import ChangeRefused, SiteError
from maintkit.plans.procedure import Procedure, load_procedure

ROOT = Path(__file__).parents[3]
SAFE = 2**53


@pytest.fixture(scope="module")
def reindex() -> Procedure:
    """A procedure with whole and broken numbers."""
    return load_procedure(ROOT, "reindex")


def number(procedure: Procedure, kind: str) -> str:
    """The name of one of its parameters of this type."""
    return next(name for name, one in procedure.settable().items() if one.type == kind)


def test_a_number_is_read_as_it_is_written(reindex: Procedure) -> None:
    """Up to the last integer that a JSON number holds."""
    whole, broken = number(reindex, "int"), number(reindex, "float")
    told = reindex.parse([f"{whole}={SAFE - 1}", f"{broken}=0.5"])
    assert told == {whole: SAFE - 1, broken: 0.5}


@pytest.mark.parametrize(
    ("kind", "text"), [("int", str(SAFE)), ("int", str(-SAFE)), ("float", "nan"), ("float", "-inf")]
)
def test_a_number_that_would_be_signed_as_another_is_refused(reindex: Procedure, kind: str, text: str) -> None:
    """What people sign is JSON: there it would become the nearest double, or no number at all."""
    with pytest.raises(ChangeRefused, match=rf"--set .*={text}: no number that a plan can hold exactly"):
        reindex.parse([f"{number(reindex, kind)}={text}"])


@pytest.mark.parametrize("text", [str(SAFE), "1e400", "[1, {deep: -1e400}]"])
def test_a_file_is_held_to_the_same(reindex: Procedure, tmp_path: Path, text: str) -> None:
    """However deep it stands, with the line of the parameter."""
    name = number(reindex, "int")
    path = tmp_path / "vars.yml"
    path.write_text(f"# a comment\n{name}: {text}\n", encoding="utf-8")
    with pytest.raises(SiteError, match=r"vars\.yml:2: .*no number that a plan can hold exactly"):
        reindex.read(path)


def test_two_measures_of_one_name_are_refused_by_line(reindex: Procedure, tmp_path: Path) -> None:
    """The record tells figures by the name: one of the two would be lost. A gate needs no name."""
    path = tmp_path / "vars.yml"
    one = "{name: visits, database: his, statement: SELECT 1}"
    path.write_text(f"measures:\n  - {one}\n  - {one}\n", encoding="utf-8")
    with pytest.raises(SiteError, match=r"vars\.yml:3: two of `measures` have the name 'visits'; allowed: one each"):
        reindex.read(path)
    gates = "gates:\n  - {kind: port, port: 80, name: web}\n  - {kind: port, port: 81}\n  - {kind: port, port: 82}\n"
    path.write_text(gates, encoding="utf-8")
    assert len(reindex.read(path)["gates"]) == 3  # type: ignore[arg-type]
    path.write_text(f"{gates}  - {{kind: port, port: 83, name: web}}\n", encoding="utf-8")
    with pytest.raises(SiteError, match=r"vars\.yml:5: two of `gates` have the name 'web'"):
        reindex.read(path)
