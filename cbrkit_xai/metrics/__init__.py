"""Distances between features, one a file."""
