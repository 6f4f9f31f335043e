"""Several representations at once, from composing to recommending and retaining."""

import attrs
import numpy as np
import pytest
from made_up import METHODS, World, case_of, configuration, photo, plugin, registry_with, with_votes
from PIL import Image as PillowImage

import cbrkit_xai as cx
from cbrkit_xai import CaseBase, MetricPlugin, RepresentationPlugin, use
from cbrkit_xai.configuration_reading import configuration_from_toml
from cbrkit_xai.errors import ConfigurationError, FeaturesError
from cbrkit_xai.metrics.fused import Fused


@attrs.frozen(kw_only=True)
class Some:
    """Some of the numbers that `made_up.photo` hides in the first pixels."""

    first: int = 0
    last: int = 6
    program: str = ""

    @property
    def fingerprint(self):
        return f"some/{self.first}-{self.last}"

    @property
    def runs(self):
        return self.program

    def describe(self, images):
        return np.asarray(images)[:, 0, self.first : self.last, 0].astype(np.float32)


class Pixels:
    fingerprint = "made-up-pixels/1"

    def describe(self, images):
        return np.asarray(images)


class OfPixels:
    def pairwise(self, queries, references):
        return np.ones((len(queries), len(references)))


def record(kind, name, factory, **facts):
    return kind(name=name, summary="Made up", source="made up", factory=factory, **facts)


@pytest.fixture
def registry():
    return registry_with(
        plugin(
            cbrkit_xai_representations=[
                record(RepresentationPlugin, "some", Some),
                record(RepresentationPlugin, "whole-photo", Pixels, yields="pixels"),
            ],
            cbrkit_xai_metrics=[record(MetricPlugin, "of-pixels", OfPixels, accepts="pixels")],
        )
    )


FRONT, BACK = Some(first=0, last=4), Some(first=4, last=6)
PARTS = {"front": use("some", first=0, last=4), "back": use("some", first=4, last=6)}
METRICS = {"front": use("euclidean"), "back": use("manhattan")}
LEARNT = use("fused", parts=METRICS, weights="votes")


def fused_configuration(**changes):
    return configuration(**{"representation": use("several", parts=PARTS), "metric": LEARNT, **changes})


def base_with(features):
    """A base of 30 photos that holds the features of these representations, and no pixels."""
    images, votes = World(seed=8, signal=1.0).sample(30, 0)
    return CaseBase(
        name="made up",
        cases=[
            case_of(image, dict(zip(METHODS, row, strict=True)), f"case-{number:03d}")
            for number, (image, row) in enumerate(zip(images, votes, strict=True))
        ],
        features={
            one.fingerprint: {image.sha256: one.describe(image.pixels[None])[0] for image in images}
            for one in features
        },
        representations={one.fingerprint: use("some", first=one.first, last=one.last) for one in features},
    )


@pytest.fixture
def base():
    return base_with([FRONT, BACK])


def test_the_features_of_each_part_are_found_where_they_are_stored(registry, base):
    recommender = fused_configuration().fit(base, registry=registry, learn_now=False)
    images, _ = World(seed=8, signal=1.0).sample(30, 0)
    pixels = np.stack([image.pixels for image in images])
    assert np.array_equal(recommender.cases.features["front"], FRONT.describe(pixels))
    assert np.array_equal(recommender.cases.features["back"], BACK.describe(pixels))


def test_a_concatenation_is_made_of_stored_parts_too(registry, base):
    joined = use("concatenation", parts=list(PARTS.values()), weights=[1, 2])
    recommender = configuration(representation=joined).fit(base, registry=registry, learn_now=False)
    assert recommender.cases.features.shape == (30, 6)
    stored = base.features[BACK.fingerprint][base.cases[3].image_sha256]
    assert recommender.cases.features[3, 4:].tolist() == (2 * stored).tolist()


def test_the_part_that_a_base_lacks_is_named(registry):
    with pytest.raises(FeaturesError, match=r"no pixels, and no features 'some/4-6' for 30"):
        fused_configuration().fit(base_with([FRONT]), registry=registry)


def test_given_weights_retrieve_what_the_sum_by_hand_retrieves(registry, base):
    metric = use("fused", parts=METRICS, weights={"front": 1, "back": 0.5})
    recommender = fused_configuration(metric=metric).fit(base, registry=registry, learn_now=False)
    asked = photo([128, 100, 150, 90, 140, 120], "asked.png")
    answer = recommender.recommend(asked, k=4)
    values = np.array([128.0, 100, 150, 90, 140, 120])
    rows = np.concatenate([recommender.cases.features[name] for name in ("front", "back")], axis=1)
    apart = np.sqrt(((rows[:, :4] - values[:4]) ** 2).sum(axis=1)) + 0.5 * np.abs(
        rows[:, 4:] - values[4:]
    ).sum(axis=1)
    nearest = np.argsort(apart, kind="stable")[:4]
    assert [precedent.id for precedent in answer.precedents] == [base.ids[row] for row in nearest]


