"""Files that extend files, and what their errors name."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cbrkit_xai import Configuration, Registry, load_configuration, use
from cbrkit_xai.choice import Use
from cbrkit_xai.configuration_reading import configuration_from_toml
from cbrkit_xai.configurations import KIND_OF_PART
from cbrkit_xai.errors import ConfigurationError, ParameterError
from cbrkit_xai.registry import default_registry

OWN = 'name = "own"\nrepresentation = "mean-colour"\nmetric = "euclidean"\n'


@pytest.fixture
def write(tmp_path, monkeypatch):
    """Write files into the current folder, which is empty."""
    monkeypatch.chdir(tmp_path)

    def write_files(**texts):
        for name, text in texts.items():
            path = tmp_path / f"{name.replace('__', '/')}.toml"
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8")

    return write_files


# Chains ---------------------------------------------------------------------------------------------------


def test_a_file_extends_another_which_extends_a_third(write, registry):
    write(
        third=f"{OWN}k = 3",
        second='extends = "third.toml"\nk = 4\nreuse = { use = "mean", weight = "size" }',
        first='extends = "second.toml"\nname = "first"',
    )
    assert load_configuration("first.toml", registry=registry) == Configuration(
        name="first",
        representation="mean-colour",
        metric="euclidean",
        reuse=use("mean", weight="size"),
        k=4,
    )


def test_a_path_is_relative_to_the_file_that_says_it(write, registry):
    write(shared__base=OWN, shared__more='extends = "base.toml"\nk = 2', mine='extends = "shared/more.toml"')
    assert load_configuration("mine.toml", registry=registry).k == 2


def test_a_text_extends_a_file_of_the_current_folder(write, registry):
    write(base=OWN)
    assert configuration_from_toml('extends = "base.toml"', registry=registry).name == "own"


def test_the_profile_of_a_file_that_extends_a_file_is_a_name_of_its_own(write, registry):
    write(
        base=f'{OWN}profile = "study"',
        same='extends = "base.toml"',
        other='extends = "base.toml"\nprofile = "b"',
    )
    assert load_configuration("same.toml", registry=registry).profile == "study"
    assert load_configuration("other.toml", registry=registry).profile == "b"


def test_parts_of_another_file_do_not_take_the_name_of_a_registered_profile(write):
    write(base='extends = "hist-cos"\nname = "mine"', other='extends = "base.toml"\nprofile = "paper2022"')
    with pytest.raises(ConfigurationError, match=r"other.toml: profile: 'paper2022' would only rename"):
        load_configuration("other.toml")


def test_a_missing_file_is_not_said_to_be_the_one_that_extends_it(write):
    write(there='extends = "their.toml"', theirs='extends = "hist-cos"')
    with pytest.raises(ConfigurationError, match=r"did you mean 'theirs.toml'"):
        load_configuration("there.toml")


@pytest.mark.parametrize(
    ("files", "start", "circle"),
    [
        ({"a": 'extends = "a.toml"'}, "a", "a.toml -> a.toml"),
        ({"a": 'extends = "b.toml"', "b": 'extends = "a.toml"'}, "a", "a.toml -> b.toml -> a.toml"),
        (
            {"a": 'extends = "b.toml"', "b": 'extends = "c.toml"', "c": 'extends = "./b.toml"'},
            "a",
            "b.toml -> c.toml -> b.toml",
        ),
    ],
    ids=["itself", "two", "not from the start"],
)
def test_a_circle_is_named_as_a_whole(write, files, start, circle):
    write(**files)
    with pytest.raises(
        ConfigurationError, match=f"extend each other in a circle: {circle}; allowed: a chain"
    ):
        load_configuration(f"{start}.toml")


def test_a_missing_file_is_told_where_it_is_asked_for_and_the_nearest_spelling(write):
    write(base=OWN, mine='extends = "basse.toml"')
    with pytest.raises(ConfigurationError) as caught:
        load_configuration("mine.toml")
    assert str(caught.value).startswith("mine.toml: extends: 'basse.toml' cannot be read: No such file")
    assert str(caught.value).endswith("did you mean 'base.toml'?")


# Places ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            'metrik = "cosine"',
            r"^base\.toml: unknown key 'metrik'; allowed: extends, .*did you mean 'metric'\?$",
        ),
        (f"{OWN}k = 0", r"^base\.toml: k: k is 0; allowed: a whole number of at least 1$"),
        (
            'name = "a"\nrepresentation = "b"\nmetric = 3',
            r"^base\.toml: metric: 3 names no component; allowed: a name, or \{ use",
        ),
        ('metric = "cosine', r"^base\.toml: is not TOML: .*; mend the line$"),
        (
            'extends = "lf-cosinus"',
            r"^base\.toml: extends: unknown configuration 'lf-cosinus'; .*other\.toml",
        ),
    ],
)
def test_a_mistake_in_a_file_that_is_extended_names_that_file(write, registry, text, message):
    write(base=text, mine='extends = "base.toml"\nk = 3')
    with pytest.raises((ConfigurationError, ParameterError), match=message):
        load_configuration("mine.toml", registry=registry)


@pytest.mark.parametrize(
    ("part", "message"),
    [
        ('metric = "cosinus"', r"^base\.toml: metric: unknown metric 'cosinus'; .*did you mean 'cosine'\?$"),
        ('reuse = { use = "mean", weihgt = "size" }', r"^base\.toml: reuse 'mean': unknown .*'weight'\?$"),
        (
            'retention = { use = "novel", quantile = "half" }',
            r"^base\.toml: retention 'novel'\.quantile: 'half' does not fit; allowed: a number$",
        ),
        (
            'reuse = { use = "aggregated", aggregator = { use = "trimmed-mean", shares = 0.2 } }',
            r"^base\.toml: reuse 'aggregated'\.aggregator 'trimmed-mean': unknown parameter 'shares'; "
            r"allowed: share; did you mean 'share'\?$",
        ),
        (
            'reuse = { use = "aggregated", aggregator = "medain" }',
            r"^base\.toml: reuse 'aggregated'\.aggregator: unknown aggregator 'medain'; .*'median'\?$",
        ),
    ],
)
def test_what_does_not_compose_names_the_file_that_the_part_stands_in(write, registry, part, message):
    write(
        base=OWN.replace('metric = "euclidean"\n', "")
        + part
        + ("" if "metric" in part else '\nmetric = "cosine"')
    )
    write(mine='extends = "base.toml"\naggregator = "median"')
    one = load_configuration("mine.toml", registry=registry)
    with pytest.raises(ConfigurationError, match=message):
        one.components(registry)


def test_a_misfit_names_the_file_that_the_metric_stands_in(write):
    write(mine='extends = "lf-cos"\nmetric = "ssim"')
    with pytest.raises(
        ConfigurationError, match=r"^mine\.toml: metric: the metric 'ssim' takes pixels, .*cosine"
    ):
        load_configuration("mine.toml").components()


def test_a_part_that_was_changed_in_python_stands_in_no_file_any_more(write, registry):
    write(mine=OWN)
    one = load_configuration("mine.toml", registry=registry).evolve(metric="cosinus")
    with pytest.raises(ConfigurationError, match=r"^metric: unknown metric"):
        one.components(registry)


def test_where_a_part_stands_makes_no_other_configuration(write, registry):
    write(mine=OWN)
    one, other = load_configuration("mine.toml", registry=registry), configuration_from_toml(OWN)
    assert one == other
    assert hash(one) == hash(other)
    assert one.to_toml() == other.to_toml()
    assert "mine.toml" not in repr(one)


# The same in Python and in TOML ---------------------------------------------------------------------------


def uses_of(registry, kind):
    """Registered components of a kind, with the parameters that their records give as examples."""
    found = []
    for name in registry.names(kind):
        record = registry.find(kind, name)
        found += [use(name, **example) for example in record.examples]
        try:
            registry.create(kind, use(name))
        except ConfigurationError:  # it has parameters that must be given
            continue
        found.append(use(name))
    return found


REGISTRY = Registry(discover=True)
PARTS = {part: uses_of(REGISTRY, kind) for part, kind in KIND_OF_PART.items()}


def test_there_are_components_in_components_to_be_written_down():
    nested = [
        one
        for uses in PARTS.values()
        for one in uses
        if any(isinstance(value, Use) for value in one.parameters.values())
    ]
    assert len(nested) >= 2


@settings(max_examples=50)
@given(
    st.builds(
        Configuration,
        name=st.text(min_size=1),
        k=st.integers(1, 99),
        **{p: st.sampled_from(u) for p, u in PARTS.items()},
    )
)
def test_what_is_composed_of_registered_components_is_the_same_in_python_and_in_toml(one):
    again = configuration_from_toml(one.to_toml(), registry=REGISTRY)
    assert again == one
    assert (again.label, again.hash) == (one.label, one.hash)


def test_every_shipped_configuration_is_the_same_in_python_and_in_toml():
    registry = default_registry()
    for name in registry.names("configuration"):
        for profile, chosen in registry.find("configuration", name).profiles.items():
            for organizer in chosen.organizers:
                text = f'extends = "{name}"\nprofile = "{profile}"\n[organizer]\nuse = "{organizer.name}"'
                one = configuration_from_toml(text).evolve(organizer=organizer)
                assert configuration_from_toml(one.to_toml()) == one
