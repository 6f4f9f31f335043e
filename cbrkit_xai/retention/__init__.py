"""Judgements of whether a case is worth keeping."""