def test_prototypes_are_aggregated_part_by_part(registry, base):
    clustered = use("dbscan-prototypes", min_samples=2, min_clustered=0.3, noise="fallback")
    recommender = fused_configuration(organizer=clustered).fit(base, registry=registry, learn_now=False)
    entries, cases = recommender.index.entries, recommender.cases
    assert entries.is_prototype.any()
    for entry in np.flatnonzero(entries.is_prototype):
        rows = [cases.row_of[member] for member in entries.members[entry]]
        for name in ("front", "back"):
            wanted = cases.features[name][rows].astype(np.float64).mean(axis=0)
            np.testing.assert_allclose(entries.features[name][entry], wanted, rtol=1e-6)


def learnt_weights(base, registry, monkeypatch):
    """Fit, and return the weights by the ids of the cases that they were learnt from."""
    found = {}
    real = Fused.fitted

    def watched(self, cases, neighbours=None):
        fitted = real(self, cases, neighbours)
        found[cases.ids] = dict(fitted.weights)
        return fitted

    with monkeypatch.context() as patched:
        patched.setattr(Fused, "fitted", watched)
        fused_configuration().fit(base, registry=registry)
    return found


def test_a_million_held_out_votes_change_no_weight_that_is_learnt_without_them(registry, base, monkeypatch):
    row = 13
    # The same winner as before, or the folds would be dealt otherwise.
    winner = int(np.argmax(base.votes[row]))
    changed = with_votes(base, row, [1e6 if method == winner else 0 for method in range(4)])
    before, after = (learnt_weights(one, registry, monkeypatch) for one in (base, changed))
    assert before.keys() == after.keys()
    without = [ids for ids in before if base.ids[row] not in ids]
    assert without
    assert all(before[ids] == after[ids] for ids in without)
    assert any(before[ids] != after[ids] for ids in before if base.ids[row] in ids)


def test_a_retained_photo_keeps_the_features_of_each_part(registry, base, caplog):
    recommender = fused_configuration().fit(base, registry=registry, learn_now=False)
    new = photo([1, 2, 3, 4, 5, 6], "new.png")
    known = recommender.retain(new, {"lime": 3, "xrai": 1})
    assert known.base.features[FRONT.fingerprint][new.sha256].tolist() == [1, 2, 3, 4]
    assert known.base.features[BACK.fingerprint][new.sha256].tolist() == [5, 6]
    assert len(known.base.features) == 2
    assert known.recommend(new, k=1).precedents[0].id == known.base.ids[-1]
    assert not caplog.records


def test_a_store_learns_of_a_part_what_makes_it(registry, base, tmp_path):
    """The base's features are in a folder of photos; what is retained is stored by its part."""
    folder, store_path = tmp_path / "photos", tmp_path / "base.cbr"
    folder.mkdir()
    with cx.CaseStore.create(store_path, about="made up") as store:
        for number in range(3):
            pixels = np.full((224, 224, 3), 40 * number, dtype=np.uint8)
            PillowImage.fromarray(pixels).save(folder / f"{number}.png")
            image = cx.open_image(folder / f"{number}.png")
            store.add(case_of(image, {"lime": number + 1.0, "xrai": 1.0}, f"case-{number}"))
        known = store.load().with_images(folder)
        recommender = fused_configuration(k=2).fit(known, registry=registry, learn_now=False)
        recommender.retain(photo([9, 8, 7, 6, 5, 4]), {"lime": 1, "xrai": 2}, store=store)
        stored = store.load()
    assert stored.representations == {FRONT.fingerprint: PARTS["front"], BACK.fingerprint: PARTS["back"]}
    assert {len(rows) for rows in stored.features.values()} == {1}


def test_a_base_may_name_the_program_that_a_part_of_ones_own_choice_runs(registry, base, caplog):
    program = use("some", first=4, last=6, program="model.bin")
    named = attrs.evolve(base, representations={**base.representations, BACK.fingerprint: program})
    new = photo([1, 2, 3, 4, 5, 6], "new.png")
    own = use("several", parts={**PARTS, "back": program})
    mine = fused_configuration(representation=own).fit(named, registry=registry, learn_now=False)
    assert mine.retain(new, {"lime": 3}).base.features[BACK.fingerprint][new.sha256].tolist() == [5, 6]
    assert not caplog.records
    others = configuration(representation=PARTS["front"]).fit(named, registry=registry, learn_now=False)
    assert new.sha256 not in others.retain(new, {"lime": 3}).base.features[BACK.fingerprint]
    assert "the case base asks to run 'model.bin'" in caplog.text


