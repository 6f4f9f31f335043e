"""What goes into a store comes out of it, the same."""

import sqlite3
from types import SimpleNamespace

import attrs
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from cbrkit_xai import CaseBase, CaseStore, use
from cbrkit_xai.case import Ballot, Case, Target, method_name
from cbrkit_xai.errors import CaseBaseError, FeaturesError, InternalError
from cbrkit_xai.stores import writing
from cbrkit_xai.stores.addition import Addition

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
METHODS = st.text(st.characters(exclude_categories=["Cs"]), max_size=8).map(method_name).filter(bool)
NUMBERS = st.floats(min_value=0, allow_nan=False, allow_infinity=False)
BALLOTS = st.builds(
    Ballot,
    votes=st.dictionaries(METHODS, NUMBERS, min_size=1, max_size=4),
    source=st.sampled_from(["human", "automatic"]),
    voter=TEXTS,
    family=TEXTS,
)
TARGETS = st.builds(
    Target,
    classifier=TEXTS,
    index=st.integers(0, 2**62),
    label=TEXTS,
    probability=st.none() | st.floats(0, 1),
)
CASES = st.builds(
    Case,
    id=TEXTS,
    image_sha256=TEXTS,
    image_name=TEXTS,
    ballots=st.lists(BALLOTS, max_size=3, unique_by=lambda one: (one.source, one.voter or object())),
    target=st.none() | TARGETS,
    seconds=st.dictionaries(METHODS, NUMBERS, max_size=2),
)
ROWS = hnp.arrays(
    dtype=st.sampled_from(["<f4", ">f4", "<f8", "u1", "<i8", "?", "<f2"]),
    shape=hnp.array_shapes(min_dims=1, max_dims=3, min_side=0, max_side=3),
)


@pytest.fixture
def store(tmp_path):
    with CaseStore.create(tmp_path / "base.cbr") as store:
        yield store


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    cases=st.lists(
        CASES,
        max_size=4,
        unique_by=(lambda case: case.id, lambda case: case.key, lambda case: case.image_sha256),
    ),
    row=ROWS,
)
def test_any_case_with_any_features_comes_back_equal(tmp_path_factory, cases, row):
    path = tmp_path_factory.mktemp("any") / "base.cbr"
    with CaseStore.create(path) as store:
        store.add_many([Addition(case=case, features={"f": row}) for case in cases], allow_mixed=True)
    base = CaseBase.load(path)
    assert list(base.cases) == cases
    assert [list(case.votes) for case in base.cases] == [list(case.votes) for case in cases]
    for case in cases:
        np.testing.assert_array_equal(base.features["f"][case.image_sha256], row)
        assert base.features["f"][case.image_sha256].shape == row.shape


def test_a_new_base_is_empty_and_named_after_its_file(tmp_path):
    CaseStore.create(tmp_path / "my-study.cbr").close()
    base = CaseBase.load(tmp_path / "my-study.cbr")
    assert (base.name, base.about, len(base), base.revision) == ("my-study", "", 0, 0)
    assert base.path == tmp_path / "my-study.cbr"


def test_name_and_about_are_kept(tmp_path):
    CaseStore.create(tmp_path / "x.cbr", name="Ünïcode 研究", about="No people\nvoted.").close()
    base = CaseBase.load(tmp_path / "x.cbr")
    assert (base.name, base.about) == ("Ünïcode 研究", "No people\nvoted.")


def test_cases_come_in_the_order_they_were_added(store, a_case):
    for identifier in ("c", "a", "b"):
        store.add(a_case(identifier))
    assert store.load().ids == ("c", "a", "b")


def test_a_taken_id_is_changed_and_the_stored_case_says_so(store, a_case):
    stored = [store.add(a_case("a", photo=photo)) for photo in ("p", "q", "r")]
    assert [case.id for case in stored] == ["a", "a-2", "a-3"] == list(store.load().ids)


