"""Full-text search over the articles in force: an SQLite index that is made anew from the ledger when it is gone.

Chinese has no spaces: every ideograph is a word of the index by itself, and a run of them in a query is a phrase, so
that `慢`, `挂号` and `打印机` are found wherever they stand. Letters and digits are words without case, and the last
one of a query is found by its beginning: `ORA-01555` is the phrase `ora 01555…`.
"""

from __future__ import annotations

import re
import sqlite3
import unicodedata
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from maintkit.desk.article import body_of
from maintkit.errors import SiteError
from maintkit.evidence import knowledge
from maintkit.evidence.knowledge import Article
from maintkit.evidence.ledger import Ledger

FILE = ".search.db"
MOST = 50
AROUND = 60  # characters of a line before and after what was found
_SHAPE = 1  # of the tables and of `words`: another one is made anew
# Ideographs with their extensions, kana and hangul: what is written without spaces.
_SINGLE = r"\u3005-\u3007\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U000323af"
_ONE = re.compile(rf"[{_SINGLE}]")
_WORD = re.compile(rf"[{_SINGLE}]|(?:(?![{_SINGLE}])[^\W_])+")
_TABLES = """
CREATE TABLE article (id TEXT PRIMARY KEY, stored TEXT NOT NULL, place INTEGER NOT NULL, text TEXT NOT NULL);
CREATE VIRTUAL TABLE word USING fts5(id, title, tags, body, tokenize = "unicode61 remove_diacritics 0");
"""
_FIND = """
SELECT article.id, article.text FROM word JOIN article ON article.place = word.rowid
WHERE word MATCH ? ORDER BY bm25(word, 8, 8, 4, 1), article.id LIMIT ?
"""


@dataclass(frozen=True, kw_only=True)
class Hit:
    """An article that holds every word asked for, and the line of it that shows one."""

    article: Article
    line: str


def words(text: str) -> list[str]:
    """What the index knows of a text, in order: ideographs, and words of letters and digits without case or width."""
    return [found[0] for found in _WORD.finditer(unicodedata.normalize("NFKC", text).casefold())]


def search(ledger: Ledger, root: Path, asked: str, *, most: int = MOST) -> tuple[Hit, ...]:
    """The articles in force that hold all parts of what was asked (parted by space), the best first.

    The index under `root` is brought up to the ledger first; where it cannot be kept, it is made in memory.
    """
    parts = [part for part in map(words, asked.split()) if part]
    if not parts:
        return ()
    found = {one.id: one for one in knowledge.articles(ledger) if one.retired is None}
    with _index(root / FILE, ledger, found) as index:
        rows = index.execute(_FIND, (" AND ".join(map(_phrase, parts)), most)).fetchall()
    return tuple(Hit(article=found[id_], line=_line(text, parts)) for id_, text in rows if id_ in found)


def _phrase(part: list[str]) -> str:
    """The words one after the other; a last one of letters or digits may go on."""
    return f'"{" ".join(part)}"{"" if _ONE.fullmatch(part[-1]) else "*"}'


@contextmanager
def _index(path: Path, ledger: Ledger, found: Mapping[str, Article]) -> Iterator[sqlite3.Connection]:
    """The index, up to date. A file that is damaged or of another shape is made anew; SiteError without FTS5."""
    try:
        with closing(_opened(path)) as index:
            with index:
                _follow(index, ledger, found)
            yield index
    except sqlite3.Error as error:
        raise SiteError(f"{path}: {error}", hint="remove the file: it is made anew from the ledger") from error


def _opened(path: Path) -> sqlite3.Connection:
    """The file's index, empty when it was of no use; in memory where no file can be kept."""
    for place in (str(path), str(path), ":memory:"):
        with suppress(OSError):
            path.touch(mode=0o600)
        try:
            index = sqlite3.connect(place, timeout=10)
        except sqlite3.OperationalError:
            continue  # no directory, or no right to it
        try:
            return _usable(index)
        except sqlite3.OperationalError:
            index.close()  # may be read and not written
        except sqlite3.DatabaseError:
            index.close()
            with suppress(OSError):
                path.unlink()
    raise sqlite3.OperationalError("this Python's SQLite has no full-text index (FTS5)")


def _usable(index: sqlite3.Connection) -> sqlite3.Connection:
    """The index with its tables; DatabaseError when it is none, or one of another maintkit."""
    if index.execute("SELECT count(*) FROM sqlite_master").fetchone()[0] == 0:
        index.executescript(f"BEGIN IMMEDIATE; {_TABLES} PRAGMA user_version = {_SHAPE}; COMMIT;")
    elif index.execute("PRAGMA user_version").fetchone()[0] != _SHAPE:
        raise sqlite3.DatabaseError("an index of another shape")
    index.execute("BEGIN IMMEDIATE")
    index.rollback()
    return index


def _follow(index: sqlite3.Connection, ledger: Ledger, found: Mapping[str, Article]) -> None:
    """Take in what is new or another version, take out what is no longer in force."""
    had = {id_: (place, stored) for id_, place, stored in index.execute("SELECT id, place, stored FROM article")}
    wanted = {id_: one.now.stored for id_, one in found.items()}
    for id_, (place, stored) in had.items():
        if wanted.get(id_) != stored:
            index.execute("DELETE FROM word WHERE rowid = ?", (place,))
            index.execute("DELETE FROM article WHERE id = ?", (id_,))
    for id_, stored in wanted.items():
        if had.get(id_, (0, ""))[1] != stored:
            _take_in(index, found[id_], body_of(knowledge.text(ledger, found[id_].now)))


def _take_in(index: sqlite3.Connection, one: Article, body: str) -> None:
    front = one.now.front
    tags = " ".join((*front.tags, *front.systems, *front.incidents, front.kind))
    columns = [" ".join(words(text)) for text in (one.id, front.title, tags, body)]
    place = index.execute("INSERT INTO word (id, title, tags, body) VALUES (?, ?, ?, ?)", columns).lastrowid
    index.execute("INSERT INTO article VALUES (?, ?, ?, ?)", (one.id, one.now.stored, place, body))


def _line(text: str, parts: list[list[str]]) -> str:
    """The first line that shows a part, cut around it; empty when only the title or a tag does."""
    for line in text.splitlines():
        told = " ".join(line.split())
        for part in parts:
            place = _place(told, part)
            if place is not None:
                start, end = max(0, place - AROUND), place + sum(map(len, part)) + AROUND
                return f"{'…' if start else ''}{told[start:end]}{'…' if end < len(told) else ''}"
    return ""


def _place(line: str, part: list[str]) -> int | None:
    """Where the words of a part stand one after the other, the last one perhaps going on."""
    plain = unicodedata.normalize("NFKC", line).casefold()
    if not all(word in plain for word in part):
        return None  # most lines: nothing more is asked of them
    last: deque[tuple[int, str]] = deque(maxlen=len(part))
    for found in _WORD.finditer(line):
        for word in words(found[0]):
            last.append((found.start(), word))
            said = [one for _, one in last]
            if len(said) == len(part) and said[:-1] == part[:-1] and said[-1].startswith(part[-1]):
                return last[0][0]
    return None
