"""Configurations with one planted fault each: in what they name, or in how its components work together."""

import attrs
import numpy as np
from mutants import Mutant, plant

from cbrkit_xai import (
    ConfigurationPlugin,
    MetricPlugin,
    OrganizerPlugin,
    Profile,
    RepresentationPlugin,
    RetentionPolicyPlugin,
    ReuseStrategyPlugin,
    hookimpl,
    use,
)
from cbrkit_xai.configurations import Configuration
from cbrkit_xai.neighbours import weighted_mean
from cbrkit_xai.organizers.linear import LinearIndex
from cbrkit_xai.registry import Registry
from cbrkit_xai.retaining import Verdict
from cbrkit_xai.testing.configuration_laws import subjects_of_configuration


class MeanColours:
    fingerprint = "mean-colours/1"

    def describe(self, images):
        return np.asarray(images).mean(axis=(1, 2)).astype(np.float32)


class Thumbnails:
    fingerprint = "thumbnails/1"

    def describe(self, images):
        return np.asarray(images)[:, ::32, ::32]


class BatchMean(MeanColours):
    fingerprint = "less-half-the-batch-mean/1"

    def describe(self, images):
        colours = super().describe(images)
        return colours - colours.mean(axis=0) / 2  # a base's photos may be described one by one


class RandomProjection(MeanColours):
    fingerprint = "random-projection/1"

    def __init__(self):
        self.directions = np.random.default_rng().normal(size=(3, 2)).astype(np.float32)

    def describe(self, images):
        return super().describe(images) @ self.directions


class Straight:
    def pairwise(self, queries, references):
        differences = np.asarray(queries, np.float64)[:, None] - np.asarray(references, np.float64)[None]
        return np.sqrt((differences**2).sum(axis=-1))


class BeyondTheNearest(Straight):
    def pairwise(self, queries, references):
        distances = super().pairwise(queries, references)
        return distances - distances.min()


class NegativeSimilarity(Straight):
    def pairwise(self, queries, references):
        return -1 / (1 + super().pairwise(queries, references))


