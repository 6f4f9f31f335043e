"""The gradient's numbers, against TensorFlow's tape, finite differences and the sums they must give."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
from PIL import Image
from plain_forward import PlainForward

from cbrkit_xai.errors import ParameterError
from cbrkit_xai_latent import network
from cbrkit_xai_latent.gradient_graph import build_gradient_graph
from cbrkit_xai_latent.imagenet import EfficientNetLite0
from cbrkit_xai_latent.tensor_pickle import TensorFileError
from cbrkit_xai_latent.weights import read_weights

EGYPTIAN_CAT, TABBY_CAT, FLAMINGO, JEEP = 285, 281, 130, 609
KINK = 5e-5  # float32 computes the values before ReLU6 to within this


@pytest.fixture(scope="module")
def graph() -> bytes:
    return build_gradient_graph(read_weights())


@pytest.fixture(scope="module")
def tape() -> Any:
    from tape_oracle import TapeOracle

    return TapeOracle(pytest.importorskip("tensorflow", reason="TensorFlow's tape is the oracle here"))


@pytest.fixture(scope="module")
def seen_inside(graph: bytes) -> Any:
    """Runs the gradient's graph so that it also tells on which side of its kinks each ReLU6 was."""
    import onnx
    import onnxruntime

    model = onnx.load_from_string(graph)
    clipped = [node.output[0] for node in model.graph.node if node.op_type == "Clip"]
    model.graph.output.extend(onnx.ValueInfoProto(name=name) for name in clipped)
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])

    def run(image: np.ndarray, target: int) -> tuple[np.ndarray, list[np.ndarray]]:
        inputs = {"images": image[None].astype(np.float32), "target": np.array(target)}
        gradient, *values = session.run(["gradient", *clipped], inputs)
        return gradient[0], [(one[0] > 0) & (one[0] < 6) for one in values]

    return run


@pytest.fixture(scope="module")
def photos(request: pytest.FixtureRequest, cat: np.ndarray) -> dict[str, np.ndarray]:
    """The cat, the cat between the pixel values, and two photos of coco200 where there are any."""
    shifted = cat + np.random.default_rng(1).normal(0, 20, cat.shape)  # also below 0 and above 255
    found = {"cat": cat, "shifted cat": shifted}
    try:
        folder = request.getfixturevalue("coco200") / "images"
    except pytest.skip.Exception:
        return found
    for file in sorted(folder.glob("*.jpg"))[2:200:150]:
        with Image.open(file) as photo:
            found[file.name] = np.asarray(photo.convert("RGB").resize((224, 224), Image.Resampling.LANCZOS))
    return found


def test_gradients_are_those_of_tensorflows_tape(
    photos: dict[str, np.ndarray], tape: Any, seen_inside: Any
) -> None:
    for name, photo in photos.items():
        top = int(network.logits(photo.clip(0, 255).astype(np.uint8)[None])[0].argmax())
        for target in (top, FLAMINGO) if name == "cat" else (top,):
            gradient = network.gradient(photo[None], target)[0]
            seen, sides = seen_inside(photo, target)
            assert np.array_equal(seen, gradient), name
            expected, farthest = tape.gradient(photo, target, sides)
            error = np.abs(gradient - expected).max() / np.abs(expected).max()
            assert error < 1e-5, (name, target)
            assert farthest < KINK, (name, target)


@pytest.mark.parametrize("target", [TABBY_CAT, JEEP])
def test_the_tapes_own_view_of_the_kinks_changes_little(target: int, cat: np.ndarray, tape: Any) -> None:
    gradient = network.gradient(cat[None], target)[0]
    expected, _ = tape.gradient(cat, target)
    assert np.linalg.norm(gradient - expected) < 1e-2 * np.linalg.norm(expected)


