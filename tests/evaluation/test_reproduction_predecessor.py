"""The predecessor's leave-one-out and growth curve against plain loops."""

import itertools

import numpy as np
import pytest
from scipy.spatial.distance import cdist

import cbrkit_xai as cx
from cbrkit_xai import Ballot, Case, CaseBase, use
from cbrkit_xai.cases import Cases
from cbrkit_xai.errors import CaseBaseError
from cbrkit_xai.evaluation.holding_out.folds import Folds
from cbrkit_xai.evaluation.holding_out.groups import Groups
from cbrkit_xai.evaluation.holding_out.protocol import Protocol
from cbrkit_xai.evaluation.reproduction import predecessor
from cbrkit_xai.evaluation.reproduction.predecessor import (
    KS,
    growth,
    predecessors_configurations,
    reproduce_predecessor,
)
from cbrkit_xai.evaluation.reproduction.writing import write_predecessor
from cbrkit_xai.evaluation.results import Evaluation, Run

METHODS = ("anchors", "ig", "lime")
BLUE = "blue-hist-bhattacharyya"


@pytest.fixture(autouse=True)
def few_draws(monkeypatch):
    monkeypatch.setattr(predecessor, "DRAWS", 3)


def evaluation_of(votes, groups=None, ks=(1, 3)):
    n, methods = votes.shape
    run = Run(
        label="one",
        role="configuration",
        ks=ks,
        predicted=np.zeros((1, n, len(ks), methods)),
        weight_squares=np.zeros((1, n, len(ks))),
        entries=np.ones((1, n), dtype=int),
    )
    return Evaluation(
        name="made up",
        provenance="votes: people",
        is_automatic=False,
        cases=Cases(
            ids=[f"c{row:02}" for row in range(n)],
            features=np.zeros((n, 0)),
            votes=votes,
            methods=[f"m{column}" for column in range(methods)],
        ),
        effective_voters=np.ones(n),
        classes=("",) * n,
        protocol=Protocol(scheme="leave-one-group-out", repeats=1),
        groups=Groups(labels=np.arange(n) if groups is None else groups),
        folds=Folds(fold_of=[np.arange(n)]),
        runs=[run],
        versions={},
        hashes={},
    )


def left_out(distances, votes, groups, ids, k):
    """Top-1 and pooled RMSE by loops."""
    hits, squares = [], []
    for query in range(len(votes)):
        others = [row for row in range(len(votes)) if groups[row] != groups[query]]
        nearest = sorted(others, key=lambda row: (distances[query, row], ids[row]))[:k]
        if not nearest:
            continue
        predicted = votes[nearest].mean(axis=0)
        squares.append((predicted - votes[query]) ** 2)
        won = votes[query] == votes[query].max()
        best = predicted >= predicted.max() - 1e-9 * abs(predicted).max()
        if won.all():
            continue  # nothing to rank
        hits.append((won / won.sum())[best].mean())
    return np.mean(hits) if hits else np.nan, np.sqrt(np.mean(squares)) if squares else np.nan


@pytest.mark.parametrize("groups", [None, [0, 0, 1, 2, 3, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13]])
def test_at_its_full_size_the_base_is_left_out_case_by_case(groups):
    rng = np.random.default_rng(0)
    votes = rng.integers(0, 4, size=(16, 3)).astype(float)
    near = cdist(*[rng.integers(0, 5, size=(16, 2))] * 2)
    evaluation = evaluation_of(votes, groups)
    found = growth("one", near, evaluation, seed=1)
    assert found.sizes[-1] == 16
    for place, k in enumerate((1, 3)):
        hits, rmse = left_out(near, votes, evaluation.groups.labels, evaluation.cases.ids, k)
        assert found.top_1[:, -1, place] == pytest.approx(np.full(3, hits))
        assert found.rmse[:, -1, place] == pytest.approx(np.full(3, rmse))


