"""How far to trust the neighbours: predicted shares between theirs and the base's, and how they scatter."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product

import attrs
import numpy as np
from numpy.typing import ArrayLike

from cbrkit_xai.confidence.shares import (
    Floats,
    group_numbers,
    informative,
    overall_shares,
    overall_shares_without,
    shares,
)
from cbrkit_xai.confidence.winner import chance_of_winning
from cbrkit_xai.errors import ParameterError
from cbrkit_xai.freezing import numbers

SMALLEST_CONCENTRATION = 0.05
LARGEST_CONCENTRATION = 1e4
FEWEST_GROUPS = 10
"""With fewer groups of cases than this nothing is cross-fitted, and c stays below their number plus one."""

IMAGINARY_CASES = 1.0
_ROUNDS = 9
_LEAST_CHANCE = 1e-9
_ONE_STANDARD_ERROR = 0.5  # in log likelihood
_AROUND = np.arange(-2, 3)
_EQUALLY_GOOD = 1e-12  # relative: what rounding makes of equal scores


@attrs.frozen(kw_only=True)
class Mixture:
    """Predicted vote shares, and how far the votes of one photo scatter around them.

    The votes of a photo are `ballots` independent draws from shares that are themselves
    Dirichlet(c m) around the predicted mean m (a Dirichlet-multinomial).

    Parameters
    ----------
    lam : float
        Weight of the neighbours' shares in m, 0 to 1.
    concentration : float
        c; it doesn't grow with k, cluster sizes or numbers of votes.
    overall : tuple of float
        The base's shares, one per method.
    ballots : int
        Number of independent votes that a photo typically gets.
    """

    lam: float = attrs.field(validator=[attrs.validators.ge(0), attrs.validators.le(1)])
    concentration: float = attrs.field(validator=attrs.validators.gt(0))
    overall: tuple[float, ...] = attrs.field(converter=numbers)
    ballots: int = attrs.field(validator=attrs.validators.ge(1))

    def mean(self, neighbour_shares: ArrayLike) -> Floats:
        """Return the predicted shares m.

        Parameters
        ----------
        neighbour_shares : (q, m) array
            Weighted mean shares of each query's neighbours; NaN where no neighbour was asked. A row of
            NaN predicts the base's shares. In a row with some NaN those methods keep the base's share,
            and the others divide the rest among them as the neighbours did.

        Returns
        -------
        (q, m) array
            Rows sum to 1.
        """
        rows = np.atleast_2d(np.asarray(neighbour_shares, dtype=np.float64))
        overall = np.broadcast_to(np.array(self.overall), rows.shape)
        return self.lam * filled(rows, overall) + (1 - self.lam) * overall

    def p_best(self, mean: ArrayLike, methods: ArrayLike | None = None) -> Floats:
        """Return the posterior predictive chance that each method gets most votes of a photo.

        Parameters
        ----------
        mean : (q, m) array
            Predicted shares, as from `mean`.
        methods : (m,) or (q, m) bool array, optional
            The methods among which the photo's voters choose; all if left out. A part of a Dirichlet
            vector, renormalised, is Dirichlet with the same parameters, so these alone are kept.

        Returns
        -------
        (q, m) array
            Rows sum to 1; 0 for methods outside `methods`.
        """
        rows = np.atleast_2d(np.asarray(mean, dtype=np.float64))
        if methods is not None:
            chosen = np.broadcast_to(np.asarray(methods, dtype=bool), rows.shape)
            if not chosen.any(axis=1).all():
                raise ParameterError(
                    "no method to choose from", where="methods", allowed="one True a row at least"
                )
            kept = np.where(chosen, rows, 0.0)
            # All that is left has predicted share 0: nothing is known, so they are alike.
            rows = np.where(kept.sum(axis=1, keepdims=True) > 0, kept, chosen * 1e-9)
        return chance_of_winning(self.concentration * rows, self.ballots)


def filled(neighbour_shares: Floats, overall: Floats) -> Floats:
    """Return neighbours' shares with NaN filled in from the base's shares; rows sum to 1.

    Parameters
    ----------
    neighbour_shares, overall : (q, m) arrays
        Rows of `overall` sum to 1.
    """
    known = ~np.isnan(neighbour_shares)
    part = np.where(known, neighbour_shares, 0.0)
    said = part.sum(axis=1, keepdims=True)  # (q, 1)
    left = np.where(known, overall, 0.0).sum(axis=1, keepdims=True)
    scale = np.divide(left, said, out=np.zeros_like(said), where=said > 0)
    return np.where((scale > 0) & known, part * scale, overall)


def log_scores(counts: Floats, alphas: Floats) -> Floats:
    """Return the Dirichlet-multinomial log score of each case's votes, in the order they came.

    That is without the multinomial coefficient, which no parameter changes; counts may be fractional.

    Parameters
    ----------
    counts : (n, m) array
        Votes; NaN where nobody was asked, and the score is then that of the methods asked: their shares
        are again Dirichlet, with the same alphas.
    alphas : (n, m) array
        Concentration times mean.

    Returns
    -------
    (n,) array

    References
    ----------
    Minka, Estimating a Dirichlet distribution, 2000 (revised 2012), section 4.
    """
    # On use: a cold recommendation reads a fitted mixture and needs no scipy.
    from scipy.special import gammaln

    cast = counts > 0  # False for NaN too
    scores = np.zeros(counts.shape)
    scores[cast] = gammaln(alphas[cast] + counts[cast]) - gammaln(alphas[cast])
    totals = np.where(np.isnan(counts), 0.0, alphas).sum(axis=1)
    summed = scores.sum(axis=1)
    # Where every method asked about has alpha 0, what got votes was impossible: the score is -inf already.
    possible = totals > 0
    given = np.nansum(counts[possible], axis=1)
    summed[possible] += gammaln(totals[possible]) - gammaln(totals[possible] + given)
    return summed


def fit_mixture(
    votes: ArrayLike, effective: ArrayLike, neighbour_shares: ArrayLike, groups: ArrayLike
) -> Mixture:
    """Fit lambda and c by the leave-one-out log score of the cases' votes.

    Each case's votes are scored by a prediction made without its group: from its neighbours' shares and
    from the other groups' overall shares (with its own inside, lambda would be compared unfairly). The
    votes count as shares times effective voters. For a given c the score is concave in lambda; a grid,
    narrowed to 4e-4 in lambda and 4e-3 in log c, finds the best. Where several settings are equally good
    the smallest lambda, then the smallest c, is taken. c lies between .05 and 1e4, and with fewer than ten
    groups not above their number plus one. `ballots` lies between the median effective number of voters and
    the median number of votes cast: the smallest number within one standard error of the best leave-one-out
    log score of the cases' winners (with fewer than ten groups: the effective number).

    Parameters
    ----------
    votes : (n, m) array
        Votes, NaN where nobody was asked.
    effective : (n,) array
        Effective number of independent voters of each case.
    neighbour_shares : (n, m) array
        Shares of each case's neighbours, none of them from its own group; NaN as in `Mixture.mean`.
    groups : (n,) array of labels
        Cases that must stay together.
    """
    return _fitted(votes, effective, neighbour_shares, groups, np.linspace(0.0, 1.0, 11))


def fit_overall(votes: ArrayLike, effective: ArrayLike, groups: ArrayLike) -> Mixture:
    """Fit c alone, for the prediction that ignores the neighbours (lambda is 0); see `fit_mixture`."""
    nothing = np.full_like(np.asarray(votes, dtype=np.float64), np.nan)
    return _fitted(votes, effective, nothing, groups, np.zeros(1))


def candidate_ballots(votes: Floats, effective: Floats) -> list[int]:
    """Return the numbers of independent votes a photo may be decided by, smallest first.

    From the median effective number of voters to the median number of votes cast, five at most.
    """
    fewest = max(1, round(float(np.median(effective)))) if len(effective) else 1
    cast = round(float(np.median(np.nansum(votes, axis=1)))) if len(votes) else 1
    return sorted({round(float(number)) for number in np.geomspace(fewest, max(fewest, cast), 5)})


def _fitted_ballots(candidates: list[int], mixture: Mixture, means: Floats, votes: Floats) -> int:
    """Choose the smallest number of ballots that the winners don't speak against.

    That is within one standard error of the best leave-one-out log score of the winners.
    """
    # Neither end is right in general. The winner is decided on raw votes, but judges of one family repeat
    # each other, and c, fitted on effective voters, leaves that out. Mean stated chance of the top method
    # minus its hit rate on simulated bases (judges in families of 3 and 2, n = 200, six settings of ten):
    #   agreement within a family   none         1.0           .8             .5
    #   effective ballots           -.02 to .01  -.03 to .00   -.04 to -.02   -.07 to -.03
    #   raw ballots                 -.02 to .01   .01 to .06    .04 to .09     .04 to .09
    #   this function               -.02 to .01  -.03 to .00   -.04 to .01    -.04 to .02
    # and on automatic votes for 200 photos, held out: .52, not tried, .60, where .63 is true. Of numbers that
    # do about equally well the smallest is the most cautious (the plain best took 12 for 4 voters, thrice).
    if len(candidates) == 1:
        return candidates[0]
    level = np.nan_to_num(votes, nan=-1.0) >= np.nanmax(votes, axis=1, keepdims=True)
    credit = level / level.sum(axis=1, keepdims=True)
    asked = ~np.isnan(votes)

    def score(ballots: int) -> float:
        chances = attrs.evolve(mixture, ballots=ballots).p_best(means, asked)
        return float(np.sum(credit * np.log(np.maximum(chances, _LEAST_CHANCE))))

    scores = [score(ballots) for ballots in candidates]
    return next(
        ballots
        for ballots, value in zip(candidates, scores, strict=True)
        if value >= max(scores) - _ONE_STANDARD_ERROR
    )


def _fitted(
    votes: ArrayLike, effective: ArrayLike, neighbour_shares: ArrayLike, groups: ArrayLike, lams: Floats
) -> Mixture:
    table = np.atleast_2d(np.asarray(votes, dtype=np.float64))
    case_shares = shares(table)
    voters = checked_effective(effective, len(case_shares))
    neighbours = np.atleast_2d(np.asarray(neighbour_shares, dtype=np.float64))
    if neighbours.shape != case_shares.shape:
        raise ParameterError(
            f"neighbour_shares has the shape {neighbours.shape}",
            allowed=f"that of votes, {case_shares.shape}",
        )
    numbers = group_numbers(groups, len(case_shares))
    overall = overall_shares(case_shares, imaginary_cases=IMAGINARY_CASES)
    without = overall_shares_without(case_shares, numbers, imaginary_cases=IMAGINARY_CASES)
    keep = informative(case_shares, voters)
    counts = (case_shares * voters[:, None])[keep]
    others, without = filled(neighbours, without)[keep], without[keep]

    def score(lam: float, log_c: float) -> float:
        means = lam * others + (1 - lam) * without
        return float(log_scores(counts, np.exp(log_c) * means).sum())

    groups_left = len(np.unique(numbers[keep]))
    largest = LARGEST_CONCENTRATION if groups_left >= FEWEST_GROUPS else groups_left + 1.0
    bounds = (float(np.log(SMALLEST_CONCENTRATION)), float(np.log(largest)))
    lam, log_c = _best(score, lams, np.linspace(*bounds, 13))
    candidates = candidate_ballots(table[keep], voters[keep])
    if groups_left < FEWEST_GROUPS:
        candidates = candidates[:1]
    mixture = Mixture(lam=lam, concentration=float(np.exp(log_c)), overall=overall, ballots=candidates[0])
    means = lam * others + (1 - lam) * without
    return attrs.evolve(mixture, ballots=_fitted_ballots(candidates, mixture, means, table[keep]))


def checked_effective(effective: ArrayLike, cases: int) -> Floats:
    """Return effective numbers of voters as an array, NaN (no votes) as 0.

    Raises
    ------
    ParameterError
        There isn't one finite number from 0 up per case.
    """
    voters = np.nan_to_num(np.asarray(effective, dtype=np.float64), nan=0.0, posinf=-1.0)
    if voters.shape != (cases,) or (voters < 0).any():
        raise ParameterError(
            f"effective is {np.asarray(effective)!r}",
            allowed=f"{cases} finite numbers from 0 up, one per case",
        )
    return voters


def _best(score: Callable[[float, float], float], lams: Floats, log_cs: Floats) -> tuple[float, float]:
    """Maximise `score` over a grid, then over ever smaller ones around the best point so far."""
    log_cs_bounds = float(log_cs[0]), float(log_cs[-1])
    lam_step = float(lams[1] - lams[0]) if len(lams) > 1 else 0.0
    log_c_step = float(log_cs[1] - log_cs[0])
    seen: dict[tuple[float, float], float] = {}
    for _ in range(_ROUNDS):
        for point in product(lams.tolist(), log_cs.tolist()):
            if point not in seen:
                seen[point] = score(*point)
        top = max(seen.values())
        lam, log_c = min(
            point for point, value in seen.items() if value >= top - _EQUALLY_GOOD * max(1.0, -top)
        )
        lam_step, log_c_step = lam_step / 2, log_c_step / 2
        lams = np.unique(np.clip(lam + lam_step * _AROUND, 0.0, 1.0)) if lam_step else np.zeros(1)
        log_cs = np.unique(np.clip(log_c + log_c_step * _AROUND, log_cs_bounds[0], log_cs_bounds[1]))
    return lam, log_c
