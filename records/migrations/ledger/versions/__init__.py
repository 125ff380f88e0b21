"""The revisions of the ledger, oldest first; a released one is never edited."""
