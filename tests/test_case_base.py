from __future__ import annotations

import attrs
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cbrkit_xai import Ballot, Case, CaseBase, Target, open_image, use
from cbrkit_xai.case_base import unique_id
from cbrkit_xai.errors import CaseBaseError, FeaturesError, ParameterError
from cbrkit_xai.images import encode_png
from cbrkit_xai.pictures import Pictures

NAN = float("nan")


def human(voter="", **votes):
    return Ballot(votes=votes, source="human", voter=voter)


def judge(voter="", family="", **votes):
    return Ballot(votes=votes, source="automatic", voter=voter, family=family)


def case(name, *ballots, **changes):
    return Case(**{"id": name, "image_sha256": f"sha-{name}", "ballots": ballots, **changes})


def base(*cases, **changes):
    return CaseBase(**{"name": "small", "cases": cases, **changes})


class Red:
    """The first value of each photo; counts how often it is asked."""

    fingerprint = "red/1"
    stored_as = None

    def __init__(self):
        self.asked = 0

    def describe(self, images):
        self.asked += len(images)
        return np.asarray(images)[:, 0, 0, :1].astype(np.float32)


class Doubled:
    """Twice the red, derived from it."""

    fingerprint = "doubled/1"

    def __init__(self):
        self.stored_as = Red()

    def describe(self, images):
        raise AssertionError("it can be derived")

    def derive(self, stored):
        return 2 * stored


class Several:
    """Two arrays for each photo."""

    fingerprint = "several/1"

    def describe(self, images):
        return {"red": Red().describe(images), "size": np.full((len(images), 1), images.shape[1])}


def photo(red):
    return encode_png(np.full((224, 224, 3), red, dtype=np.uint8))


# Votes ----------------------------------------------------------------------------------------------------


def test_nobody_asked_is_not_a_number_and_nobody_voted_is_0(tiny_base):
    assert tiny_base.methods == ("lime", "xrai")
    np.testing.assert_array_equal(tiny_base.votes, [[4, 1], [2, 3], [0, 5], [5, NAN]])
    assert tiny_base.votes.dtype == np.float64


def test_ballots_of_a_case_are_summed_in_its_row():
    one = base(case("a", human(lime=1, xrai=0), human(lime=2)), case("b", human(ig=1)))
    assert one.methods == ("ig", "lime", "xrai")
    np.testing.assert_array_equal(one.votes, [[NAN, 3, 0], [1, NAN, NAN]])
    np.testing.assert_array_equal(one.effective_voters, [3, 1])


def test_an_empty_base_has_no_rows():
    assert base().votes.shape == (0, 0)
    assert (len(base()), base().methods, base().ids) == (0, (), ())


def test_two_cases_cannot_share_an_id():
    with pytest.raises(CaseBaseError, match="small: two cases have the same id"):
        base(case("a", human(lime=1)), case("a", human(lime=2), image_sha256="other"))


