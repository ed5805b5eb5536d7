"""Rules over facts: one file a subject, pure."""
