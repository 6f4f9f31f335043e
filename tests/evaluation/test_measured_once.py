"""Distances that are looked up are those that the metric would give, and nothing else is looked up."""

from __future__ import annotations

import copy
import pickle
from types import SimpleNamespace

import attrs
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cbrkit_xai import Cases, use
from cbrkit_xai.errors import PluginError
from cbrkit_xai.evaluation.predicting import measured_once
from cbrkit_xai.evaluation.predicting.measured_once import (
    MeasuredOnce,
    all_distances,
    distances_once,
    measured_in_parts,
)
from cbrkit_xai.metrics.cosine import Cosine
from cbrkit_xai.metrics.euclidean import Euclidean
from cbrkit_xai.metrics.fused import Fused
from cbrkit_xai.metrics.pixel_difference import PixelDifference
from cbrkit_xai.organizers.distances import distances_from, distances_of_all
from cbrkit_xai.registry import Registry

REGISTRY = Registry()
KNOWN = np.random.default_rng(0).integers(0, 4, size=(24, 3)).astype(np.float32)  # some rows are equal
VECTOR_METRICS = [
    use(record.name, **parameters)
    for record in (REGISTRY.find("metric", name) for name in REGISTRY.names("metric"))
    if record.accepts == "vectors"
    for parameters in ({}, *record.examples)
]


def made(choice):
    return REGISTRY.create("metric", choice)


@attrs.frozen(kw_only=True, eq=False)
class Watched:
    """City-block distance that writes down how many pairs it was asked for."""

    pairs: list = attrs.field(factory=list)

    def pairwise(self, queries, references):
        self.pairs.append(len(queries) * len(references))
        return np.abs(queries[:, None].astype(float) - references[None]).sum(axis=2)


class Directed:
    """No metric at all: it costs more to go up than to come down."""

    def pairwise(self, queries, references):
        rise = (references[None].astype(float) - queries[:, None]).sum(axis=2)
        return np.where(rise > 0, 2 * rise, -rise)


@st.composite
def asked_rows(draw):
    """Rows of the known features and of others, as an array in one of many layouts."""
    rows = draw(st.lists(st.integers(0, len(KNOWN) - 1), min_size=1, max_size=8))
    way = draw(
        st.sampled_from(["slice", "take", "mixed", "reversed", "fortran", "float64", "int32", "moved"])
    )
    if way == "slice":
        start = min(rows)
        return KNOWN[start : start + len(rows)]
    found = KNOWN[rows]
    if way == "mixed":
        found[draw(st.integers(0, len(rows) - 1))] += draw(st.sampled_from([0.0, 0.5, 1.0]))
    if way == "moved":
        found[0, 0] = np.nextafter(found[0, 0], np.float32(9))
    if way in ("float64", "int32"):
        return found.astype(way)
    return {"reversed": KNOWN[::-1][: len(rows)], "fortran": np.asfortranarray(found)}.get(way, found)


@given(asked_rows(), asked_rows())
def test_whatever_is_asked_the_answer_is_the_metrics(queries, references):
    metric = Euclidean()
    measured = MeasuredOnce(metric=metric, features=KNOWN)
    wanted = metric.pairwise(queries, references)
    np.testing.assert_array_equal(measured.pairwise(queries, references), wanted)
    np.testing.assert_array_equal(measured.prepare(references)(queries), wanted)
    np.testing.assert_array_equal(distances_of_all(measured, queries), distances_of_all(metric, queries))


@given(asked_rows())
def test_a_row_is_recognised_only_as_a_row_of_the_same_bytes(rows):
    found = MeasuredOnce(metric=Euclidean(), features=KNOWN).rows_of(rows)
    known = {row.tobytes() for row in KNOWN}
    is_known = rows.dtype == KNOWN.dtype and all(row.tobytes() in known for row in rows)
    assert (found is not None) == is_known
    if found is not None:
        assert KNOWN[found].tobytes() == np.ascontiguousarray(rows).tobytes()


def test_two_rows_of_one_hash_are_not_taken_for_each_other(monkeypatch):
    monkeypatch.setattr(measured_once, "hash", lambda content: 0, raising=False)
    measured = MeasuredOnce(metric=Euclidean(), features=KNOWN)
    for rows in (KNOWN[:1], KNOWN[5:9], KNOWN):
        np.testing.assert_array_equal(
            measured.pairwise(rows, KNOWN[3:]), Euclidean().pairwise(rows, KNOWN[3:])
        )
    assert measured.rows_of(KNOWN[:1]).tolist() == [0]
    assert measured.rows_of(KNOWN) is None


