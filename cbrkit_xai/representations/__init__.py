"""Descriptions of photos that need no library of their own, one a file."""
