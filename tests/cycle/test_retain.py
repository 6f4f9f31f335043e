"""What is kept of a judged photo, where, and what happens when keeping fails."""

import json
import logging
import subprocess
import sys

import attrs
import numpy as np
import pytest
from made_up import METHODS, FirstPixels, World, base_of, configuration, photo, plugin, registry_with

import cbrkit_xai as cx
from cbrkit_xai import CaseStore, MetricPlugin, RepresentationPlugin, Target, hookimpl, use
from cbrkit_xai.errors import CaseBaseError, FeaturesError, NotOrganizableError, ParameterError, VotesError
from cbrkit_xai.images import encode_png
from cbrkit_xai.pictures import Pictures

WORLD = World(seed=13, signal=0.5)
VOTES = {"lime": 4.0, "xrai": 1.0}
CAT = Target(classifier="net", index=3, label="cat")


@attrs.frozen(kw_only=True)
class MeanColour:
    fingerprint: str = "mean-colour/1"

    def describe(self, images):
        return np.asarray(images).mean(axis=(1, 2)).astype(np.float32)


@attrs.frozen(kw_only=True)
class Broken:
    fingerprint: str = "broken/1"

    def describe(self, images):
        raise RuntimeError("no such device")


def representation(name, factory):
    return RepresentationPlugin(name=name, summary=name, source="made up", factory=factory)


OTHERS = plugin(
    cbrkit_xai_representations=[representation("mean-colour", MeanColour), representation("broken", Broken)]
)


@pytest.fixture
def registry():
    return registry_with(OTHERS)


@pytest.fixture
def fresh():
    return WORLD.sample(3, 1)[0]


@pytest.fixture
def stored(tmp_path):
    """Write a base to a file, and return the open store."""
    opened = []

    def write(base, name="study.cbr", **changes):
        store = CaseStore.create(tmp_path / name)
        opened.append(store)
        for case in base.cases:
            rows = {mark: held[case.image_sha256] for mark, held in base.features.items()}
            store.add(case, features=rows, representations=base.representations, **changes)
        return store

    yield write
    for store in opened:
        store.close()


@pytest.fixture
def store(stored):
    return stored(WORLD.base(12))


@pytest.fixture
def recommender(store, registry):
    return configuration().fit(store.load(), registry=registry, learn_now=False)


# --- without a store


def test_the_next_recommender_knows_the_case_and_the_old_one_does_not(registry, fresh):
    old = configuration().fit(WORLD.base(12), registry=registry)
    new = old.retain(fresh[0], VOTES, target=CAT)
    assert (len(old.base), len(new.base)) == (12, 13)
    nearest = new.recommend(fresh[0]).precedents[0]
    assert (nearest.distance, nearest.label, dict(nearest.votes)) == (0.0, "cat", VOTES)
    assert old.recommend(fresh[0]).precedents[0].distance > 0


def test_a_photo_kept_twice_in_memory_gains_ballots(registry, fresh):
    old = configuration().fit(WORLD.base(12), registry=registry, learn_now=False)
    new = old.retain(fresh[0], VOTES, target=CAT).retain(fresh[0], VOTES, target=CAT)
    assert len(new.base) == 13
    assert new.base.cases[-1].votes == {"lime": 8.0, "xrai": 2.0}
    assert "gains the votes" in new.verdict.reason


def test_another_class_of_the_same_photo_is_another_case(registry, fresh):
    old = configuration().fit(WORLD.base(12), registry=registry, learn_now=False)
    new = old.retain(fresh[0], VOTES, target=CAT).retain(fresh[0], VOTES)
    assert len(new.base) == 14
    assert len(set(new.base.ids)) == 14


