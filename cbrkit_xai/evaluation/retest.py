"""How far automatic judges repeat themselves, where a base holds what they said when asked again."""

from __future__ import annotations

from collections.abc import Iterator

import attrs
import numpy as np

from cbrkit_xai.case import Ballot
from cbrkit_xai.case_base import CaseBase
from cbrkit_xai.evaluation.wording import counted, number


@attrs.frozen(kw_only=True)
class Retest:
    """Repeated ballots of the same judge about the same case.

    Parameters
    ----------
    rmse : float or None
        Root of the mean variance (with n - 1) of one judge's vote for a method of a case over the times it
        was asked: what a vote differs by from its own mean. None where nobody was asked again.
    repeated : int
        Pairs of a case and a judge with more than one ballot.
    ballots, judges : int
        All that judges gave, and how many judges.
    """

    rmse: float | None
    repeated: int
    ballots: int
    judges: int

    @property
    def sentence(self) -> str:
        """The test-retest in words, or why there is none."""
        if self.rmse is None:
            return (
                f"No test-retest stands in its place: of {counted(self.ballots, 'ballot')} by "
                f"{counted(self.judges, 'judge')} none is a judge's second about the same photo"
            )
        return (
            f"In its place, test-retest: asked again, a judge's vote for a method scatters by "
            f"{number(self.rmse)} votes ({counted(self.repeated, 'pair')} of photo and judge "
            "asked more than once)"
        )


def retest(base: CaseBase) -> Retest | None:
    """Return how far the judges of a base repeat themselves; None where no program voted.

    Ballots that say nothing of who gave them are nobody's again.
    """
    automatic = [[ballot for ballot in case.ballots if ballot.source == "automatic"] for case in base.cases]
    every = [ballot for ballots in automatic for ballot in ballots]
    if not every:
        return None
    again = [votes for ballots in automatic for votes in _repeated(ballots)]
    variances = [float(variance) for votes in again for variance in np.var(votes, axis=0, ddof=1)]
    return Retest(
        rmse=float(np.sqrt(np.mean(variances))) if variances else None,
        repeated=len(again),
        ballots=len(every),
        judges=len({(ballot.voter, ballot.family) for ballot in every}),
    )


def _repeated(ballots: list[Ballot]) -> Iterator[list[list[float]]]:
    """Yield the votes of each judge with several ballots, over the methods that are in all of them."""
    by_judge: dict[str, list[Ballot]] = {}
    for ballot in ballots:
        if ballot.voter:
            by_judge.setdefault(ballot.voter, []).append(ballot)
    for those in by_judge.values():
        methods = sorted(set.intersection(*(set(one.votes) for one in those)))
        if len(those) > 1 and methods:
            yield [[one.votes[method] for method in methods] for one in those]
