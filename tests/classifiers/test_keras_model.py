"""A model that Keras saved: its probabilities, its derivatives, and the files that are refused."""

import importlib.util
import json
import os
import subprocess
import sys
import zipfile

import numpy as np
import pytest
from small_models import COLOURS, NAMES, scores_of, softmax

from cbrkit_xai.errors import CbrkitXaiError, ClassifierError, ConfigurationError, MissingDependencyError
from cbrkit_xai_classifiers.keras_model import KerasModel

if importlib.util.find_spec("tensorflow") is None:  # importing it here would let it print
    pytest.skip("TensorFlow is not installed", allow_module_level=True)
# Keras hands numpy its variables when it saves a model.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept:DeprecationWarning")


@pytest.fixture(scope="session", autouse=True)
def keras():
    from cbrkit_xai import tensorflow_import

    return tensorflow_import.keras("tests")


@pytest.fixture
def mean_colour(keras, here):
    """Save the mean colour times a matrix: `mean_colour(end="softmax", before=(...))`."""

    def save(end="softmax", before=(), dtype="float32", name="model.keras", matrix=COLOURS, shape=(8, 10, 3)):
        layers = keras.layers
        dense = layers.Dense(len(matrix), activation=None if end == "layer" else end, dtype=dtype)
        after = [layers.Softmax(dtype=dtype)] if end == "layer" else []
        model = keras.Sequential(
            [
                keras.Input(shape, dtype=dtype),
                *before,
                layers.GlobalAveragePooling2D(dtype=dtype),
                dense,
                *after,
            ]
        )
        dense.set_weights([matrix.T, np.zeros(len(matrix))])
        model.save(here / name)
        return model

    return save


@pytest.fixture
def convolutional(keras, here):
    """Save a network of two convolutions, in float64: `convolutional(end="dense", functional=True)`."""

    def save(end="dense", functional=True, nested=False):
        keras.utils.set_random_seed(4)
        layers, wide = keras.layers, {"dtype": "float64"}
        photos = keras.Input((8, 10, 3), **wide)
        values = layers.Rescaling(1 / 127.5, offset=-1, **wide)(photos)
        maps = layers.Conv2D(4, 3, activation="tanh", **wide)(values)
        maps = layers.Conv2D(5, 3, strides=2, activation="tanh", name="last", **wide)(maps)
        if nested:
            outer = keras.Input((8, 10, 3), **wide)
            maps, photos = keras.Model(photos, maps, name="base")(outer), outer
        pooled = layers.GlobalAveragePooling2D(keepdims=end == "kept", **wide)(maps)
        if end == "kept":
            pooled = layers.Reshape((5,), **wide)(pooled)
        activation = "softmax" if end in ("dense", "kept") else None
        found = layers.Dense(3, activation=activation, name="scores", **wide)(pooled)
        if end == "layer":
            found = layers.Softmax(**wide)(found)
        if end == "activation":
            found = layers.Activation("softmax", **wide)(found)
        # A list around the input is another structure, and must be fed without complaint as well.
        model = keras.Model(photos if functional else [photos], found)
        model.save(here / "model.keras")
        return model

    return save


def refusal(file="model.keras", **parameters):
    with pytest.raises(CbrkitXaiError) as caught:
        KerasModel(file=file, **parameters).predict(np.zeros((1, 8, 10, 3), dtype=np.uint8))
    assert isinstance(caught.value, ConfigurationError | ClassifierError)
    text = str(caught.value)
    assert "\n" not in text
    return text


# What it computes -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("end", ["softmax", "layer", None])
def test_the_answer_is_the_one_computed_by_hand_and_what_it_is_shows_in_the_last_layer(
    mean_colour, photos, end
):
    mean_colour(end, matrix=COLOURS / 255)
    model = KerasModel(file="model.keras")
    np.testing.assert_allclose(model.predict(photos), softmax(scores_of(photos, scale=255)), atol=1e-6)
    assert (model.image_size, model.labels) == ((8, 10), ("class 0", "class 1", "class 2"))


def test_settings_beside_it_say_scaling_order_and_labels(mean_colour, photos, here):
    mean_colour()
    (here / "model.toml").write_text(f'scaling = "-1..1"\nchannels = "bgr"\nlabels = {list(NAMES)}')
    model = KerasModel(file="model.keras")
    expected = softmax(scores_of(photos, scale=127.5, mean=127.5, matrix=COLOURS[:, ::-1]))
    np.testing.assert_allclose(model.predict(photos), expected, atol=1e-6)
    assert model.labels == NAMES


