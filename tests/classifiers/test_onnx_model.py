import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from small_models import COLOURS, NAMES, scores_of, softmax, write_onnx

from cbrkit_xai import use
from cbrkit_xai.errors import CbrkitXaiError, ClassifierError, ConfigurationError, MissingDependencyError
from cbrkit_xai_classifiers.onnx_model import OnnxModel

GREY = {"shape": ["n", 8, 10, 1], "matrix": COLOURS[:, :1]}
GREY_FIRST = {"shape": ["n", 1, 8, 10], "matrix": COLOURS[:, :1], "layout": "nchw"}
TO_ONE = 'scaling = "0..1"\noutput = "logits"\n'


def refusal(file="model.onnx", **parameters):
    with pytest.raises(CbrkitXaiError) as caught:
        OnnxModel(file=file, **parameters).predict(np.zeros((1, 8, 10, 3), dtype=np.uint8))
    assert isinstance(caught.value, ConfigurationError | ClassifierError)
    text = str(caught.value)
    assert "Traceback" not in text
    return text


# What it computes -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("layout", ["nhwc", "nchw"])
@pytest.mark.parametrize("kind", ["float", "double", "half"])
@pytest.mark.parametrize("batch", ["n", 1, 2, 3, None, 32, 256])
def test_the_answer_is_the_one_computed_by_hand(here, photos, layout, kind, batch):
    shape = [batch, 8, 10, 3] if layout == "nhwc" else [batch, 3, 8, 10]
    write_onnx(here / "model.onnx", layout=layout, kind=kind, shape=shape)
    (here / "model.toml").write_text(TO_ONE)
    found = OnnxModel(file="model.onnx").predict(photos)
    tolerance = 2e-3 if kind == "half" else 1e-6
    np.testing.assert_allclose(found, softmax(scores_of(photos, scale=255)), atol=tolerance)


@pytest.mark.parametrize(
    ("scaling", "mean", "scale"),
    [
        ('"0..255"', 0, 1),
        ('"0..1"', 0, 255),
        ('"-1..1"', 127.5, 127.5),
        ('"imagenet"', np.array([0.485, 0.456, 0.406]) * 255, np.array([0.229, 0.224, 0.225]) * 255),
        ("{ mean = [1, 2, 3], scale = [4, 5.5, 6] }", np.array([1, 2, 3]), np.array([4, 5.5, 6])),
        ("{ scale = [2, 2, 2] }", 0, 2),
    ],
)
@pytest.mark.parametrize("channels", ["rgb", "bgr"])
def test_pixels_are_scaled_and_ordered_as_the_settings_say(here, photos, scaling, mean, scale, channels):
    matrix = COLOURS / 20
    write_onnx(here / "model.onnx", matrix=matrix)
    (here / "model.toml").write_text(f'scaling = {scaling}\nchannels = "{channels}"\noutput = "logits"')
    matrix = matrix if channels == "rgb" else matrix[:, ::-1]  # its first column then meets blue
    np.testing.assert_allclose(
        OnnxModel(file="model.onnx").predict(photos),
        softmax(scores_of(photos, scale=scale, mean=mean, matrix=matrix)),
        atol=1e-5,
    )


def test_a_model_of_whole_numbers_takes_pixels_as_they_are_and_needs_no_settings(here, photos):
    write_onnx(here / "model.onnx", kind="uint8", matrix=COLOURS / 255, output="probabilities")
    model = OnnxModel(file="model.onnx")
    np.testing.assert_allclose(model.predict(photos), softmax(scores_of(photos, scale=255)), atol=1e-6)
    assert model.labels == ("class 0", "class 1", "class 2")
    assert model.image_size == (8, 10)
    assert not hasattr(model, "gradient")


def test_whether_answers_are_probabilities_need_not_be_said_where_it_shows(here, photos):
    write_onnx(here / "model.onnx", output="probabilities")
    (here / "model.toml").write_text('scaling = "0..1"')
    found = OnnxModel(file="model.onnx").predict(photos)
    np.testing.assert_allclose(found, softmax(scores_of(photos, scale=255)), atol=1e-6)


