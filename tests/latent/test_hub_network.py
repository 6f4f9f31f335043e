"""TF-Hub networks: models that the test writes, through the code that loads real ones."""

from __future__ import annotations

import functools
import http.server
import importlib.util
import shutil
import socket
import tarfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import cbrkit_xai as cx
from cbrkit_xai.errors import ParameterError
from cbrkit_xai.tensorflow_import import tensorflow
from cbrkit_xai_latent import hub_model, hub_network
from cbrkit_xai_latent.hub_model import HubModelError
from cbrkit_xai_latent.representation import Latent

# Looked for and not imported: that takes 6 s, in each process that collects these tests.
pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("tensorflow_hub") is None, reason="TensorFlow or tensorflow-hub is not installed"
)

STEP = 43  # the model below sees each 43rd pixel of 299: 7 x 7 of them, in 3 colours
NOWHERE = "https://models.invalid/somebody/feature_vector/1"  # a name that never exists (RFC 2606)


def save(
    folder: Path,
    answer: Callable[[Any, Any], Any],
    *,
    size: int | None = 299,
    scale: float = 1.0,
) -> Path:
    """Write a SavedModel whose `__call__` gives `answer(images, scale)`; twice that when training."""
    tf = tensorflow("tests")

    class Model(tf.Module):
        def __init__(self) -> None:
            super().__init__()
            self.scale = tf.Variable(scale)

        @tf.function
        def __call__(self, images: Any, training: bool = True) -> Any:
            return answer(images, self.scale * (2.0 if training else 1.0))

    model = Model()
    for training in (False, True):
        model.__call__.get_concrete_function(tf.TensorSpec((None, size, size, 3), tf.float32), training)
    tf.saved_model.save(model, str(folder))
    return folder


def seen(images: Any, scale: Any) -> Any:
    """Every 43rd pixel, over and over until there are 2048 numbers."""
    tf = tensorflow("tests")
    picked = tf.reshape(images[:, ::STEP, ::STEP, :], (-1, 147))
    return scale * tf.tile(picked, (1, 14))[:, :2048]


def seen_by_hand(image: np.ndarray, scale: float = 1.0) -> np.ndarray:
    """What `seen` should give for a photo: bilinear between the centres of its pixels, in float64."""
    places = (np.arange(0, 299, STEP) + 0.5) * 224 / 299 - 0.5
    low = np.floor(places).astype(int)
    share = places - low
    below, above = low.clip(0, 223), (low + 1).clip(0, 223)
    pixels = image.astype(np.float64) / 255
    rows = pixels[below] * (1 - share)[:, None, None] + pixels[above] * share[:, None, None]
    picked = rows[:, below] * (1 - share)[:, None] + rows[:, above] * share[:, None]  # (7, 7, 3)
    return scale * np.tile(picked.ravel(), 14)[:2048]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save(tmp_path_factory.mktemp("hub") / "model", seen)


def test_the_model_sees_the_photo_enlarged_by_bilinear_interpolation_and_scaled_to_1(
    model: Path, images: np.ndarray, cat: np.ndarray
) -> None:
    photos = np.stack([cat, *images])
    found = Latent(backend="tfhub", handle=str(model)).describe(photos)
    assert found.shape == (7, 2048) and found.dtype == np.float32
    assert np.abs(found - [seen_by_hand(photo) for photo in photos]).max() < 1e-5


def test_it_is_a_backend_of_latent_by_name(model: Path, cat: np.ndarray) -> None:
    named = cx.use("latent", backend="tfhub", handle=str(model), norm="l2")
    latent = cx.default_registry().create("representation", named)
    raw = seen_by_hand(cat)
    assert np.abs(latent.describe(cat[None])[0] - raw / np.linalg.norm(raw)).max() < 1e-6
    assert latent.stored_as == Latent(backend="tfhub", handle=str(model))


def test_a_batch_equals_its_photos_one_by_one(model: Path, images: np.ndarray) -> None:
    singles = [hub_network.features(one[None], str(model)) for one in images]
    assert np.array_equal(hub_network.features(images, str(model)), np.concatenate(singles))


def test_no_photos_need_no_model() -> None:
    none = np.empty((0, 224, 224, 3), dtype=np.uint8)
    assert hub_network.features(none, NOWHERE).shape == (0, 2048)


