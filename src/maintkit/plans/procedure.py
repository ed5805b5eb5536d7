"""What a procedure is, from its procedure.yml: title, risk, phases, parameters. The one source for all who ask."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, JsonValue, RootModel

from maintkit.contract.changes import RISKS, Risk
from maintkit.errors import ChangeRefused, NotFound
from maintkit.evidence.canonical import exact
from maintkit.plans.model import Parameter
from maintkit.sitefile import Problem, SiteModel, load, near

PLACE = Path("playbooks/procedures")
_INEXACT = "no number that a plan can hold exactly"
_EXACT = "a number between -2^53 and 2^53; a longer one is written as text, where the parameter is one"
_WORDS = {"true": True, "yes": True, "false": False, "no": False}


class ProcedureRate(SiteModel):
    """Seconds that a phase takes, assumed before anything was measured: in any case, and for each thing to do."""

    fixed_s: float
    per_unit_s: float = 0


class ProcedurePhase(SiteModel):
    """A phase: the playbook that runs it, or the reason why there is none."""

    playbook: str | None = None
    absent: str | None = None
    title_zh: str | None = None
    rate: ProcedureRate | None = None
    interruptible: bool = True
    rollback_class: str | None = None


class ProcedureParameter(SiteModel):
    """One parameter, as Ansible's argument specifications have them."""

    type: Literal["str", "bool", "int", "float", "list", "dict", "path"]
    elements: str | None = None
    default: Any = None
    choices: tuple[str, ...] = ()
    unit: str | None = None
    distinct: str | None = Field(default=None, description="The key by whose value records tell the elements apart")
    artifact: bool = Field(default=False, description="A file on the controller, part of what a plan freezes")
    description: str


class ParameterFile(RootModel[dict[str, JsonValue]]):
    """Parameters of a procedure by name, without its prefix."""


class Procedure(SiteModel):
    """Something that can be done to hosts."""

    id: str
    title: str
    title_zh: str
    risk: Literal["none", "low", "medium", "high"]
    risk_reason: str
    phases: Mapping[str, ProcedurePhase]
    actions: Mapping[str, str] = Field(default_factory=dict, description="Chinese titles of the change's steps")
    parameters: Mapping[str, ProcedureParameter] = Field(default_factory=dict)

    @property
    def plannable(self) -> bool:
        """Whether it can say beforehand what it would do; what cannot changes nothing, and is run without a plan."""
        return "probe" in self.phases and self.phases["probe"].playbook is not None

    @property
    def change_risk(self) -> Risk:
        """The risk of its change step."""
        return next(risk for risk in RISKS if risk == (self.risk if self.risk != "none" else "low"))

    def parse(self, settings: Iterable[str]) -> dict[str, Parameter]:
        """`name=value` words as parameters, by the names without the procedure's own prefix.

        A list is written with commas. ChangeRefused names the word, what is wrong with it, and what would do.
        """
        found: dict[str, Parameter] = {}
        settable = self.settable()
        for word in settings:
            name, sign, text = word.partition("=")
            if name not in settable or not sign:
                raise ChangeRefused(
                    f"--set {word}: {self.id} has no parameter `{name}`{near(name, list(settable))}",
                    hint=f"NAME=VALUE, with one of {', '.join(settable)}",
                )
            found[name] = _value(word, text, settable[name])
        return found

    def read(self, path: Path) -> dict[str, Parameter]:
        """Parameters from a YAML file, those of structure among them; SiteError names what is wrong by line."""
        file = load(path, ParameterFile)
        known = sorted(name.removeprefix(f"{self.id}_") for name in self.parameters)
        file.refuse(
            Problem(
                at=(name,), text=f"{self.id} has no parameter `{name}`{near(name, known)}", allowed=", ".join(known)
            )
            for name in file.model.root
            if name not in known
        )
        file.refuse(
            Problem(at=(name,), text=f"`{name}` holds {_INEXACT}", allowed=_EXACT)
            for name, value in file.model.root.items()
            if not exact(value)
        )
        file.refuse(
            Problem(at=(name, at, key), text=f"two of `{name}` have the {key} {value!r}", allowed="one each")
            for name, key in self._distinct()
            for at, value in _again(file.model.root.get(name), key)
        )
        return dict(file.model.root)

    def _distinct(self) -> list[tuple[str, str]]:
        """Parameters, by the names without the prefix, with the key that must differ from element to element."""
        keys = {name.removeprefix(f"{self.id}_"): one.distinct for name, one in self.parameters.items()}
        return [(name, key) for name, key in keys.items() if key]

    def settable(self) -> dict[str, ProcedureParameter]:
        """Parameters that a person may set, by name: what has structure comes from the probe and the site's files."""
        return {
            name.removeprefix(f"{self.id}_"): one
            for name, one in sorted(self.parameters.items())
            if one.type != "dict" and one.elements != "dict"
        }


def procedures(collection: Path) -> dict[str, Path]:
    """Every procedure's file in the collection, by name."""
    return {path.parent.name: path for path in sorted((collection / PLACE).glob("*/procedure.yml"))}


def load_procedure(collection: Path, name: str) -> Procedure:
    """One procedure; NotFound when the collection has none of this name, SiteError when its file is wrong."""
    found = procedures(collection)
    if name not in found:
        raise NotFound(f"there is no procedure {name!r}{near(name, list(found))}", hint=f"there are {', '.join(found)}")
    return load(found[name], Procedure).model


def _again(elements: JsonValue, key: str) -> Iterator[tuple[int, JsonValue]]:
    """Where an element has the value of an earlier one; what else is wrong with elements is Ansible's to say."""
    values: list[JsonValue] = []
    for at, element in enumerate(elements if isinstance(elements, list) else []):
        value = element.get(key) if isinstance(element, dict) else None
        if value and value in values:
            yield at, value
        values.append(value)


def _value(word: str, text: str, parameter: ProcedureParameter) -> Parameter:
    try:
        value = _read(text, parameter)
    except (KeyError, ValueError):
        raise ChangeRefused(
            f"--set {word}: {text!r} is no {parameter.type}", hint=f"it is {parameter.description.lower()}"
        ) from None
    if not exact(value):
        raise ChangeRefused(f"--set {word}: {_INEXACT}", hint=_EXACT)
    if parameter.choices and value not in parameter.choices:
        raise ChangeRefused(f"--set {word}: not one of its values", hint=f"one of {', '.join(parameter.choices)}")
    return value


def _read(text: str, parameter: ProcedureParameter) -> Parameter:
    match parameter.type:
        case "bool":
            return _WORDS[text.lower()]
        case "int":
            return int(text)
        case "float":
            return float(text)
        case "list":
            return [part.strip() for part in text.split(",") if part.strip()]
        case _:
            return text
