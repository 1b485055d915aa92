"""torch, with our own kernels for convolutions of 3x3 and 1x1."""

import torch
from torch import Tensor, nn

from upscaler.engine.executors.eager import Eager
from upscaler.engine.native.fusing import fuse, replace_convolutions
from upscaler.models.model import Model


class Native(Eager):
    """As ``Eager``; on the CPU."""

    name = "native"

    def __init__(self, model: Model, device: torch.device, dtype: torch.dtype) -> None:
        super().__init__(model, device, dtype)
        replace_convolutions(self.network, model.network)
        self._graphs: dict[bool, nn.Module] = {}

    def run(self, x: Tensor, window: Tensor | None) -> Tensor:
        windowed = window is not None
        if windowed not in self._graphs:
            self._graphs[windowed] = fuse(self.network, windowed=windowed)
        with torch.inference_mode():
            graph = self._graphs[windowed]
            y: Tensor = graph(x, window) if windowed else graph(x)
        return y.float()
