"""Whole evaluations in which nothing is to be found, asked all their questions as a report asks them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import attrs
import numpy as np

from cbrkit_xai.choice import use
from cbrkit_xai.configurations import Configuration
from cbrkit_xai.evaluation.baselines import predict_baseline
from cbrkit_xai.evaluation.baselines.prototypes import K_MEANS, RANDOM
from cbrkit_xai.evaluation.holding_out.folds import Split
from cbrkit_xai.evaluation.permutation.permutation_null import PermutationNull, permutation_null
from cbrkit_xai.evaluation.questions.answer import NO, YES, Answer, Verdict
from cbrkit_xai.evaluation.questions.answering import answers
from cbrkit_xai.evaluation.questions.effect_sizes import SINGLE_BEST
from cbrkit_xai.evaluation.results import GLOBAL_MEAN, UNIFORM, Evaluation, Run
from cbrkit_xai.evaluation.simulation.null_studies import NullStudy, means_of_nearest, null_study
from cbrkit_xai.evaluation.simulation.world import World
from cbrkit_xai.features import Array

GROUPS = 10
"""Clusters, all of the same size, in each fold's training cases."""

MANY = 25
"""Neighbours that are compared with clusters, whose true loss is then the margin."""

PERMUTATIONS = 399
"""Of the question about chance; enough for a p that stands Holm's correction over all questions."""

CHANCE = "better-than-chance"
"""The kind of the question that has no estimate."""

_KS = (1, 5)
_BASELINES = (UNIFORM, GLOBAL_MEAN, SINGLE_BEST)
_CLUSTERED = "own"

# What a description is called, and how many of its neighbours predict: by their names they are compared.
_DESCRIPTIONS = (
    ("lf-one", 5, "five"),
    ("lf-two", 5, "five"),
    ("hist-one", 5, "five"),
    ("hist-two", 5, "five"),
    ("lf-one", 1, "one"),
    ("hist-one", 1, "one"),
    (_CLUSTERED, MANY, "many"),
)

FALSE: Mapping[str, tuple[Verdict, ...]] = MappingProxyType(
    {
        # On the boundary: two that err alike, or a loss that is exactly the margin.
        "latent-beats-histogram": (YES, NO),
        "clustering-beats-random-groups": (YES, NO),
        "clustered-no-worse-than-linear": (YES, NO),
        # Without signal nothing is better than the mean of all, nor than the most popular method.
        "better-than-mean": (YES,),
        "best-better-than-mean": (YES,),
        "best-better-than-single-method": (YES,),
        CHANCE: (YES,),
    }
)
"""By kind of question, the verdicts that are wrong."""


def answered_study(world: World, seed: int, *, repeats: int = 10) -> tuple[Answer, ...]:
    """Simulate an evaluation without signal, and ask it all that it allows to be asked.

    There are four descriptions of the photos at k = 5 and two at k = 1, independent of the votes and of each
    other, half of them called latent features and half histograms; 10 clusters of equal size by a feature
    that means nothing, as many random groups of that size, and 25 neighbours that err less than clusters by
    exactly the margin; the global mean, uniform votes and the single best method; and the votes handed out
    anew 399 times.

    Parameters
    ----------
    world : World
        Its signal is "none". 4 of 5 of its cases have to be a multiple of 10.
    seed : int
        Of all that is drawn.
    repeats : int
        How often the cases are dealt into folds.
    """
    study = null_study(world, seed, descriptions=len(_DESCRIPTIONS), repeats=repeats, stratified=False)
    sizes = world.n * 4 // 5 // GROUPS
    loss = math.sqrt(1 + 1 / sizes) - math.sqrt(1 + 1 / MANY)
    speakers = _speakers(study, seed)
    evaluation = _evaluation(study, speakers)
    permutation = _permuted(evaluation, speakers, seed)
    return answers(evaluation, margin=math.sqrt(study.variance) * loss, permutation=permutation)


def is_wrong(answer: Answer) -> bool:
    """Say whether an answer to an evaluation of `answered_study` is false; "can't tell" never is."""
    return answer.verdict in FALSE[answer.kind]


def would_be_wrong(answer: Answer) -> bool:
    """Say whether an answer would be false, had the question's own p decided it, uncorrected."""
    if not answer.p <= answer.details["alpha"]:
        return False
    is_yes = answer.kind == CHANCE or answer.estimate < answer.details["boundary"]
    return (YES if is_yes else NO) in FALSE[answer.kind]


@attrs.frozen(kw_only=True, eq=False)
class _Speakers:
    """Whose votes a configuration's predictions are the mean of."""

    configuration: Configuration
    ks: tuple[int, ...]
    rows: Array  # (repeats, n, most)
    counts: tuple[int, ...]  # of the rows, how many speak for each k

    @property
    def is_clustered(self) -> bool:
        return self.counts != self.ks

    def predicted(self, votes: Array) -> Array:
        """Return the votes `(repeats, n, ks, methods)`."""
        return means_of_nearest(self.rows, self.counts, votes)


