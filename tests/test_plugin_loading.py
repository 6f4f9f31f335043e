from __future__ import annotations

import doctest
import functools
import importlib
import inspect
import types
from types import SimpleNamespace

import pytest

import cbrkit_xai
from cbrkit_xai import AggregatorPlugin, MetricPlugin, hookimpl, hookspecs, use
from cbrkit_xai.errors import CbrkitXaiError, PluginError
from cbrkit_xai.plugin_loading import OBSERVER_HOOKS, RECORD_OF_HOOK, collect

METRIC = MetricPlugin(name="city-block", summary="Sum of differences", source="Minkowski 1910", factory=dict)
MEDIAN = AggregatorPlugin(name="middle", summary="Middle", source="arithmetic", factory=dict)


def plugin(**hooks):
    return SimpleNamespace(**{f"cbrkit_xai_{name}": hook for name, hook in hooks.items()})


def metrics(function):
    function.__name__ = "cbrkit_xai_metrics"
    return plugin(metrics=hookimpl(function))


def nothing():
    return []


# What is taken --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "given",
    [lambda: [METRIC], lambda: (METRIC,), lambda: iter([METRIC]), lambda: {METRIC: 1}],
    ids=["list", "tuple", "iterator", "keys"],
)
def test_a_hook_may_return_any_iterable_of_its_records(given):
    assert collect(metrics(given), "mine").components == (METRIC,)


def test_a_hook_may_yield():
    class Mine:
        @hookimpl
        def cbrkit_xai_metrics(self):
            yield METRIC

        @staticmethod
        @hookimpl
        def cbrkit_xai_aggregators():
            yield MEDIAN

    assert set(collect(Mine(), "mine").components) == {METRIC, MEDIAN}


def test_an_instance_gives_its_hooks_itself():
    class Mine:
        def __init__(self, name):
            self.name = name

        @hookimpl
        def cbrkit_xai_metrics(self):
            yield MetricPlugin(name=self.name, summary="s", source="s", factory=dict)

    assert collect(Mine("by-instance"), "mine").components[0].name == "by-instance"


def test_a_module_in_a_plugins_namespace_is_no_stray_hook():
    module = types.ModuleType("mine")
    module.cbrkit_xai_histogram = types.ModuleType("cbrkit_xai_histogram")
    module.cbrkit_xai = cbrkit_xai
    module.cbrkit_xai_metrics = metrics(lambda: [METRIC]).cbrkit_xai_metrics
    assert collect(module, "mine").components == (METRIC,)


def test_an_observer_gets_the_arguments_that_it_declares():
    @hookimpl
    def cbrkit_xai_after_retain(base):
        pass

    @hookimpl
    def cbrkit_xai_after_reuse():
        pass

    watched = collect(
        SimpleNamespace(
            cbrkit_xai_after_retain=cbrkit_xai_after_retain, cbrkit_xai_after_reuse=cbrkit_xai_after_reuse
        ),
        "mine",
    ).observers
    assert {one.hook: one.arguments for one in watched} == {
        "cbrkit_xai_after_retain": ("base",),
        "cbrkit_xai_after_reuse": (),
    }


# What is refused ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("cbrkit_xai_metric", "cbrkit_xai_metrics"),
        ("cbrkit_xai_retention_policy", "cbrkit_xai_retention_policies"),
        ("cbrkit_xai_after_retreive", "cbrkit_xai_after_retrieve"),
        ("cbrkitxai_metrics", "cbrkit_xai_metrics"),
        ("cbr_kit_xai_organizers", "cbrkit_xai_organizers"),
    ],
)
def test_a_misspelt_hook_is_refused_with_the_nearest_spelling(written, meant):
    def hook():
        yield METRIC

    hook.__name__ = written
    mine = SimpleNamespace(**{written: hookimpl(hook), **vars(metrics(lambda: [METRIC]))})
    with pytest.raises(PluginError) as caught:
        collect(mine, "mine")
    assert str(caught.value).startswith(
        f"mine: {written!r} is no hook; allowed: cbrkit_xai_representations, "
    )
    assert str(caught.value).endswith(f"did you mean {meant!r}?")


def test_a_misspelt_hook_is_refused_though_nobody_marked_it():
    with pytest.raises(PluginError, match="'cbrkit_xai_metric' is no hook"):
        collect(plugin(metric=lambda: [METRIC], metrics=metrics(nothing).cbrkit_xai_metrics), "mine")


