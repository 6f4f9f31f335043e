import os
import pickle
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from cbrkit_xai_classifiers.loaded_once import LoadedOnce


def test_a_value_is_made_once_for_all_threads():
    made, once, ready = [], LoadedOnce(), threading.Barrier(8)

    def get(_):
        ready.wait()
        return once.get(lambda: made.append(1) or object())

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(get, range(8)))) == 1
    assert len(made) == 1


def test_a_making_that_fails_is_tried_again():
    once, tries = LoadedOnce(), []

    def make():
        tries.append(1)
        if len(tries) == 1:
            raise OSError("not yet")
        return "made"

    with pytest.raises(OSError, match="not yet"):
        once.get(make)
    assert once.get(make) == "made" and once.get(make) == "made"
    assert len(tries) == 2


def test_nothing_may_be_a_value():
    once, tries = LoadedOnce(), []
    for _ in range(3):
        assert once.get(lambda: tries.append(1)) is None
    assert len(tries) == 1


def test_what_is_pickled_makes_its_own():
    once = LoadedOnce()
    once.get(lambda: "here")
    assert pickle.loads(pickle.dumps(once)).get(lambda: "there") == "there"  # noqa: S301 - our own


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")
@pytest.mark.parametrize(("survives", "expected"), [(False, b"child"), (True, b"parent")])
def test_a_forked_child_makes_its_own_unless_it_survives(survives, expected):
    import subprocess
    import sys

    code = f"""if True:
        import os, threading
        from cbrkit_xai_classifiers.loaded_once import LoadedOnce
        once = LoadedOnce(survives_fork={survives})
        once.get(lambda: "parent")
        held, done = threading.Event(), threading.Event()
        def hold():
            with once._lock:
                held.set()
                done.wait()
        threading.Thread(target=hold).start()
        held.wait()
        child = os.fork()
        if child == 0:
            print(once.get(lambda: "child"), flush=True)
            os._exit(0)
        os.waitpid(child, 0)
        done.set()
    """
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code], capture_output=True, timeout=60, check=True
    )
    assert done.stdout.strip() == expected
