import numpy as np

from cbrkit_xai.confidence.conformal import conformal_threshold, in_set


def test_the_threshold_is_the_right_order_statistic():
    # 39 photos: the ceil(.9 * 40) = 36th smallest.
    scores = np.random.default_rng(0).permutation(np.arange(1, 40) / 100)
    assert conformal_threshold(scores, np.arange(39)) == 0.36


def test_below_thirty_photos_there_is_no_set():
    assert conformal_threshold(np.zeros(29), np.arange(29)) is None
    assert conformal_threshold(np.zeros(60), np.repeat(np.arange(29), [3] * 2 + [2] * 27)) is None
    assert conformal_threshold(np.zeros(30), np.arange(30)) == 0.0


def test_an_alpha_too_small_for_the_photos_gives_the_full_set():
    threshold = conformal_threshold(np.linspace(0, 0.5, 40), np.arange(40), alpha=0.01)
    assert in_set(np.array([[1.0, 0.0]]), threshold).all()


def test_copies_of_a_photo_share_its_weight():
    scores = np.random.default_rng(1).uniform(size=50)
    once = conformal_threshold(scores, np.arange(50))
    assert conformal_threshold(np.repeat(scores, 3), np.repeat(np.arange(50), 3)) == once


def test_the_threshold_covers_nine_in_ten_new_photos():
    rng = np.random.default_rng(2)
    covered = [
        np.mean(rng.uniform(size=200) <= conformal_threshold(rng.uniform(size=60), np.arange(60)))
        for _ in range(400)
    ]
    assert 0.89 < np.mean(covered) < 0.92


def test_a_set_is_never_empty():
    assert in_set(np.array([[0.4, 0.35, 0.25]]), 0.1).tolist() == [[True, False, False]]
