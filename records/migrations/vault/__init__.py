"""The chain of the vault."""
