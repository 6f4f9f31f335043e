"""Classifiers of your own; `models` registers them."""
