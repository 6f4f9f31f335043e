"""`cbrkit-xai retain`: keep a judged photo, durably, for the next recommendation."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from cbrkit_xai.cli.choosing import (
    chosen_classifier,
    chosen_configuration,
    classifier_option,
    configuration_option,
    fitted,
    is_bundled,
    json_option,
    part_options,
)
from cbrkit_xai.explaining import DEFAULT_CLASSIFIER

if TYPE_CHECKING:
    from cbrkit_xai.case import Target
    from cbrkit_xai.case_base import CaseBase
    from cbrkit_xai.images import Image


@click.command("retain")
@click.argument("photo")
@click.option("--base", required=True, metavar="FILE", help="The .cbr file that keeps the case.")
@click.option("--votes", required=True, metavar="METHOD=N,...", help="Votes, such as xrai=4,lime=1.")
@click.option("--source", type=click.Choice(["human", "automatic"]), default="human", show_default=True)
@click.option("--voter", default="", metavar="NAME", help="Who voted: a pseudonym, or a judge's name.")
@click.option("--allow-mixed", is_flag=True, help="Let votes of people and of judges stand in one base.")
@click.option("--allow-new-methods", is_flag=True, help="Take votes for methods that are new to the base.")
@click.option(
    "--target",
    default="auto",
    show_default=True,
    metavar="CLASS|INDEX|top1|none|auto",
    help="The class whose explanation was judged; auto: top1 if the base knows its cases' classes.",
)
@classifier_option
@configuration_option
@part_options
@json_option
def command(
    photo: str,
    base: str,
    votes: str,
    source: str,
    voter: str,
    allow_mixed: bool,
    allow_new_methods: bool,
    target: str,
    classifier: str | None,
    chosen: str,
    profile: str | None,
    organizer: str | None,
    k: int | None,
    as_json: bool,
) -> int:
    """Keep a PHOTO with its votes in a case base; once acknowledged it survives any crash."""
    from cbrkit_xai.cli.terminal import print_json
    from cbrkit_xai.errors import CaseBaseError
    from cbrkit_xai.images import open_image
    from cbrkit_xai.stores.embedded import CaseStore

    if is_bundled(base):
        raise CaseBaseError(
            "a bundled case base is read-only",
            where=base,
            next_step=f"copy it first: cbrkit-xai cases {base} --export my.cbr",
        )
    configuration = chosen_configuration(chosen, profile, organizer, k)
    given = parsed_votes(votes)
    image = open_image(photo)
    with CaseStore.open(base) as store:
        recommender = fitted(configuration, store.load(), learn_now=False)
        found = explained_class(image, target, classifier or DEFAULT_CLASSIFIER, recommender.base)
        kept = recommender.retain(
            image,
            given,
            store=store,
            target=found,
            source="human" if source == "human" else "automatic",
            voter=voter,
            allow_mixed=allow_mixed,
            allow_new_methods=allow_new_methods,
        )
    verdict = kept.verdict
    keeps, reason = verdict is not None and verdict.keeps, "" if verdict is None else verdict.reason
    if as_json:
        print_json({"kept": keeps, "reason": reason, "cases": len(kept.base), "revision": kept.base.revision})
    else:
        print(f"{'kept' if keeps else 'not kept'}: {reason}; {base} has {len(kept.base)} cases")
    return 0


def parsed_votes(text: str) -> dict[str, float]:
    """Read `xrai=4,lime=1`.

    Raises
    ------
    VotesError
        Naming the part that cannot be read.
    """
    from cbrkit_xai.errors import VotesError

    votes: dict[str, float] = {}
    for part in filter(None, (piece.strip() for piece in text.split(","))):
        method, _, number = (piece.strip() for piece in part.partition("="))
        try:
            value = float(number)
        except ValueError:
            raise VotesError(
                f"{part!r} cannot be read", where="--votes", allowed="METHOD=NUMBER, such as xrai=4,lime=1"
            ) from None
        if method in votes:
            raise VotesError(f"{method!r} stands twice", where="--votes", next_step="add up its votes")
        votes[method] = value
    return votes


def explained_class(image: Image, target: str, classifier: str, base: CaseBase) -> Target | None:
    """Return the class that was explained, as the options say."""
    from cbrkit_xai.explaining.counted_classifier import CountedClassifier
    from cbrkit_xai.explaining.running import made_classifier
    from cbrkit_xai.explaining.targets import TOP, target_of
    from cbrkit_xai.images import pixels_of
    from cbrkit_xai.registry import default_registry

    if target == "none" or (target == "auto" and not base.classifiers):
        return None
    model = CountedClassifier(made_classifier(chosen_classifier(classifier), default_registry()))
    height, width = model.image_size
    pixels = pixels_of(image, height=height, width=width)
    return target_of(pixels, model, TOP if target == "auto" else target)
