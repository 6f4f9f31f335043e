"""The evaluation of the paper's predecessor (Recio-García et al., ICCBR 2021), in profile `java2021`.

Leave-one-out with 1, 3, 5, 10 and 25 neighbours, and how the error changes as the case base grows from a
twentieth of its cases to all of them.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import attrs
import numpy as np

from cbrkit_xai import registry as registries
from cbrkit_xai.case_base import CaseBase
from cbrkit_xai.components import ConfigurationPlugin
from cbrkit_xai.configurations import Configuration, configuration
from cbrkit_xai.errors import CaseBaseError, CbrkitXaiError
from cbrkit_xai.evaluation.experiment import evaluate
from cbrkit_xai.evaluation.holding_out.protocol import Protocol
from cbrkit_xai.evaluation.predicting.described_once import described_once
from cbrkit_xai.evaluation.predicting.orderings import Orderings, running_means
from cbrkit_xai.evaluation.predicting.substitution import lacking
from cbrkit_xai.evaluation.reproduction.steps import Steps
from cbrkit_xai.evaluation.results import Evaluation
from cbrkit_xai.evaluation.running.cells import FOLDER, Cells
from cbrkit_xai.evaluation.running.kept_distances import kept_distances
from cbrkit_xai.evaluation.running.plan import Plan
from cbrkit_xai.evaluation.scoring.rankings import top_1
from cbrkit_xai.evaluation.scoring.vote_errors import pooled_rmse
from cbrkit_xai.features import Array, frozen_floats
from cbrkit_xai.protocols import Progress
from cbrkit_xai.registry import Registry

PROFILE = "java2021"

KS = (1, 3, 5, 10, 25)
"""The predecessor's numbers of neighbours."""

SHARES = tuple(share / 100 for share in range(5, 101, 5))
"""Of the cases, at which the base's growth is looked at."""

DRAWS = 10
"""Orders in which the base may have grown."""

BASELINES = ("uniform", "global-mean", "majority", "per-class-mean", "single-best-method", "oracle")


@attrs.frozen(kw_only=True, eq=False)
class Growth:
    """What leaving one out predicts as the base grows.

    Parameters
    ----------
    label : str
        Of the configuration.
    sizes : tuple of int
        Cases in the base.
    ks : tuple of int
        Numbers of neighbours.
    top_1 : array of shape (draws, sizes, ks)
        Share of the win that the method predicted best has; NaN where nobody voted.
    rmse : array of shape (draws, sizes, ks)
        Pooled, in votes.
    """

    label: str
    sizes: tuple[int, ...]
    ks: tuple[int, ...]
    top_1: Array = attrs.field(converter=frozen_floats)
    rmse: Array = attrs.field(converter=frozen_floats)


@attrs.frozen(kw_only=True, eq=False)
class Predecessor:
    """What the predecessor's evaluation finds here.

    Parameters
    ----------
    evaluation : Evaluation
        Each photo left out, with its twins.
    growths : tuple of Growth
        One per configuration that has a matrix of distances.
    missing : tuple of str
        A sentence for each configuration that is not applicable.
    """

    evaluation: Evaluation
    growths: tuple[Growth, ...]
    missing: tuple[str, ...]


def reproduce_predecessor(
    base: CaseBase,
    *,
    ks: Iterable[int] = KS,
    seed: int = 0,
    folder: str | Path | None = None,
    registry: Registry | None = None,
    workers: int | None = None,
    progress: Progress | None = None,
) -> Predecessor:
    """Leave each photo out in turn, and let the base grow.

    Parameters
    ----------
    base : CaseBase
        With the pixels of its photos: the predecessor compared pixels.
    ks : iterable of int
        Numbers of neighbours.
    seed : int
        Of the orders in which the base grows.
    folder : path, optional
        Where finished cells are kept.
    registry, workers
        As `evaluate` takes them.
    progress : callable, optional
        Called with (done, all).

    Raises
    ------
    CaseBaseError
        None of the configurations is applicable.
    """
    registry = registry or registries.default_registry()
    steps = Steps(progress=progress, shares=(80, 20))
    chosen, missing = predecessors_configurations(base, registry)
    protocol = Protocol(scheme="leave-one-group-out", repeats=1, seed=seed)
    evaluation = evaluate(
        base,
        chosen,
        ks=ks,
        protocol=protocol,
        baselines=BASELINES,
        confidence=False,
        nested=False,
        folder=folder,
        registry=registry,
        workers=workers,
        progress=steps.next(),
    )
    representations = [one.components(registry).representation for one in chosen]
    plan = Plan(
        base=described_once(base, representations),
        registry=registry,
        protocol=protocol,
        groups=evaluation.groups,
        folds=evaluation.folds,
        ks=evaluation.configurations[0].ks,
        cells=Cells(folder=None if folder is None else Path(folder) / FOLDER),
    )
    report = steps.next()
    growths = []
    for number, one in enumerate(chosen, start=1):
        components = one.components(registry)
        distances = kept_distances(one, components, plan.cases(components.representation), plan)
        if distances is not None:
            growths.append(growth(one.label, distances, evaluation, seed))
        report(number, len(chosen))
    steps.finish()
    return Predecessor(evaluation=evaluation, growths=tuple(growths), missing=missing)


