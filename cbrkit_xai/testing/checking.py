"""The checks of a component, all of them at once or one by one."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

from cbrkit_xai.choice import Use
from cbrkit_xai.components import ComponentPlugin, ConfigurationPlugin
from cbrkit_xai.errors import ConfigurationError, ParameterError, nearest_spelling
from cbrkit_xai.registry import KINDS, Registry, default_registry
from cbrkit_xai.testing.laws import Check, ContractError, Law, run
from cbrkit_xai.testing.subjects import Subject, records_of, subject_of, subjects_of

if TYPE_CHECKING:
    from cbrkit_xai.configurations import Configuration

_MODULE_OF_KIND = {
    "representation": "representation_laws",
    "metric": "metric_laws",
    "aggregator": "aggregator_laws",
    "organizer": "organizer_laws",
    "reuse-strategy": "reuse_laws",
    "retention-policy": "retention_laws",
    "explainer": "explainer_laws",
    "classifier": "classifier_laws",
    "judge": "judge_laws",
    "configuration": "configuration_laws",
    "plugin": "plugin_laws",
}


def laws_of(kind: str) -> tuple[Law, ...]:
    """Return what components of a kind, or plugins, promise.

    Parameters
    ----------
    kind : str
        A kind of component, or `"plugin"`.

    Raises
    ------
    ParameterError
        There is no such kind.
    """
    if kind not in _MODULE_OF_KIND:
        raise ParameterError(
            f"no kind {kind!r}",
            where="kind",
            allowed=", ".join(_MODULE_OF_KIND),
            next_step=nearest_spelling(kind, _MODULE_OF_KIND),
        )
    module = importlib.import_module(f"cbrkit_xai.testing.{_MODULE_OF_KIND[kind]}")
    laws: list[Law] = module.LAWS
    return tuple(laws)


def _checks(subjects: Iterable[Any]) -> list[Check]:
    return [
        Check(law=law, subject=subject)
        for subject in subjects
        for law in laws_of(subject.kind)
        if law.applies(subject)
    ]


def _subjects(record: ComponentPlugin, registry: Registry) -> Iterator[Subject]:
    if isinstance(record, ConfigurationPlugin):
        from cbrkit_xai.testing.configuration_laws import subjects_of_configuration

        yield from subjects_of_configuration(record, registry)
    else:
        yield from subjects_of(record, registry)


def checks_for(source: Any, *, registry: Registry | None = None) -> list[Check]:
    """Return the checks of whatever can be checked; call each, or hand them to `run`.

    Parameters
    ----------
    source : str, module, ComponentPlugin, Configuration, or a list of these
        The name of a component, of a plugin or of a distribution; a module or object with hooks; a
        record; a configuration.
    registry : Registry, optional
        Where names are found, also those of components within components; by default everything
        installed.

    Raises
    ------
    ConfigurationError
        Nothing of that name is registered, or a component cannot be made without parameters.
    """
    from cbrkit_xai.configurations import Configuration

    registry = registry or default_registry()
    if isinstance(source, Configuration):
        from cbrkit_xai.testing.configuration_laws import subjects_of_configuration

        return _checks(subjects_of_configuration(source, registry))
    if isinstance(source, list | tuple):
        return [check for one in source for check in checks_for(one, registry=registry)]
    if isinstance(source, Use):
        kinds = [kind for kind in KINDS if source.name in registry.names(kind)]
        return _checks(one for kind in kinds for one in subject_of(kind, source, registry))
    records = records_of(source, registry)
    return _checks(_plugins(source, registry)) + _checks(
        subject for record in records if _can_be_made(record) for subject in _subjects(record, registry)
    )


def _plugins(source: Any, registry: Registry) -> Iterator[Any]:
    from cbrkit_xai.testing.plugin_laws import subject_of_module, subjects_of_distribution

    if isinstance(source, ComponentPlugin):
        return
    if isinstance(source, str):
        yield from subjects_of_distribution(source, registry)
    else:
        yield subject_of_module(source, registry)


def _can_be_made(record: ComponentPlugin) -> bool:
    # Somebody's model has no example: it is checked by name and file, `use("onnx", file=...)`.
    from cbrkit_xai.testing.plugin_laws import asks_for_a_file

    return isinstance(record, ConfigurationPlugin) or not asks_for_a_file(record)


def _checker(kind: str) -> Callable[..., None]:
    def check(component: Any, *, registry: Registry | None = None, **facts: Any) -> None:
        refuse_broken(_checks(subject_of(kind, component, registry, **facts)))

    name = {"reuse-strategy": "reuse", "retention-policy": "retention"}.get(kind, kind)
    article = "an" if kind[0] in "aeo" else "a"
    check.__name__ = check.__qualname__ = f"check_{name}"
    check.__doc__ = f"""Check every promise that {article} {kind} makes.

    Parameters
    ----------
    component : record, str, Use, class or object
        A `{"".join(word.title() for word in kind.split("-"))}Plugin`; the name of a registered {kind}, or
        one with parameters by `use(...)`; a class that is made without parameters; or {article} {kind}.
    registry : Registry, optional
        Where names are found.
    facts
        Declared facts, for what comes without a record.

    Raises
    ------
    ContractError
        It breaks a law; says which, the smallest counter-example, and what to mend.
    """
    return check


check_representation = _checker("representation")
check_metric = _checker("metric")
check_aggregator = _checker("aggregator")
check_organizer = _checker("organizer")
check_reuse = _checker("reuse-strategy")
check_retention = _checker("retention-policy")
check_explainer = _checker("explainer")
check_classifier = _checker("classifier")
check_judge = _checker("judge")


def check_configuration(source: Configuration | str, *, registry: Registry | None = None) -> None:
    """Check that a configuration holds together, is written down and read, fits and predicts.

    Parameters
    ----------
    source : Configuration or str
        One, or the name of a registered one, of which every profile and organisation is checked.
    registry : Registry, optional
        Where names are found.

    Raises
    ------
    ContractError
        It breaks a law.
    """
    from cbrkit_xai.testing.configuration_laws import subjects_of_configuration

    registry = registry or default_registry()
    found = registry.find("configuration", source.lower()) if isinstance(source, str) else source
    assert not isinstance(found, ComponentPlugin) or isinstance(found, ConfigurationPlugin)  # noqa: S101 - by kind
    refuse_broken(_checks(subjects_of_configuration(found, registry)))


def check_plugin(source: Any, *, registry: Registry | None = None) -> None:
    """Check a plugin itself: light to list, complete, with names of its own.

    Its components have checks of their own.

    Parameters
    ----------
    source : str, module or object
        An installed distribution or plugin by name, or a module or object with hooks.
    registry : Registry, optional
        Where names are found.

    Raises
    ------
    ConfigurationError
        No plugin of that name is installed.
    ContractError
        It breaks a law.
    """
    registry = registry or default_registry()
    subjects = list(_plugins(source, registry))
    if not subjects:
        known = {one.distribution for one in registry.plugins} | {one.name for one in registry.plugins}
        raise ConfigurationError(
            f"there is no plugin {source!r}",
            allowed="a plugin or distribution that `cbrkit-xai plugins` lists",
            next_step=nearest_spelling(str(source), known - {""}),
        )
    refuse_broken(_checks(subjects))


def refuse_broken(checks: Iterable[Check]) -> None:
    """Run all checks.

    Raises
    ------
    ContractError
        With the report of each that failed.
    """
    failed = [result.report for result in run(checks) if result.state == "failed"]
    if failed:
        raise ContractError("\n\n".join(failed))
