from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cbrkit_xai import Use, use
from cbrkit_xai.errors import ConfigurationError

names = st.text(min_size=1)
keys = names.filter(lambda key: key != "use")
scalars = st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(keys, inner, max_size=3)
        | st.builds(
            lambda name, parameters: {"use": name, **parameters},
            names,
            st.dictionaries(keys, inner, max_size=2),
        )
    ),
    max_leaves=8,
)


@given(names, st.dictionaries(keys, values, max_size=4))
def test_a_choice_equals_what_is_read_back_from_json(name, parameters):
    choice = Use(name=name, parameters=parameters)
    assert Use.from_mapping(json.loads(json.dumps(choice.to_mapping()))) == choice


@given(st.dictionaries(keys, values, max_size=4))
def test_writing_a_choice_gives_back_the_values_that_were_given(parameters):
    assert Use(name="any", parameters=parameters).to_mapping() == {"use": "any", **parameters}


def test_the_order_of_parameters_does_not_matter():
    assert use("minkowski", p=3, q=4) == use("minkowski", q=4, p=3)
    assert str(use("minkowski", q=4, p=3)) == "minkowski(p=3, q=4)"


def test_equal_choices_have_equal_hashes_so_that_they_can_be_counted():
    assert len({use("mean", a=[1, {"b": 2}]), use("mean", a=(1, {"b": 2})), use("median")}) == 2


def test_a_choice_prints_its_nested_choices_and_lists_as_they_were_written():
    choice = use("several", parts=[use("latent", norm="l2"), "pixels"], table={"a": [1]})
    assert str(choice) == "several(parts=[{'use': 'latent', 'norm': 'l2'}, 'pixels'], table={'a': [1]})"
    assert str(use("outer", metric=use("inner", p=3))) == "outer(metric=inner(p=3))"


def test_a_nested_table_with_a_name_is_a_choice():
    assert use("outer", metric={"use": "inner", "p": 3}) == use("outer", metric=use("inner", p=3))


def test_a_parameter_that_is_none_was_not_given_however_deep_it_stands():
    assert use("eps", radius=None) == use("eps")
    assert use("eps", table={"a": None, "b": 1}) == use("eps", table={"b": 1})


def test_a_list_cannot_hold_none_because_no_file_could():
    with pytest.raises(ConfigurationError, match=r"parts\[1\]: None is not a parameter value"):
        use("several", parts=["a", None])


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_what_is_no_number_cannot_be_written_to_a_file(value):
    with pytest.raises(ConfigurationError, match=r"table\.p\[0\]: (nan|inf|-inf) cannot be written"):
        use("minkowski", table={"p": [value]})


@pytest.mark.parametrize(
    "value", [object(), np.zeros(2), {1, 2}, b"bytes", 1j], ids=lambda v: type(v).__name__
)
def test_a_value_that_json_does_not_know_is_refused_with_its_place(value):
    with pytest.raises(ConfigurationError, match=r"^p: .* is not a parameter value; allowed: texts, numbers"):
        use("minkowski", p=value)


def test_a_parameter_called_use_would_replace_the_name_in_a_file_and_is_refused():
    with pytest.raises(ConfigurationError, match="a parameter cannot be called 'use'"):
        use("minkowski", use="cosine")


@pytest.mark.parametrize("name", [3, None, ["a"], True])
def test_the_name_in_a_file_must_be_a_text(name):
    with pytest.raises(ConfigurationError, match=r"metric\.use: .* is not a component name; allowed: a text"):
        Use.from_mapping({"use": name}, where="metric")


def test_changing_what_was_passed_in_changes_no_choice():
    inner, outer = {"b": 1}, [1, 2]
    choice = use("any", table=inner, row=outer)
    inner["b"] = 2
    outer.append(3)
    assert choice == use("any", table={"b": 1}, row=[1, 2])


def test_a_choice_cannot_be_changed_at_any_depth():
    choice = use("any", table={"b": {"c": 1}}, row=[1])
    with pytest.raises(AttributeError):
        choice.name = "other"
    for place in (choice.parameters, choice.parameters["table"], choice.parameters["table"]["b"]):
        with pytest.raises(TypeError):
            place["b"] = 2
    with pytest.raises(TypeError):
        choice.parameters["row"][0] = 2
