"""The network by TensorFlow: the same numbers as without it, the same each time, and quietly."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from cbrkit_xai import tensorflow_import
from cbrkit_xai.errors import CbrkitXaiError, ParameterError
from cbrkit_xai.images import open_image
from cbrkit_xai_latent import keras_network, network
from cbrkit_xai_latent.imagenet import EfficientNetLite0
from cbrkit_xai_latent.representation import Latent
from cbrkit_xai_latent.weights import read_weights

# Looked for and not imported: that takes 6 s, in each process that collects these tests.
needs_tensorflow = pytest.mark.skipif(
    importlib.util.find_spec("tensorflow") is None, reason="TensorFlow is not installed"
)

TABBY = 281


@pytest.fixture(scope="module")
def photos(images: np.ndarray, cat: np.ndarray) -> np.ndarray:
    """The cat, noise, a one-coloured picture and a ramp, (4, 224, 224, 3) uint8."""
    return np.stack([cat, images[0], images[1], images[4]])


@needs_tensorflow
def test_features_and_scores_are_those_of_the_onnx_backend(photos: np.ndarray) -> None:
    assert np.abs(keras_network.features(photos) - network.features(photos)).max() < 1e-4
    assert np.abs(keras_network.logits(photos) - network.logits(photos)).max() < 1e-4


@needs_tensorflow
def test_it_is_a_backend_of_latent_and_of_the_classifier(photos: np.ndarray) -> None:
    assert np.array_equal(Latent(backend="keras").describe(photos[:1]), keras_network.features(photos[:1]))
    ours, theirs = (EfficientNetLite0(backend=name).predict(photos[:1]) for name in ("keras", "onnx"))
    assert np.abs(ours - theirs).max() < 1e-5


@needs_tensorflow
def test_gradients_are_those_of_the_onnx_backend(photos: np.ndarray) -> None:
    pixels = photos[:2] + np.float32(0.25)  # between the whole numbers, as integrated gradients ask
    ours, theirs = (backend.gradient(pixels, TABBY) for backend in (keras_network, network))
    assert ours.shape == pixels.shape and ours.dtype == np.float32
    # But for a few of the network's 7 million ReLU6 that stand at 0 or 6, where either side's slope is right.
    for one, other in zip(ours, theirs, strict=True):
        assert np.linalg.norm(one - other) < 0.01 * np.linalg.norm(other)
        assert np.abs(one - other).max() < 0.05 * np.abs(other).max()


@needs_tensorflow
def test_the_gradient_of_a_class_that_is_all_but_impossible_does_not_vanish(cat: np.ndarray) -> None:
    probabilities = EfficientNetLite0().predict(cat[None])[0]
    least = int(probabilities.argmin())
    ours, theirs = (backend.gradient(cat[None], least) for backend in (keras_network, network))
    assert 0 < np.abs(ours).max() < probabilities[least]
    assert np.linalg.norm(ours - theirs) < 0.01 * np.linalg.norm(theirs)


@needs_tensorflow
def test_feature_maps_are_those_of_the_onnx_backend(photos: np.ndarray) -> None:
    for ours, theirs in zip(
        keras_network.feature_maps(photos, TABBY), network.feature_maps(photos, TABBY), strict=True
    ):
        assert ours.shape == theirs.shape == (4, 7, 7, 1280) and ours.dtype == np.float32
        assert np.abs(ours - theirs).max() < 1e-4


@needs_tensorflow
def test_feature_maps_are_averaged_to_features_and_weighted_to_the_score(photos: np.ndarray) -> None:
    maps, gradients = keras_network.feature_maps(photos, TABBY)
    assert np.abs(maps.mean(axis=(1, 2)) - keras_network.features(photos)).max() < 1e-5
    # score = w . mean of 49 places + b
    by_hand = np.broadcast_to(read_weights()["_fc.weight"][TABBY] / 49, gradients.shape)
    assert np.allclose(gradients, by_hand, rtol=1e-5, atol=1e-9)


@needs_tensorflow
def test_photos_of_coco200_give_the_onnx_backends_numbers(coco200: Path) -> None:
    files = sorted(path for path in coco200.rglob("*.jpg"))[:: 200 // 6][:6]
    photos = np.stack([open_image(file).pixels for file in files])
    assert len(photos) == 6
    assert np.abs(keras_network.features(photos) - network.features(photos)).max() < 1e-4
    assert np.abs(keras_network.logits(photos) - network.logits(photos)).max() < 1e-4
    ours, theirs = (
        EfficientNetLite0(backend=backend).gradient(photos[:2], TABBY) for backend in ("keras", "onnx")
    )
    assert np.abs(ours - theirs).max() < 1e-4


@needs_tensorflow
def test_a_batch_equals_its_images_one_by_one_and_every_run_the_one_before(photos: np.ndarray) -> None:
    def everything(images: np.ndarray) -> list[np.ndarray]:
        return [
            keras_network.features(images),
            keras_network.logits(images),
            keras_network.gradient(images, TABBY),
            *keras_network.feature_maps(images, TABBY),
        ]

    batch = everything(photos[:2])
    singles = [everything(photos[:1]), everything(photos[1:2])]
    for part, pieces in zip(batch, zip(*singles, strict=True), strict=True):
        assert np.array_equal(part, np.concatenate(pieces))


@needs_tensorflow
def test_no_images_give_no_numbers() -> None:
    none = np.empty((0, 224, 224, 3), dtype=np.uint8)
    assert keras_network.features(none).shape == (0, 1280)
    assert keras_network.logits(none).shape == (0, 1000)
    assert keras_network.gradient(none.astype(float), 0).shape == (0, 224, 224, 3)
    assert [part.shape for part in keras_network.feature_maps(none, 0)] == [(0, 7, 7, 1280)] * 2


@pytest.mark.parametrize(
    "ask",
    [
        lambda backend: backend.features(np.zeros((224, 224, 3), dtype=np.uint8)),
        lambda backend: backend.logits(np.zeros((1, 224, 224, 3), dtype=np.float32)),
        lambda backend: backend.gradient(np.zeros((1, 299, 299, 3)), 0),
        lambda backend: backend.gradient(np.full((1, 224, 224, 3), np.nan), 0),
        lambda backend: backend.gradient(np.zeros((1, 224, 224, 3)), 1000),
        lambda backend: backend.gradient(np.zeros((1, 224, 224, 3)), -1),
        lambda backend: backend.feature_maps(np.zeros((1, 224, 224, 3)), 0),
        lambda backend: backend.feature_maps(np.zeros((1, 224, 224, 3), dtype=np.uint8), 1000),
    ],
)
def test_what_the_onnx_backend_refuses_is_refused_in_the_same_words(ask: object) -> None:
    said = []
    for backend in (network, keras_network):
        with pytest.raises(ParameterError) as refused:
            ask(backend)
        said.append(str(refused.value))
    assert said[0] == said[1]


def test_backends_that_agree_share_a_fingerprint() -> None:
    assert keras_network.FINGERPRINT == network.FINGERPRINT
    assert EfficientNetLite0(backend="keras").fingerprint == EfficientNetLite0().fingerprint


@needs_tensorflow
def test_somebodys_global_settings_of_keras_do_not_reach_the_model(photos: np.ndarray) -> None:
    from cbrkit_xai_latent.keras_graph import build_model

    settings = tensorflow_import.keras("tests").config
    before = settings.dtype_policy(), settings.image_data_format()
    settings.set_dtype_policy("mixed_float16")
    settings.set_image_data_format("channels_first")
    try:
        model = build_model(read_weights())
    finally:
        settings.set_dtype_policy(before[0])
        settings.set_image_data_format(before[1])
    with tensorflow_import.on_processor():
        _, features, _ = model(photos[:1].astype(np.float32), training=False)
    assert np.abs(features.numpy() - network.features(photos[:1])).max() < 1e-4


@needs_tensorflow
def test_a_process_forked_from_one_that_used_tensorflow_is_told_so_and_does_not_hang(
    cat: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    tensorflow_import.tensorflow("tests")
    monkeypatch.setattr(os, "getpid", lambda: -1)
    with pytest.raises(CbrkitXaiError, match="forked from one that has used it; start processes by 'spawn'"):
        keras_network.features(cat[None])


@pytest.mark.slow
@needs_tensorflow
def test_a_fresh_process_says_nothing_and_keeps_the_global_generators_as_they_were() -> None:
    code = """if True:
        import random, sys
        import numpy as np
        random.seed(1), np.random.seed(1)
        before = random.getstate(), np.random.get_state()[1].tobytes()
        from cbrkit_xai_latent import keras_network
        image = np.zeros((1, 224, 224, 3), dtype=np.uint8)
        keras_network.features(image)
        assert (random.getstate(), np.random.get_state()[1].tobytes()) == before
        print("a line of somebody else's", file=sys.stderr)
    """
    environment = {name: value for name, value in os.environ.items() if not name.startswith("TF_")}
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        capture_output=True,
        text=True,
        env=environment,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "a line of somebody else's\n")


@pytest.mark.parametrize(
    "ask",
    [
        "from cbrkit_xai_latent.keras_network import features; features(image)",
        "from cbrkit_xai_latent.imagenet import EfficientNetLite0 as E; E(backend='keras').predict(image)",
        "from cbrkit_xai_latent.representation import Latent; Latent(backend='keras').describe(image)",
        "from cbrkit_xai_latent.representation import Latent; Latent(backend='tfhub').describe(image)",
    ],
)
def test_where_tensorflow_is_missing_the_error_says_what_to_install(ask: str) -> None:
    code = f"""if True:
        import sys
        sys.modules["tensorflow"] = None  # as if it were not installed
        import numpy as np
        from cbrkit_xai.errors import MissingDependencyError
        image = np.zeros((1, 224, 224, 3), dtype=np.uint8)
        try:
            {ask}
        except MissingDependencyError as error:
            print(error)
    """
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout == (
        "cbrkit-xai-latent: the module 'tensorflow' is not installed; "
        'pip install "cbrkit-xai-latent[tensorflow]"\n'
    ), done.stderr


@pytest.mark.parametrize(
    "code",
    [
        "import cbrkit_xai_latent.latent, cbrkit_xai_latent.classifier, cbrkit_xai_latent.representation",
        "from cbrkit_xai_latent import hub_network, keras_graph, keras_network",
        "from cbrkit_xai.cli import main; main(['plugins'])",
        "import cbrkit_xai as cx; r = cx.default_registry();"
        "r.create('representation', cx.use('latent', backend='keras')).fingerprint;"
        "r.create('representation', cx.use('latent', backend='tfhub')).fingerprint;"
        "r.create('classifier', cx.use('efficientnet-lite0', backend='keras')).fingerprint",
        "import numpy as np; from cbrkit_xai_latent.representation import Latent;"
        "Latent().describe(np.zeros((1, 224, 224, 3), dtype=np.uint8))",
    ],
    ids=["hooks", "backends", "plugins", "components", "onnx"],
)
def test_tensorflow_is_imported_only_when_it_computes(code: str) -> None:
    script = (
        f"import sys\ntry:\n    {code}\nexcept SystemExit:\n    pass\n"
        "heavy = {'tensorflow', 'keras', 'tensorflow_hub'} & set(sys.modules)\nassert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", script], check=True, stdout=subprocess.DEVNULL)
