from __future__ import annotations

import importlib
import logging
import threading
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import attrs
import numpy as np
import pytest

from cbrkit_xai import MetricPlugin, Registry, hookimpl, use
from cbrkit_xai import registry as registry_module
from cbrkit_xai.built_in import BUILT_IN_MODULES
from cbrkit_xai.errors import ConfigurationError, MissingDependencyError, PluginError

CITY_BLOCK = """
    from cbrkit_xai import MetricPlugin, hookimpl


    class CityBlock:
        def pairwise(self, queries, references):
            return abs(queries[:, None] - references[None]).sum(axis=2)


    @hookimpl
    def cbrkit_xai_metrics():
        for name in {names!r}:
            yield MetricPlugin(name=name, summary="Sum of differences", source={source!r}, factory=CityBlock)
"""


def metrics(*names, source="a test"):
    return CITY_BLOCK.format(names=names, source=source)


class Nothing:
    """A metric by which all is equal."""

    def pairwise(self, queries, references):
        return np.zeros((len(queries), len(references)))


def record(name, factory=Nothing, **facts):
    return MetricPlugin(name=name, summary="s", source="s", factory=factory, **facts)


@attrs.frozen(kw_only=True)
class WithOrder(Nothing):
    p: int


def by_hand(*records, **observers):
    def cbrkit_xai_metrics():
        yield from records

    hooks = {"cbrkit_xai_metrics": hookimpl(cbrkit_xai_metrics)} if records else {}
    hooks |= {f"cbrkit_xai_{name}": hookimpl(function) for name, function in observers.items()}
    return SimpleNamespace(**hooks)


def plugin(registry, distribution):
    (found,) = [one for one in registry.plugins if one.distribution == distribution]
    return found


# What is found --------------------------------------------------------------------------------------------


def test_the_cores_own_components_come_by_the_same_hooks_as_anyones():
    own = Registry().plugins
    assert [one.name for one in own] == list(BUILT_IN_MODULES)
    assert {(one.state, one.distribution) for one in own} == {("ok", "cbrkit-xai")}
    for one in own:
        module = importlib.import_module(one.name)
        hooks = [name for name in vars(module) if name.startswith("cbrkit_xai_")]
        assert [type(component).hook for component in one.components] == hooks


def test_every_module_of_a_folder_of_generic_components_that_holds_hooks_is_built_in():
    package = importlib.import_module("cbrkit_xai")
    from pathlib import Path

    root = Path(package.__file__).parent
    folders = ("aggregators", "metrics", "organizers", "representations", "retention", "reuse")
    holding = {
        f"cbrkit_xai.{folder}.{file.stem}"
        for folder in folders
        for file in (root / folder).glob("*.py")
        if "@hookimpl" in file.read_text()
    }
    assert holding == set(BUILT_IN_MODULES)


def test_an_installed_distribution_is_found_and_works(install):
    install(
        "city",
        points={"blocks": "city_blocks"},
        modules={"city_blocks": metrics("city-block")},
        version="2.5",
    )
    registry = Registry(discover=True)
    found = plugin(registry, "city")
    assert (found.name, found.version, found.state, found.owner) == ("blocks", "2.5", "ok", "city:blocks")
    assert registry.owner("metric", "city-block") == found
    distances = registry.create("metric", "city-block").pairwise(
        np.array([[0.0, 0.0]]), np.array([[3.0, 4.0]])
    )
    assert distances.tolist() == [[7.0]]


def test_an_entry_point_may_name_an_object_in_a_module(install):
    source = metrics("city-block") + "\n\n    import sys\n    plugin = sys.modules[__name__]\n"
    install("city", points={"blocks": "city_blocks:plugin"}, modules={"city_blocks": source})
    assert Registry(discover=True).find("metric", "city-block").source == "a test"


def test_installed_distributions_are_not_looked_for_unless_asked(install):
    install("city", points={"blocks": "city_blocks"}, modules={"city_blocks": metrics("city-block")})
    assert "city-block" not in Registry().names("metric")


