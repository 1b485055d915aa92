"""What a film is made of, before any of its frames is used."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Literal, cast

import av
from av.sidedata.sidedata import SideData
from av.sidedata.sidedata import Type as SideDataType
from av.stream import Disposition

from upscaler.errors import MediaError
from upscaler.media.films.colour import Colour
from upscaler.media.films.formats import Layout, layout_of, planar_twin

StreamKind = Literal["film", "picture", "cover", "audio", "subtitle", "attachment", "data"]

Matrix = tuple[int, ...]
"""Nine numbers of a display matrix, as the container holds them."""


@dataclass(frozen=True, slots=True)
class Stream:
    """One stream beside (or, for the film itself, with) the others."""

    index: int
    kind: StreamKind
    codec: str
    disposition: int = 0
    tags: Mapping[str, str] = field(default_factory=dict)

    @property
    def named(self) -> str:
        """How a sentence speaks of it: ``the subtitles (ass, deu, "Voll")``."""
        what = {"audio": "sound", "subtitle": "subtitles", "attachment": "attachment", "picture": "second picture"}
        facts = [self.codec, self.tags.get("language", ""), self.tags.get("title", "") or self.tags.get("filename", "")]
        return f"the {what.get(self.kind, self.kind)} of stream {self.index} ({', '.join(f for f in facts if f)})"


@dataclass(frozen=True, slots=True)
class Chapter:
    start: Fraction
    end: Fraction
    """Seconds."""

    tags: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Mastering:
    """The display that an HDR film was graded on: chromaticities (x, y) and luminances in cd/m²."""

    red: tuple[float, float]
    green: tuple[float, float]
    blue: tuple[float, float]
    white: tuple[float, float]
    darkest: float
    brightest: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Film:
    """A film as it lies in its file.  ``width`` and ``height`` are those of the decoded frames, not turned."""

    path: Path
    container: str
    """FFmpeg's name; ``webm`` for WebM, which FFmpeg counts to Matroska."""

    codec: str
    layout: Layout
    format: str
    """The pixel format as decoded; ``layout`` is its planar twin."""

    width: int
    height: int
    colour: Colour
    time_base: Fraction
    """Seconds per tick of the frames' times."""

    rate: Fraction
    """Frames per second on average; only a hint, never used for times."""

    frames: int | None
    """As the header says or the length suggests; None: not known."""

    seconds: float | None
    bytes: int
    stream: int
    """Index of the film among ``streams``."""

    streams: tuple[Stream, ...]
    chapters: tuple[Chapter, ...] = ()
    tags: Mapping[str, str] = field(default_factory=dict)
    aspect: Fraction | None = None
    """Width of a pixel / its height; None: square or not told."""

    turn: Matrix | None = None
    interlaced: bool = False
    mastering: Mastering | None = None
    light: tuple[int, int] | None = None
    """Brightest pixel and brightest frame average of an HDR10 film, cd/m²."""

    lost: tuple[str, ...] = ()
    """What frames carry that no encoder here can write, in words."""

    @property
    def own(self) -> Stream:
        return next(stream for stream in self.streams if stream.index == self.stream)

    @property
    def others(self) -> tuple[Stream, ...]:
        return tuple(stream for stream in self.streams if stream.index != self.stream)

    @property
    def clip(self) -> bool:
        """An animated picture rather than a film: GIF, APNG."""
        return self.container in ("gif", "apng", "webp")


def open_film(path: Path) -> av.container.InputContainer:
    """The file, opened.  Raises MediaError with one sentence when it is no film or is damaged beyond reading."""
    try:
        return av.open(str(path), metadata_errors="replace")
    except FileNotFoundError as error:
        raise MediaError(f"There is no file {path}.") from error
    except (av.FFmpegError, OSError, ValueError) as error:
        raise MediaError(
            f"{path.name} cannot be opened as a film: its header is missing or damaged ({_reason(error)}); "
            "copy it again from where it came, or repair it. It was left out."
        ) from error


