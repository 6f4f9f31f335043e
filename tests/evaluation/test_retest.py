"""How far judges repeat themselves is told of what they said again, and of nothing else."""

from __future__ import annotations

import attrs
import numpy as np
import pytest

from cbrkit_xai import Ballot, Case, CaseBase
from cbrkit_xai.evaluation.experiment import evaluate
from cbrkit_xai.evaluation.holding_out.protocol import Protocol
from cbrkit_xai.evaluation.retest import retest
from cbrkit_xai.evaluation.scoring.noise_floor import noise_floor_of


def ballot(voter, source="automatic", **votes):
    return Ballot(votes=votes, source=source, voter=voter, family="one")


def base_of(*ballots):
    cases = [
        Case(id=f"c{place}", image_sha256=f"sha-{place}", ballots=some) for place, some in enumerate(ballots)
    ]
    return CaseBase(name="made up", cases=cases)


def test_the_scatter_of_repeated_ballots_by_hand():
    base = base_of(
        [ballot("blur", lime=1, xrai=0), ballot("blur", lime=0, xrai=0), ballot("mean", lime=1, xrai=0)],
        [ballot("mean", lime=2, ig=5), ballot("mean", lime=4, xrai=7), ballot("mean", lime=6)],
    )
    found = retest(base)
    # Variances: of 1 and 0 it is 1/2, of 0 and 0 it is 0; of 2, 4 and 6 it is 4. The rest has no second.
    assert found.rmse == pytest.approx(np.sqrt((0.5 + 0 + 4) / 3))
    assert (found.repeated, found.ballots, found.judges) == (2, 6, 2)
    assert "scatters by 1.22 votes (2 pairs of photo and judge asked more than once)" in found.sentence


def test_who_is_not_named_repeats_nobody_and_peoples_ballots_do_not_count():
    base = base_of(
        [ballot("", lime=1), ballot("", lime=0)],
        [ballot("ann", "human", lime=1), ballot("ann", "human", lime=0), ballot("blur", lime=1)],
    )
    found = retest(base)
    assert found.rmse is None
    assert (found.repeated, found.ballots) == (0, 3)
    assert retest(base_of([ballot("ann", "human", lime=1)])) is None


def test_no_judge_of_the_bundled_base_was_asked_twice():
    base = CaseBase.bundled("coco200-auto")
    by_hand = [(case.id, one.voter) for case in base.cases for one in case.ballots]
    assert len(by_hand) == len(set(by_hand)) == 775
    found = retest(base)
    assert (found.rmse, found.repeated, found.ballots, found.judges) == (None, 0, 775, 5)
    assert found.sentence.endswith("of 775 ballots by 5 judges none is a judge's second about the same photo")


def test_where_no_floor_is_defined_the_retest_stands_in_its_place(tiny_base, registry, tiny_configuration):
    arguments = {"ks": (1,), "protocol": Protocol(folds=2, repeats=1), "registry": registry, "baselines": ()}
    told = {}
    for times in (0, 1, 2):
        ballots = [ballot("blur", lime=place, xrai=1) for place in range(times)]
        cases = [attrs.evolve(case, ballots=ballots or case.ballots) for case in tiny_base.cases]
        evaluation = evaluate(
            attrs.evolve(tiny_base, cases=cases),
            [tiny_configuration],
            confidence=False,
            nested=False,
            **arguments,
        )
        told[times] = noise_floor_of(evaluation).sentence
    assert "retest" not in told[0]
    assert "of 4 ballots by 1 judge none is a judge's second about the same photo" in told[1]
    assert "In its place, test-retest: asked again" in told[2]
    assert "scatters by 0.5 votes (4 pairs" in told[2]  # variances of 1/2 and 0
