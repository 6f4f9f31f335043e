"""Chooses the configuration that a case base should be used with, or finds that none beats the mean."""

from cbrkit_xai.evaluation.tuning.grid import Grid, default_grid, read_grid
from cbrkit_xai.evaluation.tuning.procedure import tune
from cbrkit_xai.evaluation.tuning.tuned import Tuning

__all__ = ["Grid", "Tuning", "default_grid", "read_grid", "tune"]
