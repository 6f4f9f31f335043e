"""The public names of evaluation: listed, imported when they are used, documented, and light."""

from __future__ import annotations

import ast
import importlib
import inspect
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from cbrkit_xai import evaluation

HEAVY = {"scipy", "sklearn", "matplotlib", "jinja2", "pyarrow", "PIL", "pandas", "threadpoolctl"}
PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "python.md"


def names_for_type_checkers():
    source = Path(evaluation.__file__).read_text(encoding="utf-8")
    (block,) = [node for node in ast.parse(source).body if isinstance(node, ast.If)]
    return {
        alias.name: node.module
        for node in block.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }


def test_what_is_listed_is_what_is_imported_lazily_and_what_type_checkers_see():
    assert set(evaluation.__all__) == set(evaluation._HOME)
    homes = {name: f"cbrkit_xai.evaluation.{home}" for name, home in evaluation._HOME.items()}
    assert names_for_type_checkers() == homes
    assert dir(evaluation) == sorted(evaluation.__all__)


@pytest.mark.parametrize("name", evaluation.__all__)
def test_every_name_is_importable_from_its_own_module_and_documented(name):
    value = getattr(evaluation, name)
    home = importlib.import_module(f"cbrkit_xai.evaluation.{evaluation._HOME[name]}")
    assert value is getattr(home, name)
    assert inspect.getdoc(value)


def test_every_name_and_no_other_has_a_row_in_the_reference():
    section = PAGE.read_text(encoding="utf-8").split("## Evaluation, `cbrkit_xai.evaluation`")[1]
    section = section.split("\n## ")[0]
    rows = re.findall(r"^\| `(\w+)`", section, flags=re.MULTILINE)
    assert sorted(rows) == sorted(evaluation.__all__)


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'evalute'"):
        _ = evaluation.evalute


def test_importing_every_public_name_loads_nothing_heavy():
    code = (
        "import json, sys\nfrom cbrkit_xai.evaluation import *\n"
        "print(json.dumps(sorted({name.partition('.')[0] for name in sys.modules})))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    assert not HEAVY & set(json.loads(done.stdout))


def functions_by_body():
    """Names of the functions of every module, by what they do, whatever their docstrings say."""
    found = {}
    for module in sorted(Path(evaluation.__file__).parent.rglob("*.py")):
        for node in ast.parse(module.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.FunctionDef):
                body = node.body[1:] if ast.get_docstring(node) else node.body
                what = "\n".join(map(ast.dump, [node.args, *body]))
                found.setdefault(what, []).append(f"{module.stem}.{node.name}")
    return found


def test_no_function_is_there_twice():
    assert [names for names in functions_by_body().values() if len(names) > 1] == []


def test_what_is_said_once_has_one_definition():
    """Under each of these names there were several, which did not quite do the same."""
    names = [name.partition(".")[2].lstrip("_") for names in functions_by_body().values() for name in names]
    for name in ("counted", "refuse_namesake", "without_place", "clopper_pearson"):
        assert names.count(name) <= 1, name
