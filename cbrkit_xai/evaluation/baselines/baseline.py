"""A way to predict votes without similar cases, and what of a fold it may see."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import attrs

from cbrkit_xai.cases import Cases
from cbrkit_xai.features import Array
from cbrkit_xai.freezing import texts


@attrs.frozen(kw_only=True, eq=False)
class Task:
    """One fold, as a baseline sees it.

    Parameters
    ----------
    training : Cases
        n cases, with their votes.
    held_out : Cases
        q cases. Their votes are NaN: nothing can leak from them.
    training_classes, held_out_classes : tuple of str
        Of each case the class whose explanation was judged; empty where it is not known.
    seed : int
        Of all that is random.
    """

    training: Cases
    held_out: Cases
    training_classes: tuple[str, ...] = attrs.field(converter=texts)
    held_out_classes: tuple[str, ...] = attrs.field(converter=texts)
    seed: int


Predict: TypeAlias = Callable[[Task], Array]
"""`task -> predicted votes (q, methods)`; NaN for a method that no training case was asked about."""


@attrs.frozen(kw_only=True)
class Baseline:
    """What any configuration has to be compared with.

    Parameters
    ----------
    name : str
        kebab-case; the label of its run.
    summary : str
        What it predicts, in words that fit a table.
    source : str
        Paper or library.
    predict : callable
        From a `Task` to votes `(q, methods)`.
    needs_features : bool
        Whether the photos' features have a say; then there is one run for each representation.
    needs_classes : bool
        Whether it says nothing of its own where no class is known.
    reads_held_out_votes : bool
        True of the oracle alone: it is a bound, not a predictor.
    """

    name: str
    summary: str
    source: str
    predict: Predict
    needs_features: bool = False
    needs_classes: bool = False
    reads_held_out_votes: bool = False
