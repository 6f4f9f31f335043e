"""What a plugin yields: one typed record per kind of component, checked when it is made."""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, ClassVar, Literal

import attrs

from cbrkit_xai.choice import Use
from cbrkit_xai.errors import MissingDependencyError, PluginError, first_sentence, nearest_spelling

_KEBAB = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_REFERENCE = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_]\w*")


def _is_kebab_case(instance: ComponentPlugin, attribute: attrs.Attribute[str], value: Any) -> None:
    if not isinstance(value, str) or not _KEBAB.fullmatch(value):
        raise PluginError(
            f"{value!r} is not a component name",
            where=f"{type(instance).__name__}.name",
            allowed="lower-case words joined by hyphens, such as 'lf-cos'",
        )


def _is_text(instance: ComponentPlugin, attribute: attrs.Attribute[str], value: Any) -> None:
    if not isinstance(value, str) or not value.strip():
        raise PluginError(
            f"{value!r} is not a text",
            where=f"{type(instance).__name__}.{attribute.name}",
            allowed="a sentence for the reader of `cbrkit-xai plugins`",
        )


def _is_factory(instance: ComponentPlugin, attribute: attrs.Attribute[Any], value: Any) -> None:
    if not callable(value) and not (isinstance(value, str) and _REFERENCE.fullmatch(value)):
        raise PluginError(
            f"{value!r} cannot make a component",
            where=f"{type(instance).__name__}.factory",
            allowed="a class, a function, or 'package.module:attribute'",
        )


def _are_names(instance: ComponentPlugin, attribute: attrs.Attribute[Any], value: Any) -> None:
    if not isinstance(value, tuple) or not all(isinstance(name, str) for name in value):
        raise PluginError(
            f"{value!r} are not package names",
            where=f"{type(instance).__name__}.needs",
            allowed="a tuple of texts, such as ('scipy',)",
        )


def _are_parameters(instance: ComponentPlugin, attribute: attrs.Attribute[Any], value: Any) -> None:
    if not isinstance(value, tuple) or not all(isinstance(one, Mapping) for one in value):
        raise PluginError(
            f"{value!r} are no parameters",
            where=f"{type(instance).__name__}.examples",
            allowed='a tuple of tables, such as ({"p": 3},)',
        )


def _one_of(*allowed: object) -> Callable[[Any, attrs.Attribute[Any], Any], None]:
    def check(instance: ComponentPlugin, attribute: attrs.Attribute[Any], value: Any) -> None:
        if not any(value is one or (isinstance(value, type(one)) and value == one) for one in allowed):
            raise PluginError(
                f"{value!r} is not allowed",
                where=f"{type(instance).__name__}.{attribute.name}",
                allowed=", ".join(repr(one) for one in allowed),
            )

    return check


def _fact(default: Any, *allowed: object) -> Any:
    """Declare a fact about a component that the conformance kit then tests."""
    return attrs.field(default=default, validator=_one_of(*allowed), metadata={"fact": True})


def _facts(*allowed: str) -> Any:
    """Declare a fact that is any number of the allowed texts."""

    def check(instance: Any, attribute: attrs.Attribute[Any], value: Any) -> None:
        if not isinstance(value, tuple) or not all(one in allowed for one in value):
            raise PluginError(
                f"{value!r} is not allowed",
                where=f"{type(instance).__name__}.{attribute.name}",
                allowed=f"a tuple of some of {', '.join(map(repr, allowed))}",
            )

    return attrs.field(default=(), validator=check, metadata={"fact": True})


_yes_or_no = (True, False)


@attrs.frozen(kw_only=True)
class ComponentPlugin:
    """What all kinds of component say about themselves.

    Parameters
    ----------
    name : str
        In kebab-case, unique within its kind.
    summary : str
        One line for `cbrkit-xai plugins`.
    source : str
        Paper, equation or library it comes from.
    factory : callable or str
        Makes the component from its parameters; `"module:attribute"` is resolved on use.
    needs : tuple of str
        Names of the packages that running it imports, as pip knows them.
    examples : tuple of mappings
        Parameters with which the conformance kit makes it, besides none; needed where a parameter has
        no default.
    """

    kind: ClassVar[str] = "component"
    hook: ClassVar[str] = ""

    name: str = attrs.field(validator=_is_kebab_case)
    summary: str = attrs.field(validator=_is_text)
    source: str = attrs.field(validator=_is_text)
    factory: Callable[..., Any] | str = attrs.field(validator=_is_factory)
    needs: tuple[str, ...] = attrs.field(default=(), validator=_are_names)
    examples: tuple[Mapping[str, Any], ...] = attrs.field(default=(), validator=_are_parameters, hash=False)

    @property
    def facts(self) -> dict[str, Any]:
        """The declared facts by name."""
        return {
            field.name: getattr(self, field.name)
            for field in attrs.fields(type(self))
            if field.metadata.get("fact")
        }

    def resolve(self) -> Callable[..., Any]:
        """Return the callable that makes the component.

        Raises
        ------
        MissingDependencyError
            The module, or one that it imports, is not installed.
        PluginError
            The module raises when imported, or has no such attribute.
        """
        if not isinstance(self.factory, str):
            return self.factory
        module_name, attribute = self.factory.split(":")
        try:
            module = importlib.import_module(module_name)
        except ModuleNotFoundError as error:
            raise MissingDependencyError(
                f"{error.name!r} is not installed",
                where=f"{self.kind} {self.name!r}",
                next_step=f"pip install {' '.join(self.needs) or error.name}",
            ) from error
        except Exception as error:  # a stranger's module may raise anything when imported
            raise PluginError(
                f"{module_name!r} cannot be imported: {type(error).__name__}: {first_sentence(error)}",
                where=f"{self.kind} {self.name!r}",
                next_step="tell its author, or install the version it was written for",
            ) from error
        if not hasattr(module, attribute):
            raise PluginError(
                f"{module_name!r} has no {attribute!r}",
                where=f"{self.kind} {self.name!r}",
                next_step=nearest_spelling(attribute, vars(module)),
            )
        made: Callable[..., Any] = getattr(module, attribute)
        return made


