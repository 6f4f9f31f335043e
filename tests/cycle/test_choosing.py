"""Which methods one may choose from, at what price, from how many neighbours, and in bases of any size."""

import math

import attrs
import numpy as np
import pytest
from made_up import METHODS, World, base_of, case_of, configuration, photo, registry_with

from cbrkit_xai import CaseBase, use
from cbrkit_xai.errors import CaseBaseError, NotOrganizableError, ParameterError

NAN = math.nan
WORLD = World(seed=8, signal=1.5)


@pytest.fixture(scope="module")
def base():
    return WORLD.base(50)


@pytest.fixture(scope="module")
def recommender(base):
    return configuration().fit(base, registry=registry_with())


@pytest.fixture
def image():
    return WORLD.sample(1, 1)[0][0]


# --- methods


def test_fewer_methods_share_the_chance_among_them(recommender, image):
    answer = recommender.recommend(image, methods=["xrai", "ig"])
    assert set(answer.confidence) == set(answer.ranking) == set(answer.votes) == {"ig", "xrai"}
    assert sum(answer.confidence.values()) == pytest.approx(1, abs=1e-12)


def test_two_methods_get_the_chances_of_a_vote_among_these_two(recommender, image):
    # Renormalised Dirichlet shares of two methods, and the beta-binomial of those who vote for either.
    from scipy.stats import betabinom

    whole = recommender.recommend(image)
    mixture = recommender.learnt.confidence.mixture
    rows = [recommender.cases.votes[recommender.base.row_of[one.id]] for one in whole.precedents]
    shares = np.mean([row / row.sum() for row in rows], axis=0)
    mean = dict(
        zip(METHODS, mixture.lam * shares + (1 - mixture.lam) * np.array(mixture.overall), strict=True)
    )
    a, b = (mixture.concentration * mean[method] for method in ("xrai", "ig"))
    n = mixture.ballots
    votes = np.arange(n + 1)
    chances = betabinom.pmf(votes, n, a, b)
    want = chances[votes > n / 2].sum() + chances[votes == n / 2].sum() / 2
    got = recommender.recommend(image, methods=["xrai", "ig"]).confidence["xrai"]
    assert got == pytest.approx(want, abs=1e-9)


def test_the_votes_of_the_methods_left_are_those_of_all(recommender, image):
    whole, part = recommender.recommend(image), recommender.recommend(image, methods=["lime", "ig"])
    assert dict(part.votes) == {method: whole.votes[method] for method in part.ranking}


def test_all_methods_in_another_order_are_the_same_question(recommender, image):
    assert recommender.recommend(image, methods=reversed(METHODS)) == recommender.recommend(image)


def test_no_set_is_claimed_for_a_choice_of_methods(recommender, image):
    assert recommender.recommend(image).conformal_set is not None
    assert recommender.recommend(image, methods=METHODS[:3]).conformal_set is None


def test_the_precedents_speak_about_the_methods_left_alone(recommender, image):
    answer = recommender.recommend(image, methods=["lime", "ig"])
    assert all(set(one.votes) == {"lime", "ig"} for one in answer.precedents)
    assert "xrai" not in answer.because.text


def test_one_method_is_certain(recommender, image):
    answer = recommender.recommend(image, methods=["ig"])
    assert (answer.ranking, dict(answer.confidence)) == (("ig",), {"ig": 1.0})


@pytest.mark.parametrize(
    ("methods", "message"),
    [
        (
            ["lime", "xray"],
            r"nobody was asked about 'xray'; allowed: anchors, ig, lime, xrai; did you mean 'xrai'",
        ),
        ([], "no method to choose from; allowed: anchors, ig, lime, xrai"),
        ("lime", r"'lime' is a text; allowed: .*; write \['lime'\]"),
        ([3], "nobody was asked about 3"),
    ],
)
def test_methods_that_cannot_be_chosen_are_refused_with_those_that_can(recommender, image, methods, message):
    with pytest.raises(ParameterError, match=f"methods: {message}"):
        recommender.recommend(image, methods=methods)


# --- the price of time


@pytest.fixture(scope="module")
def timed(base):
    seconds = {"anchors": 10.0, "ig": 0.5, "lime": 2.0}
    cases = [attrs.evolve(case, seconds=seconds) for case in base.cases]
    return configuration().fit(attrs.evolve(base, cases=cases), registry=registry_with())


