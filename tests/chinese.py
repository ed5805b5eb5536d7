"""Whether a text for the hospital still holds an English sentence, or the name of a field of the facts."""

from __future__ import annotations

import re
from importlib import import_module
from pkgutil import iter_modules

from pydantic import BaseModel

from maintkit.checks import facts
from maintkit.documents.model import Document, Heading, texts

ENGLISH = re.compile(r"[a-z]{2,} [a-z]{2,} ?[a-z]", re.IGNORECASE)
# What cases let a host, its tools or a certificate say in their own words stands as it was said.
AS_SAID = re.compile(
    r"Unknown USB bridge|the chain is broken|pgbackrest info|rpm database|PID 1 is init|sshd -T"
    r"|SLAVE MONITOR|REPLICATION CLIENT|SHOW VIEW|systemctl (?:list-\S+|show)"
)


def english_in(text: str) -> str:
    """The first English words that nobody but us can have put there, or nothing."""
    found = ENGLISH.search(AS_SAID.sub("", text))
    return found[0] if found else ""


def names_of_fields() -> set[str]:
    """The names of all fields of a document of facts."""
    modules = [import_module(f"{facts.__name__}.{one.name}") for one in iter_modules(facts.__path__)]
    kinds = [kind for module in modules for kind in vars(module).values() if isinstance(kind, type)]
    return {name for kind in kinds if issubclass(kind, BaseModel) for name in kind.model_fields}


FIELD = re.compile(rf"(?:^|[；：（ ])({'|'.join(sorted(names_of_fields()))})：", re.MULTILINE)


def field_in(text: str) -> str:
    """The first field that is named as the program names it, or nothing."""
    found = FIELD.search(text)
    return found[1] if found else ""


def not_seen(document: Document) -> str:
    """The chapters of a document that say what was not looked at and why."""
    said: list[str] = []
    inside = False
    for block in document.blocks:
        if isinstance(block, Heading) and block.level == 1:
            inside = bool(re.search("未能判定|未查看|覆盖情况", block.text))
        if inside:
            said += texts(block)
    return "\n".join(said)
