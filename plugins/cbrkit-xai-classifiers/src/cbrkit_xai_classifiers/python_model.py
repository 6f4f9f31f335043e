"""A classifier that a function of the user's returns: any callable that gives probabilities."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import attrs

from cbrkit_xai.choice import plain
from cbrkit_xai.errors import ParameterError
from cbrkit_xai.features import Array
from cbrkit_xai_classifiers.loaded_once import LoadedOnce
from cbrkit_xai_classifiers.own_code import REFERENCE, OwnClassifier


def _check_reference(_model: Any, _attribute: Any, factory: str) -> None:
    if not REFERENCE.fullmatch(factory):
        raise ParameterError(
            f"{factory!r} names no function",
            where="factory",
            allowed="package.module:function",
            next_step="name the module as in an import, without .py, then a colon, then the function",
        )


def _read_only(arguments: Mapping[str, Any]) -> Mapping[str, Any]:
    return MappingProxyType(dict(arguments))


@attrs.frozen(kw_only=True)
class PythonModel:
    """A classifier that a function of yours returns.

    Naming it runs your code: the module is imported, with the current folder first on `sys.path` as for
    `python -m`, and the function is called, both when the classifier is first asked.

    Parameters
    ----------
    factory : str
        "package.module:function". The function returns an object with `predict`, or a callable, from
        `(n, h, w, 3)` uint8 photos to `(n, classes)` probabilities. Either may have `labels`, `image_size`,
        `fingerprint`, `gradient`, `features`, `feature_maps`.
    arguments : table, optional
        What the function is called with, by name.
    """

    factory: str = attrs.field(validator=_check_reference)
    arguments: Mapping[str, Any] = attrs.field(factory=dict, converter=_read_only, hash=False)
    _loaded: LoadedOnce[OwnClassifier] = attrs.field(
        factory=lambda: LoadedOnce[OwnClassifier](survives_fork=True), init=False, eq=False, repr=False
    )

    @property
    def runs(self) -> str:
        """The function, which is a program: a case base must not name it, only a reader's own choice."""
        return self.factory

    @property
    def fingerprint(self) -> str:
        """Its own, or else the function's name, its arguments, and the content of the module's file.

        Weights that it loads, and other modules of yours that it imports, are not covered: let it have a
        `fingerprint` of its own that changes with them.
        """
        return self._own.fingerprint

    @property
    def labels(self) -> tuple[str, ...]:
        """Its own, or "class 0" and so on."""
        return self._own.labels

    @property
    def image_size(self) -> tuple[int, int]:
        """Height and width of the photos it takes: its own, or 224 x 224."""
        return self._own.size

    def predict(self, images: Array) -> Array:
        """Map `(n, h, w, 3)` uint8 photos to `(n, classes)` probabilities.

        Raises
        ------
        ParameterError
            The photos have another shape or type.
        ConfigurationError
            There is no such module or function, or it returns no classifier.
        ClassifierError
            It raises, or what it answers are no probabilities.
        """
        return self._own.predict(images)

    @property
    def facts(self) -> Mapping[str, bool]:
        """Whether there is a gradient depends on what the function returns."""
        return {"has_gradient": self.gradient is not None}

    @property
    def gradient(self) -> Callable[[Array, int], Array] | None:
        """Its own, or None."""
        return self._own.optional("gradient")

    @property
    def feature_maps(self) -> Callable[[Array, int], tuple[Array, Array]] | None:
        """Its own, or None."""
        return self._own.optional("feature_maps")

    @property
    def features(self) -> Callable[[Array], Array] | None:
        """Its own, or None."""
        return self._own.optional("features")

    @property
    def _own(self) -> OwnClassifier:
        return self._loaded.get(lambda: OwnClassifier.made_by(self.factory, plain(self.arguments)))