def test_known_rows_are_not_measured_again():
    metric = Watched()
    measured = MeasuredOnce(metric=metric, features=KNOWN)
    measured.pairwise(KNOWN[3:5], KNOWN[[7, 1]])
    assert sum(metric.pairs) < len(KNOWN) ** 2
    once = list(metric.pairs)
    measured.prepare(KNOWN[:20])(KNOWN[20:])
    distances_of_all(measured, KNOWN[[4, 9, 2]])
    assert metric.pairs == once
    measured.pairwise(KNOWN[:2], KNOWN[:3] + 1)
    measured.prepare(KNOWN[:3])(KNOWN[:4] + 1)
    measured.prepare(KNOWN[:3] + 1)(KNOWN[:4])
    assert metric.pairs == [*once, 6, 12, 12]


@pytest.mark.parametrize("choice", VECTOR_METRICS, ids=str)
def test_every_vector_metric_is_looked_up_to_the_last_bit(choice):
    metric = made(choice)
    rows = np.random.default_rng(1).random((70, 6)).astype(np.float32)
    measured = MeasuredOnce(metric=metric, features=rows, distances=all_distances(metric, rows))
    order = np.random.default_rng(2).permutation(70)
    training, held_out = rows[order[:50]], rows[order[50:]]
    np.testing.assert_array_equal(measured.rows_of(training), order[:50])
    np.testing.assert_array_equal(
        measured.prepare(training)(held_out), distances_from(metric, training)(held_out)
    )
    np.testing.assert_array_equal(distances_of_all(measured, training), distances_of_all(metric, training))


def test_photos_are_recognised_like_vectors():
    photos = np.random.default_rng(0).integers(0, 256, size=(20, 6, 5, 3), dtype=np.uint8)
    metric = PixelDifference()
    measured = MeasuredOnce(metric=metric, features=photos)
    np.testing.assert_array_equal(
        measured.pairwise(photos[4:6], photos[[9, 2]]), metric.pairwise(photos[4:6], photos[[9, 2]])
    )
    assert measured.rows_of(photos[[9, 2]]).tolist() == [9, 2]
    assert measured.rows_of(photos[:2].astype(np.float64)) is None  # as prototypes are
    assert measured.rows_of(photos[:2].reshape(2, 5, 6, 3)) is None


def test_of_several_arrays_all_must_be_known():
    features = {"b": KNOWN, "a": np.arange(24, dtype=np.int64)[:, None]}
    measured = MeasuredOnce(metric=Watched(), features=features)
    assert measured.rows_of({"a": features["a"][[7, 3]], "b": KNOWN[[7, 3]]}).tolist() == [7, 3]
    assert measured.rows_of({"a": features["a"][[7, 3]], "b": KNOWN[[7, 4]] + 1}) is None
    assert measured.rows_of({"b": KNOWN}) is None
    assert measured.rows_of(KNOWN) is None


def test_it_embeds_if_the_metric_does_and_not_otherwise():
    for metric, embeds in ((Cosine(), True), (Watched(), False)):
        measured = MeasuredOnce(metric=metric, features=KNOWN)
        assert hasattr(measured, "embed") is embeds
        assert not hasattr(measured, "fitted")
    np.testing.assert_array_equal(
        MeasuredOnce(metric=Cosine(), features=KNOWN).embed(KNOWN), Cosine().embed(KNOWN)
    )
    assert MeasuredOnce(metric=made(use("minkowski", p=4)), features=KNOWN).p == 4


def test_it_survives_copying_and_pickling():
    measured = MeasuredOnce(metric=Euclidean(), features=KNOWN)
    for other in (copy.copy(measured), copy.deepcopy(measured), pickle.loads(pickle.dumps(measured))):  # noqa: S301
        np.testing.assert_array_equal(other.pairwise(KNOWN, KNOWN), measured.pairwise(KNOWN, KNOWN))