def test_a_wrong_scaling_is_caught_by_a_labelled_sample(mean_colour, draw, here):
    mean_colour(matrix=np.array([[3.0, 3, 3], [-3.0, -3, -3]]))
    draw("night.png", (40, 40, 60))
    (here / "model.toml").write_text(
        'labels = ["day", "night"]\n[[samples]]\nphoto = "night.png"\nlabel = "night"'
    )
    assert "with scaling = \"-1..1\" it says 'night' (" in refusal()


@pytest.mark.parametrize("batch", [1, 2])
def test_a_fixed_number_of_photos_at_a_time_is_kept_to(keras, here, photos, batch):
    dense = keras.layers.Dense(3, activation="softmax")
    model = keras.Sequential(
        [keras.Input(batch_shape=(batch, 8, 10, 3)), keras.layers.GlobalAveragePooling2D(), dense]
    )
    dense.set_weights([COLOURS.T / 255, np.zeros(3)])
    model.save("model.keras")
    found = KerasModel(file="model.keras")
    np.testing.assert_allclose(found.predict(photos), softmax(scores_of(photos, scale=255)), atol=1e-6)
    assert found.gradient(photos.astype(float), 1).shape == photos.shape


def test_the_same_photos_give_the_same_bytes(convolutional, photos):
    convolutional()
    first, second = KerasModel(file="model.keras"), KerasModel(file="model.keras")
    assert first.predict(photos).tobytes() == second.predict(photos).tobytes()
    assert first.gradient(photos, 0).tobytes() == second.gradient(photos, 0).tobytes()


def test_the_fingerprint_changes_with_weights_and_preprocessing(mean_colour, here):
    mean_colour()
    own = KerasModel(file="model.keras").fingerprint
    (here / "model.toml").write_text('scaling = "0..1"')
    scaled = KerasModel(file="model.keras").fingerprint
    mean_colour(matrix=COLOURS + 1)
    assert len({own, scaled, KerasModel(file="model.keras").fingerprint}) == 3


# Derivatives ----------------------------------------------------------------------------------------------


def central_differences(function, photo, places, step):
    """By hand: the slopes of `function` of photos at some places of one photo."""
    moved = np.repeat(photo[None], 2 * len(places), axis=0)
    for row, place in enumerate(places):
        moved[(2 * row, *place)] += step
        moved[(2 * row + 1, *place)] -= step
    values = function(moved)
    return (values[::2] - values[1::2]) / (2 * step)


@pytest.mark.parametrize(
    ("end", "settings"),
    [
        ("dense", ""),
        ("layer", ""),
        ("activation", ""),
        ("logits", ""),
        ("logits", 'scaling = "imagenet"\nchannels = "bgr"\n'),
    ],
)
def test_the_gradient_is_the_slope_of_the_probability_by_pixels(convolutional, photos, here, end, settings):
    trained = convolutional(end)
    (here / "model.toml").write_text(settings)
    pixels, target = photos[:2].astype(np.float64), 2

    def probability(pixels):
        if settings:  # by hand: what torchvision does, and then red and blue swapped
            pixels = (pixels / 255 - [0.485, 0.456, 0.406]) / [0.229, 0.224, 0.225]
            pixels = pixels[..., ::-1]
        answer = np.asarray(trained(pixels))
        return (softmax(answer) if end == "logits" else answer)[:, target]

    found = KerasModel(file="model.keras").gradient(pixels, target)
    assert found.shape == pixels.shape
    rng = np.random.default_rng(5)
    places = [tuple(rng.integers(0, (8, 10, 3))) for _ in range(25)]
    for photo, gradient in zip(pixels, found, strict=True):
        slopes = central_differences(probability, photo, places, step=1e-3)
        np.testing.assert_allclose([gradient[place] for place in places], slopes, rtol=1e-5, atol=1e-11)
        assert np.abs(slopes).max() > 1e-7


def test_a_photo_s_gradient_does_not_depend_on_the_others(convolutional, photos):
    convolutional()
    model = KerasModel(file="model.keras")
    many = np.concatenate([photos] * 8).astype(np.float64)  # more than are shown at a time
    alone = np.concatenate([model.gradient(one[None].astype(np.float64), 1) for one in photos])
    np.testing.assert_allclose(model.gradient(many, 1), np.concatenate([alone] * 8), rtol=1e-9, atol=1e-15)