@pytest.mark.parametrize(("height", "width"), [(8, 10), (5, 5)])
def test_a_network_for_any_size_gets_the_size_that_the_settings_say(here, height, width):
    write_onnx(here / "model.onnx", shape=["n", "h", "w", 3])
    (here / "model.toml").write_text(f"{TO_ONE}size = {[height, width] if height != width else height}")
    model = OnnxModel(file="model.onnx")
    photos = np.random.default_rng(0).integers(0, 256, (2, height, width, 3), dtype=np.uint8)
    assert model.image_size == (height, width)
    np.testing.assert_allclose(model.predict(photos), softmax(scores_of(photos, scale=255)), atol=1e-6)


def test_where_nothing_is_declared_the_layout_is_taken_from_the_settings(here, photos):
    write_onnx(here / "model.onnx", layout="nchw", shape=["n", "c", "h", "w"])
    (here / "model.toml").write_text(f'{TO_ONE}size = [8, 10]\nlayout = "nchw"')
    found = OnnxModel(file="model.onnx").predict(photos)
    np.testing.assert_allclose(found, softmax(scores_of(photos, scale=255)), atol=1e-6)


def test_axes_of_length_one_behind_the_classes_are_dropped(here, photos):
    write_onnx(here / "model.onnx", trailing=True)
    (here / "model.toml").write_text(TO_ONE)
    found = OnnxModel(file="model.onnx").predict(photos)
    np.testing.assert_allclose(found, softmax(scores_of(photos, scale=255)), atol=1e-6)


def test_of_several_outputs_the_one_with_a_row_a_photo_is_taken(here, photos):
    write_onnx(here / "model.onnx", extra=["values"])
    (here / "model.toml").write_text(TO_ONE)
    found = OnnxModel(file="model.onnx").predict(photos)
    np.testing.assert_allclose(found, softmax(scores_of(photos, scale=255)), atol=1e-6)


@pytest.mark.parametrize("where", ["settings", "parameter"])
def test_of_several_such_outputs_the_named_one_is_taken(here, photos, where):
    write_onnx(here / "model.onnx", extra=["means"])
    named = 'output_name = "means"' if where == "settings" else ""
    (here / "model.toml").write_text(TO_ONE + named)
    model = OnnxModel(file="model.onnx", output_name=None if named else "means")
    means = (photos / 255).mean(axis=(1, 2))
    np.testing.assert_allclose(model.predict(photos), softmax(means), atol=1e-6)