@pytest.mark.parametrize("cost_weight", [0.0, 0.1, 0.5, 3])
def test_the_ranking_is_by_votes_less_the_price_of_seconds(timed, cost_weight):
    seconds = {"anchors": 10.0, "ig": 0.5, "lime": 2.0, "xrai": 0.0}
    for image in WORLD.sample(10, 1)[0]:
        answer = timed.recommend(image, cost_weight=cost_weight)
        worth = {method: answer.votes[method] - cost_weight * seconds[method] for method in METHODS}
        values = [worth[method] for method in answer.ranking]
        assert values == sorted(values, reverse=True)


def test_a_price_changes_the_order_and_nothing_else(timed, image):
    free, priced = timed.recommend(image), timed.recommend(image, cost_weight=5.0)
    assert (dict(free.votes), dict(free.confidence)) == (dict(priced.votes), dict(priced.confidence))


def test_a_time_that_is_not_known_is_said(timed, image):
    assert timed.recommend(image, cost_weight=1).warnings == (
        "the time of xrai is not known in this base and counted as 0",
    )
    assert timed.recommend(image).warnings == ()
    assert timed.recommend(image, cost_weight=1, methods=["ig", "lime"]).warnings == ()


def test_where_the_price_decides_the_reasons_say_so(registry):
    votes = [[8, 0, 1, 0]] * 12
    images = [photo([9 * number] * 6, str(number)) for number in range(12)]
    base = base_of(images, votes, seconds={"anchors": 60.0, "ig": 1.0, "lime": 1.0, "xrai": 1.0})
    recommender = configuration().fit(base, registry=registry)
    answer = recommender.recommend(images[0], cost_weight=1)
    assert answer.best == "lime"
    assert "By votes alone anchors would be first" in answer.because.text
    assert "By votes alone" not in recommender.recommend(images[0]).because.text


@pytest.mark.parametrize("cost_weight", [-1, NAN, math.inf, True, "1", None])
def test_what_is_no_price_is_refused(recommender, image, cost_weight):
    with pytest.raises(ParameterError, match=r"cost_weight: .* is no price; allowed: votes a second costs"):
        recommender.recommend(image, cost_weight=cost_weight)


@pytest.mark.parametrize("cost_weight", [np.float32(0.5), np.int64(1), 1])
def test_any_kind_of_number_is_a_price(timed, image, cost_weight):
    assert timed.recommend(image, cost_weight=cost_weight) == timed.recommend(
        image, cost_weight=float(cost_weight)
    )


# --- k


@pytest.mark.parametrize(
    ("organizer", "k"),
    [
        ("linear", 1),
        ("linear", np.int64(7)),
        ("linear", 500),
        (use("dbscan-prototypes", min_samples=3, eps=30.0), 2),
    ],
)
def test_another_k_answers_as_if_fitted_with_it(base, registry, organizer, k):
    chosen = configuration(organizer=organizer, reuse=use("mean", weight="similarity", shrinkage="fitted"))
    asked = chosen.fit(base, registry=registry)
    fitted = chosen.evolve(k=k).fit(base, registry=registry)
    photos = WORLD.sample(34, 1)[0]
    assert asked.recommend_many(photos, k=k) == fitted.recommend_many(photos)


def test_the_configured_k_is_not_learnt_again(recommender, image):
    learnt = recommender.learnt
    assert recommender.recommend(image, k=5) == recommender.recommend(image)
    assert recommender.learnt is learnt


def test_another_k_is_learnt_once(base, registry, image, monkeypatch):
    from cbrkit_xai import cycle

    asked = []

    def counted(*arguments):
        asked.append(arguments[:5])
        return real(*arguments)

    real = cycle.learn
    recommender = configuration().fit(base, registry=registry)
    monkeypatch.setattr(cycle, "learn", counted)
    first = recommender.recommend(image, k=3)
    assert recommender.recommend(image, k=3) == first
    assert [k for *_, k in asked] == [3]


def test_k_beyond_the_base_retrieves_all_of_it(recommender, image):
    assert len(recommender.recommend(image, k=1000).precedents) == 50


def test_one_neighbour_predicts_its_own_votes(recommender, image):
    answer = recommender.recommend(image, k=1)
    (nearest,) = answer.precedents
    assert answer.similar_votes == nearest.votes