def test_a_hook_named_by_specname_is_checked_too():
    @hookimpl(specname="cbrkit_xai_metric")
    def anything():
        yield METRIC

    with pytest.raises(PluginError, match=r"'cbrkit_xai_metric' is no hook.*'cbrkit_xai_metrics'"):
        collect(SimpleNamespace(anything=anything, **vars(metrics(lambda: [METRIC]))), "mine")


def test_an_unmarked_hook_is_refused():
    with pytest.raises(
        PluginError, match="'cbrkit_xai_metrics' is not marked as a hook; put @hookimpl above it"
    ):
        collect(plugin(metrics=lambda: [METRIC]), "mine")


@pytest.mark.parametrize(
    "order",
    [lambda f: staticmethod(hookimpl(f)), lambda f: hookimpl(staticmethod(f))],
    ids=["inside", "outside"],
)
def test_a_marked_static_method_registers_or_is_refused_but_is_never_passed_over(order):
    class Mine:
        cbrkit_xai_metrics = order(lambda: [METRIC])

        @hookimpl
        def cbrkit_xai_aggregators(self):
            yield MEDIAN

    try:  # pluggy before 1.7 does not see a mark outside
        components = collect(Mine(), "mine").components
    except PluginError as error:
        assert "'cbrkit_xai_metrics' is <staticmethod" in str(error)
    else:
        assert set(components) == {METRIC, MEDIAN}


def test_hooks_kept_in_slots_register():
    class Mine:
        __slots__ = ("cbrkit_xai_metrics",)

    mine = Mine()
    mine.cbrkit_xai_metrics = metrics(lambda: [METRIC]).cbrkit_xai_metrics
    assert collect(mine, "mine").components == (METRIC,)


def test_a_hook_that_is_no_function_is_refused_rather_than_passed_over():
    mine = plugin(metrics=hookimpl(functools.partial(list, [METRIC])), aggregators=hookimpl(lambda: [MEDIAN]))
    with pytest.raises(
        PluginError,
        match=r"'cbrkit_xai_metrics' is functools\.partial.*allowed: a function marked with @hookimpl",
    ):
        collect(mine, "mine")


@pytest.mark.parametrize(
    "mine",
    [metrics(lambda registry: [METRIC]), plugin(after_retain=hookimpl(lambda case, store: None))],
    ids=["registration", "observer"],
)
def test_a_hook_with_arguments_that_nobody_gives_is_refused_in_one_line(mine):
    with pytest.raises(PluginError, match=r"see cbrkit_xai.hookspecs") as caught:
        collect(mine, "mine")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("option", ["tryfirst", "trylast", "optionalhook", "wrapper", "hookwrapper"])
def test_no_plugin_may_wrap_another_or_come_before_it(option):
    @hookimpl(**{option: True})
    def cbrkit_xai_metrics():
        yield METRIC

    with pytest.raises(
        PluginError, match=rf"mine: 'cbrkit_xai_metrics' asks for {option}; allowed: a plain @hookimpl"
    ):
        collect(SimpleNamespace(cbrkit_xai_metrics=cbrkit_xai_metrics), "mine")


@pytest.mark.parametrize("given", [None, 3, METRIC, dict], ids=["None", "number", "one record", "class"])
def test_a_hook_that_returns_no_iterable_of_records_is_told_to_yield(given):
    with pytest.raises(
        PluginError, match=r"cbrkit_xai_metrics returned .*; allowed: an iterable of MetricPlugin; yield it"
    ):
        collect(metrics(lambda: given), "mine")


@pytest.mark.parametrize(
    "given", [MEDIAN, "city-block", None, MetricPlugin], ids=["other kind", "text", "None", "class"]
)
def test_a_record_of_another_kind_is_refused(given):
    with pytest.raises(
        PluginError, match=r"cbrkit_xai_metrics gave .*; allowed: records of type MetricPlugin"
    ):
        collect(metrics(lambda: [METRIC, given]), "mine")


def raises(error):
    def hook():
        raise error

    return hook


def yields_then_raises(error):
    def hook():
        yield METRIC
        raise error

    return hook


@pytest.mark.parametrize("hook", [raises, yields_then_raises])
@pytest.mark.parametrize(
    "error",
    [RuntimeError("no luck"), SystemExit("no luck"), AssertionError("no\nluck")],
    ids=lambda e: type(e).__name__,
)
def test_a_hook_that_raises_is_named_with_what_it_raised(hook, error):
    reason = rf"mine: cbrkit_xai_metrics raised {type(error).__name__}: no luck$"
    with pytest.raises(PluginError, match=reason):
        collect(metrics(hook(error)), "mine")