@pytest.mark.parametrize(
    ("end", "nested"),
    [("dense", False), ("layer", False), ("activation", True), ("logits", True), ("kept", True)],
)
def test_feature_maps_are_the_last_convolution_s_and_their_gradient_the_score_s(
    keras, convolutional, photos, end, nested
):
    """By hand: the score is linear in each map's mean, so its slope is the dense weight over the places."""
    trained = convolutional(end, nested=nested)
    maps, gradients = KerasModel(file="model.keras").feature_maps(photos, 1)
    weights = trained.get_layer("scores").kernel.numpy()[:, 1]
    assert maps.shape == gradients.shape == (5, 2, 3, 5)
    np.testing.assert_allclose(gradients, np.broadcast_to(weights / 6, maps.shape), rtol=1e-9)
    layer = (
        trained.get_layer("base")
        if nested
        else keras.Model(trained.inputs[0], trained.get_layer("last").output)
    )
    np.testing.assert_allclose(maps, np.asarray(layer(photos.astype(np.float64))), rtol=1e-9)


def test_frozen_weights_and_an_input_in_a_list_change_nothing(keras, convolutional, photos, here):
    trained = convolutional(functional=False)
    before = KerasModel(file="model.keras").feature_maps(photos, 0)[1]
    trained.trainable = False
    trained.save(here / "frozen.keras")
    np.testing.assert_array_equal(KerasModel(file="frozen.keras").feature_maps(photos, 0)[1], before)


def test_without_a_convolution_there_are_no_feature_maps(mean_colour):
    mean_colour()
    model = KerasModel(file="model.keras")
    assert model.feature_maps is None and callable(model.gradient)


def test_a_model_of_whole_numbers_has_no_gradient(keras, here, photos):
    dense = keras.layers.Dense(3, activation="softmax")
    model = keras.Sequential(
        [
            keras.Input((8, 10, 3), dtype="uint8"),
            keras.layers.Rescaling(1 / 255),
            keras.layers.GlobalAveragePooling2D(),
            dense,
        ]
    )
    dense.set_weights([COLOURS.T, np.zeros(3)])
    model.save("model.keras")
    found = KerasModel(file="model.keras")
    assert (found.gradient, found.feature_maps) == (None, None)
    np.testing.assert_allclose(found.predict(photos), softmax(scores_of(photos, scale=255)), atol=1e-5)


@pytest.mark.parametrize("target", [-1, 3])
def test_a_class_out_of_range_is_refused(convolutional, photos, target):
    convolutional()
    model = KerasModel(file="model.keras")
    for method in (model.gradient, model.feature_maps):
        with pytest.raises(CbrkitXaiError, match=f"class {target} is out of range; allowed: 0 to 2|target: "):
            method(photos, target)


# What goes wrong ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("model.h5", "HDF5 files of older Kerases can carry Python code"),
        ("model.pkl", "unpickling runs whatever code the file holds"),
        ("model.joblib", "unpickling runs whatever code the file holds"),
        ("saved_model.pb", "a SavedModel is a program, not just weights"),
        ("model.onnx", "it is of another kind"),
    ],
)
def test_files_that_can_carry_code_are_refused_with_the_reason(here, name, reason):
    (here / name).write_bytes(b"")
    with pytest.raises(ConfigurationError) as caught:
        KerasModel(file=name)
    assert str(caught.value).startswith(
        f"file: {name!r} is no .keras file: {reason}; allowed: a .keras file;"
    )


def test_a_folder_is_refused_as_the_saved_model_it_may_be(here):
    (here / "model.keras").mkdir()
    with pytest.raises(ConfigurationError, match="is a folder: a SavedModel is a program, not just weights"):
        KerasModel(file="model.keras")


def test_a_lambda_layer_is_refused(keras, here):
    model = keras.Sequential(
        [
            keras.Input((8, 10, 3)),
            keras.layers.Lambda(lambda values: values / 255),
            keras.layers.GlobalAveragePooling2D(),
            keras.layers.Dense(3, activation="softmax"),
        ]
    )
    model.save("model.keras")
    assert refusal().startswith("model.keras: it has a Lambda layer, which runs code that the file brings")


def changed(path, change):
    """Rewrite the config in a `.keras` file."""
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    config = json.loads(members["config.json"])
    members["config.json"] = json.dumps(change(config) or config).encode()
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)


