"""A plugin as a stranger ships it: another build system, a wheel, an environment of its own."""

from __future__ import annotations

import importlib.util
import io
import json
import re
import shutil
import tokenize
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from cbrkit_xai.cli.demo import demo_photo
from cbrkit_xai.plugin_skeleton import skeleton

NAME = "cbrkit-xai-minkowski"
EXAMPLE = Path(__file__).parents[2] / "docs" / "examples" / NAME
MODULE = EXAMPLE / "src" / "cbrkit_xai_minkowski" / "__init__.py"
VECTORS = {"hist-cos", "hist-euc", "lf-cos", "lf-euc"}
PIXELS = {"ssim", "block-ssim", "pixel-difference", "blue-hist-bhattacharyya"}
MINE = 'extends = "hist-euc"\nname = "mine"\nmetric = { use = "minkowski-mean", p = 4 }\n'

# Every shipped configuration, in each profile and organisation: on the bundled base, and where that lacks
# the features, on photos that are kept with their pixels.
ANSWERS = """
import json, sys
import cbrkit_xai as cx

photo, study = sys.argv[1:]
registry, bases = cx.default_registry(), (cx.CaseBase.bundled("coco200-auto"), cx.CaseBase.load(study))
for name in registry.names("configuration"):
    for profile, chosen in registry.find("configuration", name).profiles.items():
        for organizer in chosen.organizers:
            one = cx.configuration(name, profile=profile, organizer=organizer)
            for base in bases:
                try:
                    answer = one.fit(base, cache=cx.FitCache()).recommend(photo).to_json()
                except cx.CbrkitXaiError as error:
                    print(one.label, base.name, f"{type(error).__name__}: {error}")
                    continue
                del answer["seconds"]
                print(one.label, base.name, json.dumps(answer))
                break
"""


@pytest.fixture(scope="module")
def stranger(make_stranger):
    """An environment with the plugin, and a configuration that uses it."""
    made = make_stranger()
    made.install()
    (made.folder / "mine.toml").write_text(MINE)
    return made


@pytest.fixture
def module() -> ModuleType:
    spec = importlib.util.spec_from_file_location("cbrkit_xai_minkowski_as_it_stands", MODULE)
    assert spec is not None
    assert spec.loader is not None
    found = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(found)
    return found


@pytest.mark.slow
def test_it_is_listed_with_its_facts(stranger):
    plugins = json.loads(stranger.cbrkit_xai("plugins", "--kind", "metric", "--json"))["plugins"]
    (own,) = [one for one in plugins if one["distribution"] == NAME]
    assert (own["state"], own["version"]) == ("ok", "0.1.0")
    (metric,) = own["components"]
    assert (metric["name"], metric["state"], metric["facts"]["triangle"]) == ("minkowski-mean", "ready", True)


@pytest.mark.slow
def test_it_is_composed(stranger):
    shown = stranger.cbrkit_xai("configuration", "show", "mine.toml")
    assert '[metric]\nuse = "minkowski-mean"\np = 4' in shown


@pytest.mark.slow
def test_it_is_checked(stranger):
    checked = json.loads(stranger.cbrkit_xai("check", NAME, "--json"))
    assert checked["state"] == "passed"
    found = {row["name"]: {one["law"] for one in row["checks"]} for row in checked["checked"]}
    assert set(found) == {f"{NAME}:minkowski-mean", "minkowski-mean", "minkowski-mean(p=1)"}
    assert "keeps-the-triangle-inequality" in found["minkowski-mean"]
    assert "loads-nothing-heavy" in found[f"{NAME}:minkowski-mean"]


@pytest.mark.slow
def test_its_own_tests_pass(stranger):
    shutil.copytree(EXAMPLE / "tests", stranger.folder / "tests")
    out = stranger.succeeds("-m", "pytest", "-q", "-p", "no:cacheprovider", "tests")
    assert " passed" in out


