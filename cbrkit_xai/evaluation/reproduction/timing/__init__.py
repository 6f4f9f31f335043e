"""How long one query waits; kept apart from all that is the same on every run."""
