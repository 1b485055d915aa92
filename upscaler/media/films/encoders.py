"""Encoders: which there are, which fits a film, what they are told, and whether they open.

An encoder counts as there when it has coded a black frame of the very size and format that is wanted: names prove
nothing (hardware may be absent, sizes may be too large, builds differ).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cache

import av
import cv2
import numpy as np
from av.codec.context import Flags, ThreadType
from av.video.codeccontext import VideoCodecContext

from upscaler.errors import MediaError, UsageError
from upscaler.media.films.colour import PQ, Coding, Colour
from upscaler.media.films.film import Mastering
from upscaler.media.films.formats import Layout, Plane, frame_of, layout_of, planar_twin, reordered
from upscaler.media.films.planes import from_rgb

os.environ.setdefault("SVT_LOG", "1")  # errors only; read when SVT-AV1 is first used


@dataclass(frozen=True, slots=True)
class Encoder:
    """One way to code a film."""

    name: str
    """What ``--codec`` takes."""

    library: str
    """FFmpeg's name."""

    codec: str
    containers: tuple[str, ...]
    preset: str | None = None
    """The default for ``--encoder-preset``; None: it has none."""

    crf: Callable[[int], float] | None = None
    """Visually lossless constant quality for a depth; None: quality is fixed."""

    bits: float = 0.1
    """Bits per pixel of usual films at the default quality: for the estimate of the size, no more."""

    best_crf: float = 0
    worst_crf: float = 51


_EVERYWHERE = ("matroska", "mp4", "mov")

ENCODERS: dict[str, Encoder] = {
    encoder.name: encoder
    for encoder in (
        Encoder("x264", "libx264", "h264", _EVERYWHERE, "superfast", lambda depth: 14.0, 0.2),
        Encoder("x265", "libx265", "hevc", _EVERYWHERE, "ultrafast", lambda depth: 14.0, 0.12),
        Encoder(
            "svt-av1", "libsvtav1", "av1", ("matroska", "mp4", "webm"), "6", lambda depth: 20.0, 0.08, worst_crf=63
        ),
        Encoder("vp9", "libvpx-vp9", "vp9", ("matroska", "mp4", "webm"), "3", lambda depth: 18.0, 0.10, worst_crf=63),
        Encoder("prores", "prores_ks", "prores", ("mov", "matroska"), None, None, 4.5),
        Encoder("ffv1", "ffv1", "ffv1", ("matroska",), None, None, 6.0),
        Encoder("h264-nvenc", "h264_nvenc", "h264", _EVERYWHERE, "p5", lambda depth: 18.0, 0.16),
        Encoder("hevc-nvenc", "hevc_nvenc", "hevc", _EVERYWHERE, "p5", lambda depth: 20.0, 0.12),
        Encoder("av1-nvenc", "av1_nvenc", "av1", _EVERYWHERE, "p5", lambda depth: 26.0, 0.10, worst_crf=63),
    )
}

_LOSSLESS = ("ffv1", "huffyuv", "ffvhuff", "utvideo", "magicyuv", "rawvideo", "png", "qtrle", "v210", "lagarith")
"""Codecs of sources that lose nothing: neither shall the result."""

_LARGEST_H264 = (4096, 2304)
"""Hardware decodes H.264 up to here (level 5.2)."""


def encoder_named(name: str) -> Encoder:
    """Raises UsageError, with what there is, when nothing has that name."""
    plain = name.lower().replace("_", "-")
    same = {"h264": "x264", "libx264": "x264", "avc": "x264", "h265": "x265", "hevc": "x265", "libx265": "x265"}
    same |= {"av1": "svt-av1", "libsvtav1": "svt-av1", "svtav1": "svt-av1", "libvpx-vp9": "vp9"}
    plain = same.get(plain, plain)
    if plain not in ENCODERS:
        raise UsageError(f"There is no film encoder {name!r}; known: {', '.join(ENCODERS)}.")
    return ENCODERS[plain]


def usual_encoder(layout: Layout, colour: Colour, source_codec: str, container: str, size: tuple[int, int]) -> Encoder:
    """The encoder for a film when none was asked for: plays widely, and keeps depth and alpha."""
    fits = [encoder for encoder in ENCODERS.values() if container in encoder.containers]

    def first(*names: str) -> Encoder:
        return next((ENCODERS[name] for name in names if ENCODERS[name] in fits), fits[0])

    if source_codec in _LOSSLESS:
        return first("ffv1", "prores", "vp9" if layout.alpha else "x265")
    if source_codec == "prores" or (layout.alpha and container == "mov"):
        return first("prores", "ffv1", "vp9")
    if layout.alpha:
        return first("vp9") if layout.depth == 8 else first("ffv1", "vp9")
    if container == "webm":
        return first("svt-av1") if layout.depth > 8 or source_codec == "av1" else first("vp9")
    if layout.depth > 8 or colour.hdr or size[0] > _LARGEST_H264[0] or size[1] > _LARGEST_H264[1]:
        return first("x265")
    return first("x264")


