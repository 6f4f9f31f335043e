import numpy as np
import pytest

from cbrkit_xai.errors import ParameterError
from cbrkit_xai.explaining.targets import target_index

LABELS = ("cat", "dog", "7", "bird", "bird")
PROBABILITIES = np.array([0.1, 0.6, 0.1, 0.1, 0.1])


@pytest.mark.parametrize(
    ("target", "index"), [("top1", 1), ("cat", 0), (" dog ", 1), (0, 0), ("0", 0), (4, 4), ("7", 2)]
)
def test_a_class_is_found_by_index_or_name(target, index):
    assert target_index(target, LABELS, PROBABILITIES) == index


@pytest.mark.parametrize("target", [5, -1, "5", "-1"])
def test_an_index_out_of_range_is_refused_with_the_range(target):
    with pytest.raises(ParameterError, match="0 to 4"):
        target_index(target, LABELS, PROBABILITIES)


def test_a_misspelt_name_is_refused_with_the_nearest():
    with pytest.raises(ParameterError, match="did you mean 'bird'"):
        target_index("brid", LABELS, PROBABILITIES)


def test_a_name_with_blanks_around_it_can_be_written_as_it_is():
    assert target_index(" cat", (" cat", "dog"), np.array([0.5, 0.5])) == 0


@pytest.mark.parametrize("target", ["1_0", "\u0661", "+-1"])
def test_only_plain_digits_are_an_index(target):
    with pytest.raises(ParameterError, match="unknown class"):
        target_index(target, [str(label) for label in "abcdefghijklm"], np.full(13, 1 / 13))


def test_a_name_of_two_classes_is_refused_with_their_indices():
    with pytest.raises(ParameterError, match="3, 4"):
        target_index("bird", LABELS, PROBABILITIES)


@pytest.mark.parametrize("target", [True, None, 1.5, ""])
def test_what_is_no_class_at_all_is_refused(target):
    with pytest.raises(ParameterError):
        target_index(target, LABELS, PROBABILITIES)
