"""Lets these tests import the collection's plugins under the name that Ansible gives them."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[4] / ".ansible"))
