from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

import attrs
import pytest
from attrs import validators
from hypothesis import given
from hypothesis import strategies as st

from cbrkit_xai import use
from cbrkit_xai.errors import ConfigurationError, NotOrganizableError, ParameterError
from cbrkit_xai.protocols import Aggregator, Metric
from cbrkit_xai.structuring import build, known_parameters, missing_members

if TYPE_CHECKING:
    from nowhere import Nothing


def create(kind, choice, where):
    """Stand in for a registry: say what was asked for."""
    if choice.name == "unknown":
        raise ConfigurationError("unknown metric 'unknown'", where=where)
    return (kind, choice.name, dict(choice.parameters), where)


def made(factory, **parameters):
    return build(factory, use("any", **parameters).parameters, where="metric 'any'", create=create)


def typed(annotation):
    def factory(p):
        return p

    factory.__annotations__ = {"p": annotation}
    return factory


def refusal(factory, **parameters):
    with pytest.raises(ConfigurationError) as caught:
        made(factory, **parameters)
    text = str(caught.value)
    assert "\n" not in text
    assert text.startswith("metric 'any'")
    return text


# Values ---------------------------------------------------------------------------------------------------

FITS = [
    (int, 3, 3),
    (int, 10**30, 10**30),
    (float, 3.5, 3.5),
    (float, 3, 3.0),
    (bool, True, True),
    (str, "4", "4"),
    (int | None, 3, 3),
    (float | Literal["fitted"], "fitted", "fitted"),
    (float | Literal["fitted"], 1, 1.0),
    (Literal["a", 3], 3, 3),
    (tuple[float, ...], [1, 2.5], (1.0, 2.5)),
    (tuple[float, ...], [], ()),
    (tuple[int, str], [1, "a"], (1, "a")),
    (list[int], [1, 2], (1, 2)),
    (Sequence[str], ["a"], ("a",)),
    (Mapping[str, float], {"a": 1}, {"a": 1.0}),
    (dict[str, tuple[int, ...]], {"a": [1]}, {"a": (1,)}),
    (tuple[int, ...] | tuple[str, ...], ["a", "b"], ("a", "b")),
    (dict[str, int] | dict[str, str], {"a": "b"}, {"a": "b"}),
    (tuple[tuple[int, int], ...], [[1, 2], [3, 4]], ((1, 2), (3, 4))),
    (Any, "anything", "anything"),
]


@pytest.mark.parametrize(("annotation", "given_value", "expected"), FITS, ids=str)
def test_a_value_of_the_right_type_is_passed_on(annotation, given_value, expected):
    value = made(typed(annotation), p=given_value)
    assert value == expected
    assert type(value) is type(expected)


MISFITS = [
    (int, "4", "a whole number"),
    (int, True, "a whole number"),
    (int, 4.0, "a whole number"),
    (float, "4", "a number"),
    (float, False, "a number"),
    (float, 10**400, "a number up to about 1e308"),
    (bool, 1, "true or false"),
    (bool, "true", "true or false"),
    (str, 4, "a text"),
    (int | None, "4", "a whole number"),
    (float | Literal["fitted"], "fited", "a number or 'fitted'"),
    (Literal[1, "a"], True, "1, 'a'"),
    (Literal[1, "a"], 1.0, "1, 'a'"),
    (Literal[True], 1, "True"),
    (tuple[float, float], [1], "a list of 2 values"),
    (tuple[float, float], [1, 2, 3], "a list of 2 values"),
    (tuple[float, ...], "12", "a list"),
    (tuple[str, ...], "ab", "a list"),
    (tuple[float, ...], 1, "a list"),
    (Mapping[str, float], [1], "a table"),
    (tuple, "ab", "a list"),
    (list, {"a": 1}, "a list"),
    (dict, "ab", "a table"),
]


@pytest.mark.parametrize(("annotation", "value", "allowed"), MISFITS, ids=str)
def test_a_value_of_another_type_is_never_converted_and_the_error_shows_it(annotation, value, allowed):
    text = refusal(typed(annotation), p=value)
    assert text == f"metric 'any'.p: {value!r} does not fit; allowed: {allowed}"


