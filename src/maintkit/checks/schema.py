"""The published schema of the collector's document, made from the models.

python -m maintkit.checks.schema docs/schemas/facts-1.schema.json
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from maintkit.checks.facts.document import Facts


def facts_schema() -> str:
    """JSON Schema of `maintkit.facts/1`, indented, with a final newline; the same for the same models."""
    schema = Facts.model_json_schema(by_alias=True)
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}
    return json.dumps(schema, indent=1, sort_keys=True, ensure_ascii=True) + "\n"


def main(arguments: list[str]) -> int:
    """Write the schema to the file named, and say so."""
    if len(arguments) != 1:
        sys.stderr.write("usage: python -m maintkit.checks.schema FILE\n")
        return 2
    Path(arguments[0]).write_text(facts_schema(), encoding="ascii")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
