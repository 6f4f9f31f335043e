"""`cbrkit-xai plugins` and `configuration`."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from cbrkit_xai import JudgePlugin, MetricPlugin, OrganizerPlugin, RetentionPolicyPlugin
from cbrkit_xai.cli.plugins import shown_facts
from cbrkit_xai.configuration_reading import configuration_from_toml
from cbrkit_xai.registry import KINDS

FIVE = {
    "hist-euc": "cbrkit-xai-histogram",
    "hist-cos": "cbrkit-xai-histogram",
    "lf-euc": "cbrkit-xai-latent",
    "lf-cos": "cbrkit-xai-latent",
    "ssim": "cbrkit-xai-ssim",
}
OF_2021 = ("block-ssim", "blue-hist-bhattacharyya", "five-similarities", "pixel-difference")
DISTRIBUTION = {**FIVE, **dict.fromkeys(OF_2021, "cbrkit-xai-features")}
NAMED = {"name": "a", "summary": "a", "source": "a", "factory": dict}
HEAVY = ("scipy", "sklearn", "skimage", "onnxruntime", "onnx", "tensorflow", "matplotlib", "PIL")


def test_the_configurations_come_from_entry_points_of_their_own(run):
    plugins = json.loads(run("plugins", "--json").stdout)["plugins"]
    assert [plugin["state"] for plugin in plugins] == ["ok"] * len(plugins)
    found = {
        component["name"]: (plugin["name"], plugin["distribution"], len(plugin["components"]))
        for plugin in plugins
        for component in plugin["components"]
        if component["kind"] == "configuration"
    }
    assert found == {name: (name, distribution, 1) for name, distribution in DISTRIBUTION.items()}


def test_the_table_stands_kind_by_kind_with_facts_within_100_columns(run):
    lines = run("plugins", COLUMNS="250").stdout.splitlines()
    assert max(map(len, lines)) <= 100
    headings = [line.strip() for line in lines if line.strip() in KINDS]
    assert headings == [kind for kind in KINDS if kind in headings]
    assert len(headings) >= 9
    (row,) = [line for line in lines if line.startswith(" euclidean ")]
    assert "triangle" in row
    (row,) = [line for line in lines if line.startswith(" dbscan-prototypes ")]
    assert "not exact" in row


@pytest.mark.parametrize(
    ("record", "told"),
    [
        (MetricPlugin(**NAMED), ""),
        (MetricPlugin(**NAMED, triangle=True, domain="nonnegative"), "nonnegative, triangle"),
        (MetricPlugin(**NAMED, accepts="pixels", zero_vector="one"), "pixels, zero vector one"),
        (MetricPlugin(**NAMED, invariant=("scale", "order")), "invariant (scale, order)"),
        (MetricPlugin(**NAMED, self_distance=1e-9), "self distance 1e-09"),
        (OrganizerPlugin(**NAMED, exact=False, incremental=True), "not exact, incremental"),
        (JudgePlugin(**NAMED, family="noise"), "family noise"),
        (RetentionPolicyPlugin(**NAMED), ""),
    ],
)
def test_facts_are_told_in_words_where_they_differ_from_what_goes_without_saying(record, told):
    assert shown_facts(record) == told


def test_the_json_has_the_examples_with_nested_components_as_tables(run):
    plugins = json.loads(run("plugins", "--kind", "metric", "--json").stdout)["plugins"]
    examples = {one["name"]: one["examples"] for plugin in plugins for one in plugin["components"]}
    assert {"p": 1} in examples["minkowski"]
    assert all(isinstance(one, dict) for found in examples.values() for one in found)


def test_an_unknown_kind_is_refused_with_the_nearest(run):
    done = run("plugins", "--kind", "metrics")
    assert done.returncode == 2
    assert "did you mean 'metric'?" in done.stderr


def write_distribution(folder: Path, name: str, module: str, source: str) -> None:
    info = folder / f"{name}-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[cbrkit_xai]\n{module} = {module}\n")
    (folder / f"{module}.py").write_text(source)


METRIC = """
from cbrkit_xai import MetricPlugin, hookimpl

