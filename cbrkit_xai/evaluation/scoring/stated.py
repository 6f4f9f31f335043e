"""What a recommender fitted to the training cases states about held-out ones: P(best), sets, experience."""

from __future__ import annotations

import attrs
import numpy as np

from cbrkit_xai.cases import Cases
from cbrkit_xai.confidence.conformal import in_set
from cbrkit_xai.configurations import Components
from cbrkit_xai.errors import CbrkitXaiError, first_sentence
from cbrkit_xai.evaluation.holding_out.folds import Folds
from cbrkit_xai.evaluation.results import StatedConfidence
from cbrkit_xai.features import Array
from cbrkit_xai.learning import (
    EXPERIENCE_LEVEL,
    Learnt,
    learn,
    nearest_distances,
    neighbour_shares,
    organize,
)
from cbrkit_xai.neighbours import Neighbours, check_k
from cbrkit_xai.protocols import Progress


def state_confidence(
    components: Components,
    cases: Cases,
    effective_voters: Array,
    folds: Folds,
    k: int,
    progress: Progress | None = None,
) -> StatedConfidence:
    """Fit a recommender to the training cases of each fold of the first repeat, and let it state.

    It states, to the last bit, what `configuration.fit(base of the training cases).recommend(photo, k=k)`
    would about all methods. One repeat, because learning how far to trust neighbours takes longer than all
    else together.

    Parameters
    ----------
    components : Components
        As composed; each fold fits its own.
    cases : Cases
        n of them; cases of one of its groups stay together when a recommender holds out its own.
    effective_voters : array of shape (n,)
        Independent voters that each case's votes are worth.
    folds : Folds
        Of n cases.
    k : int
        Neighbours.
    progress : callable, optional
        Called with (folds done, folds).

    Returns
    -------
    StatedConfidence
        Of a fold that failed nothing was stated; `problems` says why.
    """
    check_k(k)
    shape = len(cases), len(cases.methods)
    p_best, sets, outside = np.full(shape, np.nan), np.full(shape, np.nan), np.full(len(cases), np.nan)
    skill, problems = [], []
    for fold in range(folds.per_repeat):
        split = folds.split(0, fold)
        training, queries = cases.take(split.training), cases.take(split.held_out)
        problem, stated = "", None
        try:
            learnt, found = _of_fold(components, training, queries, effective_voters[split.training], k)
        except CbrkitXaiError as error:
            problem = str(error)
        except Exception as error:  # a stranger's component may raise anything
            problem = f"{type(error).__name__}: {first_sentence(error)}"
        else:
            stated = learnt.confidence.skill
            p_best[split.held_out], sets[split.held_out] = found.p_best, found.in_set
            outside[split.held_out] = found.out_of_experience
        skill.append(float("nan") if stated is None else stated)
        if problem:
            problems.append(f"nothing was stated in fold {fold + 1}: {' '.join(problem.split())}")
        if progress is not None:
            progress(fold + 1, folds.per_repeat)
    return StatedConfidence(
        k=k, p_best=p_best, in_set=sets, out_of_experience=outside, skill=tuple(skill), problems=problems
    )


@attrs.frozen(kw_only=True, eq=False)
class _Statements:
    """Of q queries."""

    p_best: Array  # (queries, methods)
    in_set: Array  # (queries, methods), NaN where no set is stated
    out_of_experience: Array  # (queries,)


def _of_fold(
    components: Components, training: Cases, queries: Cases, effective_voters: Array, k: int
) -> tuple[Learnt, _Statements]:
    _, index = organize(components, training)
    learnt = learn(components, index, training, effective_voters, k)
    return learnt, _states(learnt, training, index.nearest(queries.features, k))


def _states(learnt: Learnt, training: Cases, neighbours: Neighbours) -> _Statements:
    """Return the statements, queries with equally many neighbours together, as a recommender does it.

    A row padded for another query's sake would be summed in another order.
    """
    shape = len(neighbours), len(training.methods)
    found = _Statements(
        p_best=np.empty(shape), in_set=np.empty(shape), out_of_experience=np.empty(len(neighbours))
    )
    for k_eff in np.unique(neighbours.k_eff).tolist():
        queries = np.flatnonzero(neighbours.k_eff == k_eff)
        alike = neighbours.take(queries).first(max(1, k_eff))
        some = _states_alike(learnt, training, alike)
        for part in ("p_best", "in_set", "out_of_experience"):
            getattr(found, part)[queries] = getattr(some, part)
    return found


def _states_alike(learnt: Learnt, training: Cases, neighbours: Neighbours) -> _Statements:
    confidence = learnt.confidence
    outside = learnt.familiarity(nearest_distances(neighbours)) < EXPERIENCE_LEVEL
    shares = neighbour_shares(neighbours, training, learnt.reuse)
    every = np.ones(len(training.methods), dtype=bool)
    similar, overall = confidence.mixture, confidence.overall_mixture
    p_similar = similar.p_best(similar.mean(shares), every)
    p_overall = overall.p_best(overall.mean(np.full_like(shares, np.nan)), every)
    decides = ~outside & (confidence.basis == "similar-cases")
    p_best = np.where(decides[:, None], p_similar, p_overall)
    sets = np.full(p_best.shape, np.nan)
    if confidence.conformal_threshold is not None:
        # Of photos out of experience a set would promise what it cannot hold.
        sets[~outside] = in_set(p_best[~outside], confidence.conformal_threshold)
    return _Statements(p_best=p_best, in_set=sets, out_of_experience=outside.astype(np.float64))
