"""What a change is made of, file by file, so that one changed byte is noticed before anything runs.

The whole collection counts, not only the procedure's own role: what a role includes while it runs cannot be told from
outside. Every name's digest is that of its bytes, so `sha256sum` checks one by hand.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from hashlib import file_digest, sha256
from pathlib import Path

from maintkit.errors import PlanChanged, SiteError
from maintkit.evidence.canonical import canonical
from maintkit.plans.model import Content, Plan

# Of the collection, what Ansible can load and run; tests and documentation beside it are not part of a change.
COLLECTION = ("galaxy.yml", "meta", "plugins", "roles", "playbooks")
# Of the site, what steers a run; the ledger, reports and signers are not what is approved.
SITE = ("services.yml", "limits.yml", "ansible.cfg", "group_vars", "host_vars")
_SHOWN = 5


def content(
    *,
    collection: Path,
    site: Path,
    inventory: Path,
    artifacts: Mapping[str, Path] | None = None,
    values: Mapping[str, object] | None = None,
) -> tuple[Content, ...]:
    """Name and sha256 of everything, by name: `collection/…`, `site/…`, `inventory/…`, `artifact/…`, `value/…`.

    Links are followed. A file that may be executed has `*` after its name, because that makes an inventory a program.
    `values` are JSON values that are no files, such as the inventory as Ansible resolves it. SiteError names what
    cannot be read.
    """
    found: dict[str, str] = {}
    for part in COLLECTION:
        found.update(_tree(f"collection/{part}", collection / part))
    for part in SITE:
        found.update(_tree(f"site/{part}", site / part))
    found.update(_tree("inventory", inventory, required=True))
    for name, path in (artifacts or {}).items():
        found.update(_tree(f"artifact/{name}", path, required=True))
    for name, value in (values or {}).items():
        found[f"value/{name}"] = sha256(canonical(value).encode()).hexdigest()
    return tuple(Content(name=name, sha256=digest) for name, digest in sorted(found.items()))


def differences(frozen: Iterable[Content], present: Iterable[Content]) -> tuple[str, ...]:
    """`changed NAME`, `new NAME`, `gone NAME`, by name; empty when both are the same."""
    before = {one.name: one.sha256 for one in frozen}
    now = {one.name: one.sha256 for one in present}
    return tuple(
        f"{_word(before.get(name), now.get(name))} {name}"
        for name in sorted(before.keys() | now.keys())
        if before.get(name) != now.get(name)
    )


def require_same(plan: Plan, present: Collection[Content]) -> None:
    """Raise PlanChanged naming the first files that are not what was frozen."""
    found = differences(plan.content, present)
    if found:
        more = f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
        raise PlanChanged(
            f"plan {plan.id} was made of other content: {', '.join(found[:_SHOWN])}{more}",
            hint="put the approved content back, or make a new plan and have that approved",
        )


def _word(before: str | None, now: str | None) -> str:
    return "new" if before is None else "gone" if now is None else "changed"


def _tree(name: str, path: Path, *, required: bool = False) -> Iterator[tuple[str, str]]:
    """Every file at or below a path; nothing when it is not there and need not be."""
    if not path.exists():
        if required:
            raise SiteError(f"{path}: not there, so what a plan would run cannot be frozen", hint="name what is there")
        return
    if not path.is_dir():
        yield _file(name, path)
        return
    yield from _directory(name, path, frozenset())


def _directory(name: str, path: Path, above: frozenset[Path]) -> Iterator[tuple[str, str]]:
    real = path.resolve()
    if real in above:
        raise SiteError(f"{path}: a link that leads back to where it lies", hint="remove the link")
    try:
        entries = sorted(path.iterdir())
    except OSError as error:
        raise _unreadable(path, error) from None
    for entry in entries:
        if entry.name == "__pycache__" or entry.suffix == ".pyc":
            continue  # made anew from the source that counts
        if entry.is_dir():
            yield from _directory(f"{name}/{entry.name}", entry, above | {real})
        else:
            yield _file(f"{name}/{entry.name}", entry)


def _file(name: str, path: Path) -> tuple[str, str]:
    if not path.is_file():
        raise SiteError(f"{path}: neither a file nor a directory", hint="remove it, or put a file in its place")
    try:
        with path.open("rb") as file:
            digest = file_digest(file, "sha256").hexdigest()
        runs = path.stat().st_mode & 0o111
    except OSError as error:
        raise _unreadable(path, error) from None
    return f"{name}*" if runs else name, digest


def _unreadable(path: Path, error: OSError) -> SiteError:
    reason = (error.strerror or str(error)).lower()
    return SiteError(f"{path}: {reason}", hint="give the user who runs maintkit the right to read it")
