"""Files come in: every cell read as text, normalised, the person named, each row accepted, known or kept in quarantine."""
