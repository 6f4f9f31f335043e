"""How the pages call a run of the paper's configurations."""

from __future__ import annotations

from cbrkit_xai.evaluation.reproduction.papers_numbers import SIMILARITIES
from cbrkit_xai.evaluation.results import Run

_IN_WORDS = {"linear": "linear", "dbscan-prototypes": "clustered"}


def short_name(run: Run) -> str:
    """Return the paper's identifier and the organisation, such as "LF-COS clustered"; else the label.

    The full label stands in Table 1 of the page.
    """
    configuration = run.configuration
    if configuration is None or configuration.name not in SIMILARITIES:
        return run.label
    organizer = configuration.organizer.name
    return f"{SIMILARITIES[configuration.name].identifier} {_IN_WORDS.get(organizer, organizer)}"
