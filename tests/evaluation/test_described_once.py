"""No photo is described twice for one evaluation, and the base keeps its hash."""

from __future__ import annotations

import attrs
import numpy as np
import pytest

from cbrkit_xai import CaseBase, Configuration, use
from cbrkit_xai.errors import FeaturesError
from cbrkit_xai.evaluation import evaluate
from cbrkit_xai.evaluation.holding_out.protocol import Protocol
from cbrkit_xai.evaluation.predicting.described_once import described_once
from cbrkit_xai.pictures import Pictures
from cbrkit_xai.registry import default_registry
from cbrkit_xai.testing import small_case_base


class Counting(Pictures):
    """Counts the photos that are opened."""

    opened: list = []  # noqa: RUF012 - one for all, emptied by each test

    def open(self, image_sha256):
        self.opened.append(image_sha256)
        return super().open(image_sha256)


@pytest.fixture
def base():
    Counting.opened.clear()
    made = small_case_base()
    return attrs.evolve(made, pictures=Counting(embedded=made.pictures.embedded))


def representation(name, **parameters):
    return default_registry().create("representation", use(name, **parameters))


def test_features_are_those_that_the_base_itself_would_compute(base):
    wanted = [representation("histogram", norm="l1"), representation("pixels")]
    found = described_once(base, wanted)
    for one in wanted:
        np.testing.assert_array_equal(found.columns(one).features, base.columns(one).features)


def test_no_photo_is_opened_again(base):
    wanted = [representation("histogram"), representation("histogram", norm="l1")]
    found = described_once(base, wanted)
    assert len(Counting.opened) == 12
    for one in wanted:
        found.columns(one)
    described_once(base, wanted)
    assert len(Counting.opened) == 12


def test_parts_are_described_each_once(base):
    parts = {"colour": {"use": "histogram"}, "pixels": {"use": "pixels"}}
    several = representation("several", parts=parts)
    found = described_once(base, [several, representation("histogram", norm="l1")])
    assert len(Counting.opened) == 24
    found.columns(several)
    assert len(Counting.opened) == 24


def test_the_content_hash_is_that_of_the_base(base):
    found = described_once(base, [representation("histogram")])
    assert found.features
    assert found.content_hash == base.content_hash
    assert not base.features


def test_a_base_that_holds_everything_is_returned_as_it_is():
    bundled = CaseBase.bundled()
    assert (
        described_once(bundled, [representation("histogram", norm="l1"), representation("latent")]) is bundled
    )


def test_features_that_can_neither_be_found_nor_computed_are_an_error(base):
    without = attrs.evolve(base, pictures=Pictures())
    with pytest.raises(FeaturesError, match="holds no pixels"):
        described_once(without, [representation("histogram")])


def test_an_evaluation_describes_each_photo_once(base):
    configurations = [
        Configuration(name="euclidean", representation="histogram", metric="euclidean"),
        Configuration(name="cosine", representation=use("histogram", norm="l1"), metric="cosine"),
    ]
    plan = Protocol(folds=3, repeats=1)
    evaluate(
        base, configurations, ks=(1,), protocol=plan, baselines=("ridge",), confidence=False, nested=False
    )
    assert len(Counting.opened) == 24  # once for the perceptual hash


def test_what_is_evaluated_has_no_say_in_which_photos_are_one(base):
    plan = Protocol(folds=3, repeats=1)
    arguments = {"ks": (1,), "protocol": plan, "baselines": (), "confidence": False, "nested": False}
    plain = Configuration(name="plain", representation="histogram", metric="euclidean")
    first = evaluate(base, [plain], **arguments)
    described_once(base, [representation("histogram")])
    second = evaluate(base, [plain], **arguments)
    assert first.groups.rules == second.groups.rules
    assert "it stores none" in first.groups.rules[2]