def test_a_network_that_only_takes_single_photos_gets_them_one_by_one(here, photos):
    """Exported with an open first axis, and a reshape inside that is made for one photo."""
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    shape = numpy_helper.from_array(np.array([1, 8, 10, 3]), "shape")
    matrix = numpy_helper.from_array(COLOURS.T.astype(np.float32), "matrix")
    graph = helper.make_graph(
        [
            helper.make_node("Reshape", ["photos", "shape"], ["one"]),
            helper.make_node("ReduceMean", ["one"], ["means"], axes=[1, 2], keepdims=0),
            helper.make_node("MatMul", ["means", "matrix"], ["scores"]),
        ],
        "one at a time",
        [helper.make_tensor_value_info("photos", TensorProto.FLOAT, ["n", 8, 10, 3])],
        [helper.make_tensor_value_info("scores", TensorProto.FLOAT, ["n", 3])],
        [shape, matrix],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.save(model, here / "model.onnx")
    (here / "model.toml").write_text(TO_ONE)
    found = OnnxModel(file="model.onnx").predict(photos)
    np.testing.assert_allclose(found, softmax(scores_of(photos, scale=255)), atol=1e-6)


def test_no_photos_give_no_rows(here):
    write_onnx(here / "model.onnx")
    (here / "model.toml").write_text(TO_ONE)
    assert OnnxModel(file="model.onnx").predict(np.empty((0, 8, 10, 3), dtype=np.uint8)).shape == (0, 3)


def test_photos_are_not_written_to(here, photos):
    write_onnx(here / "model.onnx")
    (here / "model.toml").write_text(TO_ONE)
    photos.flags.writeable = False
    before = photos.copy()
    OnnxModel(file="model.onnx").predict(photos)
    np.testing.assert_array_equal(photos, before)


# Who it is ------------------------------------------------------------------------------------------------


def test_the_fingerprint_changes_with_weights_and_preprocessing_and_with_nothing_else(here):
    def fingerprint(settings, matrix=COLOURS, name="model.onnx"):
        write_onnx(here / name, matrix=matrix)
        (here / "model.toml").write_text(settings)
        return OnnxModel(file=name, settings="model.toml").fingerprint

    own = fingerprint(TO_ONE)
    assert own == fingerprint(TO_ONE + 'labels = ["a", "b", "c"]')
    assert own == fingerprint(TO_ONE, name="copy.onnx")
    assert own == fingerprint('scaling = { scale = [255, 255, 255] }\noutput = "logits"')
    others = {
        fingerprint('scaling = "-1..1"\noutput = "logits"'),
        fingerprint(TO_ONE + 'channels = "bgr"'),
        fingerprint(TO_ONE, matrix=COLOURS + 1),
    }
    assert len(others) == 3 and own not in others


def test_it_begins_with_the_hash_of_the_file(here):
    import hashlib

    write_onnx(here / "model.onnx")
    (here / "model.toml").write_text(TO_ONE)
    digest = hashlib.sha256((here / "model.onnx").read_bytes()).hexdigest()[:12]
    assert OnnxModel(file="model.onnx").fingerprint.startswith(f"onnx;{digest};")


def test_the_registry_makes_it_by_name_and_it_can_be_explained(here, draw, photos, real_registry):
    import cbrkit_xai.explaining.running as running

    write_onnx(here / "model.onnx")
    (here / "model.toml").write_text(TO_ONE + f"labels = {list(NAMES)}")
    draw("photo.png", (200, 60, 40))
    made = running.made_classifier(use("onnx", file="model.onnx"), real_registry)
    assert running.image_size(made) == (8, 10)
    assert made.labels == NAMES
    from cbrkit_xai.images import pixels_of

    pixels = pixels_of("photo.png", height=8, width=10)
    assert made.labels[made.predict(pixels[None]).argmax()] == "red"


# What goes wrong ------------------------------------------------------------------------------------------


def test_without_settings_the_error_shows_a_file_that_works_when_pasted(here, photos):
    write_onnx(here / "model.onnx", layout="nchw")
    text = refusal()
    assert text.startswith("model.onnx: how pixels are scaled for it is not known")
    example = text[text.index("# model.toml") :]
    assert "size = [8, 10]" in example and 'layout = "nchw"' in example
    (here / "model.toml").write_text(example)
    (here / "labels.txt").write_text("cat\ndog\ncow\n")
    from PIL import Image

    Image.fromarray(np.full((9, 9, 3), (250, 5, 5), dtype=np.uint8)).save(here / "cat.jpg")
    assert OnnxModel(file="model.onnx").predict(photos).shape == (5, 3)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "cannot be read as an ONNX model"),
        (b"hello", "cannot be read as an ONNX model"),
        (b"\x89PNG\r\n\x1a\n" + bytes(100), "cannot be read as an ONNX model"),
        (b"PK\x03\x04" + bytes(100), "looks like one that PyTorch saved"),
        (b"\x80\x02}q\x00.", "looks like one that PyTorch saved"),
    ],
)
def test_a_file_that_is_no_model_is_refused(here, content, said):
    (here / "model.onnx").write_bytes(content)
    text = refusal()
    assert text.startswith("model.onnx: it ") and said in text and "\n" not in text


