"""Fitting everything that confidence needs, once per case base."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

import attrs
import numpy as np
from numpy.typing import ArrayLike, NDArray

from cbrkit_xai.confidence.conformal import conformal_threshold
from cbrkit_xai.confidence.folds import draw, grouped_folds
from cbrkit_xai.confidence.mixture import (
    FEWEST_GROUPS,
    IMAGINARY_CASES,
    Mixture,
    checked_effective,
    fit_mixture,
    fit_overall,
)
from cbrkit_xai.confidence.shares import (
    Floats,
    group_numbers,
    informative,
    overall_shares,
    overall_shares_without,
    shares,
)
from cbrkit_xai.confidence.skill import skill_with_interval, squared_errors
from cbrkit_xai.confidence.stated import Confidence, basis_of

Rows: TypeAlias = NDArray[np.intp]
CrossFit: TypeAlias = Callable[[Rows, Rows], tuple[Floats, Floats]]
"""`(training rows, held-out rows) -> (training cases' leave-one-out, held-out cases' neighbour shares)`."""


@attrs.frozen(kw_only=True)
class _Cases:
    """The cases that say something; `rows` are their places in the base."""

    rows: Rows
    votes: Floats  # (n, m)
    shares: Floats  # (n, m)
    effective: Floats  # (n,)
    groups: Rows  # (n,) from 0, without gaps
    winners: Rows  # (n,) column of the method with most votes


@attrs.frozen(kw_only=True)
class _HeldOut:
    """What was predicted for each case by a fit that knew nothing of its fold: (n, m) each."""

    similar: Floats
    overall: Floats
    p_best: Floats


def fit_confidence(
    methods: Sequence[str],
    votes: ArrayLike,
    effective: ArrayLike,
    groups: ArrayLike,
    neighbour_shares: ArrayLike,
    cross_fit: CrossFit,
    *,
    seed: int = 0,
    folds: int = 5,
    alpha: float = 0.1,
    progress: Callable[[int, int], None] | None = None,
) -> Confidence:
    """Fit the mixture, the skill and the conformal set of a case base.

    Parameters
    ----------
    methods : sequence of m names
        Columns of `votes`.
    votes : (n, m) array
        Votes; NaN where nobody was asked.
    effective : (n,) array
        Effective number of independent voters of each case.
    groups : (n,) array of labels
        Cases that must stay together (the same photo).
    neighbour_shares : (n, m) array
        Shares of each case's neighbours in the full base, none of them from its own group.
    cross_fit : callable
        Organises the training rows anew and returns the neighbour shares of their cases (leave-one-out,
        by group) and of the held-out rows. Called once per fold, with cases that have votes only. A row
        of NaN, or all rows where the training cases can't be organised, predicts the overall shares.
    seed : int
        Of the folds, and of ties between winners.
    folds : int
        At most as many as groups.
    alpha : float
        Part of photos whose winner the conformal set may miss.
    progress : callable, optional
        Called with (folds done, folds).

    Notes
    -----
    The same cases or methods in another order give the same result, but for rounding.
    """
    names = tuple(methods)
    raw = np.atleast_2d(np.asarray(votes, dtype=np.float64))
    table = shares(raw)
    voters = checked_effective(effective, len(table))
    labels = [str(label) for label in np.asarray(groups).tolist()]
    mixture = fit_mixture(raw, voters, neighbour_shares, labels)
    overall_mixture = fit_overall(raw, voters, labels)
    rows = np.flatnonzero(informative(table, voters))
    labels = [labels[row] for row in rows]
    cases = _Cases(
        rows=rows,
        votes=raw[rows],
        shares=table[rows],
        effective=voters[rows],
        groups=group_numbers(labels, len(rows)),
        winners=_winners(table[rows], names, labels, seed),
    )
    photos = len(set(labels))
    if photos < FEWEST_GROUPS:
        skill, interval, threshold = None, None, None
    else:
        winners = [names[winner] for winner in cases.winners]
        dealt = grouped_folds(labels, winners, folds=min(folds, photos), seed=seed)
        held_out = _held_out(cases, dealt, cross_fit, progress)
        skill, interval = skill_with_interval(
            squared_errors(held_out.similar, cases.shares),
            squared_errors(held_out.overall, cases.shares),
            cases.groups,
        )
        # The set must be calibrated on the predictor that will be used.
        similar = basis_of(interval) == "similar-cases"
        p_best = held_out.p_best if similar else _overall_p_best(cases, overall_mixture)
        nonconformity = 1 - p_best[np.arange(len(rows)), cases.winners]
        threshold = conformal_threshold(nonconformity, cases.groups, alpha=alpha)
    return Confidence(
        methods=names,
        mixture=mixture,
        overall_mixture=overall_mixture,
        skill=skill,
        skill_interval=interval,
        cases=len(rows),
        conformal_threshold=threshold,
        alpha=alpha,
    )


def _winners(table: Floats, names: Sequence[str], labels: Sequence[str], seed: int) -> Rows:
    """Column with most votes; of several one is drawn, by the case's label and the methods' names."""
    best = table >= np.nanmax(table, axis=1, keepdims=True) * (1 - 1e-12) if len(table) else table > 0
    return np.array(
        [
            min(np.flatnonzero(level).tolist(), key=lambda method: draw(seed, "tie", label, names[method]))
            for level, label in zip(best, labels, strict=True)
        ],
        dtype=np.intp,
    )


def _held_out(
    cases: _Cases, dealt: Sequence[Rows], cross_fit: CrossFit, progress: Callable[[int, int], None] | None
) -> _HeldOut:
    similar, overall, p_best = (np.empty_like(cases.shares) for _ in range(3))
    for done, test in enumerate(dealt, start=1):
        train = np.setdiff1d(np.arange(len(cases.rows)), test)
        of_train, of_test = cross_fit(cases.rows[train], cases.rows[test])
        mixture = fit_mixture(cases.votes[train], cases.effective[train], of_train, cases.groups[train])
        p_best[test] = mixture.p_best(mixture.mean(of_test), ~np.isnan(cases.shares[test]))
        # The skill compares with the plain mean: the mixture's imaginary case would be a handicap that
        # neighbours don't have, and where all votes are equal it would be the only difference.
        overall[test] = overall_shares(cases.votes[train])
        similar[test] = attrs.evolve(mixture, overall=overall[test[0]]).mean(of_test)
        if progress is not None:
            progress(done, len(dealt))
    return _HeldOut(similar=similar, overall=overall, p_best=p_best)


def _overall_p_best(cases: _Cases, mixture: Mixture) -> Floats:
    # Leave-one-out, not by fold: all photos get the same prediction, so what scatters between folds would
    # decide whether a method is in or out for every photo. Leaving out a case lowers its winner's chance
    # alone, so the final prediction never falls on the wrong side of the threshold.
    means = overall_shares_without(cases.shares, cases.groups, imaginary_cases=IMAGINARY_CASES)
    return mixture.p_best(means, ~np.isnan(cases.shares))