@pytest.mark.parametrize(
    ("part", "said"),
    [
        ({"module": "keras.layers", "class_name": "TFSMLayer"}, "it has a TFSMLayer layer, which runs code"),
        ({"module": "keras.layers", "class_name": "TorchModuleWrapper"}, "it has a TorchModuleWrapper layer"),
        ({"module": "keras.layers", "class_name": "Lambda"}, "it has a Lambda layer"),
        ({"module": "os", "class_name": "system"}, "it has a part 'system' that is not Keras's own (os)"),
        (
            {"module": "kerasevil", "class_name": "Dense"},
            "it has a part 'Dense' that is not Keras's own (kera",
        ),
        (
            {"module": "builtins", "class_name": "function", "config": "mine", "registered_name": "function"},
            "it has a part 'function' that is not Keras's own",
        ),
        (
            {"module": None, "class_name": "Mine", "registered_name": "own>Mine"},
            "it has a part 'Mine' that is not Keras's own (own>Mine)",
        ),
    ],
)
def test_layers_that_are_not_keras_s_own_or_run_code_are_refused_before_keras_sees_them(
    mean_colour, here, part, said
):
    mean_colour()
    changed(here / "model.keras", lambda config: config["config"]["layers"].append({"config": {}} | part))
    assert f"model.keras: {said}" in refusal()


@pytest.mark.parametrize("layer", ["StringLookup", "IntegerLookup", "TextVectorization"])
def test_a_layer_that_reads_a_vocabulary_from_another_file_is_refused_before_keras_sees_it(
    mean_colour, here, layer
):
    mean_colour()
    (here / "secret.txt").write_text("1\n2\n")
    part = {"module": "keras.layers", "class_name": layer, "registered_name": None}
    part["config"] = {"vocabulary": "secret.txt"}
    changed(here / "model.keras", lambda config: config["config"]["layers"].append(part))
    said = refusal()
    assert said.startswith(f"model.keras: its {layer} layer reads another file: vocabulary is 'secret.txt'; ")


def test_a_vocabulary_in_the_file_itself_is_no_reason_to_refuse_it(keras, here, tmp_path):
    photos = keras.Input((8, 10, 3), dtype="uint8")
    found = keras.layers.IntegerLookup(vocabulary=list(range(1, 256)))(photos)
    found = keras.layers.GlobalAveragePooling2D()(keras.layers.Rescaling(1 / 255)(found))
    keras.Model(photos, keras.layers.Softmax()(found)).save("model.keras")
    rows = KerasModel(file="model.keras").predict(np.zeros((1, 8, 10, 3), dtype=np.uint8))
    np.testing.assert_allclose(rows, 1 / 3, rtol=1e-6)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"units": -1}, "Received an invalid value for `units`"),
        ({"activation": "nonsense"}, "Could not interpret activation function identifier: nonsense"),
    ],
)
def test_of_a_refusal_of_keras_s_own_the_reason_is_quoted_and_no_config(mean_colour, here, change, said):
    mean_colour()
    changed(here / "model.keras", lambda config: config["config"]["layers"][-1]["config"].update(change))
    text = refusal()
    assert text.startswith(f"model.keras: Keras cannot load it: {said}")
    assert "config" not in text and "{" not in text and "save it again" not in text


def test_a_part_that_keras_does_not_know_is_named_without_its_config(mean_colour, here):
    mean_colour()
    part = {"module": "keras.later", "class_name": "Newer", "registered_name": None, "config": {"a": 1}}
    changed(here / "model.keras", lambda config: config["config"]["layers"].append(part))
    text = refusal()
    assert text.startswith("model.keras: Keras cannot load it: Could not deserialize class 'Newer' because")
    assert "{" not in text


def test_a_loss_of_the_user_s_own_does_not_hinder(mean_colour, here, photos):
    mean_colour(matrix=COLOURS / 255)
    loss = {"module": "builtins", "class_name": "function", "config": "mine", "registered_name": "function"}
    changed(here / "model.keras", lambda config: config | {"compile_config": {"loss": loss}})
    assert KerasModel(file="model.keras").predict(photos).shape == (5, 3)