def test_the_same_explanation_gains_ballots_and_not_a_second_case(store, a_case):
    store.add(a_case())
    more = Ballot(votes={"xrai": 1}, source="human", voter="ben")
    stored = store.add(a_case("other", photo="a", ballots=[more], seconds={"lime": 9, "ig": 2}))
    assert stored == attrs.evolve(a_case(), ballots=[*a_case().ballots, more], seconds={"lime": 1.5, "ig": 2})
    assert store.load().cases == (stored,)


def test_another_class_or_classifier_or_none_is_another_case_of_the_same_photo(store, a_case):
    targets = [
        None,
        Target(classifier="net", index=3),
        Target(classifier="net", index=4),
        Target(classifier="o", index=3),
    ]
    for target in targets:
        store.add(a_case(target=target))
        store.add(a_case(target=target, ballots=[Ballot(votes={"lime": 1}, source="human")]))
    base = store.load()
    assert [case.target for case in base.cases] == targets
    assert all(len(case.ballots) == 2 for case in base.cases)


def test_the_next_snapshot_in_memory_is_the_one_the_store_loads(store, a_case, a_row):
    base = store.load()
    ben = Ballot(votes={"xrai": 1}, source="human", voter="ben")
    again = a_case("x", photo="a", ballots=[ben])
    for case, row in [(a_case("a"), a_row), (a_case("b"), a_row + 1), (again, a_row + 2)]:
        stored = store.add(case, features={"f": row}, representations={"f": use("latent", norm="none")})
        base = base.with_case(case, {"f": row})
        assert stored in base.cases
    assert base.content_hash == store.load().content_hash
    assert base.revision == store.revision == 3


def test_one_transaction_is_one_revision_whatever_it_holds(store, a_case):
    store.add_many([Addition(case=a_case(name)) for name in "abc"])
    assert store.revision == 1
    store.add(a_case("d"))
    assert store.revision == store.load().revision == 2


def test_what_changes_nothing_is_no_revision(store, a_case, a_row):
    store.add(a_case(), features={"f": a_row})
    store.add(a_case(ballots=[]), features={"f": a_row})
    store.add_many([])
    store.add_features("f", None, {a_case().image_sha256: a_row})
    assert store.revision == 1


def test_adding_many_is_all_or_nothing(store, a_case):
    def additions():
        yield Addition(case=a_case("a"))
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        store.add_many(additions())
    assert len(store.load()) == store.revision == 0
    store.add(a_case("b"))
    assert store.load().ids == ("b",)


def test_representations_come_back_with_their_parameters(store, a_case, a_row):
    choice = use("several", parts=[use("latent", norm="none"), use("histogram")], weights=[0.5, 1])
    store.add(a_case(), features={"f": a_row}, representations={"f": choice})
    assert store.load().representations == {"f": choice}


def test_features_stored_first_stay(store, a_case, a_row):
    store.add(a_case(), features={"f": a_row})
    store.add(a_case(ballots=[]), features={"f": a_row + 1e-5})
    np.testing.assert_array_equal(store.load().features["f"][a_case().image_sha256], a_row)


def test_missing_features_can_be_filled_in_later(store, a_case, a_row):
    store.add(a_case())
    store.add_features("f", use("latent"), {a_case().image_sha256: a_row})
    base = store.load()
    np.testing.assert_array_equal(base.features["f"][a_case().image_sha256], a_row)
    assert base.representations["f"] == use("latent")


def test_features_of_a_photo_no_case_is_about_are_refused(store, a_row):
    with pytest.raises(CaseBaseError, match="no case is about the photo 0000"):
        store.add_features("f", None, {"0" * 64: a_row})


def test_features_that_do_not_fit_the_others_are_refused_and_nothing_is_stored(store, a_case, a_row):
    store.add(a_case("a"), features={"f": a_row})
    with pytest.raises(FeaturesError, match=r"float32 \(5,\).*'f'.*float32 \(4,\)"):
        store.add(a_case("b"), features={"f": np.zeros(5, dtype=np.float32)})
    assert store.load().ids == ("a",)


