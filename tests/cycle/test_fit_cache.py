"""A kept fit is found again by exactly the same question, and by no other."""

import attrs
import numpy as np
import pytest
from made_up import FIRST_PIXELS, FirstPixels, World, configuration, plugin, registry_with, with_votes

from cbrkit_xai import MetricPlugin, OrganizerPlugin, Registry, ReuseStrategyPlugin, use
from cbrkit_xai.fit_cache import FitCache
from cbrkit_xai.organizers.dbscan_prototypes import DbscanPrototypes
from cbrkit_xai.registry import RegisteredPlugin

ORGANIZED = []


@attrs.frozen(kw_only=True)
class Counted(DbscanPrototypes):
    """DBSCAN prototypes that note how many cases they organise."""

    def organize(self, cases, metric, aggregator, progress=None):
        ORGANIZED.append(len(cases))
        return super().organize(cases, metric, aggregator, progress)


COUNTED = plugin(
    cbrkit_xai_organizers=[
        OrganizerPlugin(name="counted", summary="Counts", source="made up", factory=Counted, exact=True)
    ]
)
REUSE = use("mean", weight="similarity", shrinkage="fitted")
CHOSEN = configuration(organizer=use("counted", min_samples=2, eps=60.0), reuse=REUSE, retention="novel")
WORLD = World(seed=6, signal=1.0)


@pytest.fixture(scope="module")
def base():
    return WORLD.base(9)  # too few to hold any out, which is what takes long


@pytest.fixture
def cache(tmp_path):
    ORGANIZED.clear()
    return FitCache(folder=tmp_path / "fits", shipped=tmp_path / "none")


@pytest.fixture
def kept(base, cache):
    """Fit once with the cache, and forget what was counted."""
    recommender = CHOSEN.fit(base, registry=registry_with(COUNTED), cache=cache)
    ORGANIZED.clear()
    return recommender


def test_a_second_fit_is_found_and_answers_the_same(cache):
    kept, again = (CHOSEN.fit(WORLD.base(40), registry=registry_with(COUNTED), cache=cache) for _ in range(2))
    # All the cases, the training cases of five folds, and then nothing more.
    assert len(ORGANIZED) == 1 + 5
    assert [cases for cases in ORGANIZED if cases == len(kept.base)] == [40]
    assert again.learnt.confidence.skill is not None
    assert again.learnt == kept.learnt
    fresh = WORLD.sample(40, 1)[0]
    assert again.recommend_many(fresh) == kept.recommend_many(fresh)


def test_the_first_fit_answers_as_one_without_a_cache(base, kept):
    fresh = WORLD.sample(10, 1)[0]
    assert CHOSEN.fit(base, registry=registry_with(COUNTED)).recommend_many(fresh) == kept.recommend_many(
        fresh
    )


def anew(base, cache, *, chosen=CHOSEN, version="1"):
    ORGANIZED.clear()
    chosen.fit(base, registry=registry_with(COUNTED, version=version), cache=cache)
    return bool(ORGANIZED)


def test_other_votes_never_find_it(base, cache, kept):
    assert anew(with_votes(base, 3, [9, 0, 0, 1]), cache)


def test_another_case_never_finds_it(base, cache, kept):
    assert anew(attrs.evolve(base, cases=base.cases[:-1]), cache)


def test_other_features_never_find_it(base, cache, kept):
    (rows,) = base.features.values()
    first, *_ = rows
    other = {**rows, first: rows[first] + 1}
    assert anew(attrs.evolve(base, features={FirstPixels().fingerprint: other}), cache)


@pytest.mark.parametrize(
    "change",
    [
        {"k": 4},
        {"metric": "cosine"},
        {"reuse": "mean"},
        {"retention": "always"},
        {"organizer": use("counted", min_samples=2, eps=60.0, noise="fallback")},
    ],
    ids=str,
)
def test_another_configuration_never_finds_it(base, cache, kept, change):
    assert anew(base, cache, chosen=CHOSEN.evolve(**change))


def test_another_version_of_a_plugin_never_finds_it(base, cache, kept):
    assert anew(base, cache, version="2")


def test_another_name_or_profile_finds_it(base, cache, kept):
    assert not anew(base, cache, chosen=CHOSEN.evolve(name="other", profile="own"))


@attrs.frozen(kw_only=True)
class Scaled:
    """A metric made of another one."""

    of: object
    by: float = 2.0

    def pairwise(self, queries, references):
        return self.by * self.of.pairwise(queries, references)


@attrs.frozen(kw_only=True)
class CityBlock:
    def pairwise(self, queries, references):
        return np.abs(queries[:, None].astype(float) - references[None]).sum(axis=2)


