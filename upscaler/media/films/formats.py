"""Pixel formats: how the samples of a frame lie in memory, and getting them out and in, bit for bit."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

import av
import numpy as np
import numpy.typing as npt

from upscaler.errors import MediaError

Plane = npt.NDArray[Any]
"""H,W of uint8 or uint16: the samples of one component, in code values."""

Kind = Literal["gray", "yuv", "rgb"]


@dataclass(frozen=True, slots=True)
class Layout:
    """What the planes of a planar format mean.  Order: Y or Y,U,V or R,G,B, then alpha."""

    name: str
    kind: Kind
    depth: int
    """Bits of a sample, 8 to 16."""

    step_x: int = 1
    step_y: int = 1
    """Luma samples per chroma sample along each axis."""

    alpha: bool = False
    full_range: bool = False
    """The name itself says so (yuvj420p, RGB); otherwise the frame's tag does."""

    @property
    def peak(self) -> int:
        """The largest code value."""
        return (1 << self.depth) - 1

    @property
    def dtype(self) -> np.dtype[Any]:
        return np.dtype(np.uint8 if self.depth == 8 else np.uint16)

    @property
    def colours(self) -> int:
        return 1 if self.kind == "gray" else 3

    def shape(self, index: int, height: int, width: int) -> tuple[int, int]:
        """Of plane ``index`` in a frame of that size."""
        if self.kind == "yuv" and index in (1, 2):
            return -(-height // self.step_y), -(-width // self.step_x)
        return height, width


_PLANAR_TWIN = {
    **dict.fromkeys(("nv12", "nv21"), "yuv420p"),
    **dict.fromkeys(("nv16", "yuyv422", "uyvy422", "yvyu422"), "yuv422p"),
    **dict.fromkeys(("nv24", "nv42"), "yuv444p"),
    **dict.fromkeys(("rgb24", "bgr24", "bgr0", "rgb0", "0rgb", "0bgr", "rgb8", "bgr8"), "gbrp"),
    **dict.fromkeys(("rgba", "bgra", "argb", "abgr", "ya8", "pal8"), "gbrap"),
    **dict.fromkeys(("rgb48le", "rgb48be"), "gbrp16le"),
    **dict.fromkeys(("rgba64le", "rgba64be", "ya16le", "ya16be"), "gbrap16le"),
    **dict.fromkeys(("monob", "monow"), "gray"),
    "vuya": "yuva444p",
    "ayuv64le": "yuva444p16le",
    "nv20le": "yuv422p10le",
    "p010le": "yuv420p10le",
    "p012le": "yuv420p12le",
    "p016le": "yuv420p16le",
    "p210le": "yuv422p10le",
    "p212le": "yuv422p12le",
    "p216le": "yuv422p16le",
    "p410le": "yuv444p10le",
    "p412le": "yuv444p12le",
    "p416le": "yuv444p16le",
    "y210le": "yuv422p10le",
    "v30xle": "yuv444p10le",
    "x2rgb10le": "gbrp10le",
    "x2bgr10le": "gbrp10le",
}
"""Formats that hold the same samples in another order -> the planar one that FFmpeg turns them into without loss."""


@cache
def planar_twin(name: str) -> str:
    """The planar little-endian format with the same samples.  Raises MediaError when we know of none."""
    if name in _PLANAR_TWIN:
        return _PLANAR_TWIN[name]
    twin = f"{name[:-2]}le" if name.endswith("be") else name
    layout_of(twin)
    return twin


@cache
def layout_of(name: str) -> Layout:
    """What a planar format holds.  Raises MediaError when it is none of those that can be enlarged."""
    try:
        known = av.VideoFormat(name, 64, 64)
    except ValueError as error:
        raise MediaError(f"There is no pixel format {name!r}; yuv420p and yuv420p10le are usual.") from error
    parts = known.components
    depth = max((part.bits for part in parts), default=0)
    unfit = (
        known.has_palette
        or known.is_bit_stream
        or known.is_big_endian
        or known.is_bayer
        or len({part.plane for part in parts}) != len(parts)
        or any(mark in name for mark in ("f16", "f32", "msb", "xyz", "cuda"))
        or {part.bits for part in parts} != {depth}
        or not 8 <= depth <= 16
    )
    if unfit:
        raise MediaError(f"Frames in the pixel format {name} cannot be enlarged; convert the film to yuv420p first.")
    alpha = len(parts) in (2, 4)
    kind: Kind = "gray" if len(parts) < 3 else "rgb" if known.is_rgb else "yuv"
    return Layout(
        name=name,
        kind=kind,
        depth=depth,
        step_x=64 // parts[1].width if kind == "yuv" else 1,
        step_y=64 // parts[1].height if kind == "yuv" else 1,
        alpha=alpha,
        full_range=kind == "rgb" or name.startswith("yuvj"),
    )


def named(kind: Kind, depth: int, step_x: int, step_y: int, alpha: bool) -> str:
    """The name of the planar format with these features, whether it exists or not."""
    bits = "" if depth == 8 else f"{depth}le"
    if kind == "gray":
        return f"gray{bits}"
    letter = "a" if alpha else ""
    if kind == "rgb":
        return f"gbr{letter}p{bits}"
    code = {(1, 1): "444", (2, 1): "422", (2, 2): "420", (1, 2): "440", (4, 1): "411", (4, 4): "410"}[step_x, step_y]
    return f"yuv{letter}{code}p{bits}"


_RGB_PLANES = (2, 0, 1)  # memory order is G, B, R


def planes_of(frame: av.VideoFrame) -> tuple[Layout, list[Plane]]:
    """The samples of a frame, as copies without padding, in the order of ``Layout``."""
    name = planar_twin(frame.format.name)
    if name != frame.format.name:
        frame = reordered(frame, name)
    layout = layout_of(name)
    planes = []
    for index in range(layout.colours + layout.alpha):
        height, width = layout.shape(index, frame.height, frame.width)
        planes.append(_view(frame, _memory_index(layout, index), layout)[:height, :width].copy())
    return layout, planes


def reordered(frame: av.VideoFrame, name: str) -> av.VideoFrame:
    """The frame in another pixel format."""
    # In more than one thread FFmpeg's scaler (8.1) gets a sample wrong now and then.
    return frame.reformat(format=name, threads=1)


def frame_of(layout: Layout, planes: list[Plane]) -> av.VideoFrame:
    """A frame with these samples."""
    height, width = planes[0].shape
    frame = av.VideoFrame(width, height, layout.name)
    for index, plane in enumerate(planes):
        _view(frame, _memory_index(layout, index), layout)[: plane.shape[0], : plane.shape[1]] = plane
    return frame


def _memory_index(layout: Layout, index: int) -> int:
    return _RGB_PLANES[index] if layout.kind == "rgb" and index < 3 else index


def _view(frame: av.VideoFrame, index: int, layout: Layout) -> Plane:
    """The plane's memory, padding included."""
    plane = frame.planes[index]
    if plane.line_size < 0:
        raise MediaError("Frames stored from bottom to top cannot be enlarged; convert the film first.")
    samples: Plane = np.frombuffer(memoryview(plane), layout.dtype)
    stride = plane.line_size // layout.dtype.itemsize
    return samples[: samples.size // stride * stride].reshape(-1, stride)
