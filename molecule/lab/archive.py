"""Small Debian packages and archives of them, for hosts that have no way to the internet."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from email.utils import formatdate
from pathlib import Path

from lab.image import File
from lab.process import run


@dataclass(frozen=True, kw_only=True)
class Deb:
    """A package to be built: `files` by absolute path, `scripts` such as postinst, `fields` such as Depends."""

    name: str
    version: str
    files: Mapping[str, str] = field(default_factory=dict)
    scripts: Mapping[str, str] = field(default_factory=dict)
    fields: Mapping[str, str] = field(default_factory=dict)

    @property
    def file_name(self) -> str:
        """What an archive calls it."""
        return f"{self.name}_{self.version}_all.deb"

    def build(self) -> bytes:
        """The package, made by dpkg-deb."""
        with tempfile.TemporaryDirectory() as directory:
            root = Path(directory) / "root"
            for path, text in self.files.items():
                _put(root / path.lstrip("/"), text, mode=0o755 if text.startswith("#!") else 0o644)
            for name, text in self.scripts.items():
                _put(root / "DEBIAN" / name, text, mode=0o755)
            _put(
                root / "DEBIAN/control",
                "".join(f"{key}: {value}\n" for key, value in self.control().items()),
                mode=0o644,
            )
            made = Path(directory) / "made.deb"
            run("dpkg-deb", "--root-owner-group", "-Zgzip", "--build", root, made)
            return made.read_bytes()

    def control(self) -> dict[str, str]:
        """Its control fields."""
        told = {"Package": self.name, "Version": self.version, "Architecture": "all"}
        told |= {"Maintainer": "lab <lab@lab.example>", "Installed-Size": "16", "Description": "made for the lab"}
        return told | dict(self.fields)


def archive_of(debs: Sequence[Deb], *, label: str = "Lab") -> tuple[File, ...]:
    """A directory that apt takes for an archive of these packages, and the line that makes apt use it."""
    place = f"/srv/{label.lower()}"
    built = [(deb, deb.build()) for deb in debs]
    packages = "\n".join(_entry(deb, content) for deb, content in built)
    digest = f" {hashlib.sha256(packages.encode()).hexdigest()} {len(packages)} Packages\n"
    release = f"Origin: {label}\nLabel: {label}\nSuite: lab\nDate: {formatdate(usegmt=True)}\nSHA256:\n{digest}"
    return (
        *(File(path=f"{place}/{deb.file_name}", content=content) for deb, content in built),
        File(path=f"{place}/Packages", content=packages.encode()),
        File(path=f"{place}/Release", content=release.encode()),
        File(
            path=f"/etc/apt/sources.list.d/{label.lower()}.list",
            content=f"deb [trusted=yes] copy:{place} ./\n".encode(),
        ),
    )


def _entry(deb: Deb, content: bytes) -> str:
    told = {**deb.control(), "Filename": f"./{deb.file_name}", "Size": str(len(content))}
    told["SHA256"] = hashlib.sha256(content).hexdigest()
    return "".join(f"{key}: {value}\n" for key, value in told.items())


def _put(path: Path, text: str, *, mode: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(mode)
