"""InnoDB tables that take more room than they need, and their rebuild while they are used."""