def describe(path: Path) -> Film:
    """Everything that is known of a film; its first frames are decoded for it.

    Raises MediaError: it cannot be opened, has no picture, or its pixels are of a kind that cannot be enlarged.
    """
    with open_film(path) as container:
        kinds = {stream.index: _kind(stream, container) for stream in container.streams}
        own = _film_stream(container, kinds, path)
        kinds[own.index] = "film"
        streams = tuple(_stream(stream, kinds[stream.index]) for stream in container.streams)
        first = _first_frames(container, own, path)
        if not first:
            raise MediaError(f"{path.name} holds no frame that can be decoded; it was left out.")
        frame = first[0]
        side = _side_data(frame)
        if _dolby_vision_alone(own, side):
            raise MediaError(
                f"{path.name} is Dolby Vision without a plain base layer (profile 5): its colours have no meaning "
                "without Dolby's metadata, so it was left out. Convert it to HDR10 first."
            )
        layout = layout_of(planar_twin(frame.format.name))
        seconds = _seconds(container, own)
        rate = own.average_rate or own.guessed_rate or Fraction(25)
        return Film(
            path=path,
            container=_container(container, path),
            codec=own.codec_context.codec.canonical_name,
            layout=layout,
            format=frame.format.name,
            width=frame.width,
            height=frame.height,
            colour=_colour(frame, layout),
            time_base=own.time_base or Fraction(1, 1000),
            rate=rate,
            frames=own.frames or (round(seconds * rate) if seconds else None),
            seconds=seconds,
            bytes=path.stat().st_size,
            stream=own.index,
            streams=streams,
            chapters=_chapters(container),
            tags=dict(container.metadata),
            aspect=_aspect(own),
            turn=_turn(side),
            interlaced=any(f.interlaced_frame for f in first),
            mastering=_mastering(side.get(SideDataType.MASTERING_DISPLAY_METADATA)),
            light=_light(side.get(SideDataType.CONTENT_LIGHT_LEVEL)),
            lost=_lost(side),
        )


_LOOKED_AT = 8
"""Frames at the beginning whose flags tell whether a film is interlaced."""


def _reason(error: Exception) -> str:
    text = getattr(error, "strerror", None) or str(error)
    return str(text).split(":")[0].strip().lower() or type(error).__name__


def _container(container: av.container.InputContainer, path: Path) -> str:
    name = container.format.name
    if name == "matroska,webm":
        return "webm" if path.suffix.lower() == ".webm" else "matroska"
    if name.startswith("mov,"):
        return "mov" if path.suffix.lower() in (".mov", ".qt") else "mp4"
    return name


def _kind(stream: av.stream.Stream, container: av.container.InputContainer) -> StreamKind:
    if stream.type == "video":
        cover = Disposition.attached_pic | Disposition.timed_thumbnails | Disposition.still_image
        return "cover" if stream.disposition & cover else "picture"
    if stream.type == "audio" or stream.type == "subtitle" or stream.type == "attachment":
        return stream.type
    return "data"


def _film_stream(
    container: av.container.InputContainer, kinds: Mapping[int, StreamKind], path: Path
) -> av.video.stream.VideoStream:
    pictures = [stream for stream in container.streams.video if kinds[stream.index] == "picture"]
    if not pictures:
        raise MediaError(f"{path.name} has no moving picture (sound, or a cover at most); it was left out.")
    found = next((s for s in pictures if s.disposition & Disposition.default), pictures[0])
    if found.codec_context is None:
        raise MediaError(f"{path.name} is coded in a way that this build of FFmpeg cannot decode; it was left out.")
    return found


def _stream(stream: av.stream.Stream, kind: StreamKind) -> Stream:
    context = stream.codec_context
    codec = context.codec.canonical_name if context is not None else (stream.name or "unknown")
    return Stream(stream.index, kind, codec, int(stream.disposition), dict(stream.metadata))


def decoder_of(stream: av.video.stream.VideoStream) -> av.video.codeccontext.VideoCodecContext:
    """The decoder that gives everything the stream holds; FFmpeg's own for VP8 and VP9 drop alpha."""
    context = stream.codec_context
    if _tag(stream, "alpha_mode") == "1" and context.codec.canonical_name in ("vp8", "vp9"):
        library = {"vp8": "libvpx", "vp9": "libvpx-vp9"}[context.codec.canonical_name]
        own = av.CodecContext.create(library, "r")
        assert isinstance(own, av.video.codeccontext.VideoCodecContext)
        own.extradata = context.extradata
        return own
    if context.codec.canonical_name == "ffv1" and not context.is_open:
        # FFV1 knows by its checksums what is damaged, but says so only when it is told to stop there.
        context.options = {"err_detect": "crccheck+explode"}
    return context


def _tag(stream: av.stream.Stream, name: str) -> str | None:
    return next((value for key, value in stream.metadata.items() if key.lower() == name), None)


def _first_frames(
    container: av.container.InputContainer, stream: av.video.stream.VideoStream, path: Path
) -> list[av.VideoFrame]:
    frames: list[av.VideoFrame] = []
    decoder = decoder_of(stream)
    try:
        for packet in container.demux(stream):
            try:
                frames += decoder.decode(packet if packet.size else None)
            except av.InvalidDataError:
                continue  # damaged packets at the very beginning; the reader counts them
            if len(frames) >= _LOOKED_AT:
                break
    except (av.FFmpegError, OSError) as error:
        if not frames:
            raise MediaError(f"{path.name} cannot be decoded ({_reason(error)}); it was left out.") from error
    return frames