def test_another_version_of_a_part_within_a_part_never_finds_it(base, cache):
    from cbrkit_xai.protocols import Metric

    Scaled.__annotations__["of"] = Metric
    scaled = MetricPlugin(name="scaled", summary="x", source="made up", factory=Scaled, triangle=True)
    block = MetricPlugin(name="city-block", summary="x", source="made up", factory=CityBlock, triangle=True)
    chosen = CHOSEN.evolve(metric=use("scaled", of=use("city-block")))
    for version in ("1", "2"):
        registry = registry_with(COUNTED, plugin(cbrkit_xai_metrics=[scaled]))
        inner = RegisteredPlugin(name="inner", distribution="inner", version=version)
        registry._add(plugin(cbrkit_xai_metrics=[block]), inner)
        ORGANIZED.clear()
        chosen.fit(base, registry=registry, cache=cache)
        assert ORGANIZED


def test_what_is_registered_by_hand_is_never_kept(base, cache):
    # Tomorrow another piece of code may stand under the same name.
    registry = registry_with()
    registry.register(COUNTED)
    CHOSEN.fit(base, registry=registry, cache=cache)
    assert not cache.folder.exists()


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b"null", b'{"learnt": {}}', b'{"learnt": {"reuse": 3}, "index": {}}', b"\xff\xfe\x00"],
)
def test_a_damaged_file_is_fitted_anew(base, cache, kept, content):
    (file,) = cache.folder.glob("*.json")
    file.write_bytes(content)
    ORGANIZED.clear()
    again = CHOSEN.fit(base, registry=registry_with(COUNTED), cache=cache)
    assert ORGANIZED
    assert again.learnt == kept.learnt


@pytest.mark.parametrize(
    "change",
    [
        {"learnt": {}},
        {"learnt": {"reuse": {"colour": 3}, "retention": None, "confidence": {}, "experience": []}},
        {"index": {"cases": ["someone-else"]}},
        {"index": None, "learnt": None},
    ],
    ids=str,
)
def test_a_fit_of_another_shape_is_fitted_anew(base, cache, kept, change):
    # As a forgotten version number would leave it.
    fit = cache.get(kept.key)
    cache.put(kept.key, {**fit, **change})
    ORGANIZED.clear()
    again = CHOSEN.fit(base, registry=registry_with(COUNTED), cache=cache)
    assert ORGANIZED
    assert again.learnt == kept.learnt


def test_the_kept_fit_is_mended_by_the_next_one(base, cache, kept):
    cache.put(kept.key, {"learnt": None})
    assert anew(base, cache)
    assert not anew(base, cache)


@attrs.frozen(kw_only=True, eq=False)
class Unwritable:
    """A fitted reuse strategy that JSON cannot hold."""

    table: object = None

    def reuse(self, neighbours):
        return neighbours.votes[:, 0]

    def fitted(self, cases, neighbours=None):
        return Unwritable(table=np.ones((2, 2)))


class NotAttrs:
    def reuse(self, neighbours):
        return neighbours.votes[:, 0]

    def fitted(self, cases, neighbours=None):
        return self


@attrs.frozen(kw_only=True)
class Forgetful:
    """Comes back from JSON as something else: a set as a list."""

    names: object = ()

    def reuse(self, neighbours):
        return neighbours.votes[:, 0]

    def fitted(self, cases, neighbours=None):
        return Forgetful(names=("a", "b"))


@pytest.mark.parametrize("factory", [Unwritable, NotAttrs, Forgetful])
def test_what_cannot_be_brought_back_is_fitted_each_time(base, cache, factory):
    record = ReuseStrategyPlugin(name="odd", summary="Odd", source="made up", factory=factory)
    registry = registry_with(plugin(cbrkit_xai_reuse_strategies=[record]))
    first, second = (configuration(reuse="odd").fit(base, registry=registry, cache=cache) for _ in range(2))
    assert not cache.folder.exists()
    photo = WORLD.sample(1, 1)[0][0]
    assert first.recommend(photo) == second.recommend(photo)


def test_learning_later_keeps_the_fit_as_well(base, cache):
    CHOSEN.fit(base, registry=registry_with(COUNTED), cache=cache, learn_now=False).recommend(
        WORLD.sample(1, 1)[0][0]
    )
    assert not anew(base, cache)


SEEN = []


@attrs.frozen(kw_only=True)
class Standardised:
    """A metric that learns the spread of each number."""

    scale: object = None

    def pairwise(self, queries, references):
        return np.abs((queries[:, None] - references[None]) / self.scale).sum(axis=2).astype(float)

    def fitted(self, cases, neighbours=None):
        SEEN.append(cases.ids)
        return Standardised(scale=cases.features.std(axis=0) + 1)


