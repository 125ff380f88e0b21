"""What we were told, who is who, and what we said: the append-only log, the vault and the ledger."""
