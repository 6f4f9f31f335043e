"""One session a graph and process: shared by threads, never by a fork, made on first use."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from cbrkit_xai.errors import MissingDependencyError
from cbrkit_xai_latent import network, sessions


def test_threads_share_one_session_and_agree(images: np.ndarray, monkeypatch: pytest.MonkeyPatch) -> None:
    made = []
    new = sessions._new
    monkeypatch.setattr(sessions, "_sessions", {})
    monkeypatch.setattr(sessions, "_new", lambda graph, build: made.append(graph) or new(graph, build))
    with ThreadPoolExecutor(6) as pool:
        results = list(pool.map(network.features, [images] * 6))
    assert len(made) == 1
    assert all(np.array_equal(one, results[0]) for one in results)


def test_threads_that_ask_for_gradients_agree(images: np.ndarray) -> None:
    with ThreadPoolExecutor(3) as pool:
        results = list(pool.map(network.gradient, [images[4:]] * 3, [7] * 3))
    assert results[0].any()
    assert all(np.array_equal(one, results[0]) for one in results)


def test_who_only_predicts_pays_for_no_gradient(tmp_path: Path) -> None:
    code = (
        "import numpy as np; from cbrkit_xai_latent.network import logits;"
        "logits(np.zeros((1, 224, 224, 3), dtype=np.uint8))"
    )
    environment = os.environ | {"CBRKIT_XAI_CACHE": str(tmp_path)}
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60, env=environment)
    assert [file.name for file in tmp_path.iterdir()] == [network._FORWARD]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")
@pytest.mark.parametrize("asked", ["features(image)", "gradient(image, 281)", "feature_maps(image, 281)[0]"])
def test_a_forked_process_gets_the_same_numbers_and_does_not_hang(asked: str) -> None:
    code = f"""if True:
        import os, signal, numpy as np
        from cbrkit_xai_latent.network import feature_maps, features, gradient
        image = np.zeros((1, 224, 224, 3), dtype=np.uint8)
        before = {asked}
        child = os.fork()
        if child == 0:
            signal.alarm(30)
            os._exit(0 if np.array_equal({asked}, before) else 1)
        assert os.waitpid(child, 0)[1] == 0
    """
    subprocess.run([sys.executable, "-W", "ignore", "-c", code], check=True, timeout=60)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")
def test_the_first_gradient_of_all_can_be_asked_for_in_a_fork() -> None:
    code = """if True:
        import os, signal, numpy as np
        from cbrkit_xai_latent.network import gradient, logits
        image = np.full((1, 224, 224, 3), 90, dtype=np.uint8)
        logits(image)
        child = os.fork()
        if child == 0:
            signal.alarm(30)
            os._exit(0 if np.abs(gradient(image, 281)).max() > 0 else 1)
        assert os.waitpid(child, 0)[1] == 0
    """
    subprocess.run([sys.executable, "-W", "ignore", "-c", code], check=True, timeout=60)


def test_where_the_runtime_is_missing_the_error_says_what_to_install(
    images: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sessions, "_sessions", {})
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(MissingDependencyError, match="pip install onnxruntime"):
        network.features(images[:1])
    with pytest.raises(MissingDependencyError, match="pip install onnxruntime"):
        network.gradient(images[:1], 0)
