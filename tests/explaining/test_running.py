import numpy as np
import pytest
from redness import Redness, RednessWithGradient, photo, registry, registry_with

from cbrkit_xai import Explanation, explain, open_image, use
from cbrkit_xai.errors import (
    BudgetSpentError,
    ConfigurationError,
    ImageError,
    NotApplicableError,
    ParameterError,
    PluginError,
)


def run(method="brightness", source=None, **settings):
    settings.setdefault("registry", registry())
    settings.setdefault("classifier", Redness())
    return explain(photo() if source is None else source, method, **settings)


def test_it_says_what_was_explained():
    found = run(target="not")
    assert (found.method, found.target.index, found.target.label) == ("brightness", 1, "not")
    assert found.target.probability == pytest.approx(1 - 50 / 255)
    assert (found.target.classifier, found.photo, found.size) == ("redness/1", "array", (224, 224))
    assert np.array_equal(found.pixels, photo())
    assert np.array_equal(found.attribution, photo().mean(axis=2))


def test_top1_is_the_most_probable_class():
    assert run().target.label == "not"
    assert run(source=np.where(photo() == 0, 255, photo()).astype(np.uint8)).target.label == "red"


def test_asking_for_the_class_counts_as_a_call():
    inner = Redness()
    found = run("patient", classifier=inner)
    assert found.calls == sum(inner.seen) == 41


