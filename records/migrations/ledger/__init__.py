"""The chain of the ledger."""