def test_uninstalling_removes_the_components_of_that_distribution_alone(install):
    remove = install("city", points={"blocks": "city_blocks"}, modules={"city_blocks": metrics("city-block")})
    install("town", points={"squares": "town_squares"}, modules={"town_squares": metrics("town-square")})
    before = Registry(discover=True)
    remove()
    after = Registry(discover=True)
    assert set(before.names("metric")) - set(after.names("metric")) == {"city-block"}
    assert "town-square" in after.names("metric")
    assert {one.owner for one in before.plugins} - {one.owner for one in after.plugins} == {"city:blocks"}


def test_installing_a_plugin_changes_no_other_component(install):
    before = Registry(discover=True)
    install("city", points={"blocks": "city_blocks"}, modules={"city_blocks": metrics("city-block")})
    after = Registry(discover=True)
    for kind in registry_module.KINDS:
        for name in before.names(kind):
            assert after.owner(kind, name) == before.owner(kind, name)


def test_the_order_of_plugins_does_not_depend_on_the_order_of_the_path(install):
    install(
        "beta",
        points={"z": "beta_z", "a": "beta_a"},
        modules={"beta_z": metrics("bz"), "beta_a": metrics("ba")},
    )
    install("alpha", points={"m": "alpha_m"}, modules={"alpha_m": metrics("am")})
    owners = [one.owner for one in Registry(discover=True).plugins if one.distribution in ("alpha", "beta")]
    assert owners == ["alpha:m", "beta:a", "beta:z"]


# Names that two claim -------------------------------------------------------------------------------------


def test_a_name_that_two_distributions_claim_is_an_error_naming_both(install):
    install("city", points={"blocks": "city_blocks"}, modules={"city_blocks": metrics("city-block")})
    install("town", points={"squares": "town_squares"}, modules={"town_squares": metrics("city-block")})
    registry = Registry(discover=True)
    for ask in (registry.find, registry.owner, registry.create):
        with pytest.raises(
            PluginError, match="'city-block' is registered by city:blocks and by town:squares"
        ):
            ask("metric", "city-block")
    assert plugin(registry, "town").state == "broken"
    assert "city:blocks" in plugin(registry, "town").reason
    assert "town:squares" in plugin(registry, "town").reason
    assert list(registry.contested) == [("metric", "city-block")]
    assert "city:blocks and by town:squares" in registry.contested["metric", "city-block"]


def test_every_name_that_two_distributions_claim_is_contested_not_only_the_first(install):
    install("city", points={"blocks": "city_blocks"}, modules={"city_blocks": metrics("one", "two", "three")})
    install(
        "town", points={"squares": "town_squares"}, modules={"town_squares": metrics("two", "three", "four")}
    )
    registry = Registry(discover=True)
    for name in ("two", "three"):
        with pytest.raises(PluginError, match="city:blocks and by town:squares"):
            registry.find("metric", name)
    assert registry.find("metric", "one").name == "one"
    assert "four" not in registry.names("metric")


def test_a_contested_name_is_not_offered_as_allowed(install):
    install("city", points={"blocks": "city_blocks"}, modules={"city_blocks": metrics("city-block")})
    install("town", points={"squares": "town_squares"}, modules={"town_squares": metrics("city-block")})
    registry = Registry(discover=True)
    assert "city-block" not in registry.names("metric")
    with pytest.raises(
        ConfigurationError, match=r"unknown metric 'city-blok'; allowed: .*cosine, .*euclidean"
    ):
        registry.find("metric", "city-blok")


def test_one_distribution_may_not_claim_a_name_twice_either(install):
    modules = {"city_blocks": metrics("city-block"), "city_more": metrics("city-block")}
    install("city", points={"blocks": "city_blocks", "more": "city_more"}, modules=modules)
    with pytest.raises(PluginError, match="city:blocks and by city:more"):
        Registry(discover=True).find("metric", "city-block")


