"""Which devices there are, and which were meant."""

import re
from typing import Protocol

import torch
from torch import Tensor

from upscaler.errors import DeviceError

KINDS = ("cuda", "xpu", "mps")
"""Accelerators by torch's names, best first; ROCm calls itself cuda."""


def available() -> list[str]:
    """Names of all devices here, best first; the last is always ``cpu``."""
    return [name for kind in KINDS for name in _names(kind)] + ["cpu"]


def _names(kind: str) -> list[str]:
    if kind == "mps":
        return ["mps"] if torch.backends.mps.is_available() else []
    module = getattr(torch, kind)
    return [f"{kind}:{i}" for i in range(module.device_count())] if module.is_available() else []


def pick(wish: str) -> list[torch.device]:
    """The devices meant by ``auto``, ``cpu``, ``cuda``, ``cuda:1``, ``cuda:0,1``, ``mps``, ``xpu``.

    ``auto`` and a kind without number mean the first of them.  Raises DeviceError for one that is not here.
    """
    here = available()
    if wish == "auto":
        return [torch.device(here[0])]
    found = re.fullmatch(r"([a-z]+)(?::(\d+(?:,\d+)*))?", wish)
    kind, numbers = (found[1], found[2]) if found else (wish, None)
    if kind in ("cpu", "mps"):
        wanted = [kind] if numbers is None else [wish]
    else:
        wanted = [f"{kind}:{number}" for number in (numbers or "0").split(",")]
    missing = [name for name in wanted if name not in here]
    if missing:
        raise DeviceError(f"There is no device {' or '.join(missing)} here; there is {', '.join(here)}.")
    return [torch.device(name) for name in dict.fromkeys(wanted)]


def describe(device: torch.device) -> str:
    """The device's name as its maker gives it, e.g. ``cuda:0 (NVIDIA H100)``."""
    if device.type in ("cuda", "xpu"):
        return f"{device} ({getattr(torch, device.type).get_device_name(device)})"
    return str(device)


class Arrival(Protocol):
    """A point in a device's queue that can be waited for."""

    def synchronize(self) -> None: ...


def release(device: torch.device) -> None:
    """Give back the memory that torch keeps for later."""
    if device.type in ("cuda", "xpu", "mps"):
        getattr(torch, device.type).empty_cache()


def send(x: Tensor, device: torch.device) -> Tensor:
    """Start copying a tensor from the CPU to the device."""
    return x if device.type == "cpu" else (x.pin_memory() if device.type == "cuda" else x).to(device, non_blocking=True)


def fetch(x: Tensor) -> Tensor:
    """Start copying a tensor to the CPU; it is there once an ``arrival`` that was asked for later has come."""
    if x.device.type != "cuda":
        return x.cpu()
    host = torch.empty(x.shape, dtype=x.dtype, pin_memory=True)  # pinned memory is copied while the device computes
    return host.copy_(x, non_blocking=True)


def arrival(device: torch.device) -> Arrival | None:
    """The point in the device's queue that is reached when everything asked of it so far is done."""
    if device.type != "cuda":
        return None
    event: torch.cuda.Event = torch.cuda.Event()  # type: ignore[no-untyped-call]  # torch's own lacks annotations
    event.record(torch.cuda.current_stream(device))
    return event
