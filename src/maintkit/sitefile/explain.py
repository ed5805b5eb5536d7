"""pydantic's errors in the words of a site file."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, RootModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from maintkit.sitefile.compose import Value
from maintkit.sitefile.problems import Path, Problem, Problems, dotted, near

SHOWN = 60
# A message goes to screens and logs: what stands before the @ of an address may be a password.
_CREDENTIALS = re.compile(r"//[^/\s]*@")

# What a site file may hold where pydantic only names a Python type, and the field has no description.
_TYPES = {
    "string_type": "a text",
    "int_type": "a whole number",
    "float_type": "a number",
    "bool_type": "true or false",
    "tuple_type": "a list",
    "list_type": "a list",
    "dict_type": "keys with values",
    "model_type": "keys with values",
}


def explain(error: ValidationError, model: type[BaseModel], value: Value) -> Iterator[Problem]:
    """One problem for each of pydantic's errors, placed by the path of the value in the file."""
    errors = error.errors(include_url=False)
    for details in errors:
        if details["type"] != "too_short" or not _has_wrong_items(details, errors):
            yield from _problems(details, model, value)


def _has_wrong_items(details: ErrorDetails, errors: Iterable[ErrorDetails]) -> bool:
    """pydantic calls a list too short when its wrong items leave too few: that is no mistake of its own."""
    at = details["loc"]
    return any(other["loc"][: len(at)] == at and len(other["loc"]) > len(at) for other in errors)


def keys_of(model: type[BaseModel]) -> str:
    """The keys a model knows, as a list for a message."""
    known = _keys(_model_at(model, ()))
    return f"the keys {', '.join(known)}" if known else "keys with values"


def _problems(details: ErrorDetails, model: type[BaseModel], value: Value) -> Iterator[Problem]:
    at = tuple(step for step in details["loc"] if step != "[key]")
    kind, key = details["type"], at[-1] if at else ""
    cause = details.get("ctx", {}).get("error")
    if isinstance(cause, Problems):
        yield from (Problem(at=at + inner.at, text=inner.text, allowed=inner.allowed) for inner in cause.problems)
    elif kind == "missing":
        where = f" in `{dotted(at[:-1])}`" if at[:-1] else ""
        yield Problem(at=at[:-1], text=f"`{key}` is missing{where}", allowed=_allowed(details, model, at))
    elif kind == "extra_forbidden":
        known = _keys(_model_at(model, at[:-1]))
        where = f" in `{dotted(at[:-1])}`" if at[:-1] else ""
        yield Problem(at=at, text=f"unknown key `{key}`{where}{near(str(key), known)}", allowed=", ".join(known))
    else:
        found = _value_at(value, at)
        text = f"`{dotted(at)}` is {_shown(found)}"
        if cause is not None:
            text += f": {cause}"
        elif kind == "literal_error" and isinstance(found, str):
            text += near(found, _choices(details))
        elif kind == "string_type" and isinstance(found, (bool, int, float)):
            text += ", which YAML reads as a number or truth value: put it in quotes"
        yield Problem(at=at, text=text, allowed=_allowed(details, model, at))


def _allowed(details: ErrorDetails, model: type[BaseModel], at: Path) -> str:
    if details["type"] == "literal_error":
        return ", ".join(_choices(details))
    info = _field_at(model, at)
    if info is not None and info.description:
        return info.description
    if details["type"] == "missing":
        return "this key must be there"
    return _TYPES.get(details["type"]) or details["msg"].removeprefix("Input should be ").removeprefix("Value error, ")


def _choices(details: ErrorDetails) -> list[str]:
    """pydantic writes a literal's values as `'a', 'b' or 'c'`."""
    expected = str(details.get("ctx", {}).get("expected", ""))
    return [choice.strip().strip("'") for choice in expected.replace(" or ", ", ").split(",")]


def _shown(value: Value) -> str:
    if value is None:
        return "empty"
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list):
        return f"a list of {len(value)}"
    text = repr(_CREDENTIALS.sub("//***@", value)) if isinstance(value, str) else str(value).lower()
    return text if len(text) <= SHOWN else text[:SHOWN] + "…"


def _value_at(value: Value, at: Path) -> Value:
    for step in at:
        if isinstance(value, dict) and isinstance(step, str):
            value = value.get(step)
        elif isinstance(value, list) and isinstance(step, int) and step < len(value):
            value = value[step]
        else:
            return value
    return value


def _keys(model: type[BaseModel] | None) -> list[str]:
    return [info.alias or name for name, info in model.model_fields.items()] if model else []


def _model_at(model: type[BaseModel], at: Path) -> type[BaseModel] | None:
    """The model whose keys stand at this path."""
    kind: Any = model
    for step in at:
        kind = _step(_plain(kind), step)
    kind = _plain(kind)
    return kind if isinstance(kind, type) and issubclass(kind, BaseModel) else None


def _field_at(model: type[BaseModel], at: Path) -> FieldInfo | None:
    """The nearest field around this path: a list item is described by its list."""
    for length in range(len(at), 0, -1):
        owner = _model_at(model, at[: length - 1])
        for name, info in owner.model_fields.items() if owner else ():
            if at[length - 1] == (info.alias or name):
                return info
    return None


def _step(kind: Any, step: str | int) -> Any:
    """The type of what stands under one key or list position, None where the type does not say."""
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return next((i.annotation for name, i in kind.model_fields.items() if step == (i.alias or name)), None)
    arguments = get_args(kind)
    if get_origin(kind) in {tuple, list} and arguments:
        return arguments[0]
    return arguments[1] if get_origin(kind) is dict else None


def _plain(kind: Any) -> Any:
    """Without Annotated, without the None of an optional value, without the shell of a RootModel."""
    while True:
        if get_origin(kind) in {Annotated, Union, UnionType}:
            kind = next(part for part in get_args(kind) if part is not type(None))
        elif isinstance(kind, type) and issubclass(kind, RootModel):
            kind = kind.model_fields["root"].annotation
        else:
            return kind
