"""Files of the controller that a plan's parameters name: they are part of what is approved."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from maintkit.plans.model import Parameter
from maintkit.plans.procedure import Procedure


def artifacts(procedure: Procedure, parameters: Mapping[str, Parameter]) -> dict[str, Path]:
    """The files by the names of their parameters, as `content` takes them."""
    return {name: Path(str(parameters[name])) for name in _named(procedure) if parameters.get(name)}


def located(procedure: Procedure, parameters: Mapping[str, Parameter]) -> dict[str, Parameter]:
    """The parameters with such files by their absolute paths: a plan must not depend on where one stands."""
    found = {name: str(path.absolute()) for name, path in artifacts(procedure, parameters).items()}
    return {**parameters, **found}


def _named(procedure: Procedure) -> tuple[str, ...]:
    return tuple(name for name, one in procedure.settable().items() if one.artifact)