@pytest.mark.parametrize("wrong", [np.zeros((1, 299, 299, 3), np.uint8), np.zeros((1, 224, 224, 3))])
def test_photos_of_another_shape_or_type_are_refused(wrong: np.ndarray, model: Path) -> None:
    with pytest.raises(ParameterError, match=r"tfhub: images of shape .* \(n, 224, 224, 3\) and uint8"):
        hub_network.features(wrong, str(model))


# What a fingerprint says


def test_the_papers_network_is_named_by_its_address() -> None:
    paper = Latent(backend="tfhub").fingerprint
    assert "model=https://tfhub.dev/google/imagenet/inception_v3/feature_vector/5;" in paper
    assert "pixels=bilinear-299,v/255;" in paper
    assert paper != Latent().fingerprint


def test_a_folder_is_named_by_its_content_wherever_it_lies(model: Path, tmp_path: Path) -> None:
    shutil.copytree(model, tmp_path / "copy")
    (tmp_path / "copy" / "README.txt").write_text("no part of the model")
    fingerprints = {
        Latent(backend="tfhub", handle=str(one)).fingerprint for one in (model, tmp_path / "copy")
    }
    assert len(fingerprints) == 1
    assert str(model) not in fingerprints.pop()


@pytest.mark.parametrize("change", ["saved_model.pb", "variables/variables.index", "assets/labels.txt"])
def test_another_content_is_another_fingerprint(change: str, model: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(model, tmp_path / "copy"))
    before = hub_network.fingerprint(str(copy))
    (copy / change).parent.mkdir(exist_ok=True)
    with (copy / change).open("ab") as file:
        file.write(b"\n")
    assert hub_network.fingerprint(str(copy)) != before


def test_a_model_that_was_replaced_is_loaded_anew(tmp_path: Path, cat: np.ndarray) -> None:
    latent = Latent(backend="tfhub", handle=str(tmp_path / "model"))
    for scale in (1.0, 3.0):
        save(tmp_path / "model", seen, scale=scale)
        assert np.abs(latent.describe(cat[None])[0] - seen_by_hand(cat, scale)).max() < 1e-5


# What is refused before anything is looked up


def test_a_handle_belongs_to_tfhub_alone() -> None:
    for backend in ("onnx", "keras"):
        with pytest.raises(ParameterError, match=f"backend '{backend}' has a network of its own"):
            Latent(backend=backend, handle="model")


@pytest.mark.parametrize(
    "handle",
    [
        "",
        " ",
        "http://tfhub.dev/model/1",
        "http://localhost.example.com/model/1",
        "file:///model",
        "gs://bucket/model",
        "https://",
        "https://[/model",
        "https://me:secret@tfhub.dev/model/1",
    ],
)
def test_an_address_that_anybody_on_the_way_could_answer_is_refused(handle: str) -> None:
    with pytest.raises(ParameterError, match="names no model; allowed: an address https://HOST/"):
        Latent(backend="tfhub", handle=handle)


def test_a_component_says_which_program_it_would_run() -> None:
    assert Latent(backend="tfhub", handle=NOWHERE).runs == NOWHERE
    assert Latent(backend="tfhub").runs == hub_model.PAPER_HANDLE
    assert Latent().runs == Latent(backend="keras").runs == ""


def test_making_the_component_looks_nothing_up(monkeypatch: pytest.MonkeyPatch) -> None:
    for place, name in ((hub_model, "local_folder"), (hub_model, "content_hash"), (hub_network, "_loaded")):
        monkeypatch.setattr(place, name, lambda *_: pytest.fail("something was looked up"))
    for handle in ("/no/such/folder", NOWHERE):
        assert Latent(backend="tfhub", handle=handle).runs == handle


# Models that cannot be used: one line that says what to do


def describe(handle: str | Path, cat: np.ndarray) -> str:
    with pytest.raises(HubModelError) as refused:
        Latent(backend="tfhub", handle=str(handle)).describe(cat[None])
    said = str(refused.value)
    assert said.startswith(f"{handle}: ") and "\n" not in said and len(said) < 500
    return said


def test_a_folder_that_is_none_or_holds_no_model(tmp_path: Path, cat: np.ndarray) -> None:
    assert "there is no model here, but no folder; allowed: a folder with saved_model.pb" in describe(
        tmp_path / "none", cat
    )
    assert "but a folder without saved_model.pb" in describe(tmp_path, cat)


