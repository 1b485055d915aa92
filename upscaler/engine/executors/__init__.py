"""Who computes a network: torch, or another runtime with the same results."""

from typing import Protocol

from torch import Tensor


class Executor(Protocol):
    """One network with its weights on one device, in one precision."""

    name: str

    def run(self, x: Tensor, window: Tensor | None) -> Tensor:
        """N,3,H,W float32 (channels last, in the network's own range) -> N,3,H*scale,W*scale, likewise.

        ``x`` is on the CPU or on the executor's device, no shorter than ``min_size``; the result is on its device.
        """
        ...