@pytest.mark.parametrize("k", [0, -1, 2.0, True, "5"])
def test_what_is_no_k_is_refused(recommender, image, k):
    with pytest.raises(ParameterError, match="k: k is"):
        recommender.recommend(image, k=k)


# --- bases of any size and content


def line(rows, **changes):
    """A base of photos along a line."""
    return base_of([photo([9 * n, 5, 0, 0, 0, 0], str(n)) for n in range(len(rows))], rows, **changes)


def check(answer, methods=METHODS):
    assert sorted(answer.ranking) == sorted(methods)
    assert sum(answer.confidence.values()) == pytest.approx(1)
    assert all(0 <= chance <= 1 for chance in answer.confidence.values())
    answer.to_json()


@pytest.mark.parametrize("reuse", [use("mean"), use("mean", weight="similarity", shrinkage="fitted")])
@pytest.mark.parametrize("size", [1, 2, 3])
def test_a_base_of_very_few_cases_answers_by_its_average_and_says_why(registry, size, reuse):
    recommender = configuration(reuse=reuse).fit(
        line([[1, 2, 3, 4], [4, 0, 0, 0], [0, 1, 0, 7]][:size]), registry=registry
    )
    answer = recommender.recommend(photo([3, 3, 3, 3, 3, 3]))
    check(answer)
    assert (answer.basis, answer.conformal_set, len(answer.precedents)) == ("overall", None, size)
    assert answer.because.text.startswith(f"Too few cases with votes ({size}) to tell whether similarity")


def test_a_base_of_no_cases_is_refused_with_the_next_step(registry):
    with pytest.raises(CaseBaseError, match="empty: has no cases; import votes"):
        configuration().fit(CaseBase(name="empty", cases=[]), registry=registry)


@pytest.mark.parametrize("size", [1, 2, 3])
def test_a_base_too_small_for_clusters_is_not_organizable(registry, size):
    with pytest.raises(NotOrganizableError, match="dbscan-prototypes"):
        configuration(organizer="dbscan-prototypes").fit(line([[1, 0, 0, 0]] * size), registry=registry)


@pytest.mark.parametrize("size", [5, 40])
def test_where_all_votes_are_equal_methods_are_ranked_by_name(registry, size):
    answer = configuration().fit(line([[2, 2, 2, 2]] * size), registry=registry).recommend(photo([1] * 6))
    check(answer)
    assert answer.ranking == METHODS
    assert answer.basis == "overall"


def test_equal_predictions_are_ranked_by_chance_and_then_by_name(registry):
    # lime and xrai have equal means; xrai wins more photos and so has the larger mean share.
    rows = [[0, 0, 9, 0], [0, 0, 0, 3], [0, 0, 0, 3], [0, 0, 0, 3]] * 5
    answer = configuration().fit(line(rows), registry=registry).recommend(photo([1] * 6))
    assert answer.votes["lime"] == answer.votes["xrai"]
    assert answer.ranking == ("xrai", "lime", "anchors", "ig")


def test_a_case_without_a_single_vote_says_nothing_and_harms_nothing(registry):
    rows = [[0, 0, 0, 0], *([[1, 0, 3, 0]] * 20)]
    recommender = configuration().fit(line(rows), registry=registry)
    answer = recommender.recommend(photo([0, 5, 0, 0, 0, 0]))
    check(answer)
    assert recommender.learnt.confidence.cases == 20
    assert answer.best == "lime"
    assert "case-000" not in answer.because.text


def test_a_base_in_which_nobody_voted_for_anything_still_answers(registry):
    answer = configuration().fit(line([[0, 0, 0, 0]] * 12), registry=registry).recommend(photo([1] * 6))
    check(answer)
    assert answer.confidence == pytest.approx(dict.fromkeys(METHODS, 0.25))


def test_a_base_about_one_method_answers_with_it(registry):
    base = line([[2.0], [3.0]] * 20, methods=("lime",))
    answer = configuration().fit(base, registry=registry).recommend(photo([1] * 6))
    assert (answer.ranking, dict(answer.confidence), answer.basis) == (("lime",), {"lime": 1.0}, "overall")


def test_a_method_that_stands_in_no_vote_is_no_method_of_the_base(registry):
    base = line([[1, 2, NAN, 4]] * 20)
    answer = configuration().fit(base, registry=registry).recommend(photo([1] * 6))
    check(answer, ["anchors", "ig", "xrai"])