def test_a_file_that_was_cut_short_is_refused(here):
    write_onnx(here / "model.onnx")
    content = (here / "model.onnx").read_bytes()
    (here / "model.onnx").write_bytes(content[: len(content) // 2])
    assert refusal().startswith("model.onnx: it cannot be read as an ONNX model: ")


@pytest.mark.parametrize(
    ("written", "settings", "said"),
    [
        (GREY, TO_ONE, "its input has shape (?, 8, 10, 1), with no axis of 3 channels"),
        (GREY_FIRST, TO_ONE, "its input has shape (?, 1, 8, 10), with no axis of 3 channels"),
        ({"shape": ["n", 8, 10]}, TO_ONE, "its input has shape (?, 8, 10); allowed: photos"),
        ({"kind": "int64"}, TO_ONE, "its input 'photos' is a tensor(int64); allowed: tensor(float)"),
        ({}, f"{TO_ONE}size = 224", "model.toml: size: [224, 224] does not fit: the model takes 8 x 10"),
        ({}, f'{TO_ONE}layout = "nchw"', "model.toml: layout: 'nchw' does not fit"),
        ({}, f'{TO_ONE}labels = ["a", "b"]', "labels: there are 2 labels, and the model has 3 classes"),
        ({}, 'scaling = "0..1"', 'output = "logits", if these are scores before softmax'),
        ({}, 'scaling = "0..1"\noutput = "probabilities"', 'output: "probabilities" does not fit: its answ'),
        ({"output": "probabilities"}, TO_ONE, 'output: "logits" does not fit: its answers are prob'),
        ({}, 'output = "logits"', "model.toml: how pixels are scaled for it is not known"),
        ({"kind": "uint8"}, TO_ONE, 'scaling: "0..1" does not fit: the model takes pixels as they are'),
        ({"shape": ["n", "h", "w", 3]}, TO_ONE, "model.toml: it takes photos of any size"),
        ({"shape": ["n", "c", "h", "w"]}, TO_ONE, "model.toml: the model's input has shape (?, ?, ?, ?)"),
        ({"shape": [1, 3, 8, 3]}, TO_ONE, "(1, 3, 8, 3), so 'layout' must be said"),
        ({"extra": ["means"]}, TO_ONE, "it has 2 outputs, so 'output_name' must be said; allowed: scores"),
        ({}, f'{TO_ONE}output_name = "scroes"', "the model has no output 'scroes'; allowed: scores; did you"),
        ({"matrix": COLOURS[:1]}, TO_ONE, "its answer has 1 number a photo; allowed: a number for each of"),
        ({"matrix": COLOURS * np.nan}, TO_ONE, "its answer has NaN or infinite values in it"),
        ({"shape": [1, 5000, 5000, 3]}, TO_ONE, "it takes photos of 5000 x 5000 pixels; allowed: 1 to 4096"),
    ],
)
def test_a_model_that_does_not_fit_its_settings_or_photos_is_refused_in_one_line(
    here, written, settings, said
):
    write_onnx(here / "model.onnx", **written)
    (here / "model.toml").write_text(settings)
    text = refusal()
    assert said in text and "\n" not in text


def test_an_inner_size_that_is_not_declared_is_found_when_it_is_tried(here):
    """The file says that any size fits, and an inner product fits one alone."""
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    matrix = numpy_helper.from_array(np.ones((240, 3), dtype=np.float32), "matrix")
    graph = helper.make_graph(
        [
            helper.make_node("Flatten", ["photos"], ["flat"]),
            helper.make_node("MatMul", ["flat", "matrix"], ["scores"]),
        ],
        "8 x 10",
        [helper.make_tensor_value_info("photos", TensorProto.FLOAT, ["n", "h", "w", 3])],
        [helper.make_tensor_value_info("scores", TensorProto.FLOAT, ["n", 3])],
        [matrix],
    )
    onnx.save(
        helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8),
        here / "model.onnx",
    )
    (here / "model.toml").write_text(f"{TO_ONE}size = [9, 10]")
    text = refusal()
    assert text.startswith("model.onnx: it fails on photos of 9 x 10 pixels: ") and "\n" not in text


@pytest.mark.parametrize("batch", [257, 50_000])
def test_a_model_that_takes_only_very_many_photos_at_a_time_is_refused(here, batch):
    write_onnx(here / "model.onnx", shape=[batch, 8, 10, 3])
    (here / "model.toml").write_text(TO_ONE)
    assert refusal().startswith(
        f"model.onnx: it takes {batch} photos at a time, no fewer; allowed: any number, or at most 256; "
    )


def test_a_model_with_two_inputs_is_refused(here):
    import onnx
    from onnx import TensorProto, helper

    graph = helper.make_graph(
        [helper.make_node("Add", ["a", "b"], ["sum"])],
        "two",
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", 8, 10, 3]) for name in "ab"],
        [helper.make_tensor_value_info("sum", TensorProto.FLOAT, ["n", 8, 10, 3])],
    )
    onnx.save(
        helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8),
        here / "model.onnx",
    )
    assert refusal() == "model.onnx: it takes 2 inputs (a, b); allowed: one: the photos"


@pytest.mark.parametrize("place", ["weights.bin", "../weights.bin", "absolute", "link.bin"])
def test_weights_in_another_file_are_refused_wherever_it_is(here, monkeypatch, place):
    inner = here / "inner"
    inner.mkdir()
    for folder in (here, inner):
        (folder / "weights.bin").write_bytes(COLOURS.T.astype(np.float32).tobytes())
    (inner / "link.bin").symlink_to("../weights.bin")
    monkeypatch.chdir(inner)
    location = str(here / "weights.bin") if place == "absolute" else place
    write_onnx(inner / "model.onnx", location=location)
    (inner / "model.toml").write_text(TO_ONE)
    text = refusal()
    assert text.startswith("model.onnx: its weights are in other files; allowed: one file that holds all")


