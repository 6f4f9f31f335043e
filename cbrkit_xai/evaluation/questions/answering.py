"""The questions that an evaluation is asked, all corrected together, and answered in words."""

from __future__ import annotations

from collections.abc import Iterator

import attrs
import numpy as np

from cbrkit_xai.errors import ParameterError
from cbrkit_xai.evaluation.decisions.holm import holm
from cbrkit_xai.evaluation.permutation.permutation_null import PermutationNull
from cbrkit_xai.evaluation.questions.answer import Answer
from cbrkit_xai.evaluation.questions.asked import Asked, answered
from cbrkit_xai.evaluation.questions.chance import asked_of_chance
from cbrkit_xai.evaluation.questions.comparing import Study, compared, no_worse
from cbrkit_xai.evaluation.questions.contestants import Inner, StatedK, best_of_all
from cbrkit_xai.evaluation.questions.effect_sizes import SINGLE_BEST, effect_sizes
from cbrkit_xai.evaluation.questions.limits import limits as limits  # it is asked for here
from cbrkit_xai.evaluation.questions.stated_margin import check_margin, stated_margin
from cbrkit_xai.evaluation.questions.twins import (
    clustered_configurations,
    latent_and_histogram,
    linear_twin,
    random_twin,
)
from cbrkit_xai.evaluation.results import GLOBAL_MEAN, Evaluation
from cbrkit_xai.evaluation.scoring.rankings import regret
from cbrkit_xai.evaluation.wording import judges_of


def answers(
    evaluation: Evaluation,
    *,
    margin: float | None = None,
    alpha: float = 0.05,
    k: StatedK = None,
    permutation: PermutationNull | None = None,
    inner: Inner | None = None,
) -> tuple[Answer, ...]:
    """Ask an evaluation what its runs allow to be asked, and answer in words.

    - Does each configuration predict better than the global mean?
    - Is each clustered organisation no worse than comparing with every case?
    - Does clustering beat as many random groups?
    - Do latent features predict better than histograms?
    - Does anything at any k predict better than chance? (where a permutation null is given)
    - Does the best of all configurations and k, chosen without the cases it is judged on, predict better than
      the global mean, and lose fewer votes than always showing the single best method?

    One primary test for each (corrected t, two-sided; for chance the permutation maximum), and Holm over all.
    A "no" is shown by the same test on the other side; whatever is shown by neither is "can't tell".

    Parameters
    ----------
    margin : float, optional
        Of non-inferiority, in votes on the scale of the pooled RMSE; by default 10 % of what the global mean
        gains over uniform votes.
    alpha : float
        Chance of any false "yes" or "no" over all the questions.
    k : int or "selected", optional
        At which k configurations are judged: by default each at its own, stated by its profile. "selected"
        chooses it inside each fold, and the answers then say so.
    permutation : PermutationNull, optional
        Errors under shuffled votes.
    inner : mapping of str to array, optional
        Per label the inner errors `(repeats, folds, ks)` of `inner_errors.inner_errors`. With them, what is
        selected is chosen by nested cross-validation; without them, or where what it is compared with has
        none, on the repeat's other folds, and the answers say what that does.

    Raises
    ------
    ParameterError
        A margin, alpha or k out of range.
    """
    check_asked(margin=margin, alpha=alpha, k=k)
    study = Study(
        evaluation=evaluation,
        margin=stated_margin(evaluation, margin),
        alpha=alpha,
        k=k,
        inner=inner,
    )
    asked = [
        *_against_the_mean(study),
        *_clustered_against_linear(study),
        *_clustered_against_random(study),
        *_latent_against_histograms(study),
        *_chance(study, permutation),
        *_best_of_all(study),
    ]
    adjusted = holm(np.array([one.comparison.p for one in asked]))
    return tuple(
        answered(one, float(p), questions=len(asked), alpha=alpha)
        for one, p in zip(asked, adjusted, strict=True)
    )


def _against_the_mean(study: Study) -> Iterator[Asked]:
    mean = study.baseline(GLOBAL_MEAN)
    for run in study.evaluation.configurations:
        mine = study.contestant(run)
        asked = compared(
            study,
            mine,
            mean,
            kind="better-than-mean",
            question=f"Does {mine.name} predict better than the global mean of the training cases?",
            statement=f"{mine.name} predicts better than the global mean of the training cases",
        )
        effects = [attrs.asdict(one) for one in effect_sizes(study.evaluation, mine)]
        yield attrs.evolve(asked, details={**asked.details, "effects": effects})


def _clustered_against_linear(study: Study) -> Iterator[Asked]:
    for run in clustered_configurations(study.evaluation):
        twin = linear_twin(study.evaluation, run)
        if twin is not None:
            yield no_worse(study, *study.contestants(run, twin))


def _clustered_against_random(study: Study) -> Iterator[Asked]:
    for run in clustered_configurations(study.evaluation):
        twin = random_twin(study.evaluation, run)
        if twin is not None:
            mine, other = study.contestants(run, twin)
            yield compared(
                study,
                mine,
                other,
                kind="clustering-beats-random-groups",
                question=f"Do the clusters of {mine.name} predict better than as many random groups?",
                statement=f"The clusters of {mine.name} predict better than as many random groups",
            )


def _latent_against_histograms(study: Study) -> Iterator[Asked]:
    for latent, histogram in latent_and_histogram(study.evaluation):
        mine, other = study.contestants(latent, histogram)
        yield compared(
            study,
            mine,
            other,
            kind="latent-beats-histogram",
            question=f"Do latent features predict better than histograms: {mine.name} than {other.name}?",
            statement=f"Latent features, {mine.name}, predict better than histograms, {other.name}",
        )


def _chance(study: Study, permutation: PermutationNull | None) -> Iterator[Asked]:
    if permutation is not None:
        yield asked_of_chance(study, permutation)


def _best_of_all(study: Study) -> Iterator[Asked]:
    if not study.evaluation.configurations:
        return
    best = best_of_all(study.evaluation, study.inner)
    asked = compared(
        study,
        best,
        study.baseline(GLOBAL_MEAN),
        kind="best-better-than-mean",
        question="Does the best of all configurations and k predict better than the global mean?",
        statement=f"Selected: {best.name}, predicts better than the global mean",
    )
    effects = [attrs.asdict(one) for one in effect_sizes(study.evaluation, best)]
    yield attrs.evolve(asked, details={**asked.details, "effects": effects})
    if study.evaluation.is_automatic:
        judges = judges_of(study.evaluation.provenance)
        what = f"what is predicted to score best by {judges} loses fewer of their votes"
    else:
        what = "what is predicted to get most votes loses fewer votes"
    yield compared(
        study,
        best,
        study.baseline(SINGLE_BEST),
        error=regret,
        unit="votes",
        kind="best-better-than-single-method",
        question="Does the best of all configurations and k beat always showing the single best method?",
        statement=f"Selected: with {best.name}, showing {what} than always showing the single best method",
    )


def check_asked(*, margin: float | None = None, alpha: float = 0.05, k: StatedK = None) -> None:
    """Refuse before an evaluation what `answers` would refuse after it.

    Raises
    ------
    ParameterError
        A margin, alpha or k out of range.
    """
    check_margin(margin)
    if not 0 < alpha < 1:
        raise ParameterError(f"alpha is {alpha!r}", where="alpha", allowed="a number between 0 and 1")
    is_number = isinstance(k, int) and not isinstance(k, bool) and k >= 1
    if k is not None and k != "selected" and not is_number:
        raise ParameterError(
            f"k is {k!r}", where="k", allowed='a whole number of at least 1, "selected", or None'
        )