def test_a_third_claim_does_not_settle_a_contest(install):
    for name in ("a-city", "b-town", "c-farm"):
        module = name.replace("-", "_")
        install(name, points={"it": module}, modules={module: metrics("city-block")})
    with pytest.raises(PluginError, match="'city-block' is registered by"):
        Registry(discover=True).find("metric", "city-block")


def test_leaving_one_of_two_out_as_advised_settles_the_contest(install, monkeypatch):
    install(
        "city",
        points={"blocks": "city_blocks"},
        modules={"city_blocks": metrics("city-block", source="of city")},
    )
    install(
        "town",
        points={"blocks": "town_blocks"},
        modules={"town_blocks": metrics("city-block", source="of town")},
    )
    reason = plugin(Registry(discover=True), "town").reason
    advice = reason.rpartition("leave one out: ")[2]
    monkeypatch.setenv(*advice.split("="))
    assert Registry(discover=True).find("metric", "city-block").source == "of city"


def test_nobody_takes_the_place_of_a_built_in(install):
    install(
        "city", points={"blocks": "city_blocks"}, modules={"city_blocks": metrics("euclidean", "city-block")}
    )
    registry = Registry(discover=True)
    assert registry.owner("metric", "euclidean").distribution == "cbrkit-xai"
    broken = plugin(registry, "city")
    assert broken.state == "broken"
    assert (
        "'euclidean' is registered by cbrkit-xai:cbrkit_xai.metrics.euclidean and by city:blocks"
        in broken.reason
    )
    assert "city-block" not in registry.names("metric")


def test_the_same_name_of_another_kind_is_another_component():
    registry = Registry()
    assert registry.find("aggregator", "mean") != registry.find("reuse-strategy", "mean")
    registry.register(by_hand(record("mean")))
    assert registry.find("metric", "mean").name == "mean"


# Broken plugins -------------------------------------------------------------------------------------------

HEAD = """
from cbrkit_xai import AggregatorPlugin, MetricPlugin, hookimpl
GOOD = dict(summary='s', source='s', factory=dict)
"""
BROKEN = {
    "import error": ("import package_that_nobody_has", "No module named 'package_that_nobody_has'"),
    "syntax error": ("def broken(:", "SyntaxError"),
    "exit on import": ("raise SystemExit('bye')", "SystemExit: bye"),
    "hook raises": ("@hookimpl\ndef cbrkit_xai_metrics(): raise KeyError('k')", "KeyError"),
    "hook exits": ("import sys\n@hookimpl\ndef cbrkit_xai_metrics(): sys.exit('bye')", "SystemExit: bye"),
    "generator raises midway": (
        "@hookimpl\ndef cbrkit_xai_metrics():\n    yield MetricPlugin(name='half', **GOOD)\n"
        "    raise RuntimeError('midway')",
        "RuntimeError: midway",
    ),
    "second hook raises": (
        "@hookimpl\ndef cbrkit_xai_aggregators():\n    yield AggregatorPlugin(name='half', **GOOD)\n"
        "@hookimpl\ndef cbrkit_xai_metrics():\n    raise RuntimeError('second')",
        "RuntimeError: second",
    ),
    "wrong record": (
        "@hookimpl\ndef cbrkit_xai_metrics():\n    yield MetricPlugin(name='half', **GOOD)\n"
        "    yield AggregatorPlugin(name='half', **GOOD)",
        "records of type MetricPlugin",
    ),
    "malformed record": (
        "@hookimpl\ndef cbrkit_xai_metrics():\n    yield MetricPlugin(name='A b', **GOOD)",
        "'A b'",
    ),
    "one record": (
        "@hookimpl\ndef cbrkit_xai_metrics(): return MetricPlugin(name='half', **GOOD)",
        "yield it",
    ),
    "a number": ("@hookimpl\ndef cbrkit_xai_metrics(): return 3", "returned 3"),
    "nothing": ("@hookimpl\ndef cbrkit_xai_metrics(): pass", "returned None"),
    "no hooks": ("x = 1", "registers nothing"),
    "misspelt": ("@hookimpl\ndef cbrkit_xai_metric(): return []", "did you mean 'cbrkit_xai_metrics'?"),
    "unmarked": ("def cbrkit_xai_metrics(): return []", "put @hookimpl above it"),
    "arguments": ("@hookimpl\ndef cbrkit_xai_metrics(registry): return []", "registry"),
    "order": ("@hookimpl(tryfirst=True)\ndef cbrkit_xai_metrics(): return []", "asks for tryfirst"),
    "twice": (
        "@hookimpl\ndef cbrkit_xai_metrics(): return [MetricPlugin(name='half', **GOOD)] * 2",
        "registers the metric 'half' twice",
    ),
}


