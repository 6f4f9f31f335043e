"""Puts what the sections say into one page that needs nothing but itself."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from cbrkit_xai.errors import MissingDependencyError
from cbrkit_xai.evaluation.report.plots.picture import Picture

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup

SECTIONS = (
    ("answers", "The answers, in short"),
    ("limits", "What these numbers can't show"),
    ("answers-in-full", "The answers in full"),
    ("curves", "Error over k"),
    ("scores", "Scores"),
    ("permutation", "Votes shuffled"),
    ("confidence", "Confidence"),
    ("clusters", "Why does clustering (not) work?"),
    ("groups", "Groups and folds"),
    ("problems", "What could not be done"),
    ("time", "Time"),
    ("repeat", "Versions, and how to repeat it"),
)
"""Anchors and titles, in the order of the page."""


def rendered(template: str, page: Mapping[str, Any]) -> str:
    """Return a page as HTML; whatever came from a case base is escaped.

    Parameters
    ----------
    template : str
        Its file in the folder `templates`.
    page : mapping
        What the template calls `page`.

    Raises
    ------
    MissingDependencyError
        Jinja2 is not installed.
    """
    environment = _environment()
    style = environment.loader.get_source(environment, "style.css")[0]  # type: ignore[union-attr]
    from markupsafe import Markup

    # Ours, and inside a style element nothing is to be escaped.
    return environment.get_template(template).render(page={**page, "style": Markup(style)})  # noqa: S704


def _environment() -> Environment:
    try:
        from jinja2 import Environment, PackageLoader, StrictUndefined
    except ImportError as error:
        raise MissingDependencyError(
            "the report needs Jinja2", where="report", next_step="pip install jinja2"
        ) from error
    environment = Environment(
        autoescape=True,
        loader=PackageLoader("cbrkit_xai.evaluation.report"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["data"] = picture_data
    environment.filters["breakable"] = breakable
    return environment


def breakable(label: str) -> Markup:
    """Return a label, escaped, that may be broken before its organizer and its profile."""
    from markupsafe import Markup, escape

    return Markup("").join([escape(label).replace("/", Markup("/<wbr>")).replace("@", Markup("<wbr>@"))])


def picture_data(picture: Picture) -> str:
    """Return a picture as an address that holds it."""
    return f"data:image/svg+xml;base64,{base64.b64encode(picture.svg).decode()}"