@pytest.mark.parametrize("hook", [raises, yields_then_raises])
def test_an_error_of_ours_inside_a_hook_is_the_plugins_with_hook_and_reason(hook):
    with pytest.raises(PluginError, match="mine: cbrkit_xai_metrics: no luck"):
        collect(metrics(hook(CbrkitXaiError("no luck"))), "mine")


def test_a_malformed_record_or_choice_inside_a_hook_is_the_plugins_fault():
    with pytest.raises(
        PluginError, match=r"mine: cbrkit_xai_metrics: MetricPlugin\.name: 'City Block' is not"
    ):
        collect(
            metrics(lambda: [MetricPlugin(name="City Block", summary="s", source="s", factory=dict)]), "mine"
        )
    with pytest.raises(PluginError, match="mine: cbrkit_xai_metrics: p: "):
        collect(metrics(lambda: [use("minkowski", p=object())]), "mine")


def test_a_wrong_fact_is_told_without_the_objects_behind_it():
    class Mine:
        @hookimpl
        def cbrkit_xai_configurations(self):
            yield cbrkit_xai.ConfigurationPlugin(name="mine", summary="s", source="s", profiles={"a": 3})

    with pytest.raises(PluginError) as caught:
        collect(Mine(), "mine")
    assert "Attribute(" not in str(caught.value)
    assert "Profile" in str(caught.value)


def test_an_attribute_that_raises_never_lets_its_own_error_out():
    class Raises:
        def __get__(self, instance, owner):
            raise RuntimeError("no luck")

    class Mine:
        unlucky = Raises()

        @hookimpl
        def cbrkit_xai_metrics(self):
            yield METRIC

    try:  # pluggy before 1.7 reads every attribute, later ones none
        components = collect(Mine(), "mine").components
    except PluginError as error:
        assert str(error) == "mine: its attributes cannot be read: RuntimeError: no luck"
    else:
        assert components == (METRIC,)


def test_a_property_is_not_read():
    class Mine:
        @property
        def unlucky(self):
            raise RuntimeError("no luck")

        @hookimpl
        def cbrkit_xai_metrics(self):
            yield METRIC

    assert collect(Mine(), "mine").components == (METRIC,)


@pytest.mark.parametrize(
    "empty",
    [SimpleNamespace(), metrics(nothing), types.ModuleType("empty")],
    ids=["object", "hook", "module"],
)
def test_a_plugin_that_registers_nothing_is_told_so(empty):
    with pytest.raises(
        PluginError, match="mine: registers nothing; mark a function such as cbrkit_xai_metrics"
    ):
        collect(empty, "mine")


# The hook specs -------------------------------------------------------------------------------------------

SPECS = {name: spec for name, spec in vars(hookspecs).items() if name.startswith("cbrkit_xai_")}


def test_every_kind_has_its_hook_and_every_hook_is_a_kind_or_an_observer():
    assert set(SPECS) == {*RECORD_OF_HOOK, *OBSERVER_HOOKS}
    assert len(RECORD_OF_HOOK) == 10


@pytest.mark.parametrize("name", SPECS)
def test_every_hook_is_documented(name):
    assert (inspect.getdoc(SPECS[name]) or "").endswith((".", ")", "`", ">>>", "example.")) or ">>>" in SPECS[
        name
    ].__doc__


@pytest.mark.parametrize("name", RECORD_OF_HOOK)
def test_a_registration_hook_says_which_record_it_takes_and_takes_no_argument(name):
    spec = SPECS[name]
    assert not inspect.signature(spec).parameters
    assert spec.__annotations__["return"] == f"Iterable[components.{RECORD_OF_HOOK[name].__name__}]"


def example(name):
    """Run the example in a hook's docstring and return what stands in its namespace afterwards."""
    (test,) = doctest.DocTestFinder(recurse=False).find(SPECS[name], name, globs={})
    result = doctest.DocTestRunner().run(test, clear_globs=False)
    assert result.attempted > 0
    assert result.failed == 0
    return test.globs


@pytest.mark.parametrize("name", SPECS)
def test_the_example_of_a_hook_runs_and_registers(name):
    hook = example(name)[name]
    contribution = collect(SimpleNamespace(**{name: hook}), "example")
    assert len(contribution.components) == (name in RECORD_OF_HOOK)
    assert len(contribution.observers) == (name in OBSERVER_HOOKS)


@pytest.mark.parametrize(
    "module", ["cbrkit_xai", "cbrkit_xai.hookspecs", "cbrkit_xai.choice", "cbrkit_xai.structuring"]
)
def test_the_examples_in_a_modules_docstrings_run(module):
    assert doctest.testmod(importlib.import_module(module)).failed == 0