@pytest.mark.parametrize("source, reason", BROKEN.values(), ids=BROKEN)
def test_a_broken_plugin_is_listed_with_its_reason_registers_nothing_and_stops_nobody(
    install, source, reason
):
    install("a-broken", points={"it": "a_broken"}, modules={"a_broken": HEAD + source})
    install("city", points={"blocks": "city_blocks"}, modules={"city_blocks": metrics("city-block")})
    registry = Registry(discover=True)
    broken = plugin(registry, "a-broken")
    assert (broken.state, broken.components) == ("broken", ())
    assert reason in broken.reason
    assert "\n" not in broken.reason
    for kind in registry_module.KINDS:
        assert "half" not in registry.names(kind)
    assert plugin(registry, "city").state == "ok"
    assert registry.find("metric", "city-block")


def test_the_observers_of_a_broken_plugin_watch_nothing(install):
    source = (
        HEAD + "SEEN = []\n@hookimpl\ndef cbrkit_xai_after_retrieve(): SEEN.append(1)\n"
        "@hookimpl\ndef cbrkit_xai_metrics(): return None"
    )
    install("a-broken", points={"it": "a_broken"}, modules={"a_broken": source})
    Registry(discover=True).notify("cbrkit_xai_after_retrieve", neighbours=None)
    assert importlib.import_module("a_broken").SEEN == []


def test_an_unknown_name_hints_at_plugins_that_are_broken(install):
    install("a-broken", points={"it": "a_broken"}, modules={"a_broken": "1 / 0"})
    with pytest.raises(
        ConfigurationError, match=r"unknown metric 'zebra'.*these plugins are broken: .*a-broken:it"
    ):
        Registry(discover=True).find("metric", "zebra")


@pytest.mark.parametrize(
    "points",
    ["[cbrkit_xai]\ngarbage", "[cbrkit_xai]\nit = not a reference !", "[other\nit"],
    ids=["garbage", "reference", "section"],
)
def test_damaged_metadata_of_one_distribution_hides_no_other(install, points):
    install("a-damaged", points=points)
    install("city", points={"blocks": "city_blocks"}, modules={"city_blocks": metrics("city-block")})
    registry = Registry(discover=True)
    assert registry.find("metric", "city-block")
    states = {one.state for one in registry.plugins if one.distribution == "a-damaged"}
    assert states == ({"broken"} if "cbrkit_xai" in points else set())


def test_damaged_metadata_that_has_nothing_to_do_with_us_is_none_of_our_business(install):
    install("a-damaged", points="[console_scripts]\ngarbage")
    registry = Registry(discover=True)
    assert not [one for one in registry.plugins if one.distribution == "a-damaged"]


def test_a_distribution_without_metadata_as_pip_may_leave_behind_hides_no_other(install):
    install("a-ghost", points={"it": "a_ghost"}, metadata=False)
    install("city", points={"blocks": "city_blocks"}, modules={"city_blocks": metrics("city-block")})
    registry = Registry(discover=True)
    assert registry.find("metric", "city-block")
    (ghost,) = [one for one in registry.plugins if one.name == "it"]
    assert ghost.state == "broken"
    assert "No module named 'a_ghost'" in ghost.reason