def test_a_case_is_kept_in_a_base_that_holds_no_features_but_finds_its_photos(registry, tmp_path):
    from PIL import Image

    rng = np.random.default_rng(0)
    for number in range(4):
        pixels = rng.integers(0, 256, (224, 224, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(tmp_path / f"{number}.png")
    images = [cx.open_image(tmp_path / f"{number}.png") for number in range(4)]
    base = attrs.evolve(base_of(images[:3], np.eye(4)[:3]), features={}, representations={})
    old = configuration().fit(base.with_images(tmp_path), registry=registry)
    new = old.retain(images[3], VOTES)
    assert new.recommend(images[3]).precedents[0].distance == 0.0


def test_a_case_is_kept_where_it_is_not_known_what_made_the_features(registry, fresh):
    base = attrs.evolve(WORLD.base(5), representations={})
    new = configuration().fit(base, registry=registry).retain(fresh[0], VOTES)
    assert new.recommend(fresh[0]).precedents[0].distance == 0.0


def test_votes_that_are_none_are_refused_and_nothing_is_kept(recommender, store, fresh):
    for votes in ({}, {"lime": -1}, {"lime": float("nan")}):
        with pytest.raises(VotesError):
            recommender.retain(fresh[0], votes, store=store)
    assert len(store.load()) == 12


@pytest.mark.parametrize("with_store", [False, True])
def test_votes_about_a_method_unknown_here_are_refused_and_nothing_is_kept(
    recommender, store, fresh, with_store
):
    held = store if with_store else None
    with pytest.raises(ParameterError, match=r"nobody was asked about 'limee' in .*did you mean 'lime'\?"):
        recommender.retain(fresh[0], {"limee": 3.0}, store=held)
    assert len(store.load()) == 12
    new = recommender.retain(fresh[0], {"limee": 3.0}, store=held, allow_new_methods=True)
    assert new.base.methods == tuple(sorted((*METHODS, "limee")))


def test_a_known_method_may_be_written_as_people_write_it(recommender, store, fresh):
    new = recommender.retain(fresh[0], {" LIME ": 3.0}, store=store)
    assert new.base.cases[-1].votes == {"lime": 3.0}


def test_votes_of_another_source_come_into_the_store_where_that_is_meant(recommender, store, fresh):
    with pytest.raises(CaseBaseError, match="allow_mixed"):
        recommender.retain(fresh[0], VOTES, store=store, source="automatic")
    new = recommender.retain(fresh[0], VOTES, store=store, source="automatic", allow_mixed=True)
    assert new.base.sources == {"human", "automatic"}


@attrs.frozen(kw_only=True)
class Several:
    """Two arrays for each photo, which no base stores."""

    fingerprint: str = "several/1"

    def describe(self, images):
        return {"first": FirstPixels().describe(images), "mean": MeanColour().describe(images)}


@attrs.frozen(kw_only=True)
class OfTheFirst:
    def pairwise(self, queries, references):
        return np.abs(queries["first"][:, None] - references["first"][None]).sum(axis=2)


SEVERAL = plugin(
    cbrkit_xai_representations=[representation("two-arrays", Several)],
    cbrkit_xai_metrics=[MetricPlugin(name="of-the-first", summary="x", source="made up", factory=OfTheFirst)],
)


@pytest.mark.parametrize(
    "organizer", ["linear", use("dbscan-prototypes", min_samples=2, eps=1e4)], ids=["linear", "prototypes"]
)
def test_several_arrays_at_once_are_fitted_asked_and_retained_where_the_pixels_are_kept(organizer, fresh):
    images, votes = WORLD.sample(12, 0)
    embedded = {image.sha256: encode_png(image.pixels) for image in images}
    base = attrs.evolve(base_of(images, votes), pictures=Pictures(embedded=embedded))
    chosen = configuration(representation="two-arrays", metric="of-the-first", organizer=organizer)
    old = chosen.fit(base, registry=registry_with(SEVERAL), learn_now=False)
    assert {name: part.shape for name, part in old.cases.features.items()} == {
        "first": (12, 6),
        "mean": (12, 3),
    }
    new = old.retain(fresh[0], VOTES)
    assert len(new.base) == 13
    assert len(new.recommend(fresh[0]).precedents) == (5 if organizer == "linear" else 1)


def test_several_arrays_at_once_cannot_be_retained_without_pixels_and_that_is_said(fresh, tmp_path):
    from PIL import Image

    for number, image in enumerate(fresh):
        Image.fromarray(image.pixels).save(tmp_path / f"{number}.png")
    images = [cx.open_image(tmp_path / f"{number}.png") for number in range(3)]
    base = base_of(images[:2], np.eye(4)[:2]).with_images(tmp_path)
    chosen = configuration(representation="two-arrays", metric="of-the-first")
    old = chosen.fit(base, registry=registry_with(SEVERAL), learn_now=False)
    with pytest.raises(FeaturesError, match="'several/1' gives 2 arrays at once, and a base stores one"):
        old.retain(images[2], VOTES)


# --- policies


def test_the_policy_always_keeps_every_case(registry, fresh):
    old = configuration(retention="always").fit(WORLD.base(5), registry=registry)
    verdict = old.retain(fresh[0], VOTES).verdict
    assert (verdict.keeps, verdict.reason) == (True, "every case is kept")


@pytest.mark.parametrize(("step", "keeps"), [(9, False), (10, False), (11, True)])
def test_the_policy_novel_keeps_what_lies_farther_than_its_distance(registry, step, keeps):
    base = base_of([photo([0, 0, 0, 0, 0, 0]), photo([200, 0, 0, 0, 0, 0])], np.eye(4)[:2])
    old = configuration(retention=use("novel", min_distance=10)).fit(base, registry=registry)
    new = old.retain(photo([step, 0, 0, 0, 0, 0]), VOTES)
    assert new.verdict.keeps is keeps
    assert len(new.base) == 2 + keeps
    assert f"case-000 is {'' if keeps else 'only '}{step} away" in new.verdict.reason


def test_the_policy_novel_learns_its_distance_from_the_base(registry):
    places = [0, 10, 30, 60, 100]  # nearest others at 10, 10, 20, 30, 40
    base = base_of([photo([place, 0, 0, 0, 0, 0]) for place in places], np.eye(4)[[0] * 5])
    old = configuration(retention=use("novel", quantile=0.5)).fit(base, registry=registry)
    assert old.learnt.retention.min_distance == 20.0


def test_what_is_not_kept_leaves_base_store_and_learning_as_they_were(store, registry, fresh):
    old = configuration(retention=use("novel", min_distance=1e6)).fit(store.load(), registry=registry)
    new = old.retain(fresh[0], VOTES, store=store)
    assert not new.verdict.keeps
    assert new.base is old.base
    assert new.learnt is old.learnt
    assert len(store.load()) == 12


def test_a_known_photo_gains_votes_though_the_policy_would_not_keep_it(store, registry):
    images, _ = WORLD.sample(12, 0)
    old = configuration(retention=use("novel", min_distance=1e6)).fit(store.load(), registry=registry)
    new = old.retain(images[2], VOTES, store=store)
    assert new.verdict.keeps
    assert "case-002 gains the votes" in new.verdict.reason
    assert new.base.votes[2, METHODS.index("lime")] == old.base.votes[2, METHODS.index("lime")] + 4


# --- with a store

READER = """
import json, sys
from cbrkit_xai import CaseBase
base = CaseBase.load(sys.argv[1])
case = base.case(base.ids[-1])
print(json.dumps([len(base), case.image_sha256, case.votes, len(case.ballots), sorted(base.features)]))
"""


def seen_by_the_next_process(store):
    done = subprocess.run(
        [sys.executable, "-c", READER, str(store.path)], capture_output=True, text=True, check=True
    )
    return json.loads(done.stdout)


def test_the_next_process_sees_the_case_and_its_further_ballots(recommender, store, fresh):
    kept = recommender.retain(fresh[0], VOTES, store=store, target=CAT, voter="anna")
    fingerprint = FirstPixels().fingerprint
    assert seen_by_the_next_process(store) == [13, fresh[0].sha256, VOTES, 1, [fingerprint]]
    kept.retain(fresh[0], {"lime": 1.0}, store=store, target=CAT, voter="ben")
    assert seen_by_the_next_process(store)[2:4] == [{"lime": 5.0, "xrai": 1.0}, 2]


def test_the_answer_knows_what_another_process_added_meanwhile(recommender, store, fresh):
    recommender.retain(fresh[0], VOTES, store=store)
    assert len(recommender.retain(fresh[1], VOTES, store=store).base) == 14


def test_two_photos_of_one_name_get_two_ids(recommender, store, fresh):
    named = [attrs.evolve(image, name="cat.jpg") for image in fresh[:2]]
    new = recommender.retain(named[0], VOTES, store=store).retain(named[1], VOTES, store=store)
    assert new.base.ids[-2:] == ("cat", "cat-2")


def test_every_representation_that_the_base_holds_is_computed(stored, registry, fresh):
    images, votes = WORLD.sample(12, 0)
    base = base_of(images, votes)
    colours = {image.sha256: MeanColour().describe(image.pixels[None])[0] for image in images}
    base = attrs.evolve(
        base,
        features={**base.features, "mean-colour/1": colours},
        representations={**base.representations, "mean-colour/1": use("mean-colour")},
    )
    store = stored(base)
    new = configuration().fit(store.load(), registry=registry).retain(fresh[0], VOTES, store=store)
    kept = new.base.features["mean-colour/1"][fresh[0].sha256]
    np.testing.assert_array_equal(kept, fresh[0].pixels.mean(axis=(0, 1)).astype(np.float32))
    assert configuration(representation="mean-colour").fit(new.base, registry=registry)


@pytest.fixture
def with_a_broken_representation(stored):
    images, votes = WORLD.sample(12, 0)
    base = base_of(images, votes)
    return stored(
        attrs.evolve(
            base,
            features={**base.features, "broken/1": {image.sha256: np.zeros(2) for image in images}},
            representations={**base.representations, "broken/1": use("broken")},
        ),
        pixels=encode_png(images[0].pixels),
    )


def test_a_representation_that_cannot_be_computed_costs_no_votes_and_is_logged(
    with_a_broken_representation, registry, fresh, caplog
):
    store = with_a_broken_representation
    with caplog.at_level(logging.WARNING, logger="cbrkit_xai"):
        new = configuration().fit(store.load(), registry=registry).retain(fresh[0], VOTES, store=store)
    assert len(new.base) == 13
    assert fresh[0].sha256 not in new.base.features["broken/1"]
    (record,) = caplog.records
    assert record.getMessage() == f"features broken/1 are not kept for {fresh[0].name}: no such device"


def test_a_later_fit_fills_in_what_could_not_be_computed(
    with_a_broken_representation, registry, fresh, monkeypatch
):
    store = with_a_broken_representation
    configuration().fit(store.load(), registry=registry).retain(fresh[0], VOTES, store=store)
    monkeypatch.setattr(Broken, "describe", lambda self, images: np.ones((len(images), 2)))
    later = configuration(representation="broken").fit(store.load(), registry=registry)
    assert later.cases.features.tolist() == [[0.0, 0.0]] * 12 + [[1.0, 1.0]]


def test_a_representation_that_is_not_installed_is_logged_and_left_out(store, fresh, caplog):
    base = store.load()
    mark = {case.image_sha256: np.zeros(3) for case in base.cases}
    base = attrs.evolve(
        base,
        features={**base.features, "gone/1": mark},
        representations={**base.representations, "gone/1": use("gone")},
    )
    old = configuration().fit(base, registry=registry_with(), learn_now=False)
    with caplog.at_level(logging.WARNING, logger="cbrkit_xai"):
        new = old.retain(fresh[0], VOTES)
    assert len(new.base) == 13
    assert "unknown representation 'gone'" in caplog.text


def test_a_photo_given_as_bytes_can_be_organised_where_the_base_keeps_no_pixels(stored, registry):
    store = stored(attrs.evolve(WORLD.base(12), representations={}))
    photograph = encode_png(WORLD.sample(1, 1)[0][0].pixels)
    new = configuration().fit(store.load(), registry=registry).retain(photograph, VOTES, store=store)
    assert new.recommend(photograph).precedents[0].distance == 0.0


def test_pixels_are_embedded_where_the_base_embeds_them(with_a_broken_representation, registry, fresh):
    store = with_a_broken_representation
    new = configuration().fit(store.load(), registry=registry).retain(fresh[0], VOTES, store=store)
    np.testing.assert_array_equal(new.base.pictures.open(fresh[0].sha256).pixels, fresh[0].pixels)


def test_the_folder_of_photos_that_was_named_is_still_known_afterwards(registry, stored, tmp_path):
    from PIL import Image

    folder = tmp_path / "photos"
    folder.mkdir()
    for number in range(4):
        Image.fromarray(np.full((224, 224, 3), 40 * number, dtype=np.uint8)).save(folder / f"{number}.png")
    images = [cx.open_image(folder / f"{number}.png") for number in range(4)]
    store = stored(attrs.evolve(base_of(images[:3], np.eye(4)[:3]), features={}, representations={}))
    old = configuration().fit(store.load().with_images(folder), registry=registry)
    assert len(old.retain(images[3], VOTES, store=store).base) == 4


# --- when it fails


class Failing:
    """A store whose disk is full."""

    def __init__(self, store):
        self.path = store.path

    def add(self, *_, **__):
        raise CaseBaseError("the disk is full", where=str(self.path))


def test_a_failing_store_leaves_the_recommender_as_it_was(recommender, store, fresh):
    before = recommender.recommend(fresh[0])
    told = []
    watching = plugin()
    watching.cbrkit_xai_after_retain = hookimpl(
        named("cbrkit_xai_after_retain", lambda case: told.append(case))
    )
    recommender.registry.register(watching)
    with pytest.raises(CaseBaseError, match="the disk is full"):
        recommender.retain(fresh[0], VOTES, store=Failing(store))
    assert recommender.recommend(fresh[0]) == before
    assert (len(recommender.base), len(store.load()), told) == (12, 12, [])


def test_a_closed_store_is_named(recommender, store, fresh):
    store.close()
    with pytest.raises(CaseBaseError, match="the store is closed"):
        recommender.retain(fresh[0], VOTES, store=store)


def test_the_store_of_another_base_is_refused_before_anything_is_kept(recommender, stored, fresh):
    other = stored(WORLD.base(3), name="other.cbr")
    with pytest.raises(
        CaseBaseError, match=r"other\.cbr: this store does not keep .*fit what store\.load\(\)"
    ):
        recommender.retain(fresh[0], VOTES, store=other)
    assert len(other.load()) == 3


def test_a_base_in_memory_has_no_store(registry, store, fresh):
    old = configuration().fit(WORLD.base(12), registry=registry, learn_now=False)
    with pytest.raises(CaseBaseError, match="does not keep 'made up'"):
        old.retain(fresh[0], VOTES, store=store)


def test_a_base_that_can_no_longer_be_organised_says_that_the_votes_are_kept(registry, stored):
    # Three of four are clustered, with the next case three of five: fewer than 70 %.
    images = [photo([place, 0, 0, 0, 0, 0]) for place in (0, 1, 2, 200)]
    store = stored(base_of(images, np.eye(4)))
    organizer = use("dbscan-prototypes", min_samples=2, min_clusters=1, eps=1.5)
    searched = use(
        "dbscan-prototypes", min_clusters=1, search_min_samples=(3, 3), search_quantiles=(0.1, 0.1)
    )
    for chosen in (organizer, searched):
        assert configuration(organizer=chosen).fit(store.load(), registry=registry)
    old = configuration(organizer=searched).fit(store.load(), registry=registry)
    with pytest.raises(NotOrganizableError, match="the votes are kept as case 'photo', but: DBSCAN finds no"):
        old.retain(photo([100, 0, 0, 0, 0, 0]), VOTES, store=store)
    assert len(store.load()) == 5


def test_features_of_another_shape_are_refused_and_nothing_is_kept(store, registry, fresh, monkeypatch):
    old = configuration().fit(store.load(), registry=registry, learn_now=False)
    monkeypatch.setattr(
        FirstPixels, "describe", lambda self, images: np.zeros((len(images), 2), dtype=np.float32)
    )
    with pytest.raises((FeaturesError, CaseBaseError, ValueError, cx.CbrkitXaiError)):
        old.retain(fresh[0], VOTES, store=store)
    assert len(store.load()) == 12


# --- observers


def named(name, function):
    function.__name__ = name
    return function


@pytest.fixture
def observed(registry, store):
    """A recommender that is watched, and all that its watchers were told."""
    told = []

    def cbrkit_xai_after_retrieve(neighbours):
        told.append(("retrieve", neighbours))

    def cbrkit_xai_after_reuse(recommendation):
        told.append(("reuse", recommendation))

    def cbrkit_xai_after_retain(case, base):
        told.append(("retain", case, base))

    watching = plugin()
    for function in (cbrkit_xai_after_retrieve, cbrkit_xai_after_reuse, cbrkit_xai_after_retain):
        setattr(watching, function.__name__, hookimpl(function))
    registry.register(watching)
    return configuration().fit(store.load(), registry=registry), told


def test_observers_are_told_of_each_batch_each_answer_and_each_kept_case(observed, store, fresh):
    recommender, told = observed
    answers = recommender.recommend_many(fresh)
    recommender.retain(fresh[0], VOTES, store=store)
    assert [name for name, *_ in told] == ["retrieve", "reuse", "reuse", "reuse", "retain"]
    assert [one[1] for one in told[1:4]] == answers
    _, case, base = told[4]
    assert (case.votes, len(base)) == (VOTES, 13)


@pytest.mark.parametrize("with_store", [False, True])
def test_observers_are_told_of_the_case_as_the_base_now_holds_it(registry, store, with_store):
    told = []
    watching = plugin()
    watching.cbrkit_xai_after_retain = hookimpl(
        named("cbrkit_xai_after_retain", lambda case, base: told.append((case, base)))
    )
    registry.register(watching)
    images, votes = WORLD.sample(12, 0)
    held = store if with_store else None
    old = configuration().fit(store.load(), registry=registry, learn_now=False)
    old.retain(images[2], VOTES, store=held, voter="anna")
    ((case, base),) = told
    assert case is base.cases[2]
    assert (case.id, len(case.ballots)) == ("case-002", 2)
    assert case.votes["lime"] == votes[2, METHODS.index("lime")] + VOTES["lime"]


def test_what_observers_are_given_cannot_be_changed(observed, store, fresh):
    recommender, told = observed
    recommender.recommend(fresh[0])
    recommender.retain(fresh[0], VOTES, store=store)
    (_, neighbours), (_, answer), (_, case, base) = told
    for array in (
        neighbours.positions,
        neighbours.distances,
        neighbours.votes,
        neighbours.sizes,
        neighbours.entries.votes,
        neighbours.entries.features,
        base.votes,
    ):
        with pytest.raises(ValueError, match="read-only"):
            array[...] = 0
    for mapping in (answer.votes, answer.seconds, answer.precedents[0].votes, case.ballots[0].votes):
        with pytest.raises(TypeError):
            mapping["lime"] = 0
    for value in (neighbours, answer, case, base):
        with pytest.raises(attrs.exceptions.FrozenInstanceError):
            value.id = 0


def test_what_is_not_kept_is_not_told(registry, store, fresh):
    told = []
    watching = plugin()
    watching.cbrkit_xai_after_retain = hookimpl(
        named("cbrkit_xai_after_retain", lambda case: told.append(case))
    )
    registry.register(watching)
    chosen = configuration(retention=use("novel", min_distance=1e6))
    chosen.fit(store.load(), registry=registry).retain(fresh[0], VOTES, store=store)
    assert told == []


def test_an_observer_that_raises_is_logged_and_harmless(registry, store, fresh, caplog):
    quiet = configuration().fit(store.load(), registry=registry)
    want = quiet.recommend(fresh[0])

    def cbrkit_xai_after_retrieve(neighbours):
        raise RuntimeError("watching failed")

    def cbrkit_xai_after_reuse(recommendation):
        raise RuntimeError("watching failed")

    def cbrkit_xai_after_retain(case):
        raise RuntimeError("watching failed")

    watching = plugin()
    for function in (cbrkit_xai_after_retrieve, cbrkit_xai_after_reuse, cbrkit_xai_after_retain):
        setattr(watching, function.__name__, hookimpl(function))
    registry.register(watching)
    with caplog.at_level(logging.ERROR, logger="cbrkit_xai"):
        assert quiet.recommend(fresh[0]) == want
        assert len(quiet.retain(fresh[0], VOTES, store=store).base) == 13
    assert len([record for record in caplog.records if "failed" in record.getMessage()]) == 3
