"""The reference says all there is, and nothing else."""

import inspect
import re
import subprocess
import sys

import pytest
from pages import DOCS, ROOT

import cbrkit_xai
from cbrkit_xai import cache, hookspecs, registry
from cbrkit_xai.cli import COMMANDS, cli
from cbrkit_xai.recommendation import Precedent, Recommendation

REFERENCE = DOCS / "reference"
HOOKS = {
    name: function
    for name, function in vars(hookspecs).items()
    if name.startswith("cbrkit_xai_") and callable(function)
}


def page(name):
    return (REFERENCE / name).read_text(encoding="utf-8")


def first_cells(text):
    return re.findall(r"^\| `([^`]+)`", text, flags=re.MULTILINE)


def signature(function):
    """As hooks.md writes it: without the quotes and the module of an annotation."""
    return re.sub(r"'|components\.", "", f"{function.__name__}{inspect.signature(function)}")


@pytest.mark.parametrize("name", HOOKS)
def test_every_hook_stands_in_the_reference_with_its_exact_signature(name):
    assert f"`{signature(HOOKS[name])}`" in page("hooks.md")


def test_the_reference_names_no_hook_that_is_gone():
    assert set(re.findall(r"^### `(cbrkit_xai_\w+)\(", page("hooks.md"), flags=re.MULTILINE)) == set(HOOKS)


def test_every_public_name_has_its_row_and_no_other_has_one():
    assert sorted(first_cells(page("python.md"))) == sorted(cbrkit_xai.__all__)


def test_the_page_of_components_is_what_its_script_makes():
    script = DOCS / "generate_components.py"
    made = subprocess.run([sys.executable, script], capture_output=True, text=True, check=True, cwd=ROOT)
    assert made.stdout == page("components.md"), "run `python docs/generate_components.py --write`"


def test_every_component_of_this_project_has_its_row():
    own = [
        component
        for plugin in registry.Registry(discover=True).plugins
        if plugin.distribution.startswith("cbrkit-xai")
        for component in plugin.components
    ]
    assert {component.name for component in own} <= set(first_cells(page("components.md")))


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_and_each_of_its_options_stands_in_the_reference(name):
    command = cli.get_command(None, name)
    commands = [command, *getattr(command, "commands", {}).values()]
    section = re.search(rf"^## `{name}`$(.*?)(?=^## |\Z)", page("command-line.md"), re.MULTILINE | re.DOTALL)
    options = {option for one in commands for parameter in one.params for option in parameter.opts}
    assert section, f"no section {name}"
    missing = sorted(
        option for option in options if option.startswith("-") and f"`{option}" not in section[1]
    )
    assert not missing


@pytest.mark.parametrize("variable", [registry.DISABLE, cache.VARIABLE, "XDG_CACHE_HOME"])
def test_every_environment_variable_stands_in_the_reference(variable):
    assert f"`{variable}`" in page("command-line.md")


def test_the_table_of_the_json_answer_has_each_key_and_no_other():
    answer = Recommendation(
        photo="photo.jpg",
        image_sha256="",
        configuration="",
        base="",
        provenance="",
        voted_by="",
        ranking=["lime"],
        votes={"lime": 1},
        confidence={"lime": 1},
        basis="overall",
        conformal_set=None,
        statement="",
        skill=None,
        skill_interval=None,
        similar_votes={"lime": 1},
        overall_votes={"lime": 1},
        precedents=[Precedent(id="a", distance=0.0, weight=1.0, votes={"lime": 1}, members=["a"])],
        familiarity=1.0,
        out_of_experience=False,
        seconds={},
    ).to_json()
    keys = {*answer, *(f"because.{key}" for key in answer["because"])} - {"because"}
    keys |= {f"precedents[].{key}" for key in answer["precedents"][0]}
    table = page("command-line.md").split("## The JSON of")[1].split("\n## ")[0]
    assert set(first_cells(table)) - {"recommendations", "rejected"} == keys


def test_architecture_says_where_every_module_and_folder_is():
    package = ROOT / "cbrkit_xai"
    there = {path.name for path in package.glob("*.py")} - {"__init__.py"}
    there |= {f"{path.parent.name}/" for path in package.glob("*/__init__.py")}
    named = (DOCS / "explanation" / "architecture.md").read_text(encoding="utf-8")
    assert sorted(name for name in there if f"`{name}`" not in named) == []


def test_no_page_names_a_path_of_some_machine():
    for path in [ROOT / "README.md", *DOCS.rglob("*.md")]:
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"(?<![\w.~$])/(work|home|root|tmp|Users)/", text), path
