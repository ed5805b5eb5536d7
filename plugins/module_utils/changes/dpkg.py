"""The list of packages, compared as a whole; pure functions over dpkg-query's output."""

from __future__ import annotations

LIST = "${binary:Package}\\t${Version}\\t${db:Status-Abbrev}\\t${Installed-Size}\\n"
WHOLE = ("ii", "hi")  # installed, or installed and on hold
GONE = ("rc", "un", "pn", "in")  # only its configuration is left, or not even that


def parse_list(text: str) -> dict[str, dict]:
    """Packages by name (with architecture where dpkg needs it to tell them apart), as `LIST` formats them."""
    packages = {}
    for line in text.splitlines():
        name, version, state, size = line.split("\t")
        if state.strip() not in GONE:
            packages[name] = {"version": version, "state": state.strip(), "bytes": int(size or 0) * 1024}
    return packages


def broken(packages: dict[str, dict]) -> list[str]:
    """Packages that dpkg has begun and not finished."""
    return sorted(name for name, one in packages.items() if one["state"] not in WHOLE)


def held(packages: dict[str, dict]) -> list[str]:
    """Packages that somebody has put on hold."""
    return sorted(name for name, one in packages.items() if one["state"].startswith("h"))


def differences(before: dict[str, dict], after: dict[str, dict]) -> list[dict]:
    """Every package whose version or state is not the same, by name; `from` or `to` is empty where it is not there."""
    return [
        {"package": name, "from": _told(before.get(name)), "to": _told(after.get(name))}
        for name in sorted({*before, *after})
        if _told(before.get(name)) != _told(after.get(name))
    ]


def _told(one: dict | None) -> str:
    if one is None:
        return ""
    return one["version"] if one["state"] in WHOLE else f"{one['version']} ({one['state']})"


def file_name(package: str, version: str, arch: str) -> str:
    """What apt calls a package's file: an epoch's colon is written as %3a."""
    return f"{package.partition(':')[0]}_{version.replace(':', '%3a')}_{arch}.deb"
