"""The application that is started against a copy: what is refused beforehand, and what its command line holds."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from drills import part

REFUSED = part("changes.place").Refused


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"user": "root"}, "name the application's own user"),
        ({"user": "postgres"}, "name the application's own user"),
        ({"user": "nobody-here"}, "there is no OS user nobody-here"),
        ({"argv": []}, "absolute path"),
        ({"argv": ["sh"]}, "absolute path"),
        ({"argv": ["/nowhere/app"]}, "there is no /nowhere/app"),
        ({"environment": {"A B": "x"}}, "cannot be given to a unit: A B"),
        ({"environment": {"A": "x\x1by"}}, "cannot be given to a unit: A"),
        ({"url": "http://his-app1:8080/"}, "leads to another host"),
        ({"url": "http://127.0.0.1.example/"}, "leads to another host"),
    ],
)
def test_an_application_that_could_not_be_kept_apart_is_refused(changes: dict[str, Any], why: str) -> None:
    good = {"name": "x", "user": "nobody", "argv": ["/bin/sh"], "url": "http://127.0.0.1:80/", "environment": {}}
    with pytest.raises(REFUSED, match=why):
        part("drill.application").refuse_application({**good, **changes}, "postgres")


def test_no_value_of_an_applications_environment_stands_in_its_command_line() -> None:
    """Every user of the host reads it, and it goes into the journal."""
    drill = part("drill.application")
    instance = SimpleNamespace(place=Path("/copy"), user="nobody")
    odd = 'it\'s "a" $HOME `id` \\ 挂号\n\tend'
    told = {
        "name": "x",
        "user": "nobody",
        "argv": ["/bin/app"],
        "role": "r",
        "database": "his",
        "environment": {"A": odd},
    }
    made = drill.Application("R1", instance, told)
    assert not [one for one in made._argv() if "setenv" in one or odd in one]
    assert "--property=EnvironmentFile=/copy/application.env" in made._argv()
    assert made._environment().endswith('A="it\'s \\"a\\" \\$HOME \\`id\\` \\\\ 挂号\n\tend"\n')
    assert 'PGHOST="/copy/socket"\n' in made._environment()