def _speakers(study: NullStudy, seed: int) -> list[_Speakers]:
    nearest = study.neighbours(MANY)  # (descriptions, repeats, n, MANY)
    found = []
    for rows, (name, k, profile) in zip(nearest, _DESCRIPTIONS, strict=True):
        ks = (MANY,) if k == MANY else _KS
        configuration = _configured(name, "linear", k, profile)
        found.append(_Speakers(configuration=configuration, ks=ks, rows=rows[..., : ks[-1]], counts=ks))
    rng = np.random.default_rng([seed, 4])
    n = len(study.cases)
    by_feature = rng.random(n)  # by which all folds cluster, as they do by features
    like = f"{_CLUSTERED}[like {K_MEANS}]"
    clusters = [_groups_of(split, by_feature) for split in study.folds.splits()]
    by_chance = [_groups_of(split, rng.random(n)) for split in study.folds.splits()]
    for name, organizer, groups in ((_CLUSTERED, K_MEANS, clusters), (like, RANDOM, by_chance)):
        size = groups[0].shape[1]
        rows = np.empty((study.folds.repeats, n, size), dtype=np.int64)
        for split, members in zip(study.folds.splits(), groups, strict=True):
            rows[split.repeat, split.held_out] = members
        configuration = _configured(name, organizer, 1, "many")
        found.append(_Speakers(configuration=configuration, ks=(1,), rows=rows, counts=(size,)))
    return found


def _configured(name: str, organizer: str, k: int, profile: str) -> Configuration:
    return Configuration(
        name=name,
        profile=profile,
        representation=use("pixels"),
        metric=use("euclidean"),
        organizer=use(organizer),
        k=k,
    )


def _groups_of(split: Split, numbers: Array) -> Array:
    """Return the members of each held-out case's group, `(held out, size)`: the groups are of one size."""
    training = split.training
    groups = training[np.argsort(numbers[training])].reshape(GROUPS, -1)
    begins = numbers[groups[1:, 0]]
    return groups[np.searchsorted(begins, numbers[split.held_out], side="right")]


def _evaluation(study: NullStudy, speakers: Sequence[_Speakers]) -> Evaluation:
    shape = study.folds.repeats, study.folds.per_repeat
    trained = study.folds.cases * 4 // 5
    runs = [
        Run(
            label=one.configuration.label,
            role="baseline" if one.configuration.organizer.name == RANDOM else "configuration",
            ks=one.ks,
            predicted=one.predicted(study.cases.votes),
            weight_squares=np.broadcast_to(1 / np.array(one.counts), (*one.rows.shape[:2], len(one.ks))),
            entries=np.full(shape, GROUPS if one.is_clustered else trained),
            configuration=one.configuration,
            clustered=one.is_clustered,
            nearest=None if one.is_clustered else one.rows[..., 0],
        )
        for one in speakers
    ]
    return attrs.evolve(study.evaluation(_KS), runs=[*runs, *_baselines(study)])


def _baselines(study: NullStudy) -> list[Run]:
    cases, repeats = study.cases, study.folds.repeats
    predicted = np.empty((len(_BASELINES), repeats, *cases.votes.shape))
    for split in study.folds.splits():
        training, held_out = cases.take(split.training), cases.take(split.held_out)
        for place, name in enumerate(_BASELINES):
            predicted[place, split.repeat, split.held_out] = predict_baseline(name, training, held_out)
    return [
        Run(
            label=name,
            role="baseline",
            ks=(0,),
            predicted=votes[:, :, None],
            weight_squares=np.full((repeats, len(cases), 1), np.nan),
            entries=np.zeros((repeats, study.folds.per_repeat)),
        )
        for name, votes in zip(_BASELINES, predicted, strict=True)
    ]


def _permuted(evaluation: Evaluation, speakers: Sequence[_Speakers], seed: int) -> PermutationNull:
    tried = [one for one in speakers if one.configuration.organizer.name != RANDOM]
    weights = _weights_of_first_repeat(tried)  # (columns x n, n)
    ends = np.cumsum([len(one.ks) for one in tried])[:-1]

    def rerun(votes: Array) -> dict[str, Array]:
        predicted = (weights @ votes).reshape(-1, *votes.shape)  # (columns, n, methods)
        errors = np.square(predicted - votes).mean(axis=(1, 2))
        labels = [one.configuration.label for one in tried]
        return dict(zip(labels, np.split(errors, ends), strict=True))

    return permutation_null(evaluation, rerun, draws=PERMUTATIONS, seed=seed)


def _weights_of_first_repeat(speakers: Sequence[_Speakers]) -> Any:
    """Return the weights of all cases' votes, sparse: thousands of predictions cost one product."""
    from scipy.sparse import csr_array  # on use

    rows = [(one.rows[0, :, :count], count) for one in speakers for count in one.counts]
    columns = np.concatenate([some.ravel() for some, _ in rows])
    values = np.concatenate([np.full(some.size, 1 / count) for some, count in rows])
    widths = np.concatenate([np.full(len(some), count) for some, count in rows])
    starts = np.concatenate([[0], np.cumsum(widths)])
    return csr_array((values, columns, starts), shape=(len(widths), len(rows[0][0])))
