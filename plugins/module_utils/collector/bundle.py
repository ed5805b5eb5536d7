"""Join the parts into the one script that runs on a host, readable from top to bottom.

    python bundle.py [--parameters FILE] > collector.py

The result needs nothing but a Python from 2.7 on, reads its parameters from one line of inert data, and is the same,
byte for byte, for the same parts and parameters. Its own hash, reported by every document, leaves that line out.
"""

from __future__ import annotations

import argparse
import ast
import hashlib
import json
import re
import sys
from pathlib import Path

HERE = Path(__file__).parent
FIRST = ("text", "program", "lanes", "probe", "section")
LAST = ("frame",)
LEFT_OUT = ("__init__", "bundle")
DEFINITION = re.compile(r"^(?:def |class |@|[A-Za-z_, ]+ = )", re.MULTILINE)
RULE = "# " + "-" * 30
HEAD = '''#!/usr/bin/env python
# -*- coding: utf-8 -*-
"""maintkit collector: reads facts of this host and writes them, as one JSON document, to standard output.

It changes nothing: it opens files for reading, asks the host's own programs for their state and, where its parameters
or listening TLS ports say so, makes HTTP requests and TLS handshakes from this host. It writes no file, takes no lock,
and ends by itself. Every section below stands on its own: `collect_<section>` is called in a child process with a time
limit; parse_ functions turn text into facts. The one line with PARAMETERS is data, made for this host.
"""
'''
TAIL = """

if __name__ == "__main__":
    collect(json.loads(PARAMETERS), SHA256, globals())
    # The answer is out; taking the interpreter apart would cost the host more than some sections do.
    os._exit(0)
"""


class PartRefused(Exception):
    """A part cannot be joined: it imports under another name, or defines a name that another part has."""


def bundle(parameters: dict[str, object] | None = None) -> str:
    """The collector's script with these parameters (docs/exchange.md) in it; raises PartRefused."""
    sources = {name: text(name) for name in part_names()}
    heads = {name: head(source) for name, source in sources.items()}
    imports = sorted({line for name in sources for line in stdlib_imports(heads[name], sources[name])})
    body = "".join(banner(name, heads[name]) + strip(heads[name], source) for name, source in sources.items())
    before = HEAD + "\nfrom __future__ import absolute_import, division, print_function, unicode_literals\n\n"
    before += "\n".join(imports) + "\n\n"
    after = "\n" + body + TAIL
    digest = hashlib.sha256((before + after).encode()).hexdigest()
    # The line is a string literal of ASCII JSON: whatever a parameter holds, Python reads it as data.
    literal = json.dumps(json.dumps(parameters or {}, sort_keys=True))
    return f'{before}PARAMETERS, SHA256 = {literal}, "{digest}"\n{after}'


def part_names() -> list[str]:
    """Foundation first, the flow last, sections by name in between."""
    found = {path.stem for path in HERE.glob("*.py")} - set(LEFT_OUT)
    return [*FIRST, *sorted(found - set(FIRST) - set(LAST)), *LAST]


def text(name: str) -> str:
    """Source of one part."""
    return (HERE / f"{name}.py").read_text(encoding="utf-8")


def head(source: str) -> ast.Module:
    """Docstring and imports of a part: all that joining needs to understand, at a tenth of the time of all of it."""
    first = DEFINITION.search(source)
    return ast.parse(source[: first.start()] if first else source)


def stdlib_imports(tree: ast.Module, source: str) -> list[str]:
    """The part's imports of the standard library, one line each."""
    nodes = [node for node in tree.body if isinstance(node, ast.Import) or is_plain_from(node)]
    lines = source.splitlines()
    return ["\n".join(lines[node.lineno - 1 : node.end_lineno]) for node in nodes]


def is_plain_from(node: ast.stmt) -> bool:
    return isinstance(node, ast.ImportFrom) and node.level == 0 and node.module != "__future__"


def strip(tree: ast.Module, source: str) -> str:
    """The part without its docstring and its imports."""
    lines = source.splitlines()
    for node in tree.body:
        is_docstring = node is tree.body[0] and isinstance(node, ast.Expr)
        if is_docstring or isinstance(node, ast.Import | ast.ImportFrom):
            for number in range(node.lineno - 1, node.end_lineno or node.lineno):
                lines[number] = ""
        if isinstance(node, ast.ImportFrom) and any(alias.asname for alias in node.names):
            raise PartRefused(f"line {node.lineno}: an import under another name cannot be joined")
    return "\n".join(lines).strip("\n") + "\n"


def banner(name: str, tree: ast.Module) -> str:
    """The part's name and docstring as a comment."""
    said = (ast.get_docstring(tree) or "").splitlines()
    words = "".join(f"# {line}".rstrip() + "\n" for line in said)
    return f"\n\n{RULE}\n# {name}\n{words}{RULE}\n\n"


def refuse_twins(trees: dict[str, ast.Module]) -> None:
    """In one script all parts share one namespace: a name may be defined once. The tests ask, not every run."""
    owner: dict[str, str] = {}
    for part, tree in trees.items():
        for name in {name for node in tree.body for name in defined(node)}:
            if owner.setdefault(name, part) != part:
                raise PartRefused(f"{name} is defined in {owner[name]} and in {part}")


def defined(node: ast.stmt) -> list[str]:
    """Names that a top-level statement defines."""
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        return [node.name]
    if isinstance(node, ast.Assign):
        names = [leaf for target in node.targets for leaf in ast.walk(target) if isinstance(leaf, ast.Name)]
        return [leaf.id for leaf in names if isinstance(leaf.ctx, ast.Store)]
    return []


def main() -> None:
    parser = argparse.ArgumentParser(description="Print the collector's script.")
    parser.add_argument("--parameters", type=Path, help="a JSON file of parameters to put into the script")
    chosen = parser.parse_args().parameters
    parameters = json.loads(chosen.read_text(encoding="utf-8")) if chosen else None
    sys.stdout.write(bundle(parameters))


if __name__ == "__main__":
    main()
