from __future__ import annotations

import json

import attrs
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cbrkit_xai import (
    CaseBase,
    Configuration,
    ConfigurationPlugin,
    MetricPlugin,
    Profile,
    Registry,
    RepresentationPlugin,
    hookimpl,
    use,
)
from cbrkit_xai.configuration_reading import configuration_from_toml, load_configuration
from cbrkit_xai.configurations import KIND_OF_PART, configuration
from cbrkit_xai.errors import ConfigurationError, ParameterError, PluginError

PARTS = tuple(KIND_OF_PART)


class Pixels:
    fingerprint = "pixels/test"

    def describe(self, images):
        raise AssertionError("a photo was described before the configuration was found wrong")


@attrs.frozen(kw_only=True)
class Nothing:
    """A metric by which all is equal."""

    p: float = 3.0

    def pairwise(self, queries, references):
        return np.zeros((len(queries), len(references)))


class Plugin:
    """A named configuration in two profiles, pixels, and a metric with a parameter."""

    @hookimpl
    def cbrkit_xai_representations(self):
        yield RepresentationPlugin(
            name="raw-pixels", summary="s", source="s", factory=Pixels, yields="pixels"
        )

    @hookimpl
    def cbrkit_xai_metrics(self):
        def without_parameters():
            return Nothing()

        yield MetricPlugin(name="lp-norm", summary="s", source="s", factory=Nothing)
        for name, accepts in {"pixelwise": "pixels", "universal": "any"}.items():
            yield MetricPlugin(
                name=name, summary="s", source="s", factory=without_parameters, accepts=accepts
            )

    @hookimpl
    def cbrkit_xai_configurations(self):
        recommended = Profile(
            representation=use("mean-colour"),
            metric=use("lp-norm", p=1),
            organizers=(use("linear"), use("dbscan-prototypes", noise="fallback")),
            reuse=use("mean", shrinkage="fitted"),
            k=7,
        )
        paper = attrs.evolve(recommended, reuse=use("mean"), k=5)
        yield ConfigurationPlugin(
            name="col-min",
            summary="s",
            source="s",
            profiles={"recommended": recommended, "paper2022": paper},
        )


@pytest.fixture
def known(registry):
    registry.register(Plugin())
    return registry


@pytest.fixture
def col_min(known):
    return configuration("col-min", registry=known)


# By name --------------------------------------------------------------------------------------------------


def test_a_named_configuration_is_that_of_its_recommended_profile(col_min):
    assert col_min == Configuration(
        name="col-min",
        profile="recommended",
        representation=use("mean-colour"),
        metric=use("lp-norm", p=1),
        organizer=use("linear"),
        aggregator=use("mean"),
        reuse=use("mean", shrinkage="fitted"),
        retention=use("always"),
        k=7,
    )


def test_the_label_names_configuration_organizer_and_profile(known):
    assert configuration("col-min", profile="paper2022", registry=known).label == "col-min/linear@paper2022"
    other = configuration("col-min", organizer="dbscan-prototypes", registry=known)
    assert other.label == "col-min/dbscan-prototypes@recommended"


def test_a_listed_organizer_comes_with_the_profiles_parameters_and_another_without(known):
    listed = configuration("col-min", organizer="dbscan-prototypes", registry=known)
    assert listed.organizer == use("dbscan-prototypes", noise="fallback")
    own = use("dbscan-prototypes", noise="drop")
    assert configuration("col-min", organizer=own, registry=known).organizer == own


def test_the_paper_writes_names_in_upper_case(known, col_min):
    assert configuration("COL-MIN", registry=known) == col_min


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"name": "col-mim"}, r"unknown configuration 'col-mim'; allowed: col-min; did you mean 'col-min'\?"),
        (
            {"name": "col-min", "profile": "paper2021"},
            r"profile: 'col-min' has no profile 'paper2021'; allowed: .*; did you mean 'paper2022'\?",
        ),
        (
            {"name": "col-min", "organizer": "liner"},
            r"organizer: unknown organizer 'liner'; allowed: .*did you mean 'linear'\?",
        ),
    ],
)
def test_an_unknown_name_is_told_the_nearest_spelling(known, arguments, message):
    with pytest.raises(ConfigurationError, match=message):
        configuration(**arguments, registry=known)


# By hand --------------------------------------------------------------------------------------------------


