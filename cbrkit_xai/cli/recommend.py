"""`cbrkit-xai recommend`: which explanation method to show for each photo, and why."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import click

from cbrkit_xai.cli.choosing import (
    base_option,
    chosen_base,
    chosen_classifier,
    chosen_configuration,
    chosen_names,
    classifier_option,
    configuration_option,
    fitted,
    images_option,
    json_option,
    other_classifier,
    part_options,
)
from cbrkit_xai.explaining import DEFAULT_CLASSIFIER

if TYPE_CHECKING:
    from cbrkit_xai.cycle import Recommender
    from cbrkit_xai.images import Rejected
    from cbrkit_xai.recommendation import Recommendation


@click.command("recommend")
@click.argument("photos", nargs=-1, required=True, metavar="PHOTO...")
@base_option
@configuration_option
@part_options
@images_option
@click.option("--methods", metavar="A,B,...", help="Choose among these methods only.")
@click.option(
    "--cost-weight",
    type=float,
    default=0.0,
    metavar="VOTES",
    help="Votes that one second of an explainer's time is worth.",
)
@classifier_option
@json_option
def command(
    photos: tuple[str, ...],
    base: str,
    chosen: str,
    profile: str | None,
    organizer: str | None,
    k: int | None,
    images: str | None,
    methods: str | None,
    cost_weight: float,
    classifier: str | None,
    as_json: bool,
) -> int:
    """Say which explanation method to show for each PHOTO, why, and how sure we are."""
    from cbrkit_xai.cli.terminal import print_json, warn

    recommender = fitted(chosen_configuration(chosen, profile, organizer, k), chosen_base(base, images))
    answers, rejected = answered(
        recommender, photos, methods=chosen_names(methods), cost_weight=cost_weight, classifier=classifier
    )
    if as_json:
        print_json(
            {
                "recommendations": [answer.to_json() for answer in answers],
                "rejected": [{"photo": one.source, "error": str(one.error)} for one in rejected],
            }
        )
    else:
        from cbrkit_xai.cli.answer_page import print_answer, print_summary

        for answer in answers:
            print_answer(answer)
        if len(answers) > 1:
            print_summary(answers)
    for one in rejected:
        warn(str(one.error))
    return 2 if rejected else 0


def answered(
    recommender: Recommender,
    photos: tuple[str, ...],
    *,
    methods: list[str] | None = None,
    cost_weight: float = 0.0,
    classifier: str | None = None,
) -> tuple[list[Recommendation], list[Rejected]]:
    """Open the photos, and answer all that can be opened in one batch."""
    import attrs

    from cbrkit_xai.cli.terminal import progress_bar
    from cbrkit_xai.images import open_images

    started = time.perf_counter()
    with progress_bar(f"opening {len(photos)} photos") as progress:
        opened, rejected = open_images(photos, progress=progress)
    seconds = time.perf_counter() - started
    warnings = _other_classifier(recommender, classifier)
    with progress_bar(f"comparing {len(opened)} photos") as progress:
        answers = recommender.recommend_many(
            opened, methods=methods, cost_weight=cost_weight, decoding_seconds=seconds, progress=progress
        )
    return [attrs.evolve(answer, warnings=(*answer.warnings, *warnings)) for answer in answers], rejected


def _other_classifier(recommender: Recommender, classifier: str | None) -> list[str]:
    registry, known = recommender.registry, recommender.base.classifiers
    if classifier is None and DEFAULT_CLASSIFIER not in registry.names("classifier"):
        return []  # whoever has no classifier installed has to know what they explain
    chosen = chosen_classifier(classifier or DEFAULT_CLASSIFIER)
    if not known:
        return []
    return other_classifier(recommender.base, registry.create("classifier", chosen).fingerprint)