@cache
def formats_of(library: str) -> tuple[str, ...]:
    """Pixel formats that an encoder of this build takes and that we can fill; empty: it is not in this build."""
    try:
        listed = av.Codec(library, "w").video_formats or []
    except ValueError:
        return ()
    return tuple(known.name for known in listed if _fillable(known.name))


def _fillable(name: str) -> bool:
    try:
        twin = layout_of(planar_twin(name))
    except MediaError:
        return False
    # Full range is a tag, not a format of its own; palettes and RGB in one byte lose too much.
    return not name.startswith(("yuvj", "rgb8", "bgr8", "pal8")) and twin.depth <= 16


def formats_by_loss(encoder: Encoder, wanted: Layout) -> list[str]:
    """The encoder's pixel formats: first those that lose least of what ``wanted`` holds, and add least to it."""

    def cost(name: str) -> tuple[int, ...]:
        has = layout_of(planar_twin(name))
        cells, wanted_cells = has.step_x * has.step_y, wanted.step_x * wanted.step_y
        if wanted.kind == "gray":  # its chroma is empty, the fewer samples the better
            wanted_cells = 4
        return (
            wanted.alpha and not has.alpha,
            has.kind == "gray" != wanted.kind,
            max(wanted.depth - has.depth, 0),
            max(cells - wanted_cells, 0),
            wanted.kind == "yuv" and (has.step_x > wanted.step_x or has.step_y > wanted.step_y),
            has.kind != wanted.kind,
            has.alpha and not wanted.alpha,
            max(has.depth - wanted.depth, 0),
            max(wanted_cells - cells, 0),
            planar_twin(name) != name,
        )

    return sorted(formats_of(encoder.library), key=cost)


@dataclass(frozen=True, slots=True, kw_only=True)
class Encoding:
    """Everything that an encoder is told.  Two equal ones code the same frames into the same bytes."""

    encoder: Encoder
    format: str
    """The pixel format that the encoder takes."""

    width: int
    height: int
    rate: Fraction
    coding: Coding
    colour: Colour
    """As written into the stream."""

    crf: float | None
    preset: str | None
    gop: int
    """Frames per closed group of pictures."""

    aspect: Fraction | None = None
    mastering: Mastering | None = None
    light: tuple[int, int] | None = None

    def configure(self, context: VideoCodecContext) -> None:
        """Tells an encoder that is not yet open."""
        context.width, context.height, context.pix_fmt = self.width, self.height, self.format
        context.framerate, context.time_base = self.rate, 1 / self.rate
        context.gop_size = 1 if self.encoder.name == "ffv1" else self.gop
        context.colorspace, context.color_primaries = self.colour.matrix, self.colour.primaries
        context.color_trc = self.colour.transfer
        context.color_range = (2 if self.colour.full_range else 1) if self.colour.range_known else 0
        if self.aspect is not None:
            context.sample_aspect_ratio = self.aspect
        context.flags |= Flags.global_header | Flags.closed_gop
        context.options = self.options()
        if self.encoder.name == "x264":
            # The binding asks for threads within a frame, which x264 answers with slices: worse pictures.
            context.thread_type = ThreadType.FRAME

    @property
    def alpha_beside(self) -> bool:
        """Alpha is coded as a second picture, which the container has to be told of."""
        return self.encoder.codec == "vp9" and self.coding.layout.alpha

    def options(self) -> dict[str, str]:
        """FFmpeg's private options."""
        return {**_OPTIONS[self.encoder.name](self), **self._siting()}

    def _siting(self) -> dict[str, str]:
        subsampled = self.coding.layout.step_y > 1
        return {"chroma_sample_location": "topleft"} if subsampled and self.coding.cosited_vertically else {}

    def frame(self, planes: list[Plane], number: int) -> av.VideoFrame:
        """The frame that the encoder gets, as number ``number`` of its segment."""
        frame = frame_of(self.coding.layout, planes)
        if frame.format.name != self.format:
            frame = reordered(frame, self.format)
        frame.colorspace, frame.color_range = self.colour.matrix, 2 if self.colour.full_range else 1
        frame.color_primaries, frame.color_trc = self.colour.primaries, self.colour.transfer
        frame.pts, frame.time_base = number, 1 / self.rate
        return frame


def _crf(encoding: Encoding) -> str:
    return f"{encoding.crf:g}"


