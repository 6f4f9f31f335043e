"""Evaluation that is hard to misread: every prediction on held-out cases, beside what it must beat."""
