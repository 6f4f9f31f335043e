"""Which runs differ in one part alone, so that comparing them says something about that part."""

from __future__ import annotations

from collections.abc import Iterator

from cbrkit_xai.configurations import Configuration
from cbrkit_xai.evaluation.baselines.prototypes import RANDOM
from cbrkit_xai.evaluation.results import Evaluation, Run

LINEAR = "linear"

_LIKE_LATENT = ("latent", "lf-")
_LIKE_HISTOGRAM = ("histogram", "hist-")


def organizer_name(run: Run) -> str:
    """Return the name of a run's organizer; empty for a run without a configuration."""
    return "" if run.configuration is None else run.configuration.organizer.name


def clustered_configurations(evaluation: Evaluation) -> tuple[Run, ...]:
    """Return the configurations whose entries are prototypes, but for those that group by chance."""
    found = (run for run in evaluation.configurations if organizer_name(run) not in ("", LINEAR, RANDOM))
    return tuple(run for run in found if run.clustered or run.problems)


def linear_twin(evaluation: Evaluation, run: Run) -> Run | None:
    """Return the run that differs in comparing with every case, or None.

    Two profiles may share all the parts that count here; the run's own comes first.
    """
    if run.configuration is None:
        return None
    alike = [
        other
        for other in evaluation.runs.values()
        if organizer_name(other) == LINEAR and _same_but_entries(run, other)
    ]
    own = (other for other in alike if _names(other) == _names(run))
    return next(own, alike[0] if alike else None)


def random_twin(evaluation: Evaluation, run: Run) -> Run | None:
    """Return the run that differs in grouping the cases by chance into groups of the same sizes, or None.

    Random prototypes whose number is their own do not count.
    """
    if run.configuration is None:
        return None
    name = f"{run.configuration.name}[like {run.configuration.organizer.name}]"
    return evaluation.runs.get(run.configuration.evolve(name=name, organizer=RANDOM).label)


def latent_and_histogram(evaluation: Evaluation) -> Iterator[tuple[Run, Run]]:
    """Give pairs of configurations that differ in latent features against colour histograms."""
    for latent in evaluation.configurations:
        if not _is_like(latent, _LIKE_LATENT):
            continue
        for histogram in evaluation.configurations:
            if _is_like(histogram, _LIKE_HISTOGRAM) and _differ_in_features(latent, histogram):
                yield latent, histogram


def _is_like(run: Run, words: tuple[str, str]) -> bool:
    # Whatever stands in the place of a network's features keeps the configuration's name.
    configuration = run.configuration
    return configuration is not None and (
        configuration.representation.name == words[0] or configuration.name.startswith(words[1])
    )


def _differ_in_features(one: Run, other: Run) -> bool:
    first, second = _configuration(one), _configuration(other)
    same_profile = first.profile == second.profile
    return same_profile and all(
        getattr(first, part).name == getattr(second, part).name for part in ("metric", "organizer", "reuse")
    )


def _same_but_entries(run: Run, other: Run) -> bool:
    first, second = _configuration(run), _configuration(other)
    return all(
        getattr(first, part) == getattr(second, part) for part in ("representation", "metric", "reuse")
    )


def _names(run: Run) -> tuple[str, str]:
    return _configuration(run).name, _configuration(run).profile


def _configuration(run: Run) -> Configuration:
    assert run.configuration is not None  # noqa: S101 - only runs that have one come here
    return run.configuration
