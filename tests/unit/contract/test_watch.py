"""watch.yml: read with the site, every mistake told where it stands."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from maintkit.contract.load import load_site
from maintkit.contract.watch import Watch
from maintkit.errors import SiteError

WORDS = ("probes", "manual")
GOOD = """\
probes:
  - name: his-web
    covers: [1, 2]
    http: {url: 'https://his.example/login', contains: 登录}
  - name: his-database
    covers: [1]
    sql: {engine: postgresql, host: db, database: his, user: watch, password: {env: PW}, query: select 1}
manual:
  - {covers: [17], how: 打开月报}
"""


def test_functions_share_probes_and_may_have_several(site: Path) -> None:
    """1 has two, 2 shares one of them, 17 is a person's, 3 is nobody's."""
    (site / "watch.yml").write_text(GOOD)
    watch = load_site(site).watch
    assert [[probe.name for probe in watch.probes_of(seq)] for seq in (1, 2, 3)] == [
        ["his-web", "his-database"], ["his-web"], [],
    ]  # fmt: skip
    assert [watch.manual_of(seq) for seq in (1, 17)] == [None, "打开月报"]
    assert [probe.kind for probe in watch.probes] == ["http", "sql"]


def test_the_example_in_a_new_site_asks_for_the_functions_that_it_names(site: Path) -> None:
    """Each number has its function's name of the catalogue beside it, or the beginning of one."""
    text = (site / "watch.yml").read_text()
    example = "".join(
        line[2:] for line in text.splitlines(keepends=True) if line.startswith("#   ") or line[2:-2] in WORDS
    )
    watch = Watch.model_validate(yaml.safe_load(example))
    named = {seq: name for numbers, names in re.findall(r"covers: \[(.+)\]  # (.+)", text)
             for seq, name in zip(map(int, numbers.split(", ")), _names(numbers, names), strict=True)}  # fmt: skip
    catalogue = {function.seq: function.function_zh for function in load_site(site).functions}
    covered = [one.covers for one in watch.probes] + [one.covers for one in watch.manual]
    assert {seq for covers in covered for seq in covers} == named.keys()
    assert [seq for seq, name in named.items() if not catalogue[seq].startswith(name)] == []


def _names(numbers: str, names: str) -> list[str]:
    """One name has its own commas; of several numbers each has one."""
    return names.split("、") if "," in numbers else [names]


def test_a_site_without_the_file_watches_nothing(site: Path) -> None:
    """Sites made by an older maintkit stay whole."""
    (site / "watch.yml").unlink()
    assert load_site(site).watch.probes == ()


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("contains:", "contain:", "4: unknown key `contain` in `probes[0].http` (did you mean `contains`?)"),
        ("[1, 2]", "[1, 999]", "3: functions.csv has no function 999"),
        ("[17]", "[0]", "9: functions.csv has no function 0"),
        ("his-database", "his-web", "5: probe `his-web` stands twice"),
        ("https://his", "https://me:pw@his", "carries a user or password"),
        ("{env: PW}", "{env: PW, file: pw}", "7: a secret stands in one place; allowed: either `env` or `file`"),
        ("{env: PW}", "hunter2", "7: a value stands where only its place may; allowed: `env` or `file`"),
        ("    covers: [1]\n", "    covers: [1]\n    tcp: {host: a, port: 1}\n", "probe `his-database` asks in 2 ways"),
    ],
)
def test_mistakes_are_told_by_line(site: Path, old: str, new: str, told: str) -> None:
    """Unknown keys, functions that the catalogue has not, names twice, secrets where none may be, two questions."""
    (site / "watch.yml").write_text(GOOD.replace(old, new, 1))
    with pytest.raises(SiteError) as refused:
        load_site(site)
    assert told in str(refused.value)
    assert "hunter2" not in str(refused.value)
