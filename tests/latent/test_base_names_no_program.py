"""A case base may be a stranger's: it cannot choose which program runs here."""

import numpy as np
import pytest

import cbrkit_xai as cx
from cbrkit_xai.errors import ConfigurationError
from cbrkit_xai_latent import hub_model

HANDLE = "https://models.invalid/somebody/feature_vector/1"


@pytest.mark.parametrize(
    "parameters", [{"handle": HANDLE}, {"handle": "/"}, {}], ids=["address", "folder", "paper"]
)
def test_a_base_that_names_a_model_has_no_model_run(parameters, tmp_path, monkeypatch, caplog):
    stranger = cx.use("latent", backend="tfhub", **parameters)
    fingerprint = "tfhub;whatever"
    monkeypatch.setattr(hub_model, "local_folder", lambda handle: pytest.fail(f"{handle} was looked up"))
    histogram = cx.default_registry().create("representation", "histogram")
    image = cx.open_image(np.zeros((224, 224, 3), np.uint8))
    case = cx.Case(
        id="a", image_sha256=image.sha256, ballots=[cx.Ballot(votes={"lime": 1, "xrai": 0}, source="human")]
    )
    with cx.CaseStore.create(tmp_path / "base.cbr", about="a stranger's") as store:
        store.add(
            case,
            features={
                fingerprint: np.zeros(2048, np.float32),
                histogram.fingerprint: histogram.describe(image.pixels[None])[0],
            },
            representations={fingerprint: stranger, histogram.fingerprint: cx.use("histogram")},
        )
        recommender = cx.configuration("hist-cos").fit(store.load())
        photo = np.full((224, 224, 3), 9, np.uint8)
        kept = recommender.retain(photo, votes={"lime": 1, "xrai": 0}, store=store)
    assert kept.verdict.keeps and len(kept.base) == 2
    assert "the case base asks to run" in caplog.text


def test_a_configuration_of_ones_own_may_name_one():
    mine = cx.use("latent", backend="tfhub", handle=HANDLE)
    assert cx.default_registry().create("representation", mine).runs == HANDLE
    with pytest.raises(ConfigurationError, match=r"the case base asks to run 'https://models.invalid"):
        cx.default_registry().create("representation", mine, from_base=True)
