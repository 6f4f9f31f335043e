"""How long a photo waits in use: decoded, described, compared, answered; alone and among others."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence

import attrs
import numpy as np

from cbrkit_xai import registry as registries
from cbrkit_xai.case_base import CaseBase
from cbrkit_xai.cases import Cases
from cbrkit_xai.confidence.folds import draw
from cbrkit_xai.configurations import Components, Configuration
from cbrkit_xai.describing import described
from cbrkit_xai.errors import NotOrganizableError
from cbrkit_xai.evaluation.results import Timing
from cbrkit_xai.evaluation.working import one_thread_each
from cbrkit_xai.features import Features, read_only, take
from cbrkit_xai.images import Image
from cbrkit_xai.learning import fitted_to, organize
from cbrkit_xai.neighbours import Neighbours
from cbrkit_xai.organizers.distances import checked_pairwise
from cbrkit_xai.organizers.linear import Linear
from cbrkit_xai.protocols import Index, Progress, Representation, ReuseStrategy
from cbrkit_xai.registry import Registry

QUERIES = 20
"""Photos that are asked about; fewer of a small base."""

BATCHES = 3
"""How often those that were asked about alone are asked about together."""

SECONDS = 3.0
"""Once single photos have taken so long, no further one is asked about."""

LONG = 20.0
"""An organisation that takes more seconds is not repeated for its time alone."""

SINGLE, BATCH = "one photo", "each of a batch"
STAGES_OF_A_QUERY = ("decode", "features", "retrieve", "reuse")


def query_times(
    base: CaseBase,
    configurations: Sequence[Configuration],
    *,
    seed: int = 0,
    registry: Registry | None = None,
    progress: Progress | None = None,
) -> tuple[Timing, ...]:
    """Return the wall time of each stage of a query on one thread, for photos that the index does not hold.

    Stages are told as "one photo: retrieve" and "each of a batch: retrieve", a `Timing` per photo asked alone
    and one per batch, in seconds a photo. "decode" and "features" are told where the base holds pixels;
    together with the others they are what a new photo takes, and without them what one takes whose features
    are known.

    Parameters
    ----------
    base : CaseBase
        At least 2 cases; some of them are asked about, and the rest is organised.
    configurations : sequence of Configuration
        One that cannot be organised, or takes very long to be, has no times.
    seed : int
        Of the photos that are asked about.
    registry : Registry, optional
        By default that of everything installed.
    progress : callable, optional
        Called with (configurations done, configurations).
    """
    registry = registry or registries.default_registry()
    found: list[Timing] = []
    # Long products would be shared among the cores, and short ones not: no fair race.
    with one_thread_each():
        for done, configuration in enumerate(configurations, start=1):
            found += _of_one(base, configuration, seed, registry)
            if progress is not None:
                progress(done, len(configurations))
    return tuple(found)


@attrs.frozen(kw_only=True, eq=False)
class _Asked:
    """What is asked, and of what."""

    representation: Representation
    index: Index
    reuse: ReuseStrategy
    k: int
    base: CaseBase
    hashes: tuple[str, ...]  # of the photos that are asked about
    features: Features  # theirs


def _of_one(base: CaseBase, configuration: Configuration, seed: int, registry: Registry) -> Iterator[Timing]:
    components, label = configuration.components(registry), configuration.label
    cases = base.columns(components.representation)
    order = sorted(range(len(base)), key=lambda row: draw(seed, "times", base.ids[row]))
    asked = np.sort(order[: min(QUERIES, len(base) // 2)])
    training = cases.take(np.setdiff1d(np.arange(len(base)), asked))
    if _takes_long(components, training):
        return
    started = time.perf_counter()
    try:
        fitted, index = organize(components, training)
    except NotOrganizableError:
        return
    yield Timing(label=label, repeat=-1, stage="organise", seconds=time.perf_counter() - started)
    few = training.take(slice(0, QUERIES))  # what reuse learns has no say in how long it takes
    own = index.nearest(few.features, configuration.k, few.held_out())
    question = _Asked(
        representation=fitted.representation,
        index=index,
        reuse=fitted_to("reuse-strategy", components.reuse, few, own),
        k=configuration.k,
        base=base,
        hashes=tuple(base.cases[row].image_sha256 for row in asked),
        features=take(cases.features, asked),
    )
    _ask(question, slice(0, 1))  # the first takes longer than those that follow
    spent = 0.0
    for query in range(len(asked)):
        seconds = _ask(question, slice(query, query + 1))
        yield from _timings(label, query, SINGLE, seconds)
        spent += sum(seconds.values())
        if spent > SECONDS:
            break
    for batch in range(BATCHES if spent < SECONDS else 1):
        yield from _timings(label, batch, BATCH, _ask(question, slice(0, query + 1)))


def _takes_long(components: Components, training: Cases) -> bool:
    """Say whether an organizer that compares all cases would take longer than anybody waits for its time."""
    if isinstance(components.organizer, Linear) or hasattr(components.metric, "fitted"):
        return False
    started = time.perf_counter()
    checked_pairwise(components.metric, take(training.features, slice(0, 1)), training.features)
    return (time.perf_counter() - started) * len(training) > LONG


def _ask(asked: _Asked, rows: slice) -> dict[str, float]:
    """Return the seconds of each stage, a photo."""
    hashes, features = asked.hashes[rows], read_only(take(asked.features, rows))
    times = {}
    if all(one in asked.base.pictures for one in hashes):
        images: list[Image] = []
        times["decode"] = _timed(lambda: images.extend(map(asked.base.pictures.open, hashes)))
        times["features"] = _timed(lambda: described(asked.representation, images))
    found: list[Neighbours] = []
    times["retrieve"] = _timed(lambda: found.append(asked.index.nearest(features, asked.k)))
    times["reuse"] = _timed(lambda: asked.reuse.reuse(found[0]))
    return {stage: times[stage] / len(hashes) for stage in STAGES_OF_A_QUERY if stage in times}


def _timed(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def _timings(label: str, repeat: int, how: str, seconds: dict[str, float]) -> Iterator[Timing]:
    for stage, value in seconds.items():
        yield Timing(label=label, repeat=repeat, stage=f"{how}: {stage}", seconds=value)