def test_what_is_looked_up_cannot_change_what_is_known():
    measured = MeasuredOnce(metric=Euclidean(), features=KNOWN)
    before = measured.pairwise(KNOWN, KNOWN)
    measured.prepare(KNOWN)(KNOWN)[:] = -1
    measured.pairwise(KNOWN, KNOWN)[:] = -1
    np.testing.assert_array_equal(measured.pairwise(KNOWN, KNOWN), before)
    with pytest.raises(ValueError, match="read-only"):
        all_distances(Euclidean(), KNOWN)[0, 0] = 1


@pytest.mark.parametrize("n", [0, 1, 15, 16, 17, 70])
@pytest.mark.parametrize("metric", [Euclidean(), Directed()], ids=["symmetric", "directed"])
def test_all_distances_are_those_of_one_call(metric, n):
    rows = np.random.default_rng(0).normal(size=(n, 3))
    told = []
    found = all_distances(metric, rows, lambda done, of: told.append((done, of)))
    np.testing.assert_array_equal(found, metric.pairwise(rows, rows))
    assert told == sorted(told)
    assert told[-1:] == ([(n, n)] if n else [])


def test_a_symmetric_metric_is_asked_for_about_half_of_the_pairs():
    metric = Watched()
    all_distances(metric, np.random.default_rng(0).normal(size=(320, 3)))
    assert sum(metric.pairs) == sum(16 * 16 * blocks for blocks in range(1, 21))


@pytest.mark.parametrize("broken", [np.nan, -1.0, np.inf])
def test_a_broken_metric_is_named(broken):
    class Broken:
        def pairwise(self, queries, references):
            return np.full((len(queries), len(references)), broken)

    with pytest.raises(PluginError, match="metric Broken: a distance is"):
        all_distances(Broken(), KNOWN)
    measured = MeasuredOnce(metric=Broken(), features=KNOWN, distances=np.zeros((24, 24)))
    with pytest.raises(PluginError, match="metric Broken"):
        measured.prepare(KNOWN + 1)(KNOWN)
    with pytest.raises(PluginError, match="metric Broken"):
        measured.pairwise(KNOWN, KNOWN + 1)


def cases_of(features):
    n = len(next(iter(features.values()))) if isinstance(features, dict) else len(features)
    votes = np.random.default_rng(3).integers(0, 6, size=(n, 2)).astype(float)
    return Cases(ids=[f"c{row:02d}" for row in range(n)], features=features, votes=votes, methods=["a", "b"])


def test_there_is_no_matrix_where_a_part_learns_or_there_are_too_many_cases(monkeypatch):
    plain = SimpleNamespace(metric=Euclidean(), representation=object())
    np.testing.assert_array_equal(distances_once(plain, cases_of(KNOWN)), Euclidean().pairwise(KNOWN, KNOWN))
    learning = SimpleNamespace(fitted=lambda cases, neighbours=None: None)
    assert distances_once(SimpleNamespace(metric=learning, representation=object()), cases_of(KNOWN)) is None
    assert (
        distances_once(SimpleNamespace(metric=Euclidean(), representation=learning), cases_of(KNOWN)) is None
    )
    monkeypatch.setattr(measured_once, "MOST_CASES_IN_MEMORY", 23)
    assert distances_once(plain, cases_of(KNOWN)) is None


def test_a_fused_metric_learns_from_parts_that_are_measured_once():
    rng = np.random.default_rng(4)
    features = {"colour": rng.normal(size=(40, 3)), "shape": rng.normal(size=(40, 2))}
    colour, shape = Watched(), Watched()
    fused = Fused(parts={"colour": colour, "shape": shape}, weights="votes")
    cases = cases_of(features)
    known = measured_in_parts(fused, cases.features)
    for fold in range(4):
        training = cases.take(np.arange(40) % 4 != fold)
        held_out = {name: rows[np.arange(40) % 4 == fold] for name, rows in features.items()}
        ours = known.fitted(training)
        theirs = Fused(parts={"colour": Watched(), "shape": Watched()}, weights="votes").fitted(training)
        assert dict(ours.weights) == dict(theirs.weights)
        np.testing.assert_array_equal(
            ours.prepare(training.features)(held_out), theirs.prepare(training.features)(held_out)
        )
    assert sum(colour.pairs) <= 40 * 40
    assert sum(shape.pairs) <= 40 * 40


def test_a_metric_without_parts_stays_as_it_is():
    for metric in (Euclidean(), Directed()):
        assert measured_in_parts(metric, KNOWN) is metric
        assert measured_in_parts(metric, {"a": KNOWN}) is metric
