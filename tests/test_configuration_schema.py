"""The JSON schema of configuration files, against a small validator that knows nothing of how it is made."""

from __future__ import annotations

import json
import re
import tomllib

import attrs
import pytest

from cbrkit_xai import Configuration, MetricPlugin, Registry, RepresentationPlugin, hookimpl, use
from cbrkit_xai.configuration_schema import configuration_schema
from cbrkit_xai.configurations import KIND_OF_PART
from cbrkit_xai.parameter_meanings import parameter_meanings
from cbrkit_xai.protocols import Metric
from cbrkit_xai.registry import default_registry

TYPES = {"object": dict, "array": list, "string": str, "boolean": bool}
UNDERSTOOD = {
    "$schema", "$defs", "$ref", "title", "description", "default", "examples", "type", "properties",
    "required", "additionalProperties", "patternProperties", "minProperties", "anyOf", "not", "enum",
    "const", "items",
    "prefixItems", "minItems", "maxItems", "uniqueItems", "minLength", "pattern", "minimum", "maximum",
    "exclusiveMinimum", "exclusiveMaximum",
}  # fmt: skip


def is_of_type(value, name):
    if name in ("integer", "number"):
        allowed = int if name == "integer" else int | float
        return isinstance(value, allowed) and not isinstance(value, bool)
    return isinstance(value, TYPES[name])


def complaints(value, schema, root, place="file"):
    """Yield what draft 2020-12 has against a value, for the words that our schema uses."""
    if schema is True:
        return
    if schema is False:
        yield f"{place}: not allowed"
        return
    assert set(schema) <= UNDERSTOOD, set(schema) - UNDERSTOOD
    if "$ref" in schema:
        yield from complaints(value, root["$defs"][schema["$ref"].removeprefix("#/$defs/")], root, place)
    if "anyOf" in schema and all(list(complaints(value, one, root, place)) for one in schema["anyOf"]):
        yield f"{place}: none of the alternatives"
    if "not" in schema and not list(complaints(value, schema["not"], root, place)):
        yield f"{place}: nothing is allowed"
    if "type" in schema and not is_of_type(value, schema["type"]):
        yield f"{place}: no {schema['type']}"
        return
    if "const" in schema and value != schema["const"]:
        yield f"{place}: not {schema['const']!r}"
    if "enum" in schema and not any(type(value) is type(one) and value == one for one in schema["enum"]):
        yield f"{place}: not one of {schema['enum']}"
    yield from of_numbers_and_texts(value, schema, place)
    if isinstance(value, list):
        yield from of_lists(value, schema, root, place)
    if isinstance(value, dict):
        yield from of_tables(value, schema, root, place)


def of_numbers_and_texts(value, schema, place):
    if is_of_type(value, "number"):
        if value < schema.get("minimum", value) or value > schema.get("maximum", value):
            yield f"{place}: out of range"
        if "exclusiveMinimum" in schema and value <= schema["exclusiveMinimum"]:
            yield f"{place}: too small"
        if "exclusiveMaximum" in schema and value >= schema["exclusiveMaximum"]:
            yield f"{place}: too large"
    if isinstance(value, str) and len(value) < schema.get("minLength", 0):
        yield f"{place}: too short"
    if isinstance(value, str) and not re.search(schema.get("pattern", ""), value):
        yield f"{place}: no such text"


def of_lists(value, schema, root, place):
    if not schema.get("minItems", 0) <= len(value) <= schema.get("maxItems", len(value)):
        yield f"{place}: wrong length"
    if schema.get("uniqueItems") and len({json.dumps(one) for one in value}) < len(value):
        yield f"{place}: twice"
    first = schema.get("prefixItems", [])
    rules = [*first, *[schema.get("items", True)] * (len(value) - len(first))]
    for row, (one, rule) in enumerate(zip(value, rules, strict=False)):
        yield from complaints(one, rule, root, f"{place}[{row}]")


def of_tables(value, schema, root, place):
    if len(value) < schema.get("minProperties", 0):
        yield f"{place}: empty"
    for name in schema.get("required", ()):
        if name not in value:
            yield f"{place}: no {name}"
    for name, one in value.items():
        rules = [
            rule for pattern, rule in schema.get("patternProperties", {}).items() if re.search(pattern, name)
        ]
        if name in schema.get("properties", {}):
            rules.append(schema["properties"][name])
        for rule in rules or [schema.get("additionalProperties", True)]:
            yield from complaints(one, rule, root, f"{place}.{name}")


SCHEMA = json.loads(json.dumps(configuration_schema(), allow_nan=False))


def refused(text):
    return list(complaints(tomllib.loads(text), SCHEMA, SCHEMA))


def test_every_reference_in_the_schema_leads_somewhere():
    references = re.findall(r'"\$ref": "([^"]+)"', json.dumps(SCHEMA))
    assert references
    assert {one.removeprefix("#/$defs/") for one in references} <= set(SCHEMA["$defs"])


