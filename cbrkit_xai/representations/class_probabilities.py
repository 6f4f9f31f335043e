"""What a classifier makes of a photo: the probabilities of its classes."""

from __future__ import annotations

from collections.abc import Iterator

import attrs
import numpy as np

from cbrkit_xai.components import RepresentationPlugin
from cbrkit_xai.features import Array
from cbrkit_xai.hookspecs import hookimpl
from cbrkit_xai.protocols import Classifier
from cbrkit_xai.representations.programs import programs_of


@attrs.frozen(kw_only=True)
class ClassProbabilities:
    """Photos are alike that a classifier takes for the same things.

    Parameters
    ----------
    classifier : Classifier
        One that takes photos of another size than 224 x 224 is given them resized from there.
    """

    classifier: Classifier

    @property
    def fingerprint(self) -> str:
        """The classifier's, and the decoding of photos."""
        from cbrkit_xai.images import DECODING

        return f"class-probabilities([{self.classifier.fingerprint}]; images={DECODING})"

    @property
    def runs(self) -> str:
        """The program that the classifier is, where it is somebody's."""
        return programs_of([self.classifier])

    def describe(self, images: Array) -> Array:
        """Map `(n, h, w, 3)` uint8 images to `(n, classes)` float32 probabilities."""
        from cbrkit_xai.images import pixels_of

        height, width = getattr(self.classifier, "image_size", images.shape[1:3])
        if images.shape[1:3] != (height, width):
            images = np.stack([pixels_of(image, height=height, width=width) for image in images])
        return np.asarray(self.classifier.predict(images)).astype(np.float32)


@hookimpl
def cbrkit_xai_representations() -> Iterator[RepresentationPlugin]:
    """Register the class probabilities."""
    yield RepresentationPlugin(
        name="class-probabilities",
        summary="The probabilities of a classifier's classes",
        source="semantic features; Torresani, Szummer and Fitzgibbon 2010 (classemes)",
        factory="cbrkit_xai.representations.class_probabilities:ClassProbabilities",
        examples=({"classifier": {"use": "efficientnet-lite0"}},),
        yields="vectors",
    )
