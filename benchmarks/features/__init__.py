"""How long the feature tables of a simulated nation take from real log files, beside DuckDB, pandas and the bare scan."""
