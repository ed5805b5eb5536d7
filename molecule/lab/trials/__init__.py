"""For every check a fault that makes it fire on a booted host, and what must be found then (docs/faults.md)."""