def test_a_part_may_be_given_by_name_as_a_choice_or_as_in_a_file():
    by_name = Configuration(name="a", representation="latent", metric="cosine")
    by_choice = Configuration(name="a", representation=use("latent"), metric=use("cosine"))
    as_in_a_file = Configuration(name="a", representation={"use": "latent"}, metric={"use": "cosine"})
    assert by_name == by_choice == as_in_a_file


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("value", [3, None, ["cosine"], {"p": 3}, dict], ids=str)
def test_a_part_that_names_nothing_is_refused_where_it_stands(part, value):
    parts = {"representation": "latent", "metric": "cosine", part: value}
    with pytest.raises(ConfigurationError, match=f"^{part}: .* names no component; allowed: a name, or"):
        Configuration(name="a", **parts)


@pytest.mark.parametrize("k", [0, -1, True, False, "five", 2.0, None, float("nan")])
def test_k_is_a_whole_number_of_at_least_1(col_min, k):
    with pytest.raises(ParameterError, match=r"^k: k is .*; allowed: a whole number of at least 1$"):
        col_min.evolve(k=k)


def test_k_may_be_larger_than_any_base(col_min, registry, tiny_base, tiny_configuration):
    assert col_min.evolve(k=10**9).k == 10**9
    recommender = tiny_configuration.evolve(k=10**9).fit(tiny_base, registry=registry)
    answer = recommender.recommend(np.zeros((224, 224, 3), dtype=np.uint8))
    assert {precedent.id for precedent in answer.precedents} <= set(tiny_base.ids)
    assert recommender.index.nearest(recommender.cases.features, 10**9).k_eff.tolist() == [4] * 4


@pytest.mark.parametrize("key", ["name", "profile"])
@pytest.mark.parametrize("value", ["", 3, None])
def test_name_and_profile_are_texts(col_min, key, value):
    with pytest.raises(ConfigurationError, match=rf"^{key}: .* does not fit; allowed: a text"):
        col_min.evolve(**{key: value})


def test_another_part_makes_another_configuration_and_leaves_the_first(col_min):
    other = col_min.evolve(metric=use("lp-norm", p=3), organizer="dbscan-prototypes")
    assert other.metric == use("lp-norm", p=3)
    assert other.label == "col-min/dbscan-prototypes@recommended"
    assert col_min.metric == use("lp-norm", p=1)
    assert attrs.evolve(other, metric=col_min.metric, organizer=col_min.organizer) == col_min


def test_an_unknown_part_is_told_the_parts_and_the_nearest_spelling(col_min):
    with pytest.raises(ConfigurationError) as caught:
        col_min.evolve(metrics="cosine")
    assert str(caught.value) == (
        "col-min: unknown part 'metrics'; allowed: name, profile, representation, metric, organizer, "
        "aggregator, reuse, retention, k; did you mean 'metric'?"
    )


def test_a_configuration_cannot_be_changed(col_min):
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        col_min.k = 3
    with pytest.raises(TypeError):
        col_min.metric.parameters["p"] = 3


# TOML -----------------------------------------------------------------------------------------------------

names = st.text(min_size=1)
scalars = (
    st.booleans()
    | st.integers(-(10**20), 10**20)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from([0.1, 1e-300, 5e-324, 1.7976931348623157e308, -0.0, 1e16, 1e22])
    | st.text()
)


def choices(inner):
    keys = names.filter(lambda key: key != "use")
    return st.builds(
        lambda name, parameters: use(name, **parameters), names, st.dictionaries(keys, inner, max_size=3)
    )


values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.lists(inner, max_size=3).map(tuple)
        | st.dictionaries(names.filter(lambda key: key != "use"), inner, max_size=3)
        | choices(inner)
    ),
    max_leaves=6,
)
configurations = st.builds(
    Configuration,
    name=names,
    profile=names,
    k=st.integers(1, 10**9),
    **{part: choices(values) for part in PARTS},
)


@given(configurations)
def test_a_configuration_equals_what_is_read_back_from_its_toml(one):
    again = configuration_from_toml(one.to_toml())
    assert again == one
    assert again.hash == one.hash
    assert again.to_toml() == one.to_toml()


def test_a_configuration_survives_a_file(tmp_path, col_min):
    one = col_min.evolve(name="größte Nähe", metric=use("lp-norm", p=0.1, tiny=1e-300, label='é"\\\n'))
    file = tmp_path / "mine.toml"
    file.write_text(one.to_toml(), encoding="utf-8")
    assert load_configuration(file) == one
    file.write_bytes(b"\xef\xbb\xbf" + file.read_bytes())  # as some editors save it
    assert load_configuration(file) == one


