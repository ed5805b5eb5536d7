"""How modules are asked for the application's own questions."""

from __future__ import annotations

from typing import Any

QUESTION: dict[str, dict[str, Any]] = {
    "name": {"type": "str", "required": True},
    "database": {"type": "str", "required": True},
    "sql": {"type": "str", "required": True},
    "contains": {"type": "str", "default": ""},
}