@pytest.mark.parametrize(
    ("parameters", "said"),
    [
        ({"file": "nothing.onnx"}, "file: 'nothing.onnx' cannot be read (no such file or directory)"),
        ({"file": "."}, "file: '.' is a folder; allowed: a file"),
        ({"file": "a\0b"}, "file: 'a\0b' cannot be read"),
        ({"settings": "nothing.toml"}, "settings: 'nothing.toml' cannot be read"),
        ({"settings": "."}, "settings: '.' is a folder"),
    ],
)
def test_a_file_that_is_not_there_is_refused_when_the_component_is_made(here, parameters, said):
    write_onnx(here / "model.onnx")
    with pytest.raises(ConfigurationError) as caught:
        OnnxModel(**{"file": "model.onnx"} | parameters)
    assert str(caught.value).startswith(said)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no pipes with names")
def test_a_pipe_is_refused_and_not_waited_for(here):
    os.mkfifo(here / "model.onnx")
    with pytest.raises(ConfigurationError, match="is a pipe, socket or device"):
        OnnxModel(file="model.onnx")


def test_a_file_too_large_to_be_a_model_is_not_read(here):
    with (here / "model.onnx").open("wb") as file:
        file.truncate(2**31)  # takes no space
    with pytest.raises(ConfigurationError, match=r"has 2,147,483,648 bytes or more; allowed: at most"):
        OnnxModel(file="model.onnx")


@pytest.mark.parametrize(
    "wrong",
    [
        np.zeros((8, 10, 3), dtype=np.uint8),
        np.zeros((1, 10, 8, 3), dtype=np.uint8),
        np.zeros((1, 8, 10, 3), dtype=np.float32),
    ],
)
def test_photos_of_another_shape_or_type_are_refused(here, wrong):
    write_onnx(here / "model.onnx")
    (here / "model.toml").write_text(TO_ONE)
    with pytest.raises(CbrkitXaiError, match=r"allowed: \(n, 8, 10, 3\) and uint8"):
        OnnxModel(file="model.onnx").predict(wrong)


def test_where_the_runtime_is_missing_the_error_says_what_to_install(here, monkeypatch, photos):
    write_onnx(here / "model.onnx")
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(MissingDependencyError, match="pip install onnxruntime"):
        OnnxModel(file="model.onnx").predict(photos)


# Threads and processes ------------------------------------------------------------------------------------


def test_threads_share_one_session_and_agree(here, photos, monkeypatch):
    from cbrkit_xai_classifiers import onnx_network

    made = []
    session = onnx_network._session
    monkeypatch.setattr(onnx_network, "_session", lambda *given: made.append(1) or session(*given))
    write_onnx(here / "model.onnx")
    (here / "model.toml").write_text(TO_ONE)
    model = OnnxModel(file="model.onnx")
    with ThreadPoolExecutor(6) as pool:
        found = list(pool.map(model.predict, [photos] * 6))
    assert len(made) == 1
    assert all(np.array_equal(one, found[0]) for one in found)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")
def test_a_forked_process_gets_the_same_numbers_and_does_not_hang(here):
    write_onnx(here / "model.onnx")
    (here / "model.toml").write_text(TO_ONE)
    code = """if True:
        import os, signal, numpy as np
        from cbrkit_xai_classifiers.onnx_model import OnnxModel
        model = OnnxModel(file="model.onnx")
        photos = np.zeros((3, 8, 10, 3), dtype=np.uint8)
        before = model.predict(photos)
        child = os.fork()
        if child == 0:
            signal.alarm(30)
            os._exit(0 if np.array_equal(model.predict(photos), before) else 1)
        assert os.waitpid(child, 0)[1] == 0
    """
    subprocess.run([sys.executable, "-W", "ignore", "-c", code], check=True, timeout=60)


def test_a_pickled_component_makes_its_own_session_and_agrees(here, photos):
    import pickle

    write_onnx(here / "model.onnx")
    (here / "model.toml").write_text(TO_ONE)
    model = OnnxModel(file="model.onnx")
    found = model.predict(photos)
    copy = pickle.loads(pickle.dumps(model))  # noqa: S301 - our own
    assert copy == model
    np.testing.assert_array_equal(copy.predict(photos), found)
