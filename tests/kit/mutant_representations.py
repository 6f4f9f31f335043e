"""Descriptions of photos with one planted fault each."""

import itertools

import attrs
import numpy as np
from mutants import Mutant, plant, planted

from cbrkit_xai import RepresentationPlugin


def mean_colours(images):
    """Mean red, green and blue of each photo, `(n, 3)`."""
    return np.asarray(images).mean(axis=(1, 2), dtype=np.float64)


class MeanColours:
    fingerprint = "mean-colours/1"

    def describe(self, images):
        return mean_colours(images).astype(np.float32)


@planted("representation", caught_by="gives-finite-numbers", fault="gives float64 where float32 is asked for")
class DoublePrecision(MeanColours):
    def describe(self, images):
        return mean_colours(images)


@planted("representation", caught_by="gives-a-row-per-photo", fault="averages over the photos, too")
class OneRowForAll(MeanColours):
    def describe(self, images):
        return np.asarray(images).mean(axis=(0, 1, 2))[None].astype(np.float32)


@planted("representation", caught_by="gives-a-row-per-photo", fault="leaves out photos of one colour")
class SkipsPlainPhotos(MeanColours):
    def describe(self, images):
        rough = [one for one in images if np.ptp(one) > 0]
        return np.array([one.mean(axis=(0, 1)) for one in rough], dtype=np.float32).reshape(-1, 3)


@planted(
    "representation",
    caught_by="gives-a-row-per-photo",
    fault="yields vectors though pixels are declared",
    yields="pixels",
)
class DeclaresPixels(MeanColours):
    pass


@planted("representation", caught_by="gives-a-row-per-photo", fault="gives two arrays, undeclared")
class SeveralUndeclared(MeanColours):
    def describe(self, images):
        return {"colours": super().describe(images), "pixels": np.asarray(images)}


@planted(
    "representation",
    caught_by="gives-a-row-per-photo",
    fault="gives the second of its arrays for the first photo alone",
    yields="several",
)
class OnePartTooShort(MeanColours):
    def describe(self, images):
        colours = super().describe(images)
        return {"colours": colours, "lightness": colours[:1].mean(axis=1, keepdims=True)}


@planted("representation", caught_by="gives-finite-numbers", fault="divides by the sum of a black photo")
class SharesOfNothing(MeanColours):
    def describe(self, images):
        colours = mean_colours(images)
        return (colours / colours.sum(axis=1, keepdims=True)).astype(np.float32)


@planted("representation", caught_by="gives-finite-numbers", fault="sums in float16, which overflows")
class HalfPrecisionSums(MeanColours):
    def describe(self, images):
        return np.asarray(images).sum(axis=(1, 2), dtype=np.float16).astype(np.float32)


@planted("representation", caught_by="writes-to-nothing", fault="subtracts the mean from the photos in place")
class CentresInPlace(MeanColours):
    def describe(self, images):
        images -= images.mean(axis=(1, 2), keepdims=True).astype(images.dtype)
        return images.std(axis=(1, 2)).astype(np.float32)


@planted("representation", caught_by="writes-to-nothing", fault="thaws the photos, then blackens a corner")
class ThawsThePhotos(MeanColours):
    def describe(self, images):
        images.flags.writeable = True
        images[:, 0, 0] = 0
        return super().describe(images)


@planted("representation", caught_by="says-the-same-again", fault="crops at random")
class RandomCrop(MeanColours):
    def describe(self, images):
        top = np.random.default_rng().integers(0, 100)
        shades = np.asarray(images)[:, top : top + 124] * np.linspace(0.5, 1.0, 124)[:, None, None]
        return (shades.mean(axis=(1, 2)) + top).astype(np.float32)


@planted("representation", caught_by="says-the-same-again", fault="standardises by all photos seen so far")
class RunningMean(MeanColours):
    def __init__(self):
        self.total, self.seen = np.full(3, 128.0), 1

    def describe(self, images):
        colours = mean_colours(images)
        self.total, self.seen = self.total + colours.sum(axis=0), self.seen + len(colours)
        return (colours - self.total / self.seen).astype(np.float32)


@planted(
    "representation",
    caught_by="describes-a-batch-as-its-single-photos",
    fault="subtracts the mean of the photos it is given together",
)
class BatchMean(MeanColours):
    def describe(self, images):
        colours = mean_colours(images)
        return (colours - colours.mean(axis=0)).astype(np.float32)


