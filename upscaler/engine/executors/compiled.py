"""torch, compiled by Inductor: faster where element-wise chains are long; needs a compiler and a while."""

import torch
from torch import Tensor

from upscaler.engine.executors.eager import Eager
from upscaler.models.model import Model


class Compiled(Eager):
    """As ``Eager``, one compilation for each shape of tile.

    On CUDA with graphs (``reduce-overhead``), so that a tile is one launch.
    """

    name = "compile"

    def __init__(self, model: Model, device: torch.device, dtype: torch.dtype) -> None:
        super().__init__(model, device, dtype)
        self._compiled = torch.compile(
            self.network, dynamic=False, mode="reduce-overhead" if device.type == "cuda" else None
        )

    def run(self, x: Tensor, window: Tensor | None) -> Tensor:
        with torch.inference_mode():
            # A graph's result lies in memory that the next call writes to.
            y: Tensor = self._compiled(self._sent(x), self._sent(window)).float().clone()
        return y
