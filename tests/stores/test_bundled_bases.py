"""The bundled case base is what its sources say, and comes out the same each time it is built."""

import csv
import importlib
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from cbrkit_xai import CaseBase, use
from cbrkit_xai.errors import CaseBaseError, VotesError
from cbrkit_xai.stores.bundled import bundled_names, load_bundled

METHODS = ("anchors", "ig", "lime", "xrai")


@pytest.fixture(scope="module")
def base():
    return load_bundled("coco200-auto")


def table(path):
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_it_is_known_by_name(base):
    assert "coco200-auto" in bundled_names()
    assert base.name == "coco200-auto"
    assert CaseBase.bundled().content_hash == base.content_hash


def test_an_unknown_name_is_told_the_known_ones():
    with pytest.raises(CaseBaseError, match=r"allowed: .*'coco200-auto'.*did you mean 'coco200-auto'"):
        load_bundled("coco200")


def test_it_has_two_hundred_cases_and_no_pixels(base):
    assert len(base) == 200
    assert not base.pictures.embedded
    assert not base.pictures.paths
    assert all(case.id.isdigit() and len(case.id) == 12 for case in base.cases)


def test_it_says_that_judges_voted_and_what_that_cannot_tell(base):
    assert base.provenance == "votes: automatic (2 judge families, not people)"
    for said in ("Nobody voted", "which explanation people prefer", "seven photos in ten", "not evidence"):
        assert said in base.about


def test_lime_wins_about_seven_photos_in_ten_as_it_says(base):
    lead = base.votes == base.votes.max(axis=1, keepdims=True)
    wins = (lead / lead.sum(axis=1, keepdims=True)).sum(axis=0) / len(base)
    assert 0.6 < wins[base.methods.index("lime")] < 0.8


def test_its_features_are_counts_and_latent_vectors_as_they_are(base):
    assert {choice.name for choice in base.representations.values()} == {"histogram", "latent"}
    rows = {choice.name: base.features[fingerprint] for fingerprint, choice in base.representations.items()}
    assert all(len(held) == 200 for held in rows.values())
    histograms = np.stack(list(rows["histogram"].values()))
    assert histograms.shape == (200, 768)
    np.testing.assert_array_equal(histograms.sum(axis=1), 3 * 224 * 224)
    latents = np.stack(list(rows["latent"].values()))
    assert latents.shape == (200, 1280)
    assert np.linalg.norm(latents, axis=1).std() > 0.1  # not normalised


def test_each_case_has_its_target_and_the_methods_seconds(base):
    for case in base.cases:
        assert case.target.label
        assert 0 < case.target.probability <= 1
        assert tuple(case.seconds) == METHODS
    assert len(base.classifiers) == 1


def test_the_ballots_add_up_to_the_published_votes(base, coco200):
    published = {
        row["image"]: {method: float(row[method]) for method in METHODS}
        for row in table(coco200 / "votes-auto.csv")
    }
    assert {case.image_name: case.votes for case in base.cases} == published


def test_targets_and_seconds_are_those_of_the_runs(base, coco200):
    runs = {row["image"]: row for row in table(coco200 / "runs-auto.csv")}
    for case in base.cases:
        run = runs[case.image_name]
        assert (case.target.index, case.target.probability) == (int(run["target"]), float(run["confidence"]))
        assert case.seconds == {method: float(run[f"{method}_seconds"]) for method in METHODS}


def test_hashes_are_those_of_the_photos(base, coco200):
    hashes = {Path(row["file"]).name: row["sha256"] for row in table(coco200 / "manifest.csv")}
    assert {case.image_name: case.image_sha256 for case in base.cases} == hashes


def test_a_judge_votes_if_its_best_method_leads_by_five_thousandths(tmp_path):
    votes = importlib.import_module("cbrkit_xai.bases.judges_votes")
    lines = [
        "image,family,judge,lime,anchors,ig,xrai",
        "a,insertion,blur,0.10500,0.10000,0.00000,0.00000",  # exactly
        "a,insertion,black,0.10499,0.10000,0.00000,0.00000",  # not quite
        "a,localisation,energy,,,,",  # abstains
        "a,deletion,del,0.9,0.1,0.1,0.1",  # does not vote
        "a,localisation,pointing,0.0,0.0,0.0,1.0",
    ]
    (tmp_path / "judges.csv").write_text("\n".join(lines))
    ballots = votes.judges_ballots(tmp_path / "judges.csv")["a"]
    assert Counter((ballot.voter, best) for ballot in ballots for best, n in ballot.votes.items() if n) == {
        ("blur", "lime"): 1,
        ("pointing", "xrai"): 1,
    }
    (tmp_path / "sums.csv").write_text("image,lime,anchors,ig,xrai\na,1,0,0,1\n")
    votes.check_sums({"a": ballots}, tmp_path / "sums.csv")
    (tmp_path / "sums.csv").write_text("image,lime,anchors,ig,xrai\na,2,0,0,1\n")
    with pytest.raises(VotesError, match="not those published"):
        votes.check_sums({"a": ballots}, tmp_path / "sums.csv")


class Stub:
    """A representation and classifier that take no time."""

    fingerprint = "stub"
    labels = ("a class",) * 1000

    def describe(self, images):
        return images.reshape(len(images), -1)[:, :5].astype(np.float32)


class StubRegistry:
    def create(self, kind, choice):
        stub = Stub()
        stub.fingerprint = choice.name
        return stub


def test_building_it_twice_gives_the_same_file(tmp_path, coco200):
    builder = importlib.import_module("cbrkit_xai.bases.coco200")
    for name in ("one.cbr", "two.cbr"):
        builder.build(coco200, tmp_path / name, StubRegistry())
    assert (tmp_path / "one.cbr").read_bytes() == (tmp_path / "two.cbr").read_bytes()
    assert CaseBase.load(tmp_path / "one.cbr").representations["latent"] == use("latent")


@pytest.mark.slow
def test_building_it_gives_the_file_that_ships(tmp_path, base, coco200):
    builder = importlib.import_module("cbrkit_xai.bases.coco200")
    builder.build(coco200, tmp_path / "again.cbr")
    again = CaseBase.load(tmp_path / "again.cbr")
    assert again.cases == base.cases
    for fingerprint, rows in base.features.items():
        for sha256, row in rows.items():
            np.testing.assert_allclose(again.features[fingerprint][sha256], row, atol=1e-4)
