"""Tiles, devices, precision: pictures in, enlarged pictures out."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from upscaler.engine.upscaler import Upscaler

__all__ = ["Upscaler"]


def __getattr__(name: str) -> object:
    # Only when it is used: a job in which all is done already knows the engine's events, and needs no torch.
    if name != "Upscaler":
        raise AttributeError(f"module 'upscaler.engine' has no attribute {name!r}")
    from upscaler.engine.upscaler import Upscaler

    return Upscaler
