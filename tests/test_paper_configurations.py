"""The paper's five configurations (Brito-Borges et al. 2022, Table 1)."""

import importlib

import pytest

from cbrkit_xai import ConfigurationPlugin, use

TABLE_1 = {
    "hist-euc": ("cbrkit_xai_histogram.hist_euc", "histogram", "euclidean"),
    "hist-cos": ("cbrkit_xai_histogram.hist_cos", "histogram", "cosine"),
    "lf-euc": ("cbrkit_xai_latent.lf_euc", "latent", "euclidean"),
    "lf-cos": ("cbrkit_xai_latent.lf_cos", "latent", "cosine"),
    "ssim": ("cbrkit_xai_ssim.ssim", "pixels", "ssim"),
}
RECOMMENDED_REPRESENTATION = {
    "hist-euc": use("histogram", norm="l1"),
    "hist-cos": use("histogram", norm="l1"),
    "lf-euc": use("latent", norm="none"),
    "lf-cos": use("latent", norm="l2"),
    "ssim": use("pixels"),
}
every_configuration = pytest.mark.parametrize("name", TABLE_1)


def record_of(name):
    (record,) = importlib.import_module(TABLE_1[name][0]).cbrkit_xai_configurations()
    return record


@every_configuration
def test_a_module_registers_its_configuration_and_nothing_else(name):
    module = importlib.import_module(TABLE_1[name][0])
    hooks = [attribute for attribute in vars(module) if attribute.startswith("cbrkit_xai_")]
    assert hooks == ["cbrkit_xai_configurations"]
    assert isinstance(record_of(name), ConfigurationPlugin)
    assert record_of(name).name == name


@every_configuration
def test_representation_and_metric_are_those_of_table_1(name):
    _, representation, metric = TABLE_1[name]
    for profile in record_of(name).profiles.values():
        assert (profile.representation.name, profile.metric) == (representation, use(metric))


@every_configuration
def test_it_comes_in_both_profiles_with_both_organisations_linear_first(name):
    profiles = record_of(name).profiles
    assert set(profiles) == {"paper2022", "recommended"}
    for profile in profiles.values():
        assert [organizer.name for organizer in profile.organizers] == ["linear", "dbscan-prototypes"]


@every_configuration
def test_the_papers_profile_normalises_nothing_drops_noise_and_takes_plain_means(name):
    paper = record_of(name).profiles["paper2022"]
    assert paper.representation in (use(TABLE_1[name][1], norm="none"), use("pixels"))
    assert paper.organizers[1] == use("dbscan-prototypes", noise="drop")
    assert (paper.aggregator, paper.reuse, paper.retention) == (use("mean"), use("mean"), use("always"))
    assert paper.k == 5


@every_configuration
def test_the_recommended_profile_is_the_one_the_design_recommends(name):
    recommended = record_of(name).profiles["recommended"]
    assert recommended.representation == RECOMMENDED_REPRESENTATION[name]
    assert recommended.organizers[1] == use("dbscan-prototypes", noise="fallback")
    assert recommended.reuse == use("mean", weight="similarity", shrinkage="fitted")
    assert (recommended.aggregator, recommended.retention, recommended.k) == (use("mean"), use("always"), 5)


@every_configuration
def test_eps_and_min_samples_are_searched_for_not_copied_from_table_2(name):
    for profile in record_of(name).profiles.values():
        assert not {"eps", "min_samples"} & set(profile.organizers[1].parameters)


@every_configuration
def test_its_source_names_its_row_in_the_paper(name):
    assert f"Brito-Borges et al. 2022, Table 1, {name.upper()}" in record_of(name).source
