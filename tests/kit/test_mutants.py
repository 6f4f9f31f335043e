"""The kit itself: it finds every fault that was planted, and by the check that is meant for it."""

from collections import Counter

import pytest
from mutants import all_mutants, verdict

from cbrkit_xai.testing import laws_of

MUTANTS = all_mutants()
KINDS = (
    "representation",
    "metric",
    "aggregator",
    "organizer",
    "reuse-strategy",
    "retention-policy",
    "explainer",
    "classifier",
    "judge",
    "configuration",
    "plugin",
)
NEVER_BROKEN: dict[tuple[str, str], str] = {}
"""Laws of which no mutant is caught, each with the reason."""


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: f"{mutant.kind} {mutant.name}")
def test_a_mutant_is_rejected_by_exactly_the_check_that_should(mutant):
    assert verdict(mutant) == (mutant.caught_by,), mutant.fault


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_has_ten_mutants(kind):
    assert sum(mutant.kind == kind for mutant in MUTANTS) >= 10


@pytest.mark.parametrize("kind", KINDS)
def test_each_law_catches_a_mutant(kind):
    catchers = {mutant.caught_by for mutant in MUTANTS if mutant.kind == kind}
    idle = {law.name for law in laws_of(kind)} - catchers
    assert idle == {name for of, name in NEVER_BROKEN if of == kind}


def test_mutants_have_names_and_faults_of_their_own():
    names = Counter((mutant.kind, mutant.name) for mutant in MUTANTS)
    assert [name for name, times in names.items() if times > 1] == []
    assert [mutant.name for mutant in MUTANTS if len(mutant.fault.split()) < 3] == []
