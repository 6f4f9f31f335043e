from __future__ import annotations

import attrs
import pytest

from cbrkit_xai import (
    AggregatorPlugin,
    ConfigurationPlugin,
    JudgePlugin,
    MetricPlugin,
    Profile,
    use,
)
from cbrkit_xai.components import ComponentPlugin, kinds
from cbrkit_xai.errors import MissingDependencyError, PluginError

GIVEN = {"name": "city-block", "summary": "Sum of differences", "source": "Minkowski 1910", "factory": dict}


def metric(**changes):
    return MetricPlugin(**{**GIVEN, **changes})


@pytest.mark.parametrize("record", list(kinds()), ids=lambda record: record.__name__)
def test_every_record_is_frozen_keyword_only_and_documented(record):
    assert record.__doc__
    assert all(field.kw_only for field in attrs.fields(record))
    made = record.__new__(record)
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        made.name = "other"


@pytest.mark.parametrize("record", list(kinds()), ids=lambda record: record.__name__)
def test_hook_record_and_kind_are_one_name_in_three_spellings(record):
    words = record.hook.removeprefix("cbrkit_xai_").split("_")
    last = words[-1]
    words[-1] = f"{last[:-3]}y" if last.endswith("ies") else last.removesuffix("s")
    assert record.__name__ == "".join(word.title() for word in words) + "Plugin"
    assert record.kind == "-".join(words)


def test_each_kind_is_listed_once_though_attrs_makes_classes_twice():
    assert len(list(kinds())) == len(set(kinds())) == len({record.kind for record in kinds()}) == 10


def test_a_strangers_subclass_is_no_new_kind():
    @attrs.frozen(kw_only=True)
    class ColourPlugin(ComponentPlugin):
        pass

    assert ColourPlugin not in kinds()


@pytest.mark.parametrize(
    "name", ["", "City-block", "city_block", "-city", "city-", "a--b", "a b", "ä", "a\n", 3, None]
)
def test_a_name_is_in_kebab_case(name):
    with pytest.raises(
        PluginError, match=r"MetricPlugin\.name: .* is not a component name; allowed: lower-case"
    ):
        metric(name=name)


@pytest.mark.parametrize("name", ["a", "lf-cos", "3d", "ms-ssim-2"])
def test_names_in_kebab_case_are_taken(name):
    assert metric(name=name).name == name


@pytest.mark.parametrize("field", ["summary", "source"])
@pytest.mark.parametrize("value", ["", " \n", None, 3])
def test_a_reader_of_the_list_of_plugins_is_always_told_something(field, value):
    with pytest.raises(PluginError, match=rf"MetricPlugin\.{field}: .* is not a text"):
        metric(**{field: value})


@pytest.mark.parametrize("factory", ["module", "module.attribute", ":a", "a:", "a:b:c", "a b:c", 3, None])
def test_a_factory_is_a_callable_or_says_where_one_is(factory):
    with pytest.raises(PluginError, match=r"factory: .* cannot make a component"):
        metric(factory=factory)


@pytest.mark.parametrize("needs", ["scipy", ["scipy"], ("scipy", 3), None])
def test_needs_are_a_tuple_of_names_since_a_text_would_be_read_letter_by_letter(needs):
    with pytest.raises(PluginError, match=r"needs: .* are not package names"):
        metric(needs=needs)


@pytest.mark.parametrize(
    ("field", "value"),
    [("accepts", "colours"), ("accepts", None), ("triangle", 1), ("triangle", "yes"), ("zero_vector", True)],
)
def test_a_fact_outside_its_values_is_refused_with_those_allowed(field, value):
    with pytest.raises(PluginError, match=rf"MetricPlugin\.{field}: .* is not allowed; allowed: "):
        metric(**{field: value})


@pytest.mark.parametrize("value", [-1.0, float("nan")])
def test_the_distance_from_itself_is_bounded_by_a_number_of_at_least_0(value):
    with pytest.raises(ValueError, match="self_distance"):
        metric(self_distance=value)


