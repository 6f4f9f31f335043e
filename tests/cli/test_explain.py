"""`cbrkit-xai explain` as a process: pictures, budgets, other classifiers, bad input."""

from __future__ import annotations

import csv
import io
import json
import os
import signal
import subprocess
import sys
import textwrap
import zipfile

import numpy as np
import pytest
from PIL import Image

REDNESS = """
import time
import numpy as np

def predict(images):
    share = images[..., 0].mean(axis=(1, 2)) / 255
    return np.stack([share, 1 - share], axis=1)

def redness():
    return predict

def slow():
    def predict_slowly(images):
        time.sleep(0.01 * len(images))
        return predict(images)
    return predict_slowly

def nan():
    return lambda images: np.full((len(images), 2), np.nan) if len(images) else None

def scores():
    return lambda images: np.full((len(images), 2), 3.0)

def flat():
    return lambda images: np.full(len(images), 0.5)
"""


@pytest.fixture
def own(tmp_path):
    """A module with classifiers of the user's own, in the folder where the command runs."""
    (tmp_path / "own.py").write_text(REDNESS)
    return "python:own:redness"


@pytest.fixture
def picture_of():
    def opened(path):
        with Image.open(path) as picture:
            picture.load()
            return np.array(picture.convert("RGB"))

    return opened


def test_the_recommended_method_is_run_and_drawn(run, chelsea, tmp_path, picture_of):
    done = run("explain", chelsea, "--max-calls", 120, "-o", "why.png")
    assert done.returncode == 0, done.stderr
    assert "show lime, predicted to score best by 2 judge families" in done.stdout
    assert "votes: automatic (2 judge families, not people)" in " ".join(done.stdout.split())
    assert "why.png" in done.stdout
    picture = picture_of(tmp_path / "why.png")
    assert min(picture.shape[:2]) > 200
    assert picture.std() > 20  # it is not blank
    assert done.stderr == ""


@pytest.mark.slow
def test_all_methods_stand_side_by_side_best_first(run, chelsea, tmp_path, picture_of):
    done = run("explain", chelsea, "--method", "all", "--max-calls", 150, "-o", "all.png", "--json")
    assert done.returncode == 0, done.stderr
    (told,) = json.loads(done.stdout)["explained"]
    methods = [one["method"] for one in told["explanations"]]
    assert methods == told["recommendation"]["ranking"]
    assert sorted(methods) == ["anchors", "ig", "lime", "xrai"]
    assert all(0 < one["calls"] <= 150 for one in told["explanations"])
    assert told["file"] == "all.png"
    height, width, _ = picture_of(tmp_path / "all.png").shape
    assert width > 4 * height


