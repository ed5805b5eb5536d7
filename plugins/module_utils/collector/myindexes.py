"""Indexes of MySQL that another one makes needless, and those that nobody has used."""

from __future__ import absolute_import, division, print_function, unicode_literals

from .text import number

NEEDLESS_MAX = 100


def needless_indexes(told, counted, sized):
    """The indexes with something to be said of them, the largest first; `unused` None: use is not counted."""
    sizes = dict(
        ((row["db"], row["tbl"], row["name"]), number(row["size_bytes"])) for row in told.get("index_sizes", [])
    )
    idle = set((row["db"], row["tbl"], row["name"]) for row in told.get("unused", []))
    keys = {}
    for row in told.get("foreign_keys", []):
        keys.setdefault((row["db"], row["tbl"]), []).append((row["parts"] or "").split("\n"))
    found = []
    for indexes in by_table(told.get("indexes", [])).values():
        for one in indexes:
            key = index_key(one)
            better = covered_by(one, indexes)
            plain = one["plain"] == "1" and one["kind"] == "BTREE"
            unused = plain and key in idle and not serves(one, keys.get(key[:2], []))
            if better is not None or unused:
                found.append(
                    {
                        "name": "%s.%s.%s" % key,
                        "redundant_to": better,
                        "unused": unused if counted else None,
                        "size_bytes": sizes.get(key, 0) if sized else None,
                    }
                )
    return sorted(found, key=lambda one: (-(one["size_bytes"] or 0), one["name"]))[:NEEDLESS_MAX]


def serves(one, foreign_keys):
    """Whether an index begins with the columns of a foreign key of its table."""
    columns = [part.rsplit(":", 2)[0] for part in (one["parts"] or "").split("\n")]
    return any(columns[: len(parts)] == parts for parts in foreign_keys)


def index_key(row):
    return row["db"], row["tbl"], row["name"]


def by_table(rows):
    """The indexes of each table."""
    tables = {}
    for row in rows:
        tables.setdefault((row["db"], row["tbl"]), []).append(row)
    return tables


def covered_by(one, indexes):
    """The name of an index of the same table that begins with all of `one` and does what it does, or None.

    A unique index forbids something: only another unique one on the same columns makes it needless. Of two that are
    the same in all, the later name is the needless one. An index over an expression is not compared.
    """
    parts = (one["parts"] or "").split("\n")
    if one["kind"] != "BTREE" or one["name"] == "PRIMARY" or any(part.startswith(("?", "NULL")) for part in parts):
        return None
    for other in indexes:
        longer = (other["parts"] or "").split("\n")
        if other is one or other["kind"] != "BTREE" or longer[: len(parts)] != parts:
            continue
        same = len(longer) == len(parts)
        if one["plain"] == "0" and not (same and other["plain"] == "0"):
            continue
        if same and one["plain"] == other["plain"] and other["name"] != "PRIMARY" and other["name"] > one["name"]:
            continue
        return other["name"]
    return None
