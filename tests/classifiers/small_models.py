"""Models whose answer can be computed by hand: the mean colour times a matrix."""

import numpy as np

COLOURS = np.array([[4.0, -2.0, -1.0], [-1.0, 3.0, -2.0], [-2.0, -1.0, 4.0]])  # (classes, channels)
NAMES = ("red", "green", "blue")
PIXELS_TO_SCORES = 1 / 255
"""Makes scores of some units of pixels from 0 to 255."""


def softmax(scores):
    shares = np.exp(scores - scores.max(axis=1, keepdims=True))
    return shares / shares.sum(axis=1, keepdims=True)


def scores_of(images, scale=1.0, mean=0.0, matrix=COLOURS):
    """By hand: (n, h, w, 3) to (n, classes)."""
    return ((np.asarray(images, dtype=np.float64) - mean) / scale).mean(axis=(1, 2)) @ matrix.T


def write_onnx(
    path,
    *,
    layout="nhwc",
    kind="float",
    shape=None,
    output="logits",
    matrix=COLOURS,
    extra=(),
    location=None,
    trailing=False,
):
    """Write a graph: mean over height and width, times `matrix`, and softmax if `output` says so.

    `shape` is as declared, texts for what is open; `extra` further outputs, such as "means";
    `location` puts the matrix into another file; `trailing` adds axes of length 1 to the answer.
    """
    from onnx import TensorProto, helper, numpy_helper

    types = {
        "float": TensorProto.FLOAT,
        "double": TensorProto.DOUBLE,
        "half": TensorProto.FLOAT16,
        "uint8": TensorProto.UINT8,
        "int64": TensorProto.INT64,
    }
    shape = shape or (["n", 8, 10, 3] if layout == "nhwc" else ["n", 3, 8, 10])
    axes = [1, 2] if layout == "nhwc" else [2, 3]
    weights = numpy_helper.from_array(np.ascontiguousarray(matrix.T, dtype=np.float32), "matrix")
    if location is not None:
        weights.ClearField("raw_data")
        weights.data_location = TensorProto.EXTERNAL
        for key, value in (("location", location), ("length", str(matrix.size * 4))):
            entry = weights.external_data.add()
            entry.key, entry.value = key, value
    nodes = [
        helper.make_node("Cast", ["photos"], ["values"], to=TensorProto.FLOAT),
        helper.make_node("ReduceMean", ["values"], ["means"], axes=axes, keepdims=0),
        helper.make_node("MatMul", ["means", "matrix"], ["scores"]),
    ]
    last = "scores"
    if output == "probabilities":
        nodes.append(helper.make_node("Softmax", ["scores"], ["shares"], axis=1))
        last = "shares"
    if trailing:
        ends = numpy_helper.from_array(np.array([2, 3]), "ends")
        nodes.append(helper.make_node("Unsqueeze", [last, "ends"], ["long"]))
        last = "long"
    classes = len(matrix)
    shapes = {"means": ["n", 3], "long": ["n", classes, 1, 1], "values": shape}
    graph = helper.make_graph(
        nodes,
        "mean colour",
        [helper.make_tensor_value_info("photos", types[kind], shape)],
        [
            helper.make_tensor_value_info(name, TensorProto.FLOAT, shapes.get(name, ["n", classes]))
            for name in (last, *extra)
        ],
        [weights, ends] if trailing else [weights],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    path.write_bytes(model.SerializeToString())
    return path.name
