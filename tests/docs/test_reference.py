"""The reference says all there is, and nothing else."""

import inspect
import re
import subprocess
import sys

import generate_components
import pytest
from pages import DOCS, ROOT

import cbrkit_xai
from cbrkit_xai import cache, hookspecs, registry, testing
from cbrkit_xai.cli import COMMANDS, cli
from cbrkit_xai.recommendation import Precedent, Recommendation
from cbrkit_xai.structuring import required_parameters
from cbrkit_xai.testing import strategies

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
    own = (
        page("python.md").split("## The conformance kit")[0]
        + page("python.md").split("\n## Not re-exported")[1]
    )
    assert sorted(first_cells(own)) == sorted(cbrkit_xai.__all__)


def test_every_name_of_the_conformance_kit_stands_in_the_reference():
    section = page("python.md").split("## The conformance kit")[1].split("\n## ")[0]
    named = set(re.findall(r"`(\w+)`", section))
    assert set(testing.__all__) <= named
    drawn = {
        name
        for name in vars(strategies)
        if getattr(vars(strategies)[name], "__module__", "") == strategies.__name__
    }
    public = {name for name in drawn if name[0].islower()}
    assert public <= named


def test_the_pages_of_components_and_of_their_contract_are_what_their_script_makes():
    script = DOCS / "generate_components.py"
    made = subprocess.run([sys.executable, script], capture_output=True, text=True, cwd=ROOT)
    assert (made.stdout, made.stderr) == ("", ""), "run `python docs/generate_components.py --write`"


def shipped_components():
    return [
        component
        for plugin in registry.Registry(discover=True).plugins
        if plugin.distribution.startswith("cbrkit-xai")
        for component in plugin.components
    ]


@pytest.mark.parametrize("kind", registry.KINDS)
def test_every_component_of_this_project_has_its_section_with_facts_and_an_example_that_runs(kind):
    text = page(f"components/{generate_components.page_of(kind)}")
    for component in shipped_components():
        if component.kind != kind:
            continue
        section = text.split(f"\n## `{component.name}`\n")[1].split("\n## ")[0]
        assert component.summary in section
        assert all(f"`{fact}`" in section for fact in component.facts)
        needs_a_file = kind == "classifier" and required_parameters(component.resolve())
        assert kind == "configuration" or needs_a_file or "```python" in section


@pytest.mark.parametrize("kind", [*registry.KINDS, "plugin"])
def test_every_law_stands_in_the_contract(kind):
    section = page("contract.md").split(f"\n## {kind}\n")[1].split("\n## ")[0]
    assert first_cells(section) == [law.name for law in testing.laws_of(kind)]


def test_every_public_name_occurs_in_some_test():
    tests = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("*.py"))
    public = {*cbrkit_xai.__all__, *testing.__all__}
    assert sorted(name for name in public if not re.search(rf"\b{name}\b", tests)) == []


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
