"""What the layers of a Keras model tell: its last feature maps, and its scores before softmax."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from typing import Any, Literal

_Head = Callable[[Any], Any]


def output_of(keras: Any, model: Any) -> Literal["probabilities", "logits"] | None:
    """Return what a model's answers are by its last layer's activation; None where that does not tell."""
    last = _last(model)
    while getattr(last, "outputs", None):  # a model within the model
        last = _last(last)
    activation = getattr(last, "activation", None)
    if isinstance(last, keras.layers.Softmax) or activation is keras.activations.softmax:
        return "probabilities"
    return "logits" if activation is keras.activations.linear else None


def last_maps_and_scores(
    keras: Any, model: Any, output: Literal["probabilities", "logits"]
) -> tuple[Any, _Head] | None:
    """Return a model that gives the last feature maps and what lies under the scores; and the step to them.

    Parameters
    ----------
    keras : module
        Keras.
    model : keras.Model
        Its layers must be known, as in a functional model.
    output : {"probabilities", "logits"}
        What its answers are.

    Returns
    -------
    (keras.Model, callable) or None
        The callable maps the second output to the scores before softmax. None where there is no
        convolution, or where the last layer's softmax cannot be taken off.
    """
    maps, under = _last_maps(model), _under_scores(keras, model, output)
    if maps is None or under is None:
        return None
    hidden, head = under
    return keras.Model(model.inputs[0], [maps, hidden]), head


def _last(model: Any) -> Any:
    """Return the layer that gives a model's one output."""
    return model.outputs[0]._keras_history.operation


def _last_maps(model: Any) -> Any:
    """Return the tensor (n, height, width, maps) nearest to the end that a convolution had a part in."""
    for tensor in _backwards(model.outputs[0]):
        if len(tensor.shape) == 4 and tuple(tensor.shape[1:3]) != (1, 1):  # else pooled, with its axes kept
            behind = (one._keras_history.operation for one in _backwards(tensor))
            weights = (weight for layer in behind for weight in getattr(layer, "weights", ()))
            # Only a convolution's kernel has four axes.
            return tensor if any(len(weight.shape) == 4 for weight in weights) else None
    return None


def _backwards(tensor: Any) -> Iterator[Any]:
    """Yield a tensor and all that it is computed from, the nearest first."""
    pending, seen = deque([tensor]), {id(tensor)}
    while pending:
        one = pending.popleft()
        yield one
        for source in _sources(one):
            if id(source) not in seen:
                seen.add(id(source))
                pending.append(source)


def _sources(tensor: Any) -> list[Any]:
    """Return what a tensor is directly computed from.

    By the tensor's own history: a layer's `input` and `output` are ambiguous where it is used twice, and a
    model's within a model are those inside it.
    """
    history = tensor._keras_history
    return list(history.operation._inbound_nodes[history.node_index].input_tensors)


def _under_scores(keras: Any, model: Any, output: str) -> tuple[Any, _Head] | None:
    if output == "logits":
        return model.outputs[0], lambda scores: scores
    last = _last(model)
    sources = _sources(model.outputs[0])
    if len(sources) != 1 or len(sources[0].shape) != 2:
        return None
    (hidden,) = sources
    activation = getattr(last, "activation", None)
    if type(last) is keras.layers.Softmax or (
        type(last) is keras.layers.Activation and activation is keras.activations.softmax
    ):
        return hidden, lambda scores: scores
    if type(last) is keras.layers.Dense and activation is keras.activations.softmax:
        return hidden, lambda values: _dense(keras, last, values)
    return None


def _dense(keras: Any, layer: Any, values: Any) -> Any:
    """Return what a dense layer gives before its activation."""
    scores = keras.ops.matmul(keras.ops.cast(values, layer.kernel.dtype), layer.kernel)
    return scores if layer.bias is None else scores + layer.bias
