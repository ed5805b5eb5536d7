"""functions.csv: the catalogue of functions under care."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

from maintkit.contract.services import Services
from maintkit.sitefile import near, read_text, refuse

COLUMNS = ("seq", "suite", "suite_zh", "category_zh", "function_zh")


@dataclass(frozen=True, kw_only=True)
class Function:
    """One function. `system` is the id of the system of services.yml that covers its suite."""

    seq: int
    suite: str
    suite_zh: str
    category_zh: str
    function_zh: str
    system: str


def load_functions(path: Path, services: Services) -> tuple[Function, ...]:
    """The catalogue in its order; SiteError names every bad line, also a suite that no system covers."""
    lines = _rows(path)
    suites = [suite for system in services.systems.values() for suite in system.suites]
    functions: list[Function] = []
    found: list[tuple[int, str]] = []
    seen: dict[str, int] = {}
    for line, row in lines:
        problem = _problem(row) or _repeated(row, seen) or _uncovered(row, suites)
        if problem:
            found.append((line, problem))
            continue
        seen[row[0]] = line
        system = services.system_of_suite(row[1]) or ""
        functions.append(_function(row, system))
    if found:
        refuse(path, found)
    return tuple(functions)


def _function(row: list[str], system: str) -> Function:
    seq, suite, suite_zh, category_zh, function_zh = row
    return Function(
        seq=int(seq), suite=suite, suite_zh=suite_zh, category_zh=category_zh, function_zh=function_zh, system=system
    )


def _rows(path: Path) -> list[tuple[int, list[str]]]:
    """The rows after the header, with the line each ends on; blank lines are left out."""
    reader = csv.reader(read_text(path).splitlines(), strict=True)
    try:
        rows = [(reader.line_num, [cell.strip() for cell in row]) for row in reader if row]
    except csv.Error as error:
        refuse(path, [(max(reader.line_num, 1), f"not CSV: {error}; allowed: {len(COLUMNS)} cells, commas in quotes")])
    if not rows or tuple(rows[0][1]) != COLUMNS:
        line = rows[0][0] if rows else 1
        refuse(path, [(line, f"the first line is not the header; allowed: {','.join(COLUMNS)}")])
    return rows[1:]


def _problem(row: list[str]) -> str | None:
    if len(row) != len(COLUMNS):
        return f"{len(row)} cells; allowed: {len(COLUMNS)} ({', '.join(COLUMNS)})"
    empty = [column for column, cell in zip(COLUMNS, row, strict=True) if not cell]
    if empty:
        return f"{', '.join(empty)} is empty; allowed: a text in every cell"
    if not (row[0].isascii() and row[0].isdigit() and len(row[0]) <= 6):
        return f"seq is {row[0]!r}; allowed: a whole number"
    return next(
        (f"{cell!r} holds a control character; allowed: printable text" for cell in row if not _clean(cell)), None
    )


def _clean(cell: str) -> bool:
    return all(character.isprintable() or character == "\u3000" for character in cell)


def _repeated(row: list[str], seen: dict[str, int]) -> str | None:
    first = seen.get(row[0])
    return None if first is None else f"seq {row[0]} stands twice, first in line {first}; allowed: once"


def _uncovered(row: list[str], suites: list[str]) -> str | None:
    if row[1] in suites:
        return None
    return f"no system of services.yml covers suite `{row[1]}`{near(row[1], suites)}; allowed: {', '.join(suites)}"
