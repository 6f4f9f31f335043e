"""Collects the nodes and constants of an ONNX graph, and writes it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cbrkit_xai_latent.installed import module

# What onnxruntime 1.20, the oldest we allow, reads for certain.
_OPSET = 17
_IR_VERSION = 8


class GraphNodes:
    """Nodes and constants in the order in which they were added; the same calls give the same bytes.

    Raises
    ------
    MissingDependencyError
        The package `onnx` is not installed.
    """

    def __init__(self) -> None:
        self._onnx = module("onnx", pip_name="onnx")
        self._nodes: list[Any] = []
        self._constants: list[Any] = []

    def node(self, operator: str, inputs: Sequence[str], output: str | None = None, **settings: Any) -> str:
        """Add a node with one output, and return the output's name."""
        output = output or f"{operator.lower()}_{len(self._nodes)}"
        self._nodes.append(self._onnx.helper.make_node(operator, inputs, [output], **settings))
        return output

    def cast(self, x: str, kind: type[np.generic]) -> str:
        """Add a conversion to another type of number."""
        to = self._onnx.helper.np_dtype_to_tensor_dtype(np.dtype(kind))
        return self.node("Cast", [x], to=int(to))

    def constant(self, name: str, value: NDArray[Any] | np.generic) -> str:
        """Store a constant under a name of its own, and return the name."""
        self._constants.append(self._onnx.numpy_helper.from_array(np.asarray(value), name))
        return name

    def serialised(
        self,
        name: str,
        inputs: Mapping[str, tuple[type[np.generic], Sequence[int]]],
        outputs: Mapping[str, tuple[type[np.generic], Sequence[int]]],
    ) -> bytes:
        """Return the graph as the bytes of an ONNX file.

        Parameters
        ----------
        name : str
            Of the graph.
        inputs, outputs : mapping
            By name, the type and shape of what the graph takes and gives.
        """
        helper = self._onnx.helper
        graph = helper.make_graph(
            self._nodes, name, self._described(inputs), self._described(outputs), self._constants
        )
        model = helper.make_model(
            graph,
            opset_imports=[helper.make_opsetid("", _OPSET)],
            ir_version=_IR_VERSION,
            producer_name="cbrkit-xai-latent",
        )
        serialised: bytes = model.SerializeToString(deterministic=True)
        return serialised

    def _described(self, tensors: Mapping[str, tuple[type[np.generic], Sequence[int]]]) -> list[Any]:
        helper = self._onnx.helper
        return [
            helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(np.dtype(kind)), shape)
            for name, (kind, shape) in tensors.items()
        ]
