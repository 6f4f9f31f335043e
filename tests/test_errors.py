from __future__ import annotations

import copy
import inspect
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cbrkit_xai import errors
from cbrkit_xai.errors import (
    CbrkitXaiError,
    ConfigurationError,
    InternalError,
    ParameterError,
    VotesError,
    first_sentence,
    nearest_spelling,
)

ALL = [
    kind
    for kind in vars(errors).values()
    if inspect.isclass(kind) and issubclass(kind, Exception) and kind.__module__ == errors.__name__
]
texts = st.text(min_size=1)


def test_an_error_says_where_what_was_allowed_and_the_next_step_in_this_order():
    error = ConfigurationError(
        "'five' is no k", where="mine.toml: k", allowed="a number", next_step="mend it"
    )
    assert str(error) == "mine.toml: k: 'five' is no k; allowed: a number; mend it"


def test_an_error_leaves_out_what_nobody_knows():
    assert str(CbrkitXaiError("it rains")) == "it rains"


@pytest.mark.parametrize("kind", ALL, ids=lambda kind: kind.__name__)
def test_every_error_belongs_to_the_one_tree_and_exits_as_the_users_mistake_or_as_ours(kind):
    assert issubclass(kind, CbrkitXaiError)
    assert kind("what").exit_code == (1 if kind is InternalError else 2)


@pytest.mark.parametrize("kind", ALL, ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("passed", [pickle.dumps, None], ids=["pickled", "copied"])
def test_every_error_comes_home_from_a_worker_process_whole(kind, passed):
    error = kind("what", where="here", allowed="this", next_step="do that")
    again = pickle.loads(passed(error)) if passed else copy.copy(error)  # noqa: S301 - our own bytes
    assert type(again) is kind
    assert str(again) == str(error)
    assert (again.what, again.where, again.allowed, again.next_step) == ("what", "here", "this", "do that")
    assert again.args == error.args


@given(texts, st.lists(texts))
def test_problems_with_votes_come_home_too(what, problems):
    error = VotesError(what, problems=problems, where="votes.csv")
    assert pickle.loads(pickle.dumps(error)).problems == tuple(problems)  # noqa: S301


def test_problems_with_votes_stand_one_a_line():
    error = VotesError("2 rows are wrong", problems=["row 3: -1", "row 5: many"], where="votes.csv")
    assert str(error).split("\n") == ["votes.csv: 2 rows are wrong", "  row 3: -1", "  row 5: many"]


def test_a_wrong_argument_is_a_value_error_too():
    with pytest.raises(ValueError, match="k is 0"):
        raise ParameterError("k is 0")


@pytest.mark.parametrize(
    ("written", "meant"), [("euclidian", "euclidean"), ("cosin", "cosine"), ("cosine", "cosine")]
)
def test_the_nearest_spelling_is_named(written, meant):
    assert nearest_spelling(written, ["euclidean", "cosine", "ssim"]) == f"did you mean {meant!r}?"


def test_nothing_is_suggested_where_nothing_is_near():
    assert nearest_spelling("zebra", ["euclidean", "cosine"]) is None
    assert nearest_spelling("cosine", iter(())) is None


def test_the_first_sentence_of_an_error_leaves_the_objects_behind_it_out():
    assert first_sentence(TypeError("'p' must be a number\n (got 'x')", object(), int)) == (
        "'p' must be a number (got 'x')"
    )
    assert first_sentence(KeyError(3)) == "3"
