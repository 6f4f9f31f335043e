"""`cbrkit-xai demo`: the whole way on a photo that ships with scikit-image."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cbrkit_xai.cli.choosing import (
    DEFAULT_BASE,
    DEFAULT_CONFIGURATION,
    chosen_base,
    chosen_configuration,
    fitted,
    json_option,
)
from cbrkit_xai.explaining import DEFAULT_CLASSIFIER

if TYPE_CHECKING:
    from cbrkit_xai.cycle import Recommender
    from cbrkit_xai.explaining.explanation import Explanation
    from cbrkit_xai.recommendation import Recommendation


_PICTURE = "cbrkit-xai-demo.png"


@click.command("demo")
@click.option(
    "-o", "--output", default=_PICTURE, show_default=True, metavar="PNG", help="Where the picture goes."
)
@click.option("--open", "opens", is_flag=True, help="Show the picture.")
@json_option
def command(output: str, opens: bool, as_json: bool) -> int:
    """Recommend an explanation method for a photo of a cat, and show its explanation."""
    from cbrkit_xai.cli.explain import Task
    from cbrkit_xai.cli.pictures import Pictures
    from cbrkit_xai.cli.terminal import print_json
    from cbrkit_xai.explaining.running import made_classifier
    from cbrkit_xai.images import open_image
    from cbrkit_xai.registry import default_registry

    photo = str(demo_photo())
    pictures = Pictures.chosen((photo,), output, "auto")
    recommender = fitted(chosen_configuration(DEFAULT_CONFIGURATION), chosen_base(DEFAULT_BASE))
    task = Task(model=made_classifier(DEFAULT_CLASSIFIER, default_registry()), recommender=recommender)
    found, answer = task.done(open_image(photo))
    file = pictures.write(photo, found)
    if as_json:
        explanations = [one.to_json() for one in found]
        recommendations = [] if answer is None else [answer.to_json()]
        print_json({"recommendations": recommendations, "explanations": explanations, "file": str(file)})
    else:
        _print(found, answer, file, recommender)
    if opens and click.launch(str(file)) != 0:
        from cbrkit_xai.cli.terminal import warn

        warn(f"nothing here shows pictures: open {file} yourself")
    return 0


def _print(
    found: Sequence[Explanation], answer: Recommendation | None, file: Path, recommender: Recommender
) -> None:
    from cbrkit_xai.cli.answer_page import print_answer
    from cbrkit_xai.cli.explanation_page import print_explanations
    from cbrkit_xai.cli.terminal import command_name, print_wrapped, say

    if answer is not None:
        print_answer(answer)
    print_wrapped(f"What these votes can't tell: {recommender.base.about}")
    print()
    print_explanations(found, None, file)
    say(f"Now your own photo: {command_name()} explain photo.jpg")


def demo_photo() -> Path:
    """Return scikit-image's photo of the cat Chelsea (CC0, by Stefan van der Walt)."""
    from cbrkit_xai.errors import MissingDependencyError

    found = find_spec("skimage")
    folders = list(found.submodule_search_locations or ()) if found is not None else []
    for folder in folders:
        photo = Path(folder) / "data" / "chelsea.png"
        if photo.is_file():
            return photo
    raise MissingDependencyError(
        "the demo's photo ships with scikit-image, which is not installed",
        next_step="pip install scikit-image",
    )
