import numpy as np
import pytest
from small_models import COLOURS, NAMES, write_onnx

from cbrkit_xai.errors import ClassifierError, ConfigurationError, ImageError
from cbrkit_xai_classifiers.onnx_model import OnnxModel

DAY_AND_NIGHT = np.array([[3.0, 3.0, 3.0], [-3.0, -3.0, -3.0]]) / 3  # brighter than middle grey, or darker


def settings(here, scaling='"-1..1"', labels=("day", "night"), channels="rgb", samples=()):
    lines = [
        f"scaling = {scaling}",
        f'channels = "{channels}"',
        'output = "logits"',
        f"labels = {list(labels)}",
    ]
    for photo, label, *more in samples:
        lines += ["[[samples]]", f'photo = "{photo}"', f'label = "{label}"', *more]
    (here / "model.toml").write_text("\n".join(lines))


def refusal(kind=ClassifierError):
    with pytest.raises(kind) as caught:
        _ = OnnxModel(file="model.onnx").labels
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_samples_that_are_recognised_pass(here, draw):
    draw("night.png", (40, 40, 60))
    draw("day.png", (200, 200, 220))
    write_onnx(here / "model.onnx", matrix=DAY_AND_NIGHT)
    settings(here, samples=[("night.png", "night"), ("day.png", "day")])
    assert OnnxModel(file="model.onnx").labels == ("day", "night")


@pytest.mark.parametrize("scaling", ['"0..1"', '"0..255"'])
def test_a_wrong_scaling_is_caught_and_the_right_one_named(here, draw, scaling):
    """Darkness is negative from -1 to 1 only: from 0 to 1 every photo looks like day."""
    draw("night.png", (40, 40, 60))
    draw("day.png", (200, 200, 220))
    write_onnx(here / "model.onnx", matrix=DAY_AND_NIGHT)
    settings(here, scaling=scaling, samples=[("day.png", "day"), ("night.png", "night")])
    text = refusal()
    assert text.startswith("model.toml: samples[1]: 'night.png' is 'night', and the model says 'day' (")
    # By hand: the scores are plus and minus the sum of the three channels' means.
    total = (40 + 40 + 60 - 3 * 127.5) / 127.5
    share = 1 / (1 + np.exp(2 * total))
    assert f"with scaling = \"-1..1\" it says 'night' ({share:.2f})" in text


def test_the_probability_that_is_named_is_the_model_s_own(here, draw):
    draw("night.png", (40, 40, 60))
    write_onnx(here / "model.onnx", matrix=DAY_AND_NIGHT)
    settings(here, scaling='"0..1"', samples=[("night.png", "night")])
    total = (40 + 40 + 60) / 255
    assert f"the model says 'day' ({1 / (1 + np.exp(-2 * total)):.2f})" in refusal()


def test_a_wrong_order_of_channels_is_caught_and_the_right_one_named(here, draw):
    draw("sunset.png", (220, 60, 30))
    write_onnx(here / "model.onnx")
    settings(here, scaling='"0..1"', labels=NAMES, channels="bgr", samples=[("sunset.png", "red")])
    text = refusal()
    assert "'sunset.png' is 'red', and the model says 'blue'" in text
    assert "; with channels = \"rgb\" it says 'red' (" in text


def test_both_at_once_are_caught_where_one_change_is_not_enough(here, draw):
    matrix = np.array([[0.0, 0.0, 6.0], [0.0, 0.0, -6.0]])  # looks at the last channel alone
    draw("night.png", (20, 60, 200))
    write_onnx(here / "model.onnx", matrix=matrix)
    settings(here, scaling='"0..1"', samples=[("night.png", "night")])
    assert '; with scaling = "imagenet" and channels = "bgr" it says \'night\' (' in refusal()


def test_a_scaling_that_helps_one_sample_and_spoils_another_is_not_advised(here, draw):
    draw("night.png", (40, 40, 60))
    write_onnx(here / "model.onnx", matrix=DAY_AND_NIGHT)
    settings(here, scaling='"0..1"', samples=[("night.png", "night"), ("night.png", "day")])
    assert "no other scaling or order of channels would give it: check that the labels are" in refusal()


def test_swapped_labels_are_caught_and_no_scaling_is_blamed(here, draw):
    draw("night.png", (40, 40, 60))
    draw("day.png", (200, 200, 220))
    write_onnx(here / "model.onnx", matrix=DAY_AND_NIGHT)
    settings(here, labels=("night", "day"), samples=[("night.png", "night"), ("day.png", "day")])
    assert "no other scaling or order of channels would give it" in refusal()


def test_a_model_of_whole_numbers_is_only_advised_on_the_order_of_channels(here, draw):
    draw("sunset.png", (220, 60, 30))
    write_onnx(here / "model.onnx", kind="uint8", matrix=COLOURS / 255)
    settings(here, scaling='"0..255"', labels=NAMES, channels="bgr", samples=[("sunset.png", "red")])
    # By hand: 4 * 220 - 2 * 60 - 30, -220 + 3 * 60 - 2 * 30 and -2 * 220 - 60 + 4 * 30, over 255.
    shares = np.exp(np.array([730, -100, -380]) / 255)
    assert refusal().endswith(f"; with channels = \"rgb\" it says 'red' ({shares[0] / shares.sum():.2f})")


def test_a_sample_may_be_content_with_a_place_among_the_first(here, draw):
    draw("purple.png", (220, 30, 180))
    write_onnx(here / "model.onnx")
    settings(here, scaling='"0..1"', labels=NAMES, samples=[("purple.png", "blue")])
    assert "allowed: 'blue' first" in refusal()
    settings(here, scaling='"0..1"', labels=NAMES, samples=[("purple.png", "blue", "top = 2")])
    assert OnnxModel(file="model.onnx").labels == NAMES
    settings(here, scaling='"0..1"', labels=NAMES, samples=[("purple.png", "green", "top = 2")])
    assert "allowed: 'green' among the first 2" in refusal()