@pytest.mark.parametrize(
    ("annotation", "value", "text"),
    [
        (tuple[float, ...], [1, "2"], "p[1]: '2' does not fit; allowed: a number"),
        (
            tuple[tuple[int, int], ...],
            [[1, 2], [3, True]],
            "p[1][1]: True does not fit; allowed: a whole number",
        ),
        (Mapping[str, int], {"a": 1, "b": "2"}, "p.b: '2' does not fit; allowed: a whole number"),
        (tuple[int, ...] | None, [1, "2"], "p[1]: '2' does not fit; allowed: a whole number"),
        (
            tuple[int, ...] | tuple[str, ...],
            [2.5],
            "p[0]: 2.5 does not fit; allowed: a whole number or a text",
        ),
        (str | dict[str, int], {"a": "b"}, "p.a: 'b' does not fit; allowed: a whole number"),
    ],
    ids=str,
)
def test_a_wrong_value_inside_a_list_or_table_is_shown_with_its_place(annotation, value, text):
    assert refusal(typed(annotation), p=value) == f"metric 'any'.{text}"


@given(st.integers(-(2**1000), 2**1000))
def test_any_int_that_a_float_can_hold_fits_one(number):
    assert made(typed(float), p=number) == float(number)


@given(st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.booleans() | st.text())
def test_every_value_fits_its_own_type_and_no_other_but_an_int_a_float(value):
    for annotation in (int, float, bool, str):
        if type(value) is annotation or (type(value) is int and annotation is float):
            assert made(typed(annotation), p=value) == value
        else:
            refusal(typed(annotation), p=value)


# Components -----------------------------------------------------------------------------------------------


def test_a_field_typed_with_a_protocol_takes_a_nested_choice():
    assert made(typed(Metric), p=use("minkowski", p=3)) == ("metric", "minkowski", {"p": 3}, "metric 'any'.p")
    assert made(typed(Metric), p={"use": "minkowski", "p": 3})[1:3] == ("minkowski", {"p": 3})
    assert made(typed(Metric), p="minkowski")[1:3] == ("minkowski", {})


def test_a_field_may_take_several_components_or_none():
    parts = made(typed(tuple[Aggregator, ...]), p=["mean", use("median")])
    assert [part[:2] for part in parts] == [("aggregator", "mean"), ("aggregator", "median")]
    assert [part[3] for part in parts] == ["metric 'any'.p[0]", "metric 'any'.p[1]"]
    assert made(typed(Metric | None), p="cosine")[1] == "cosine"
    assert made(typed(Mapping[str, Metric]), p={"a": "cosine"})["a"][3] == "metric 'any'.p.a"


@pytest.mark.parametrize("value", [3, True, ["cosine"], {"p": 3}])
def test_what_names_no_component_is_refused_where_one_is_wanted(value):
    assert 'does not fit; allowed: a metric, such as { use = "name" }' in refusal(typed(Metric), p=value)


def test_an_unknown_nested_component_is_named_even_where_there_are_alternatives():
    assert refusal(typed(Metric | None), p="unknown") == "metric 'any'.p: unknown metric 'unknown'"


# Names ----------------------------------------------------------------------------------------------------


@attrs.frozen(kw_only=True)
class Minkowski:
    p: float = attrs.field(default=3.0, validator=validators.ge(1))
    _root: bool = True
    made: int = attrs.field(init=False, default=1)


def test_an_unknown_parameter_is_told_the_known_ones_and_the_nearest_spelling():
    assert refusal(Minkowski, roots=True) == (
        "metric 'any': unknown parameter 'roots'; allowed: p, root; did you mean 'root'?"
    )


def test_a_factory_without_parameters_says_so():
    assert refusal(lambda: 1, p=3) == "metric 'any': unknown parameter 'p'; allowed: no parameters"


@pytest.mark.parametrize("name", ["made", "_root"])
def test_what_the_class_makes_itself_is_no_parameter(name):
    assert f"unknown parameter {name!r}" in refusal(Minkowski, **{name: 1})


def test_a_missing_parameter_is_named_before_the_factory_is_called():
    def factory(p: float, q: float = 1):
        raise AssertionError("it was called")

    assert refusal(factory, q=3) == "metric 'any': parameter 'p' is missing; allowed: p, q; give it a value"


def test_a_factory_that_takes_any_parameter_gets_them():
    def factory(p: int = 1, **others):
        return p, others

    assert made(factory, q="a") == (1, {"q": "a"})
    assert "p: '2' does not fit" in refusal(factory, p="2", q="a")


def test_parameters_are_listed_in_order_with_their_annotations():
    assert known_parameters(Minkowski) == {"p": float, "root": bool}


# Factories of every kind ----------------------------------------------------------------------------------


class Plain:
    def __init__(self, p: float, *, q: int = 1) -> None:
        self.p, self.q = p, q


@dataclasses.dataclass
class Data:
    p: float
    q: int = 1


@attrs.frozen
class Child(Minkowski):
    q: int = attrs.field(default=1, kw_only=True)


def function(p: float, q: int = 1):
    return Data(p, q)


class Callable:
    def __call__(self, p: float, q: int = 1):
        return Data(p, q)


