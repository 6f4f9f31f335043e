"""Runs the user's own code, and turns whatever goes wrong in it into one line."""

from __future__ import annotations

import hashlib
import importlib
import inspect
import json
import re
import sys
import traceback
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import attrs
import numpy as np

from cbrkit_xai.errors import (
    CbrkitXaiError,
    ClassifierError,
    ConfigurationError,
    first_sentence,
    nearest_spelling,
)
from cbrkit_xai.explaining.counted_classifier import are_probabilities
from cbrkit_xai.features import Array
from cbrkit_xai_classifiers.checked_arrays import checked_photos, checked_rows, range_of
from cbrkit_xai_classifiers.settings import MAX_SIDE

REFERENCE = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*")
_SIDE = 224
_WANTED = (
    "an object with `predict`, or a callable, from (n, h, w, 3) uint8 photos to (n, classes) probabilities"
)


@attrs.frozen(kw_only=True, eq=False)
class OwnClassifier:
    """What the user's function returned, checked once.

    Parameters
    ----------
    where : str
        "package.module:function", for errors.
    made : object
        What it returned.
    size : (int, int)
        Height and width of the photos it takes.
    labels : tuple of str
        Names of its classes.
    fingerprint : str
        What changes its answers, as far as it is known.
    """

    where: str
    made: Any
    size: tuple[int, int]
    labels: tuple[str, ...] = ()
    fingerprint: str = ""

    @classmethod
    def made_by(cls, reference: str, arguments: Mapping[str, Any]) -> OwnClassifier:
        """Import the module, call the function, and show two photos of noise to what it returns.

        Raises
        ------
        ConfigurationError
            There is no such module or function, or what it returns cannot be a classifier.
        ClassifierError
            Its code raises, or what it answers are no probabilities.
        """
        function = _function(reference)
        _check_arguments(function, arguments, reference)
        made = _run(reference, "it", function, **arguments)
        if not callable(getattr(made, "predict", made)):
            raise ConfigurationError(f"it returns a {type(made).__name__}", where=reference, allowed=_WANTED)
        own = cls(where=reference, made=made, size=_size(made, reference))
        noise = np.random.default_rng(0).integers(0, 256, (2, *own.size, 3), dtype=np.uint8)
        classes = own.predict(noise).shape[1]
        return attrs.evolve(
            own,
            labels=_labels(made, classes, reference),
            fingerprint=_fingerprint(made, reference, arguments),
        )

    def predict(self, images: Array) -> Array:
        """Map `(n, h, w, 3)` uint8 photos to `(n, classes)` probabilities.

        Raises
        ------
        ParameterError
            The photos have another shape or type.
        ClassifierError
            It raises, or what it answers are no probabilities.
        """
        images = checked_photos(images, self.size, self.where)
        if not len(images):
            return np.empty((0, len(self.labels)))
        # A copy of its own, which it may change: some libraries refuse arrays that are read-only.
        answer = _run(self.where, "its predict", getattr(self.made, "predict", self.made), images.copy())
        rows = checked_rows(_array(answer, self.where), len(images), self.where)
        if not are_probabilities(rows):
            raise ClassifierError(
                range_of(rows),
                where=self.where,
                allowed="probabilities: at least 0, each row summing to 1",
                next_step="if these are scores, return their softmax",
            )
        return rows

    def optional(self, name: str) -> Callable[..., Any] | None:
        """Return its method of that name, whose errors are turned into one line; None if it has none."""
        method = getattr(self.made, name, None)
        if not callable(method):
            return None

        def guarded(images: Array, *arguments: Any) -> Any:
            images = np.array(images)  # a copy of its own
            return _run(self.where, f"its {name}", method, images, *arguments)

        return guarded


def _function(reference: str) -> Callable[..., Any]:
    module_name, name = reference.split(":")
    _let_current_folder_be_found()
    try:
        module = _run(reference, f"importing {module_name}", importlib.import_module, module_name)
    except ClassifierError as error:
        missing = error.__cause__
        if isinstance(missing, ModuleNotFoundError) and missing.name:
            raise _missing_module(missing.name, module_name, reference) from missing
        raise
    found = getattr(module, name, None)
    if not callable(found):
        what = f"has no {name!r}" if found is None else f"has a {type(found).__name__} {name!r}"
        functions = [known for known, value in vars(module).items() if callable(value)]
        raise ConfigurationError(
            f"{module_name} {what}",
            where=reference,
            allowed="a function, or a class, of that module",
            next_step=nearest_spelling(name, functions),
        )
    function: Callable[..., Any] = found
    return function


