"""What /etc/his-demo/his-demo.conf says."""

from __future__ import annotations

import os
from configparser import ConfigParser
from dataclasses import dataclass
from pathlib import Path

CONFIGURATION = "/etc/his-demo/his-demo.conf"
HERE = Path(__file__).parents[1]


@dataclass(frozen=True, kw_only=True)
class Settings:
    """`dsn` is the application's, `owner_dsn` names the role that may change the schema (readable by root only)."""

    listen: str
    port: int
    connections: int
    dsn_file: Path
    owner_dsn_file: Path
    log: Path


def load() -> Settings:
    """Read the file that HIS_DEMO_CONF names, else the packaged one; OSError or KeyError names what is missing."""
    parser = ConfigParser()
    path = os.environ.get("HIS_DEMO_CONF", CONFIGURATION)
    with Path(path).open(encoding="utf-8") as stream:
        parser.read_file(stream)
    return Settings(
        listen=parser["server"]["listen"],
        port=parser.getint("server", "port"),
        connections=parser.getint("database", "connections"),
        dsn_file=Path(parser["database"]["dsn_file"]),
        owner_dsn_file=Path(parser["database"]["owner_dsn_file"]),
        log=Path(parser["log"]["file"]),
    )
