"""OpenVINO: the same network in another runtime, often the fastest on processors of Intel's instruction set."""

import io
import warnings
from contextlib import redirect_stdout
from importlib import import_module
from typing import Any

import torch
from torch import Tensor

from upscaler.errors import UsageError
from upscaler.models.model import Model

SHAPES = 4
"""How many shapes of input stay compiled: those of a picture's tiles and of its neighbour's."""


class OpenVino:
    """float32 or bfloat16 throughout (``Traits.precise`` has no meaning here); on the CPU.

    Raises UsageError where the package is missing.  Networks that it cannot convert raise its own errors at the first
    ``run``.
    """

    name = "openvino"

    def __init__(self, model: Model, dtype: torch.dtype, threads: int | None) -> None:
        try:
            self._openvino: Any = import_module("openvino")
        except ImportError as error:
            raise UsageError(
                "The executor openvino needs the package 'openvino', which is not installed: "
                "pip install 'upscaler[openvino]'"
            ) from error
        self._network = model.network
        self._core = self._openvino.Core()
        self._settings = {
            "INFERENCE_PRECISION_HINT": "bf16" if dtype == torch.bfloat16 else "f32",
            "INFERENCE_NUM_THREADS": threads or torch.get_num_threads(),
            "PERFORMANCE_HINT": "LATENCY",
        }
        self._graphs: dict[bool, Any] = {}
        self._compiled: dict[tuple[int, ...], Any] = {}

    def run(self, x: Tensor, window: Tensor | None) -> Tensor:
        inputs = [x.contiguous().numpy()] + ([] if window is None else [window.numpy()])
        result = self._for(x, window)(inputs)[0]
        # The runtime writes the next result to the same memory.
        return torch.from_numpy(result.copy())

    def _for(self, x: Tensor, window: Tensor | None) -> Any:
        """The network compiled for such inputs."""
        key = (*x.shape, window is None)
        if key not in self._compiled:
            while len(self._compiled) >= SHAPES:
                del self._compiled[next(iter(self._compiled))]
            graph = self._graph(x, window)
            graph.reshape({0: list(x.shape)} if window is None else {0: list(x.shape), 1: list(window.shape)})
            self._compiled[key] = self._core.compile_model(graph, "CPU", self._settings)
        return self._compiled[key]

    def _graph(self, x: Tensor, window: Tensor | None) -> Any:
        """The network as OpenVINO's own graph, for inputs of any shape."""
        whole = window is None
        if whole not in self._graphs:
            example = (x,) if whole else (x, window)
            with warnings.catch_warnings(), redirect_stdout(io.StringIO()), torch.inference_mode():
                warnings.simplefilter("ignore")  # tracing remarks on each constant
                self._graphs[whole] = self._openvino.convert_model(self._network, example_input=example)
        return self._graphs[whole]
