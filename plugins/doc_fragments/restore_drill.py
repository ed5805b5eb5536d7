"""The application that is started against a drill's copy: said once."""

from __future__ import annotations


class ModuleDocFragment:
    """Options of the modules that look at an application beforehand, and start it."""

    DOCUMENTATION = r"""
options:
  application:
    description:
      - The application itself. While the copy is examined it is started under its own OS user, in a network of its
        own, asked by HTTP, and stopped. Left out, none is started.
      - It finds the copy by C(PGHOST), C(PGPORT), C(PGUSER) and C(PGDATABASE), may write below C(RUNTIME_DIRECTORY)
        only, and needs no password.
    type: dict
    suboptions:
      name:
        description: What the report calls it.
        type: str
        required: true
      user:
        description: The OS user that it runs as. Neither root nor the copy's.
        type: str
        required: true
      argv:
        description: Its command, by the absolute path of a program on the drill host.
        type: list
        elements: str
        required: true
      role:
        description: The database role that it logs in as.
        type: str
        required: true
      database:
        description: Its database.
        type: str
        required: true
      environment:
        description:
          - More of its environment.
          - On the host it stands in no command line and in no journal; in the plan it does.
        type: dict
        default: {}
      url:
        description: What is asked of it, on 127.0.0.1.
        type: str
        required: true
      contains:
        description: What the answer must hold. Empty is any answer with status 200.
        type: str
        default: ""
      timeout:
        description: Seconds until it must have answered rightly.
        type: float
        default: 60
"""
