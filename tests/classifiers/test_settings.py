import os
from typing import get_args, get_type_hints

import pytest

from cbrkit_xai.errors import ConfigurationError
from cbrkit_xai_classifiers import settings_file
from cbrkit_xai_classifiers.scaling import PRESETS, Scaling
from cbrkit_xai_classifiers.settings import example_settings
from cbrkit_xai_classifiers.settings_file import read_settings, settings_path


def written(folder, text):
    (folder / "model.toml").write_text(text)
    return folder / "model.toml"


def refusal(folder, text):
    with pytest.raises(ConfigurationError) as caught:
        read_settings(written(folder, text))
    return str(caught.value).removeprefix(str(folder / "model.toml")).removeprefix(": ")


def test_what_is_not_said_is_left_open(tmp_path):
    found = read_settings(written(tmp_path, ""))
    assert (found.size, found.scaling, found.layout, found.output, found.labels) == (None,) * 5
    assert (found.channels, found.samples, found.output_name) == ("rgb", (), None)


def test_every_key_is_read(tmp_path, draw):
    draw("cat.png", (1, 2, 3))
    found = read_settings(
        written(
            tmp_path,
            """
            size = [240, 320]
            scaling = { mean = [1, 2.5, 3], scale = [4, 5, 6] }
            channels = "bgr"
            layout = "nchw"
            output = "logits"
            output_name = "scores"
            labels = ["cat", " dog "]
            [[samples]]
            photo = "cat.png"
            label = "cat"
            [[samples]]
            photo = "cat.png"
            label = "dog"
            top = 5
            probability = 0.25
            """,
        )
    )
    assert found.size == (240, 320)
    assert found.scaling == Scaling(mean=(1.0, 2.5, 3.0), scale=(4.0, 5.0, 6.0))
    assert (found.channels, found.layout, found.output, found.output_name) == (
        "bgr",
        "nchw",
        "logits",
        "scores",
    )
    assert found.labels == ("cat", "dog")
    assert [(one.photo, one.label, one.top, one.probability) for one in found.samples] == [
        (str(tmp_path / "cat.png"), "cat", 1, None),
        (str(tmp_path / "cat.png"), "dog", 5, 0.25),
    ]


def test_labels_may_stand_in_a_file_one_a_line(tmp_path):
    folder = tmp_path / "names"
    folder.mkdir()
    (folder / "labels.txt").write_bytes("\ufefftabby cat\r\nété\n\n".encode())
    assert read_settings(written(tmp_path, 'labels = "names/labels.txt"')).labels == ("tabby cat", "été")


def test_one_number_is_height_and_width(tmp_path):
    assert read_settings(written(tmp_path, "size = 224")).size == (224, 224)


@pytest.mark.parametrize("name", PRESETS)
def test_a_scaling_may_be_given_by_its_name(tmp_path, name):
    assert read_settings(written(tmp_path, f'scaling = "{name}"')).scaling == PRESETS[name]


