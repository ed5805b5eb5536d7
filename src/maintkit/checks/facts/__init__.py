"""What the collector brings home, typed: the one source of the published schema.

`docs/schemas/facts-1.schema.json` is made from these models. The collector (plugins/module_utils/collector) is a
separate program that knows nothing of them: the two meet at the JSON document. Unknown fields are ignored, so that a
newer collector's result can be judged; a field that is not there is None, which no check reads as healthy.

Units are in the names: `_bytes`, `_percent` (0 to 100), `_s`, `_ms`; instants are epoch seconds (float, UTC) on the
host's own clock and end in `_at`.
"""
