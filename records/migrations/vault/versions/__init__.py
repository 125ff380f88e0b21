"""The revisions of the vault, oldest first; a released one is never edited."""
