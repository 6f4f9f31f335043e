"""Photos that are nothing but a few numbers, cases about them, and worlds whose truth is known."""

import hashlib
from types import SimpleNamespace

import attrs
import numpy as np

from cbrkit_xai import Ballot, Case, CaseBase, Configuration, Image, RepresentationPlugin, hookimpl, use
from cbrkit_xai.evaluation import simulation
from cbrkit_xai.registry import RegisteredPlugin, Registry

METHODS = ("anchors", "ig", "lime", "xrai")
WIDTH = 6


def photo(values, name="photo.png"):
    """A photo whose first pixels hold `WIDTH` numbers from 0 to 255."""
    pixels = np.zeros((224, 224, 3), dtype=np.uint8)
    pixels[0, :WIDTH, 0] = np.resize(values, WIDTH)
    sha256 = hashlib.sha256(pixels[0].tobytes() + name.encode()).hexdigest()
    return Image(pixels=pixels, sha256=sha256, name=name, path=None, size=(224, 224))


@attrs.frozen(kw_only=True)
class FirstPixels:
    """Reads those numbers again."""

    version: int = 1

    @property
    def fingerprint(self):
        return f"first-pixels/{self.version}"

    def describe(self, images):
        return np.asarray(images)[:, 0, :WIDTH, 0].astype(np.float32)


def plugin(**hooks):
    """An object with hooks, of `name=records`."""

    def hook(name, records):
        def function():
            return records

        function.__name__ = name
        return hookimpl(function)

    return SimpleNamespace(**{name: hook(name, records) for name, records in hooks.items()})


FIRST_PIXELS = plugin(
    cbrkit_xai_representations=[
        RepresentationPlugin(
            name="first-pixels", summary="The first pixels", source="made up", factory=FirstPixels
        )
    ]
)


def registry_with(*plugins, version="1"):
    """The built-in components and these, as if a distribution of that version had brought them."""
    registry = Registry()
    for number, one in enumerate((FIRST_PIXELS, *plugins)):
        registry._add(one, RegisteredPlugin(name=f"part-{number}", distribution="made-up", version=version))
    return registry


def configuration(**changes):
    given = {"name": "made-up", "representation": use("first-pixels"), "metric": use("euclidean")}
    return Configuration(**{**given, **changes})


def case_of(image, votes, identifier, *, source="human", voter="", target=None, seconds=None):
    asked = {method: float(value) for method, value in votes.items() if not np.isnan(value)}
    return Case(
        id=identifier,
        image_sha256=image.sha256,
        image_name=image.name,
        ballots=[Ballot(votes=asked, source=source, voter=voter)],
        target=target,
        seconds=seconds or {},
    )


def base_of(images, rows, *, methods=METHODS, name="made up", representation=None, **changes):
    """A case base of these photos, with a row of votes for each."""
    representation = representation or FirstPixels()
    cases = [
        case_of(image, dict(zip(methods, row, strict=True)), f"case-{number:03d}", **changes)
        for number, (image, row) in enumerate(zip(images, rows, strict=True))
    ]
    features = {image.sha256: representation.describe(image.pixels[None])[0] for image in images}
    return CaseBase(
        name=name,
        cases=cases,
        features={representation.fingerprint: features},
        representations={representation.fingerprint: use("first-pixels")},
    )


def with_votes(base, row, votes):
    """The base in which one case has other votes."""
    cases = list(base.cases)
    cases[row] = attrs.evolve(
        cases[row],
        ballots=[Ballot(votes=dict(zip(METHODS, map(float, votes), strict=True)), source="human")],
    )
    return attrs.evolve(base, cases=cases)


@attrs.frozen(kw_only=True)
class World:
    """Six kinds of photos; `signal` says how far their mean votes differ."""

    seed: int
    signal: float

    def sample(self, n, stream):
        """Return n photos and their votes `(n, 4)`, ten voters each."""
        made = simulation.World(
            methods=METHODS,
            dimensions=WIDTH,
            spread=0.3,
            scatter=5.0,
            signal="cluster",
            strength=self.signal,
            seed=self.seed,
        ).sample(n, stream=stream)
        values = np.clip(np.rint(128 + 18 * made.features), 0, 255)
        images = [photo(row, f"photo-{stream}-{number}.png") for number, row in enumerate(values)]
        return images, made.votes.copy()

    def base(self, n=200):
        return base_of(*self.sample(n, 0))
