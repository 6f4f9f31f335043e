"""Claims are decided by what was tested, allowing for all of it; the p against scipy and hand arithmetic."""

import attrs
import numpy as np
import pytest
from scipy import stats

from cbrkit_xai.errors import ParameterError
from cbrkit_xai.evaluation.questions.stated_margin import StatedMargin
from cbrkit_xai.evaluation.reproduction.claims.claim import AskedClaim, decided
from cbrkit_xai.evaluation.reproduction.claims.implied_comparison import (
    CANNOT_TELL,
    DOES_NOT_HOLD,
    HOLDS,
    ImpliedComparison,
)
from cbrkit_xai.evaluation.reproduction.claims.rounds import between, longer, sign_p
from cbrkit_xai.evaluation.reproduction.claims.tested import Contrast, alike, directed

RNG = np.random.default_rng(0)


def comparison(p_for=1.0, p_against=1.0, **more):
    return ImpliedComparison(about="this", estimate=1.0, p_for=p_for, p_against=p_against, **more)


def claim(*comparisons, letter="x", quantifier="every"):
    return AskedClaim(
        letter=letter, statement="s", quote="q", how="h", comparisons=comparisons, quantifier=quantifier
    )


def verdict(*comparisons, **more):
    return decided([claim(*comparisons, **more)])[0].verdict


def test_a_claim_about_all_holds_only_if_every_comparison_speaks_for_it():
    assert verdict(comparison(0.01), comparison(0.04)) == HOLDS
    assert verdict(comparison(0.01), comparison(0.06)) == CANNOT_TELL


def test_a_claim_about_all_is_refuted_by_one_comparison_if_it_is_clear_among_so_many():
    many = [comparison(0.001) for _ in range(9)]
    assert verdict(*many, comparison(1.0, 0.004)) == DOES_NOT_HOLD
    assert verdict(*many, comparison(1.0, 0.006)) == CANNOT_TELL


def test_a_claim_about_some_holds_by_one_comparison_if_it_is_clear_among_so_many():
    open_ones = [comparison(0.5, 0.5) for _ in range(4)]
    assert verdict(comparison(0.009), *open_ones, quantifier="some") == HOLDS
    assert verdict(comparison(0.011), *open_ones, quantifier="some") == CANNOT_TELL


def test_a_claim_about_some_is_refuted_only_if_every_comparison_speaks_against_it():
    assert verdict(comparison(1.0, 0.01), comparison(1.0, 0.03), quantifier="some") == DOES_NOT_HOLD
    assert verdict(comparison(1.0, 0.01), comparison(1.0, 0.2), quantifier="some") == CANNOT_TELL


def test_claims_are_corrected_for_each_other_by_holm():
    found = decided([claim(comparison(0.01)), claim(comparison(0.03)), claim(comparison(0.02))])
    # Holm by hand: .01 x 3, then .02 x 2, then max(.03, .04).
    assert [one.p_adjusted for one in found] == pytest.approx([0.03, 0.04, 0.04])
    assert [one.verdict for one in found] == [HOLDS] * 3
    assert decided([claim(comparison(0.02)), claim(comparison(0.03))])[1].p_adjusted == pytest.approx(0.04)


def test_an_untested_claim_counts_among_those_that_were_asked():
    untested = claim(ImpliedComparison(about="that", problem="no photos"))
    found = decided([claim(comparison(0.03)), untested])
    assert found[0].p_adjusted == pytest.approx(0.06)
    assert found[1].verdict == CANNOT_TELL
    assert found[1].sentence == "Can't tell: that: no photos."


def test_a_claim_without_comparisons_cannot_be_told():
    assert decided([claim()])[0].sentence == "Can't tell: there is nothing here to compare."


UNTESTED = ImpliedComparison(about="SSIM linear", problem="there are no pixels")


def test_a_claim_about_all_never_holds_where_some_of_it_could_not_be_tested():
    found = decided([claim(comparison(0.01), comparison(0.02), UNTESTED)])[0]
    assert (found.verdict, found.where_tested) == (CANNOT_TELL, HOLDS)
    assert found.sentence == (
        "Can't tell: it holds where it could be tested, in 2 of 3 comparisons; for these p = 0.02, the other "
        "claims allowed for. Not tested: SSIM linear: there are no pixels."
    )


def test_a_claim_about_some_is_never_refuted_where_some_of_it_could_not_be_tested():
    against = comparison(1.0, 0.001)
    found = decided([claim(against, against, UNTESTED, quantifier="some")])[0]
    assert (found.verdict, found.where_tested) == (CANNOT_TELL, DOES_NOT_HOLD)
    assert "it does not hold where it could be tested, in 2 of 3 comparisons" in found.sentence


