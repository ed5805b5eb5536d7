"""Executions: what is asked of hosts, phase by phase, and what came of it."""