def test_a_smaller_base_is_a_base_of_its_own():
    rng = np.random.default_rng(1)
    votes = rng.integers(0, 4, size=(40, 3)).astype(float)
    near = cdist(*[rng.normal(size=(40, 2))] * 2)
    evaluation = evaluation_of(votes)
    found = growth("one", near, evaluation, seed=5)
    assert found.sizes == tuple(range(2, 41, 2))
    for draw, place in itertools.product(range(3), (0, 4, 11)):
        rows = np.sort(np.random.default_rng([5, draw]).permutation(40)[: found.sizes[place]])
        ids = [evaluation.cases.ids[row] for row in rows]
        expected = left_out(near[np.ix_(rows, rows)], votes[rows], rows, ids, 3)
        assert (found.top_1[draw, place, 1], found.rmse[draw, place, 1]) == pytest.approx(
            expected, nan_ok=True
        )


def test_a_base_of_one_photo_in_many_cases_predicts_nothing():
    votes = np.eye(3)
    found = growth("one", np.zeros((3, 3)), evaluation_of(votes, [0, 0, 0]), seed=0)
    assert np.isnan(found.top_1).all()
    assert np.isnan(found.rmse).all()


def blue_base(n=30):
    """A base that stores the predecessor's histograms of blue, and no pixels."""
    rng = np.random.default_rng(2)
    made = cx.default_registry().create("representation", use("java2021-blue-histogram"))
    rows = {f"sha-{row}": rng.integers(1, 200, size=255).astype(np.float32) for row in range(n)}
    cases = [
        Case(
            id=f"c{row:02}",
            image_sha256=f"sha-{row}",
            ballots=[
                Ballot(
                    votes=dict(zip(METHODS, rng.integers(0, 5, size=3).tolist(), strict=True)), source="human"
                )
            ],
        )
        for row in range(n)
    ]
    return CaseBase(
        name="blue",
        cases=cases,
        features={made.fingerprint: rows},
        representations={made.fingerprint: use("java2021-blue-histogram")},
    )


@pytest.fixture(scope="module")
def found():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(predecessor, "DRAWS", 3)
        return reproduce_predecessor(blue_base())


def test_every_photo_is_left_out_once_with_the_predecessors_numbers_of_neighbours(found):
    evaluation = found.evaluation
    assert evaluation.configurations[0].label == f"{BLUE}/linear@java2021"
    assert evaluation.configurations[0].ks == KS == (1, 3, 5, 10, 25)
    assert (evaluation.folds.repeats, evaluation.folds.per_repeat) == (1, 30)


def test_the_whole_bases_growth_is_what_the_evaluation_predicts(found):
    from cbrkit_xai.evaluation.scoring.scores import pooled_rmse

    run = found.evaluation.configurations[0]
    expected = pooled_rmse(run.predicted, found.evaluation.votes[:, None], over=(0, 1))
    np.testing.assert_allclose(found.growths[0].rmse[0, -1], expected, rtol=1e-12)


def test_what_is_not_applicable_is_said(found):
    assert any(one.startswith("block-ssim: ") for one in found.missing)
    assert any(one.startswith("pixel-difference: ") for one in found.missing)


def test_the_page_holds_the_table_the_picture_and_the_reasons(found, tmp_path):
    write_predecessor(found, tmp_path, command="cbrkit-xai reproduce BASE -o DIR --as java2021")
    html = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "The predecessor&#39;s procedure on people&#39;s votes: blue" in html
    assert "block-ssim: " in html
    assert (tmp_path / "plots" / "growth-of-the-base.svg").exists()
    lines = (tmp_path / "growth.csv").read_text().splitlines()
    assert len(lines) == 1 + 3 * len(found.growths[0].sizes) * 5
    assert lines[0] == "configuration,votes_from,substituted,leak,cases,order,k,top_1,rmse"
    assert lines[1].split(",")[1:4] == ["people", "", ""]


def test_a_base_without_pixels_is_told_to_name_its_photos():
    base = cx.CaseBase.bundled("coco200-auto")
    with pytest.raises(CaseBaseError, match=r"--images DIR"):
        predecessors_configurations(base, cx.default_registry())