MISFITS = {
    "a part that there is not": (
        {"metric": use("fused", parts={"frunt": "euclidean", "back": "euclidean"}, weights="votes")},
        r"metric.parts.frunt: 'several' has no part 'frunt'; allowed: back, front; did you mean 'front'\?",
    ),
    "a part left out": (
        {"metric": use("fused", parts={"front": "euclidean"}, weights="votes")},
        r"metric.parts: 'fused' compares no part 'back', which 'several' has; "
        r"allowed: a metric for each of back, front; add a metric for 'back'",
    ),
    "a part of another kind": (
        {"metric": use("fused", parts={**METRICS, "back": use("of-pixels")}, weights="votes")},
        r"metric.parts.back: the metric 'of-pixels' takes pixels, the representation 'some' yields vectors; "
        r"allowed: .*cosine",
    ),
    "pixels for a metric of vectors": (
        {"representation": use("several", parts={**PARTS, "back": "whole-photo"})},
        r"metric.parts.back: the metric 'manhattan' takes vectors, the representation 'whole-photo' "
        r"yields pixels",
    ),
    "one array for several": ({"representation": use("some")}, r"metric: the metric 'fused' takes several"),
    "several arrays for one": (
        {"metric": use("euclidean")},
        r"metric: the metric 'euclidean' takes vectors, the representation 'several' yields several; "
        r"allowed: .*fused",
    ),
    "several in several": (
        {"representation": use("several", parts={**PARTS, "back": use("several", parts=PARTS)})},
        r"representation.parts.back: 'several' cannot be made of 'several', which yields several; "
        r"allowed: what yields vectors or pixels: .*some",
    ),
    "pixels end to end": (
        {
            "representation": use("concatenation", parts=["some", "whole-photo"]),
            "metric": use("euclidean"),
        },
        r"representation.parts.1: 'concatenation' cannot be made of 'whole-photo', which yields pixels",
    ),
}


@pytest.mark.parametrize(("changes", "message"), MISFITS.values(), ids=MISFITS)
def test_parts_that_do_not_fit_together_are_refused_when_composed(registry, changes, message):
    with pytest.raises(ConfigurationError, match=message):
        fused_configuration(**changes).components(registry)


def test_parts_of_each_kind_that_fit_are_composed(registry):
    fitting = fused_configuration(
        representation=use("several", parts={**PARTS, "photo": "whole-photo"}),
        metric=use(
            "fused", parts={**METRICS, "photo": "of-pixels"}, weights={"front": 1, "back": 1, "photo": 1}
        ),
    )
    assert set(fitting.components(registry).metric.parts) == {"front", "back", "photo"}


def test_it_round_trips_through_toml(registry):
    chosen = fused_configuration()
    read = configuration_from_toml(chosen.to_toml())
    assert read == chosen
    assert read.components(registry).metric == chosen.components(registry).metric


def test_colour_and_content_are_fused_by_learnt_weights_on_the_bundled_base():
    pytest.importorskip("cbrkit_xai_histogram")
    pytest.importorskip("cbrkit_xai_latent")
    base = CaseBase.bundled("coco200-auto")
    chosen = cx.Configuration(
        name="fused",
        representation=use(
            "several", parts={"colour": use("histogram", norm="l1"), "content": use("latent", norm="l2")}
        ),
        metric=use(
            "fused", parts={"colour": "hellinger", "content": "cosine"}, weights="votes", scale="mean"
        ),
        organizer="linear",
    )
    recommender = chosen.fit(base)
    weights = recommender.fitted.metric.weights
    assert sum(weights.values()) == pytest.approx(1)
    image = np.random.default_rng(0).integers(0, 256, (224, 224, 3), dtype=np.uint8)
    answer = recommender.recommend(image)
    assert sorted(answer.ranking) == sorted(base.methods)
    features = recommender.components.representation.describe(image[None])
    wanted = sum(
        weights[name]
        / recommender.fitted.metric.scales[name]
        * part.pairwise(features[name], recommender.cases.features[name])
        for name, part in recommender.components.metric.parts.items()
    )
    assert answer.precedents[0].distance == pytest.approx(wanted.min(), rel=1e-9)
