"""Enlarge pictures and films with every efficient super-resolution network that has public weights.

>>> from upscaler import Upscaler, load_model
>>> larger = Upscaler(load_model("span", 4)).upscale(pixels)  # H,W,3 uint8 -> 4H,4W,3 uint8

Nothing heavy is imported until one of the names is used.
"""

from importlib import import_module
from typing import TYPE_CHECKING

from upscaler._version import __version__
from upscaler.errors import UpscalerError

if TYPE_CHECKING:
    from upscaler.engine import Upscaler
    from upscaler.models.loading import load_model

__all__ = ["Upscaler", "UpscalerError", "__version__", "load_model"]

_LAZY = {"Upscaler": "upscaler.engine", "load_model": "upscaler.models.loading"}


def __getattr__(name: str) -> object:
    if name not in _LAZY:
        raise AttributeError(f"module 'upscaler' has no attribute {name!r}")
    return getattr(import_module(_LAZY[name]), name)


def __dir__() -> list[str]:
    return __all__
