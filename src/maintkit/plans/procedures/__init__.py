"""What each procedure freezes of a probed host, and what it is told when the plan runs: one file a procedure."""
