"""What any configuration has to be compared with, one baseline a file."""

from cbrkit_xai.evaluation.baselines.baseline import Baseline, Task
from cbrkit_xai.evaluation.baselines.predicting import BASELINES, baseline_of, predict_baseline
from cbrkit_xai.evaluation.baselines.prototypes import matched, prototype_baselines, sizes_of

__all__ = [
    "BASELINES",
    "Baseline",
    "Task",
    "baseline_of",
    "matched",
    "predict_baseline",
    "prototype_baselines",
    "sizes_of",
]