def test_exactly_on_a_kink_there_is_no_slope_as_tensorflow_has_it(graph: bytes) -> None:
    tensorflow = pytest.importorskip("tensorflow", reason="TensorFlow's convention is the oracle here")
    import onnx
    from onnx import helper
    from onnxruntime import InferenceSession

    # the three nodes that the graph puts behind every ReLU6, fed by hand
    nodes = {node.output[0]: node for node in onnx.load_from_string(graph).graph.node}
    product = next(node for node in nodes.values() if node.op_type == "Mul")
    mask = nodes[product.input[1]]
    both = nodes[mask.input[0]]
    above, below = (nodes[name] for name in both.input)
    tensor = [
        helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, [7])
        for name in (above.input[0], mask.output[0])
    ]
    constants = [helper.make_tensor("zero", 1, [], [0.0]), helper.make_tensor("six", 1, [], [6.0])]
    small = helper.make_graph([above, below, both, mask], "mask", tensor[:1], tensor[1:], constants)
    model = helper.make_model(small, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    values = np.array([-1, -0.0, 0, 1e-30, np.nextafter(np.float32(6), 0), 6, 7], dtype=np.float32)
    (found,) = InferenceSession(model.SerializeToString()).run(None, {above.input[0]: values.clip(0, 6)})
    x = tensorflow.constant(values)
    with tensorflow.GradientTape() as one:
        one.watch(x)
        y = tensorflow.nn.relu6(x)
    assert found.tolist() == one.gradient(y, x).numpy().tolist() == [0, 0, 0, 1, 1, 0, 0]


@pytest.mark.parametrize("target", [EGYPTIAN_CAT, FLAMINGO])
def test_a_small_step_changes_the_probability_as_the_gradient_says(
    target: int, cat: np.ndarray, reference: PlainForward
) -> None:
    gradient = network.gradient(cat[None], target)[0].astype(np.float64)
    rng = np.random.default_rng(target)
    smooth = np.kron(rng.normal(size=(7, 7, 3)), np.ones((32, 32, 1)))
    for direction in (gradient, smooth):
        step = direction * (1e-3 / np.linalg.norm(direction))  # some millionths of a grey level a pixel
        rise = (reference.probabilities(cat + step)[target] - reference.probabilities(cat - step)[target]) / 2
        told = (gradient * step).sum()
        assert rise == pytest.approx(told, rel=2e-3, abs=1e-4 * np.linalg.norm(gradient) * 1e-3)


def test_pixels_beyond_the_scale_are_not_clipped(reference: PlainForward) -> None:
    image = np.random.default_rng(2).uniform(-60, 320, (224, 224, 3))
    target = int(reference.probabilities(image).argmax())
    gradient = network.gradient(image[None], target)[0].astype(np.float64)
    step = gradient * ((image < 0) | (image > 255))
    step *= 1e-3 / np.linalg.norm(step)
    rise = reference.probabilities(image + step)[target] - reference.probabilities(image - step)[target]
    assert rise / 2 == pytest.approx((gradient * step).sum(), rel=1e-2)


def integral(start: np.ndarray, end: np.ndarray, target: int, steps: int) -> float:
    """Return the change of probability that the gradients on the straight way add up to."""
    way = end.astype(np.float64) - start
    shares = (np.arange(steps) + 0.5) / steps
    return sum(
        float((network.gradient((start + share * way)[None], target)[0] * way).sum()) for share in shares
    ) / steps  # fmt: skip


def test_gradients_on_a_way_add_up_to_the_change_of_probability(cat: np.ndarray) -> None:
    downhill = -np.sign(network.gradient(cat[None], EGYPTIAN_CAT)[0])
    less = (cat + 2 * downhill).clip(0, 255).astype(np.uint8)
    before, after = EfficientNetLite0().predict(np.stack([less, cat]))[:, EGYPTIAN_CAT]
    assert after - before > 0.1
    assert integral(less, cat, EGYPTIAN_CAT, 24) == pytest.approx(after - before, rel=0.02)


@pytest.mark.slow
def test_integrated_gradients_from_black_add_up_to_the_probability(cat: np.ndarray) -> None:
    black = np.zeros_like(cat)
    before, after = EfficientNetLite0().predict(np.stack([black, cat]))[:, EGYPTIAN_CAT]
    assert integral(black, cat, EGYPTIAN_CAT, 256) == pytest.approx(after - before, rel=0.03)


def test_a_batch_equals_its_images_one_by_one(images: np.ndarray) -> None:
    batch = images + 0.25
    singles = np.concatenate([network.gradient(one[None], TABBY_CAT) for one in batch])
    assert np.array_equal(network.gradient(batch, TABBY_CAT), singles)
    assert np.array_equal(network.gradient(batch[::-1], TABBY_CAT), singles[::-1])


def test_the_type_and_order_in_memory_do_not_matter(images: np.ndarray) -> None:
    expected = network.gradient(images[4:], JEEP)
    assert expected.dtype == np.float32 and expected.any()
    for same in (images[4:].astype(np.float64), np.asfortranarray(images[4:]), images[4:].astype(np.int64)):
        assert np.array_equal(network.gradient(same, np.int64(JEEP)), expected)


def test_the_images_are_not_written_to(images: np.ndarray) -> None:
    given = images[4:5].astype(np.float32)
    given.flags.writeable = False
    network.gradient(given, JEEP)
    assert np.array_equal(given, images[4:5])


def test_no_images_give_no_gradient() -> None:
    assert network.gradient(np.empty((0, 224, 224, 3)), 0).shape == (0, 224, 224, 3)


@pytest.mark.parametrize(
    "wrong",
    [
        np.zeros((224, 224, 3)),
        np.zeros((1, 3, 224, 224)),
        np.zeros((1, 299, 299, 3)),
        np.zeros((1, 224, 224, 3), dtype=bool),
        np.zeros((1, 224, 224, 3), dtype=complex),
        np.full((1, 224, 224, 3), "a"),
    ],
)
def test_pixels_of_another_shape_or_type_are_refused(wrong: np.ndarray) -> None:
    with pytest.raises(ParameterError, match=r"allowed: \(n, 224, 224, 3\) and real numbers"):
        network.gradient(wrong, 0)


@pytest.mark.parametrize("wrong", [np.nan, np.inf, -np.inf, 1e300])
def test_pixels_that_are_no_finite_numbers_are_refused(wrong: float) -> None:
    image = np.zeros((1, 224, 224, 3))
    image[0, 100, 7, 2] = wrong
    with pytest.raises(ParameterError, match="NaN or infinite; allowed: finite numbers"):
        network.gradient(image, 0)


@pytest.mark.parametrize("wrong", [-1, 1000, 2.0, "tabby cat", None, True])
def test_a_target_that_is_no_class_is_refused(wrong: Any) -> None:
    sentence = re.escape(f"the target is {wrong!r}; allowed: a whole number from 0 to 999")
    with pytest.raises(ParameterError, match=sentence):
        network.gradient(np.zeros((1, 224, 224, 3)), wrong)
    with pytest.raises(ParameterError, match=sentence):
        EfficientNetLite0().feature_maps(np.zeros((1, 224, 224, 3), dtype=np.uint8), wrong)


def test_the_graph_is_valid_and_the_same_each_time(graph: bytes) -> None:
    import onnx

    onnx.checker.check_model(onnx.load_from_string(graph), full_check=True)
    assert graph == build_gradient_graph(read_weights())


def test_the_graph_stores_each_weight_once(graph: bytes) -> None:
    used = {name: value for name, value in read_weights().items() if "running" not in name}
    assert len(graph) < 1.01 * 4 * sum(value.size for value in used.values())


def test_weights_that_do_not_fit_the_architecture_are_refused() -> None:
    with pytest.raises(TensorFileError, match=r"'_fc.bias'; allowed: a tensor of shape \(1000,\)"):
        build_gradient_graph(read_weights() | {"_fc.bias": np.zeros(999)})
