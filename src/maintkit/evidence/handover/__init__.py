"""A handover: documents, ledger, anchors and contract files under one signed list of hashes (docs/handover.md)."""
