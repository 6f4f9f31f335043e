"""Claim (h): what is shown for it is not shown against it, and what is next to none says so."""

import itertools

import pytest

from cbrkit_xai.evaluation.reproduction.alignment import Alignment
from cbrkit_xai.evaluation.reproduction.claims.best_method_shared import (
    THERE_AND_NEGLIGIBLE,
    best_method_shared,
)
from cbrkit_xai.evaluation.reproduction.claims.claim import decided
from cbrkit_xai.evaluation.reproduction.claims.implied_comparison import CANNOT_TELL, DOES_NOT_HOLD, HOLDS
from cbrkit_xai.evaluation.reproduction.hypothesis import Hypothesis, OfMetric
from cbrkit_xai.evaluation.reproduction.mantel import MantelResult
from cbrkit_xai.evaluation.reproduction.papers_configurations import PapersConfiguration

NAMES = ("hist-euc", "hist-cos", "lf-euc", "lf-cos", "ssim")


def of_metric(r, p, p_below):
    mantel = MantelResult(r=r, p=p, p_below=p_below, interval=(r - 0.05, r + 0.05), draws=999)
    return OfMetric(winners=mantel, shares=mantel, alignment=Alignment(per_case=[0.5], mean=0.5), k=5)


def claim_of(*metrics, missing=()):
    found = {name: one for name, one in zip(NAMES, metrics, strict=False) if name not in missing}
    configurations = [PapersConfiguration(name=name, missing="no pixels") for name in NAMES[: len(metrics)]]
    hypothesis = Hypothesis(metrics=found, draws=999, photos=100, left_out=0)
    return decided([best_method_shared(hypothesis, configurations)])[0]


CLEAR = of_metric(0.3, 0.001, 1.0)
NEXT_TO_NONE = of_metric(0.01, 0.4, 0.002)
BOTH = of_metric(0.05, 0.002, 0.003)
OPEN = of_metric(0.08, 0.08, 0.3)


def test_one_metric_by_which_near_photos_share_the_winner_is_enough():
    assert claim_of(CLEAR, NEXT_TO_NONE, OPEN, OPEN, OPEN).verdict == HOLDS


def test_correlations_that_are_all_shown_to_be_next_to_none_refute_it():
    assert claim_of(*[NEXT_TO_NONE] * 5).verdict == DOES_NOT_HOLD


def test_one_metric_of_which_nothing_is_shown_keeps_it_open():
    assert claim_of(NEXT_TO_NONE, NEXT_TO_NONE, NEXT_TO_NONE, NEXT_TO_NONE, OPEN).verdict == CANNOT_TELL


def test_one_metric_that_could_not_be_tested_keeps_it_from_being_refuted():
    found = claim_of(*[NEXT_TO_NONE] * 5, missing=["ssim"])
    assert (found.verdict, found.where_tested) == (CANNOT_TELL, DOES_NOT_HOLD)
    assert "Not tested: photos near by SSIM share the winner: no pixels." in found.sentence


def test_a_correlation_that_is_there_and_next_to_none_speaks_for_it_alone_and_says_so():
    found = claim_of(BOTH, NEXT_TO_NONE)
    both, none = found.asked.comparisons
    assert (both.p_for, both.p_against) == (0.002, 1.0)
    assert both.note == THERE_AND_NEGLIGIBLE
    assert none.note == ""
    assert "By HIST-EUC the correlation is there, and shown to be below 0.1." in found.asked.meaning
    # What speaks for the claim by one metric keeps it from being refuted by the others.
    assert found.asked.p_against == 1.0


@pytest.mark.parametrize(("p", "p_below"), list(itertools.product((0.001, 0.049, 0.051, 0.9), repeat=2)))
def test_no_metric_speaks_for_it_and_against_it(p, p_below):
    found = claim_of(of_metric(0.05, p, p_below)).asked.comparisons[0]
    assert max(found.p_for, found.p_against) > 0.05
