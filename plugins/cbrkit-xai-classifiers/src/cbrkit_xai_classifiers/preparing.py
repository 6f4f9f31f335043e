"""Puts a network and its settings together, and tries the result before anybody relies on it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import attrs
import numpy as np

from cbrkit_xai.errors import ClassifierError, ConfigurationError
from cbrkit_xai.explaining.counted_classifier import are_probabilities
from cbrkit_xai.features import Array
from cbrkit_xai_classifiers.checked_arrays import range_of
from cbrkit_xai_classifiers.input_format import InputFormat
from cbrkit_xai_classifiers.labelled_samples import check_samples
from cbrkit_xai_classifiers.prepared_model import PreparedModel
from cbrkit_xai_classifiers.preprocessing import Preprocessing
from cbrkit_xai_classifiers.scaling import PIXELS, Scaling
from cbrkit_xai_classifiers.settings import Settings, example_settings

_Output = Literal["probabilities", "logits"]


def prepared(
    answer: Callable[[Array], Any],
    given: InputFormat,
    *,
    model: str,
    settings: Settings | None,
    scaling: Scaling | None = None,
    output: _Output | None = None,
) -> PreparedModel:
    """Return a model that has been tried: two photos of noise, and the labelled samples.

    Parameters
    ----------
    answer : callable
        From the network's input to its answer.
    given : InputFormat
        Of its input.
    model : str
        Its file, for errors.
    settings : Settings or None
        What is said beside the model.
    scaling : Scaling or None
        What it takes where the settings don't say; None where that is not known.
    output : {"probabilities", "logits"} or None
        What it gives where the settings don't say.

    Raises
    ------
    ConfigurationError
        The settings contradict the model, or do not say what it leaves open.
    ClassifierError
        The network fails on a photo, or does not recognise a sample.
    """
    preprocessing = Preprocessing(
        scaling=_scaling(given, model, settings, scaling),
        channels=settings.channels if settings else "rgb",
        layout=given.layout,
        dtype=given.dtype,
    )
    tried = PreparedModel(where=model, answer=answer, format=given, preprocessing=preprocessing)
    tried, rows = _tried(tried)
    tried = attrs.evolve(
        tried,
        output=_output(rows, model, settings, output),
        labels=_labels(rows.shape[1], settings),
    )
    check_samples(tried, settings)
    return tried


def _scaling(given: InputFormat, model: str, settings: Settings | None, default: Scaling | None) -> Scaling:
    stated = settings.scaling if settings else None
    if np.dtype(given.dtype).kind == "u":
        if settings is not None and stated not in (None, PIXELS):
            raise ConfigurationError(
                f"{stated} does not fit: the model takes pixels as they are ({given.dtype})",
                where=f"{settings.where}: scaling",
                allowed=str(PIXELS),
            )
        return PIXELS
    found = stated or default
    if found is None:
        size, layout = (given.height, given.width), given.layout
        example = example_settings(model, size=size, layout=layout)
        raise ConfigurationError(
            "how pixels are scaled for it is not known: an ONNX file does not say",
            where=settings.where if settings else model,
            allowed='scaling = "0..1", "-1..1", "0..255", "imagenet", or a table { mean = ..., scale = ... }',
            next_step="add the line"
            if settings
            else f"write a file such as this one beside it:\n\n{example}\n",
        )
    return found


def _tried(model: PreparedModel) -> tuple[PreparedModel, Array]:
    """Return the model and its answers to noise; one that cannot take two photos at a time gets single ones.

    Noise, because a network that standardises each photo divides by zero on one of a single colour.
    """
    height, width = model.size
    noise = np.random.default_rng(0).integers(0, 256, (2, height, width, 3), dtype=np.uint8)
    try:
        return model, model.answers(noise)
    except ClassifierError:
        if model.format.batch is not None:
            raise
    # Exported with an open first axis, and an inner shape that is made for one photo: that occurs.
    model = attrs.evolve(model, format=attrs.evolve(model.format, batch=1))
    return model, model.answers(noise)


def _output(rows: Array, model: str, settings: Settings | None, known: _Output | None) -> _Output:
    stated = settings.output if settings else None
    where = settings.where if settings else model
    if are_probabilities(rows):
        if stated == "logits":
            raise ConfigurationError(
                '"logits" does not fit: its answers are probabilities already (at least 0, rows sum to 1)',
                where=f"{where}: output",
                allowed='"probabilities"',
            )
        return "probabilities"
    if stated == "probabilities":
        raise ConfigurationError(
            f'"probabilities" does not fit: {range_of(rows)}',
            where=f"{where}: output",
            allowed='"logits", if these are scores before softmax',
        )
    if (stated or known) is None:
        raise ConfigurationError(
            f"it gives no probabilities ({range_of(rows)}), so 'output' must be said",
            where=where,
            allowed='output = "logits", if these are scores before softmax',
            next_step="a model with a probability of its own for each class (sigmoid) is wrapped in a "
            "function of yours: python:package.module:factory",
        )
    return "logits"


def _labels(classes: int, settings: Settings | None) -> tuple[str, ...]:
    if settings is None or settings.labels is None:
        return tuple(f"class {index}" for index in range(classes))
    if len(settings.labels) != classes:
        raise ConfigurationError(
            f"there are {len(settings.labels)} labels, and the model has {classes} classes",
            where=f"{settings.where}: labels",
            allowed=f"{classes} labels, in the order of the model's classes",
        )
    return settings.labels
