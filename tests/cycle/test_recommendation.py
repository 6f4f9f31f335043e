"""The answer as JSON, as words, and compared with another."""

import json
import math

import attrs
import pytest
from made_up import METHODS, World, base_of, configuration, photo, registry_with

from cbrkit_xai import Target, use
from cbrkit_xai.confidence import Confidence, Mixture
from cbrkit_xai.recommendation import Precedent, Recommendation

NAN = math.nan


def precedent(identifier="a", votes=None, **changes):
    given = {
        "id": identifier,
        "distance": 0.25,
        "weight": 1.0,
        "votes": votes or {},
        "members": (identifier,),
    }
    return Precedent(**{**given, **changes})


def answer_of(precedents, **changes):
    given = {
        "photo": "cat.jpg",
        "image_sha256": "0" * 64,
        "configuration": "made-up/linear@custom",
        "base": "made up",
        "provenance": "votes: people",
        "voted_by": "people",
        "ranking": ["xrai", "lime", "ig"],
        "votes": {"xrai": 3.0, "lime": 2.0, "ig": 0.0},
        "confidence": {"xrai": 0.5, "lime": 0.4, "ig": 0.1},
        "basis": "similar-cases",
        "conformal_set": ("xrai", "lime"),
        "statement": "similar cases predict votes better than the overall average in this base",
        "skill": 0.2,
        "skill_interval": (0.1, 0.3),
        "similar_votes": {"xrai": 3.0, "lime": 2.0, "ig": 0.0},
        "overall_votes": {"xrai": 1.0, "lime": 2.5, "ig": 0.0},
        "precedents": precedents,
        "familiarity": 0.5,
        "out_of_experience": False,
        "seconds": {"decode": 0.1},
    }
    return Recommendation(**{**given, **changes})


THREE_FOR = [precedent(name, {"xrai": 4, "lime": 1}, label="zebra") for name in ("a", "b", "c")]
ONE_AGAINST = precedent("d", {"xrai": 1, "lime": 3}, label="pizza", distance=0.5)


# --- in words


def test_the_reasons_count_and_list_who_speaks_for_the_method_and_who_against():
    assert answer_of([*THREE_FOR[:2], ONE_AGAINST]).because.text == (
        "Of the 3 most similar photos, xrai led in 2 (a: zebra, distance 0.25, votes xrai 4 lime 1; "
        "b: zebra, distance 0.25, votes xrai 4 lime 1). "
        "Against: lime led in 1 (d: pizza, distance 0.5, votes xrai 1 lime 3). "
        "The overall average would say lime."
    )


def test_several_opponents_are_counted_one_method_at_a_time():
    others = [precedent("e", {"ig": 2}), precedent("f", {"lime": 2}), ONE_AGAINST]
    assert (
        "Against: ig led in 1 (e: distance 0.25, votes ig 2), lime led in 2 (f: "
        in answer_of(others).because.text
    )


def test_a_tie_speaks_for_the_method_and_is_called_one():
    tie = precedent("a", {"xrai": 2, "lime": 2})
    assert tie.winners == ("xrai", "lime")
    because = answer_of([tie, ONE_AGAINST]).because
    assert because.supporting == (tie,)
    assert because.opposing == (ONE_AGAINST,)
    assert "xrai led in 1, level with another (a: distance 0.25, votes xrai 2 lime 2)" in because.text
    text = answer_of([*THREE_FOR, tie]).because.text
    assert "xrai led in 4, in 1 of them level with another (a: " in text


def test_a_tie_of_others_names_both():
    assert (
        "Against: lime and ig led in 1"
        in answer_of([precedent("a", {"lime": 2, "ig": 2, "xrai": 1})]).because.text
    )


def test_where_nobody_disagrees_that_is_said():
    text = answer_of(THREE_FOR).because.text
    assert "Of the 3 most similar photos, xrai led in 3 (" in text
    assert "None speaks against it." in text


