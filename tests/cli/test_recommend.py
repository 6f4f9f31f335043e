"""`cbrkit-xai recommend` and `demo`."""

from __future__ import annotations

import json
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

METHODS = {"lime", "anchors", "ig", "xrai"}


def only_line(text: str) -> str:
    lines = text.strip().splitlines()
    assert len(lines) == 1, text
    assert "Traceback" not in text
    return lines[0]


def chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def png(width: int, height: int, *extra: bytes) -> bytes:
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    rows = chunk(b"IDAT", zlib.compress(b"".join(b"\0" + bytes(3 * 8) for _ in range(8))))
    return b"\x89PNG\r\n\x1a\n" + header + b"".join(extra) + rows + chunk(b"IEND", b"")


def test_the_json_answer_holds_a_ranking_of_all_methods_whose_chances_sum_to_one(run, chelsea):
    done = run("recommend", chelsea, "--json")
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)["recommendations"][0]
    assert set(answer["ranking"]) == METHODS
    assert sum(answer["confidence"].values()) == pytest.approx(1)
    assert answer["best"] == answer["ranking"][0]
    assert answer["basis"] in ("similar-cases", "overall", "out-of-experience")
    assert set(answer["seconds"]) == {"decode", "features", "retrieve", "reuse"}


@pytest.mark.parametrize("name", ["hist-euc", "HIST-COS", "lf-euc", "lf-cos"])
@pytest.mark.parametrize("organizer", ["linear", "dbscan-prototypes"])
def test_each_configuration_answers_on_the_bundled_base(run, chelsea, name, organizer):
    done = run("recommend", chelsea, "-c", name, "--organizer", organizer, "--profile", "paper2022", "--json")
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)["recommendations"][0]
    assert answer["configuration"] == f"{name.lower()}/{organizer}@paper2022"


def test_ssim_says_that_the_bundled_base_holds_no_pixels(run, chelsea):
    done = run("recommend", chelsea, "-c", "ssim")
    assert done.returncode == 2
    line = only_line(done.stderr)
    assert "holds no pixels" in line
    assert "--images" in line


def test_ssim_answers_on_a_base_whose_photos_are_there(run, study, photos):
    done = run("recommend", photos / "photo-00.png", "-c", "ssim", "--base", study, "--json")
    assert done.returncode == 0, done.stderr
    nearest = json.loads(done.stdout)["recommendations"][0]["precedents"][0]
    assert nearest["id"] == "photo-00"
    assert nearest["distance"] == 0


def test_a_batch_names_each_bad_photo_answers_the_rest_and_exits_with_2(run, chelsea, tmp_path):
    good = np.asarray(Image.open(chelsea).convert("RGB"))
    folder = tmp_path / "a folder"
    folder.mkdir()
    (tmp_path / "empty.jpg").write_bytes(b"")
    (tmp_path / "text.jpg").write_text("this is no photo, whatever its name says")
    Image.fromarray(good).save(tmp_path / "whole.jpg")
    (tmp_path / "cut.jpg").write_bytes((tmp_path / "whole.jpg").read_bytes()[:9000])
    (tmp_path / "huge.png").write_bytes(png(50_000, 50_000))
    bomb = chunk(b"zTXt", b"comment\0\0" + zlib.compress(b"\0" * 200_000_000, 9))
    (tmp_path / "bomb.png").write_bytes(png(8, 8, bomb))
    bad = ["nowhere.jpg", "a folder", "empty.jpg", "text.jpg", "cut.jpg", "huge.png", "bomb.png"]
    done = run("recommend", "whole.jpg", *bad, chelsea, "--json")
    assert done.returncode == 2
    printed = json.loads(done.stdout)
    assert [answer["photo"] for answer in printed["recommendations"]] == ["whole.jpg", "chelsea.png"]
    rejected = [Path(one["photo"]).name for one in printed["rejected"]]
    assert rejected == bad
    assert len(done.stderr.strip().splitlines()) == len(rejected)
    assert "Traceback" not in done.stderr


def test_unusual_photos_are_answered(run, chelsea, tmp_path):
    good = Image.open(chelsea).convert("RGB")
    good.save(tmp_path / "moving.gif", save_all=True, append_images=[good.rotate(90)])
    Image.fromarray(np.full((20, 20), 40_000, dtype=np.uint16)).save(tmp_path / "deep.png")
    good.convert("CMYK").save(tmp_path / "print.jpg")
    good.quantize(32).save(tmp_path / "palette.png", transparency=3)
    turned = Image.Exif()
    turned[0x0112] = 6
    good.save(tmp_path / "turned.jpg", exif=turned)
    good.save(tmp_path / "profile.jpg", icc_profile=b"not a profile at all")
    names = ["moving.gif", "deep.png", "print.jpg", "palette.png", "turned.jpg", "profile.jpg"]
    done = run("recommend", *names, "--json")
    assert done.returncode == 0, done.stderr
    assert [answer["photo"] for answer in json.loads(done.stdout)["recommendations"]] == names


