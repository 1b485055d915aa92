"""Tiles, devices, precision: pictures in, enlarged pictures out."""

from upscaler.engine.upscaler import Upscaler

__all__ = ["Upscaler"]
