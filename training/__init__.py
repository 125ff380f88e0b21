"""Learning from past terms, and deciding whether the result may be used."""