@pytest.mark.parametrize("k", ["0", "-1", "five", "1.5"])
def test_a_k_that_is_no_whole_number_from_1_is_refused(run, chelsea, k):
    done = run("recommend", chelsea, "-k", k)
    assert done.returncode == 2
    assert k in only_line(done.stderr)


def test_a_k_beyond_the_base_uses_all_of_it(run, study, photos):
    done = run("recommend", photos / "photo-01.png", "--base", study, "-k", 10**9, "--json")
    assert done.returncode == 0, done.stderr
    assert len(json.loads(done.stdout)["recommendations"][0]["precedents"]) == 12


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        (["-c", "lf-cosine"], "did you mean 'lf-cos'?"),
        (["--profile", "paper2002"], "did you mean 'paper2022'?"),
        (["--organizer", "dbscan-prototype"], "did you mean 'dbscan-prototypes'?"),
        (["--methods", "lime,xria"], "did you mean 'xrai'?"),
        (["--cost-weight", "-1"], "cost_weight"),
        (["--classifier", "efficientnet-lite"], "did you mean 'efficientnet-lite0'?"),
        (["--base", "coco200"], "did you mean 'coco200-auto'?"),
        (["--base", "nowhere.cbr"], "nowhere.cbr"),
        (["--images", "nowhere"], "nowhere"),
    ],
)
def test_a_wrong_choice_is_one_line_with_the_way_out(run, chelsea, arguments, hint):
    done = run("recommend", chelsea, *arguments)
    assert done.returncode == 2
    assert hint in only_line(done.stderr)
    assert done.stdout == ""


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ('extends = "lf-cos\n', "line 1"),
        ('extends = "lf-cos"\nmetrik = "cosine"\n', "did you mean 'metric'?"),
        ('extends = "lf-cos"\nmetric = "cosinus"\n', "did you mean 'cosine'?"),
        ('extends = "lf-cos"\nreuse = { use = "mean", wieght = "size" }\n', "did you mean 'weight'?"),
        ('extends = "lf-cos"\nreuse = { use = "mean", weight = "sizes" }\n', "'sizes'"),
        ('extends = "lf-cos"\nmetric = "ssim"\n', "pixels"),
        ('extends = "lf-cos"\nk = "five"\n', "'five'"),
    ],
)
def test_a_mistake_in_a_configuration_file_is_one_line_that_names_the_file(
    run, chelsea, tmp_path, text, hint
):
    (tmp_path / "mine.toml").write_text(text)
    done = run("recommend", chelsea, "-c", "mine.toml")
    assert done.returncode == 2
    line = only_line(done.stderr)
    assert hint in line


def test_a_composed_configuration_answers_under_its_own_name(run, chelsea, tmp_path):
    (tmp_path / "mine.toml").write_text('extends = "hist-cos"\nname = "mine"\nmetric = "euclidean"\nk = 3\n')
    done = run("recommend", chelsea, "-c", "mine.toml", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["recommendations"][0]["configuration"] == "mine/linear@recommended"


def test_methods_can_be_chosen_and_their_time_priced(run, chelsea):
    done = run("recommend", chelsea, "--methods", "lime,ig", "--cost-weight", "5", "--json")
    answer = json.loads(done.stdout)["recommendations"][0]
    # LIME takes 4.0 s and IG 1.2 s there: 2.8 s at 5 votes a second outweigh any lead LIME can have.
    assert answer["ranking"] == ["ig", "lime"]
    assert answer["conformal_set"] is None


def test_an_unexpected_error_of_ours_is_one_line_and_exit_code_1(run, chelsea, tmp_path):
    (tmp_path / "sitecustomize.py").write_text(
        "import cbrkit_xai.cycle as cycle\n"
        "def broken(*_, **__):\n    raise RuntimeError('planted')\n"
        "cycle.fit = broken\n"
    )
    done = run("recommend", chelsea, PYTHONPATH=str(tmp_path))
    assert done.returncode == 1
    assert "planted" in only_line(done.stderr)
    told = run("recommend", chelsea, "--debug", PYTHONPATH=str(tmp_path))
    assert "Traceback" in told.stderr
