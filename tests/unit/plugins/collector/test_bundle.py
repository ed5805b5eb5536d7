"""The script that is sent: one file, the same every time, its parameters inert."""

from __future__ import annotations

import ast
import hashlib
import json

import pytest

from maintkit.checks.facts.document import Sections


def test_the_same_parts_give_the_same_script(part):
    """Byte for byte, and small enough to be sent to every host."""
    bundle = part("bundle").bundle
    assert bundle({"units": ["a"], "deep": True}) == bundle({"deep": True, "units": ["a"]})
    assert len(bundle()) < 240_000
    bundle().encode("utf-8")


def test_the_hash_covers_all_but_the_parameters(part):
    """Whatever is asked of a host, the program is the one that was read and approved."""
    texts = [part("bundle").bundle(parameters) for parameters in (None, {"only": ["cpu"]})]
    hashes = set()
    for text in texts:
        lines = text.splitlines(keepends=True)
        (line,) = [line for line in lines if line.startswith("PARAMETERS, SHA256 = ")]
        rest = "".join(one for one in lines if one is not line)
        told = ast.literal_eval(line.partition(" = ")[2])[1]
        assert hashlib.sha256(rest.encode()).hexdigest() == told
        hashes.add(told)
    assert len(hashes) == 1


@pytest.mark.parametrize(
    "nasty", ['"); import os; os.system("id")', "\n\r\u2028'''\\", "中文\x00\x7f", "\ud800", "{{ 7*7 }}"]
)
def test_parameters_are_data_whatever_they_hold(part, nasty):
    """One line, a literal, and read back as it was."""
    text = part("bundle").bundle({"units": [nasty]})
    (line,) = [line for line in text.split("\n") if line.startswith("PARAMETERS, SHA256 = ")]
    assert line.isascii()
    assert json.loads(ast.literal_eval(line.partition(" = ")[2])[0]) == {"units": [nasty]}


def test_nothing_is_imported_but_the_standard_library(part):
    """No relative import is left, and no name is defined twice."""
    tree = ast.parse(part("bundle").bundle())
    imported = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    assert all(node.level == 0 for node in imported)
    functions = [node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef)]
    assert len(functions) == len(set(functions))


def test_two_parts_may_not_define_one_name(part):
    """Joined, the second would silently replace the first."""
    module = part("bundle")
    with pytest.raises(module.PartRefused, match="f is defined in a and in b"):
        module.refuse_twins({"a": ast.parse("def f(): pass"), "b": ast.parse("f = 1")})
    module.refuse_twins({name: ast.parse(module.text(name)) for name in module.part_names()})


def test_every_import_of_a_part_stands_in_its_head(part):
    """What follows the first definition is joined as it is; an import there would be left relative, or twice."""
    module = part("bundle")
    for name in module.part_names():
        whole, head = ast.parse(module.text(name)), module.head(module.text(name))
        imports = [ast.dump(node) for node in whole.body if isinstance(node, ast.Import | ast.ImportFrom)]
        assert imports == [ast.dump(node) for node in head.body if isinstance(node, ast.Import | ast.ImportFrom)], name
        assert ast.get_docstring(head), name


def test_every_section_of_the_facts_has_its_collector(part):
    """And none that the facts do not know."""
    tree = ast.parse(part("bundle").bundle())
    found = {
        node.name[8:] for node in tree.body if isinstance(node, ast.FunctionDef) and node.name.startswith("collect_")
    }
    assert found == set(Sections.model_fields)


def test_the_source_is_what_python_2_7_and_3_5_can_read(part):
    """No f-string, no annotation, no keyword-only argument, no walrus."""
    tree = ast.parse(part("bundle").bundle())
    too_new = (ast.JoinedStr, ast.AnnAssign, ast.NamedExpr, ast.AsyncFunctionDef, ast.Nonlocal, ast.YieldFrom)
    assert not [node for node in ast.walk(tree) if isinstance(node, too_new)]
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.Lambda)]
    assert not [node for node in functions if node.args.kwonlyargs or node.args.posonlyargs]