class Zero:
    def pairwise(self, queries, references):
        import numpy
        return numpy.zeros((len(queries), len(references)))

{marked}
def {hook}():
    yield MetricPlugin(name="{name}", summary="Nothing", source="a test", factory=Zero)
"""


@pytest.mark.parametrize(
    ("hook", "marked", "name", "reason"),
    [
        ("cbrkit_xai_metrics", "@hookimpl", "euclidean", "registered by"),
        ("cbrkit_xai_metric", "@hookimpl", "zero", "did you mean 'cbrkit_xai_metrics'?"),
        ("cbrkit_xai_metrics", "", "zero", "@hookimpl"),
        ("cbrkit_xai_metrics", "@hookimpl\n@undefined", "zero", "undefined"),
    ],
    ids=["duplicate", "misspelt", "unmarked", "broken"],
)
def test_a_faulty_plugin_is_listed_with_its_reason_and_disturbs_nobody(
    run, chelsea, tmp_path, hook, marked, name, reason
):
    write_distribution(
        tmp_path / "site", "faulty", "faulty_plugin", METRIC.format(hook=hook, marked=marked, name=name)
    )
    path = {"PYTHONPATH": str(tmp_path / "site")}
    plugins = {
        plugin["name"]: plugin for plugin in json.loads(run("plugins", "--json", **path).stdout)["plugins"]
    }
    assert plugins["faulty_plugin"]["state"] == "broken"
    assert reason in plugins["faulty_plugin"]["reason"]
    assert [plugins[one]["state"] for one in FIVE] == ["ok"] * 5
    assert run("recommend", chelsea, **path).returncode == 0


def test_a_plugin_that_is_installed_changes_no_other_answer_and_goes_when_it_is_removed(
    run, chelsea, tmp_path
):
    def answer(**variables: str) -> dict[str, object]:
        value = json.loads(run("recommend", chelsea, "--json", **variables).stdout)["recommendations"][0]
        del value["seconds"]
        return value

    write_distribution(
        tmp_path / "site",
        "stranger",
        "stranger_plugin",
        METRIC.format(hook="cbrkit_xai_metrics", marked="@hookimpl", name="zero"),
    )
    path = {"PYTHONPATH": str(tmp_path / "site")}
    before, beside = answer(), answer(**path)
    assert beside == before
    (tmp_path / "zero.toml").write_text('extends = "hist-euc"\nmetric = "zero"\n')
    assert run("recommend", chelsea, "-c", "zero.toml", **path).returncode == 0
    gone = run("recommend", chelsea, "-c", "zero.toml")
    assert gone.returncode == 2
    assert "unknown metric 'zero'" in gone.stderr


def test_a_disabled_plugin_is_listed_as_such_and_takes_just_its_own_along(run):
    plugins = json.loads(run("plugins", "--json", CBRKIT_XAI_DISABLE_PLUGINS="cbrkit-xai-ssim").stdout)[
        "plugins"
    ]
    states = {plugin["name"]: plugin["state"] for plugin in plugins}
    assert states["ssim"] == "disabled"
    assert states["lf-cos"] == "ok"


@pytest.mark.parametrize("name", sorted(FIVE))
@pytest.mark.parametrize("profile", ["paper2022", "recommended"])
def test_what_configuration_show_prints_loads_back_to_the_same(run, name, profile):
    from cbrkit_xai import configuration

    done = run("configuration", "show", name, "--profile", profile, "--organizer", "dbscan-prototypes")
    assert done.returncode == 0, done.stderr
    shown = configuration(name, profile=profile, organizer="dbscan-prototypes")
    assert configuration_from_toml(done.stdout) == shown


def test_configuration_list_names_the_profiles_and_organisations(run):
    listed = json.loads(run("configuration", "list", "--json").stdout)["configurations"]
    profiles = {one["name"]: one["profiles"] for one in listed}
    assert set(profiles) == set(DISTRIBUTION)
    assert all(set(profiles[name]) >= {"paper2022", "recommended"} for name in FIVE)
    assert all("dbscan-prototypes" in found for name in FIVE for found in profiles[name].values())
    assert all(set(profiles[name]) == {"java2021"} for name in OF_2021)


@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"],
        ["plugins", "--json"],
        ["plugins"],
        ["check", "--help"],
        ["plugin", "new", "--help"],
        ["configuration", "list", "--json"],
    ],
)
def test_help_and_listing_load_nothing_heavy(arguments):
    code = (
        "import sys\n"
        "from cbrkit_xai.cli import _run\n"
        f"_run({arguments!r})\n"
        f"print('LOADED', [name for name in {HEAVY!r} if name in sys.modules])\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip().endswith("LOADED []")


def test_a_recommendation_loads_only_what_it_uses(chelsea, cache):
    # The bundled base comes with its fits, so neither scipy nor scikit-learn is needed to answer.
    code = (
        "import sys\n"
        "from cbrkit_xai.cli import _run\n"
        f"assert _run(['recommend', {str(chelsea)!r}, '--json']) == 0\n"
        "heavy = ('scipy', 'sklearn', 'skimage', 'onnx', 'tensorflow')\n"
        "print('LOADED', [name for name in heavy if name in sys.modules])\n"
    )
    environment = {**os.environ, "CBRKIT_XAI_CACHE": str(cache)}
    run = [sys.executable, "-c", code]
    subprocess.run(
        run, capture_output=True, text=True, check=True, env=environment
    )  # writes the network once
    done = subprocess.run(run, capture_output=True, text=True, check=True, env=environment)
    assert done.stdout.strip().endswith("LOADED []")


@pytest.mark.parametrize(
    ("arguments", "code"),
    [(["--help"], 0), (["--version"], 0), (["nothing"], 2), (["recommend"], 2), ([], 2)],
)
def test_the_exit_code_tells_help_from_mistakes(run, arguments, code):
    done = run(*arguments)
    assert done.returncode == code
    assert "Traceback" not in done.stderr


def test_a_name_that_two_strangers_claim_is_shown_as_contested(run, tmp_path):
    for name in ("first", "second"):
        source = METRIC.format(hook="cbrkit_xai_metrics", marked="@hookimpl", name="zero")
        write_distribution(tmp_path / "site", name, f"{name}_plugin", source)
    path = {"PYTHONPATH": str(tmp_path / "site")}
    (row,) = [line for line in run("plugins", **path).stdout.splitlines() if line.startswith(" zero ")]
    assert "contested" in row
    plugins = json.loads(run("plugins", "--json", **path).stdout)["plugins"]
    states = {
        component["name"]: component["state"]
        for plugin in plugins
        for component in plugin["components"]
        if component["kind"] == "metric"
    }
    assert states["zero"] == "contested"
    assert {state for name, state in states.items() if name != "zero"} == {"ready"}


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (("def pairwise", "def pairwize"), "the Zero that stranger:stranger_plugin makes has no pairwise"),
        (
            ("numpy.zeros((len(queries), ", "numpy.zeros((1 + len(queries), "),
            "metric Zero: gives float64 of shape",
        ),
        (("numpy.zeros(", "numpy.nan * numpy.zeros("), "metric Zero: a distance is nan"),
        (("numpy.zeros(", "-1 - numpy.zeros("), "metric Zero: a distance is -1.0"),
    ],
    ids=["no pairwise", "wrong shape", "NaN", "negative"],
)
def test_a_strangers_metric_that_breaks_its_contract_is_named_in_one_line(
    run, chelsea, tmp_path, change, told
):
    source = METRIC.format(hook="cbrkit_xai_metrics", marked="@hookimpl", name="zero").replace(*change)
    write_distribution(tmp_path / "site", "stranger", "stranger_plugin", source)
    (tmp_path / "zero.toml").write_text('extends = "hist-euc"\nmetric = "zero"\n')
    done = run("recommend", chelsea, "-c", "zero.toml", PYTHONPATH=str(tmp_path / "site"))
    assert done.returncode == 2, done.stderr
    assert told in done.stderr
    assert "internal error" not in done.stderr
