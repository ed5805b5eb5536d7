"""What can be wrong in a site file, before it is given a line."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

# Where a value stands: keys and list positions from the top of the file.
Path = tuple[str | int, ...]


@dataclass(frozen=True, kw_only=True)
class Problem:
    """One mistake. `at` is relative to the model that raises it; `allowed` says what would be right."""

    at: Path = ()
    text: str
    allowed: str = ""

    def __str__(self) -> str:
        return f"{self.text}; allowed: {self.allowed}" if self.allowed else self.text


class Problems(ValueError):
    """Mistakes that a model's own validator found; raise it inside a pydantic validator."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(str(problem) for problem in self.problems))


def near(word: str, words: Sequence[str]) -> str:
    """` (did you mean …?)` when one of `words` is spelled much like `word`, else nothing."""
    by_folded = {known.casefold(): known for known in words}
    found = get_close_matches(word.casefold(), list(by_folded), n=1, cutoff=0.6)
    return f" (did you mean `{by_folded[found[0]]}`?)" if found else ""


def dotted(path: Path) -> str:
    """`hosts.db1.ports[0]`: a path as a person writes it."""
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else step
    return text