def test_every_shipped_configuration_fits_the_schema():
    registry = default_registry()
    for name in registry.names("configuration"):
        for profile, chosen in registry.find("configuration", name).profiles.items():
            one = Configuration(
                name=name,
                profile=profile,
                k=chosen.k,
                organizer=chosen.organizers[-1],
                **{part: getattr(chosen, part) for part in KIND_OF_PART if part != "organizer"},
            )
            assert refused(one.to_toml()) == []
            assert refused(f'extends = "{name}"\nprofile = "{profile}"') == []


def test_every_example_of_a_registered_component_fits_the_schema():
    registry = default_registry()
    for part, kind in KIND_OF_PART.items():
        for name in registry.names(kind):
            for example in registry.find(kind, name).examples:
                one = attrs.evolve(
                    Configuration(name="a", representation="b", metric="c"), **{part: use(name, **example)}
                )
                text = one.to_toml()
                table = {part: tomllib.loads(text)[part], "extends": "lf-cos"}
                assert list(complaints(table, SCHEMA, SCHEMA)) == [], text


@pytest.mark.parametrize(
    "text",
    [
        'extends = "other.toml"\nk = 3',
        'extends = "lf-cos"\nmetric = "cosine"\n[grid]\nk = [1, 5]\n"metric.p" = [1, 2]',
        'extends = "lf-cos"\n[grid]\norganizer = ["linear", { use = "dbscan-prototypes", eps = 0.3 }]',
        'extends = "lf-cos"\n[grid.metric]\np = [1, 2]',
        'extends = "lf-cos"\nreuse = { use = "aggregated", aggregator = { use = "medoid" } }',
        'extends = "lf-cos"\norganizer = { use = "dbscan-prototypes", eps = 1 }',
        'extends = "lf-cos"\nreuse = { use = "mean", shrinkage = "fitted" }',
    ],
)  # fmt: skip
def test_what_loads_fits_the_schema(text):
    assert refused(text) == []


@pytest.mark.parametrize(
    "text",
    [
        "k = 5",
        'extends = "lf-cos"\nmetrik = "cosine"',
        'extends = "lf-cosinus"',
        'extends = "lf-cos"\nk = 0',
        'extends = "lf-cos"\nk = true',
        'extends = "lf-cos"\nmetric = "cosinus"',
        'extends = "lf-cos"\nmetric = { use = "cosine", p = 3 }',
        'extends = "lf-cos"\norganizer = { use = "dbscan-prototypes", eps = "0.3" }',
        'extends = "lf-cos"\nreuse = "aggregated"',
        'extends = "lf-cos"\nreuse = { use = "aggregated", aggregator = "medain" }',
        'extends = "lf-cos"\nreuse = { use = "mean", weight = "sizes" }',
        'extends = "lf-cos"\nretention = { use = "novel", quantile = 2 }',
        'extends = "lf-cos"\naggregator = { use = "trimmed-mean", share = 0.5 }',
        'extends = "lf-cos"\n[grid]',
        'extends = "lf-cos"\n[grid]\nk = []',
        'extends = "lf-cos"\n[grid]\nk = [1, 1]',
        'extends = "lf-cos"\n[grid]\n"metrik.p" = [1]',
    ],
)
def test_what_does_not_load_does_not_fit_the_schema(text):
    assert refused(text)


def test_the_schema_says_of_a_parameter_what_its_docstring_and_default_say():
    novel = SCHEMA["$defs"]["retention-policy.novel"]["properties"]["quantile"]
    assert novel == {
        "type": "number",
        "default": 0.1,
        "minimum": 0,
        "maximum": 1,
        "description": "0 to 1; used where `min_distance` is not given.",
    }


def test_a_strangers_components_of_every_shape_are_described(registry):
    class Strange:
        """A metric.

        Parameters
        ----------
        pairs, sizes : list
            Whatever
            they mean.
        parts : mapping
            By name.
        """

        def __init__(
            self,
            pairs: tuple[int, str] = (1, "a"),
            sizes: list[float] | None = None,
            parts: dict[str, Metric] | None = None,
            anything=None,
        ):
            pass

        def pairwise(self, queries, references):
            raise AssertionError

    class Plugin:
        @hookimpl
        def cbrkit_xai_metrics(self):
            yield MetricPlugin(name="strange", summary="s", source="s", factory=Strange)

        @hookimpl
        def cbrkit_xai_representations(self):
            yield RepresentationPlugin(
                name="not-installed",
                summary="s",
                source="s",
                factory="no_such_module:Thing",
                needs=("nowhere",),
            )

    registry.register(Plugin())
    made = configuration_schema(registry)
    strange = made["$defs"]["metric.strange"]["properties"]
    assert strange["pairs"]["prefixItems"] == [{"type": "integer"}, {"type": "string"}]
    assert strange["sizes"]["items"] == {"type": "number"}
    assert strange["sizes"]["description"] == strange["pairs"]["description"] == "Whatever they mean."
    assert strange["parts"]["additionalProperties"] == {"$ref": "#/$defs/metric"}
    assert strange["anything"] == {}
    assert "pip install nowhere" in made["$defs"]["representation.not-installed"]["description"]


def test_a_docstring_without_parameters_says_nothing_of_them():
    assert parameter_meanings(lambda p: p) == {}
    assert parameter_meanings(Registry) == {
        "discover": "True to load every installed distribution's entry points of group `cbrkit_xai`."
    }