# Leaving plugins out --------------------------------------------------------------------------------------


@pytest.mark.parametrize("left_out", ["blocks", "city", "city:blocks", " other , blocks ,", "city,town"])
def test_a_plugin_is_left_out_by_its_entry_point_or_its_distribution(install, monkeypatch, left_out):
    install("city", points={"blocks": "city_blocks"}, modules={"city_blocks": "raise SystemExit"})
    monkeypatch.setenv("CBRKIT_XAI_DISABLE_PLUGINS", left_out)
    found = plugin(Registry(discover=True), "city")
    assert (found.state, found.components) == ("disabled", ())
    assert found.reason == "named in CBRKIT_XAI_DISABLE_PLUGINS"


@pytest.mark.parametrize("left_out", ["", ",", "block", "city-block", "ci"])
def test_a_plugin_that_is_not_named_is_not_left_out(install, monkeypatch, left_out):
    install("city", points={"blocks": "city_blocks"}, modules={"city_blocks": metrics("city-block")})
    monkeypatch.setenv("CBRKIT_XAI_DISABLE_PLUGINS", left_out)
    assert plugin(Registry(discover=True), "city").state == "ok"


def test_leaving_one_entry_point_out_keeps_the_others_of_its_distribution(install, monkeypatch):
    modules = {"city_blocks": metrics("city-block"), "city_more": metrics("more")}
    install("city", points={"blocks": "city_blocks", "more": "city_more"}, modules=modules)
    monkeypatch.setenv("CBRKIT_XAI_DISABLE_PLUGINS", "blocks")
    names = Registry(discover=True).names("metric")
    assert "more" in names
    assert "city-block" not in names


# By hand --------------------------------------------------------------------------------------------------


def test_an_object_is_registered_without_packaging():
    registry = Registry()
    entry = registry.register(by_hand(record("mine")), name="notebook")
    assert (entry.name, entry.distribution, entry.owner) == ("notebook", "", "notebook")
    assert registry.find("metric", "mine") is entry.components[0]
    assert registry.plugins[-1] == entry


def test_two_registries_know_nothing_of_each_other():
    one, other = Registry(), Registry()
    one.register(by_hand(record("mine")))
    assert "mine" not in other.names("metric")


def test_a_name_registered_by_hand_is_not_replaced_by_accident():
    registry = Registry()
    first = record("mine")
    registry.register(by_hand(first))
    with pytest.raises(PluginError, match="'mine' is registered already; pass replace=True"):
        registry.register(by_hand(record("other"), record("mine")))
    assert registry.find("metric", "mine") is first
    assert "other" not in registry.names("metric")


def test_a_name_registered_by_hand_is_replaced_where_asked():
    registry = Registry()
    registry.register(by_hand(record("mine")), name="cell")
    second = record("mine")
    registry.register(by_hand(second), name="cell", replace=True)
    assert registry.find("metric", "mine") is second
    assert [one.name for one in registry.plugins].count("cell") == 1


def test_replacing_one_component_leaves_the_others_of_its_plugin():
    registry = Registry()
    registry.register(by_hand(record("mine"), record("kept")), name="first")
    registry.register(by_hand(record("mine")), name="second", replace=True)
    assert registry.owner("metric", "mine").name == "second"
    assert registry.owner("metric", "kept").name == "first"
    (first,) = [one for one in registry.plugins if one.name == "first"]
    assert [component.name for component in first.components] == ["kept"]


def test_replacing_does_not_touch_unrelated_plugins_of_the_same_default_name():
    registry = Registry()
    registry.register(by_hand(record("mine")))
    registry.register(by_hand(record("other")), replace=True)
    assert {"mine", "other"} <= set(registry.names("metric"))


