"""Records and reports, drawn from the ledger alone."""