@pytest.fixture
def standardised():
    record = MetricPlugin(
        name="standardised", summary="Learns", source="made up", factory=Standardised, triangle=True
    )
    SEEN.clear()
    return registry_with(plugin(cbrkit_xai_metrics=[record]))


def test_a_metric_that_learns_is_fitted_in_each_fold_to_its_training_cases_alone(standardised):
    base = WORLD.base(30)
    configuration(metric="standardised").fit(base, registry=standardised)
    everyone, *folds = SEEN
    assert everyone == base.ids
    assert len(folds) == 5
    held_out = [set(base.ids) - set(ids) for ids in folds]
    assert set().union(*held_out) == set(base.ids)
    assert sum(map(len, held_out)) == len(base)


def test_a_metric_that_learns_is_the_fitted_one_when_it_answers(base, standardised):
    recommender = configuration(metric="standardised").fit(base, registry=standardised)
    image = WORLD.sample(1, 1)[0][0]
    values = recommender.cases.features
    scale = values.std(axis=0) + 1
    want = np.sort(np.abs((values - image.pixels[0, :6, 0].astype(np.float32)) / scale).sum(axis=1))[:5]
    got = [one.distance for one in recommender.recommend(image).precedents]
    np.testing.assert_allclose(got, want, rtol=1e-5)


def test_a_metric_that_learns_answers_the_same_from_a_kept_fit(base, standardised, cache):
    chosen = configuration(metric="standardised")
    first, second = (chosen.fit(base, registry=standardised, cache=cache) for _ in range(2))
    photos = WORLD.sample(5, 1)[0]
    assert first.recommend_many(photos) == second.recommend_many(photos)
    assert len(SEEN) == 1 + 1


def test_the_default_registry_is_used_where_none_is_named(base):
    with pytest.raises(Exception, match="first-pixels"):
        CHOSEN.fit(base)
    assert isinstance(registry_with(), Registry)


# What made it

EDITED = """
from cbrkit_xai import MetricPlugin, hookimpl


class Scaled:
    def pairwise(self, queries, references):
        return {factor} * abs(queries[:, None].astype(float) - references[None]).sum(axis=2)


@hookimpl
def cbrkit_xai_metrics():
    yield MetricPlugin(name="scaled", summary="x", source="made up", factory="{module}:Scaled")
"""


def nearest_by_the_edited_metric(install, base, cache, factor, module="edited_metric"):
    uninstall = install(
        "edited", points={"edited": module}, modules={module: EDITED.format(factor=factor, module=module)}
    )
    registry = Registry(discover=True)
    registry._add(FIRST_PIXELS, RegisteredPlugin(name="pixels", distribution="made-up", version="1"))
    recommender = configuration(metric="scaled").fit(base, registry=registry, cache=cache)
    uninstall()
    return recommender.learnt.experience[-1]


def test_a_metric_that_is_edited_at_the_same_version_never_finds_the_old_fit(base, cache, install):
    once = nearest_by_the_edited_metric(install, base, cache, 1)
    assert nearest_by_the_edited_metric(install, base, cache, 3) == pytest.approx(3 * once)
    assert len(list(cache.folder.iterdir())) == 2


def test_a_metric_that_moved_unchanged_finds_its_fit(base, cache, install):
    for _ in range(2):
        nearest_by_the_edited_metric(install, base, cache, 1)
    assert len(list(cache.folder.iterdir())) == 1


def test_other_weights_of_a_representation_never_find_it(base, cache, monkeypatch):
    (rows,) = base.features.values()
    both = attrs.evolve(base, features={"first-pixels/1": rows, "first-pixels/2": rows})
    configuration().fit(both, registry=registry_with(), cache=cache)
    # What a download or an environment variable changes, and no parameter.
    monkeypatch.setattr(FirstPixels, "fingerprint", "first-pixels/2")
    configuration().fit(both, registry=registry_with(), cache=cache)
    assert len(list(cache.folder.iterdir())) == 2


def test_a_component_of_another_kind_and_the_same_name_is_not_asked_about(base, cache):
    configuration().fit(base, registry=registry_with(), cache=cache)
    registry = registry_with()
    namesake = ReuseStrategyPlugin(name="euclidean", summary="x", source="made up", factory=NotAttrs)
    registry.register(plugin(cbrkit_xai_reuse_strategies=[namesake]))
    configuration().fit(base, registry=registry, cache=cache)
    assert len(list(cache.folder.iterdir())) == 1
