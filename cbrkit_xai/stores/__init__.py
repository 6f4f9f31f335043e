"""Durable case bases: one SQLite file each."""
