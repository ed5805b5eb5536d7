"""What people and runs have done for the contract, read from the ledger: proofs of duties, incidents, tickets."""
