"""Runs explanation methods on a photo: the first that can be run, within a budget."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import attrs
import numpy as np

from cbrkit_xai.choice import Use
from cbrkit_xai.errors import (
    BudgetSpentError,
    ConfigurationError,
    MissingDependencyError,
    NotApplicableError,
    ParameterError,
    PluginError,
)
from cbrkit_xai.explaining import DEFAULT_CLASSIFIER
from cbrkit_xai.explaining.counted_classifier import CountedClassifier, can, image_size
from cbrkit_xai.explaining.explanation import Explanation
from cbrkit_xai.explaining.targets import TOP, target_of
from cbrkit_xai.images import Source, open_image, pixels_of
from cbrkit_xai.registry import Registry, default_registry

if TYPE_CHECKING:
    from cbrkit_xai.features import Array
    from cbrkit_xai.protocols import Classifier, Explainer, Progress


CANNOT_RUN = (BudgetSpentError, ConfigurationError, MissingDependencyError, NotApplicableError)
"""Why a ranking moves on to its next method."""


def explain(
    photo: Source,
    method: str | Use | Sequence[str | Use],
    *,
    classifier: str | Use | Classifier = DEFAULT_CLASSIFIER,
    target: int | str = TOP,
    max_calls: int | None = None,
    max_seconds: float | None = None,
    seed: int = 0,
    registry: Registry | None = None,
    progress: Progress | None = None,
) -> Explanation:
    """Explain a classifier's answer for a photo.

    Parameters
    ----------
    photo : path, bytes, array or Image
        What `open_image` takes.
    method : str, Use, or a sequence of them
        An explainer, or several, such as a recommendation's `ranking`: the first that can be run is.
    classifier : str, Use or Classifier
        The model to explain.
    target : int or str
        The class to explain: an index, a name, or "top1", the most probable.
    max_calls : int, optional
        Most photos the classifier may be shown for a method, the one that is asked for its class included.
    max_seconds : float, optional
        Time after which it is shown no more for a method; the best so far is returned.
    seed : int
        Of the random choices; the same seed gives the same explanation.
    registry : Registry, optional
        Where names are looked up.
    progress : callable, optional
        Called with (steps done, steps in all).

    Raises
    ------
    ImageError
        The photo cannot be opened.
    ConfigurationError
        An explainer or classifier of that name is not known.
    NotApplicableError
        No method can be run for this classifier or photo.
    ParameterError
        The target, the seed or the budget is out of range.
    ClassifierError
        The classifier's answers are no probabilities.
    BudgetSpentError
        The budget does not even reach for a first answer.
    """
    registry = registry or default_registry()
    if isinstance(seed, bool) or not isinstance(seed, int) or seed < 0:
        raise ParameterError(f"seed is {seed!r}", allowed="a whole number, at least 0")
    methods = [method] if isinstance(method, str | Use) else list(method)
    model = made_classifier(classifier, registry)
    image = open_image(photo)
    height, width = image_size(model)
    pixels = pixels_of(photo, height=height, width=width)
    _refuse_one_colour(pixels, image.name)
    passed_over: dict[str, str] = {}
    for one in methods:
        name = one if isinstance(one, str) else one.name
        counted = CountedClassifier(model, max_calls=max_calls, max_seconds=max_seconds)
        try:
            explainer = made_explainer(one, model, registry)
            explained = target_of(pixels, counted, target)
            found, seconds = _run(explainer, name, pixels, counted, explained.index, seed, progress)
        except CANNOT_RUN as error:
            if isinstance(error, BudgetSpentError):
                error.where, error.next_step = name, "allow more: it has nothing to show yet"
            if len(methods) == 1:
                raise
            passed_over[name] = error.what
            continue
        return attrs.evolve(
            found,
            method=name,
            target=explained,
            photo=image.name,
            pixels=pixels,
            size=image.size,
            seed=seed,
            calls=counted.calls,
            seconds=seconds,
            passed_over=passed_over,
        )
    raise none_can_run(passed_over, image.name)


def none_can_run(passed_over: Mapping[str, str], photo: str) -> NotApplicableError:
    """Return the error that names each method with the reason why it could not be run."""
    reasons = "; ".join(f"{name}: {reason}" for name, reason in passed_over.items())
    return NotApplicableError(
        f"no method can be run ({reasons})" if reasons else "no method is named",
        where=photo,
        next_step="see `cbrkit-xai plugins` for the explainers that are installed",
    )


def made_classifier(classifier: str | Use | Classifier, registry: Registry) -> Classifier:
    """Return a classifier by name, or the one given."""
    if isinstance(classifier, str | Use):
        made: Classifier = registry.create("classifier", classifier)
        return made
    return classifier


def made_explainer(method: str | Use, classifier: Classifier, registry: Registry) -> Explainer:
    """Return an explainer by name, if the classifier can serve it.

    Raises
    ------
    ConfigurationError
        There is no such explainer.
    NotApplicableError
        The classifier lacks what it needs.
    """
    name = method if isinstance(method, str) else method.name
    record: Any = registry.find("explainer", name)
    for needed, offered, words in (
        (record.needs_gradients, "gradient", "gradients"),
        (record.needs_feature_maps, "feature_maps", "feature maps"),
    ):
        if needed and not can(classifier, offered):
            raise NotApplicableError(
                f"it needs {words}, which this classifier does not offer",
                where=name,
                next_step="choose a method that only asks for probabilities, such as lime",
            )
    made: Explainer = registry.create("explainer", method)
    return made


def _run(
    explainer: Explainer,
    name: str,
    pixels: Array,
    counted: CountedClassifier,
    target: int,
    seed: int,
    progress: Progress | None,
) -> tuple[Explanation, float]:
    started = time.perf_counter()
    pixels = pixels.copy()
    pixels.flags.writeable = False
    found = explainer.explain(pixels, counted, target, np.random.default_rng(seed), progress)
    seconds = time.perf_counter() - started
    problem = _problem(found, pixels.shape[:2])
    if problem:
        raise PluginError(
            problem,
            where=f"explainer {name!r}",
            allowed=f"an Explanation with a finite attribution or a mask of shape {pixels.shape[:2]}, and "
            "details that JSON can hold",
            next_step="tell its author",
        )
    return found, seconds


def _problem(found: Any, shape: tuple[int, ...]) -> str:
    if not isinstance(found, Explanation):
        return f"it returned a {type(found).__name__}"
    if found.attribution is None and found.mask is None:
        return "it returned neither attribution nor mask"
    for what, array in (("attribution", found.attribution), ("mask", found.mask)):
        if array is not None and array.shape != shape:
            return f"its {what} has shape {array.shape}"
    if found.attribution is not None and not np.isfinite(found.attribution).all():
        return "its attribution holds NaN or infinite values"
    try:
        json.dumps(found.to_json(), allow_nan=False)
    except (TypeError, ValueError) as error:
        return f"its details are no JSON values ({error})"
    return ""


def _refuse_one_colour(pixels: Array, name: str) -> None:
    if (pixels == pixels[0, 0]).all():
        raise NotApplicableError(
            "the photo has one colour all over: no part of it can speak for a class more than another",
            where=name,
            next_step="choose another photo",
        )
