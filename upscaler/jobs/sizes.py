"""How large the result is to be."""

from __future__ import annotations

from math import floor, sqrt

from upscaler.jobs.settings import Settings


def target_size(width: int, height: int, settings: Settings) -> tuple[int, int]:
    """Width and height of the result for an input of that size; at least 1x1.

    Sides that follow from the aspect are rounded to the nearest pixel, halves up.
    """
    if settings.width is not None and settings.height is not None:
        return settings.width, settings.height
    if settings.width is not None:
        return settings.width, _side(height * settings.width / width)
    if settings.height is not None:
        return _side(width * settings.height / height), settings.height
    if settings.long_edge is not None:
        if width >= height:
            return settings.long_edge, _side(height * settings.long_edge / width)
        return _side(width * settings.long_edge / height), settings.long_edge
    if settings.fit is not None:
        factor = min(settings.fit[0] / width, settings.fit[1] / height)
        return min(_side(width * factor), settings.fit[0]), min(_side(height * factor), settings.fit[1])
    if settings.megapixels is not None:
        factor = sqrt(settings.megapixels * 1e6 / (width * height))
        return _side(width * factor), _side(height * factor)
    return _side(width * settings.scale), _side(height * settings.scale)


def wanted_scale(width: int, height: int, settings: Settings) -> float:
    """The scale that a network must at least have so that nothing of the target is invented by resampling."""
    if not settings.has_target_size:
        return settings.scale
    out_width, out_height = target_size(width, height, settings)
    return max(out_width / width, out_height / height)


def out_edge(length: int, scale: float) -> int:
    """A side after a network of that scale: nearest, halves up."""
    return floor(length * scale + 0.5)


def _side(length: float) -> int:
    return max(floor(length + 0.5), 1)
