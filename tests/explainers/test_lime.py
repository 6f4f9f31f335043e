"""LIME, held against the package `lime`, the normal equations, and classifiers whose truth is known."""

import json

import attrs
import numpy as np
import pytest
from planted import area_under_curve, planted
from scipy.stats import spearmanr

import cbrkit_xai_explainers.lime as lime_module
from cbrkit_xai import open_image
from cbrkit_xai.cli.demo import demo_photo
from cbrkit_xai.errors import BudgetSpentError, NotApplicableError
from cbrkit_xai.explaining.counted_classifier import CountedClassifier
from cbrkit_xai_explainers.lime import Lime
from cbrkit_xai_explainers.local_model import local_model, nearness

# The package `lime` is unmaintained and spells its regular expressions and imports in old ways.
filter_limes_own_warnings = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning:lime"),
    pytest.mark.filterwarnings("ignore::SyntaxWarning:lime"),
]


@attrs.frozen(kw_only=True, eq=False)
class SumsSquares:
    """Two classes by which squares of a grid are not black: their weights, added up.

    Photos are made of squares without any black, so a black square is a hidden one.
    """

    weights: np.ndarray  # (rows, columns)
    start: float = 0.5
    side: int = 8
    labels: tuple = ("other", "sum")
    fingerprint: str = "sums-squares"

    def photo(self):
        pixels = np.full((*self.weights.shape, 3), 120, dtype=np.uint8)
        pixels[(np.indices(self.weights.shape).sum(axis=0) % 2) == 0] = 180  # a chessboard
        return np.kron(pixels, np.ones((self.side, self.side, 1), dtype=np.uint8))

    def squares(self):
        """The number of each pixel's square."""
        numbers = np.arange(self.weights.size).reshape(self.weights.shape)
        return np.kron(numbers, np.ones((self.side, self.side), dtype=int))

    def predict(self, images):
        n, (rows, columns) = len(images), self.weights.shape
        visible = images.reshape(n, rows, self.side, columns, self.side, 3).max(axis=(2, 4, 5)) > 0
        total = self.start + (visible * self.weights).sum(axis=(1, 2))
        return np.stack([1 - total, total], axis=1)


def sums_squares(seed=0, rows=4, columns=5):
    weights = np.random.default_rng(seed).uniform(-1, 1, (rows, columns))
    return SumsSquares(weights=0.02 * weights)  # 20 weights, so the sum stays between .1 and .9


@pytest.fixture
def on_squares(monkeypatch):
    """LIME with the squares as its superpixels, so that nothing but the weights is estimated."""

    def run(model, seed=0, max_calls=None, **parameters):
        monkeypatch.setattr(lime_module, "superpixels", lambda image, segments: model.squares())
        explainer, counted = Lime(fill="black", **parameters), CountedClassifier(model, max_calls=max_calls)
        return explainer.explain(model.photo(), counted, 1, np.random.default_rng(seed))

    return run


# -- the regression


def random_samples(seed, n=200, superpixels=12):
    rng = np.random.default_rng(seed)
    kept = rng.random((n, superpixels)) < 0.5
    kept[0] = True
    return kept, rng.random(n)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("alpha", [0.1, 1.0, 7.0])
def test_the_local_model_solves_the_weighted_normal_equations(seed, alpha):
    kept, probabilities = random_samples(seed)
    counts = nearness(kept, 0.25)
    found = local_model(kept, probabilities, counts, alpha)
    design = np.column_stack([np.ones(len(kept)), kept])
    drawn_to_0 = np.diag([0.0] + [alpha] * kept.shape[1])  # the intercept is not
    expected = np.linalg.solve(
        design.T @ (counts[:, None] * design) + drawn_to_0, design.T @ (counts * probabilities)
    )
    np.testing.assert_allclose([found.intercept, *found.weights], expected, rtol=0, atol=1e-10)


def test_r2_is_the_explained_share_of_the_weighted_variance():
    kept, probabilities = random_samples(3)
    counts = nearness(kept, 0.25)
    found = local_model(kept, probabilities, counts, 1.0)
    left = probabilities - found.intercept - kept @ found.weights
    around = probabilities - np.average(probabilities, weights=counts)
    assert found.r2 == pytest.approx(1 - (counts @ left**2) / (counts @ around**2), abs=1e-12)


