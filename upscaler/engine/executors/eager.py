"""torch, layer by layer."""

import torch
from torch import Tensor

from upscaler.models.model import Model
from upscaler.networks.precision import lower


class Eager:
    """Channels last, the body in ``dtype``."""

    name = "torch"

    def __init__(self, model: Model, device: torch.device, dtype: torch.dtype) -> None:
        self.network = lower(model.network, model.traits, dtype).eval().requires_grad_(False).to(device)
        # torch's own annotations lack this overload.
        self.network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self._device = device

    def run(self, x: Tensor, window: Tensor | None) -> Tensor:
        with torch.inference_mode():
            y: Tensor = self.network(self._sent(x), self._sent(window))
        return y.float()

    def _sent(self, x: Tensor | None) -> Tensor | None:
        return None if x is None else x.to(self._device, non_blocking=True)
