"""Photos whose class is known: they catch a wrong scaling or a wrong order of channels."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import attrs
import numpy as np

from cbrkit_xai.errors import ClassifierError, ConfigurationError, nearest_spelling
from cbrkit_xai.features import Array
from cbrkit_xai.images import pixels_of
from cbrkit_xai_classifiers.prepared_model import PreparedModel
from cbrkit_xai_classifiers.scaling import KNOWN, PIXELS
from cbrkit_xai_classifiers.settings import TOLERANCE, Sample, Settings

_MOST_ADVICE = 3


def check_samples(model: PreparedModel, settings: Settings | None) -> None:
    """Refuse a model that does not recognise a sample, and say which scaling and order of channels would do.

    Whether the answers are logits or probabilities is not varied: it does not change which class is first,
    and `preparing` has seen it already.

    Raises
    ------
    ImageError
        A sample's photo cannot be opened.
    ConfigurationError
        A sample's label is none of the model's.
    ClassifierError
        A sample's class is not among the first, or its probability is another than stated.
    """
    if settings is None or not settings.samples:
        return
    for row, sample in enumerate(settings.samples):
        _check_label(sample, model.labels, f"{settings.where}: samples[{row}]")
    height, width = model.size
    photos = np.stack([pixels_of(one.photo, height=height, width=width) for one in settings.samples])
    answers = model.predict(photos)
    for row, sample in enumerate(settings.samples):
        if not _is_found(sample, answers[row], model.labels):
            said = _said(sample, answers[row], model)
            raise ClassifierError(
                f"{sample.photo!r} is {sample.label!r}, and the model says {said}",
                where=f"{settings.where}: samples[{row}]",
                allowed=f"{sample.label!r} {_wanted(sample)}",
                next_step=_advice(model, settings.samples, photos, row),
            )


def _check_label(sample: Sample, labels: Sequence[str], where: str) -> None:
    if sample.label not in labels:
        raise ConfigurationError(
            f"the model has no class {sample.label!r}",
            where=f"{where}.label",
            allowed=f"one of its {len(labels)} labels, such as {labels[0]!r}",
            next_step=nearest_spelling(sample.label, labels),
        )
    if sample.top >= len(labels):
        raise ConfigurationError(
            f"{sample.top} leaves nothing to check: the model has {len(labels)} classes",
            where=f"{where}.top",
            allowed=f"1 to {len(labels) - 1}",
        )


def _is_found(sample: Sample, probabilities: Array, labels: Sequence[str]) -> bool:
    first = np.argsort(-probabilities, kind="stable")[: sample.top]
    is_among_them = any(labels[index] == sample.label for index in first)
    return is_among_them and _distance(sample, probabilities, labels) <= TOLERANCE


def _given(sample: Sample, probabilities: Array, labels: Sequence[str]) -> float:
    """Return what the sample's class is given; of several of that name, the most."""
    return float(max(probabilities[index] for index, label in enumerate(labels) if label == sample.label))


def _distance(sample: Sample, probabilities: Array, labels: Sequence[str]) -> float:
    """Return how far the probability is from the stated one; 0 where none is stated."""
    if sample.probability is None:
        return 0.0
    return abs(_given(sample, probabilities, labels) - sample.probability)


def _said(sample: Sample, probabilities: Array, model: PreparedModel) -> str:
    index = int(probabilities.argmax())
    first = f"{model.labels[index]!r} ({probabilities[index]:.2f})"
    if sample.top == 1 or model.labels[index] == sample.label:
        return first
    return f"{first}, and {sample.label!r} {_given(sample, probabilities, model.labels):.2f}"


def _wanted(sample: Sample) -> str:
    place = "first" if sample.top == 1 else f"among the first {sample.top}"
    if sample.probability is None:
        return place
    return f"{place}, with {sample.probability:.2f} give or take {TOLERANCE:g}"


def _advice(model: PreparedModel, samples: Sequence[Sample], photos: Array, row: int) -> str:
    """Return what would make the model recognise all samples, the fewest changes first."""
    found = []
    for changes, words, other in _alternatives(model):
        try:
            answers = other.predict(photos)
        except ClassifierError:  # a scaling far from the right one may overflow
            continue
        if all(_is_found(one, answer, model.labels) for one, answer in zip(samples, answers, strict=True)):
            is_table = str(other.preprocessing.scaling).startswith("{")
            distance = sum(
                _distance(one, answer, model.labels) for one, answer in zip(samples, answers, strict=True)
            )
            text = f"with {words} it says {_said(samples[row], answers[row], model)}"
            found.append((changes, distance, is_table, -answers[row].max(), text))
    if not found:
        return (
            "no other scaling or order of channels would give it: check that the labels are in the order of "
            "the model's classes, and that the photo shows what it should"
        )
    return ", ".join(text for *_, text in sorted(found)[:_MOST_ADVICE])


def _alternatives(model: PreparedModel) -> Iterator[tuple[int, str, PreparedModel]]:
    """Yield the number of changes, the lines that make them, and the model with them."""
    now = model.preprocessing
    is_float = np.dtype(now.dtype).kind == "f"
    for scaling in KNOWN if is_float else (PIXELS,):
        for channels in ("rgb", "bgr"):
            changed = attrs.evolve(now, scaling=scaling, channels=channels)
            lines = [f"scaling = {scaling}"] if scaling != now.scaling else []
            lines += [f'channels = "{channels}"'] if channels != now.channels else []
            if lines:
                yield len(lines), " and ".join(lines), attrs.evolve(model, preprocessing=changed)
