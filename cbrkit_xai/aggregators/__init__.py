"""Reductions of many rows to one (the paper's script A, eq. 3), one a file."""
