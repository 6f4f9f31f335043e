"""Derivatives of a network's answer, by TensorFlow's tape."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cbrkit_xai.features import Array


def by_pixels(tensorflow: Any, wanted: Any, answer: Any, output: str) -> Callable[[Array, int], Any]:
    """Return what maps a network's input and a class to the derivatives of its probability by the input.

    Parameters
    ----------
    tensorflow : module
        TensorFlow.
    wanted : tensorflow.TensorSpec
        Shape and type of the network's input.
    answer : callable
        The network.
    output : {"probabilities", "logits"}
        What its answers are.
    """

    @tensorflow.function(input_signature=_signature(tensorflow, wanted))  # type: ignore[untyped-decorator]
    def derive(inputs: Any, target: Any) -> Any:
        with tensorflow.GradientTape() as tape:
            tape.watch(inputs)
            answers = answer(inputs)
            answers = tensorflow.reshape(answers, tensorflow.shape(answers)[:2])
            probabilities = tensorflow.nn.softmax(answers) if output == "logits" else answers
            # Each photo's probability depends on its own pixels alone, so that a sum derives them all.
            total = tensorflow.reduce_sum(tensorflow.gather(probabilities, target, axis=1))
        return tape.gradient(total, inputs)

    return lambda inputs, target: derive(tensorflow.constant(inputs), tensorflow.constant(target))


def by_maps(tensorflow: Any, wanted: Any, both: Any, head: Any) -> Callable[[Array, int], Any]:
    """Return what maps a network's input and a class to feature maps, and derivatives of its score by them.

    Parameters
    ----------
    tensorflow : module
        TensorFlow.
    wanted : tensorflow.TensorSpec
        Shape and type of the network's input.
    both : keras.Model
        Gives the maps, and what lies under the scores.
    head : callable
        From there to the scores before softmax.
    """

    @tensorflow.function(input_signature=_signature(tensorflow, wanted))  # type: ignore[untyped-decorator]
    def derive(inputs: Any, target: Any) -> Any:
        with tensorflow.GradientTape() as tape:
            tape.watch(inputs)  # or nothing is recorded where all weights are frozen
            maps, hidden = both(inputs, training=False)
            total = tensorflow.reduce_sum(tensorflow.gather(head(hidden), target, axis=1))
        return maps, tape.gradient(total, maps)

    return lambda inputs, target: derive(tensorflow.constant(inputs), tensorflow.constant(target))


def _signature(tensorflow: Any, wanted: Any) -> list[Any]:
    return [wanted, tensorflow.TensorSpec((), "int32")]