def test_a_file_extends_a_named_configuration_in_a_profile(known):
    text = 'extends = "COL-MIN"\nprofile = "paper2022"\nk = 9\nmetric = { use = "lp-norm", p = 3 }'
    read = configuration_from_toml(text, registry=known)
    started = configuration("col-min", profile="paper2022", registry=known)
    assert read == started.evolve(k=9, metric=use("lp-norm", p=3))


def test_a_file_that_names_no_profile_extends_the_recommended_one(known, col_min):
    assert configuration_from_toml('extends = "col-min"', registry=known) == col_min


def test_a_file_may_stand_on_its_own():
    read = configuration_from_toml('name = "mine"\nrepresentation = "latent"\nmetric = "cosine"')
    assert read == Configuration(name="mine", representation="latent", metric="cosine")
    assert read.label == "mine/linear@custom"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('k = 5\nmetric = "cosine', r"mine\.toml: is not TOML: .*line 2.*mend the line"),
        (
            'extends = "col-min"\nmetrik = "cosine"',
            r"mine\.toml: unknown key 'metrik'; .*did you mean 'metric'\?",
        ),
        ('extends = "col-mim"', r"mine\.toml: .*unknown configuration 'col-mim'.*did you mean 'col-min'\?"),
        ('extends = "col-min"\nprofile = "paper"', r"mine\.toml: profile: .*no profile 'paper'.*'paper2022'"),
        ('extends = "col-min"\nprofile = 3', r"mine\.toml: profile: 3 does not fit; allowed: a text"),
        ('extends = "col-min"\nprofile = []', r"mine\.toml: profile: \[\] does not fit; allowed: a text"),
        ("extends = 3", r"mine\.toml: extends: 3 does not fit; allowed: a text"),
        ('extends = "col-min"\nk = 0', r"mine\.toml: k: k is 0; allowed: a whole number of at least 1"),
        ('extends = "col-min"\nk = true', r"mine\.toml: k: k is True"),
        ('extends = "col-min"\nk = "five"', r"mine\.toml: k: k is 'five'"),
        ('extends = "col-min"\nk = 5.0', r"mine\.toml: k: k is 5\.0"),
        ('extends = "col-min"\nmetric = 3', r"mine\.toml: metric: 3 names no component"),
        ('extends = "col-min"\nmetric = { p = 3 }', r"mine\.toml: metric: .* names no component"),
        ('extends = "col-min"\nmetric = { use = 3 }', r"mine\.toml: metric\.use: 3 is not a component name"),
        ('extends = "col-min"\nname = ""', r"mine\.toml: name: '' does not fit"),
        (
            'extends = "col-min"\nmetric = { use = "lp-norm", p = inf }',
            r"mine\.toml: metric\.p: inf cannot be written",
        ),
        (
            'extends = "col-min"\nmetric = { use = "lp-norm", p = 2020-01-01 }',
            r"mine\.toml: metric\.p: .*not a parameter",
        ),
        ("k = 5", r"mine\.toml: 'name' is missing; .*; name it, or start with extends"),
        ('name = "a"\nmetric = "cosine"', r"mine\.toml: 'representation' is missing"),
    ],
)
def test_a_mistake_in_a_file_is_told_with_the_file_and_the_place(tmp_path, known, text, message):
    file = tmp_path / "mine.toml"
    file.write_text(text)
    with pytest.raises((ConfigurationError, ParameterError), match=message) as caught:
        load_configuration(file, registry=known)
    assert str(caught.value).count("mine.toml") == 1


def test_the_file_is_named_even_if_its_name_begins_like_the_place(known):
    with pytest.raises(ConfigurationError, match=r"^me: metric: 3 names no component"):
        configuration_from_toml('extends = "col-min"\nmetric = 3', where="me", registry=known)


@pytest.mark.parametrize("content", [None, b"\xff\xfe\x00"], ids=["missing", "not UTF-8"])
def test_a_file_that_cannot_be_read_is_named(tmp_path, content):
    file = tmp_path / "mine.toml"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(ConfigurationError, match=r"mine\.toml: cannot be read: .*; name a TOML file or"):
        load_configuration(file)


