"""Which database is restored, from what, and to where in time: said once."""

from __future__ import annotations


class ModuleDocFragment:
    """Options of the modules of a restore."""

    DOCUMENTATION = r"""
options:
  run:
    description: The run's name.
    type: str
    required: true
  data:
    description: The database's data directory.
    type: path
    required: true
  unit:
    description: The unit of the server.
    type: str
    required: true
  type:
    description: What is restored to.
    type: str
    choices: [time, name, end, set]
    default: time
  target:
    description: The point in time with its offset, or the name of the restore point or mark.
    type: str
    default: ""
  set:
    description: The label of the backup. Empty is the newest one that leads to the target.
    type: str
    default: ""
"""
    PGBACKREST = r"""
options:
  stanza:
    description: The stanza, by pgBackRest's own name for it.
    type: str
    required: true
  config:
    description: The configuration of pgBackRest on this host. Empty is the usual one.
    type: str
    default: ""
  user:
    description: The OS user that PostgreSQL and pgBackRest run as.
    type: str
    default: postgres
  socket:
    description: The directory of the server's socket. Empty is the usual one.
    type: str
    default: ""
  port:
    description: The server's port, which names its socket.
    type: int
    default: 5432
  timeline:
    description: The timeline that is followed.
    type: str
    default: latest
"""
    STAGES = r"""
options:
  stage:
    description: What to do.
    type: str
    choices: [begin, bring, prove, back]
    required: true
  restore_timeout:
    description: Seconds that laying the backup out may take.
    type: float
    default: 14400
  recover_timeout:
    description: Seconds that recovery may take; of MariaDB preparing and replaying, each.
    type: float
    default: 7200
  check_timeout:
    description: Seconds that one check may take.
    type: float
    default: 14400
  token:
    description: The run's token (M(maintkit.ops.host_lock)). V(0) compares nothing.
    type: int
"""
    SMOKE = r"""
options:
  smoke:
    description: What the application would ask. Only whether the answers are right is kept.
    type: list
    elements: dict
    default: []
    suboptions:
      name:
        description: What the report calls it.
        type: str
        required: true
      database:
        description: Which database is asked.
        type: str
        required: true
      sql:
        description: A statement. It is rolled back; for PostgreSQL it holds no backslash.
        type: str
        required: true
      contains:
        description: What the answer must hold. Empty is any answer of at least one line.
        type: str
        default: ""
"""