@pytest.mark.parametrize("records", [(), (record("mine"),)], ids=["observer alone", "with a component"])
def test_running_a_notebooks_cell_again_does_not_observe_twice(records):
    registry, seen = Registry(), []
    for run in (1, 2, 3):
        cell = by_hand(*records, after_retrieve=lambda neighbours, run=run: seen.append(run))
        registry.register(cell, name="cell", replace=True)
    registry.notify("cbrkit_xai_after_retrieve", neighbours=None)
    assert seen == [3]


@pytest.mark.parametrize("replace", [False, True])
def test_what_a_distribution_registers_is_never_replaced_by_hand(replace):
    registry = Registry()
    with pytest.raises(
        PluginError,
        match=r"registered by cbrkit-xai:cbrkit_xai.metrics.cosine and by notebook; choose another name",
    ):
        registry.register(by_hand(record("cosine"), record("other")), name="notebook", replace=replace)
    assert "other" not in registry.names("metric")
    assert registry.owner("metric", "cosine").distribution == "cbrkit-xai"


def test_a_refused_plugin_replaces_nothing():
    registry = Registry()
    registry.register(by_hand(record("mine")), name="first")
    with pytest.raises(PluginError):
        registry.register(by_hand(record("mine"), record("cosine")), name="second", replace=True)
    assert registry.owner("metric", "mine").name == "first"


def test_a_plugin_registered_by_hand_is_named_after_its_module_or_class():
    class Mine:
        @hookimpl
        def cbrkit_xai_metrics(self):
            yield record("mine")

    assert Registry().register(Mine()).name == "Mine"
    with pytest.raises(PluginError, match=r"^json: registers nothing"):
        Registry().register(importlib.import_module("json"))


def test_the_default_registry_is_loaded_once_and_takes_what_is_registered_by_hand(monkeypatch):
    import cbrkit_xai as cx

    monkeypatch.setattr(registry_module, "_default", None)
    cx.register(by_hand(record("mine")))
    assert cx.default_registry() is cx.default_registry()
    assert "mine" in cx.default_registry().names("metric")
    assert isinstance(cx.configuration("hist-euc").evolve(metric="mine").components().metric, Nothing)


def test_threads_that_ask_first_at_once_get_one_default_registry(monkeypatch):
    monkeypatch.setattr(registry_module, "_default", None)
    begin = threading.Barrier(8)

    def ask(_):
        begin.wait()
        return registry_module.default_registry()

    with ThreadPoolExecutor(8) as threads:
        assert len(set(map(id, threads.map(ask, range(8))))) == 1


# Finding and making ---------------------------------------------------------------------------------------


def test_an_unknown_component_is_told_the_known_ones_and_the_nearest_spelling():
    with pytest.raises(ConfigurationError) as caught:
        Registry().find("metric", "euclidian", where="metric")
    known = ", ".join(Registry().names("metric"))
    assert "cosine, earth-movers, euclidean" in known
    assert str(caught.value) == (
        f"metric: unknown metric 'euclidian'; allowed: {known}; did you mean 'euclidean'?"
    )


def test_a_component_is_made_anew_each_time_with_its_parameters():
    registry = Registry()
    registry.register(by_hand(record("mine", factory=WithOrder)))
    one, other = (registry.create("metric", use("mine", p=3)) for _ in range(2))
    assert one == other == WithOrder(p=3)
    assert one is not other


def test_a_component_that_lacks_what_its_kind_must_have_is_refused_by_name_member_and_owner(install):
    source = metrics("city-block").replace("def pairwise", "def pairwize")
    install("city", points={"blocks": "city_blocks"}, modules={"city_blocks": source})
    with pytest.raises(PluginError) as caught:
        Registry(discover=True).create("metric", "city-block", where="metric")
    assert str(caught.value) == (
        "metric 'city-block': the CityBlock that city:blocks makes has no pairwise; "
        "allowed: what the protocol of a metric asks for (docs/reference/hooks.md); "
        "tell the author of city:blocks"
    )


