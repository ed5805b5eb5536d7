"""Checks of backups, judged from the backup tool's own catalogue: one file a subject, limits in limits.yml."""