@attrs.frozen(kw_only=True)
class RepresentationPlugin(ComponentPlugin):
    """A description of photos by numbers; `yields` vectors, pixels, or several arrays by name."""

    kind: ClassVar[str] = "representation"
    hook: ClassVar[str] = "cbrkit_xai_representations"
    yields: Literal["vectors", "pixels", "several"] = _fact("vectors", "vectors", "pixels", "several")


@attrs.frozen(kw_only=True)
class MetricPlugin(ComponentPlugin):
    """A distance.

    `accepts` vectors, pixels, any, or several arrays by name; `domain`: the numbers it is defined for;
    `triangle`: it obeys the triangle inequality; `zero_vector`: its distance from the zero vector is
    ordinary, or 1 by definition; `self_distance`: d(x, x) is at most this; `invariant`: what leaves it
    unchanged, namely

    - `scale`: each vector multiplied by a positive number of its own,
    - `offset`: a number added to all of one vector,
    - `translation`: the same vector added to both,
    - `order`: the numbers of both vectors reordered alike,
    - `mirroring`: both images mirrored left to right.
    """

    kind: ClassVar[str] = "metric"
    hook: ClassVar[str] = "cbrkit_xai_metrics"
    accepts: Literal["vectors", "pixels", "any", "several"] = _fact(
        "vectors", "vectors", "pixels", "any", "several"
    )
    domain: Literal["any", "nonnegative"] = _fact("any", "any", "nonnegative")
    triangle: bool = _fact(False, *_yes_or_no)
    zero_vector: Literal["ordinary", "one"] = _fact("ordinary", "ordinary", "one")
    self_distance: float = attrs.field(default=0.0, metadata={"fact": True}, validator=attrs.validators.ge(0))
    invariant: tuple[str, ...] = _facts("scale", "offset", "translation", "order", "mirroring")


@attrs.frozen(kw_only=True)
class AggregatorPlugin(ComponentPlugin):
    """A reduction of rows to one.

    `linear` in its input; `bounded` by each column's least and largest value; a weight is a
    `repetition` or `ignored`; NaN is refused (`refuse`) or left out (`omit`).
    """

    kind: ClassVar[str] = "aggregator"
    hook: ClassVar[str] = "cbrkit_xai_aggregators"
    linear: bool = _fact(False, *_yes_or_no)
    bounded: bool = _fact(False, *_yes_or_no)
    weights: Literal["repetition", "ignored"] = _fact("ignored", "repetition", "ignored")
    nan: Literal["refuse", "omit"] = _fact("refuse", "refuse", "omit")


@attrs.frozen(kw_only=True)
class OrganizerPlugin(ComponentPlugin):
    """An organisation of the case base.

    `keeps`: `all` cases that have votes are in some entry, as themselves or inside a prototype, or only
    `some`; `exact`: it finds what a brute-force search over its entries finds;
    `incremental`: its index offers `added` and `removed`;
    `needs_embedding`: it takes only metrics that offer `embed`.
    """

    kind: ClassVar[str] = "organizer"
    hook: ClassVar[str] = "cbrkit_xai_organizers"
    keeps: Literal["all", "some"] = _fact("all", "all", "some")
    exact: bool = _fact(True, *_yes_or_no)
    incremental: bool = _fact(False, *_yes_or_no)
    needs_embedding: bool = _fact(False, *_yes_or_no)


@attrs.frozen(kw_only=True)
class ReuseStrategyPlugin(ComponentPlugin):
    """A way from neighbours' votes to predicted votes.

    `hull`: each prediction lies within the range of the neighbours' votes; `repeats_single`: the votes of
    a single neighbour are the prediction; `scale_free`: multiplying all distances by one positive number
    changes nothing; `fills`: where no neighbour was asked it may say what the base says, and not NaN.
    """

    kind: ClassVar[str] = "reuse-strategy"
    hook: ClassVar[str] = "cbrkit_xai_reuse_strategies"
    hull: bool = _fact(False, *_yes_or_no)
    repeats_single: bool = _fact(False, *_yes_or_no)
    scale_free: bool = _fact(False, *_yes_or_no)
    fills: bool = _fact(False, *_yes_or_no)