@pytest.mark.parametrize("made", [None, {}, SimpleNamespace(pairwise=3)], ids=str)
def test_what_is_no_component_at_all_is_refused_too(made):
    registry = Registry()
    registry.register(by_hand(record("mine", factory=lambda: made)))
    with pytest.raises(PluginError, match=f"the {type(made).__name__} that .* makes has no pairwise"):
        registry.create("metric", "mine")


def test_making_a_component_whose_package_is_missing_says_what_to_install():
    registry = Registry()
    registry.register(by_hand(record("mine", factory="package_that_nobody_has:X", needs=("nobody-has",))))
    with pytest.raises(MissingDependencyError, match="pip install nobody-has"):
        registry.create("metric", "mine")
    assert registry_module.missing_needs(registry.find("metric", "mine")) == ("nobody-has",)
    assert registry.find("metric", "mine") in registry.plugins[-1].components  # listed, not vanished


# Observers ------------------------------------------------------------------------------------------------


def test_every_observer_is_told_in_turn_only_what_it_asks_for():
    registry, seen = Registry(), []
    registry.register(by_hand(after_retain=lambda base: seen.append(("first", base))), name="first")
    registry.register(
        by_hand(after_retain=lambda case, base: seen.append(("second", case, base))), name="second"
    )
    registry.register(by_hand(after_retain=lambda: seen.append(("third",))), name="third")
    registry.notify("cbrkit_xai_after_retain", case="case", base="base")
    assert seen == [("first", "base"), ("second", "case", "base"), ("third",)]


def fails(error):
    def observer(neighbours):
        raise error

    return observer


@pytest.mark.parametrize(
    "error", [RuntimeError("no luck"), SystemExit("no luck")], ids=lambda e: type(e).__name__
)
def test_an_observer_that_raises_is_reported_and_the_next_is_told_all_the_same(caplog, error):
    registry, seen = Registry(), []
    registry.register(by_hand(after_retrieve=fails(error)), name="unlucky")
    registry.register(by_hand(after_retrieve=lambda neighbours: seen.append(neighbours)), name="lucky")
    with caplog.at_level(logging.ERROR, logger="cbrkit_xai"):
        registry.notify("cbrkit_xai_after_retrieve", neighbours="neighbours")
    assert seen == ["neighbours"]
    (entry,) = caplog.records
    assert entry.getMessage() == "observer unlucky of cbrkit_xai_after_retrieve failed"
    assert "no luck" in caplog.text


def test_interrupting_an_observer_interrupts_us():
    registry = Registry()
    registry.register(by_hand(after_retrieve=fails(KeyboardInterrupt())))
    with pytest.raises(KeyboardInterrupt):
        registry.notify("cbrkit_xai_after_retrieve", neighbours=None)


def test_what_an_observer_returns_is_ignored():
    registry = Registry()
    registry.register(by_hand(after_retrieve=lambda neighbours: "mine"))
    assert registry.notify("cbrkit_xai_after_retrieve", neighbours=None) is None


def test_nobody_need_watch():
    assert Registry().notify("cbrkit_xai_after_reuse", recommendation=None) is None


def test_an_observer_cannot_write_into_what_was_retrieved(caplog, registry, tiny_base, tiny_configuration):
    def observer(neighbours):
        refused = 0
        arrays = ("positions", "distances", "votes", "sizes")
        entries = ("features", "votes", "sizes", "ranks", "is_prototype")
        for array in [
            *(getattr(neighbours, name) for name in arrays),
            *(getattr(neighbours.entries, name) for name in entries),
        ]:
            try:
                array[:] = 0
            except ValueError:
                refused += 1
        seen.append(refused)

    seen = []
    registry.register(by_hand(after_retrieve=observer))
    photo = np.zeros((224, 224, 3), dtype=np.uint8)
    answer = tiny_configuration.fit(tiny_base, registry=registry).recommend(photo)
    assert seen == [9]
    assert not caplog.records
    assert [precedent.id for precedent in answer.precedents] == ["black", "dark-red"]