def test_where_none_supports_the_method_that_is_said():
    assert answer_of([ONE_AGAINST] * 2).because.text.startswith(
        "Of the 2 most similar photos, xrai led in none. Against: lime led in 2 ("
    )


def test_a_single_neighbour_is_not_counted():
    assert answer_of(THREE_FOR[:1]).because.text.startswith("In the most similar photo, xrai led (a: zebra, ")
    text = answer_of([ONE_AGAINST]).because.text
    assert text.startswith("In the most similar photo, xrai did not lead. Against: lime led in 1 (d: ")


def test_neighbours_without_votes_speak_neither_for_nor_against():
    because = answer_of([precedent("a", {"xrai": 0, "lime": 0}), precedent("b")]).because
    assert (because.supporting, because.opposing) == ((), ())
    assert (
        because.text == "Of the 2 most similar photos, xrai led in none. The overall average would say lime."
    )


def test_prototypes_are_called_so_with_their_size_and_mean_votes():
    prototype = precedent(
        "prototype-00", {"xrai": 2.0625, "lime": 1.5}, is_prototype=True, members=[str(n) for n in range(16)]
    )
    assert answer_of([prototype] * 2).because.text.startswith(
        "Of the 2 most similar prototypes, xrai led in 2 "
        "(prototype-00: 16 photos, distance 0.25, mean votes xrai 2.06 lime 1.5; "
    )
    assert answer_of([prototype, *THREE_FOR]).because.text.startswith(
        "Of the 4 most similar photos and prototypes, xrai led in 4 ("
    )


def test_an_average_that_agrees_is_said_to():
    text = answer_of(THREE_FOR, overall_votes={"xrai": 3.0, "lime": 2.0, "ig": NAN}).because.text
    assert text.endswith("The overall average says the same.")


def test_where_the_average_decides_its_statement_comes_first():
    text = answer_of([ONE_AGAINST], basis="overall", statement="similarity does not help").because.text
    assert text.startswith(
        "Similarity does not help, so the overall average decides. In the most similar photo"
    )
    assert "would say" not in text


def test_a_photo_without_neighbours_has_reasons_too():
    assert answer_of([]).because.text.startswith("No similar photo was found.")


def test_votes_of_judges_are_called_so_in_text_and_json():
    provenance = "votes: automatic (2 judge families, not people)"
    answer = answer_of(THREE_FOR, provenance=provenance)
    assert answer.because.text.endswith(f"[{provenance}]")
    assert answer.to_json()["provenance"] == provenance
    assert "automatic" not in answer_of(THREE_FOR).because.text


def test_the_words_through_the_whole_cycle_name_ids_classes_distances_and_votes():
    images = [photo([3 * number, 0, 0, 0, 0, 0], str(number)) for number in range(3)]
    rows = [[0, 0, 1, 4], [0, 0, 2, 2], [0, 0, 5, 0]]
    base = base_of(
        images, rows, source="automatic", voter="blur", target=Target(classifier="n", index=0, label="cat")
    )
    answer = configuration(k=2).fit(base, registry=registry_with()).recommend(photo([1, 0, 0, 0, 0, 0]))
    assert answer.because.text == (
        "Too few cases with votes (3) to tell whether similarity predicts votes, "
        "so the overall average decides. "
        "Of the 2 most similar photos, lime led in 1, level with another "
        "(case-001: cat, distance 2, votes lime 2 xrai 2). "
        "Against: xrai led in 1 (case-000: cat, distance 1, votes lime 1 xrai 4). "
        "[votes: automatic (1 judge family, not people)]"
    )


def stated(skill, low, high):
    mixture = Mixture(lam=0.5, concentration=1.0, overall=(0.5, 0.5), ballots=1)
    return Confidence(
        methods=("a", "b"),
        mixture=mixture,
        overall_mixture=mixture,
        skill=skill,
        skill_interval=(low, high),
        cases=200,
        conformal_threshold=None,
    ).statement


