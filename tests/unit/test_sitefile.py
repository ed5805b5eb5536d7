"""Site files: every bad input ends as a SiteError that names file, line, mistake and what is allowed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import Field, RootModel, model_validator

from maintkit.errors import SiteError
from maintkit.sitefile import Problem, Problems, SiteModel, load, near, places, read


class Door(SiteModel):
    """A small model with one of everything."""

    level: Literal["low", "high"]
    port: int = Field(default=1, ge=1, le=65535, description="a port from 1 to 65535")


class House(SiteModel):
    name: str = Field(description="a name")
    built: date | None = Field(default=None, description="a date as YYYY-MM-DD")
    open: bool = False
    height: float | None = None
    doors: tuple[Door, ...] = ()
    rooms: dict[str, Door] = Field(default_factory=dict)
    start: int = 0
    end: int = 9

    @model_validator(mode="after")
    def _in_order(self) -> House:
        if self.end < self.start:
            raise Problems([Problem(at=("end",), text="the end is before the start", allowed=f"{self.start} or more")])
        return self


class Shelf(RootModel[dict[str, Door]]):
    """A file that is a mapping of names."""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "house.yml"


def wrong(path: Path, text: str | bytes, model: type[SiteModel] = House) -> list[str]:
    """The problems of a bad file, without the path in front."""
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(SiteError) as caught:
        read(path, model)
    assert caught.value.hint
    assert all(line.startswith(f"{path}:") for line in str(caught.value).splitlines())
    return [line.removeprefix(f"{path}:") for line in str(caught.value).splitlines()]


def test_a_good_file_becomes_its_model(path: Path) -> None:
    """Types arrive as the model says, with and without a byte order mark and with Windows line ends."""
    text = "name: 医院\r\nbuilt: 2026-01-02\r\nheight: 3\r\ndoors:\r\n  - level: low\r\n"
    text += "rooms: {a: {level: high, port: 8}}\r\n"
    for raw in (text.encode(), text.encode("utf-8-sig")):
        path.write_bytes(raw)
        house = read(path, House)
        assert (house.name, house.built, house.height) == ("医院", date(2026, 1, 2), 3.0)
        assert house.doors == (Door(level="low"),)
        assert house.rooms["a"].port == 8


BAD = {
    "empty": ("", ["1: the file is empty; allowed: the keys name, built, open, height, doors, rooms, start, end"]),
    "comments only": ("# nothing\n---\n", None),
    "a list": ("- a\n", ["1: the file holds a list; allowed: the keys name,"]),
    "a word": ("\nhello\n", ["2: the file holds a single value; allowed: the keys name,"]),
    "missing key": ("open: true\n", ["1: `name` is missing; allowed: a name"]),
    "missing key inside": (
        "name: a\nrooms:\n  hall:\n    port: 5\n",
        ["3: `level` is missing in `rooms.hall`; allowed:"],
    ),
    "unknown key": (
        "name: a\nbuild: 2026-01-01\n",
        ["2: unknown key `build` (did you mean `built`?); allowed: name, built"],
    ),
    "unknown key inside": (
        "name: a\ndoors:\n  - level: low\n    prot: 5\n",
        ["4: unknown key `prot` in `doors[0]` (did you mean `port`?); allowed: level, port"],
    ),
    "number for text": (
        "name: 5\n",
        ["1: `name` is 5, which YAML reads as a number or truth value: put it in quotes;"],
    ),
    "text for number": ("name: a\nheight: tall\n", ["2: `height` is 'tall'; allowed: a number"]),
    "quoted number": ("name: a\nstart: '5'\n", ["2: `start` is '5'; allowed: a whole number"]),
    "yes is a word": ("name: a\nopen: yes\n", ["2: `open` is 'yes'; allowed: true or false"]),
    "text for list": ("name: a\ndoors: low\n", ["2: `doors` is 'low'; allowed: a list"]),
    "list for mapping": ("name: a\nrooms: [low]\n", ["2: `rooms` is a list of 1; allowed: keys with values"]),
    "nothing for text": ("name:\n", ["1: `name` is empty; allowed: a name"]),
    "bad choice": (
        "name: a\ndoors: [{level: hihg}]\n",
        ["2: `doors[0].level` is 'hihg' (did you mean `high`?); allowed: low, high"],
    ),
    "out of range": (
        "name: a\nrooms:\n  x: {level: low, port: 0}\n",
        ["3: `rooms.x.port` is 0; allowed: a port from 1 to 65535"],
    ),
    "bad date": ("name: a\nbuilt: 2026-02-30\n", ["2: `built` is '2026-02-30'"]),
    "contradiction": ("name: a\nstart: 5\nend: 3\n", ["3: the end is before the start; allowed: 5 or more"]),
    "duplicate key": ("name: a\nopen: true\nname: b\n", ["3: key `name` stands twice, first in line 1; allowed: once"]),
    "duplicate key inside": (
        "name: a\nrooms: {x: {level: low}, x: {level: low}}\n",
        ["2: key `x` stands twice, first in line 2"],
    ),
    "tab": ("name: a\nrooms:\n\tx: 1\n", ["3: a tab stands where only spaces may; allowed: spaces for indentation"]),
    "open bracket": ("name: [a\n", None),
    "bad indentation": ("name: a\n  open: true\n", None),
    "tag": (
        "name: !!python/object:os.system a\n",
        ["1: tag `tag:yaml.org,2002:python/object:os.system`; allowed: plain"],
    ),
    "second document": ("name: a\n---\nname: b\n", ["2: a second document starts; allowed: one document a file"]),
    "alias of itself": ("name: a\nrooms: &x {y: *x}\n", ["2: alias `*x` has no complete anchor above it"]),
    "list as key": ("name: a\n? [x]\n: 5\n", ["2: a list or mapping stands as a key"]),
    "control character": ('name: "a\\u001b[31m"\n', ["1: control character U+001B in a text; allowed: printable text"]),
    "lone surrogate": ('name: "\\ud800"\n', ["1: control character U+D800 in a text"]),
    "bad escape": ('name: "\\U99999999"\n', None),
    "raw null byte": ("name: a\x00b\n", ["1: a character that YAML does not allow; allowed: printable text in UTF-8"]),
    "old YAML version": ("%YAML 9.9\n---\nname: a\n", None),
    "deep": ("name: " + "[" * 60 + "]" * 60 + "\n", ["1: nested deeper than 24 levels"]),
    "merge key": (
        "name: a\nrooms:\n  x: &x {level: low}\n  y:\n    <<: *x\n",
        ["4: `level` is missing", "5: unknown key `<<`"],
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_file_is_refused_by_line(path: Path, case: str) -> None:
    """Each kind of mistake is told with its line and what is allowed; None: the words are ruamel's, the line counts."""
    text, expected = BAD[case]
    found = wrong(path, text)
    if expected is None:
        assert found[0].split(":")[0].isdigit()
        return
    assert len(found) == len(expected)
    for line, start in zip(found, expected, strict=True):
        assert line.startswith(start)


