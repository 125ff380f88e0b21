"""How the tables came to be what they are: one chain of revisions for the ledger, one for the vault (records/migrating.py)."""
