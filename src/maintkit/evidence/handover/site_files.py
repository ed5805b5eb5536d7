"""The files of a site that go into a handover, and those that never do: whatever holds a secret."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from maintkit.evidence import knowledge
from maintkit.evidence.handover.manifest import Kind, LeftOut
from maintkit.evidence.handover.pack import Staging
from maintkit.evidence.ledger import Ledger
from maintkit.evidence.patterns import KEY, SECRET
from maintkit.evidence.redact import Redactor
from maintkit.settings import FILE, Settings

CONTRACT_FILES = (
    FILE,
    "contract.yml",
    "services.yml",
    "limits.yml",
    "functions.csv",
    "watch.yml",
    "reminders.yml",
    "calendar.yml",
    "calendar.yml.sig",
)
KNOWLEDGE = "knowledge"
OWN = "documents"  # the site's own words and letterhead
_TITLE = "知识库"
_VAULT = b"$ANSIBLE_VAULT"
_INVENTORY = "the inventory and its variables were not asked for"


def add_site(staging: Staging, settings: Settings, ledger: Ledger, *, inventory: bool) -> Iterator[LeftOut]:
    """Put contract files, signers, knowledge base and, if asked for, the inventory into the package; what was left out.

    A vault file never goes along, nor any text in which the ledger would mask a secret or a private key. Articles go as
    the ledger keeps them, masked, whatever their files say by now.
    """
    root, signers, redactor = settings.root, settings.signers, ledger.redactor
    for name in CONTRACT_FILES:
        yield from _add(staging, root / name, f"site/{name}", "site", "合同与站点文件", redactor)
    for path in (signers, signers.with_name("roles.yml"), signers.with_name("revoked_keys")):
        yield from _add(staging, path, f"signers/{path.name}", "signers", "签名人公钥与角色", redactor)
    for path in (one for one in _files(root / OWN) if not one.name.startswith((".", "~$"))):
        yield from _add(staging, path, f"site/{OWN}/{path.name}", "site", "文档版式", redactor)
    entered = _articles(staging, ledger)
    for path in _files(root / KNOWLEDGE):
        name = path.relative_to(root).as_posix()
        if name not in entered:
            yield from _add(staging, path, name, "knowledge", _TITLE, redactor)
    if not inventory:
        yield LeftOut(path=settings.inventory.name, reason=_INVENTORY)
        return
    for path in _files(settings.inventory):
        name = path.relative_to(settings.inventory.parent).as_posix()
        yield from _add(staging, path, f"inventory/{name}", "inventory", "主机清单", redactor)


def _articles(staging: Staging, ledger: Ledger) -> set[str]:
    """Every article in force as `knowledge/ID.md`; the names of those files."""
    names = set()
    for one in knowledge.articles(ledger):
        if one.retired is None:
            name = f"{KNOWLEDGE}/{one.id}.md"
            staging.add(name, ledger.attachment(one.now.stored), "knowledge", f"{_TITLE} {one.now.front.title}")
            names.add(name)
    return names


def _files(place: Path) -> Iterator[Path]:
    if place.is_dir() and not place.is_symlink():
        for path in sorted(place.iterdir()):
            yield from _files(path)
    elif place.is_file() or place.is_symlink():
        yield place


def _add(staging: Staging, path: Path, name: str, kind: Kind, title: str, redactor: Redactor) -> Iterator[LeftOut]:
    why = "it is a link" if path.is_symlink() else None
    if why is None and not path.is_file():
        return
    content = b"" if why else path.read_bytes()
    why = why or _secret(content, redactor)
    if why:
        yield LeftOut(path=name, reason=why)
    else:
        staging.add(name, content, kind, title)


def _secret(content: bytes, redactor: Redactor) -> str | None:
    if _VAULT in content or b"!vault" in content:
        return "it holds Ansible vault"
    said = content.decode("utf-8", "replace")
    masked = redactor.text(said).text
    if any(masked.count(mask) > said.count(mask) for mask in (SECRET, KEY)):
        return "it holds a secret in clear"
    return None
