"""What the reproduction of the paper on one case base has found; all of it is the same on every run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import attrs

from cbrkit_xai.evaluation.permutation.permutation_null import PermutationNull
from cbrkit_xai.evaluation.questions.stated_margin import StatedMargin
from cbrkit_xai.evaluation.reproduction.balanced_training import Balanced
from cbrkit_xai.evaluation.reproduction.claims.claim import Claim
from cbrkit_xai.evaluation.reproduction.class_frequency import OfFrequency
from cbrkit_xai.evaluation.reproduction.clustering_table import ClusteringRow
from cbrkit_xai.evaluation.reproduction.hypothesis import Hypothesis
from cbrkit_xai.evaluation.reproduction.papers_configurations import PapersConfiguration
from cbrkit_xai.evaluation.results import Evaluation, Run
from cbrkit_xai.features import Array


@attrs.frozen(kw_only=True, eq=False)
class Reproduction:
    """Tables 1 and 2, figure 3, and every claim that no clock decides.

    Parameters
    ----------
    configurations : tuple of PapersConfiguration
        Table 1: all five, those that are not applicable with the reason why.
    clusterings : tuple of ClusteringRow
        Table 2, on the whole base.
    evaluation : Evaluation
        Figure 3: the five in both organisations, what they have to beat, and other features.
    distances : mapping of str to array of shape (n, n)
        By the configuration's name, as organizers cluster by them; without those that have none.
    hypothesis : Hypothesis
        Whether similar photos have similar votes.
    frequencies : tuple of OfFrequency
        Errors by class frequency; empty where there is nothing to tell.
    balanced : tuple of (name, Balanced)
        What evenly frequent training cases do.
    margin : StatedMargin
        What difference of errors would matter.
    claims : tuple of Claim
        Decided together.
    permutation : PermutationNull, optional
        Errors of the paper's configurations under shuffled votes; None where none predicts every case.
    """

    configurations: tuple[PapersConfiguration, ...]
    clusterings: tuple[ClusteringRow, ...]
    evaluation: Evaluation
    distances: Mapping[str, Array] = attrs.field(repr=False)
    hypothesis: Hypothesis
    frequencies: tuple[OfFrequency, ...]
    balanced: tuple[tuple[str, Balanced], ...]
    margin: StatedMargin
    claims: tuple[Claim, ...]
    permutation: PermutationNull | None = None

    @property
    def applicable(self) -> tuple[PapersConfiguration, ...]:
        """The configurations that the base can be described by."""
        return tuple(one for one in self.configurations if not one.missing)

    @property
    def runs(self) -> PapersRuns:
        """The runs of the paper's configurations."""
        return papers_runs(self.evaluation, self.configurations)

    def claim(self, letter: str) -> Claim:
        """Return the claim of that letter."""
        return next(one for one in self.claims if one.asked.letter == letter)


@attrs.frozen(kw_only=True, eq=False)
class PapersRuns:
    """The runs of the paper's configurations by organisation.

    Parameters
    ----------
    linear, clustered : tuple of (PapersConfiguration, Run)
        In the paper's order. Of the clustered ones those that could be organised in some fold.
    never_clustered : tuple of (PapersConfiguration, Run)
        Those that could not, in any.
    """

    linear: tuple[tuple[PapersConfiguration, Run], ...]
    clustered: tuple[tuple[PapersConfiguration, Run], ...]
    never_clustered: tuple[tuple[PapersConfiguration, Run], ...]


def papers_runs(evaluation: Evaluation, configurations: Sequence[PapersConfiguration]) -> PapersRuns:
    """Return the runs of those configurations that were evaluated."""
    linear = [(one, evaluation.run(one.linear.label)) for one in configurations if one.linear is not None]
    clustered = [
        (one, evaluation.run(one.clustered.label)) for one in configurations if one.clustered is not None
    ]
    return PapersRuns(
        linear=tuple(linear),
        clustered=tuple((one, run) for one, run in clustered if (run.entries > 0).any()),
        never_clustered=tuple((one, run) for one, run in clustered if not (run.entries > 0).any()),
    )
