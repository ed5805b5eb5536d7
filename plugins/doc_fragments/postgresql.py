"""How modules reach a PostgreSQL server, and which indexes they choose: said once."""

from __future__ import annotations


class ModuleDocFragment:
    """Options of several modules: how a server is reached (the first, and `session`), and what is to be done there."""

    DOCUMENTATION = r"""
options:
  user:
    description: The OS user that psql runs as, whom the server lets in by peer.
    type: str
    default: postgres
  socket:
    description: The directory of the server's socket, or a host where it can be reached so. Empty is the usual one.
    type: str
    default: ""
  port:
    description: The server's port, which names its socket.
    type: int
    default: 5432
"""

    SESSION = r"""
options:
  role:
    description: The server's role. Empty is that of the OS user's name.
    type: str
    default: ""
  passfile:
    description: A password file (pgpass) of the OS user. A password itself is taken nowhere.
    type: path
  bindir:
    description: Where psql is, when it is not on the PATH.
    type: str
    default: ""
"""

    INDEXES = r"""
options:
  databases:
    description: The databases; empty means all that can be entered.
    type: list
    elements: str
    default: []
  factor:
    description: An index is rebuilt when it is more than so many times as large as a rebuild would leave it.
    type: float
    default: 2.0
  min_mb:
    description: Smaller indexes are left alone.
    type: float
    default: 10
  amcheck_mb:
    description: Up to this size of the table, amcheck also looks for every row in the new index; its time is predicted.
    type: float
    default: 1024
"""

    ONLY = r"""
options:
  only:
    description: None but these are judged, and touched. Each names C(database), C(schema), C(name). Empty is all.
    type: list
    elements: dict
    default: []
    suboptions:
      database:
        description: Its database.
        type: str
        required: true
      schema:
        description: Its schema.
        type: str
        required: true
      name:
        description: Its name.
        type: str
        required: true
"""

    VACUUM = r"""
options:
  databases:
    description: The databases; empty means all that can be entered.
    type: list
    elements: str
    default: []
  min_rows:
    description: Fewer dead rows, or rows changed since the last analyse, do not count.
    type: int
    default: 1000
  freeze_share:
    description: From which share of the age at which the server forces a vacuum a table is frozen.
    type: float
    default: 0.75
  old_transaction:
    description: Nothing is vacuumed while a transaction that holds dead rows back is older, in seconds.
    type: float
    default: 60
"""

    CHANGES = r"""
options:
  run:
    description: The run's name, under which the host keeps definitions and what was begun.
    type: str
    required: true
  wanted:
    description: The indexes, each with what is to be done with it.
    type: list
    elements: dict
    required: true
    suboptions:
      act:
        description: What is to be done.
        type: str
        choices: [create, drop]
        required: true
      database:
        description: Its database.
        type: str
        required: true
      schema:
        description: The schema of the table, which is the index's too.
        type: str
        required: true
      table:
        description: Its table.
        type: str
        required: true
      name:
        description: Its name.
        type: str
        required: true
      reason:
        description: Why.
        type: str
        required: true
      columns:
        description: Columns of the table in their order, of an index to create.
        type: list
        elements: str
        default: []
      method:
        description: The method of an index to create.
        type: str
        default: btree
      unique:
        description: Whether an index to create keeps values unique.
        type: bool
        default: false
      used:
        description: Drop the index although queries have used it since the statistics were reset.
        type: bool
        default: false
  old_transaction:
    description: Nothing is begun while a transaction of the database is older, in seconds.
    type: float
    default: 60
  spare_mb:
    description: What must stay free beside the room that a new index needs.
    type: float
    default: 1024
"""