def _side_data(frame: av.VideoFrame) -> dict[SideDataType, bytes]:
    items = cast("Iterable[SideData]", frame.side_data)  # the stub says TypedDict; it gives the items themselves
    return {item.type: bytes(item) for item in items}


def _seconds(container: av.container.InputContainer, stream: av.video.stream.VideoStream) -> float | None:
    if stream.duration and stream.time_base:
        return float(stream.duration * stream.time_base)
    if container.duration:
        start = (container.start_time or 0) / av.time_base
        own = float(stream.start_time * stream.time_base) if stream.start_time and stream.time_base else 0.0
        return max(container.duration / av.time_base - max(own - start, 0.0), 0.0)
    return None


def _colour(frame: av.VideoFrame, layout: Layout) -> Colour:
    return Colour(
        matrix=int(frame.colorspace),
        primaries=int(frame.color_primaries),
        transfer=int(frame.color_trc),
        full_range=int(frame.color_range) == 2 or layout.full_range,
        range_known=int(frame.color_range) != 0,
    )


def _aspect(stream: av.video.stream.VideoStream) -> Fraction | None:
    aspect = stream.sample_aspect_ratio
    return aspect if aspect and aspect != 1 else None


def _turn(side: Mapping[SideDataType, bytes]) -> Matrix | None:
    raw = side.get(SideDataType.DISPLAYMATRIX)
    matrix = struct.unpack("=9i", raw) if raw else None
    return None if matrix == (65536, 0, 0, 0, 65536, 0, 0, 0, 1 << 30) else matrix


def _chapters(container: av.container.InputContainer) -> tuple[Chapter, ...]:
    return tuple(
        Chapter(chapter["start"] * base, chapter["end"] * base, chapter["metadata"])
        for chapter in container.chapters()
        if (base := chapter["time_base"])
    )


def _mastering(raw: bytes | None) -> Mastering | None:
    """From FFmpeg's AVMasteringDisplayMetadata: ten rationals, then whether each half is filled."""
    if not raw or len(raw) < 88:
        return None
    numbers = struct.unpack("=22i", raw[:88])
    if not (numbers[20] and numbers[21]):
        return None
    values = [n / d if d else 0.0 for n, d in zip(numbers[0:20:2], numbers[1:20:2], strict=True)]
    red, green, blue, white = (values[i : i + 2] for i in range(0, 8, 2))
    return Mastering(
        (red[0], red[1]), (green[0], green[1]), (blue[0], blue[1]), (white[0], white[1]), values[8], values[9]
    )


def _light(raw: bytes | None) -> tuple[int, int] | None:
    if not raw or len(raw) < 8:
        return None
    most, average = struct.unpack("=II", raw[:8])
    return most, average


def _lost(side: Mapping[SideDataType, bytes]) -> tuple[str, ...]:
    words = {
        SideDataType.A53_CC: "closed captions inside the picture stream",
        SideDataType.DYNAMIC_HDR_PLUS: "HDR10+ dynamic metadata",
        SideDataType.DYNAMIC_HDR_VIVID: "HDR Vivid dynamic metadata",
        SideDataType.DOVI_METADATA: "Dolby Vision metadata (the HDR10 or SDR base layer is used)",
        SideDataType.STEREO3D: "the mark of stereoscopic 3D",
        SideDataType.SPHERICAL: "the mark of spherical video",
        SideDataType.FILM_GRAIN_PARAMS: "film grain parameters (the grain itself is in the frames)",
    }
    return tuple(words[kind] for kind in side if kind in words)


def _dolby_vision_alone(stream: av.video.stream.VideoStream, side: Mapping[SideDataType, bytes]) -> bool:
    """No base layer that can be shown without Dolby's metadata: tagged so, or RPU profile 0 (IPT colours)."""
    try:
        tag = stream.codec_context.codec_tag
    except UnicodeDecodeError:  # AVI counts codecs instead of naming them
        tag = ""
    if tag in ("dvh1", "dvhe", "dva1", "dvav", "dav1"):
        return True
    raw = side.get(SideDataType.DOVI_METADATA)
    if not raw or len(raw) < 16:
        return False
    header = struct.unpack("=Q", raw[:8])[0]  # AVDOVIMetadata begins with the offsets of its parts
    return len(raw) > header + 5 and raw[header + 4] == 0 and int(stream.codec_context.color_trc) in (0, 2)
