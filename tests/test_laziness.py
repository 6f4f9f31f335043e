"""What starts fast stays fast, proven in a fresh process."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

HEAVY = (
    "scipy",
    "sklearn",
    "skimage",
    "onnx",
    "onnxruntime",
    "tensorflow",
    "tensorflow_hub",
    "keras",
    "matplotlib",
    "saliency",
    "torch",
    "matplotlib",
    "PIL",
    "pandas",
    "fastapi",
    "starlette",
    "uvicorn",
    "flask",
    "jinja2",
)
REPORT = """
import json, sys
names = {name.partition(".")[0] for name in sys.modules}
sys.stderr.write("\\n" + json.dumps(sorted(names)))
"""


def loaded(code):
    """Return the top-level modules that a fresh Python has loaded after running `code`."""
    script = f"try:\n    {code}\nexcept SystemExit as end:\n    assert not end.code, end\n{REPORT}"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stderr.splitlines()[-1])), done.stdout


def test_importing_the_package_loads_nothing_but_the_standard_library():
    modules, _ = loaded("import cbrkit_xai")
    ours = {name for name in modules if name.startswith(("cbrkit_xai", "_editable_impl", "__editable__"))}
    plain, _ = loaded("pass")
    foreign = modules - plain - ours - set(sys.stdlib_module_names)
    assert foreign == set()
    for name in ("numpy", "attrs", "attr", "cattrs", "pluggy", "click", "rich"):
        assert name not in modules


@pytest.mark.parametrize(
    "code",
    [
        "import cbrkit_xai; assert cbrkit_xai.default_registry().plugins",
        "import cbrkit_xai; cbrkit_xai.configuration('hist-euc').components",
        "from cbrkit_xai.cli import main; main(['--help'])",
        "from cbrkit_xai.cli import main; main(['--version'])",
        "from cbrkit_xai.cli import main; main(['plugins'])",
        "from cbrkit_xai.cli import main; main(['plugins', '--json'])",
        "from cbrkit_xai.cli import main; main(['plugins', '--help'])",
        "from cbrkit_xai.cli import main; main(['recommend', '--help'])",
        "from cbrkit_xai.cli import main; main(['configuration', 'list'])",
    ],
)
def test_listing_plugins_and_printing_help_load_no_heavy_library(code):
    modules, _ = loaded(code)
    assert modules & set(HEAVY) == set()


def test_resolving_and_making_every_metric_aggregator_and_policy_is_light_too():
    modules, _ = loaded(
        "import cbrkit_xai; r = cbrkit_xai.default_registry(); "
        "from cbrkit_xai.testing.subjects import subjects_of; "
        "[one.made for kind in ('metric', 'aggregator', 'organizer', 'reuse-strategy', "
        "'retention-policy') for name in r.names(kind) for one in subjects_of(r.find(kind, name), r)]"
    )
    assert modules & set(HEAVY) == set()


def test_a_public_name_loads_no_more_than_its_own_module_needs():
    modules, _ = loaded("from cbrkit_xai import use; use('cosine')")
    assert not modules & {"numpy", "pluggy", "click", *HEAVY}


def test_help_lists_every_command_and_needs_no_registry():
    modules, text = loaded("from cbrkit_xai.cli import main; main(['--help'])")
    from cbrkit_xai.cli import COMMANDS

    for command in COMMANDS:
        assert command in text
    assert "pluggy" not in modules
