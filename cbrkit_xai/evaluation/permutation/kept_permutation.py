"""The permutation null of an evaluation, kept beside its finished cells."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from cbrkit_xai import registry as registries
from cbrkit_xai.case_base import CaseBase
from cbrkit_xai.evaluation.permutation.permutation_null import PermutationNull
from cbrkit_xai.evaluation.permutation.permuting import DRAWS, permute
from cbrkit_xai.evaluation.results import Evaluation
from cbrkit_xai.evaluation.running.cells import FOLDER, Cells, hash_of_array, key_of_cell
from cbrkit_xai.evaluation.running.finishing import Arrays
from cbrkit_xai.evaluation.working import one_thread_each
from cbrkit_xai.kept_fits import key_of
from cbrkit_xai.protocols import Progress
from cbrkit_xai.registry import Registry


def kept_permutation(
    evaluation: Evaluation,
    base: CaseBase,
    *,
    folder: str | Path | None = None,
    draws: int = DRAWS,
    registry: Registry | None = None,
    progress: Progress | None = None,
) -> PermutationNull | None:
    """Return the errors without signal, from the folder if they are there; the seed is the evaluation's.

    Parameters
    ----------
    evaluation : Evaluation
        Of `base`.
    base : CaseBase
        Where the features are.
    folder : path, optional
        The one that `evaluate` was given.
    draws : int
        How often the votes are handed out anew; with 0 there is no null.
    registry : Registry, optional
        By default that of everything installed.
    progress : callable, optional
        Called with (draws done, draws).

    Returns
    -------
    PermutationNull or None
        None where nothing was drawn, or no configuration predicts every held-out case.
    """
    registry = registry or registries.default_registry()
    if draws == 0 or not any(run.is_complete for run in evaluation.configurations):
        return None
    cells = Cells(folder=None if folder is None else Path(folder) / FOLDER)
    key = _key(evaluation, base, draws, registry)
    kept = cells.get(key)
    if kept is not None:
        return _of_arrays(kept)
    seed = evaluation.protocol.seed
    with one_thread_each():
        found = permute(evaluation, base, draws=draws, seed=seed, registry=registry, progress=progress)
    cells.put(key, _to_arrays(found))
    return found


def _key(evaluation: Evaluation, base: CaseBase, draws: int, registry: Registry) -> str | None:
    fits = {
        run.label: key_of(run.configuration, base, run.configuration.components(registry), registry)
        for run in evaluation.configurations
        if run.configuration is not None and run.is_complete
    }
    if None in fits.values():
        return None
    protocol = evaluation.protocol
    return key_of_cell(
        {
            "permutation": list(fits.items()),
            "ks": {run.label: run.ks for run in evaluation.configurations},
            "groups": evaluation.groups.names,
            "folds": hash_of_array(evaluation.folds.fold_of[0]),
            "protocol": [protocol.scheme, protocol.cluster_scope, protocol.seed],
            "draws": draws,
        }
    )


def _to_arrays(found: PermutationNull) -> Arrays:
    return {
        "labels": np.array([label for label, _ in found.columns], dtype=np.str_),
        "ks": np.array([k for _, k in found.columns], dtype=np.int64),
        "observed": found.observed,
        "draws": found.draws,
        "fixed_cases": np.array(found.fixed_cases),
        "kept": np.array(found.kept),
    }


def _of_arrays(arrays: Arrays) -> PermutationNull:
    return PermutationNull(
        columns=tuple(zip(arrays["labels"].tolist(), arrays["ks"].tolist(), strict=True)),
        observed=arrays["observed"],
        draws=arrays["draws"],
        fixed_cases=int(arrays["fixed_cases"]),
        kept=str(arrays["kept"]),
    )
