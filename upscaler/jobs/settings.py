"""Everything that changes the result, in one frozen record.

Command line, window, presets and receipts share it, so that the same settings give the same bytes everywhere.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal, get_args

from upscaler.errors import UsageError

Prefer = Literal["latency", "quality", "flops", "memory"]
Exists = Literal["skip", "overwrite", "rename", "error"]
Precision = Literal["auto", "fp32", "fp16", "bf16"]


@dataclass(frozen=True, slots=True, kw_only=True)
class FilmSettings:
    """What concerns films alone."""

    codec: str | None = None
    """x264, x265, svt-av1, vp9, prores, ffv1, ... ; None: chosen for the container and the depth."""

    crf: float | None = None
    encoder_preset: str | None = None
    pix_fmt: str | None = None
    start: float | None = None
    """Seconds of the source's clock; None: from its first frame."""

    duration: float | None = None
    audio: bool = True
    deinterlace: bool = False
    reuse: bool = True
    """Tiles whose input equals that of the previous frame are not computed again."""

    preview: float | None = None
    """Seconds: only the frame shown then is made, as a picture beside the original's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What is done to every input.  Raises UsageError when it makes no sense."""

    model: str = "auto"
    """A name, a path, or ``auto``."""

    prefer: Prefer = "latency"
    commercial: bool = False
    """Only models whose licence allows commercial use."""

    scale: float = 4.0
    width: int | None = None
    height: int | None = None
    long_edge: int | None = None
    fit: tuple[int, int] | None = None
    megapixels: float | None = None

    format: str = "keep"
    quality: int | None = None
    """0..100; None: 95 or visually lossless, as the format has it."""

    lossless: bool = False
    strip_metadata: bool = False
    background: str = "white"
    """The colour under transparent pixels where the output format has no alpha."""

    device: str = "auto"
    precision: Precision = "auto"
    tile: int | None = None
    """Side of a tile in input pixels; None: chosen; 0: the whole picture if it fits."""

    exact: bool = False
    memory: int | None = None
    """Bytes that may be used; None: a share of what is free."""

    threads: int | None = None
    executor: str = "auto"
    max_megapixels: float = 1000
    """Larger inputs are refused: a small file can claim any size."""

    film: FilmSettings = FilmSettings()

    @property
    def has_target_size(self) -> bool:
        """The result's size is given itself, not by a scale."""
        return any(v is not None for v in (self.width, self.height, self.long_edge, self.fit, self.megapixels))

    def for_pictures(self) -> Settings:
        """What of it concerns pictures: the same whatever is said of films."""
        return replace(self, film=FilmSettings())

    def __post_init__(self) -> None:
        if not (0 < self.scale < float("inf")):
            raise UsageError(f"The scale must be a number greater than 0, not {self.scale:g}; 2 and 4 are usual.")
        targets = [
            name for name in ("width", "height", "long_edge", "fit", "megapixels") if getattr(self, name) is not None
        ]
        if len(set(targets) - {"width", "height"}) + bool({"width", "height"} & set(targets)) > 1:
            named = " and ".join(f"--{name.replace('_', '-')}" for name in targets)
            raise UsageError(f"{named} contradict one another; give one target size.")
        for name in ("width", "height", "long_edge", "megapixels"):
            value = getattr(self, name)
            if value is not None and not 0 < value < 2**31:
                raise UsageError(f"--{name.replace('_', '-')} must be greater than 0, not {value:g}.")
        if self.fit is not None and min(self.fit) < 1:
            raise UsageError(f"--fit must be at least 1x1, not {self.fit[0]}x{self.fit[1]}.")
        if self.quality is not None and not 0 <= self.quality <= 100:
            raise UsageError(f"The quality goes from 0 to 100 (best), not {self.quality}.")
        for name, choices in (("prefer", get_args(Prefer)), ("precision", get_args(Precision))):
            if getattr(self, name) not in choices:
                raise UsageError(
                    f"--{name} is {', '.join(choices[:-1])} or {choices[-1]}, not {getattr(self, name)!r}."
                )
        if self.threads is not None and self.threads < 1:
            raise UsageError(f"{self.threads} threads cannot work; 1 is the least.")
        if self.tile is not None and self.tile < 0:
            raise UsageError(f"A tile of {self.tile} pixels cannot be; 0 means the whole picture, auto lets us choose.")
