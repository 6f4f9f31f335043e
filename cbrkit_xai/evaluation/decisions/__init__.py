"""How an evaluation decides: one procedure a file, each on plain arrays."""
