"""All claims of the paper that no clock decides, decided together."""

from __future__ import annotations

from collections.abc import Sequence

from cbrkit_xai.evaluation.questions.own_k import own_k
from cbrkit_xai.evaluation.questions.stated_margin import StatedMargin
from cbrkit_xai.evaluation.reproduction.balanced_training import Balanced
from cbrkit_xai.evaluation.reproduction.claims.best_method_shared import best_method_shared
from cbrkit_xai.evaluation.reproduction.claims.claim import Claim, decided
from cbrkit_xai.evaluation.reproduction.claims.clusters_lose_nothing import clusters_lose_nothing
from cbrkit_xai.evaluation.reproduction.claims.error_falls_with_k import error_falls_with_k
from cbrkit_xai.evaluation.reproduction.claims.error_grows_with_k import error_grows_with_k
from cbrkit_xai.evaluation.reproduction.claims.even_classes_help import even_classes_help
from cbrkit_xai.evaluation.reproduction.claims.histograms_fastest import histograms_fastest
from cbrkit_xai.evaluation.reproduction.claims.latent_features_lowest import latent_features_lowest
from cbrkit_xai.evaluation.reproduction.claims.other_features_better import other_features_better
from cbrkit_xai.evaluation.reproduction.claims.others_alike import others_alike
from cbrkit_xai.evaluation.reproduction.claims.subject import clustered_subjects, linear_subjects
from cbrkit_xai.evaluation.reproduction.claims.ten_times_faster import ten_times_faster
from cbrkit_xai.evaluation.reproduction.claims.time_grows_with_cases import time_grows_with_cases
from cbrkit_xai.evaluation.reproduction.hypothesis import Hypothesis
from cbrkit_xai.evaluation.reproduction.other_features import PROFILE, OtherFeatures
from cbrkit_xai.evaluation.reproduction.papers_configurations import PapersConfiguration
from cbrkit_xai.evaluation.reproduction.timing.times import Times
from cbrkit_xai.evaluation.results import Evaluation, Run


def claims_about(
    evaluation: Evaluation,
    configurations: Sequence[PapersConfiguration],
    hypothesis: Hypothesis,
    balanced: Sequence[tuple[str, Balanced]],
    margin: StatedMargin,
    others: OtherFeatures,
) -> tuple[Claim, ...]:
    """Return claims (a) to (d), (h) and (i), and the paper's future work, (j) and (k)."""
    linear = linear_subjects(evaluation, configurations)
    clustered = clustered_subjects(evaluation, configurations)
    rest = [one for one in linear if not one.is_latent]
    other_runs = [run for run in evaluation.configurations if _is_other(run)]
    reference = next(one for one in linear if one.name == "LF-COS linear")
    own = next(own_k(one.run) for one in linear if one.run is not None)
    return decided(
        [
            error_falls_with_k(evaluation, linear),
            error_grows_with_k(evaluation, clustered),
            latent_features_lowest(evaluation, [linear, clustered]),
            others_alike(evaluation, [*rest, *clustered], margin),
            best_method_shared(hypothesis, configurations),
            clusters_lose_nothing(evaluation, list(zip(clustered, linear, strict=True)), margin),
            even_classes_help(balanced, own),
            other_features_better(evaluation, other_runs, reference, others.left_out),
        ]
    )


def claims_about_times(times: Times) -> tuple[Claim, ...]:
    """Return claims (e), (f) and (g), which a clock decides."""
    return decided([ten_times_faster(times), histograms_fastest(times), time_grows_with_cases(times)])


def _is_other(run: Run) -> bool:
    return run.configuration is not None and run.configuration.profile == PROFILE
