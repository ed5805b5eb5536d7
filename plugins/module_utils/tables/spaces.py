"""What InnoDB calls tables and their files: by the server's own encoding of names, which MySQL lets nobody ask for.

MariaDB converts a name to the character set `filename`. MySQL does not, but tells each file's name both ways: encoded
in its path, where a character is `@` and four hexadecimal digits, or `@` and two signs; and as it is read.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ansible_collections.maintkit.ops.plugins.module_utils.mysql.session import Session

# On MySQL INNODB_TABLES waits for whoever waits for a table, and these do not. Their ids change with a rebuild, too;
# what shares a file they do not tell.
SPACES = {
    True: """
SELECT JSON_OBJECT('name', HEX(t.NAME), 'id', t.TABLE_ID, 'bytes', COALESCE(s.FILE_SIZE, 0), 'shared', t.SPACE = 0)
FROM information_schema.INNODB_SYS_TABLES AS t
LEFT JOIN information_schema.INNODB_SYS_TABLESPACES AS s ON s.SPACE = t.SPACE AND s.SPACE <> 0
""",
    False: """
SELECT JSON_OBJECT('said', HEX(s.NAME), 'id', s.SPACE, 'bytes', s.FILE_SIZE, 'path', HEX(d.PATH))
FROM information_schema.INNODB_TABLESPACES AS s JOIN information_schema.INNODB_DATAFILES AS d ON d.SPACE = s.SPACE
WHERE s.SPACE_TYPE = 'Single'
""",
}
# A table's database and name as `Space.of` has them, in hexadecimal digits of UTF-8.
FILED = {
    True: ("HEX(CONVERT(TABLE_SCHEMA USING filename))", "HEX(CONVERT(TABLE_NAME USING filename))"),
    False: ("HEX(CONVERT(TABLE_SCHEMA USING utf8mb4))", "HEX(CONVERT(TABLE_NAME USING utf8mb4))"),
}
SIGN = re.compile(r"@([0-9a-f]{4})|@..|.", re.DOTALL)
# The server appends it to names that Windows would not have as a file's; the name itself has none of it.
NO_DEVICE = "@@@"


@dataclass(frozen=True)
class Space:
    """One file of a table. `of` is (database, table) as FILED has them; `name` is InnoDB's own, encoded."""

    of: tuple[str, str]
    name: str
    id: int
    bytes: int
    shared: bool
    path: Path


def spaces(session: Session, datadir: Path, *, maria: bool) -> list[Space]:
    """Every file of every table."""
    return [(_of_maria if maria else _of_mysql)(row, datadir) for row in session.rows(SPACES[maria])]


def _of_maria(row: dict[str, Any], datadir: Path) -> Space:
    name = text(row["name"])
    return Space(_encoded(name), name, row["id"], row["bytes"], bool(row["shared"]), _linked(datadir, name))


def _of_mysql(row: dict[str, Any], datadir: Path) -> Space:
    path = datadir / text(row["path"])
    name = f"{path.parent.name}/{path.stem}"
    return Space(plain(name, text(row["said"])), name, row["id"], row["bytes"], shared=False, path=path)


def plain(name: str, said: str) -> tuple[str, str]:
    """Database and table, from the encoded name and from the same as it is read: either may have a slash in it."""
    folder, file = (len(SIGN.findall(one)) for one in _encoded(name))
    return said[:folder], said[folder + 1 :][:file]


def _encoded(name: str) -> tuple[str, str]:
    """Folder and file without the partition."""
    folder, file = [*name.replace("#p#", "#P#").split("#P#")[0].split("/", 1), ""][:2]
    return folder.replace(NO_DEVICE, ""), file.replace(NO_DEVICE, "")


def text(digits: str) -> str:
    """A name, from hexadecimal digits of UTF-8."""
    return bytes.fromhex(digits).decode(errors="replace")


def _linked(datadir: Path, name: str) -> Path:
    """Where the file is: below the data directory, or where the link file beside it says."""
    here = datadir / f"{name}.ibd"
    link = datadir / f"{name}.isl"
    try:
        return Path(link.read_text().strip()) if link.exists() else here
    except OSError:
        return here
