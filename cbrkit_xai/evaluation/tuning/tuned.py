"""What tuning has found: every candidate's errors, what each fold chose, and what is recommended."""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from cbrkit_xai.configurations import Configuration
from cbrkit_xai.evaluation.holding_out.folds import Folds
from cbrkit_xai.evaluation.holding_out.groups import Groups
from cbrkit_xai.evaluation.holding_out.protocol import Protocol
from cbrkit_xai.evaluation.tuning.candidates import Candidate
from cbrkit_xai.evaluation.tuning.estimate import Estimate
from cbrkit_xai.evaluation.tuning.grid import Grid
from cbrkit_xai.evaluation.tuning.one_standard_error import Chosen
from cbrkit_xai.features import Array, frozen_floats
from cbrkit_xai.freezing import texts


@attrs.frozen(kw_only=True)
class FoldChoice:
    """What was chosen by the training cases of one fold.

    Parameters
    ----------
    repeat, fold : int
        Counted from 0.
    chosen : Chosen
        By the errors inside; candidates are numbered as in `Tuning.points`.
    """

    repeat: int
    fold: int
    chosen: Chosen


@attrs.frozen(kw_only=True, eq=False)
class Tuning:
    """All that was measured, and what follows from it.

    Parameters
    ----------
    name : str
        Of the case base.
    provenance : str
        Whose votes these are.
    is_automatic : bool
        Whether any vote was cast by a program.
    grid : Grid
        What the candidates were made of.
    protocol, groups, folds : Protocol, Groups, Folds
        How cases were held out.
    points : tuple of Candidate
        The simplest first, which is the global mean.
    outer : array of shape (candidates, repeats, n)
        Squared error of each case when it is held out; NaN where there is none.
    problems : tuple of str
        Of each candidate, why it was not chosen among in some folds; empty where it always was.
    in_folds : tuple of FoldChoice
        The choice of each outer fold, in order.
    overall : Chosen
        The same choice by the outer folds of all cases.
    estimate : Estimate
        What the whole procedure errs on cases that had no part in its choices.
    recommended : Configuration
        What won; where that is the global mean, the first configuration of the grid with the first organizer.
    substituted : str
        What stands in the place of what a name promises; empty if nothing does.
    notes : tuple of str
        A sentence for each thing that the reader must know besides, such as what was left out.
    versions, hashes : mapping of str to str
        Of the packages that the numbers depend on; of the base's content, and of each configuration.
    """

    name: str
    provenance: str
    is_automatic: bool
    grid: Grid
    protocol: Protocol
    groups: Groups
    folds: Folds
    points: tuple[Candidate, ...]
    outer: Array = attrs.field(converter=frozen_floats)
    problems: tuple[str, ...] = attrs.field(converter=texts)
    in_folds: tuple[FoldChoice, ...]
    overall: Chosen
    estimate: Estimate
    recommended: Configuration
    substituted: str = ""
    notes: tuple[str, ...] = attrs.field(default=(), converter=texts)
    versions: Mapping[str, str]
    hashes: Mapping[str, str]

    @property
    def winner(self) -> Candidate:
        """What was chosen by all cases."""
        return self.points[self.overall.chosen]

    @property
    def mean_wins(self) -> bool:
        """Whether that is the global mean."""
        return self.winner.planned is None

    def times_chosen(self) -> dict[str, int]:
        """Return in how many folds each candidate was chosen, by name, most often first."""
        times: dict[int, int] = {}
        for one in self.in_folds:
            times[one.chosen.chosen] = times.get(one.chosen.chosen, 0) + 1
        often = sorted(times.items(), key=lambda item: (-item[1], item[0]))
        return {self.points[place].name: number for place, number in often}