class RandomHalf:
    def organize(self, cases, metric, aggregator, progress=None):
        chosen = np.random.default_rng().permutation(len(cases))[: max(1, len(cases) // 2)]
        return LinearIndex(cases=cases.take(np.sort(chosen)), metric=metric)


class FirstComers:
    def organize(self, cases, metric, aggregator, progress=None):
        return cases.take(np.arange(min(3, len(cases))))


class OfAllAsked:
    """The neighbours' mean votes; each fault changes what becomes of them."""

    def reuse(self, neighbours):
        return self.changed(weighted_mean(neighbours.votes, np.ones(neighbours.votes.shape[:2])))


class CountsMissingIn(OfAllAsked):
    def reuse(self, neighbours):
        return neighbours.votes.mean(axis=1) * np.nan


class AllMethodsAtOnce(OfAllAsked):
    def changed(self, votes):
        return votes.mean(axis=1)


class InfiniteOdds(OfAllAsked):
    def changed(self, votes):
        return votes / (votes - votes)


class NoisyVotes(OfAllAsked):
    def changed(self, votes):
        return votes + np.random.default_rng().normal(size=votes.shape)


class LessTheOthers(OfAllAsked):
    def changed(self, votes):
        return votes - votes.mean(axis=0)


class SaysYes:
    def keeps(self, case, neighbours):
        return True


class SaysNoInWords:
    def keeps(self, case, neighbours):
        return Verdict(keeps="no", reason="it is known")


class LooksItselfUp:
    def keeps(self, case, neighbours):
        place = neighbours.entries.ids.index(case.id)
        return Verdict(keeps=place > 3, reason="the first three are enough")


_COMPONENTS = (
    (RepresentationPlugin, (MeanColours, BatchMean, RandomProjection)),
    (MetricPlugin, (Straight, BeyondTheNearest, NegativeSimilarity)),
    (OrganizerPlugin, (RandomHalf, FirstComers)),
    (ReuseStrategyPlugin, (CountsMissingIn, AllMethodsAtOnce, InfiniteOdds, NoisyVotes, LessTheOthers)),
    (RetentionPolicyPlugin, (SaysYes, SaysNoInWords, LooksItselfUp)),
)


def kebab(name):
    return "".join(f"-{one.lower()}" if one.isupper() else one for one in name).strip("-")


def record_of(kind, factory, **facts):
    return kind(name=kebab(factory.__name__), summary="Planted", source="planted", factory=factory, **facts)


class Planted:
    """Hooks for all of these."""

    @hookimpl
    def cbrkit_xai_representations(self):
        yield from self.records(RepresentationPlugin)
        yield record_of(RepresentationPlugin, Thumbnails, yields="pixels")

    @hookimpl
    def cbrkit_xai_metrics(self):
        yield from self.records(MetricPlugin)

    @hookimpl
    def cbrkit_xai_organizers(self):
        yield from self.records(OrganizerPlugin)

    @hookimpl
    def cbrkit_xai_reuse_strategies(self):
        yield from self.records(ReuseStrategyPlugin)

    @hookimpl
    def cbrkit_xai_retention_policies(self):
        yield from self.records(RetentionPolicyPlugin)

    def records(self, kind):
        return [record_of(kind, factory) for factory in dict(_COMPONENTS)[kind]]


REGISTRY = Registry()
REGISTRY.register(Planted())


def composed(name, factory=Configuration, **parts):
    """A configuration that works, but for the given parts."""
    working = {"representation": use("mean-colours"), "metric": use("straight"), "k": 3}
    return factory(name=name, **{**working, **parts})


def plant_configuration(source, *, caught_by, fault):
    subjects = list(subjects_of_configuration(source, REGISTRY))
    plant(Mutant(kind="configuration", name=source.name, made=subjects, caught_by=caught_by, fault=fault))


def plant_parts(name, *, caught_by, fault, **parts):
    plant_configuration(composed(name, **parts), caught_by=caught_by, fault=fault)


FIT_TOGETHER = "names-components-that-fit-together"
PREDICTS = "fits-and-predicts"
SAME_AGAIN = "predicts-the-same-again"
BATCH = "answers-a-batch-as-its-single-photos"
LEAVES = "leaves-the-case-base-as-it-was"

plant_parts(
    "vector-metric-on-pixels",
    representation=use("thumbnails"),
    metric=use("cosine"),
    caught_by=FIT_TOGETHER,
    fault="compares pixels by a metric of vectors",
)
plant_parts(
    "misspelt-metric",
    metric=use("cosinus"),
    caught_by=FIT_TOGETHER,
    fault="names a metric that does not exist",
)
plant_parts(
    "unknown-parameter",
    metric=use("minkowski", power=3),
    caught_by=FIT_TOGETHER,
    fault="gives a metric a parameter that it does not have",
)
plant_parts(
    "parameter-as-text",
    metric=use("minkowski", p="3"),
    caught_by=FIT_TOGETHER,
    fault="gives a text where a number is asked for",
)
plant_parts(
    "parameter-out-of-range",
    aggregator=use("trimmed-mean", share=0.7),
    caught_by=FIT_TOGETHER,
    fault="leaves out more than there is",
)
plant_parts(
    "tree-without-embedding",
    organizer=use("ball-tree"),
    caught_by=FIT_TOGETHER,
    fault="puts vectors into a tree whose metric is not Euclidean after any mapping",
)
plant_parts(
    "part-without-metric",
    representation=use("several", parts={"colours": use("mean-colours"), "small": use("thumbnails")}),
    metric=use("fused", parts={"colours": use("cosine")}, weights={"colours": 1.0}),
    caught_by=FIT_TOGETHER,
    fault="has a part that no metric compares",
)
plant_configuration(
    ConfigurationPlugin(
        name="second-organizer-misspelt",
        summary="Planted",
        source="planted",
        profiles={
            "recommended": Profile(
                representation=use("mean-colours"),
                metric=use("euclidean"),
                organizers=(use("linear"), use("kd-treee")),
            )
        },
    ),
    caught_by=FIT_TOGETHER,
    fault="names a second organizer that does not exist",
)


@attrs.frozen(kw_only=True)
class Annotated(Configuration):
    remark: str = "none"


@attrs.frozen(kw_only=True)
class Abridged(Configuration):
    def to_toml(self):
        return "\n".join(line for line in super().to_toml().splitlines() if not line.startswith("k ="))


plant_configuration(
    composed("remark-lost", factory=Annotated, remark="only at night"),
    caught_by="comes-back-from-toml",
    fault="has a field of its own that TOML does not keep",
)
plant_configuration(
    composed("k-lost", factory=Abridged),
    caught_by="comes-back-from-toml",
    fault="leaves k out of its TOML",
)

plant_parts(
    "nan-votes",
    reuse=use("counts-missing-in"),
    caught_by=PREDICTS,
    fault="predicts NaN where votes are known",
)
plant_parts(
    "one-vote-for-all",
    reuse=use("all-methods-at-once"),
    caught_by=PREDICTS,
    fault="predicts one number, not one for each method",
)
plant_parts("infinite-votes", reuse=use("infinite-odds"), caught_by=PREDICTS, fault="divides by 0")
plant_parts(
    "negative-distances",
    metric=use("negative-similarity"),
    caught_by=PREDICTS,
    fault="takes similarities for distances",
)
plant_parts(
    "index-that-finds-nothing",
    organizer=use("first-comers"),
    caught_by=PREDICTS,
    fault="has an organizer that gives cases, not an index of them",
)
plant_parts(
    "random-representation",
    representation=use("random-projection"),
    reuse=use("similarity-weighted"),
    caught_by=SAME_AGAIN,
    fault="draws its projection anew whenever it is made",
)
plant_parts(
    "random-organizer",
    organizer=use("random-half"),
    reuse=use("similarity-weighted"),
    caught_by=SAME_AGAIN,
    fault="chooses cases without a seed",
)
plant_parts(
    "random-reuse", reuse=use("noisy-votes"), caught_by=SAME_AGAIN, fault="adds noise to votes without a seed"
)
plant_parts(
    "batch-mean",
    representation=use("batch-mean"),
    reuse=use("similarity-weighted"),
    caught_by=BATCH,
    fault="subtracts half the mean colour of the photos described together",
)
plant_parts(
    "batch-offset",
    metric=use("beyond-the-nearest"),
    reuse=use("similarity-weighted"),
    caught_by=BATCH,
    fault="measures how much farther a case is than the batch's nearest",
)
plant_parts(
    "less-the-others",
    reuse=use("less-the-others"),
    caught_by=BATCH,
    fault="subtracts the mean prediction of the photos asked about together",
)
plant_parts(
    "verdict-without-reason", retention=use("says-yes"), caught_by=LEAVES, fault="says True for a verdict"
)
plant_parts(
    "verdict-in-words",
    retention=use("says-no-in-words"),
    caught_by=LEAVES,
    fault="says 'no', which counts as true",
)
plant_parts(
    "looks-itself-up",
    retention=use("looks-itself-up"),
    caught_by=LEAVES,
    fault="looks for a new case among those that are there",
)
