"""How modules reach a MariaDB server, and what a drill of it is: said once."""

from __future__ import annotations


class ModuleDocFragment:
    """Options of several modules: how a server is reached, what a drill (`.drill`), a restore (`.on_its_host`) is."""

    DOCUMENTATION = r"""
options:
  socket:
    description: The server's socket. Empty is the client's usual one.
    type: path
    default: ""
  defaults_file:
    description:
      - A file with C(user) and C(password) under C([client]), which nobody else may read.
      - Empty, the server lets root in by the socket. A password itself is taken nowhere.
    type: path
    default: ""
"""

    DRILL = r"""
options:
  run:
    description: The run's name.
    type: str
    required: true
  job:
    description: What the backup job is called, as the site declares it.
    type: str
    required: true
  scratch:
    description: The directory below which copies lie, for root alone.
    type: path
    default: /var/lib/maintkit-drill
  user:
    description: The OS user that the copy runs as.
    type: str
    default: mysql
  source:
    description: The source's identity, as M(maintkit.ops.mariadb_identity_info) tells it.
    type: dict
    default: {}
  store:
    description: What M(maintkit.ops.mariadb_sets_info) has told.
    type: dict
    default: {}
  store_from:
    description: How rsync reaches the host of sets and logs, such as V(backup1). Empty, they can be read on this host.
    type: str
    default: ""
"""

    ON_ITS_HOST = r"""
options:
  job:
    description: What the backup job is called, as the site declares it.
    type: str
    required: true
  store_from:
    description: How rsync reaches the host of sets and logs, such as V(backup1). Empty, they can be read on this host.
    type: str
    default: ""
  user:
    description: The OS user that the server runs as.
    type: str
    default: mysql
"""
