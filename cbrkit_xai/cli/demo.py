"""`cbrkit-xai demo`: the whole way on a photo that ships with scikit-image."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import click

from cbrkit_xai.cli.choosing import (
    DEFAULT_BASE,
    DEFAULT_CONFIGURATION,
    chosen_base,
    chosen_configuration,
    fitted,
    json_option,
)


@click.command("demo")
@json_option
def command(as_json: bool) -> int:
    """Recommend an explanation method for a photo of a cat."""
    from cbrkit_xai.cli.recommend import answered
    from cbrkit_xai.cli.terminal import print_json

    photo = demo_photo()
    recommender = fitted(chosen_configuration(DEFAULT_CONFIGURATION), chosen_base(DEFAULT_BASE))
    answers, _ = answered(recommender, (str(photo),))
    if as_json:
        print_json({"recommendations": [answer.to_json() for answer in answers], "rejected": []})
        return 0
    from cbrkit_xai.cli.answer_page import print_answer
    from cbrkit_xai.cli.terminal import command_name, print_wrapped, say

    print_answer(answers[0])
    print_wrapped(f"What these votes can't tell: {recommender.base.about}")
    say(f"Now your own photo: {command_name()} recommend photo.jpg")
    return 0


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