@pytest.mark.parametrize("row", [np.array([object()]), np.array(["text"]), [1.0], {"a": np.zeros(2)}])
def test_what_is_no_array_of_numbers_is_refused(store, a_case, row):
    with pytest.raises(FeaturesError, match="cannot be stored"):
        store.add(a_case(), features={"f": row})


def test_features_that_come_back_cannot_be_written(store, a_case, a_row):
    store.add(a_case(), features={"f": a_row})
    with pytest.raises(ValueError, match="read-only"):
        store.load().features["f"][a_case().image_sha256][0] = 1


def test_raw_votes_stand_in_the_file_with_where_they_come_from(store, a_case):
    store.add_many([Addition(case=a_case(), origin_rows=[7])], origin="votes.csv", origin_sha256="ab")
    with sqlite3.connect(store.path) as raw:
        rows = raw.execute(
            "SELECT cases.id, source, voter, family, key, value, origin, origin_row, added_at IS NOT NULL"
            " FROM ballots JOIN cases USING (place) JOIN changes USING (revision), json_each(votes)"
            " ORDER BY key"
        ).fetchall()
    raw.close()
    assert rows == [
        ("a", "human", "anna", "", "ig", 0.0, "votes.csv", 7, 1),
        ("a", "human", "anna", "", "lime", 2.0, "votes.csv", 7, 1),
    ]


def test_the_time_of_a_change_is_not_part_of_the_content(tmp_path, a_case):
    hashes = set()
    for day in ("1", "2"):
        with CaseStore.create(tmp_path / f"{day}.cbr", clock=lambda day=day: f"2030-01-0{day}") as store:
            store.add(a_case())
            hashes.add(store.load().content_hash)
    assert len(hashes) == 1


def test_text_that_is_no_unicode_is_refused_in_one_line(store, a_case):
    with pytest.raises(CaseBaseError, match="cannot be stored"):
        store.add(a_case(image_name="\udcff.jpg"))
    assert len(store.load()) == 0


def test_a_mistake_of_ours_is_told_as_one():
    with pytest.raises(InternalError, match="report this as a bug") as caught:
        writing._number(SimpleNamespace(lastrowid=None))
    assert caught.value.exit_code == 1


def test_a_closed_store_says_so(tmp_path, a_case):
    store = CaseStore.create(tmp_path / "base.cbr")
    store.close()
    store.close()
    with pytest.raises(CaseBaseError, match="closed"):
        store.add(a_case())


def test_creating_never_overwrites(tmp_path, a_case):
    with CaseStore.create(tmp_path / "base.cbr") as store:
        store.add(a_case())
    with pytest.raises(CaseBaseError, match="is there already"):
        CaseStore.create(tmp_path / "base.cbr")
    assert len(CaseBase.load(tmp_path / "base.cbr")) == 1


def test_creating_in_a_folder_that_is_not_there_says_so(tmp_path):
    with pytest.raises(CaseBaseError, match="its folder does not exist"):
        CaseStore.create(tmp_path / "no" / "base.cbr")


def test_a_closed_store_is_one_file(tmp_path, a_case):
    with CaseStore.create(tmp_path / "base.cbr") as store:
        store.add(a_case())
    CaseBase.load(tmp_path / "base.cbr")
    assert [path.name for path in tmp_path.iterdir()] == ["base.cbr"]


@pytest.mark.parametrize(
    "name", ["a b.cbr", "what?.cbr", "a#b.cbr", "100%25.cbr", "研究 é.cbr", "file:x.cbr", "a&b=c.cbr"]
)
def test_any_file_name_works(tmp_path, a_case, name):
    with CaseStore.create(tmp_path / name) as store:
        store.add(a_case())
    assert CaseBase.load(tmp_path / name).ids == ("a",)
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_a_relative_path_works(tmp_path, a_case, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with CaseStore.create("base.cbr") as store:
        store.add(a_case())
    assert CaseBase.load("base.cbr").ids == ("a",)