def test_what_could_not_be_tested_is_allowed_for_as_it_was_asked():
    # Bonferroni over three by hand: .01 x 3 and .02 x 3, whether or not the third could be tested.
    assert decided([claim(comparison(1.0, 0.01), comparison(), UNTESTED)])[0].p_adjusted == pytest.approx(
        0.03
    )
    assert verdict(comparison(1.0, 0.01), comparison(), UNTESTED) == DOES_NOT_HOLD
    assert verdict(comparison(1.0, 0.02), comparison(), UNTESTED) == CANNOT_TELL
    assert verdict(comparison(0.02), comparison(), UNTESTED, quantifier="some") == CANNOT_TELL


def test_what_could_not_be_tested_is_told_where_something_else_decides():
    found = decided([claim(comparison(1.0, 0.001), UNTESTED, UNTESTED)])[0]
    assert found.verdict == DOES_NOT_HOLD
    assert "of 3 comparisons 1 against it, 2 not tested" in found.sentence
    assert found.sentence.endswith("Not tested: SSIM linear; SSIM linear: there are no pixels.")


def test_a_long_reason_is_told_in_short_and_stands_whole_in_the_row():
    long = f"not applicable: there are no pixels, and no features; {'name the folder ' * 5}"
    found = decided([claim(comparison(0.01), attrs.evolve(UNTESTED, problem=long))])[0]
    assert found.sentence.endswith("Not tested: SSIM linear: not applicable: there are no pixels.")
    assert found.to_json()["comparisons"][1]["problem"] == long


def test_a_claim_of_which_nothing_could_be_tested_says_why():
    found = decided([claim(UNTESTED, UNTESTED)])[0]
    assert found.verdict == found.where_tested == CANNOT_TELL
    assert found.sentence == (
        "Can't tell: none of 2 comparisons could be made; SSIM linear: there are no pixels."
    )


def test_what_the_paper_does_not_claim_is_shown_and_decides_nothing():
    beside = attrs.evolve(comparison(1.0, 1e-9), is_claimed=False)
    found = decided([claim(comparison(0.01), comparison(0.02), beside)])[0]
    assert found.verdict == HOLDS
    assert "of 2 comparisons 2 for it" in found.sentence
    assert found.to_json()["comparisons"][2]["is_claimed"] is False
    assert verdict(comparison(0.01), attrs.evolve(UNTESTED, is_claimed=False)) == HOLDS


def test_no_comparison_may_speak_for_a_claim_and_against_it():
    with pytest.raises(ParameterError, match="at most one of them small"):
        comparison(0.02, 0.03)


def test_the_sentence_names_what_speaks_against_the_claim():
    found = decided([claim(attrs.evolve(comparison(1.0, 0.001), about="SSIM below LF"))])[0]
    assert found.sentence.startswith("Does not hold: its one comparison is against it")
    assert "SSIM below LF" in found.sentence


def test_json_has_no_number_that_is_none():
    content = decided([claim(comparison(0.01), ImpliedComparison(about="that", problem="none"))])[0].to_json()
    assert content["comparisons"][1]["p_for"] is None
    assert content["comparisons"][0]["reading"] == HOLDS
    assert (content["verdict"], content["where_tested"]) == (CANNOT_TELL, HOLDS)


def contrast(values, share=0.25):
    return Contrast(folds=np.asarray(values, dtype=float), test_over_training=share)


def corrected(values, share, boundary):
    """Nadeau and Bengio by hand: two-sided and the two one-sided p."""
    n = len(values)
    t = (np.mean(values) - boundary) / np.sqrt((1 / n + share) * np.var(values, ddof=1))
    law = stats.t(n - 1)
    return 2 * law.sf(abs(t)), law.cdf(t), law.sf(t)


@pytest.mark.parametrize(("sign", "boundary"), [(-1, 0.0), (1, 0.0), (-1, 0.4)])
def test_a_direction_is_tested_by_the_corrected_t(sign, boundary):
    values = RNG.normal(0.2, 0.3, size=20)
    found = directed("x", contrast(values), sign, boundary=boundary)
    p = corrected(values, 0.25, boundary)[0]
    points_there = sign * (values.mean() - boundary) > 0
    assert (found.p_for, found.p_against) == pytest.approx((p, 1) if points_there else (1, p))
    assert found.estimate == pytest.approx(values.mean())


def test_where_predictions_rest_on_one_case_its_variance_counts_if_it_is_the_larger():
    values = np.random.default_rng(3).normal(0.2, 0.3, size=20)
    bare = contrast(values)
    of_folds = (1 / 20 + 0.25) * np.var(values, ddof=1)
    smaller, larger = (attrs.evolve(bare, least_variance=times * of_folds) for times in (0.5, 4.0))
    assert directed("x", smaller, 1).interval == directed("x", bare, 1).interval
    found = directed("x", larger, 1)
    assert found.p_for == pytest.approx(2 * stats.t(19).sf(values.mean() / (2 * np.sqrt(of_folds))))
    within = [
        alike("x", attrs.evolve(one, folds=values - values.mean()), MARGIN, 0.81, numbers={}).p_for
        for one in (bare, larger)
    ]
    assert within[1] > within[0]


