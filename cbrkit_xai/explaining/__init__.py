"""Running an explainer on a classifier: its budget, its target, its result, its picture."""

DEFAULT_CLASSIFIER = "efficientnet-lite0"
"""The classifier that is explained where none is named."""