@planted(
    "representation",
    caught_by="describes-a-batch-as-its-single-photos",
    fault="scales by the brightest pixel of the batch",
)
class BatchMaximum(MeanColours):
    def describe(self, images):
        return (mean_colours(images) / max(1, np.max(images))).astype(np.float32)


@planted("representation", caught_by="follows-the-order-of-photos", fault="gives the rows last photo first")
class LastPhotoFirst(MeanColours):
    def describe(self, images):
        return super().describe(images)[::-1]


@planted("representation", caught_by="follows-the-order-of-photos", fault="sorts the photos by brightness")
class SortedByBrightness(MeanColours):
    def describe(self, images):
        colours = super().describe(images)
        return colours[np.argsort(colours.sum(axis=1), kind="stable")]


@planted("representation", caught_by="tells-some-photos-apart", fault="rounds shares of 1 down to 0")
class Constant(MeanColours):
    def describe(self, images):
        return (mean_colours(images) / 256).astype(np.uint8).astype(np.float32)


@planted(
    "representation",
    caught_by="has-a-fingerprint-that-names-its-parameters",
    fault="has an empty fingerprint",
)
class NoFingerprint(MeanColours):
    fingerprint = ""


@planted(
    "representation",
    caught_by="has-a-fingerprint-that-names-its-parameters",
    fault="has another fingerprint each time it is asked",
)
class ChangingFingerprint(MeanColours):
    counter = itertools.count()

    @property
    def fingerprint(self):
        return f"mean-colours/{next(self.counter)}"


@attrs.frozen(kw_only=True)
class ForgetfulFingerprint:
    power: int = 1

    fingerprint = "powers-of-mean-colours"

    def describe(self, images):
        return (mean_colours(images) ** self.power).astype(np.float32)


plant(
    Mutant(
        kind="representation",
        name="forgetful-fingerprint",
        made=RepresentationPlugin(
            name="forgetful-fingerprint",
            summary="Powers of the mean colours",
            source="planted",
            factory=ForgetfulFingerprint,
            examples=({"power": 2},),
        ),
        caught_by="has-a-fingerprint-that-names-its-parameters",
        fault="leaves a parameter out of its fingerprint",
    )
)


@attrs.frozen(kw_only=True)
class NamesOneOfTwo:
    power: int = 1
    channels: str = "all"

    @property
    def fingerprint(self):
        return f"powers-of-mean-colours/{self.power}"

    def describe(self, images):
        colours = (mean_colours(images) ** self.power).astype(np.float32)
        return colours if self.channels == "all" else colours[:, :1]


plant(
    Mutant(
        kind="representation",
        name="names-one-of-two",
        made=RepresentationPlugin(
            name="names-one-of-two",
            summary="Powers of the mean colours, or of red alone",
            source="planted",
            factory=NamesOneOfTwo,
            examples=({"power": 2, "channels": "red"},),
        ),
        caught_by="has-a-fingerprint-that-names-its-parameters",
        fault="names one parameter in its fingerprint, and leaves out another that changes with it",
    )
)


@planted(
    "representation",
    caught_by="has-a-fingerprint-that-names-its-parameters",
    fault="leaves out of its fingerprint a number of which there is no example",
)
@attrs.frozen(kw_only=True)
class NumberWithoutExample:
    crop: int = attrs.field(default=100, validator=attrs.validators.in_(range(1, 112)))

    fingerprint = "mean-colours-of-the-middle"

    def describe(self, images):
        inner = slice(self.crop, 224 - self.crop)
        return mean_colours(np.asarray(images)[:, inner, inner]).astype(np.float32)


@planted(
    "representation",
    caught_by="has-a-fingerprint-that-names-its-parameters",
    fault="does not say in its fingerprint whether it takes roots",
)
@attrs.frozen(kw_only=True)
class RootsInSecret:
    rooted: bool = False

    fingerprint = "mean-colours-or-their-roots"

    def describe(self, images):
        colours = mean_colours(images)
        return (np.sqrt(colours) if self.rooted else colours).astype(np.float32)


@planted("representation", caught_by="derives-what-it-describes", fault="forgets to divide when it derives")
class DerivesCounts(MeanColours):
    fingerprint = "shares-of-mean-colours/1"
    stored_as = MeanColours()

    def describe(self, images):
        return self.stored_as.describe(images) / np.float32(255)

    def derive(self, stored):
        return np.asarray(stored, dtype=np.float32)


@planted(
    "representation",
    caught_by="derives-what-it-describes",
    fault="names what it is stored as, and derives nothing",
)
class StoredButNotDerived(MeanColours):
    stored_as = MeanColours()
