"""The permutation null of an evaluation, its finished blocks kept beside the other cells."""

from __future__ import annotations

from pathlib import Path

from cbrkit_xai.case_base import CaseBase
from cbrkit_xai.evaluation.permutation.permutation_null import PermutationNull
from cbrkit_xai.evaluation.permutation.permuting import permute
from cbrkit_xai.evaluation.results import Evaluation
from cbrkit_xai.evaluation.running.cells import FOLDER, Cells
from cbrkit_xai.protocols import Progress
from cbrkit_xai.registry import Registry


def kept_permutation(
    evaluation: Evaluation,
    base: CaseBase,
    *,
    folder: str | Path | None = None,
    draws: int | None = None,
    registry: Registry | None = None,
    workers: int | None = None,
    progress: Progress | None = None,
) -> PermutationNull | None:
    """Return the errors without signal; finished blocks of draws are taken from the folder.

    The seed is the evaluation's.

    Parameters
    ----------
    evaluation : Evaluation
        Of `base`.
    base : CaseBase
        Where the features are.
    folder : path, optional
        The one that `evaluate` was given.
    draws : int, optional
        How often the votes are handed out anew; with 0 there is no null. By default as `permute` says.
    registry : Registry, optional
        By default that of everything installed.
    workers : int, optional
        Threads; by default one for each core. No number depends on it.
    progress : callable, optional
        Called with (blocks done, blocks).

    Returns
    -------
    PermutationNull or None
        None where nothing was drawn, or no configuration predicts every held-out case.
    """
    if draws == 0 or not any(run.is_complete for run in evaluation.configurations):
        return None
    return permute(
        evaluation,
        base,
        draws=draws,
        seed=evaluation.protocol.seed,
        registry=registry,
        cells=Cells(folder=None if folder is None else Path(folder) / FOLDER),
        workers=workers,
        progress=progress,
    )