FACTORIES = pytest.mark.parametrize("factory", [Plain, Data, Child, function], ids=lambda f: f.__name__)


@FACTORIES
def test_classes_and_functions_alike_are_checked_against_their_annotations(factory):
    one = made(factory, p=2)
    assert (one.p, one.q, type(one.p)) == (2.0, 1, float)
    assert refusal(factory, p="2") == "metric 'any'.p: '2' does not fit; allowed: a number"
    assert refusal(factory, p=2, q=2.0) == "metric 'any'.q: 2.0 does not fit; allowed: a whole number"


def test_a_callable_object_is_a_factory_too():
    assert made(Callable(), p=2, q=3).q == 3
    assert "unknown parameter 'r'" in refusal(Callable(), r=1)


def test_a_built_in_is_a_factory_too():
    assert made(dict) == {}


@attrs.frozen(kw_only=True)
class PartlyTyped:
    nothing: Nothing | None = None
    p: float = 1.0


def partly_typed(nothing: Nothing | None = None, p: float = 1.0):
    return p


@pytest.mark.parametrize("factory", [PartlyTyped, partly_typed])
def test_an_annotation_for_type_checkers_alone_does_not_switch_off_the_other_checks(factory):
    assert made(factory, nothing="anything", p=2)
    assert refusal(factory, p="2") == "metric 'any'.p: '2' does not fit; allowed: a number"


# What the factory itself refuses --------------------------------------------------------------------------


@attrs.frozen(kw_only=True)
class Validated:
    at_least: int = attrs.field(default=1, validator=validators.ge(1))
    one_of: str = attrs.field(default="a", validator=validators.in_(("a", "b")))
    kind: Any = attrs.field(default=1, validator=validators.instance_of(int))
    text: str = attrs.field(default="a", validator=validators.matches_re("[a-z]"))
    short: str = attrs.field(default="a", validator=validators.max_len(1))


@pytest.mark.parametrize(
    ("name", "value"), [("at_least", 0), ("one_of", "c"), ("kind", "x"), ("text", "A"), ("short", "ab")]
)
def test_what_a_validator_says_is_readable_in_one_line_without_the_objects_behind_it(name, value):
    text = refusal(Validated, **{name: value})
    assert f"'{name}'" in text
    assert str(len(value) if name == "short" else value) in text
    assert text.endswith("; change the parameter")
    for noise in ("Attribute(", "NOTHING", "<attrs", "object at 0x"):
        assert noise not in text


def raising(error):
    def factory(p: int = 1):
        raise error

    return factory


@pytest.mark.parametrize(
    "error", [ValueError("p is\n odd"), TypeError("p is odd"), TypeError("p is odd", object())]
)
def test_a_value_that_the_factory_refuses_is_the_users_mistake(error):
    assert refusal(raising(error), p=3) == "metric 'any': p is odd; change the parameter"


def test_a_parameter_error_of_a_component_gains_its_place():
    error = ParameterError("3 does not fit", where="p", allowed="even numbers", next_step="add 1")
    assert refusal(raising(error), p=3) == "metric 'any'.p: 3 does not fit; allowed: even numbers; add 1"


def test_other_errors_of_ours_pass_as_they_are():
    error = NotOrganizableError("no gradients here")
    with pytest.raises(NotOrganizableError) as caught:
        made(raising(error))
    assert caught.value is error


# What a component must have --------------------------------------------------------------------------------


class Lazy:
    """A representation whose fingerprint takes a network."""

    @property
    def fingerprint(self):
        raise AssertionError("the network is loaded")

    def describe(self, images):
        return images


class PassingOn:
    """Stands before another object."""

    def __init__(self, other):
        self.other = other

    def __getattr__(self, name):
        return getattr(self.other, name)


@attrs.frozen
class Slotted:
    fingerprint: str = "slotted/1"

    def describe(self, images):
        return images


@pytest.mark.parametrize(
    "component", [Lazy(), PassingOn(Slotted()), Slotted()], ids=lambda one: type(one).__name__
)
def test_a_component_that_has_all_its_members_lacks_none_and_no_property_is_read(component):
    assert missing_members(component, "representation") == []


@pytest.mark.parametrize(
    ("component", "kind", "missing"),
    [
        (object(), "representation", ["fingerprint", "describe"]),
        (PassingOn(object()), "metric", ["pairwise"]),
        (Slotted(), "classifier", ["labels", "predict"]),
        (None, "organizer", ["organize"]),
        (object(), "configuration", []),
    ],
)
def test_what_a_component_lacks_is_named_in_the_protocols_order(component, kind, missing):
    assert missing_members(component, kind) == missing