def test_the_names_that_are_allowed_are_those_of_the_presets():
    annotation = get_type_hints(settings_file._keys)["scaling"]
    assert set(get_args(get_args(annotation)[0])) == set(PRESETS)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("size = ", "is not TOML: "),
        ("sise = 224", "unknown key 'sise'; allowed: size, scaling, channels, layout, output, output_name, "),
        ("sise = 224", "did you mean 'size'?"),
        ('size = "224"', "size: '224' does not fit; allowed: a whole number or a list"),
        ("size = 224.0", "size: 224.0 does not fit; allowed: a whole number"),
        ("size = true", "size: True does not fit"),
        ("size = [224]", "size: [224] does not fit"),
        ("size = [224, '3']", "size[1]: '3' does not fit; allowed: a whole number"),
        ("size = 0", "size: [0, 0] does not fit; allowed: a whole number from 1 to 4096, or [height, width]"),
        ("size = 100000", "size: [100000, 100000] does not fit; allowed: a whole number from 1 to 4096"),
        ("size = [224, -1]", "size: [224, -1] does not fit"),
        (
            'scaling = "0-1"',
            "scaling: '0-1' does not fit; allowed: '0..255', '0..1', '-1..1', 'imagenet' or a",
        ),
        ("scaling = 255", "scaling: 255 does not fit"),
        ("scaling = { mean = [1, 2] }", "scaling.mean: [1, 2] does not fit; allowed: a list of 3 values"),
        ("scaling = { mena = [1, 2, 3] }", "scaling: unknown key 'mena'; allowed: mean, scale; did you mean"),
        (
            "scaling = { scale = [1, 2, 0] }",
            "scaling.scale: [1.0, 2.0, 0.0] does not fit; allowed: three num",
        ),
        ("scaling = { scale = [1, 2, -3] }", "scaling.scale: [1.0, 2.0, -3.0] does not fit"),
        (
            "scaling = { mean = [1, 2, nan] }",
            "scaling.mean: [1.0, 2.0, nan] does not fit; allowed: three fin",
        ),
        ("scaling = { scale = [1, 2, inf] }", "scaling.scale: [1.0, 2.0, inf] does not fit"),
        ('channels = "RGB"', "channels: 'RGB' does not fit; allowed: 'rgb', 'bgr'"),
        ('layout = "hwc"', "layout: 'hwc' does not fit; allowed: 'nhwc', 'nchw'"),
        ('output = "scores"', "output: 'scores' does not fit"),
        ("output_name = 1", "output_name: 1 does not fit; allowed: a text"),
        ("labels = 3", "labels: 3 does not fit; allowed: a text or a list"),
        ('labels = ["a", 2]', "labels[1]: 2 does not fit; allowed: a text"),
        ('labels = ["a", " "]', "labels: label 2 is empty; allowed: a name"),
        ('labels = "nothing.txt"', "labels: 'FOLDER/nothing.txt' cannot be read (no such file or directory)"),
        ('labels = "."', "labels: 'FOLDER' is a folder; allowed: a file"),
        ("samples = 1", "samples: 1 does not fit; allowed: a list"),
        ("[samples]\nphoto = 'a'", "samples: {'photo': 'a'} does not fit; allowed: a list"),
        (
            "[[samples]]\nphoto = 'a'",
            "samples[0]: key 'label' is missing; allowed: photo, label, top, probability",
        ),
        ("[[samples]]\nphoto = 1\nlabel = 'a'", "samples[0].photo: 1 does not fit; allowed: a text"),
        ("[[samples]]\nphoto = 'a'\nlabel = 1", "samples[0].label: 1 does not fit; allowed: a text"),
        (
            "[[samples]]\nfoto = 'a'\nlabel = 'a'",
            "samples[0]: unknown key 'foto'; allowed: photo, label, top, probability",
        ),
        (
            "[[samples]]\nphoto = 'a'\nlabel = 'a'\ntop = 0",
            "samples[0].top: 0 does not fit; allowed: a whole",
        ),
        (
            "[[samples]]\nphoto = 'a'\nlabel = 'a'\nprobability = 93",
            "samples[0].probability: 93 does not fit",
        ),
        ("[[samples]]\nphoto = 'no.jpg'\nlabel = 'a'", "samples[0].photo: 'FOLDER/no.jpg' cannot be read"),
        ("where = 'x'", "unknown key 'where'"),
    ],
)
def test_what_does_not_fit_is_named_with_its_key_and_what_is_allowed(tmp_path, text, said):
    found = refusal(tmp_path, text)
    assert said.replace("FOLDER", str(tmp_path)) in found
    assert "\n" not in found


def test_a_file_that_is_not_utf_8_is_named_with_its_line(tmp_path):
    (tmp_path / "labels.txt").write_bytes(b"cat\nd\xf6g\n")
    assert "line 2 of" in refusal(tmp_path, 'labels = "labels.txt"')


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no pipes with names")
def test_a_pipe_is_refused_and_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "labels.txt")
    assert "is a pipe, socket or device" in refusal(tmp_path, 'labels = "labels.txt"')


def test_they_are_looked_for_beside_the_model_unless_named(tmp_path):
    model = str(tmp_path / "model.onnx")
    assert settings_path(model, None) is None
    written(tmp_path, "")
    assert settings_path(model, None) == tmp_path / "model.toml"
    assert str(settings_path(model, "other.toml")) == "other.toml"


def test_the_example_is_read_without_complaint_and_holds_what_was_known(tmp_path, draw):
    draw("cat.jpg", (1, 2, 3))
    (tmp_path / "labels.txt").write_text("cat\ndog\n")
    text = example_settings("model.onnx", size=(10, 20), layout="nhwc")
    found = read_settings(written(tmp_path, text))
    assert (found.size, found.layout, found.labels) == ((10, 20), "nhwc", ("cat", "dog"))
    assert found.samples[0].label == "cat"
