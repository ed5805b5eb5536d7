"""A site's YAML files: read, checked against their models, every mistake told as `file:line: what; allowed: …`.

`read` is enough for a file that stands alone. A file that refers to others (a host, a group, a profile) is opened with
`load`, which keeps the line of every value, so that a wrong reference is told where it stands:

    services = load(root / "services.yml", Services)
    services.refuse([Problem(at=("hosts", "db9"), text="no host `db9`", allowed="db1, db2")])
"""

from __future__ import annotations

from maintkit.sitefile.problems import Path, Problem, Problems, near
from maintkit.sitefile.reading import Place, SiteFile, SiteModel, load, parse, places, read, read_text, refuse

__all__ = [
    "Path",
    "Place",
    "Problem",
    "Problems",
    "SiteFile",
    "SiteModel",
    "load",
    "near",
    "parse",
    "places",
    "read",
    "read_text",
    "refuse",
]