def test_nearness_is_the_kernel_of_the_cosine_distance_to_the_whole_photo():
    from scipy.spatial.distance import cosine

    kept, _ = random_samples(1, n=40, superpixels=7)
    kept[5] = False  # has no direction: the package `lime` puts it at a distance of 1
    distances = np.array([cosine(row, np.ones(7)) if row.any() else 1.0 for row in kept.astype(float)])
    expected = np.sqrt(np.exp(-(distances**2) / 0.25**2))
    np.testing.assert_allclose(nearness(kept, 0.25), expected, rtol=1e-12)
    assert nearness(kept, 0.25)[0] == 1


# -- the package lime


def lime_base(kernel_width=0.25):
    from lime.lime_base import LimeBase

    return LimeBase(lambda d: np.sqrt(np.exp(-(d**2) / kernel_width**2)), random_state=0)


def by_lime(kept, probabilities, features=100_000):
    """Weights and r2 of `lime` for the same samples, as its image explainer calls it."""
    from sklearn.metrics import pairwise_distances

    data = kept.astype(int)
    distances = pairwise_distances(data, data[0].reshape(1, -1), metric="cosine").ravel()
    intercept, pairs, r2, _ = lime_base().explain_instance_with_data(
        data, np.column_stack([1 - probabilities, probabilities]), distances, 1, features
    )
    weights = np.zeros(kept.shape[1])
    for number, weight in pairs:
        weights[number] = weight
    return weights, intercept, r2


class TestAgainstThePackageLime:
    pytestmark = filter_limes_own_warnings

    @pytest.mark.parametrize("seed", range(4))
    def test_the_same_samples_give_the_same_weights(self, seed):
        kept, probabilities = random_samples(seed, n=300, superpixels=40)
        found = local_model(kept, probabilities, nearness(kept, 0.25), 1.0)
        weights, intercept, r2 = by_lime(kept, probabilities)
        np.testing.assert_allclose(found.weights, weights, rtol=0, atol=1e-6)
        assert found.intercept == pytest.approx(intercept, abs=1e-6)
        assert found.r2 == pytest.approx(r2, abs=1e-6)

    def test_a_whole_explanation_has_the_weights_of_lime_for_its_samples(self, monkeypatch):
        scene, seen = planted(7), []

        def watched(kept, probabilities, counts, alpha):
            seen.append((kept, probabilities))
            return local_model(kept, probabilities, counts, alpha)

        monkeypatch.setattr(lime_module, "local_model", watched)
        found = Lime(samples=300).explain(scene.image, scene.classifier, 1, np.random.default_rng(0))
        weights, intercept, _ = by_lime(*seen[0])
        np.testing.assert_allclose(found.details["weights"], weights, rtol=0, atol=1e-6)
        assert found.details["intercept"] == pytest.approx(intercept, abs=1e-6)

    @pytest.mark.slow
    def test_on_a_photo_it_ranks_superpixels_as_lime_does(self):
        """With other samples, so as well as two runs of one program do: .68 to .83 at 300 samples."""
        assert self.agreement(open_image(demo_photo()).pixels, samples=300) > 0.65

    @staticmethod
    def agreement(pixels, samples):
        from lime.lime_image import LimeImageExplainer

        from cbrkit_xai_explainers.superpixels import superpixels
        from cbrkit_xai_latent.imagenet import EfficientNetLite0

        model, labels = EfficientNetLite0(), superpixels(pixels)
        target = int(model.predict(pixels[None])[0].argmax())
        theirs = LimeImageExplainer(random_state=1).explain_instance(
            pixels,
            model.predict,
            labels=(target,),
            top_labels=None,
            num_samples=samples,
            batch_size=16,
            segmentation_fn=lambda image: labels,
        )
        ours = Lime(samples=samples, fill="mean").explain(pixels, model, target, np.random.default_rng(2))
        weights = dict(theirs.local_exp[target])
        return spearmanr(
            ours.details["weights"], [weights[number] for number in range(labels.max() + 1)]
        ).statistic


# -- classifiers whose truth is known


def test_a_linear_classifier_gives_back_its_weights_where_nothing_draws_them_to_0(on_squares):
    model = sums_squares()
    found = on_squares(model, samples=200, alpha=1e-9)
    np.testing.assert_allclose(found.details["weights"], model.weights.ravel(), rtol=0, atol=1e-9)
    assert found.details["intercept"] == pytest.approx(0.5, abs=1e-9)
    assert found.details["r2"] == pytest.approx(1, abs=1e-9)


def test_the_order_of_a_linear_classifiers_weights_is_found_as_samples_grow(on_squares):
    model = sums_squares(seed=4)
    agreement = [
        np.mean(
            [
                spearmanr(
                    on_squares(model, seed=seed, samples=samples).details["weights"], model.weights.ravel()
                ).statistic
                for seed in range(5)
            ]
        )
        for samples in (15, 60, 1000)
    ]
    assert agreement == sorted(agreement)
    assert agreement[-1] > 0.995


