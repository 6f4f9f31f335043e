"""The metric `minkowski-mean` keeps the contract of its kind."""

from cbrkit_xai.testing import parametrize_components


@parametrize_components("cbrkit-xai-minkowski")
def test_contract(check):
    """Hold one law against one component; its name says which."""
    check()
