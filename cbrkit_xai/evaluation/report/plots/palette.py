"""Colours that people with any kind of colour vision tell apart, always with another mark or line too."""

from __future__ import annotations

import attrs

# Okabe & Ito 2008; its yellow is left out, too pale on white.
BLUE, ORANGE, GREEN, VERMILION, SKY, PURPLE, BLACK = (
    "#0072B2",
    "#E69F00",
    "#009E73",
    "#D55E00",
    "#56B4E9",
    "#CC79A7",
    "#000000",
)


@attrs.frozen(kw_only=True)
class Look:
    """How a curve is drawn.

    Parameters
    ----------
    colour : str
        As matplotlib reads it.
    marker : str
        The same.
    """

    colour: str
    marker: str


_OF_ORGANIZER = {
    "linear": Look(colour=BLUE, marker="o"),
    "dbscan-prototypes": Look(colour=VERMILION, marker="s"),
    "random-prototypes": Look(colour=GREEN, marker="^"),
    "k-means-prototypes": Look(colour=PURPLE, marker="D"),
}
_OTHERS = (
    Look(colour=ORANGE, marker="v"),
    Look(colour=SKY, marker="P"),
    Look(colour=BLACK, marker="X"),
    Look(colour=BLUE, marker="<"),
    Look(colour=VERMILION, marker=">"),
    Look(colour=GREEN, marker="h"),
)


def looks(names: list[str]) -> dict[str, Look]:
    """Return a look for each curve of a picture: the paper's two organizers always look the same.

    Parameters
    ----------
    names : list of str
        Whose first words are organizers.
    """
    found: dict[str, Look] = {}
    spare = list(_OTHERS)
    for name in names:
        usual = _OF_ORGANIZER.get(name.split(" ")[0])
        if usual is None or usual in found.values():
            usual = spare.pop(0) if spare else _OTHERS[len(found) % len(_OTHERS)]
        found[name] = usual
    return found


COLOURS = (BLUE, VERMILION, GREEN, PURPLE, ORANGE, SKY, BLACK)
MARKERS = ("o", "s", "^", "D", "v", "P", "X")