def _x264(encoding: Encoding) -> dict[str, str]:
    params = []
    if cv2.checkHardwareSupport(_AVX_512):
        # With AVX-512 its macroblock tree (core 164) does not give the same bits twice, and a film that was gone on
        # with must equal one that was not.
        params.append("asm=avx2,bmi2,lzcnt")
    if encoding.mastering:
        params.append(f"mastering-display={_display(encoding.mastering)}")
    if encoding.light:
        params.append(f"cll={encoding.light[0]},{encoding.light[1]}")
    extra = {"x264-params": ":".join(params)} if params else {}
    return {"crf": _crf(encoding), "preset": encoding.preset or "superfast"} | extra


_AVX_512 = 13
"""OpenCV's number of the instruction set (its names are not in every build)."""


def _display(m: Mastering) -> str:
    """In units of 1/50000 and 1/10000 cd/m², as HEVC's SEI has them."""
    points = (("G", m.green), ("B", m.blue), ("R", m.red), ("WP", m.white))
    places = "".join(f"{name}({round(x * 50000)},{round(y * 50000)})" for name, (x, y) in points)
    return f"{places}L({round(m.brightest * 10000)},{round(m.darkest * 10000)})"


def _x265(encoding: Encoding) -> dict[str, str]:
    params = ["log-level=error", "open-gop=0", f"keyint={encoding.gop}"]
    if encoding.colour.transfer == PQ:
        params += ["hdr10=1", "repeat-headers=1"]
    if encoding.mastering:
        params.append(f"master-display={_display(encoding.mastering)}")
    if encoding.light:
        params.append(f"max-cll={encoding.light[0]},{encoding.light[1]}")
    return {"crf": _crf(encoding), "preset": encoding.preset or "ultrafast", "x265-params": ":".join(params)}


def _svt_av1(encoding: Encoding) -> dict[str, str]:
    params = [f"keyint={encoding.gop}", "scd=0"]
    if encoding.mastering:
        m = encoding.mastering
        points = (("G", m.green), ("B", m.blue), ("R", m.red), ("WP", m.white))
        display = "".join(f"{name}({x:.5f},{y:.5f})" for name, (x, y) in points)
        params.append(f"mastering-display={display}L({m.brightest:.4f},{m.darkest:.4f})")
    if encoding.light:
        params.append(f"content-light={encoding.light[0]},{encoding.light[1]}")
    return {"crf": _crf(encoding), "preset": encoding.preset or "6", "svtav1-params": ":".join(params)}


def _vp9(encoding: Encoding) -> dict[str, str]:
    options = {"crf": _crf(encoding), "deadline": "good", "cpu-used": encoding.preset or "3", "row-mt": "1"}
    # Frames that are never shown cannot carry alpha.
    return options | ({"auto-alt-ref": "0"} if encoding.coding.layout.alpha else {})


def _prores(encoding: Encoding) -> dict[str, str]:
    options = {"profile": "4444" if encoding.format.startswith(("yuv444", "yuva444")) else "hq", "vendor": "apl0"}
    return options | ({"alpha_bits": "16"} if encoding.coding.layout.alpha else {})


def _ffv1(encoding: Encoding) -> dict[str, str]:
    # Level 3 cuts the frame into slices, for which a strip has no room.
    return {"level": "3", "slicecrc": "1"} if min(encoding.width, encoding.height) > 8 else {"level": "1"}


def _nvenc(encoding: Encoding) -> dict[str, str]:
    return {"rc": "vbr", "cq": _crf(encoding), "preset": encoding.preset or "p5", "forced-idr": "1"}


_OPTIONS: Mapping[str, Callable[[Encoding], dict[str, str]]] = {
    "x264": _x264,
    "x265": _x265,
    "svt-av1": _svt_av1,
    "vp9": _vp9,
    "prores": _prores,
    "ffv1": _ffv1,
    "h264-nvenc": _nvenc,
    "hevc-nvenc": _nvenc,
    "av1-nvenc": _nvenc,
}


def why_not(encoding: Encoding) -> str | None:
    """None when the encoder codes a black frame of this size and format; otherwise what stands against it."""
    encoder = encoding.encoder
    if not formats_of(encoder.library):
        return f"{encoder.name} is not in this build of FFmpeg"
    try:
        context = av.CodecContext.create(encoder.library, "w")
        assert isinstance(context, VideoCodecContext)
        encoding.configure(context)
        packets = [*context.encode(black_frame(encoding)), *context.encode(None)]
    except (av.FFmpegError, OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or type(error).__name__
        return f"{encoder.name} does not open for {encoding.width}x{encoding.height} {encoding.format} ({reason})"
    return None if packets else f"{encoder.name} gave nothing for a frame of {encoding.width}x{encoding.height}"


def black_frame(encoding: Encoding) -> av.VideoFrame:
    """The first frame of a film that shows nothing."""
    layout = encoding.coding.layout
    nothing = np.zeros((encoding.height, encoding.width, layout.colours + layout.alpha), np.float32)
    return encoding.frame(from_rgb(nothing, encoding.coding), 0)