@pytest.mark.parametrize("most", [5, 6, 20, 41, 100])
def test_the_calls_are_never_exceeded_and_the_best_so_far_is_shown(most):
    inner = Redness()
    found = run("patient", classifier=inner, max_calls=most)
    assert sum(inner.seen) == found.calls <= most
    assert found.details["got"] == min(40, (most - 1) // 4 * 4)
    assert bool(found.stopped) == (most < 41)


def test_a_budget_that_shows_nothing_is_an_error():
    with pytest.raises(BudgetSpentError, match="3 calls are spent"):
        run("patient", max_calls=3)


def test_the_seed_decides_what_is_random():
    first, again, other = run("patient", seed=1), run("patient", seed=1), run("patient", seed=2)
    assert np.array_equal(first.attribution, again.attribution)
    assert not np.array_equal(first.attribution, other.attribution)


@pytest.mark.parametrize("seed", [-1, 1.5, "1", True])
def test_a_seed_that_is_no_whole_number_is_refused(seed):
    with pytest.raises(ParameterError, match="seed"):
        run(seed=seed)


def test_parameters_reach_the_explainer():
    assert run(use("patient", photos=8)).details["got"] == 8


def test_a_method_without_its_gradient_is_not_applicable():
    with pytest.raises(NotApplicableError, match="slope: it needs gradients"):
        run("slope")
    assert run("slope", classifier=RednessWithGradient()).attribution[0, 0] == pytest.approx(
        -1 / 255 / 224**2
    )


def test_feature_maps_are_a_need_of_their_own():
    with pytest.raises(NotApplicableError, match="feature maps"):
        run("maps", classifier=RednessWithGradient())


def test_a_ranking_moves_on_to_the_first_that_can_be_run():
    found = run(["slope", "shap", "brightness", "patient"])
    assert found.method == "brightness"
    assert list(found.passed_over) == ["slope", "shap"]
    assert "gradients" in found.passed_over["slope"]
    assert "unknown explainer" in found.passed_over["shap"]


def test_a_ranking_of_which_nothing_can_be_run_says_why():
    with pytest.raises(NotApplicableError, match=r"slope: it needs gradients.*maps: it needs feature maps"):
        run(["slope", "maps"])
    with pytest.raises(NotApplicableError, match="no method is named"):
        run([])


def test_a_method_that_the_budget_does_not_reach_for_is_passed_over():
    inner = Redness()
    found = run(["patient", "brightness"], classifier=inner, max_calls=3)
    assert found.method == "brightness"
    assert found.passed_over == {"patient": "3 calls are spent"}
    assert found.calls == 1  # each method has a budget of its own


def test_an_unknown_method_is_told_with_the_nearest_spelling():
    with pytest.raises(ConfigurationError, match="did you mean 'brightness'"):
        run("brihgtness")


def test_a_classifier_can_be_named():
    assert run(classifier="redness").target.classifier == "redness/1"
    with pytest.raises(ConfigurationError, match="unknown classifier 'rednes'"):
        run(classifier="rednes")


def test_the_explainer_cannot_change_the_photo():
    class Paints:
        def explain(self, image, classifier, target, rng, progress=None):
            image[:] = 0

    pixels = photo()
    with pytest.raises(ValueError, match="read-only"):
        explain(pixels, "gives", classifier=Redness(), registry=_explaining_by(Paints()))
    assert np.array_equal(pixels, photo())


def _explaining_by(explainer):
    from cbrkit_xai import ExplainerPlugin, hookimpl

    class One:
        @hookimpl
        def cbrkit_xai_explainers(self):
            yield ExplainerPlugin(name="gives", summary="s", source="s", factory=lambda: explainer)

    made = registry()
    made.register(One())
    return made


@pytest.mark.parametrize(
    ("what", "words"),
    [
        (None, "NoneType"),
        (np.zeros((224, 224)), "ndarray"),
        (Explanation(), "neither attribution nor mask"),
        (Explanation(attribution=np.zeros((3, 3))), r"shape \(3, 3\)"),
        (Explanation(mask=np.zeros((224, 223), bool)), r"shape \(224, 223\)"),
        (Explanation(attribution=np.full((224, 224), np.nan)), "NaN"),
        (Explanation(mask=np.ones((224, 224), bool), details={"gap": float("nan")}), "JSON"),
        (Explanation(mask=np.ones((224, 224), bool), details={"gap": np.float32(1)}), "JSON"),
    ],
)
def test_an_explainer_that_breaks_the_contract_is_named(what, words):
    with pytest.raises(PluginError, match=words) as caught:
        run("gives", registry=registry_with(what))
    assert "explainer 'gives'" in str(caught.value)


@pytest.mark.parametrize("source", [np.full((50, 40, 3), 7, np.uint8), np.zeros((1, 1, 3), np.uint8)])
def test_a_photo_of_one_colour_cannot_be_explained(source):
    inner = Redness()
    with pytest.raises(NotApplicableError, match="one colour"):
        run(source=source, classifier=inner)
    assert inner.seen == []


def test_what_is_no_photo_is_refused():
    with pytest.raises(ImageError):
        run(source=b"no photo")


class Small(Redness):
    image_size = (32, 48)

    def predict(self, images):
        assert images.shape[1:] == (32, 48, 3)
        return super().predict(images)


def test_a_classifier_gets_photos_of_its_own_size():
    found = run(classifier=Small())
    assert found.pixels.shape == (32, 48, 3)
    assert found.attribution.shape == (32, 48)
    assert found.size == (224, 224)


def test_another_size_is_taken_from_the_file_not_from_the_smaller_photo(tmp_path):
    from PIL import Image

    class Large(Redness):
        image_size = (448, 448)

    stripes = np.zeros((448, 448, 3), np.uint8)
    stripes[:, ::2] = 255  # lost at 224 x 224
    file = tmp_path / "stripes.png"
    Image.fromarray(stripes).save(file)
    assert np.array_equal(run(source=str(file), classifier=Large()).pixels, stripes)
    assert np.array_equal(run(source=open_image(str(file)), classifier=Large()).pixels, stripes)
    assert np.array_equal(run(source=file.read_bytes(), classifier=Large()).pixels, stripes)


def test_progress_is_passed_on():
    steps = []
    run("patient", progress=lambda done, total: steps.append((done, total)))
    assert steps[-1] == (40, 40)
