"""Lists of values by dotted path, and the configurations they make."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cbrkit_xai import Configuration, Registry, load_configuration, use
from cbrkit_xai.configuration_reading import configurations_from_toml, has_grid, load_configurations
from cbrkit_xai.errors import ConfigurationError, ParameterError
from cbrkit_xai.grids import combinations, flat_grid, name_of

OWN = 'name = "mine"\nrepresentation = "mean-colour"\nmetric = { use = "minkowski", p = 3 }\n'


@pytest.fixture
def mine():
    return Configuration(name="mine", representation="mean-colour", metric=use("minkowski", p=3))


def test_a_grid_is_the_product_in_order_and_the_last_path_changes_fastest(mine, registry):
    made = mine.grid({"metric.p": [1, 2], "k": [5, 1]}, registry=registry)
    assert [(one.metric.parameters["p"], one.k) for one in made] == [(1, 5), (1, 1), (2, 5), (2, 1)]
    assert [one.label for one in made] == [
        "mine[metric.p=1,k=5]/linear@custom",
        "mine[metric.p=1,k=1]/linear@custom",
        "mine[metric.p=2,k=5]/linear@custom",
        "mine[metric.p=2,k=1]/linear@custom",
    ]
    assert mine.metric == use("minkowski", p=3)


def test_whole_parts_are_chosen_by_name_or_with_parameters(mine, registry):
    choices = [
        "linear",
        use("dbscan-prototypes", noise="drop"),
        {"use": "dbscan-prototypes", "noise": "singleton"},
    ]
    made = mine.grid({"organizer": choices}, registry=registry)
    assert [one.organizer for one in made] == [
        use("linear"),
        choices[1],
        use("dbscan-prototypes", noise="singleton"),
    ]
    assert [one.name for one in made] == [
        "mine[organizer=linear]",
        "mine[organizer=dbscan-prototypes(noise=drop)]",
        "mine[organizer=dbscan-prototypes(noise=singleton)]",
    ]


def test_a_part_is_chosen_before_its_parameters_in_whichever_order_they_stand(mine, registry):
    for grid in (
        {"reuse.weight": ["size", "none"], "reuse": ["mean", "shrunk"]},
        {"reuse": ["mean", "shrunk"], "reuse.weight": ["size", "none"]},
    ):
        made = mine.grid(grid, registry=registry)
        assert {(one.reuse.name, one.reuse.parameters["weight"]) for one in made} == {
            ("mean", "size"), ("mean", "none"), ("shrunk", "size"), ("shrunk", "none"),
        }  # fmt: skip


def test_a_path_leads_into_components_within_components(mine, registry):
    started = mine.evolve(reuse=use("aggregated", aggregator="trimmed-mean"))
    made = started.grid({"reuse.aggregator.share": [0.1, 0.2]}, registry=registry)
    assert [one.reuse.parameters["aggregator"] for one in made] == [
        use("trimmed-mean", share=0.1),
        use("trimmed-mean", share=0.2),
    ]


def test_quoted_dotted_and_nested_paths_mean_the_same(registry):
    written = [
        '"metric.p" = [1, 2]',
        "metric.p = [1, 2]",
        "metric = { p = [1, 2] }",
        "[grid.metric]\np = [1, 2]",
    ]
    made = [configurations_from_toml(f"{OWN}[grid]\n{text}", registry=registry) for text in written]
    assert made[0] == made[1] == made[2] == made[3]
    assert len(made[0]) == 2


def test_python_and_toml_make_the_same(mine, registry):
    grid = {"organizer": ["linear", {"use": "dbscan-prototypes", "min_clusters": 3}], "k": [1, 2]}
    text = 'organizer = ["linear", { use = "dbscan-prototypes", min_clusters = 3 }]\nk = [1, 2]'
    assert configurations_from_toml(f"{OWN}[grid]\n{text}", registry=registry) == mine.grid(
        grid, registry=registry
    )


values = st.one_of(
    st.text(max_size=4),
    st.sampled_from(["true", "1", "linear", "a,b", "1.0", 'x"']),
    st.booleans(),
    st.integers(-3, 3),
)


@settings(max_examples=50)
@given(
    st.dictionaries(
        st.sampled_from(["metric.p", "metric.q", "reuse.x"]),
        st.lists(values, min_size=1, max_size=4),
        min_size=1,
    )
)
def test_names_are_unique_and_the_same_each_time(grid):
    try:
        flat = flat_grid(grid, "grid")
    except ConfigurationError as error:
        assert "is there twice" in str(error)
        return
    names = [name_of("mine", changes) for changes in combinations(flat, "grid")]
    assert len(set(names)) == len(names) == math.prod(len(one) for one in grid.values())
    assert names == [name_of("mine", changes) for changes in combinations(flat_grid(grid, "grid"), "grid")]


MANY = list(range(1, 102))


# Mistakes -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("grid", "message"),
    [
        ("", r"the grid is empty; allowed: at least one path of representation, .*, k, with a list"),
        ("k = []", r"k: the list is empty; allowed: at least one value; give it values"),
        ("k = 5", r"k: 5 is not a list; allowed: a list"),
        ('metrik = ["cosine"]', r"unknown path 'metrik'; allowed: representation, .*did you mean 'metric'\?"),
        ('"metrics.p" = [1]', r"unknown path 'metrics\.p'; .*did you mean 'metric'\?"),
        ('"k.p" = [1]', r"unknown path 'k\.p'; allowed: "),
        ('"metric." = [1]', r"unknown path 'metric\.'; allowed: "),
        ('"metric.q" = [1]', r"metric\.q: metric 'minkowski': unknown parameter 'q'; allowed: p"),
        ('"metric.p.q" = [1]', r"'metric\.p\.q' leads nowhere: metric\.p is 3; allowed: a parameter"),
        ('"metric.s.q" = [1]', r"'metric\.s\.q' leads nowhere: metric\.s is not given; allowed: a parameter"),
        ('"metric.p" = [1, "2"]', r"metric\.p: metric 'minkowski'\.p: '2' does not fit; allowed: a number"),
        ('"metric.p" = [1, inf]', r"metric\.p.*inf cannot be written to a file; allowed: a number"),
        ('metric = ["cosine", "cosinus"]', r"metric: unknown metric 'cosinus'; .*did you mean 'cosine'\?"),
        ("metric = [3]", r"metric: 3 names no component; allowed: a name, or"),
        ("k = [1, 0]", r"k: k is 0; allowed: a whole number of at least 1"),
        ("k = [1, 2, 1]", r"k: 1 is there twice; allowed: each value once"),
        ('metric = ["cosine", { use = "cosine" }]', r"metric: cosine is there twice; allowed: each value"),
        ('"metric.p" = [1, 1.0]', r"metric\.p: 1\.0 is there twice"),
        ('"metric.p" = [1]\nmetric.p = [2]', r"'metric\.p' is there twice; allowed: each path once"),
        (f"k = {MANY}\nmetric.p = {MANY}", r"the grid makes 10201 configurations; allowed: at most 10000"),
    ],
)  # fmt: skip
def test_a_mistake_in_a_grid_is_told_with_the_file_before_anything_is_computed(
    tmp_path, monkeypatch, registry, grid, message
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.toml").write_text(f"{OWN}[grid]\n{grid}")
    with pytest.raises((ConfigurationError, ParameterError), match=rf"^mine\.toml: grid: {message}"):
        load_configurations("mine.toml", registry=registry)


def test_a_grid_that_is_no_table_is_refused(registry):
    with pytest.raises(ConfigurationError, match=r"^configuration: grid: 5 is not a table"):
        configurations_from_toml(f"{OWN}grid = 5", registry=registry)


def test_a_metric_that_does_not_fit_is_found_among_many_that_do():
    one = Configuration(name="a", representation="latent", metric="cosine")
    with pytest.raises(ConfigurationError, match=r"^grid: metric: the metric 'ssim' takes pixels"):
        one.grid({"metric": ["euclidean", "cosine", "ssim"]}, registry=Registry(discover=True))


def test_where_one_configuration_is_wanted_a_grid_is_refused_with_its_number(tmp_path, monkeypatch, registry):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "study.toml").write_text(f'{OWN}[grid]\nk = [1, 2]\n"metric.p" = [1, 2, 3]')
    (tmp_path / "more.toml").write_text('extends = "study.toml"')
    with pytest.raises(
        ConfigurationError, match=r"^study\.toml: the \[grid\] of study\.toml makes 6 conf.*show"
    ):
        load_configuration("study.toml", registry=registry)
    with pytest.raises(
        ConfigurationError, match=r"^more\.toml: extends: the \[grid\] of study\.toml makes 6"
    ):
        load_configurations("more.toml", registry=registry)


def test_a_file_without_a_grid_is_one_configuration(tmp_path, registry):
    (tmp_path / "mine.toml").write_text(OWN)
    assert not has_grid(tmp_path / "mine.toml")
    made = load_configurations(tmp_path / "mine.toml", registry=registry)
    assert made == [load_configuration(tmp_path / "mine.toml", registry=registry)]


def test_a_grid_may_vary_what_another_file_composes(tmp_path, registry):
    (tmp_path / "base.toml").write_text(OWN)
    (tmp_path / "study.toml").write_text('extends = "base.toml"\nname = "study"\n[grid]\nk = [1, 2]')
    made = load_configurations(tmp_path / "study.toml", registry=registry)
    assert [one.name for one in made] == ["study[k=1]", "study[k=2]"]