def predecessors_configurations(
    base: CaseBase, registry: Registry
) -> tuple[list[Configuration], tuple[str, ...]]:
    """Return every configuration of the profile that the base can be described by, and why not the others.

    Raises
    ------
    CaseBaseError
        There is none.
    """
    chosen, missing = [], []
    for name in registry.names("configuration"):
        record = registry.find("configuration", name)
        assert isinstance(record, ConfigurationPlugin)  # noqa: S101 - find returns records of the kind
        if PROFILE not in record.profiles:
            continue
        try:
            one = configuration(name, profile=PROFILE, registry=registry)
            reason = lacking(base, one.components(registry).representation)
        except CbrkitXaiError as error:
            missing.append(f"{name}: {error}")
            continue
        if reason is None:
            chosen.append(one)
        else:
            missing.append(f"{name}: {reason.what}")
    if not chosen:
        raise CaseBaseError(
            f"no configuration of the profile {PROFILE!r} is applicable; "
            + (missing[0] if missing else "none is installed"),
            where=base.name,
            allowed="a base with the pixels of its photos",
            next_step="name the folder with its photos: --images DIR"
            if missing
            else "pip install cbrkit-xai-features",
        )
    return chosen, tuple(missing)


def growth(label: str, distances: Array, evaluation: Evaluation, seed: int) -> Growth:
    """Let the base grow, in several orders, and leave each of its photos out at each size.

    Parameters
    ----------
    label : str
        Of a linear configuration with plain mean reuse.
    distances : array of shape (n, n)
        Of each case, as a query, from each case.
    evaluation : Evaluation
        Whose cases these are.
    seed : int
        Of the orders; one order grows by adding cases, never by taking some away.
    """
    n = len(distances)
    ks = evaluation.run(label).ks
    sizes = tuple(dict.fromkeys(max(2, round(share * n)) for share in SHARES))
    found = np.full((DRAWS, len(sizes), len(ks), 2), np.nan)
    for draw in range(DRAWS):
        order = np.random.default_rng([seed, draw]).permutation(n)
        for place, size in enumerate(sizes):
            if size == n and draw > 0:  # the whole base is the same in every order
                found[draw, place] = found[0, place]
                continue
            found[draw, place] = _left_out(np.sort(order[:size]), distances, evaluation, ks)
    return Growth(label=label, sizes=sizes, ks=ks, top_1=found[..., 0], rmse=found[..., 1])


def _left_out(rows: Array, distances: Array, evaluation: Evaluation, ks: tuple[int, ...]) -> Array:
    """Return top-1 and RMSE `(ks, 2)` of leaving each of these cases out, with its group."""
    votes, groups = evaluation.votes[rows], evaluation.groups.labels[rows]
    ids = [evaluation.cases.ids[row] for row in rows]
    order = Orderings.of(distances[np.ix_(rows, rows)], ids).rows.astype(np.int64)
    may_speak = groups[order] != groups[:, None]
    width = max(ks)
    place = np.cumsum(may_speak, axis=1) - 1  # of each neighbour among those that may speak
    nearest = np.full((len(rows), width, votes.shape[1]), np.nan)
    query, column = np.nonzero(may_speak & (place < width))
    nearest[query, place[query, column]] = votes[order[query, column]]
    predicted = running_means(nearest, ks)  # (cases, ks, methods)
    hits = top_1(predicted, votes[:, None])
    known = ~np.isnan(hits)
    number = known.sum(axis=0)
    mean = np.divide(
        np.where(known, hits, 0.0).sum(axis=0), number, out=np.full(len(ks), np.nan), where=number > 0
    )
    return np.stack([mean, pooled_rmse(predicted, votes[:, None], over=0)], axis=1)
