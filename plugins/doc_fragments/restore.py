"""Which cluster is restored, from what, and to where in time: said once."""

from __future__ import annotations


class ModuleDocFragment:
    """Options of the modules of a restore."""

    DOCUMENTATION = r"""
options:
  run:
    description: The run's name.
    type: str
    required: true
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
  data:
    description: The cluster's data directory.
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
    description: The point in time with its offset, or the restore point's name.
    type: str
    default: ""
  timeline:
    description: The timeline that is followed.
    type: str
    default: latest
  set:
    description: The label of the backup. Empty is the newest one that leads to the target.
    type: str
    default: ""
"""