def similar_only(recommender):
    """The same recommender, made to believe in its similar cases."""
    learnt = recommender.learnt
    confidence = attrs.evolve(learnt.confidence, skill=0.5, skill_interval=(0.4, 0.6))
    return attrs.evolve(recommender, learnt=attrs.evolve(learnt, confidence=confidence))


@pytest.mark.parametrize("organizer", ["linear", use("dbscan-prototypes", min_samples=2, eps=10.0)])
def test_a_method_not_asked_nearby_never_outranks_one_that_was(registry, organizer):
    # Far away everybody wants xrai; nearby nobody was asked about it.
    near = [[1, 1, 2, NAN]] * 12
    far = [[0, 0, 0, 9]] * 20
    images = [photo([number, 0, 0, 0, 0, 0], f"near-{number}") for number in range(12)]
    images += [photo([250, 4 * number, 0, 0, 0, 0], f"far-{number}") for number in range(20)]
    recommender = configuration(organizer=organizer, k=1).fit(
        base_of(images, [*near, *far]), registry=registry
    )
    answer = similar_only(recommender).recommend(photo([3, 1, 0, 0, 0, 0]))
    check(answer)
    assert math.isnan(answer.votes["xrai"])
    assert answer.ranking[-1] == "xrai"
    assert answer.to_json()["votes"]["xrai"] is None


def test_a_method_not_asked_nearby_gets_the_bases_mean_where_predictions_are_shrunk(registry):
    rows = [[1, 1, 2, NAN]] * 20 + [[1, 1, 2, 9]] * 20
    chosen = configuration(k=3, reuse=use("mean", shrinkage=0.5))
    answer = similar_only(chosen.fit(line(rows), registry=registry)).recommend(photo([0, 5, 0, 0, 0, 0]))
    assert answer.votes["xrai"] == 9.0
    assert answer.votes["lime"] == 2.0


def test_cases_asked_about_quite_different_methods_are_learnt_from_without_a_warning(registry):
    rows = [[1, 1, 2, NAN]] * 20 + [[0, 0, 0, 9]] * 20
    assert configuration(k=3).fit(line(rows), registry=registry).learnt.confidence.cases == 40


def test_equal_distances_are_told_apart_by_id(registry):
    images = [photo([100 + side, 0, 0, 0, 0, 0], f"{side}") for side in (5, -5, 5, -5, 5)]
    images = [attrs.evolve(image, sha256=f"{number:064d}") for number, image in enumerate(images)]
    base = base_of(images, np.eye(4)[[0, 1, 2, 3, 0]])
    answer = configuration(k=3).fit(base, registry=registry).recommend(photo([100, 0, 0, 0, 0, 0]))
    assert [one.id for one in answer.precedents] == ["case-000", "case-001", "case-002"]


def test_cases_in_another_order_give_the_same_answer(registry, base):
    order = np.random.default_rng(0).permutation(len(base))
    shuffled = attrs.evolve(base, cases=[base.cases[row] for row in order])
    for organizer in ("linear", use("dbscan-prototypes", min_clustered=0.4)):
        chosen = configuration(organizer=organizer)
        mine = chosen.fit(base, registry=registry).recommend_many(WORLD.sample(5, 1)[0])
        theirs = chosen.fit(shuffled, registry=registry).recommend_many(WORLD.sample(5, 1)[0])
        for one, other in zip(mine, theirs, strict=True):
            assert one.ranking == other.ranking
            assert dict(one.votes) == pytest.approx(dict(other.votes))
            assert dict(one.confidence) == pytest.approx(dict(other.confidence))


def test_a_photo_without_a_target_and_one_with_are_two_cases_of_one_group(registry):
    from cbrkit_xai import Target

    image = photo([7] * 6)
    votes = dict.fromkeys(METHODS, 1.0)
    cases = [
        case_of(image, votes, "a"),
        case_of(image, votes, "b", target=Target(classifier="net", index=1, label="cat")),
    ]
    base = attrs.evolve(line([[1, 0, 0, 0]]), cases=cases)
    features = {image.sha256: np.zeros(6, dtype=np.float32)}
    base = attrs.evolve(base, features={"first-pixels/1": features})
    answer = configuration().fit(base, registry=registry).recommend(image)
    assert [(one.id, one.label) for one in answer.precedents] == [("a", ""), ("b", "cat")]