@pytest.mark.slow
def test_it_is_evaluated_on_held_out_cases(stranger):
    answered = stranger.cbrkit_xai("recommend", demo_photo(), "-c", "mine.toml", "--json")
    (answer,) = json.loads(answered)["recommendations"]
    assert answer["configuration"] == "mine/linear@recommended"
    low, high = answer["skill_interval"]
    assert low <= answer["skill"] <= high
    assert answer["familiarity"] > 0


@pytest.mark.slow
def test_installing_it_changes_no_byte_of_any_other_answer_and_uninstalling_it_leaves_nothing(
    make_stranger, study
):
    machine = make_stranger()
    (machine.folder / "mine.toml").write_text(MINE)

    def answers() -> str:
        # An empty cache each time, or the second would repeat the first.
        shutil.rmtree(machine.folder / "cache", ignore_errors=True)
        return machine.succeeds("-c", ANSWERS, demo_photo(), study)

    def listed() -> bool:
        return "minkowski-mean" in machine.cbrkit_xai("plugins", "--kind", "metric")

    before = answers()
    assert not listed()
    machine.install()
    assert listed()
    assert answers() == before
    machine.uninstall()
    assert not listed()
    gone = machine.run("-m", "cbrkit_xai", "configuration", "show", "mine.toml")
    assert gone.returncode == 2
    assert "unknown metric 'minkowski-mean'" in gone.stderr
    answered = [line.split()[:2] for line in before.splitlines() if '"ranking"' in line]
    bases = {label.partition("/")[0]: base for label, base in answered}
    assert {name for name, base in bases.items() if base == "coco200-auto"} == VECTORS
    assert {name for name, base in bases.items() if base == "study"} >= PIXELS


def test_it_is_the_root_of_the_mean_power_whatever_the_number_of_bins(module):
    metric = module.MinkowskiMean(p=3)
    x, y = np.array([[0.0, 1.0, 5.0]]), np.array([[2.0, 1.0, 1.0]])
    by_hand = ((2**3 + 0 + 4**3) / 3) ** (1 / 3)
    assert metric.pairwise(x, y) == pytest.approx(by_hand)
    assert metric.pairwise(np.tile(x, 100), np.tile(y, 100)) == pytest.approx(by_hand)


def test_its_own_code_is_at_most_ten_lines():
    # Logical lines, as Python's tokenizer ends them; without docstrings, and imports of attrs and cbrkit_xai.
    lines, words = [], []
    for token in tokenize.generate_tokens(io.StringIO(MODULE.read_text(encoding="utf-8")).readline):
        if token.type == tokenize.NEWLINE:
            lines.append(words)
            words = []
        elif token.type in (tokenize.NAME, tokenize.STRING, tokenize.OP, tokenize.NUMBER):
            words.append(token.string)
    own = [words for words in lines if not words[0].startswith('"""')]
    own = [words for words in own if words not in (["import", "attrs"],) and "cbrkit_xai" not in words]
    assert [words[0] for words in own] == ["@", "class", "p", "def", "from", "return", "@", "def", "yield"]
    assert len(own) <= 10


def test_it_is_what_plugin_new_writes():
    files = skeleton(NAME, "metric", "minkowski-mean")
    there = {
        path.relative_to(EXAMPLE).as_posix(): path.read_text(encoding="utf-8")
        for path in EXAMPLE.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert there == files


def test_the_page_that_leads_there_shows_its_files_as_they_are():
    page = (EXAMPLE.parents[1] / "how-to" / "write-a-plugin.md").read_text(encoding="utf-8")
    shown = re.findall(rf"<!-- file: {NAME}/([^ ]+) -->\n```\w+\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    assert [path for path, _ in shown] == [
        "pyproject.toml",
        "src/cbrkit_xai_minkowski/__init__.py",
        "tests/test_contract.py",
    ]
    for path, text in shown:
        assert text == (EXAMPLE / path).read_text(encoding="utf-8"), path
