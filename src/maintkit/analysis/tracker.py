"""Debian's security tracker (https://security-tracker.debian.org/tracker/data/json), cut down to some releases."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from maintkit.errors import ImportRefused
from maintkit.evidence.advisory import Advisory

STATUSES = ("resolved", "open", "undetermined")
_HINT = "carry in the file that https://security-tracker.debian.org/tracker/data/json gives, whole"


def releases(content: bytes, wanted: Iterable[str]) -> dict[str, dict[str, tuple[Advisory, ...]]]:
    """Advisories by release and source package; ImportRefused when it is no such file, or has nothing of a release.

    An advisory is taken as it stands: what a field lacks is refused with its place, never guessed.
    """
    try:
        tracker = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise ImportRefused(f"it is no JSON: {error}", hint=_HINT) from error
    found: dict[str, dict[str, list[Advisory]]] = {release: {} for release in wanted}
    for package, cve, release, said in _walk(tracker):
        if release in found:
            found[release].setdefault(package, []).append(_advisory(package, cve, release, said))
    empty = [release for release, packages in found.items() if not packages]
    if empty:
        raise ImportRefused(f"it says nothing of {', '.join(empty)}", hint=_HINT)
    return {
        release: {name: tuple(sorted(known, key=lambda one: one.cve)) for name, known in sorted(packages.items())}
        for release, packages in found.items()
    }


def _walk(tracker: Any) -> Iterator[tuple[str, str, str, Any]]:
    for package, known in _items(tracker, "the file"):
        for cve, about in _items(known, package):
            about_releases = about.get("releases") if isinstance(about, Mapping) else None
            for release, said in _items(about_releases, f"{package} {cve} releases"):
                yield package, cve, release, said


def _items(value: Any, where: str) -> Iterable[tuple[str, Any]]:
    if not isinstance(value, Mapping):
        raise ImportRefused(f"{where} is no JSON object", hint=_HINT)
    return value.items()


def _advisory(package: str, cve: str, release: str, said: Any) -> Advisory:
    about = said if isinstance(said, Mapping) else {}
    status, fixed, urgency = (about.get(key) for key in ("status", "fixed_version", "urgency"))
    resolved = status == "resolved"
    if status not in STATUSES or not isinstance(urgency, str) or (resolved and not isinstance(fixed, str)):
        raise ImportRefused(
            f"{package} {cve} {release}: status {status!r}, fixed_version {fixed!r} and urgency {urgency!r} do not go"
            " together",
            hint=_HINT,
        )
    # A version beside `open` is one of another release: it cannot be installed from this one.
    return Advisory(cve=cve, fixed=fixed if resolved else None, urgency=urgency, undetermined=status == "undetermined")
