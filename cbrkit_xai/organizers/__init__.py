"""Organisations of a case base, one a file, with the clustering that one of them needs."""
