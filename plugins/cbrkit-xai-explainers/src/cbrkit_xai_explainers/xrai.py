"""XRAI: regions of the photo, ranked by the integrated gradients inside them.

Kapishnikov et al. 2019, "XRAI: Better Attributions Through Regions", in the implementation of its
authors (the package saliency), fed with our own Integrated Gradients, whose completeness is checked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Literal

import attrs
import numpy as np
from numpy.random import Generator

from cbrkit_xai.errors import BudgetSpentError, ParameterError
from cbrkit_xai.explaining.explanation import Explanation
from cbrkit_xai.features import Array
from cbrkit_xai.protocols import Classifier, Progress
from cbrkit_xai_explainers.baselines import BASELINES, Baseline
from cbrkit_xai_explainers.completeness import Integral
from cbrkit_xai_explainers.integrated_gradients import IntegratedGradients


def _names(values: Iterable[str] | str) -> tuple[str, ...]:
    return (values,) if isinstance(values, str) else tuple(values)


def _are_baselines(instance: Xrai, attribute: attrs.Attribute[Any], value: tuple[str, ...]) -> None:
    if not value or len(set(value)) < len(value) or not set(value) <= set(BASELINES):
        raise ParameterError(
            f"{list(value)} does not fit",
            where=attribute.name,
            allowed=f"one or more of {', '.join(BASELINES)}, each once",
        )


@attrs.frozen(kw_only=True)
class Xrai:
    """Score regions by the mean of their pixels' integrated gradients, the best ones first.

    The photo is cut up six times, from fine to coarse (Felzenszwalb and Huttenlocher 2004), and each
    pixel gets the score of the region that brought it in: signed, and the same all over a region.
    A pixel's own attribution is the largest over its channels, averaged over the baselines: with
    black alone, black objects would get nothing.

    Parameters
    ----------
    baselines : tuple of {"black", "white", "mean", "blur"}
        Where the paths begin. The paper takes black and white.
    algorithm : {"fast", "full"}
        `full` scores what each region would still add to those before it, as in the paper; `fast`
        ranks the regions once, 2 seconds faster. On a few photos their scores correlated by .96, and
        neither pointed out better what the classifier needs.
    steps, max_steps, gap
        Of each path, as in `IntegratedGradients`.
    """

    baselines: tuple[Baseline, ...] = attrs.field(
        default=("black", "white"), converter=_names, validator=_are_baselines
    )
    algorithm: Literal["fast", "full"] = attrs.field(
        default="fast", validator=attrs.validators.in_(("fast", "full"))
    )
    steps: int = attrs.field(default=64, validator=attrs.validators.ge(1))
    max_steps: int = attrs.field(default=1024, validator=attrs.validators.ge(1))
    gap: float = attrs.field(default=0.05, validator=attrs.validators.gt(0))

    def __attrs_post_init__(self) -> None:
        self._paths()  # refuses what does not fit together

    def explain(
        self,
        image: Array,
        classifier: Classifier,
        target: int,
        rng: Generator,
        progress: Progress | None = None,
    ) -> Explanation:
        """Return a signed attribution `(h, w)`, constant in each region; nothing is random.

        Where the budget ends, what the paths gave so far is shown; each has its first round before
        any is doubled. Cutting up and ranking take up to a few seconds more, without a call.

        Raises
        ------
        NotApplicableError
            The classifier has no gradient.
        BudgetSpentError
            The budget does not reach for the two ends of a path and one point between them.
        """
        paths = self._paths()
        told = _together(progress, {path.baseline: path.steps for path in paths})
        found, stopped = _in_turns(
            {path.baseline: path.rounds(image, classifier, target, told(path.baseline)) for path in paths}
        )
        integrals = list(found.values())
        pixels = np.mean([integral.attribution for integral in integrals], axis=0)  # (h, w, 3)
        scores, regions = ranked_regions(image, pixels, self.algorithm)
        details = {
            "algorithm": self.algorithm,
            "regions": regions,
            "baselines": list(found),
            "steps": [integral.steps for integral in integrals],
            "difference": [integral.difference for integral in integrals],
            "gap": [integral.gap for integral in integrals],
            "converged": all(integral.within(self.gap) for integral in integrals),
        }
        doubts = [
            f"from {baseline}: {integral.note(self.gap)}"
            for baseline, integral in found.items()
            if integral.gap is None or not integral.within(self.gap)
        ]
        return Explanation(attribution=scores, details=details, note="; ".join(doubts), stopped=stopped)

    def _paths(self) -> list[IntegratedGradients]:
        return [
            IntegratedGradients(baseline=baseline, steps=self.steps, max_steps=self.max_steps, gap=self.gap)
            for baseline in self.baselines
        ]


def _together(progress: Progress | None, steps: dict[Baseline, int]) -> Callable[[Baseline], Progress | None]:
    """Return what each path tells its steps to, so that `progress` hears of all paths as one way."""
    done, in_all = dict.fromkeys(steps, 0), dict(steps)

    def of_path(baseline: Baseline) -> Progress | None:
        def tell(steps_done: int, steps_in_all: int) -> None:
            done[baseline], in_all[baseline] = steps_done, steps_in_all
            if progress is not None:
                progress(sum(done.values()), sum(in_all.values()))

        return None if progress is None else tell

    return of_path


def _in_turns(paths: dict[Baseline, Iterator[Integral]]) -> tuple[dict[Baseline, Integral], str]:
    """Go a round of each path in turn; return the latest of each, and why there are no more, or ""."""
    found: dict[Baseline, Integral] = {}
    going = dict(paths)
    while going:
        for baseline in tuple(going):
            try:
                latest = next(going[baseline], None)
            except BudgetSpentError as spent:
                if not found:
                    raise
                return found, spent.what
            if latest is None:
                del going[baseline]
                continue
            found[baseline] = latest
            if latest.stopped:
                return found, latest.stopped
    return found, ""


def ranked_regions(image: Array, attribution: Array, algorithm: str) -> tuple[Array, int]:
    """Return the score of each pixel's region, `(h, w)`, and the number of regions.

    Parameters
    ----------
    image : (h, w, 3) uint8 array
        The photo that is cut up.
    attribution : (h, w, 3) float array
        What its pixels get.
    algorithm : {"fast", "full"}
        As for `Xrai`.
    """
    from saliency.core.xrai import XRAI, XRAIParameters

    parameters = XRAIParameters(algorithm=algorithm, return_xrai_segments=True)
    # saliency stretches the range of the photo to [-1, 1], and divides by zero where there is none.
    one_colour = bool((image == image.min()).all())
    found = XRAI().GetMaskWithDetails(
        image.astype(np.float64),
        None,
        base_attribution=attribution,
        segments=[np.ones(image.shape[:2], dtype=bool)] if one_colour else None,
        extra_parameters=parameters,
    )
    return found.attribution_mask, len(np.unique(found.segments))
