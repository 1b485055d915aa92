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
        x = x.to(self._device, non_blocking=True)
        window = None if window is None else window.to(self._device, non_blocking=True)
        with torch.inference_mode():
            y: Tensor = self.network(x, window)
        return y.float()
