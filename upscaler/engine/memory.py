"""How much memory there is, how much a network needs, and what tile follows from both."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from weakref import finalize

import psutil
import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode

from upscaler.networks.family import Traits


@dataclass(frozen=True, slots=True)
class Need:
    """Bytes per input pixel that a tile's computation takes."""

    peak: float
    """All tensors that live at the same time, at most."""

    largest: float
    """The largest single one."""


def free(device: torch.device) -> int:
    """Bytes that are free on the device."""
    if device.type in ("cuda", "xpu"):
        module = getattr(torch, device.type)
        # What torch holds in its cache is free for us, though not for the driver.
        unused = module.memory_reserved(device) - module.memory_allocated(device)
        return int(module.mem_get_info(device)[0] + unused)
    return int(psutil.virtual_memory().available)


def need(network: nn.Module, traits: Traits, device: torch.device, side: int = 64) -> Need:
    """Measured on one small tile."""
    side = max(side, -(-traits.min_size // traits.grid) * traits.grid)
    x = torch.zeros(1, traits.channels, side, side, device=device).contiguous(memory_format=torch.channels_last)
    with torch.inference_mode(), _Ledger() as ledger:
        network(x)
    return Need(ledger.peak / side**2, ledger.largest / side**2)


class _Ledger(TorchDispatchMode):  # type: ignore[no-untyped-call]  # torch's class is not annotated
    """Notes the bytes of every storage that is made, and when it goes."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._known: set[int] = set()
        self._live = 0
        self.peak = 0
        self.largest = 0

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        """Else torch imports its compiler here, which takes as long as all of torch."""
        return False

    def __torch_dispatch__(
        self, func: Callable[..., Any], types: object, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        result = func(*args, **(kwargs or {}))
        for tensor in result if isinstance(result, tuple | list) else [result]:
            if isinstance(tensor, Tensor):
                self._note(tensor)
        return result

    def _note(self, tensor: Tensor) -> None:
        storage = tensor.untyped_storage()
        address, count = storage._cdata, storage.nbytes()
        if address in self._known:
            return
        self._known.add(address)
        self._live += count
        self.peak = max(self.peak, self._live)
        self.largest = max(self.largest, count)
        finalize(storage, self._forget, address, count)

    def _forget(self, address: int, count: int) -> None:
        self._known.discard(address)
        self._live -= count
