"""The one door to TensorFlow: quiet, leaving everything as it was, and no trap for forked processes."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest

from cbrkit_xai import tensorflow_import
from cbrkit_xai.errors import CbrkitXaiError, MissingDependencyError

# Looked for and not imported: that takes 6 s, in each process that collects these tests.
needs_tensorflow = pytest.mark.skipif(
    importlib.util.find_spec("tensorflow") is None, reason="TensorFlow is not installed"
)


def fresh(code: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run code in a process of its own, whose user has chosen nothing."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("TF_", "KERAS"))}
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env=environment,
        cwd=folder,
    )


@needs_tensorflow
def test_keras_on_something_else_than_tensorflow_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tensorflow_import.keras("mine").config, "backend", lambda: "jax")
    with pytest.raises(
        CbrkitXaiError, match="mine: Keras runs on 'jax' here; allowed: tensorflow; unset KERAS_"
    ):
        tensorflow_import.keras("mine")


@needs_tensorflow
def test_a_card_is_left_alone() -> None:
    tf = tensorflow_import.tensorflow("mine")
    with tensorflow_import.on_processor():
        assert tf.constant([1.0]).device.endswith("/device:CPU:0")


def test_where_tensorflow_is_missing_the_extra_of_the_one_who_asks_is_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "tensorflow", None)
    monkeypatch.setattr(tensorflow_import, "_process", None)
    for ask in (tensorflow_import.tensorflow, tensorflow_import.keras, tensorflow_import.tensorflow_hub):
        with pytest.raises(MissingDependencyError) as caught:
            ask("my-plugin")
        assert str(caught.value) == (
            "my-plugin: the module 'tensorflow' is not installed; pip install \"my-plugin[tensorflow]\""
        )
    assert tensorflow_import._process is None  # nothing was used, so that a forked process may try


def test_only_lines_of_tensorflows_log_are_dropped(capfd: pytest.CaptureFixture[str]) -> None:
    with tensorflow_import._native_chatter_dropped():
        os.write(2, b"WARNING: All log messages before absl::InitializeLog() is called are written\n")
        os.write(2, b"I0000 00:00:1795483923.579770   14482 cudart_stub.cc:31] Could not find cuda\n")
        os.write(2, b"Segmentation fault, says another thread\n")
    os.write(2, b"afterwards\n")
    assert capfd.readouterr().err == "Segmentation fault, says another thread\nafterwards\n"


def test_what_was_written_before_a_failure_is_not_lost(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(RuntimeError), tensorflow_import._native_chatter_dropped():
        os.write(2, b"what went wrong\n")
        raise RuntimeError
    assert capfd.readouterr().err == "what went wrong\n"


@pytest.mark.slow
@needs_tensorflow
def test_a_fresh_process_says_nothing_and_keeps_environment_and_generators(tmp_path: Path) -> None:
    code = """if True:
        import os, random
        import numpy as np
        from cbrkit_xai import tensorflow_import
        random.seed(1), np.random.seed(1)
        def chosen():
            return {name for name in os.environ if name.startswith(("TF_CPP", "KERAS"))}
        before = random.getstate(), np.random.get_state()[1].tobytes(), chosen()
        tf = tensorflow_import.tensorflow("mine")
        keras = tensorflow_import.keras("mine")
        with tensorflow_import.on_processor():
            total = tf.function(lambda some: tf.reduce_sum(keras.ops.relu(some)))(tf.constant([2.0, -1.0]))
        assert float(total) == 2.0
        assert (random.getstate(), np.random.get_state()[1].tobytes(), chosen()) == before
        os.write(2, b"a line of somebody else's\\n")
    """
    done = fresh(code, tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "a line of somebody else's\n")


@pytest.mark.slow
@needs_tensorflow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="nothing forks here")
@pytest.mark.skipif(importlib.util.find_spec("cbrkit_xai_latent") is None, reason="needs that plugin")
@pytest.mark.skipif(importlib.util.find_spec("cbrkit_xai_classifiers") is None, reason="needs that plugin")
def test_a_process_forked_after_one_plugin_used_tensorflow_is_told_by_another_and_does_not_hang(
    tmp_path: Path,
) -> None:
    code = """if True:
        import os, signal, warnings
        import numpy as np
        from cbrkit_xai import tensorflow_import
        from cbrkit_xai_classifiers.keras_model import KerasModel
        from cbrkit_xai_latent.representation import Latent
        Latent(backend="keras").describe(np.zeros((1, 224, 224, 3), dtype=np.uint8))
        keras = tensorflow_import.keras("mine")
        layers = [keras.Input((8, 10, 3)), keras.layers.GlobalAveragePooling2D(), keras.layers.Softmax()]
        with warnings.catch_warnings(action="ignore"):  # Keras hands numpy its variables
            keras.Sequential(layers).save("model.keras")
        child = os.fork()
        if child == 0:
            signal.alarm(30)
            try:
                KerasModel(file="model.keras").predict(np.zeros((1, 8, 10, 3), dtype=np.uint8))
            except Exception as error:
                print(error, flush=True)
                os._exit(0)
            os._exit(1)
        assert os.waitpid(child, 0)[1] == 0
        KerasModel(file="model.keras").predict(np.zeros((1, 8, 10, 3), dtype=np.uint8))
    """
    done = fresh(code, tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == (
        "cbrkit-xai-classifiers: TensorFlow cannot run in a process forked from one that has used it; "
        "start processes by 'spawn', or choose ONNX instead\n"
    )
