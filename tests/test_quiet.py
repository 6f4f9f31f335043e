from __future__ import annotations

import threading
import warnings

import pytest

from cbrkit_xai.quiet import warnings_muted


def test_warnings_of_other_threads_are_heard_while_one_is_muted():
    entered, leave = threading.Event(), threading.Event()

    def muted():
        with warnings_muted():
            entered.set()
            leave.wait(10)

    thread = threading.Thread(target=muted)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        thread.start()
        entered.wait(10)
        warnings.warn("heard", UserWarning, stacklevel=1)
        leave.set()
        thread.join()
        warnings.warn("heard again", UserWarning, stacklevel=1)
        with warnings_muted():
            warnings.warn("unheard", UserWarning, stacklevel=1)
            with warnings_muted():
                pass
            warnings.warn("unheard after a nested block", UserWarning, stacklevel=1)
        warnings.warn("heard at last", UserWarning, stacklevel=1)
    assert [str(each.message) for each in caught] == ["heard", "heard again", "heard at last"]


def test_muting_again_and_again_adds_one_filter_at_most():
    with warnings.catch_warnings():
        before = len(warnings.filters)
        for _ in range(3):
            with warnings_muted():
                pass
        assert len(warnings.filters) <= before + 1


def test_an_error_inside_leaves_the_thread_unmuted():
    with pytest.raises(KeyError), warnings_muted():
        raise KeyError
    with pytest.warns(UserWarning, match="heard"):
        warnings.warn("heard", UserWarning, stacklevel=1)