# Composing ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"metric": "lp-nrom"}, r"^metric: unknown metric 'lp-nrom'; .*did you mean 'lp-norm'\?"),
        ({"organizer": "liner"}, r"^organizer: unknown organizer 'liner'; .*did you mean 'linear'\?"),
        ({"representation": "mean-color"}, r"^representation: unknown representation .*'mean-colour'"),
        ({"reuse": "meen"}, r"^reuse: unknown reuse-strategy .meen.; allowed: .*; did you mean 'mean'\?"),
        ({"retention": "alway"}, r"^retention: unknown retention-policy 'alway'; .*'always'"),
        ({"aggregator": "media"}, r"^aggregator: unknown aggregator 'media'; .*'median'"),
        ({"metric": use("lp-norm", q=3)}, r"^metric 'lp-norm': unknown parameter 'q'; allowed: p"),
        ({"metric": use("lp-norm", p="3")}, r"^metric 'lp-norm'\.p: '3' does not fit; allowed: a number"),
        (
            {"reuse": use("mean", weights="size")},
            r"^reuse 'mean': unknown parameter .*did you mean 'weight'\?",
        ),
        ({"reuse": use("mean", weight="sizes")}, r"^reuse 'mean'\.weight: 'sizes' does not fit; .*'size'"),
        (
            {"reuse": use("mean", shrinkage=2)},
            r"^reuse 'mean'\.shrinkage: 2.* does not fit; allowed: a number from 0 to 1",
        ),
        ({"retention": use("novel", quantile=2)}, r"^retention 'novel': 'quantile' must be <= 1"),
        (
            {"representation": "raw-pixels"},
            r"^metric: the metric 'lp-norm' takes vectors, the representation 'raw-pixels' yields pixels; "
            r"allowed: .*pixelwise, universal; choose another",
        ),
        (
            {"metric": "pixelwise"},
            r"takes pixels, the representation 'mean-colour' yields vectors; .*universal",
        ),
    ],
    ids=str,
)
def test_what_does_not_compose_fails_before_any_photo_is_read(known, col_min, tiny_base, changes, message):
    nothing_to_read = CaseBase(name="no features, no pixels", cases=tiny_base.cases)
    with pytest.raises(ConfigurationError, match=message):
        col_min.evolve(**changes).fit(nothing_to_read, registry=known)


def test_a_metric_of_either_kind_composes_with_both(known, col_min):
    for representation in ("raw-pixels", "mean-colour"):
        assert col_min.evolve(metric="universal", representation=representation).components(known)


def test_a_contested_metric_hides_no_misfit(install, monkeypatch):
    source = """
        from cbrkit_xai import MetricPlugin, hookimpl
        @hookimpl
        def cbrkit_xai_metrics():
            yield MetricPlugin(name="city-block", summary="s", source="s", factory=dict)
    """
    install("city", points={"blocks": "city_blocks"}, modules={"city_blocks": source})
    install("town", points={"squares": "town_squares"}, modules={"town_squares": source})
    contested = Registry(discover=True)
    contested.register(Plugin())
    one = Configuration(name="a", representation="raw-pixels", metric="euclidean")
    with pytest.raises(ConfigurationError, match=r"takes vectors.*allowed: .*pixelwise"):
        one.components(contested)
    with pytest.raises(PluginError, match="city:blocks and by town:squares"):
        one.evolve(metric="city-block").components(contested)


# The hash -------------------------------------------------------------------------------------------------


@given(configurations, names, names)
def test_the_hash_ignores_name_and_profile(one, name, profile):
    assert one.evolve(name=name, profile=profile).hash == one.hash


@given(configurations, st.sampled_from(PARTS), choices(values))
def test_the_hash_changes_with_every_part(one, part, choice):
    written = [json.dumps(each.to_mapping(), sort_keys=True) for each in (choice, getattr(one, part))]
    assert (one.evolve(**{part: choice}).hash == one.hash) == (written[0] == written[1])


def test_the_hash_changes_with_k_and_with_which_part_a_choice_stands_in():
    one = Configuration(name="a", representation="x", metric="y", organizer="z", k=5)
    assert one.hash != one.evolve(k=6).hash
    assert one.hash != one.evolve(metric="z", organizer="y").hash
    assert one.hash != one.evolve(metric=use("y", p=1)).hash
    assert one.evolve(metric=use("y", p=1)).hash != one.evolve(metric=use("y", p=2)).hash


def test_the_hash_is_the_same_in_every_process():
    one = Configuration(name="a", representation="x", metric=use("y", b=1, a=[use("z")]))
    assert one.hash == "6e444f2654e6805d99e32f382c95cfcb4497676c1adba4a5ee6ab1c0b76ef06a"
