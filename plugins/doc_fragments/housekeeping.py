"""The rules of housekeeping: said once."""

from __future__ import annotations


class ModuleDocFragment:
    """Options of the modules that look for old files."""

    DOCUMENTATION = r"""
options:
  rules:
    description: What is old, and what becomes of it. The first rule that names a file has it.
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
        description: How many days after its last change a file stays.
        type: int
        required: true
      action:
        description: What becomes of it then.
        type: str
        choices: [compress, delete]
        required: true
      log:
        description: Whether it is a log, which must be kept for O(floor_days) before it may be deleted.
        type: bool
        default: true
      recurse:
        description: Whether directories in it are looked into, on the same filesystem.
        type: bool
        default: false
  floor_days:
    description: How many days logs are kept at least. Six months are asked of hospital systems (等保 2.0).
    type: int
    default: 184
"""
