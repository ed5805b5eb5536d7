"""How modules reach a MariaDB or MySQL server, and which tables they choose: said once."""

from __future__ import annotations


class ModuleDocFragment:
    """Options of several modules: `mysql` of how a server is reached, `mysql.tables` of which tables are chosen."""

    DOCUMENTATION = r"""
options:
  user:
    description: The OS user that the client runs as, whom the server lets in by the socket without O(defaults_file).
    type: str
    default: root
  account:
    description: The server's account. Empty is that of O(defaults_file), or else that of the OS user's name.
    type: str
    default: ""
  socket:
    description: The server's socket. Empty is the usual one, or that of O(defaults_file).
    type: str
    default: ""
  defaults_file:
    description: An option file with C(user) and C(password) under C([client]). A password itself is taken nowhere.
    type: path
  bindir:
    description: Where the client is, when it is not on the PATH.
    type: str
    default: ""
"""

    TABLES = r"""
options:
  databases:
    description: The databases; empty means all but the server's own.
    type: list
    elements: str
    default: []
  factor:
    description: A table is rebuilt when it is more than so many times as large as a rebuild would leave it.
    type: float
    default: 1.5
  min_mb:
    description: Smaller tables are left alone.
    type: float
    default: 100
  on_replica:
    description: Whether a replica may be rebuilt, alone; its primary and its other replicas are not touched by that.
    type: bool
    default: false
  binlog:
    description: Whether rebuilds go into the binary log, for all replicas to do the same. A replica never writes them.
    type: bool
    default: false
"""
