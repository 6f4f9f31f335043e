"""Claims are decided by what was tested, allowing for all of it; the p against scipy and hand arithmetic."""

import attrs
import numpy as np
import pytest
from scipy import stats

from cbrkit_xai.evaluation.reproduction.claims.claim import (
    CANNOT_TELL,
    DOES_NOT_HOLD,
    HOLDS,
    AskedClaim,
    ImpliedComparison,
    decided,
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


def test_comparisons_that_could_not_be_made_leave_the_others_to_decide():
    found = decided([claim(comparison(0.01), ImpliedComparison(about="that", problem="no folds"))])[0]
    assert found.verdict == HOLDS
    assert "1 more could not be made" in found.sentence


def test_the_sentence_names_what_speaks_against_the_claim():
    found = decided([claim(attrs.evolve(comparison(1.0, 0.001), about="SSIM below LF"))])[0]
    assert found.sentence.startswith("Does not hold: its one comparison is against it")
    assert "SSIM below LF" in found.sentence


def test_json_has_no_number_that_is_none():
    content = decided([claim(comparison(0.01), ImpliedComparison(about="that", problem="none"))])[0].to_json()
    assert content["comparisons"][1]["p_for"] is None
    assert content["comparisons"][0]["reading"] == HOLDS
    assert content["verdict"] == HOLDS


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


def test_alike_is_shown_by_excluding_a_large_difference_on_both_sides():
    values = RNG.normal(0.0, 0.05, size=30)
    found = alike("x", contrast(values), 0.2)
    _, below, _ = corrected(values, 0.25, 0.2)
    _, _, above = corrected(values, 0.25, -0.2)
    assert found.p_for == pytest.approx(max(below, above))
    assert found.p_against == pytest.approx(corrected(values, 0.25, 0.0)[0])
    assert found.reading == HOLDS


def test_finding_no_difference_is_not_finding_none():
    noisy = RNG.normal(0.0, 5.0, size=10)
    found = alike("x", contrast(noisy), 0.2)
    assert found.p_against > 0.05
    assert found.reading == CANNOT_TELL


def test_without_a_margin_nothing_can_be_shown_alike():
    assert alike("x", contrast(RNG.normal(0, 1e-6, size=10)), 0.0).p_for == 1.0
    assert alike("x", contrast(RNG.normal(0, 1e-6, size=10)), np.nan).p_for == 1.0


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
