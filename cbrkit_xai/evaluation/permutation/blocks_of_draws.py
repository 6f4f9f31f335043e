"""The blocks that the draws of a permutation null are made and kept in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from cbrkit_xai.case_base import CaseBase
from cbrkit_xai.configurations import Components
from cbrkit_xai.evaluation.results import Evaluation
from cbrkit_xai.evaluation.running.cells import hash_of_array, key_of_cell
from cbrkit_xai.evaluation.running.finishing import ONCE, CellName
from cbrkit_xai.evaluation.running.makers import decided_by
from cbrkit_xai.registry import Registry

OBSERVED = CellName(label="permutation", repeat=ONCE, part="observed")
"""The cell of the errors with the votes as they are."""

_BLOCK = 50  # some tenths of a second


def blocks_of(draws: int, *, anew: bool) -> dict[CellName, range]:
    """Return which draws, by their numbers, each block holds.

    Parameters
    ----------
    draws : int
        In all.
    anew : bool
        Whether something is organised anew for each draw, which then is a block by itself.
    """
    length = 1 if anew else _BLOCK
    return {
        CellName(label="permutation", repeat=first, part="draws"): range(first, min(first + length, draws))
        for first in range(0, draws, length)
    }


def keys_of(
    blocks: Mapping[CellName, range],
    evaluation: Evaluation,
    base: CaseBase,
    composed: Mapping[str, Components],
    seed: int,
    registry: Registry,
) -> dict[CellName, str | None]:
    """Return by what the observed errors and each block are kept; None where they must not be.

    Parameters
    ----------
    composed : mapping of str to Components
        By label, those that are permuted.
    seed : int
        Of the draws.
    """
    shared = _shared(evaluation, base, composed, seed, registry)
    ranges: Iterable[tuple[CellName, Any]] = (
        (OBSERVED, "observed"),
        *((name, [numbers.start, numbers.stop]) for name, numbers in blocks.items()),
    )
    return {
        name: None if shared is None else key_of_cell({"permutation": shared, "draws": numbers})
        for name, numbers in ranges
    }


def _shared(
    evaluation: Evaluation,
    base: CaseBase,
    composed: Mapping[str, Components],
    seed: int,
    registry: Registry,
) -> dict[str, Any] | None:
    decided: dict[str, Any] = {}
    for label, components in composed.items():
        configuration = evaluation.run(label).configuration
        assert configuration is not None  # noqa: S101 - it was composed
        decided[label] = decided_by(configuration, base, components, registry)
    if None in decided.values():
        return None
    protocol = evaluation.protocol
    return {
        "by": list(decided.items()),
        "ks": {label: evaluation.run(label).ks for label in composed},
        "groups": evaluation.groups.names,
        "folds": hash_of_array(evaluation.folds.fold_of[0]),
        "protocol": [protocol.scheme, protocol.cluster_scope, protocol.seed],
        "seed": seed,
    }