@pytest.mark.parametrize(
    ("ballots", "words"),
    [
        ([human(lime=1)], "votes: people"),
        ([judge("d1", "deletion", lime=1)], "votes: automatic (1 judge family, not people)"),
        (
            [
                judge("d1", "deletion", lime=1),
                judge("d2", "deletion", lime=1),
                judge("i1", "insertion", lime=1),
            ],
            "votes: automatic (2 judge families, not people)",
        ),
        ([judge(lime=3)], "votes: automatic (1 judge family, not people)"),
        ([human(lime=1), judge("alone", lime=1)], "votes: people and automatic (1 judge family, not people)"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_the_provenance_never_passes_judges_off_as_people(ballots, words):
    assert base(*(case(f"c{row}", ballot) for row, ballot in enumerate(ballots))).provenance == words


def test_whoever_voted_and_whichever_classifier_was_explained_is_known():
    one = base(
        case("a", human(lime=1), target=Target(classifier="net/1", index=3)),
        case("b", judge(lime=1), target=Target(classifier="net/2", index=3)),
        case("c", judge(lime=1)),
    )
    assert one.sources == {"human", "automatic"}
    assert one.classifiers == {"net/1", "net/2"}


def test_the_seconds_of_a_method_are_the_median_of_those_measured():
    times = [{"lime": 1.0}, {"lime": 9.0, "xrai": 4.0}, {"lime": 2.0}]
    one = base(*(case(f"c{row}", human(lime=1), seconds=each) for row, each in enumerate(times)))
    assert dict(one.seconds) == {"lime": 2.0, "xrai": 4.0}


def test_a_case_is_found_by_its_id(tiny_base):
    assert tiny_base.case("red").votes == {"lime": 0.0, "xrai": 5.0}
    assert [tiny_base.row_of[name] for name in tiny_base.ids] == [0, 1, 2, 3]


def test_an_id_that_is_not_there_gets_the_nearest_that_is(tiny_base):
    with pytest.raises(CaseBaseError) as caught:
        tiny_base.case("darkred")
    assert str(caught.value) == (
        "tiny: there is no case 'darkred'; allowed: ids of the 4 cases; did you mean 'dark-red'?"
    )


def test_votes_about_a_method_that_is_new_here_are_refused_with_the_nearest(tiny_base):
    tiny_base.refuse_new_methods({"lime": 1.0})
    with pytest.raises(ParameterError) as caught:
        tiny_base.refuse_new_methods({"lime": 1.0, "limee": 2.0})
    assert str(caught.value) == (
        "votes: nobody was asked about 'limee' in 'tiny'; allowed: lime, xrai; did you mean 'lime'? "
        "for a new method pass --allow-new-methods (allow_new_methods=True)"
    )


def test_a_base_without_votes_knows_no_methods_and_refuses_none():
    base(case("a")).refuse_new_methods({"lime": 1.0})


# Nothing ever changes -------------------------------------------------------------------------------------


def test_no_column_or_feature_of_a_base_can_be_written(tiny_base, registry):
    columns = tiny_base.columns(registry.create("representation", "mean-colour"))
    row = tiny_base.features["mean-colour/1"]["sha-red"]
    for array in (tiny_base.votes, tiny_base.effective_voters, columns.features, columns.votes, row):
        with pytest.raises(ValueError, match="read-only"):
            array[...] = 0
    for mapping in (
        tiny_base.features,
        tiny_base.features["mean-colour/1"],
        tiny_base.representations,
        tiny_base.row_of,
    ):
        with pytest.raises(TypeError):
            mapping["other"] = row
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        tiny_base.cases = ()


def test_lists_passed_in_can_change_afterwards_and_the_base_does_not(tiny_base):
    cases = list(tiny_base.cases)
    features = {"f": {"sha-red": np.zeros(1)}}
    one = CaseBase(name="n", cases=cases, features=features)
    cases.pop()
    features["f"]["sha-blue"] = np.zeros(1)
    assert len(one) == 4
    assert set(one.features["f"]) == {"sha-red"}


# The content hash -----------------------------------------------------------------------------------------

TARGET = Target(classifier="net/1", index=3, label="cat", probability=0.5)
ONE = case("a", human("ann", lime=1, xrai=0), target=TARGET, seconds={"lime": 1.0}, image_name="a.jpg")
ROWS = {"f": {"sha-a": np.array([1.0, 2.0], dtype=np.float32)}}
PLAIN = base(ONE, features=ROWS)


@pytest.mark.parametrize(
    "other",
    [
        base(attrs.evolve(ONE, seconds={"lime": 9.0}), features=ROWS),
        attrs.evolve(PLAIN, revision=9, name="other", about="text"),
        base(attrs.evolve(ONE, ballots=[human("ann", xrai=0, lime=1)]), features=ROWS),
    ],
    ids=["times", "revision and name", "order of methods"],
)
def test_the_content_hash_does_not_change_with_what_no_prediction_depends_on(other):
    assert other.content_hash == PLAIN.content_hash


@pytest.mark.parametrize(
    "changes",
    [
        {"ballots": [human("ann", lime=2, xrai=0)]},
        {"ballots": [human("ann", lime=1)]},
        {"ballots": [human("ann", lime=1, ig=0)]},
        {"ballots": [human("bob", lime=1, xrai=0)]},
        {"ballots": [judge("ann", lime=1, xrai=0)]},
        {"ballots": [judge("ann", "deletion", lime=1, xrai=0)]},
        {"ballots": [human("ann", lime=1), human("ann", xrai=0)]},
        {"id": "b"},
        {"target": None},
        {"target": attrs.evolve(TARGET, index=4)},
        {"target": attrs.evolve(TARGET, classifier="net/2")},
    ],
    ids=str,
)
def test_the_content_hash_changes_with_every_vote_voter_and_target(changes):
    assert base(attrs.evolve(ONE, **changes), features=ROWS).content_hash != PLAIN.content_hash


@pytest.mark.parametrize(
    "rows",
    [
        {},
        {"g": ROWS["f"]},
        {"f": {"sha-a": np.array([1.0, 2.5], dtype=np.float32)}},
        {"f": {"sha-a": np.array([1.0, 2.0], dtype=np.float64)}},
        {"f": {"sha-a": np.array([[1.0], [2.0]], dtype=np.float32)}},
        {"f": {"sha-b": np.array([1.0, 2.0], dtype=np.float32)}},
        {"f": ROWS["f"], "g": ROWS["f"]},
    ],
    ids=str,
)
def test_the_content_hash_changes_with_every_feature(rows):
    assert base(ONE, features=rows).content_hash != PLAIN.content_hash


def test_the_content_hash_depends_on_the_order_of_cases_but_not_of_their_features(tiny_base):
    rows = tiny_base.features["mean-colour/1"]
    turned = {"mean-colour/1": dict(reversed(rows.items()))}
    assert attrs.evolve(tiny_base, features=turned).content_hash == tiny_base.content_hash
    assert attrs.evolve(tiny_base, cases=tiny_base.cases[::-1]).content_hash != tiny_base.content_hash


def test_the_content_hash_reads_values_not_memory():
    wide = np.array([1.0, 9.0, 2.0, 9.0], dtype=np.float32)[::2]
    assert base(ONE, features={"f": {"sha-a": wide}}).content_hash == PLAIN.content_hash


# Columns --------------------------------------------------------------------------------------------------


def test_columns_are_what_is_stored_in_the_order_of_the_cases(tiny_base, registry):
    columns = tiny_base.columns(registry.create("representation", "mean-colour"))
    assert columns.ids == ("black", "dark-red", "red", "blue")
    assert columns.groups == ("sha-black", "sha-dark-red", "sha-red", "sha-blue")
    np.testing.assert_array_equal(columns.features, [[0, 0, 0], [30, 0, 0], [100, 0, 0], [0, 0, 40]])
    np.testing.assert_array_equal(columns.votes, tiny_base.votes)


def test_two_cases_of_one_photo_are_one_group_and_share_its_features():
    one = base(
        case("a", human(lime=1), image_sha256="sha", target=Target(classifier="net/1", index=1)),
        case("b", human(lime=2), image_sha256="sha", target=Target(classifier="net/1", index=2)),
        pictures=Pictures(embedded={"sha": photo(7)}),
    )
    red = Red()
    columns = one.columns(red)
    assert columns.groups == ("sha", "sha")
    assert columns.features.tolist() == [[7.0], [7.0]]
    assert red.asked == 1


def test_missing_features_are_described_from_the_pictures_and_only_those():
    red, told = Red(), []
    one = base(
        case("a", human(lime=1)),
        case("b", human(lime=2)),
        features={"red/1": {"sha-a": np.array([1.0], dtype=np.float32)}},
        pictures=Pictures(embedded={"sha-a": photo(99), "sha-b": photo(2)}),
    )
    assert one.columns(
        red, progress=lambda done, all_of_them: told.append((done, all_of_them))
    ).features.tolist() == [[1.0], [2.0]]
    assert red.asked == 1
    assert told == [(1, 1)]


def test_several_arrays_at_once_are_described_from_the_pictures():
    one = base(
        case("a", human(lime=1)),
        case("b", human(lime=2)),
        pictures=Pictures(embedded={"sha-a": photo(9), "sha-b": photo(2)}),
    )
    columns = one.columns(Several())
    assert {name: part.tolist() for name, part in columns.features.items()} == {
        "red": [[9.0], [2.0]],
        "size": [[224], [224]],
    }
    assert columns.take([1]).features["red"].tolist() == [[2.0]]


@pytest.mark.parametrize(
    "held", [{}, {"doubled/1": {"sha-a": np.array([8.0])}}], ids=["none held", "some held"]
)
def test_features_are_derived_from_those_that_they_are_stored_as(held):
    rows = {"sha-a": np.array([4.0]), "sha-b": np.array([5.0])}
    one = base(case("a", human(lime=1)), case("b", human(lime=2)), features={"red/1": rows, **held})
    assert one.columns(Doubled()).features.tolist() == [[8.0], [10.0]]


def test_features_that_are_held_whole_are_not_derived():
    rows = {"doubled/1": {"sha-a": np.array([7.0])}, "red/1": {"sha-a": np.array([4.0])}}
    assert base(case("a", human(lime=1)), features=rows).columns(Doubled()).features.tolist() == [[7.0]]


def test_what_it_is_stored_as_is_itself_described_from_the_pictures():
    one = base(case("a", human(lime=1)), pictures=Pictures(embedded={"sha-a": photo(6)}))
    assert one.columns(Doubled()).features.tolist() == [[12.0]]


def test_features_neither_stored_nor_computable_name_what_is_held_and_the_next_step(tiny_base):
    with pytest.raises(FeaturesError) as caught:
        tiny_base.columns(Red())
    assert str(caught.value) == (
        "tiny: not applicable: this base holds no pixels, and no features 'red/1' for 4 of its photos; "
        "allowed: features held: 'mean-colour/1'; name the folder with its photos: --images DIR"
    )


def test_a_base_that_lacks_some_pixels_says_how_many():
    one = base(
        case("a", human(lime=1)), case("b", human(lime=1)), pictures=Pictures(embedded={"sha-a": photo(1)})
    )
    with pytest.raises(
        FeaturesError,
        match=r"lacks the pixels of 1 photos, and no features 'red/1' for 1 of its photos; .*held: none",
    ):
        one.columns(Red())


def test_a_photo_judged_twice_is_one_photo_without_pixels():
    one = base(
        case("a", human(lime=1), image_sha256="sha"),
        case("b", human(lime=1), image_sha256="sha", target=TARGET),
    )
    with pytest.raises(FeaturesError, match="holds no pixels, and no features 'red/1' for 1 of its photos"):
        one.columns(Red())


def test_a_folder_of_photos_fills_in_what_is_missing(tmp_path):
    (tmp_path / "a.png").write_bytes(photo(6))
    sha256 = open_image(tmp_path / "a.png").sha256
    one = base(case("a", human(lime=1), image_sha256=sha256, image_name="a.png"))
    assert one.with_images(tmp_path).columns(Red()).features.tolist() == [[6.0]]
    with pytest.raises(FeaturesError):
        one.columns(Red())


# The next snapshot ----------------------------------------------------------------------------------------


def test_a_new_case_makes_the_next_snapshot_and_leaves_this_one(tiny_base):
    row = np.array([1.0, 2.0, 3.0], dtype=np.float32)
    after = tiny_base.with_case(case("new", human(ig=1)), {"mean-colour/1": row, "other/1": row[:1]})
    assert after.ids == (*tiny_base.ids, "new")
    assert after.methods == ("ig", "lime", "xrai")
    assert after.revision == tiny_base.revision + 1
    np.testing.assert_array_equal(after.features["mean-colour/1"]["sha-new"], row)
    assert set(after.features["other/1"]) == {"sha-new"}
    assert (len(tiny_base), set(tiny_base.features)) == (4, {"mean-colour/1"})
    assert "sha-new" not in tiny_base.features["mean-colour/1"]
    assert tiny_base.methods == ("lime", "xrai")


def test_a_photo_judged_again_for_the_same_class_gains_ballots_and_no_second_case(tiny_base):
    again = case("another-id", human(lime=2, ig=1), image_sha256="sha-red")
    after = tiny_base.with_case(again, {"mean-colour/1": np.array([9.0, 9.0, 9.0])})
    assert after.ids == tiny_base.ids
    assert after.case("red").votes == {"lime": 2.0, "xrai": 5.0, "ig": 1.0}
    assert len(after.case("red").ballots) == 2
    assert after.features["mean-colour/1"]["sha-red"].tolist() == [100.0, 0.0, 0.0]  # what is stored stays
    assert after.revision == tiny_base.revision + 1
    assert after.content_hash != tiny_base.content_hash
    assert tiny_base.case("red").votes == {"lime": 0.0, "xrai": 5.0}


def test_a_photo_judged_for_another_class_is_another_case(tiny_base):
    after = tiny_base.with_case(case("red-2", human(lime=1), image_sha256="sha-red", target=TARGET), {})
    assert after.ids == (*tiny_base.ids, "red-2")
    assert after.row_of_key(case("x", human(lime=1), image_sha256="sha-red", target=TARGET)) == 4
    assert tiny_base.row_of_key(case("x", human(lime=1), image_sha256="sha-red", target=TARGET)) is None


def test_pixels_come_with_the_new_case(tiny_base):
    after = base(case("a", human(lime=1))).with_case(case("b", human(lime=1)), {}, photo(3))
    assert after.pictures.open("sha-b").pixels[0, 0].tolist() == [3, 3, 3]
    assert "sha-a" not in after.pictures


@given(st.text("ab-23", min_size=1, max_size=4), st.lists(st.text("ab-23", max_size=4)))
def test_a_unique_id_is_the_one_wanted_or_the_first_free_number(wanted, taken):
    found = unique_id(wanted, taken)
    assert found not in taken
    if found != wanted:
        stem, _, number = found.rpartition("-")
        assert stem == wanted
        assert wanted in taken
        assert all(f"{wanted}-{n}" in taken for n in range(2, int(number)))


def test_the_photos_of_coco200_are_all_there_to_be_opened(coco200):
    import csv

    with (coco200 / "manifest.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 200
    assert use("latent") == use("latent")
