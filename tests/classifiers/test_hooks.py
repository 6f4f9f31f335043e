"""The plugin's hook module registers by name; nothing heavy is loaded before a model is asked."""

import json
import subprocess
import sys

import pytest
from small_models import write_onnx

from cbrkit_xai_classifiers.models import cbrkit_xai_classifiers

HEAVY = {"numpy", "scipy", "onnx", "onnxruntime", "PIL", "keras", "tensorflow", "h5py"}
RUNTIMES = HEAVY - {"numpy"}


def loaded_by(code, folder):
    said = subprocess.check_output(
        [sys.executable, "-c", f"import json, sys\n{code}\nprint(json.dumps(sorted(sys.modules)))"],
        text=True,
        cwd=folder,
    )
    return {name.split(".")[0] for name in json.loads(said)}


def test_importing_the_hook_module_loads_nothing_heavy(tmp_path):
    assert not loaded_by("import cbrkit_xai_classifiers.models", tmp_path) & HEAVY


def test_resolving_and_making_loads_no_runtime_and_no_code_of_the_user(tmp_path):
    write_onnx(tmp_path / "model.onnx")
    (tmp_path / "model.keras").touch()
    (tmp_path / "own.py").write_text("raise SystemExit(3)")
    (tmp_path / "model.toml").write_text('scaling = "imagenet"')
    code = """if True:
        import cbrkit_xai as cx
        registry = cx.default_registry()
        for name, parameters in (
            ("onnx", {"file": "model.onnx"}),
            ("keras", {"file": "model.keras"}),
            ("python", {"factory": "own:make"}),
        ):
            registry.create("classifier", cx.use(name, **parameters))
    """
    assert not loaded_by(code, tmp_path) & RUNTIMES


def test_three_kinds_are_registered_and_only_keras_promises_a_gradient():
    found = {one.name: one.has_gradient for one in cbrkit_xai_classifiers()}
    assert found == {"keras": True, "onnx": False, "python": False}
    (own,) = (one for one in cbrkit_xai_classifiers() if one.name == "python")
    assert own.summary.endswith("a gradient if yours has one")


@pytest.mark.parametrize("name", ["keras", "onnx", "python"])
def test_what_is_needed_is_required_by_the_distribution_or_an_extra_of_it(name):
    import importlib.metadata
    import re

    (plugin,) = (one for one in cbrkit_xai_classifiers() if one.name == name)
    required = importlib.metadata.requires("cbrkit-xai-classifiers") or ()
    assert set(plugin.needs) <= {re.split(r"[<>=!~ ;]", one)[0] for one in required}


@pytest.mark.parametrize("name", ["keras", "onnx"])
def test_a_missing_or_misspelt_parameter_is_named(name):
    from cbrkit_xai import default_registry, use
    from cbrkit_xai.errors import ConfigurationError

    with pytest.raises(ConfigurationError, match="parameter 'file' is missing"):
        default_registry().create("classifier", use(name))
    with pytest.raises(ConfigurationError, match=r"unknown parameter 'setting'.*did you mean 'settings'"):
        default_registry().create("classifier", use(name, file="a", setting="b"))