def test_the_skill_is_stated_with_three_digits_and_never_as_minus_nothing():
    assert stated(-0.0011, -0.0084, 0.0068).endswith("(skill -0.001, 95 % interval -0.008 to 0.007)")
    assert stated(-0.0001, -0.00049, 0.0).endswith("(skill 0.000, 95 % interval 0.000 to 0.000)")


# --- as JSON


@pytest.fixture(scope="module")
def answers():
    """Every kind of answer: similar, overall, out of experience, with prototypes, with NaN."""
    world = World(seed=1, signal=1.5)
    images, votes = world.sample(60, 0)
    votes[:50, 3] = NAN
    registry = registry_with()
    base = base_of(images, votes, seconds={"lime": 2.0})
    found = []
    for organizer in ("linear", use("dbscan-prototypes", min_samples=3, eps=30.0)):
        recommender = configuration(organizer=organizer, k=3).fit(base, registry=registry)
        found += recommender.recommend_many([*world.sample(3, 1)[0], photo([255, 0] * 3)], cost_weight=0.1)
        found.append(recommender.recommend(images[0], methods=["xrai", "lime"]))
    return [*found, configuration().fit(world.base(3), registry=registry).recommend(images[0])]


def test_json_is_strict_and_comes_back_as_it_was(answers):
    assert any(math.isnan(vote) for answer in answers for vote in answer.similar_votes.values())
    assert {answer.basis for answer in answers} >= {"similar-cases", "out-of-experience", "overall"}
    for answer in answers:
        written = answer.to_json()
        assert json.loads(json.dumps(written, allow_nan=False)) == written


def test_json_says_what_the_answer_says(answers):
    for answer in answers:
        value = answer.to_json()
        fields = {field.name for field in attrs.fields(Recommendation)}
        assert set(value) == fields | {"best", "because"}
        assert value["best"] == answer.ranking[0] == answer.best
        assert value["because"]["text"] == answer.because.text
        assert value["because"]["for"] == [one.id for one in answer.because.supporting]
        assert list(value["votes"]) == list(answer.ranking)
        for method, vote in answer.votes.items():
            assert value["votes"][method] == (None if math.isnan(vote) else vote)
        assert [one["id"] for one in value["precedents"]] == [one.id for one in answer.precedents]
        assert value["conformal_set"] is None or set(value["conformal_set"]) <= set(METHODS)


def test_a_method_not_asked_is_null_not_zero():
    assert answer_of([], votes={"xrai": 3.0, "lime": NAN, "ig": 0.0}).to_json()["votes"] == {
        "xrai": 3.0,
        "lime": None,
        "ig": 0.0,
    }


# --- compared


def test_answers_that_differ_in_their_times_alone_are_equal():
    assert answer_of(THREE_FOR, seconds={"decode": 9.0}) == answer_of(THREE_FOR)


@pytest.mark.parametrize(
    "change",
    [
        {"votes": {"xrai": 3.0, "lime": 2.0, "ig": 0.1}},
        {"confidence": {"xrai": 0.5, "lime": 0.3, "ig": 0.2}},
        {"precedents": THREE_FOR[:2]},
        {"familiarity": 0.4},
        {"basis": "overall"},
    ],
    ids=lambda change: next(iter(change)),
)
def test_answers_that_differ_in_anything_else_are_not_equal(change):
    assert answer_of(**{"precedents": THREE_FOR, **change}) != answer_of(THREE_FOR)


def test_answers_with_methods_nobody_was_asked_about_can_be_equal():
    votes = [{"xrai": 1.0, "lime": float("nan"), "ig": float("nan")} for _ in range(2)]
    one, other = (answer_of([], votes=row, similar_votes=row, overall_votes=row) for row in votes)
    assert one == other


def test_an_answer_cannot_be_changed():
    answer = answer_of(THREE_FOR)
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        answer.ranking = ()
    with pytest.raises(TypeError):
        answer.votes["lime"] = 9
