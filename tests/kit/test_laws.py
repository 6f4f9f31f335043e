"""The machinery of the kit: what a failed check says, what it refuses, and what it passes over."""

import numpy as np
import pytest
from mutant_metrics import Asymmetric, SquaredWithTriangle, Straight
from mutants import all_mutants, subjects

from cbrkit_xai import MetricPlugin, Registry, hookimpl, use
from cbrkit_xai.errors import ConfigurationError, ParameterError
from cbrkit_xai.testing import (
    ContractError,
    check_aggregator,
    check_metric,
    checks_for,
    laws_of,
    parametrize_components,
    run,
)
from cbrkit_xai.testing.laws import Check
from cbrkit_xai.testing.subjects import subject_of


def record(name="straight", factory=Straight, **facts):
    return MetricPlugin(name=name, summary="Straight line", source="Euclid", factory=factory, **facts)


class Hooks:
    @hookimpl
    def cbrkit_xai_metrics(self):
        yield record()


def one_check(component, law, **facts):
    (subject,) = subject_of("metric", component, Registry(), **facts)
    (found,) = [one for one in laws_of("metric") if one.name == law]
    return Check(law=found, subject=subject)


def test_a_failed_check_says_the_rule_what_was_seen_and_what_to_mend():
    with pytest.raises(ContractError) as error:
        one_check(Asymmetric, "is-symmetric")()
    lines = str(error.value).splitlines()
    assert lines[0] == "metric asymmetric breaks its contract"
    assert lines[1] == "rule: d(x, y) = d(y, x)"
    assert lines[2].startswith("seen: d(x, y) is ")
    assert lines[-1] == "mend: pairwise"


def test_a_failed_check_shows_the_smallest_rows_that_break_the_law():
    with pytest.raises(ContractError) as error:
        one_check(Asymmetric, "is-symmetric")()
    shown = str(error.value).partition("with rows = ")[2].partition(" (float64)")[0]
    rows = np.array([[float(one) for one in row.split(",")] for row in shown.strip("[]").split("],\n [")])
    assert rows.shape == (2, 3)
    assert np.count_nonzero(rows) == 1
    assert np.abs(rows).max() == 1 / 8


def test_a_failed_check_names_the_fact_that_promises_too_much():
    with pytest.raises(ContractError, match=r"mend: the fact triangle: declare False"):
        check_metric(SquaredWithTriangle, registry=Registry(), triangle=True)
    check_metric(SquaredWithTriangle, registry=Registry())


def test_whoever_writes_to_its_input_is_told_that_it_is_read_only():
    class Sorts(Straight):
        def pairwise(self, queries, references):
            references.sort(axis=1)
            return super().pairwise(queries, references)

    with pytest.raises(ContractError, match="it writes to its input, which is read-only"):
        one_check(Sorts, "writes-to-nothing")()


def test_whatever_a_component_raises_is_reported_with_its_type():
    class Raises(Straight):
        def pairwise(self, queries, references):
            raise KeyError("weights")

    with pytest.raises(ContractError, match="it raises KeyError"):
        one_check(Raises, "gives-one-number-per-pair")()
    one_check(Raises, "writes-to-nothing")()  # that is not the fault it has


def test_laws_that_build_on_a_broken_one_are_passed_over():
    class Negative(Straight):
        def pairwise(self, queries, references):
            return -super().pairwise(queries, references) - 1.0

    (subject,) = subject_of("metric", Negative, Registry())
    checks = [Check(law=law, subject=subject) for law in laws_of("metric") if law.applies(subject)]
    seen = []
    found = {result.check.law.name: result for result in run(checks, lambda *steps: seen.append(steps))}
    assert found["is-finite-and-not-negative"].state == "failed"
    assert found["is-symmetric"].state == "blocked"
    assert found["is-symmetric"].report == "is-finite-and-not-negative is broken"
    assert found["writes-to-nothing"].state == "passed"
    assert seen == [(done, len(checks)) for done in range(1, len(checks) + 1)]


