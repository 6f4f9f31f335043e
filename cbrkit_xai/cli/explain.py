"""`cbrkit-xai explain`: the explanation worth showing for each photo, as a picture."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import attrs
import click

from cbrkit_xai.cli.choosing import (
    base_option,
    chosen_base,
    chosen_classifier,
    chosen_configuration,
    classifier_option,
    configuration_option,
    fitted,
    images_option,
    json_option,
    part_options,
)
from cbrkit_xai.explaining import DEFAULT_CLASSIFIER

if TYPE_CHECKING:
    from cbrkit_xai.cli.pictures import Pictures
    from cbrkit_xai.cycle import Recommender
    from cbrkit_xai.explaining.explanation import Explanation
    from cbrkit_xai.images import Image
    from cbrkit_xai.protocols import Classifier
    from cbrkit_xai.recommendation import Recommendation

_AUTO, _ALL = "auto", "all"


@click.command("explain")
@click.argument("photos", nargs=-1, required=True, metavar="PHOTO...")
@click.option(
    "--method",
    default=_AUTO,
    show_default=True,
    metavar="auto|NAME|all",
    help="auto: the recommended one; all: every method of the case base side by side; or names: lime,ig.",
)
@classifier_option
@click.option(
    "--target",
    default="top1",
    show_default=True,
    metavar="CLASS|INDEX|top1",
    help="The class to explain; top1 is the most probable.",
)
@click.option(
    "--max-seconds", type=float, metavar="S", help="End each method after this time, with its best."
)
@click.option("--max-calls", type=int, metavar="N", help="Show the classifier at most this many photos each.")
@click.option("--seed", type=int, default=0, show_default=True, metavar="N", help="Of the random choices.")
@click.option(
    "-o",
    "--output",
    metavar="PNG|DIR",
    help="Picture of one photo, or folder for the pictures and a manifest.csv.  [default: here]",
)
@base_option
@configuration_option
@part_options
@images_option
@json_option
def command(
    photos: tuple[str, ...],
    method: str,
    classifier: str | None,
    target: str,
    max_seconds: float | None,
    max_calls: int | None,
    seed: int,
    output: str | None,
    base: str,
    chosen: str,
    profile: str | None,
    organizer: str | None,
    k: int | None,
    images: str | None,
    as_json: bool,
) -> int:
    """Explain the classifier's answer for each PHOTO by the method worth showing, as a picture.

    The methods are run on the classifier; nothing but the photo and the classifier is needed.
    """
    from cbrkit_xai.cli.pictures import Pictures
    from cbrkit_xai.explaining.running import made_classifier
    from cbrkit_xai.registry import default_registry

    named = _named(method)
    pictures = Pictures.chosen(photos, output, method)
    model = made_classifier(chosen_classifier(classifier or DEFAULT_CLASSIFIER), default_registry())
    recommender = None
    if not named:
        recommender = fitted(chosen_configuration(chosen, profile, organizer, k), chosen_base(base, images))
    task = Task(
        model=model,
        target=target,
        max_seconds=max_seconds,
        max_calls=max_calls,
        seed=seed,
        methods=named,
        side_by_side=method == _ALL or len(named) > 1,
        recommender=recommender,
    )
    return explain_photos(task, photos, pictures, as_json=as_json)


def _named(method: str) -> tuple[str, ...]:
    """Return the methods that are named, each of which must be installed."""
    from cbrkit_xai.errors import ParameterError
    from cbrkit_xai.registry import default_registry

    if method in (_AUTO, _ALL):
        return ()
    names = tuple(dict.fromkeys(name.strip() for name in method.split(",") if name.strip()))
    if not names:
        raise ParameterError("no method is named", where="--method", allowed="auto, all, or names: lime,ig")
    for name in names:
        default_registry().find("explainer", name, where="--method")
    return names


@attrs.frozen(kw_only=True)
class Task:
    """What is to be done with each photo.

    Parameters
    ----------
    model : Classifier
        The one to explain.
    target, max_seconds, max_calls, seed
        See `cbrkit_xai.explain`.
    methods : tuple of str
        Explainers by name; none where the recommender is asked.
    side_by_side : bool
        True to draw all methods, False to draw the first that can be run.
    recommender : Recommender or None
        Ranks the methods where none is named.
    """

    model: Classifier
    target: str = "top1"
    max_seconds: float | None = None
    max_calls: int | None = None
    seed: int = 0
    methods: tuple[str, ...] = ()
    side_by_side: bool = False
    recommender: Recommender | None = None

    def done(self, image: Image) -> tuple[list[Explanation], Recommendation | None]:
        """Return a photo's explanations, and the recommendation if one was asked for."""
        answer = None if self.recommender is None else self._recommendation(image)
        ranking = self.methods if answer is None else answer.ranking
        if not self.side_by_side:
            return [self._explanation(image, list(ranking) if answer else ranking[0])], answer
        return self._each(image, ranking), answer

    def _recommendation(self, image: Image) -> Recommendation:
        from cbrkit_xai.cli.choosing import other_classifier

        assert self.recommender is not None  # noqa: S101 - the caller has looked
        answer = self.recommender.recommend(image)
        warnings = other_classifier(self.recommender.base, self.model.fingerprint)
        return attrs.evolve(answer, warnings=(*answer.warnings, *warnings))

    def _each(self, image: Image, ranking: Sequence[str]) -> list[Explanation]:
        """Run every method that can be run; the first says which could not."""
        from cbrkit_xai.explaining.running import CANNOT_RUN, none_can_run

        found: list[Explanation] = []
        passed_over: dict[str, str] = {}
        for method in ranking:
            try:
                found.append(self._explanation(image, method))
            except CANNOT_RUN as error:
                passed_over[method] = error.what
        if not found:
            raise none_can_run(passed_over, image.name)
        return [attrs.evolve(found[0], passed_over=passed_over), *found[1:]]

    def _explanation(self, image: Image, method: str | list[str]) -> Explanation:
        from cbrkit_xai.cli.terminal import progress_bar
        from cbrkit_xai.explaining.running import explain

        first = method if isinstance(method, str) else method[0]
        with progress_bar(f"{image.name}: {first}") as progress:
            return explain(
                image,
                method,
                classifier=self.model,
                target=self.target,
                max_calls=self.max_calls,
                max_seconds=self.max_seconds,
                seed=self.seed,
                progress=progress,
            )


