"""Checks of who may come in and what is kept of it: one file a subject, limits in limits.yml."""
