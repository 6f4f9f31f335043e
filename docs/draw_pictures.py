"""Draws the pictures of the documentation, from a photo that may be published."""

from __future__ import annotations

from pathlib import Path

from cbrkit_xai import CaseBase, configuration, explain, write_picture
from cbrkit_xai.cli.demo import demo_photo

FOLDER = Path(__file__).parent / "pictures"


def main() -> None:
    """Draw the four methods of the paper on the photo of the cat Chelsea (CC0), best first."""
    photo = demo_photo()
    ranking = configuration("lf-cos").fit(CaseBase.bundled("coco200-auto")).recommend(photo).ranking
    write_picture([explain(photo, method) for method in ranking], FOLDER / "four-methods.png")


if __name__ == "__main__":
    main()