@pytest.mark.parametrize(
    ("source", "labels"),
    [
        (record(), {"straight"}),
        ("euclidean", {"euclidean"}),
        (use("minkowski", p=4.0), {"minkowski(p=4.0)"}),
        (Hooks(), {"straight", "Hooks"}),
        (["euclidean", record()], {"euclidean", "straight"}),
    ],
    ids=["record", "name", "use", "object-with-hooks", "list"],
)
def test_checks_are_found_for(source, labels):
    checks = checks_for(source, registry=Registry())
    assert {check.subject.label for check in checks} == labels
    assert all(check.id.startswith(("metric ", "plugin ")) for check in checks)


def test_checks_are_found_for_a_module():
    import cbrkit_xai.metrics.euclidean as module

    names = {check.subject.label for check in checks_for(module, registry=Registry())}
    assert "euclidean" in names


@pytest.mark.parametrize(
    "component", [Straight, Straight(), "euclidean", record()], ids=["class", "instance", "name", "record"]
)
def test_a_component_is_checked_as_class_instance_name_or_record(component):
    check_metric(component, registry=Registry())


def test_a_component_is_examined_as_its_examples_make_it():
    examples = ({"p": 1.5}, {"p": 3.0})
    found = subject_of("metric", record(factory=lambda p: Straight(), examples=examples), Registry())
    assert [one.label for one in found] == ["straight(p=1.5)", "straight(p=3.0)"]


def test_a_component_that_needs_parameters_must_have_an_example():
    with pytest.raises(ConfigurationError, match="it needs p"):
        subject_of("metric", record(factory=lambda p: Straight()), Registry())


def test_facts_are_for_what_comes_without_a_record():
    with pytest.raises(ParameterError, match="'straight' has a record"):
        check_metric(record(), triangle=True)
    with pytest.raises(ParameterError, match="'straight' is a metric"):
        check_aggregator(record())


def test_what_a_component_says_of_itself_overrides_its_record():
    class Depends(Straight):
        facts = {"triangle": False}  # noqa: RUF012 - read alone

    (subject,) = subject_of("metric", record(factory=Depends, triangle=True), Registry())
    assert subject.fact("triangle") is False
    assert subject.fact("domain") == "any"
    assert not any(one.law.name.startswith("keeps-the-triangle") for one in checks_for(subject.record))


def test_an_unknown_name_is_answered_with_the_nearest():
    with pytest.raises(ConfigurationError, match="euclidean"):
        checks_for("euclidian", registry=Registry())
    with pytest.raises(ParameterError, match="metric"):
        laws_of("metrics")


def marked(**expected):
    return parametrize_components(record(factory=Asymmetric), registry=Registry(), **expected)


def test_each_check_is_a_case_of_its_own_for_pytest():
    ids = [one.id for one in marked().args[1]]
    assert "metric straight is-symmetric" in ids
    assert len(set(ids)) == len(ids)


def test_an_expected_failure_is_strict_and_says_why():
    mark = marked(expected_failures={"metric straight is-symmetric": "it is not meant to be"})
    (case,) = [one for one in mark.args[1] if one.marks]
    assert case.id == "metric straight is-symmetric"
    assert case.marks[0].name == "xfail"
    assert case.marks[0].kwargs == {"reason": "it is not meant to be", "strict": True}


@pytest.mark.parametrize(
    ("expected", "sentence"),
    [
        ({"metric straight is-symetric": "known"}, "names no check"),
        ({"metric straight is-symmetric": " "}, "has no reason"),
    ],
    ids=["unknown", "without-reason"],
)
def test_an_expected_failure_must_name_a_check_and_a_reason(expected, sentence):
    with pytest.raises(ParameterError, match=sentence):
        marked(expected_failures=expected)


def test_what_is_planted_declares_its_facts():
    (mutant,) = [one for one in all_mutants() if one.name == "squared-with-triangle"]
    assert [one.fact("triangle") for one in subjects(mutant)] == [True]