@pytest.mark.slow
@pytest.mark.parametrize(
    ("methods", "classifier", "calls"),
    [
        ("lime,anchors,rise,occlusion,random", "python:own:redness", 120),
        ("ig,xrai,smoothgrad,blur-ig", "efficientnet-lite0", 20),
    ],
)
def test_the_same_photo_and_seed_give_the_same_bytes_in_another_process(
    run, chelsea, tmp_path, own, methods, classifier, calls
):
    for name in ("first.png", "second.png"):
        done = run(
            "explain", chelsea, "--method", methods, "--classifier", classifier, "--max-calls", calls,
            "--seed", 3, "-o", name, "--json",
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        (told,) = json.loads(done.stdout)["explained"]
        assert [one["method"] for one in told["explanations"]] == methods.split(",")
        assert all(one["calls"] <= calls for one in told["explanations"])
    assert (tmp_path / "first.png").read_bytes() == (tmp_path / "second.png").read_bytes()


def test_the_time_that_is_allowed_ends_a_method_with_its_best_so_far(run, photos, tmp_path, own):
    done = run(
        "explain", photos / "photo-00.png", "--method", "rise", "--classifier", "python:own:slow",
        "--max-seconds", 5, "-o", "why.png", "--json",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    (told,) = json.loads(done.stdout)["explained"]
    (rise,) = told["explanations"]
    assert rise["stopped"] == "5 seconds have passed"
    assert 65 < rise["calls"] < 600  # at 10 ms each, all 2,000 would take 20 s
    assert (tmp_path / "why.png").is_file()


def test_what_the_budget_ended_is_told_in_words_too(run, chelsea):
    assert "stopped early: 150 calls are spent" in " ".join(
        run("explain", chelsea, "--method", "lime", "--max-calls", 150).stdout.split()
    )


def test_many_photos_leave_a_manifest_and_the_bad_one_is_named(run, photos, tmp_path, own):
    (tmp_path / "bad.jpg").write_bytes(b"no photo")
    names = [photos / "photo-00.png", tmp_path / "bad.jpg", photos / "photo-01.png"]
    done = run(
        "explain", *names, "--method", "occlusion", "--classifier", own, "--max-calls", 40, "-o", "out/here"
    )
    assert done.returncode == 2
    assert "bad.jpg" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    rows = list(csv.DictReader(io.StringIO((tmp_path / "out" / "here" / "manifest.csv").read_text())))
    assert [row["photo"] for row in rows] == [str(names[0]), str(names[2])]
    assert list(rows[0]) == ["photo", "class", "probability", "method", "seconds", "calls", "file"]
    for row in rows:
        assert row["method"] == "occlusion"
        assert 0 < int(row["calls"]) <= 40
        assert (tmp_path / "out" / "here" / row["file"]).read_bytes().startswith(b"\x89PNG")


def test_photos_of_one_name_do_not_overwrite_each_other(run, photos, tmp_path, own):
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "photo.png").write_bytes((photos / "photo-00.png").read_bytes())
    done = run("explain", "a/photo.png", "b/photo.png", "--method", "edges", "--classifier", own, "-o", "out")
    assert done.returncode == 0, done.stderr
    pictures = sorted(path.name for path in (tmp_path / "out").glob("*.png"))
    assert pictures == ["photo-2-edges.png", "photo-edges.png"]


def test_a_picture_never_overwrites_a_photo_or_a_file_of_the_users(run, photos, tmp_path, own):
    photo = (photos / "photo-00.png").read_bytes()
    for name in ("a.png", "a-edges.png", "other.png"):
        (tmp_path / name).write_bytes(photo)
    (tmp_path / "manifest.csv").write_text("my,own\n")
    options = ("--method", "edges", "--classifier", own)
    refused = run("explain", "a.png", "a-edges.png", *options)
    assert refused.returncode == 2
    assert "manifest.csv" in refused.stderr
    (tmp_path / "manifest.csv").unlink()
    assert run("explain", "a.png", "a-edges.png", *options).returncode == 0
    assert (tmp_path / "a-edges.png").read_bytes() == (tmp_path / "a.png").read_bytes() == photo
    assert (tmp_path / "a-2-edges.png").is_file()
    assert run("explain", "a.png", "a-edges.png", *options).returncode == 0  # a manifest of ours is replaced
    refused = run("explain", "a.png", *options, "-o", "other.png")
    assert refused.returncode == 2
    assert "overwrite" in refused.stderr
    assert (tmp_path / "other.png").read_bytes() == photo
    again = [run("explain", "a.png", *options, "-o", "new.png").returncode for _ in range(2)]
    assert again == [0, 0]  # a picture of ours is replaced


def test_a_method_that_the_budget_does_not_reach_for_does_not_stop_the_others(run, chelsea):
    done = run("explain", chelsea, "--method", "lime,edges,edges", "--max-calls", 20, "--json", "-o", "x.png")
    assert done.returncode == 0, done.stderr
    (told,) = json.loads(done.stdout)["explained"]
    (edges,) = told["explanations"]
    assert edges["method"] == "edges"
    assert edges["passed_over"] == {"lime": "20 calls are spent"}


def test_a_method_that_cannot_be_run_is_passed_over_with_its_reason(run, photos, study, own):
    """The cool photos' best is XRAI, which needs a gradient that this classifier has not."""
    done = run(
        "explain", photos / "photo-01.png", "--base", study, "-c", "hist-euc", "--classifier", own,
        "--max-calls", 200, "--json",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    (told,) = json.loads(done.stdout)["explained"]
    ranking = told["recommendation"]["ranking"]
    (found,) = told["explanations"]
    assert ranking[0] == "xrai"
    assert "needs gradients" in found["passed_over"]["xrai"]
    assert found["method"] == next(name for name in ranking if name not in ("xrai", "ig"))


def test_own_labels_and_targets(run, chelsea, own):
    done = run(
        "explain", chelsea, "--method", "edges", "--classifier", own, "--target", 0, "--json", "-o", "x.png"
    )
    assert done.returncode == 0, done.stderr
    (told,) = json.loads(done.stdout)["explained"]
    target = told["explanations"][0]["target"]
    assert target["index"] == 0
    assert 0.2 < target["probability"] < 0.8
    named = run("explain", chelsea, "--method", "edges", "--target", "tabby cat", "--json", "-o", "x.png")
    assert named.returncode == 0, named.stderr
    (told,) = json.loads(named.stdout)["explained"]
    assert told["explanations"][0]["target"]["label"] == "tabby cat"


def test_the_demo_recommends_for_a_real_photo_and_ends_with_a_picture_even_where_none_can_be_shown(
    run, tmp_path, picture_of
):
    done = run("demo", "--open", PATH="", BROWSER="")
    assert done.returncode == 0, done.stderr
    assert "chelsea.png: show " in done.stdout
    assert "votes: automatic (2 judge families, not people)" in done.stdout
    assert "best for you" not in done.stdout
    assert "cbrkit-xai-demo.png" in done.stdout
    assert picture_of(tmp_path / "cbrkit-xai-demo.png").std() > 20


@pytest.fixture
def bad(tmp_path, chelsea):
    """Files that are not what they seem."""
    (tmp_path / "own.py").write_text(REDNESS)
    (tmp_path / "no-model.onnx").write_bytes(b"no model at all")
    (tmp_path / "no-model.toml").write_text('size = 224\nscaling = "0..1"\nlabels = ["a", "b"]\n')
    (tmp_path / "no-model.keras").write_bytes(b"no model at all")
    (tmp_path / "file").write_text("a file, no folder")
    Image.new("RGB", (40, 30), (10, 20, 30)).save(tmp_path / "flat.png")
    Image.new("RGB", (1, 1), (10, 20, 30)).save(tmp_path / "dot.png")
    (tmp_path / "photo.png").write_bytes(chelsea.read_bytes())
    return tmp_path


BAD = {
    "an unknown method": (["photo.png", "--method", "limes"], "did you mean 'lime'"),
    "no method": (["photo.png", "--method", ","], "no method is named"),
    "one unknown method of two": (["photo.png", "--method", "lime,limes"], "limes"),
    "an unknown class": (["photo.png", "--target", "tabby kat"], "did you mean 'tabby cat'"),
    "a target out of range": (["photo.png", "--method", "edges", "--target", "1000"], "0 to 999"),
    "a negative target": (["photo.png", "--method", "edges", "--target", "-1"], "0 to 999"),
    "an unknown classifier": (["photo.png", "--classifier", "efficientnet"], "efficientnet-lite0"),
    "a classifier without its file": (["photo.png", "--classifier", "onnx"], "onnx:FILE"),
    "a classifier that takes no file": (["photo.png", "--classifier", "efficientnet-lite0:x"], "colon"),
    "an ONNX file that is no model": (["photo.png", "--classifier", "onnx:no-model.onnx"], "no-model.onnx"),
    "a Keras file that is no model": (["photo.png", "--classifier", "keras:no-model.keras"], "no-model"),
    "a model that is not there": (["photo.png", "--classifier", "onnx:nowhere.onnx"], "nowhere.onnx"),
    "a function that is not there": (["photo.png", "--classifier", "python:own:rednes"], "rednes"),
    "a module that is not there": (["photo.png", "--classifier", "python:owm:redness"], "owm"),
    "answers of NaN": (["photo.png", "--method", "edges", "--classifier", "python:own:nan"], "NaN"),
    "answers that are no probabilities": (
        ["photo.png", "--method", "edges", "--classifier", "python:own:scores"], "probabilities",
    ),
    "answers of another shape": (["photo.png", "--classifier", "python:own:flat"], "shape"),
    "no gradient": (["photo.png", "--method", "ig", "--classifier", "python:own:redness"], "needs gradients"),
    "a photo of one colour": (["flat.png", "--method", "lime"], "one colour"),
    "a photo of one pixel": (["dot.png", "--method", "lime"], "one colour"),
    "a folder that cannot be written": (["photo.png", "--method", "edges", "-o", "file/out"], "file"),
    "a picture that is no PNG": (["photo.png", "--method", "edges", "-o", "why.jpg"], ".png"),
    "a picture over the photo": (["photo.png", "--method", "edges", "-o", "photo.png"], "overwrite"),
    "one picture for two photos": (["photo.png", "flat.png", "-o", "why.png"], "folder"),
    "no calls": (["photo.png", "--method", "lime", "--max-calls", "0"], "max_calls"),
    "too few calls": (["photo.png", "--method", "lime", "--max-calls", "3"], "3 calls are spent"),
    "no time": (["photo.png", "--method", "lime", "--max-seconds", "0"], "max_seconds"),
    "a negative seed": (["photo.png", "--method", "lime", "--seed", "-1"], "seed"),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_one_clear_line_and_exit_code_2(run, bad, name):
    arguments, words = BAD[name]
    before = (bad / "photo.png").read_bytes()
    done = run("explain", *arguments)
    assert done.returncode == 2, done.stdout + done.stderr
    assert done.stdout == ""
    assert len(done.stderr.strip().splitlines()) == 1, done.stderr
    assert words in done.stderr
    assert "Traceback" not in done.stderr
    assert (bad / "photo.png").read_bytes() == before
    assert not list(bad.glob("photo-*.png"))


def test_without_tensorflow_a_keras_model_says_what_to_install(run, bad):
    site = bad / "site"
    site.mkdir()
    (site / "tensorflow.py").write_text(
        "raise ModuleNotFoundError(\"No module named 'tensorflow'\", name='tensorflow')"
    )
    (site / "keras.py").write_text("raise ModuleNotFoundError(\"No module named 'keras'\", name='keras')")
    with zipfile.ZipFile(bad / "model.keras", "w") as model:
        model.writestr("metadata.json", '{"keras_version": "3.11.3"}')
        model.writestr(
            "config.json", '{"module": "keras", "class_name": "Sequential", "config": {"layers": []}}'
        )
        model.writestr("model.weights.h5", b"")
    done = run("explain", "photo.png", "--classifier", "keras:model.keras", PYTHONPATH=str(site))
    assert done.returncode == 2
    assert "pip install" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1, done.stderr


def test_ctrl_c_leaves_finished_pictures_and_nothing_half_written(photos, tmp_path, cache):
    (tmp_path / "slow.py").write_text(
        textwrap.dedent(
            """
            import time
            import numpy as np

            def factory():
                def predict(images):
                    if len(images) > 1:
                        print("READY", flush=True)
                        time.sleep(60)
                    share = images[..., 0].mean(axis=(1, 2)) / 255
                    return np.stack([share, 1 - share], axis=1)
                return predict
            """
        )
    )
    two = [str(photos / f"photo-0{number}.png") for number in (0, 1)]
    options = ["--method", "occlusion", "--classifier", "python:slow:factory", "-o", "out"]
    command = [sys.executable, "-m", "cbrkit_xai", "explain", *two, *options]
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
        env={**os.environ, "CBRKIT_XAI_CACHE": str(cache)},
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    assert process.stdout is not None
    try:
        assert process.stdout.readline() == "READY\n"
        process.send_signal(signal.SIGINT)
        _, told = process.communicate(timeout=30)
    finally:
        process.kill()
        process.communicate()
    assert process.returncode == 130
    assert "interrupted" in told
    assert list((tmp_path / "out").iterdir()) == []