def test_a_weight_is_painted_on_its_whole_superpixel(on_squares):
    model = sums_squares()
    found = on_squares(model, samples=100)
    np.testing.assert_array_equal(found.attribution, np.array(found.details["weights"])[model.squares()])


def test_a_class_that_is_not_the_top_one_gets_the_opposite_weights_of_two():
    scene = planted(3)
    one, other = (
        Lime(samples=200).explain(scene.image, scene.classifier, target, np.random.default_rng(0))
        for target in (0, 1)
    )
    np.testing.assert_allclose(one.attribution, -other.attribution, rtol=0, atol=1e-9)


@pytest.mark.parametrize(("fill", "draws"), [("blur", 50), ("black", 10), ("noise", 10)])
def test_a_superpixel_of_a_planted_object_gets_the_largest_weight_in_all_draws(fill, draws):
    """The object covers a tenth of the photo: a weight given at random would hit it as seldom."""
    hits, areas = 0, []
    for seed in range(draws):
        scene = planted(seed)
        found = Lime(samples=200, fill=fill).explain(
            scene.image, scene.classifier, scene.target, np.random.default_rng(seed)
        )
        top = found.attribution == found.attribution.max()
        hits += scene.mask[top].mean() >= 0.5
        areas.append(area_under_curve(found.attribution, scene.mask))
    assert hits >= 0.96 * draws
    assert np.mean(areas) > 0.95


def test_its_mean_colour_does_not_hide_a_superpixel_of_one_colour():
    """The trap of the default filling: inside an object of one colour there is nothing to lose."""
    red = np.zeros((64, 64), dtype=bool)
    red[16:48, 16:48] = True
    shade = np.random.default_rng(0).integers(0, 4, (64, 64, 1))  # else hiding would change nothing at all
    image = (np.where(red[..., None], (220, 40, 40), 90) + shade).astype(np.uint8)
    labels = lime_module.superpixels(image, segments=60)
    inside = np.array([red[labels == number].all() for number in range(labels.max() + 1)])
    weights = {
        fill: np.array(
            Lime(samples=300, fill=fill)
            .explain(image, Redness(), 1, np.random.default_rng(0))
            .details["weights"]
        )
        for fill in ("mean", "black")
    }
    assert inside.any()
    assert weights["black"][inside].min() > weights["black"][~inside].max()
    assert np.abs(weights["mean"][inside]).max() < weights["black"][inside].min() / 20


class Redness:
    """Two classes: how far red exceeds green, on average, and the rest."""

    fingerprint = "redness"
    labels = ("other", "red")

    def predict(self, images):
        red = np.maximum(images[..., 0].astype(float) - images[..., 1], 0).mean(axis=(1, 2)) / 255
        return np.stack([1 - red, red], axis=1)


def test_more_samples_make_two_seeds_agree_better(on_squares):
    """The classifier is one that no linear model fits: the product of two linear ones."""
    model = Bent(**attrs.asdict(sums_squares(seed=6), recurse=False))

    def agreement(samples):
        return np.mean(
            [
                spearmanr(
                    *(on_squares(model, seed=seed, samples=samples).details["weights"] for seed in pair)
                ).statistic
                for pair in ((0, 1), (2, 3), (4, 5))
            ]
        )

    few, more, many = (agreement(samples) for samples in (25, 100, 800))
    assert few < more < many


@attrs.frozen(kw_only=True, eq=False)
class Bent(SumsSquares):
    """The sum, with neighbouring squares speaking for the class only together."""

    def predict(self, images):
        n, (rows, columns) = len(images), self.weights.shape
        visible = images.reshape(n, rows, self.side, columns, self.side, 3).max(axis=(2, 4, 5)) > 0
        both = visible & np.roll(visible, 1, axis=2)
        total = self.start + (both * self.weights).sum(axis=(1, 2))
        return np.stack([1 - total, total], axis=1)


# -- the contract


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others():
    scene = planted(1)

    def run(seed, **parameters):
        explainer = Lime(samples=100, **parameters)
        return explainer.explain(scene.image, scene.classifier, 1, np.random.default_rng(seed))

    for parameters in ({}, {"fill": "noise"}):
        assert run(0, **parameters).attribution.tobytes() == run(0, **parameters).attribution.tobytes()
        assert run(0, **parameters).attribution.tobytes() != run(1, **parameters).attribution.tobytes()