@pytest.mark.parametrize(
    ("members", "said"),
    [
        (None, "model.keras: it is no zip archive"),
        ({}, "model.keras: it has no config.json in it"),
        ({"config.json": b"nonsense"}, "model.keras: its config.json is no JSON"),
        ({"config.json": b"\xff\xfe"}, "model.keras: its config.json is no JSON"),
        ({"config.json": b"[" * 100_000}, "model.keras: its config.json is no JSON"),
        ({"config.json": b"[]"}, "model.keras: its config.json describes no model"),
        ({"config.json": b"{}"}, "model.keras: its config.json describes no model"),
        ({"config.json": b" " * 20_000_000}, "model.keras: its config.json is larger than 10,000,000 bytes"),
        (
            {"config.json": b'{"class_name": "Sequential", "module": "keras", "config": {}}'},
            "model.keras: Keras cannot load it: ",
        ),
    ],
)
def test_a_file_that_is_no_model_is_refused(here, members, said):
    if members is None:
        (here / "model.keras").write_bytes(b"hello")
    else:
        with zipfile.ZipFile(here / "model.keras", "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in members.items():
                archive.writestr(name, content)
    assert refusal().startswith(said)


def test_a_file_that_was_cut_short_is_refused(mean_colour, here):
    mean_colour()
    content = (here / "model.keras").read_bytes()
    (here / "model.keras").write_bytes(content[: len(content) // 2])
    assert refusal().startswith("model.keras: it is no zip archive")


def test_a_model_without_its_weights_is_refused(mean_colour, here):
    mean_colour()
    with zipfile.ZipFile(here / "model.keras") as archive:
        config = archive.read("config.json")
    with zipfile.ZipFile(here / "model.keras", "w") as archive:
        archive.writestr("config.json", config)
    assert refusal().startswith("model.keras: Keras cannot load it: ")


@pytest.mark.parametrize(
    ("saved", "settings", "said"),
    [
        (
            {"shape": (8, 10, 1), "matrix": COLOURS[:, :1]},
            "",
            "its input has shape (?, 8, 10, 1), with no axis",
        ),
        ({}, "size = 224", "model.toml: size: [224, 224] does not fit: the model takes 8 x 10 pixels"),
        ({}, 'labels = ["a"]', "model.toml: labels: there are 1 labels, and the model has 3 classes"),
        ({"shape": (None, None, 3)}, 'output = "probabilities"', "model.toml: it takes photos of any size"),
        ({"end": "sigmoid"}, "", "it gives no probabilities"),
        ({"end": "sigmoid"}, 'output = "probabilities"', 'output: "probabilities" does not fit'),
        ({}, 'output = "logits"', 'model.toml: output: "logits" does not fit: its answers are probabilities'),
        ({"matrix": COLOURS[:1], "end": "sigmoid"}, "", "its answer has 1 number a photo"),
        ({"matrix": COLOURS * np.nan}, "", "its answer has NaN or infinite values in it"),
    ],
)
def test_a_model_that_does_not_fit_its_settings_or_photos_is_refused(
    mean_colour, here, saved, settings, said
):
    mean_colour(**{"matrix": COLOURS / 255} | saved)
    (here / "model.toml").write_text(settings)
    assert said in refusal()


def test_a_model_of_two_inputs_is_refused(keras, here):
    inputs = [keras.Input((8, 10, 3)), keras.Input((8, 10, 3))]
    pooled = keras.layers.GlobalAveragePooling2D()(keras.layers.Add()(inputs))
    keras.Model(inputs, keras.layers.Dense(3, activation="softmax")(pooled)).save("model.keras")
    assert "model.keras: it has 2 inputs and 1 outputs; allowed: one of each" in refusal()


def test_where_tensorflow_is_missing_the_error_says_what_to_install(mean_colour, monkeypatch, photos):
    mean_colour()
    monkeypatch.setitem(sys.modules, "tensorflow", None)
    with pytest.raises(MissingDependencyError) as caught:
        KerasModel(file="model.keras").predict(photos)
    assert str(caught.value).endswith('; pip install "cbrkit-xai-classifiers[tensorflow]"')


# In a process of its own ----------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_fresh_process_prints_nothing_but_our_own_and_refuses_to_hang_after_a_fork(mean_colour, here):
    mean_colour(matrix=COLOURS / 255)
    code = """if True:
        import os, signal, sys, numpy as np
        from cbrkit_xai_classifiers.keras_model import KerasModel
        model = KerasModel(file="model.keras")
        photos = np.zeros((1, 8, 10, 3), dtype=np.uint8)
        model.predict(photos)
        if hasattr(os, "fork"):
            child = os.fork()
            if child == 0:
                signal.alarm(30)
                try:
                    model.predict(photos)
                except Exception as error:
                    print(error, flush=True)
                    os._exit(0)
                os._exit(1)
            assert os.waitpid(child, 0)[1] == 0
    """
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("TF_", "KERAS"))}
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
        env=environment,
    )
    assert done.stderr == ""
    if hasattr(os, "fork"):
        assert done.stdout.startswith("cbrkit-xai-classifiers: TensorFlow cannot run in a process forked")
