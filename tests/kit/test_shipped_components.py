"""All components that are shipped keep the contract that they are the examples of."""

import pytest

from cbrkit_xai.components import kinds
from cbrkit_xai.registry import Registry
from cbrkit_xai.testing import checks_for, run
from cbrkit_xai.testing.plugin_laws import asks_for_a_file

SLOW = {("configuration", "ssim"), ("explainer", "xrai")}
"""Over ten seconds."""


def shipped():
    registry = Registry(discover=True)
    for kind in (record.kind for record in kinds()):
        for name in registry.names(kind):
            record = registry.find(kind, name)
            if asks_for_a_file(record):
                continue
            marks = [pytest.mark.slow] if (kind, name) in SLOW else []
            yield pytest.param(registry, record, id=f"{kind} {name}", marks=marks)


@pytest.mark.parametrize(("registry", "record"), list(shipped()))
def test_a_shipped_component_keeps_its_contract(registry, record):
    checks = checks_for(record, registry=registry)
    assert checks
    assert [result.report for result in run(checks) if result.state != "passed"] == []
