"""Each function of the kit lets a sound component pass, and names the law that a faulty one breaks."""

import pytest
from mutants import all_mutants

from cbrkit_xai import Configuration, Recommender, Registry, use
from cbrkit_xai.errors import ParameterError
from cbrkit_xai.registry import RegisteredPlugin
from cbrkit_xai.testing import (
    ContractError,
    Law,
    Redness,
    check_aggregator,
    check_classifier,
    check_configuration,
    check_explainer,
    check_judge,
    check_metric,
    check_organizer,
    check_plugin,
    check_representation,
    check_retention,
    check_reuse,
    checks_for,
    laws_of,
    small_case_base,
)

SOUND = {
    "representation": (check_representation, "tiny-image"),
    "metric": (check_metric, "manhattan"),
    "aggregator": (check_aggregator, use("trimmed-mean", share=0.25)),
    "organizer": (check_organizer, "linear"),
    "reuse-strategy": (check_reuse, "rank-weighted"),
    "retention-policy": (check_retention, "novel"),
    "explainer": (check_explainer, "gradient"),
    "classifier": (check_classifier, use("python", factory="cbrkit_xai.testing.small_classifier:Redness")),
    "configuration": (
        check_configuration,
        Configuration(name="mine", representation="tiny-image", metric="manhattan"),
    ),
    "plugin": (check_plugin, "cbrkit-xai-ssim"),
}


@pytest.mark.parametrize(("check", "component"), SOUND.values(), ids=SOUND)
def test_a_sound_one_passes(check, component):
    check(component)


def faulty(kind):
    """The first mutant of a kind that comes without a record."""
    return next(one for one in all_mutants() if one.kind == kind and isinstance(one.made, type))


@pytest.mark.parametrize(
    ("check", "kind"),
    [
        (check_representation, "representation"),
        (check_metric, "metric"),
        (check_aggregator, "aggregator"),
        (check_reuse, "reuse-strategy"),
        (check_retention, "retention-policy"),
        (check_explainer, "explainer"),
        (check_judge, "judge"),
    ],
    ids=lambda value: value if isinstance(value, str) else value.__name__,
)
def test_a_faulty_one_is_told_the_rule_that_it_breaks(check, kind):
    mutant = faulty(kind)
    (law,) = (law for law in laws_of(kind) if law.name == mutant.caught_by)
    assert isinstance(law, Law)
    with pytest.raises(ContractError) as caught:
        check(mutant.made, **mutant.facts)
    assert f"rule: {law.rule}" in str(caught.value)
    assert f"mend: {law.mend}" in str(caught.value)


def test_a_fact_that_a_kind_does_not_know_is_told_with_the_nearest_spelling():
    with pytest.raises(ParameterError, match=r"declares no fact 'triangel'; .*did you mean 'triangle'"):
        check_metric(Redness, triangel=True)


def test_a_distribution_that_cannot_be_loaded_fails_with_its_own_reason_in_pytest_too():
    registry = Registry()
    registry._plugins.append(
        RegisteredPlugin(name="mine", distribution="my-own", state="broken", reason="'a_metric' is no hook")
    )
    (check, *_) = checks_for("my-own", registry=registry)
    with pytest.raises(ContractError, match="is no hook"):
        check()


def test_a_classifier_in_a_notebook_is_checked_as_it_is():
    check_classifier(Redness(), has_gradient=True)


def test_the_small_base_has_photos_of_three_colours_that_any_configuration_can_be_fitted_to():
    base = small_case_base()
    assert len(base) == 12
    fitted = Configuration(name="mine", representation="tiny-image", metric="euclidean", k=3).fit(base)
    assert isinstance(fitted, Recommender)
    assert [case.image_sha256 in base.pictures for case in base.cases] == [True] * 12