def test_a_damaged_model(model: Path, tmp_path: Path, cat: np.ndarray) -> None:
    copy = Path(shutil.copytree(model, tmp_path / "copy"))
    (copy / "saved_model.pb").write_bytes(b"no model")
    assert "the model cannot be loaded: " in describe(copy, cat)
    shutil.copy(model / "saved_model.pb", copy)
    (copy / "variables" / "variables.index").unlink()
    assert "the model cannot be loaded: " in describe(copy, cat)


def test_a_model_without_a_function_to_call(tmp_path: Path, cat: np.ndarray) -> None:
    tf = tensorflow("tests")
    tf.saved_model.save(tf.Module(), str(tmp_path / "model"))
    assert "the model cannot be called: it has no function __call__" in describe(tmp_path / "model", cat)


def test_a_model_of_another_input_size(tmp_path: Path, cat: np.ndarray) -> None:
    said = describe(save(tmp_path / "model", seen, size=224), cat)
    assert "the model cannot be asked: " in said
    assert "allowed: a function of (n, 299, 299, 3) float32 numbers from 0 to 1" in said


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        pytest.param(lambda images, scale: seen(images, scale)[:, :1001], r"shape (1, 1001)", id="classes"),
        pytest.param(lambda images, scale: images * scale, "shape (1, 299, 299, 3)", id="maps"),
        pytest.param(lambda images, scale: {"default": seen(images, scale)}, "a dict", id="a dict"),
    ],
)
def test_a_model_that_gives_no_feature_vector(
    answer: Callable[[Any, Any], Any], found: str, tmp_path: Path, cat: np.ndarray
) -> None:
    said = describe(save(tmp_path / "model", answer), cat)
    assert f"the model gives {found} for a photo; allowed: (1, 2048), a feature vector" in said


def test_a_model_that_gives_nan(tmp_path: Path, cat: np.ndarray) -> None:
    assert "the model gives 2048 numbers that are not finite" in describe(
        save(tmp_path / "model", seen, scale=float("nan")), cat
    )


# Addresses


@pytest.fixture
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CBRKIT_XAI_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("TFHUB_CACHE_DIR", raising=False)
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    return tmp_path / "cache"


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def hub(tmp_path: Path, own_cache: Path) -> Iterator[http.server.ThreadingHTTPServer]:
    """A model hub on this machine, which serves the folder `hub`."""
    (tmp_path / "hub").mkdir()
    handler = functools.partial(_Quiet, directory=tmp_path / "hub")
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def test_a_model_with_an_address_is_downloaded_once_and_then_needs_no_network(
    hub: http.server.ThreadingHTTPServer, model: Path, tmp_path: Path, own_cache: Path, cat: np.ndarray
) -> None:
    with tarfile.open(tmp_path / "hub" / "model", "w:gz") as archive:
        archive.add(model, arcname=".")
    handle = f"http://127.0.0.1:{hub.server_port}/model"
    latent = Latent(backend="tfhub", handle=handle)
    first = latent.describe(cat[None])
    assert np.abs(first[0] - seen_by_hand(cat)).max() < 1e-5
    assert f"model={handle};" in latent.fingerprint

    (tmp_path / "hub" / "model").unlink()
    hub_network._models.clear()  # as in another process
    assert np.array_equal(latent.describe(cat[None]), first)
    assert any(own_cache.rglob("saved_model.pb"))


def test_an_address_without_a_model(hub: http.server.ThreadingHTTPServer, cat: np.ndarray) -> None:
    said = describe(f"http://127.0.0.1:{hub.server_port}/nothing", cat)
    assert "the model cannot be downloaded: " in said and "404" in said


def test_an_address_with_something_else(
    hub: http.server.ThreadingHTTPServer, tmp_path: Path, cat: np.ndarray
) -> None:
    (tmp_path / "hub" / "page").write_text("<html>Log in first</html>")
    assert "the model cannot be downloaded: " in describe(f"http://127.0.0.1:{hub.server_port}/page", cat)


def test_an_address_that_cannot_be_reached_fails_soon_and_says_what_to_do(
    own_cache: Path, cat: np.ndarray
) -> None:
    tensorflow("tests")
    begun = time.monotonic()
    said = describe(NOWHERE, cat)
    assert time.monotonic() - begun < 10
    assert said.endswith(
        "download it where there is a network, and name its unpacked folder: handle='FOLDER'"
    )


def test_a_hub_that_never_answers_is_given_up(
    own_cache: Path, cat: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub_model, "_SECONDS", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        said = describe(f"http://127.0.0.1:{silent.getsockname()[1]}/model", cat)
    assert "the model cannot be downloaded: " in said and "timed out" in said