def explain_photos(task: Task, photos: Sequence[str], pictures: Pictures, *, as_json: bool) -> int:
    """Explain photo after photo, each picture written as soon as it is drawn; return the exit code."""
    from cbrkit_xai.cli.terminal import print_json, warn
    from cbrkit_xai.errors import BudgetSpentError, ImageError, NotApplicableError
    from cbrkit_xai.images import open_image

    told: list[dict[str, Any]] = []
    rejected: list[dict[str, str]] = []
    for photo in photos:
        try:
            image = open_image(photo)
            found, answer = task.done(image)
        except (ImageError, NotApplicableError, BudgetSpentError) as error:
            rejected.append({"photo": photo, "error": str(error)})
            warn(str(error))
            continue
        file = pictures.write(photo, found)
        if as_json:
            told.append(
                {
                    "recommendation": None if answer is None else answer.to_json(),
                    "explanations": [one.to_json() for one in found],
                    "file": str(file),
                }
            )
        else:
            from cbrkit_xai.cli.explanation_page import print_explanations

            print_explanations(found, answer, file)
    if as_json:
        print_json({"explained": told, "rejected": rejected, "manifest": pictures.manifest_name})
    elif pictures.manifest_name:
        from cbrkit_xai.cli.terminal import say

        say(f"all of them: {pictures.manifest_name}")
    return 2 if rejected else 0