def test_all_problems_of_a_file_are_listed_in_its_order(path: Path) -> None:
    """A person corrects a file once, not once a mistake; duplicate keys stand among the others."""
    text = "nmae: a\ndoors:\n  - level: hig\n    port: 99999\n    port: 5\nopen: 7\n"
    found = wrong(path, text)
    assert [int(line.split(":")[0]) for line in found] == [1, 1, 3, 4, 5, 6]


def test_an_alias_bomb_is_refused_fast(path: Path) -> None:
    """Nine aliases of nine aliases … would be a billion values; the count stops far before."""
    rows = ["a0: &a0 [x,x,x,x,x,x,x,x,x]"]
    rows += [f"a{n}: &a{n} [{','.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12)]
    found = wrong(path, "\n".join(rows) + "\nname: *a11\n")
    assert "too large" in found[0]


def test_a_chain_of_aliases_cannot_nest_too_deep(path: Path) -> None:
    """Aliases add their depth to where they stand."""
    rows = ["a0: &a0 [x]"] + [f"a{n}: &a{n} [[[[[[[[*a{n - 1}]]]]]]]]" for n in range(1, 150)]
    assert "too large" in wrong(path, "\n".join(rows) + "\n")[0]


def test_a_few_aliases_are_allowed(path: Path) -> None:
    """An anchor used sensibly is copied out, with the lines of its use."""
    path.write_text("name: a\nrooms:\n  x: &x {level: low}\n  y: *x\n")
    assert read(path, House).rooms["y"].level == "low"


def test_too_many_aliases_are_refused(path: Path) -> None:
    """The count of aliases is bounded by itself."""
    assert "more than 200 aliases" in wrong(path, "a: &a 1\nb: [" + "*a," * 201 + "]\n")[0]


def test_windows_encodings_are_named(path: Path) -> None:
    """GBK and UTF-16 are what Windows editors leave behind: the message says so, and which line."""
    assert wrong(path, "name: a\n# 数据库服务器\n".encode("gbk"))[0].startswith("2: not UTF-8 but probably GBK")
    assert "UTF-16" in wrong(path, "name: 数据".encode("utf-16"))[0]
    assert "unknown encoding" in wrong(path, b"name: \xff\xff\xff\n")[0]


def test_a_huge_file_is_refused_unread(path: Path) -> None:
    """A log given as a site file must not be parsed for minutes."""
    assert "too many for a site file" in wrong(path, b"#" * (1024 * 1024 + 1))[0]


def test_a_missing_or_unreadable_file_is_named(tmp_path: Path) -> None:
    """No such file, a directory: the path and the reason, with a hint."""
    for bad, reason in ((tmp_path / "no.yml", "no such file"), (tmp_path, "is a directory")):
        with pytest.raises(SiteError, match=reason) as caught:
            read(bad, House)
        assert caught.value.hint
    (tmp_path / "file").write_text("")
    with pytest.raises(SiteError, match="not a directory"):
        read(tmp_path / "file" / "x.yml", House)


def test_a_forbidden_file_is_named(tmp_path: Path) -> None:
    """A file that the user may not read says so; root gives up its privilege to see it."""
    (tmp_path / "maintkit.yml").write_text("forks: 5\n")
    (tmp_path / "maintkit.yml").chmod(0)
    unprivileged = ["setpriv", "--bounding-set=-all", "--inh-caps=-all"] if os.geteuid() == 0 else []
    code = "import sys, pathlib, maintkit.settings as s; s.load_settings(pathlib.Path(sys.argv[1]))"
    argv = [*unprivileged, sys.executable, "-c", code, str(tmp_path)]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert f"SiteError: {tmp_path}/maintkit.yml: permission denied" in done.stderr


def test_a_file_of_names_has_no_keys_to_list(path: Path) -> None:
    """For a mapping of free names the message does not pretend to know them, but still knows what stands inside."""
    assert wrong(path, "", Shelf) == ["1: the file is empty; allowed: keys with values"]
    assert wrong(path, "x: {level: lo}\n", Shelf) == ["1: `x.level` is 'lo' (did you mean `low`?); allowed: low, high"]


def test_a_reference_is_refused_where_it_stands(path: Path) -> None:
    """A problem found later, against another file, still gets the line of its value."""
    path.write_text("name: a\nrooms:\n  hall:\n    level: low\n")
    file = load(path, House)
    file.refuse([])
    with pytest.raises(SiteError) as caught:
        file.refuse(
            [Problem(at=("rooms", "hall", "level"), text="no such level"), Problem(at=("rooms",), text="no room")]
        )
    assert str(caught.value) == f"{path}:2: no room\n{path}:4: no such level"
    assert [(place.line, place.text) for place in places(caught.value)] == [(2, "no room"), (4, "no such level")]


def test_a_message_stays_on_its_line(path: Path) -> None:
    """A key with a line break in it cannot forge a second problem."""
    assert len(wrong(path, 'name: a\n"x\\n/etc/passwd:1: owned": 1\n')) == 1


def test_near_knows_only_near_words() -> None:
    """A suggestion is made for a slip of the keyboard, never for another word."""
    assert near("Databse", ["database", "web"]) == " (did you mean `database`?)"
    assert near("zzz", ["database", "web"]) == ""


def understood(path: Path) -> bool:
    """Whether the file became a model or a SiteError with a place; anything else comes through."""
    try:
        return isinstance(read(path, House), House)
    except SiteError as error:
        return bool(places(error))


YAMLISH = st.text(
    alphabet=st.sampled_from("naemdorslvpt: -[]{}&*!|>'\"\\%#?,.~\t\n0123456789é医\u2028\ufeff"), max_size=120
)


@given(text=st.one_of(st.text(max_size=200), YAMLISH))
@settings(max_examples=400, deadline=None)
def test_any_text_is_a_model_or_a_site_error(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    """Whatever stands in a file, nothing but SiteError comes out."""
    path = tmp_path_factory.getbasetemp() / "fuzz.yml"
    path.write_text(text, encoding="utf-8", errors="replace", newline="")
    assert understood(path)


@given(raw=st.binary(max_size=120))
@settings(max_examples=200, deadline=None)
def test_any_bytes_are_a_model_or_a_site_error(tmp_path_factory: pytest.TempPathFactory, raw: bytes) -> None:
    """The same for bytes that are no text."""
    path = tmp_path_factory.getbasetemp() / "fuzz-bytes.yml"
    path.write_bytes(raw)
    assert understood(path)


NESTED = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from([*House.model_fields, *Door.model_fields, "x"]), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(value=st.dictionaries(st.sampled_from([*House.model_fields, "x"]), NESTED, max_size=6))
@settings(max_examples=300, deadline=None)
def test_any_values_are_a_model_or_a_site_error(
    tmp_path_factory: pytest.TempPathFactory, value: dict[str, object]
) -> None:
    """Well-formed YAML of wrong shapes exercises every message, also with odd numbers (nan, huge integers)."""
    path = tmp_path_factory.getbasetemp() / "fuzz-values.yml"
    path.write_text(json.dumps(value), encoding="utf-8")
    assert understood(path)
