"""Which checks there are: every module of `maintkit.checks.<category>` that holds `CHECKS` is found by its file."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from functools import cache
from typing import get_args

import maintkit.checks
from maintkit.checks.model import Category, Check, Expected
from maintkit.errors import NotFound


def categories() -> tuple[str, ...]:
    """The categories that have a folder, in the order of `Category`."""
    folders = {module.name for module in pkgutil.iter_modules(maintkit.checks.__path__) if module.ispkg}
    return tuple(name for name in get_args(Category) if name in folders)


@cache
def all_checks() -> tuple[Check, ...]:
    """Every check, by category, then file, then the file's own order; raises ValueError for two of one id."""
    found: dict[str, Check] = {}
    for category in categories():
        for one in _checks_of(category):
            if one.id in found:
                raise ValueError(f"two checks are called {one.id!r}")
            found[one.id] = one
    return tuple(found.values())


def check(name: str) -> Check:
    """The check of this id; raises NotFound."""
    for one in all_checks():
        if one.id == name:
            return one
    raise NotFound(f"no check is called {name!r}", hint="docs/checks.md lists them")


def expected_on(expected: Expected, *, deep: bool) -> tuple[Check, ...]:
    """The checks that a host of which the site declares `expected` must have a finding of."""
    return tuple(
        one for one in all_checks() if (deep or not one.deep) and (one.declared is None or one.declared(expected))
    )


def _checks_of(category: str) -> Iterator[Check]:
    package = importlib.import_module(f"{maintkit.checks.__name__}.{category}")
    for name in sorted(module.name for module in pkgutil.iter_modules(package.__path__)):
        module = importlib.import_module(f"{package.__name__}.{name}")
        for one in getattr(module, "CHECKS", ()):
            if one.category != category:
                raise ValueError(f"check {one.id!r} says category {one.category!r} and lies in {category!r}")
            yield one
