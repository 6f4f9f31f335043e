"""What the plugin registers, and that listing it is light."""

import importlib.metadata
import subprocess
import sys

import pytest

from cbrkit_xai_features import image_features, image_metrics, java2021_similarities

MODULES = (
    "image_features",
    "image_metrics",
    "java2021_similarities",
    "blue_hist_bhattacharyya",
    "pixel_difference",
    "block_ssim",
    "five_similarities",
)


def records():
    yield from image_features.cbrkit_xai_representations()
    yield from image_metrics.cbrkit_xai_metrics()
    yield from java2021_similarities.cbrkit_xai_representations()
    yield from java2021_similarities.cbrkit_xai_metrics()


@pytest.mark.parametrize("record", list(records()), ids=lambda record: record.name)
def test_the_factory_makes_it_with_and_without_its_examples(record):
    made = [record.resolve()(**parameters) for parameters in ({}, *record.examples)]
    assert len(set(made)) == len(made)


def test_the_facts_are_these():
    facts = {record.name: record.facts for record in records() if record.kind == "metric"}
    assert {name: one["accepts"] for name, one in facts.items()} == {
        "skimage-ssim": "pixels",
        "ms-ssim": "pixels",
        "java2021-bhattacharyya": "vectors",
        "java2021-block-ssim": "pixels",
    }
    assert [name for name, one in facts.items() if one["triangle"]] == ["java2021-bhattacharyya"]
    assert facts["java2021-bhattacharyya"]["domain"] == "nonnegative"
    assert {one["self_distance"] for one in facts.values()} == {0.0}


def test_the_entry_points_are_these_modules_and_each_has_a_hook():
    points = importlib.metadata.distribution("cbrkit-xai-features").entry_points
    assert {point.module for point in points} == {f"cbrkit_xai_features.{name}" for name in MODULES}
    for point in points:
        assert any(name.startswith("cbrkit_xai_") for name in vars(point.load())), point


def test_listing_the_plugin_loads_nothing_heavy():
    code = (
        f"import sys, importlib; [importlib.import_module('cbrkit_xai_features.' + m) for m in {MODULES}];"
        "print([m for m in ('numpy', 'scipy', 'sklearn', 'skimage', 'PIL') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_making_every_component_loads_no_library_but_numpy():
    code = (
        "from cbrkit_xai_features import image_features as f, image_metrics as m, java2021_similarities as j;"
        "import sys, itertools;"
        "[one.resolve()() for one in itertools.chain(f.cbrkit_xai_representations(), m.cbrkit_xai_metrics(),"
        " j.cbrkit_xai_representations(), j.cbrkit_xai_metrics())];"
        "print([m for m in ('scipy', 'sklearn', 'skimage', 'PIL') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