MARGIN = StatedMargin(votes=0.1, source="stated")
"""From a mean squared error of 0.81 it is 2 x 0.9 x 0.1 + 0.1² = 0.19 votes²."""


def alike_by(values, margin=MARGIN):
    return alike("x", contrast(values), margin, 0.81, numbers={})


def spread_about(mean, spread, n=30):
    """Return n numbers of exactly this mean and standard deviation."""
    values = RNG.normal(size=n)
    return mean + spread * (values - values.mean()) / values.std(ddof=1)


def one_sided(values, boundary):
    """P of a mean below the boundary, and of one above it, by hand."""
    return corrected(values, 0.25, boundary)[1:]


def test_alike_is_shown_by_excluding_a_large_difference_on_both_sides():
    values = spread_about(0.01, 0.05)
    found = alike_by(values)
    below, above = one_sided(values, 0.19)[0], one_sided(values, -0.19)[1]
    assert found.p_for == pytest.approx(max(below, above))
    assert found.p_against == 1.0
    assert found.reading == HOLDS
    assert found.note == ""


@pytest.mark.parametrize("sign", [-1, 1])
def test_unlike_is_shown_by_a_difference_beyond_the_margin_on_either_side(sign):
    values = spread_about(sign * 0.4, 0.1)
    found = alike_by(values)
    beyond = one_sided(values, 0.19)[1] if sign > 0 else one_sided(values, -0.19)[0]
    assert found.p_against == pytest.approx(2 * beyond)
    assert found.reading == DOES_NOT_HOLD


def test_a_difference_that_is_there_and_too_small_to_matter_speaks_for_alike_and_is_told():
    values = spread_about(0.08, 0.05)
    assert corrected(values, 0.25, 0.0)[0] < 0.01
    found = alike_by(values)
    assert found.reading == HOLDS
    assert found.note == "There is a difference, and it is smaller than what was said to matter."


def test_a_difference_that_is_there_and_of_no_certain_size_speaks_for_nothing():
    found = alike_by(spread_about(0.19, 0.12))
    assert corrected(spread_about(0.19, 0.12), 0.25, 0.0)[0] < 0.01
    assert found.reading == CANNOT_TELL
    assert "whether it is as large as what was said to matter can't be told" in found.note


def test_no_difference_is_both_alike_and_unlike():
    for mean in np.linspace(-0.6, 0.6, 25):
        for spread in (0.01, 0.1, 1.0):
            found = alike_by(spread_about(mean, spread))
            assert max(found.p_for, found.p_against) > 0.5


def test_finding_no_difference_is_not_finding_none():
    found = alike_by(spread_about(0.0, 5.0))
    assert found.p_against > 0.05
    assert found.reading == CANNOT_TELL


@pytest.mark.parametrize(
    ("mean", "said"), [(0.3, "There is a difference (p"), (0.0, "No difference is shown (p")]
)
def test_without_a_margin_nothing_is_decided_and_the_difference_is_told(mean, said):
    found = alike_by(
        spread_about(mean, 0.1), StatedMargin(votes=np.nan, source="", problem="there is no margin")
    )
    assert found.problem == "there is no margin"
    assert found.reading == CANNOT_TELL
    assert found.note.startswith(said)


def test_differences_without_variance_cannot_be_tested():
    found = directed("x", contrast([0.5] * 10), -1)
    assert "no variance" in found.problem
    assert found.reading == CANNOT_TELL


@pytest.mark.parametrize("boundary", [0.5, 1.0, 2.0])
def test_the_sign_test_is_scipys(boundary):
    values = RNG.lognormal(size=25)
    above = int((values > boundary).sum())
    expected = stats.binomtest(above, 25, 0.5, alternative="greater").pvalue
    assert sign_p(values, boundary) == pytest.approx(expected)


def test_rounds_that_equal_the_boundary_do_not_count():
    assert sign_p(np.array([1.0, 1, 1, 2, 2]), 1.0) == pytest.approx(0.25)
    assert sign_p(np.array([1.0, 1.0]), 1.0) == 1.0


def test_a_ratio_between_bounds_speaks_for_them_and_one_beyond_against():
    inside, beyond = np.full(20, 10.0), np.full(20, 40.0)
    assert between("x", inside, 5, 20, {}).reading == HOLDS
    assert between("x", beyond, 5, 20, {}).reading == DOES_NOT_HOLD
    assert between("x", np.array([4.0, 6.0] * 10), 5, 20, {}).reading == CANNOT_TELL


def test_what_takes_longer_in_every_round_takes_longer():
    assert longer("x", np.full(8, 1.5), {}).p_for == pytest.approx(1 / 256)
    assert longer("x", np.full(8, 0.5), {}).p_against == pytest.approx(1 / 256)
