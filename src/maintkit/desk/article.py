"""Articles as files of the site: Markdown under YAML front matter, read and checked; drafts from an incident."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, tzinfo
from pathlib import Path

from maintkit.desk.incident import Incident, Verb
from maintkit.errors import DeskRefused, SiteError
from maintkit.evidence.knowledge import Front
from maintkit.sitefile import Problem, SiteFile, near, parse, read_text, refuse

DIRECTORY = "knowledge"
TO_FILL_IN = "待填写"
FENCE = "---"
_FRONT = re.compile(r"\A---[ \t]*\n(?P<front>.*?)^---[ \t]*(?:\n|\Z)", re.DOTALL | re.MULTILINE)
_MARK = re.compile(rf"^\W*{TO_FILL_IN}\W*$")
_SHAPE = "`---`, the keys id, title, owner, review_by …, `---`, then the article in Markdown"
_DONE: dict[Verb, str] = {
    "opened": "报修",
    "triaged": "定级",
    "acknowledged": "响应",
    "arrived": "到场",
    "progressed": "处理",
    "mitigated": "临时恢复",
    "resolved": "解决",
}


@dataclass(frozen=True, kw_only=True)
class Written:
    """An article as it stands in a file: `content` are the file's very bytes, `body` the Markdown without the front."""

    path: Path
    file: SiteFile[Front]
    content: bytes
    body: str

    @property
    def front(self) -> Front:
        """What stands over it."""
        return self.file.model


def read_article(path: Path) -> Written:
    """The article in a file; SiteError lists every mistake of its front matter as `FILE:LINE: …`."""
    text = read_text(path).replace("\r\n", "\n")
    found = _FRONT.match(text)
    if found is None:
        begun = text.startswith(FENCE)
        wrong = "the front matter has no second line of `---`" if begun else "the article does not begin with `---`"
        refuse(path, [(1, f"{wrong}; allowed: {_SHAPE}")], hint=_HINT)
    file = parse(path, found["front"], Front, above=1)
    return Written(path=path, file=file, content=path.read_bytes(), body=text[found.end() :])


def body_of(text: str) -> str:
    """The Markdown of an article's whole text, without its front matter."""
    plain = text.removeprefix("\ufeff").replace("\r\n", "\n")
    found = _FRONT.match(plain)
    return plain[found.end() :] if found else plain


def require_whole(written: Written, *, systems: Collection[str], incidents: Collection[str]) -> None:
    """SiteError by line for a system or an incident that is not there, an empty article, a blank left to fill in."""
    front, problems = written.front, []
    for key, named, known, where in (
        ("systems", front.systems, systems, "services.yml has no system"),
        ("incidents", front.incidents, incidents, "the ledger has no incident"),
    ):
        for place, name in enumerate(named):
            if name not in known:
                text = f"{where} `{name}`{near(name, sorted(known))}"
                problems.append(Problem(at=(key, place), text=text, allowed=", ".join(sorted(known)[:12]) or "none"))
    written.file.refuse(problems)
    whole = written.content.decode("utf-8-sig").splitlines()
    if not written.body.strip():
        refuse(written.path, [(len(whole), "there is nothing under the front matter; allowed: the article")])
    blanks = [at for at, line in enumerate(whole, start=1) if _MARK.match(line)]
    if blanks:
        told = [(at, f"`{TO_FILL_IN}` is still to be filled in; allowed: what a person knows") for at in blanks]
        refuse(written.path, told, hint="fill it in, or take the section out, then add the article")


def files(root: Path) -> Iterator[Path]:
    """The article files of a site, by name; nothing that is hidden or a link."""
    place = root / DIRECTORY
    for path in sorted(place.rglob("*.md")) if place.is_dir() and not place.is_symlink() else ():
        if path.is_file() and not path.is_symlink() and not any(part.startswith(".") for part in path.parts[-2:]):
            yield path


def written(root: Path) -> tuple[dict[str, Written], list[SiteError]]:
    """The articles of a site's files by id, and what is wrong with the others; an id that stands twice is wrong."""
    found: dict[str, Written] = {}
    errors: list[SiteError] = []
    for path in files(root):
        try:
            one = read_article(path)
            first = found.setdefault(one.front.id, one)
            if first is not one:
                text = f"`{one.front.id}` is the id of {first.path.name} already"
                one.file.refuse([Problem(at=("id",), text=text, allowed="an id of its own")])
        except SiteError as error:
            errors.append(error)
    return found, errors


def draft(one: Incident, *, id_: str, owner: str, review_by: date, zone: tzinfo) -> str:
    """A draft article of what the incident's entries say; what nobody has entered stands as 待填写."""
    front = {
        "id": id_,
        "title": one.title,
        "kind": "article",
        "systems": list(one.systems),
        "tags": [one.level.level] if one.level else [],
        "owner": owner,
        "review_by": review_by.isoformat(),
        "incidents": [one.id],
    }
    analysed = one.last("analysed")
    solved = one.last("resolved") or one.last("mitigated")
    sections = (
        ("现象", one.title),
        ("影响范围", _reach(one)),
        ("处理经过", "\n".join(_steps(one, zone))),
        ("原因", analysed.body["cause"] if analysed else ""),
        ("解决办法", solved.text if solved else ""),
        ("预防措施", analysed.body["prevention"] if analysed else ""),
    )
    text = "\n".join(f"## {title}\n\n{said.strip() or TO_FILL_IN}\n" for title, said in sections)
    return f"{FENCE}\n{_yaml(front)}{FENCE}\n\n{text}"


def save_draft(root: Path, id_: str, text: str) -> Path:
    """Put a draft into the site as `knowledge/ID.md`; DeskRefused when there is one, SiteError when it cannot be."""
    path = root / DIRECTORY / f"{id_}.md"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise DeskRefused(f"{path} is there already", hint="edit that one, or name another with --id") from None
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise SiteError(f"{path}: {reason}", hint="give the directory back to the user who runs maintkit") from error
    return path


def keep(root: Path, one: Written) -> None:
    """Put a file that came from elsewhere into the site as `knowledge/ID.md`; one that is there has to be the same."""
    place = root / DIRECTORY
    if one.path.resolve().is_relative_to(place.resolve()):
        return
    try:
        target = place / f"{one.front.id}.md"
        if target.exists() and target.read_bytes() != one.content:
            raise DeskRefused(
                f"{target} is another text", hint="edit that one, or remove it, and add the article again"
            )
        place.mkdir(exist_ok=True)
        target.write_bytes(one.content)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise SiteError(f"{error.filename}: {reason}", hint="give it back to the user who runs maintkit") from error


def _reach(one: Incident) -> str:
    known = (("科室", one.department), ("系统", "、".join(one.systems)), ("主机", "、".join(one.hosts)))
    return "\n".join(f"- {label}：{said}" for label, said in known if said)


def _steps(one: Incident, zone: tzinfo) -> Iterator[str]:
    for step in sorted(one.steps, key=lambda step: step.at):
        if step.verb in _DONE:
            said = f"：{' '.join(step.text.split())}" if step.text else ""
            yield f"- {step.at.astimezone(zone):%Y-%m-%d %H:%M} {_DONE[step.verb]}{said}"


def _yaml(front: Mapping[str, object]) -> str:
    """One key a line; a value in JSON is YAML too, whatever a title holds."""
    return "".join(f"{key}: {json.dumps(said, ensure_ascii=False)}\n" for key, said in front.items())


_HINT = "`maintkit knowledge from-incident` writes an article with all its keys to compare with"
