"""The rules of housekeeping: said once."""

from __future__ import annotations


class ModuleDocFragment:
    """Options of the modules that look for old files and large logs."""

    DOCUMENTATION = r"""
options:
  rules:
    description: What is old or too large, and what becomes of it. The first rule that would do something with a file
      has it.
    type: list
    elements: dict
    required: true
    suboptions:
      path:
        description: The directory, by its true path.
        type: path
        required: true
      pattern:
        description: The pattern of names in it, like C(*.log.*).
        type: str
        required: true
      keep_days:
        description: How many days after its last change a file stays. Needed to compress and to delete.
        type: int
      action:
        description:
          - What becomes of it then.
          - With V(rotate) a log that a process holds open goes on in a new file, once it is larger than
            O(rules[].larger_than). The host's own logrotate does it, with a configuration and a state of ours. It
            deletes nothing. What it has rotated is called C(NAME-YYYYMMDD-SECONDS) or the same with C(.gz), for a rule
            that deletes by age.
        type: str
        choices: [compress, delete, rotate]
        required: true
      log:
        description: Whether it is a log, which must be kept for O(floor_days) before it may be deleted.
        type: bool
        default: true
      recurse:
        description: Whether directories in it are looked into, on the same filesystem.
        type: bool
        default: false
      larger_than:
        description: From which size on a log is rotated, in bytes or like V(100M). Needed to rotate.
        type: bytes
      writer:
        description:
          - How the process that writes comes to a new file. Needed to rotate.
          - With V(reload) the log is renamed, and O(rules[].service) is asked to open it anew. No line is lost.
          - With V(copytruncate) the log is copied and then emptied. B(Lines that are written between the two are lost.)
            It is for who cannot be asked, and refused for who does not append.
        type: str
        choices: [reload, copytruncate]
      service:
        description: The service that writes, like V(nginx.service). It must be active, and nobody else may write.
        type: str
      signal:
        description: The signal at which the service's main process opens its log anew. Without it the service is
          reloaded.
        type: str
        choices: [HUP, USR1, USR2]
      compress:
        description: Whether what was rotated is compressed, once no process has it open any more.
        type: bool
        default: true
      also_by_host:
        description: Rotate it although the host's own configuration of logrotate does, too. Else such a log is refused.
        type: bool
        default: false
  floor_days:
    description: How many days logs are kept at least. Six months are asked of hospital systems (等保 2.0).
    type: int
    default: 184
"""