def _let_current_folder_be_found() -> None:
    """Put the current folder first on the path, as `python -m` does; what it imports later is found too."""
    folder = str(Path.cwd())
    if "" not in sys.path and folder not in sys.path:
        sys.path.insert(0, folder)
    importlib.invalidate_caches()  # a file that was written a moment ago


def _missing_module(missing: str, named: str, reference: str) -> ConfigurationError:
    if named == missing or named.startswith(f"{missing}."):
        return ConfigurationError(
            f"there is no module {missing!r}",
            where=reference,
            allowed=f"a module in {Path.cwd().name!r}, the current folder, or one that is installed",
            next_step="check its spelling, or change to the folder that it is in",
        )
    return ConfigurationError(
        f"it imports {missing!r}, which is not installed", where=reference, next_step=f"pip install {missing}"
    )


def _check_arguments(function: Callable[..., Any], arguments: Mapping[str, Any], where: str) -> None:
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):  # some built-in callables have none
        return
    try:
        signature.bind(**arguments)
    except TypeError as error:
        raise ConfigurationError(
            first_sentence(error),
            where=where,
            allowed=f"a function to be called with {', '.join(arguments) or 'no arguments'}, which returns "
            "the classifier",
            next_step="if it is the function that classifies, write another one that returns it",
        ) from None


def _run(where: str, what: str, function: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
    try:
        return function(*arguments, **named)
    except CbrkitXaiError:
        raise
    except (Exception, SystemExit) as error:  # the user's code may raise anything
        raise ClassifierError(
            f"{what} raises {type(error).__name__}: {first_sentence(error)[:300]}{_line(error, where)}",
            where=where,
            next_step="mend it, and try it on its own first",
        ) from error


def _line(error: BaseException, where: str) -> str:
    """Return file and line of the named module where it happened, the last one."""
    if isinstance(error, SyntaxError) and error.filename:
        return f" ({Path(error.filename).name}, line {error.lineno})"
    module = where.split(":")[0].rpartition(".")[2]
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        file = Path(frame.filename)
        if file.stem == module or (file.stem == "__init__" and file.parent.name == module):
            return f" ({file.name}, line {frame.lineno})"
    return ""


def _array(answer: Any, where: str) -> Array:
    found = _run(where, "turning what it returns into an array", np.asarray, answer)
    array: Array = found
    return array


def _size(made: Any, where: str) -> tuple[int, int]:
    stated = getattr(made, "image_size", (_SIDE, _SIDE))
    sides = list(stated) if isinstance(stated, Sequence | np.ndarray) and not isinstance(stated, str) else []
    if len(sides) != 2 or not all(_is_whole(side) and 1 <= side <= MAX_SIDE for side in sides):
        raise ConfigurationError(
            f"its image_size is {stated!r}",
            where=where,
            allowed=f"height and width: two whole numbers from 1 to {MAX_SIDE}",
        )
    return int(sides[0]), int(sides[1])


def _is_whole(value: Any) -> bool:
    return isinstance(value, int | np.integer) and not isinstance(value, bool)


def _labels(made: Any, classes: int, where: str) -> tuple[str, ...]:
    stated = getattr(made, "labels", None)
    if stated is None:
        return tuple(f"class {index}" for index in range(classes))
    if isinstance(stated, str) or not isinstance(stated, Sequence | np.ndarray):
        raise ConfigurationError(f"its labels are a {type(stated).__name__}", where=where, allowed="a list")
    labels = tuple(str(label) for label in stated)
    if len(labels) != classes:
        raise ConfigurationError(
            f"it has {len(labels)} labels, and answers with {classes} numbers a photo",
            where=where,
            allowed="a label for each number",
        )
    return labels


def _fingerprint(made: Any, reference: str, arguments: Mapping[str, Any]) -> str:
    stated = getattr(made, "fingerprint", None)
    if stated is not None:
        if not isinstance(stated, str) or not stated.strip():
            raise ConfigurationError(f"its fingerprint is {stated!r}", where=reference, allowed="a text")
        return stated
    file = getattr(sys.modules.get(reference.split(":")[0]), "__file__", None)
    source = Path(file).read_bytes() if file and Path(file).is_file() else b""
    content = source + json.dumps(arguments, sort_keys=True, default=str).encode()
    return f"python;{reference};{hashlib.sha256(content).hexdigest()[:12]}"
