"""A whole site: its files loaded, and their references to each other followed."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from pathlib import Path as FilePath
from typing import TypeVar

from maintkit.contract.contract import Contract
from maintkit.contract.functions import Function, load_functions
from maintkit.contract.services import Services, System
from maintkit.contract.watch import Watch
from maintkit.errors import SiteError
from maintkit.settings import Settings, load_settings
from maintkit.sitefile import Path, Problem, SiteFile, load, near

CONTRACT = "contract.yml"
SERVICES = "services.yml"
FUNCTIONS = "functions.csv"
WATCH = "watch.yml"

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Site:
    """One hospital's directory, read and consistent in itself.

    Whether the hosts and groups that services.yml names exist, only the inventory knows: see `check_names`.
    """

    root: FilePath
    settings: Settings
    contract: Contract
    services_file: SiteFile[Services]
    functions: tuple[Function, ...]
    watch: Watch

    @property
    def services(self) -> Services:
        """What services.yml says."""
        return self.services_file.model

    @property
    def systems_under_care(self) -> dict[str, System]:
        """The systems that the contract names, in its order, by id."""
        return {id_: self.services.systems[id_] for id_ in self.contract.systems}


def load_site(root: FilePath) -> Site:
    """The site at `root`; SiteError lists the mistakes of all its files, not only of the first."""
    settings = load_settings(root)
    errors: list[SiteError] = []
    contract = _attempt(errors, lambda: load(root / CONTRACT, Contract))
    services = _attempt(errors, lambda: load(root / SERVICES, Services))
    functions: tuple[Function, ...] | None = None
    if services:
        known = services.model
        functions = _attempt(errors, lambda: load_functions(root / FUNCTIONS, known))
    if contract and services:
        _attempt(errors, lambda: contract.refuse(_unknown_systems(contract.model, services.model)))
    watch = _attempt(errors, lambda: _watch(root / WATCH, functions))
    if errors or not (contract and services and watch) or functions is None:
        raise SiteError("\n".join(map(str, errors)), hint=errors[0].hint)
    return Site(
        root=settings.root,
        settings=settings,
        contract=contract.model,
        services_file=services,
        functions=functions,
        watch=watch,
    )


def _watch(path: FilePath, functions: tuple[Function, ...] | None) -> Watch:
    """A site made before there was a watch.yml watches nothing, and every function of it is uncovered."""
    if not path.exists():
        return Watch()
    file = load(path, Watch)
    if functions is not None:
        file.refuse(file.model.unknown(function.seq for function in functions))
    return file.model


def check_names(services: SiteFile[Services], *, hosts: Collection[str], groups: Collection[str]) -> None:
    """Raise SiteError for hosts and groups of services.yml that the inventory does not have."""
    services.refuse([*_unknown(services.model, "groups", groups), *_unknown(services.model, "hosts", hosts)])


def _attempt(errors: list[SiteError], step: Callable[[], T]) -> T | None:
    try:
        return step()
    except SiteError as error:
        errors.append(error)
        return None


def _unknown_systems(contract: Contract, services: Services) -> Iterator[Problem]:
    known = list(services.systems)
    for place, id_ in enumerate(contract.systems):
        if id_ not in known:
            text = f"services.yml has no system `{id_}`{near(id_, known)}"
            yield Problem(at=("systems", place), text=text, allowed=", ".join(known))
    for problem in contract.changes.system_problems(known):
        yield Problem(at=("changes", *problem.at), text=problem.text, allowed=problem.allowed)
    for problem in contract.recovery.unknown(known, services.backup_jobs()):
        yield Problem(at=("recovery", *problem.at), text=problem.text, allowed=problem.allowed)


def _unknown(services: Services, kind: str, known: Collection[str]) -> Iterator[Problem]:
    named: list[tuple[Path, str]] = [((kind, name), name) for name in getattr(services, kind)]
    for id_, system in services.systems.items():
        named += [(("systems", id_, kind, place), name) for place, name in enumerate(getattr(system, kind))]
    for at, name in named:
        if name not in known:
            text = f"the inventory has no {kind.removesuffix('s')} `{name}`{near(name, sorted(known))}"
            yield Problem(at=at, text=text, allowed=_some(sorted(known)))


def _some(names: list[str]) -> str:
    """An inventory may be long: the first dozen names, and how many more."""
    shown = ", ".join(names[:12])
    return f"{shown} and {len(names) - 12} more" if len(names) > 12 else shown or "nothing, the inventory is empty"