def test_a_label_that_the_model_does_not_have_is_refused_with_the_nearest(here, draw):
    draw("night.png", (40, 40, 60))
    write_onnx(here / "model.onnx", matrix=DAY_AND_NIGHT)
    settings(here, samples=[("night.png", "nigth")])
    text = refusal(ConfigurationError)
    assert "samples[0].label: the model has no class 'nigth'" in text and "did you mean 'night'?" in text


def test_a_place_that_every_class_has_checks_nothing_and_is_refused(here, draw):
    draw("night.png", (40, 40, 60))
    write_onnx(here / "model.onnx", matrix=DAY_AND_NIGHT)
    settings(here, samples=[("night.png", "night", "top = 2")])
    assert "samples[0].top: 2 leaves nothing to check" in refusal(ConfigurationError)


def test_a_sample_that_is_no_photo_is_refused_by_the_guarded_door(here):
    (here / "night.png").write_bytes(b"no photo")
    write_onnx(here / "model.onnx", matrix=DAY_AND_NIGHT)
    settings(here, samples=[("night.png", "night")])
    assert "night.png" in refusal(ImageError)


def test_a_stated_probability_catches_what_still_gives_the_right_class(here, draw):
    """From 0 to 1 and from 0 to 255 a red photo is red in both; how sure the model is tells them apart."""
    draw("red.png", (220, 60, 30))
    write_onnx(here / "model.onnx")
    # By hand: 4 * 220 - 2 * 60 - 30, -220 + 3 * 60 - 2 * 30 and -2 * 220 - 60 + 4 * 30, over 255.
    shares = np.exp(np.array([730, -100, -380]) / 255)
    share = shares[0] / shares.sum()
    stated = ("red.png", "red", f"probability = {share:.2f}")
    settings(here, scaling='"0..1"', labels=NAMES, samples=[stated])
    assert OnnxModel(file="model.onnx").labels == NAMES
    settings(here, scaling='"0..255"', labels=NAMES, samples=[("red.png", "red")])
    assert OnnxModel(file="model.onnx").labels == NAMES  # the class alone does not tell
    settings(here, scaling='"0..255"', labels=NAMES, samples=[("red.png", "red", "probability = 0.93")])
    text = refusal()
    assert "the model says 'red' (1.00); allowed: 'red' first, with 0.93 give or take 0.05" in text
    assert f"; with scaling = \"0..1\" it says 'red' ({share:.2f})" in text


@pytest.fixture(scope="module")
def real_network(tmp_path_factory):
    """EfficientNet-Lite0 without its preprocessing, with a photo of a cat, for which it gives .76."""
    import importlib.util
    from pathlib import Path

    pytest.importorskip("cbrkit_xai_latent")
    found = importlib.util.find_spec("skimage")
    if found is None:
        pytest.skip("scikit-image with its photo of a cat is not installed")
    import onnx
    from onnx import TensorProto, helper

    from cbrkit_xai_latent.imagenet import EfficientNetLite0
    from cbrkit_xai_latent.onnx_graph import build_graph
    from cbrkit_xai_latent.weights import read_weights

    folder = tmp_path_factory.mktemp("lite0")
    model = onnx.load_from_string(build_graph(read_weights()))
    first = model.graph.node[3]
    assert [node.op_type for node in model.graph.node[:4]] == ["Cast", "Sub", "Div", "Transpose"]
    del model.graph.node[:4], model.graph.input[:]
    model.graph.input.append(
        helper.make_tensor_value_info(first.output[0], TensorProto.FLOAT, [1, 3, 224, 224])
    )
    onnx.save(model, folder / "lite0.onnx")
    (folder / "labels.txt").write_text("\n".join(EfficientNetLite0().labels))
    (folder / "cat.png").write_bytes(
        Path(*found.submodule_search_locations, "data", "chelsea.png").read_bytes()
    )
    return folder


def of_real_network(folder, scaling, channels):
    (folder / "lite0.toml").write_text(
        f'scaling = {scaling}\nchannels = "{channels}"\noutput = "logits"\noutput_name = "logits"\n'
        'labels = "labels.txt"\n[[samples]]\nphoto = "cat.png"\nlabel = "Egyptian Mau"\nprobability = 0.763'
    )
    return OnnxModel(file=str(folder / "lite0.onnx"))


LITE = "{ mean = [127, 127, 127], scale = [128, 128, 128] }"


def test_a_real_network_in_a_foreign_file_gives_what_it_gives_as_our_own(real_network):
    from cbrkit_xai_latent.imagenet import EfficientNetLite0

    photos = np.random.default_rng(0).integers(0, 256, (3, 224, 224, 3), dtype=np.uint8)
    model = of_real_network(real_network, LITE, "rgb")
    np.testing.assert_allclose(model.predict(photos), EfficientNetLite0().predict(photos), atol=1e-6)


@pytest.mark.parametrize(
    ("scaling", "channels", "advice"),
    [
        ('"0..1"', "rgb", 'with scaling = "imagenet" it says'),
        ('"0..255"', "rgb", f"with scaling = {LITE} it says 'Egyptian Mau' (0.76)"),
        (LITE, "bgr", "with channels = \"rgb\" it says 'Egyptian Mau' (0.76)"),
    ],
)
def test_with_a_stated_probability_a_real_network_s_wrong_settings_are_caught(
    real_network, scaling, channels, advice
):
    with pytest.raises(ClassifierError) as caught:
        _ = of_real_network(real_network, scaling, channels).labels
    assert advice in str(caught.value)