@pytest.mark.parametrize("budget", [1, 2, 15, 16, 17, 60, 100, 127, 128, 199, 200, 201])
def test_a_budget_ends_in_a_refusal_or_in_a_fit_of_what_was_sampled(budget):
    scene, before = planted(2), planted(2).image.copy()
    counted = CountedClassifier(scene.classifier, max_calls=budget)
    superpixels = 1 + int(lime_module.superpixels(scene.image, segments=60).max())
    try:
        found = Lime(samples=200).explain(scene.image, counted, 1, np.random.default_rng(0))
    except BudgetSpentError as error:
        assert budget < 2 * superpixels
        assert error.what in (f"{budget} calls are spent", "1 call is spent")
    else:
        assert 2 * superpixels <= budget
        assert found.details["samples"] == counted.calls == min(budget, 200)
        assert found.stopped == ("" if budget >= 200 else f"{budget} calls are spent")
        assert np.isfinite(found.attribution).all()
    assert counted.calls <= budget
    np.testing.assert_array_equal(scene.image, before)


def test_a_fit_that_ended_early_is_that_of_the_first_samples(on_squares):
    model = sums_squares()
    early, whole = on_squares(model, samples=640, max_calls=64), on_squares(model, samples=64)
    assert early.stopped == "64 calls are spent"
    assert not whole.stopped
    np.testing.assert_array_equal(early.attribution, whole.attribution)


@pytest.mark.parametrize(
    ("limits", "warned"), [({}, False), ({"max_calls": 300}, False), ({"max_calls": 299}, True)]
)
def test_the_note_warns_of_ranks_from_few_samples(on_squares, limits, warned):
    note = on_squares(sums_squares(), samples=400, **limits).note
    assert note.endswith("; few samples: ranks are unsure") == warned
    assert note.startswith("299 samples; the linear model's R² is ") == warned


@pytest.mark.parametrize("shape", [(8, 8), (1, 40), (40, 1), (30, 77)])
@pytest.mark.parametrize("fill", ["black", "noise"])
def test_photos_of_any_size_are_explained(shape, fill):
    image = np.random.default_rng(0).integers(1, 256, (*shape, 3), dtype=np.uint8)
    explainer = Lime(samples=50, fill=fill)
    found = explainer.explain(image, Brightness(), 2, np.random.default_rng(0))
    assert found.attribution.shape == shape
    assert np.isfinite(found.attribution).all()


class Brightness:
    """Three classes, the last two equally probable the brighter a photo is."""

    fingerprint = "brightness"
    labels = ("dark", "bright", "light")

    def predict(self, images):
        bright = images.mean(axis=(1, 2, 3)) / 255
        return np.stack([1 - bright, bright / 2, bright / 2], axis=1)


def test_superpixels_of_one_pixel_cannot_be_hidden_behind_their_mean_colour():
    image = np.random.default_rng(0).integers(0, 256, (5, 5, 3), dtype=np.uint8)
    with pytest.raises(NotApplicableError, match="changes no pixel with fill = 'mean'"):
        Lime(fill="mean").explain(image, Brightness(), 1, np.random.default_rng(0))


def test_a_classifier_that_never_changes_its_mind_gives_weights_of_0():
    class Constant(Brightness):
        def predict(self, images):
            return np.tile([0.2, 0.3, 0.5], (len(images), 1))

    found = Lime(samples=200).explain(planted(0).image, Constant(), 2, np.random.default_rng(0))
    np.testing.assert_allclose(found.attribution, 0, rtol=0, atol=1e-12)
    assert np.isfinite(found.details["r2"])


def test_details_are_json_and_progress_reaches_the_end():
    scene, told = planted(0), []
    found = Lime(samples=40).explain(
        scene.image,
        scene.classifier,
        1,
        np.random.default_rng(0),
        progress=lambda done, total: told.append((done, total)),
    )
    details = json.loads(json.dumps(dict(found.details)))
    assert set(details) == {"samples", "superpixels", "r2", "intercept", "fill", "weights"}
    assert details["superpixels"] == len(details["weights"])
    assert told[-1] == (40, 40)


@pytest.mark.parametrize(
    "parameters",
    [{"samples": 0}, {"samples": 12.5}, {"segments": 1}, {"fill": "pink"}, {"alpha": 0}, {"kernel_width": 0}],
    ids=str,
)
def test_parameters_out_of_range_are_refused_by_name(parameters):
    with pytest.raises((ValueError, TypeError), match=next(iter(parameters))):
        Lime(**parameters)
