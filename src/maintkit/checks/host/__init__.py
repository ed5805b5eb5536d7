"""Checks of the machine itself: one file a subject, limits in limits.yml."""