def test_facts_are_those_of_the_kind_and_none_of_what_all_kinds_share():
    assert metric(triangle=True).facts == {
        "accepts": "vectors",
        "domain": "any",
        "triangle": True,
        "zero_vector": "ordinary",
        "self_distance": 0.0,
        "invariant": (),
    }
    assert set(AggregatorPlugin(**GIVEN).facts) == {"linear", "bounded", "weights", "nan"}
    assert JudgePlugin(**GIVEN, family="deletion").facts == {"family": "deletion"}


def test_a_judge_names_its_family_or_it_could_pass_for_an_independent_voter():
    with pytest.raises(TypeError, match="family"):
        JudgePlugin(**GIVEN)


def test_a_callable_is_its_own_factory():
    assert metric(factory=dict).resolve() is dict


def test_a_factory_in_a_module_is_imported_on_use(install):
    install("lazy", points={}, modules={"lazy_factory": "import sys\nsys.lazy_factory = True\nMetric = dict"})
    import sys

    record = metric(factory="lazy_factory:Metric")
    assert not hasattr(sys, "lazy_factory")
    assert record.resolve() is dict
    del sys.lazy_factory


def test_a_missing_package_is_named_with_what_to_install():
    record = metric(factory="package_that_nobody_has:Metric", needs=("package-that-nobody-has", "scipy"))
    with pytest.raises(MissingDependencyError) as caught:
        record.resolve()
    assert str(caught.value) == (
        "metric 'city-block': 'package_that_nobody_has' is not installed; "
        "pip install package-that-nobody-has scipy"
    )


def test_a_missing_attribute_is_named_with_the_nearest_spelling():
    with pytest.raises(PluginError, match=r"'json' has no 'JSONEncode'; did you mean 'JSONEncoder'\?"):
        metric(factory="json:JSONEncode").resolve()


@pytest.mark.parametrize("line", ["1 / 0", "from json import nothing", "def broken(:"])
def test_a_module_that_raises_when_imported_is_the_plugins_fault_by_name(install, line):
    install("breaks", points={}, modules={"breaks_on_import": line})
    with pytest.raises(PluginError, match="metric 'city-block': 'breaks_on_import' cannot be imported"):
        metric(factory="breaks_on_import:Metric").resolve()


PROFILE = {"representation": use("latent"), "metric": use("cosine"), "organizers": (use("linear"),)}


@pytest.mark.parametrize(
    "wrong",
    [
        {"representation": "latent"},
        {"metric": None},
        {"aggregator": dict},
        {"reuse": {"use": "mean"}},
        {"retention": 3},
        {"organizers": ()},
        {"organizers": ("linear",)},
        {"organizers": [use("linear")]},
        {"organizers": use("linear")},
    ],
    ids=str,
)
def test_a_profile_of_anything_but_choices_is_refused_when_it_is_made(wrong):
    (field,) = wrong
    with pytest.raises(PluginError, match=rf"Profile\.{field}: .*allowed: .*use\("):
        Profile(**{**PROFILE, **wrong})


def configuration_record(profiles):
    return ConfigurationPlugin(name="mine", summary="Mine", source="me", profiles=profiles)


@pytest.mark.parametrize("profiles", [{}, {"paper2022": None}, {3: Profile(**PROFILE)}, None, [1]], ids=str)
def test_a_configuration_has_at_least_one_profile_by_name(profiles):
    with pytest.raises((TypeError, ValueError)):
        configuration_record(profiles)


def test_nobody_can_add_a_profile_to_an_installed_configuration():
    given = {"paper2022": Profile(**PROFILE)}
    record = configuration_record(given)
    given["later"] = Profile(**PROFILE)
    assert set(record.profiles) == {"paper2022"}
    with pytest.raises(TypeError):
        record.profiles["later"] = Profile(**PROFILE)