@attrs.frozen(kw_only=True)
class RetentionPolicyPlugin(ComponentPlugin):
    """A judgement of whether a case is worth keeping.

    Of a case that a hundred people voted about, and agree on: `keeps_first`: it is kept where the case base
    is empty; `keeps_far`: it is kept where all entries are far away, whatever these say.
    """

    kind: ClassVar[str] = "retention-policy"
    hook: ClassVar[str] = "cbrkit_xai_retention_policies"
    keeps_first: bool = _fact(True, *_yes_or_no)
    keeps_far: bool = _fact(True, *_yes_or_no)


@attrs.frozen(kw_only=True)
class ExplainerPlugin(ComponentPlugin):
    """An explanation method.

    `needs_gradients`, `needs_feature_maps`: what the classifier must offer besides probabilities;
    `deterministic` by seed.
    """

    kind: ClassVar[str] = "explainer"
    hook: ClassVar[str] = "cbrkit_xai_explainers"
    needs_gradients: bool = _fact(False, *_yes_or_no)
    needs_feature_maps: bool = _fact(False, *_yes_or_no)
    deterministic: bool = _fact(True, *_yes_or_no)


@attrs.frozen(kw_only=True)
class ClassifierPlugin(ComponentPlugin):
    """A model that can be explained; `has_gradient`: it offers `gradient`."""

    kind: ClassVar[str] = "classifier"
    hook: ClassVar[str] = "cbrkit_xai_classifiers"
    has_gradient: bool = _fact(False, *_yes_or_no)


@attrs.frozen(kw_only=True)
class JudgePlugin(ComponentPlugin):
    """An automatic judge; judges of one `family` are one idea, not independent voters."""

    kind: ClassVar[str] = "judge"
    hook: ClassVar[str] = "cbrkit_xai_judges"
    family: str = attrs.field(validator=_is_kebab_case, metadata={"fact": True})


def _is_use(instance: Profile, attribute: attrs.Attribute[Any], value: Any) -> None:
    if not isinstance(value, Use):
        raise PluginError(
            f"{value!r} names no component", where=f"Profile.{attribute.name}", allowed='use("name", ...)'
        )


def _are_uses(instance: Profile, attribute: attrs.Attribute[Any], value: Any) -> None:
    if not isinstance(value, tuple) or not value or not all(isinstance(one, Use) for one in value):
        raise PluginError(
            f"{value!r} names no organizers",
            where=f"Profile.{attribute.name}",
            allowed='a tuple of at least one, such as (use("linear"),)',
        )


@attrs.frozen(kw_only=True)
class Profile:
    """One profile's choice of components.

    Parameters
    ----------
    representation, metric, aggregator, reuse, retention : Use
        The choice, with its parameters.
    organizers : tuple of Use
        The organisations it comes in; the first is the one used unless another is named.
    k : int
        How many entries are retrieved.
    substituted : str
        What stands in the place of what the profile promises by its name, if anything does; it
        is said wherever the profile is used.
    """

    representation: Use = attrs.field(validator=_is_use)
    metric: Use = attrs.field(validator=_is_use)
    organizers: tuple[Use, ...] = attrs.field(validator=_are_uses)
    aggregator: Use = attrs.field(factory=lambda: Use(name="mean"), validator=_is_use)
    reuse: Use = attrs.field(factory=lambda: Use(name="mean"), validator=_is_use)
    retention: Use = attrs.field(factory=lambda: Use(name="always"), validator=_is_use)
    k: int = attrs.field(default=5, validator=attrs.validators.ge(1))
    substituted: str = attrs.field(default="", validator=attrs.validators.instance_of(str))


def _read_only(profiles: Any) -> Any:
    # What is no mapping is left to the validator.
    return MappingProxyType(dict(profiles)) if isinstance(profiles, Mapping) else profiles


@attrs.frozen(kw_only=True)
class ConfigurationPlugin(ComponentPlugin):
    """A named configuration, in one or more profiles."""

    kind: ClassVar[str] = "configuration"
    hook: ClassVar[str] = "cbrkit_xai_configurations"
    factory: Callable[..., Any] | str = attrs.field(
        default="cbrkit_xai.configurations:Configuration", validator=_is_factory, init=False
    )
    profiles: Mapping[str, Profile] = attrs.field(
        converter=_read_only,
        validator=attrs.validators.deep_mapping(
            key_validator=attrs.validators.instance_of(str),
            value_validator=attrs.validators.instance_of(Profile),
            mapping_validator=attrs.validators.min_len(1),
        ),
    )


def kinds() -> Iterator[type[ComponentPlugin]]:
    """Yield the record of each kind, in the order of the hooks."""
    # Not `__subclasses__()`: that also lists the classes attrs replaced, and a stranger's.
    yield RepresentationPlugin
    yield MetricPlugin
    yield AggregatorPlugin
    yield OrganizerPlugin
    yield ReuseStrategyPlugin
    yield RetentionPolicyPlugin
    yield ExplainerPlugin
    yield ClassifierPlugin
    yield JudgePlugin
    yield ConfigurationPlugin
