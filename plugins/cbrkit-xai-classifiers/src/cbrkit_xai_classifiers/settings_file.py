"""Reads the settings of a model from a TOML file beside it, strictly."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal, NoReturn, TypeVar

import attrs

from cbrkit_xai.errors import ConfigurationError
from cbrkit_xai.photo_files import MAX_BYTES as MAX_PHOTO_BYTES
from cbrkit_xai.structuring import build
from cbrkit_xai_classifiers.guarded_file import check_file, read_text
from cbrkit_xai_classifiers.scaling import PRESETS, Scaling
from cbrkit_xai_classifiers.settings import Sample, Settings

T = TypeVar("T")


def settings_path(model: str, named: str | None) -> Path | None:
    """Return where a model's settings are; None if there are none.

    Parameters
    ----------
    model : str
        The model's file: what is said of `model.onnx` stands in `model.toml` beside it.
    named : str or None
        Another file that holds them.
    """
    if named is not None:
        return Path(named)
    beside = Path(model).with_suffix(".toml")
    return beside if beside.exists() else None


def read_settings(path: Path) -> Settings:
    """Return what a settings file says; files that it names are looked for from its own folder.

    Raises
    ------
    ConfigurationError
        The file cannot be read, or something in it does not fit.
    """
    text = read_text(path, where="settings")
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        reason = " ".join(str(error).split())
        raise ConfigurationError(f"is not TOML: {reason}", where=str(path), next_step="mend it") from None
    keys = _fitted(_keys, table, str(path), "")
    if isinstance(keys["scaling"], Mapping):
        keys["scaling"] = _fitted(Scaling, keys["scaling"], str(path), "scaling")
    elif keys["scaling"] is not None:
        keys["scaling"] = PRESETS[keys["scaling"]]
    if keys["labels"] is not None:
        keys["labels"] = _labels(path, keys["labels"])
    keys["samples"] = tuple(_sample(path, one, row) for row, one in enumerate(keys["samples"]))
    return _fitted(lambda: Settings(**keys, where=str(path)), {}, str(path), "")


def _keys(
    *,
    size: int | tuple[int, int] | None = None,
    scaling: Literal["0..255", "0..1", "-1..1", "imagenet"] | Mapping[str, Any] | None = None,
    channels: Literal["rgb", "bgr"] = "rgb",
    layout: Literal["nhwc", "nchw"] | None = None,
    output: Literal["probabilities", "logits"] | None = None,
    output_name: str | None = None,
    labels: str | tuple[str, ...] | None = None,
    samples: tuple[Mapping[str, Any], ...] = (),
) -> dict[str, Any]:
    """Return the keys of a settings file; the annotations are what is allowed."""
    return dict(locals())


def _fitted(factory: Callable[..., T], table: Mapping[str, Any], path: str, key: str) -> T:
    """Return what the factory makes of a table; errors name the file, then the key."""
    prefix = f"{path}: {key}" if key else path
    try:
        made: T = build(factory, table, where=prefix, create=_no_component)
    except ConfigurationError as error:
        inside = (error.where or prefix).removeprefix(prefix).removeprefix(".")
        error.where = ": ".join([path, ".".join(filter(None, [key, inside]))] if key or inside else [path])
        error.what = error.what.replace("parameter ", "key ")
        raise
    return made


def _no_component(kind: str, *_: object) -> NoReturn:
    raise ConfigurationError(f"a {kind} cannot stand here")


def _labels(path: Path, labels: str | tuple[str, ...]) -> tuple[str, ...]:
    where = f"{path}: labels"
    if isinstance(labels, str):
        labels = tuple(read_text(path.parent / labels, where=where).rstrip().splitlines())
    stripped = tuple(label.strip() for label in labels)
    if "" in stripped:
        raise ConfigurationError(f"label {stripped.index('') + 1} is empty", where=where, allowed="a name")
    return stripped


def _sample(path: Path, keys: Mapping[str, Any], row: int) -> Sample:
    sample = _fitted(Sample, keys, str(path), f"samples[{row}]")
    photo = path.parent / sample.photo
    check_file(photo, most_bytes=MAX_PHOTO_BYTES, where=f"{path}: samples[{row}].photo")
    return attrs.evolve(sample, photo=str(photo))
