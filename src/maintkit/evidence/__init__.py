"""The ledger: append, verify, look back."""
