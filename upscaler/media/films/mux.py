"""The whole film from its parts: coded pieces joined, every other stream copied beside them, times as they were."""

from __future__ import annotations

import heapq
import io
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import islice
from pathlib import Path
from typing import Any

import av
from av.audio.stream import AudioStream
from av.container.input import InputContainer
from av.container.output import OutputContainer
from av.stream import Disposition
from av.subtitles.codeccontext import SubtitleCodecContext
from av.subtitles.stream import SubtitleStream
from av.video.stream import VideoStream

from upscaler.errors import MediaError
from upscaler.media.films.containers import Carried, Target, add_copy, kept_tags
from upscaler.media.films.encoders import Encoding, black_frame
from upscaler.media.films.film import Chapter, Film, open_film
from upscaler.media.films.segments import Parts, coded_packets, writing
from upscaler.media.films.sound import FlacConverter
from upscaler.media.films.subtitles import SubtitleConverter

AnyPacket = Any
"""``av.Packet`` of whichever stream."""

AnyChapter = Any
"""``av.container.core.Chapter``, which exists for type checkers only."""


@dataclass(frozen=True, slots=True)
class Span:
    """The part of a film that is kept, in seconds of its clock; its beginning becomes zero."""

    start: float | None = None
    end: float | None = None
    lead: Fraction = Fraction(0)
    """For so long before its zero something is shown or heard; the result's zero is there."""

    @property
    def shift(self) -> Fraction:
        """What is taken off all times."""
        return (Fraction(self.start).limit_denominator(1_000_000) if self.start else Fraction(0)) - self.lead

    def holds(self, seconds: float) -> bool:
        return (self.start is None or seconds >= self.start) and (self.end is None or seconds < self.end)


WHOLE = Span()


@dataclass(frozen=True, slots=True)
class Written:
    """What a film holds, for who opens it again."""

    packets: list[tuple[str, int]]
    """Kind of each stream that got packets, and how many."""

    chapters: int


def write_film(film: Film, target: Target, encoding: Encoding, parts: Parts, path: Path, span: Span = WHOLE) -> Written:
    """Joins the pieces and copies the other streams into ``path``, in the order of time.

    Raises MediaError when something cannot be written, RoomError when the disk is full.
    """
    with ExitStack() as stack, writing(path):
        source = stack.enter_context(open_film(film.path)) if target.carried else None
        first = stack.enter_context(av.open(str(parts.path(0))))
        output = stack.enter_context(
            av.open(str(path), "w", format=target.container, container_options=_options(target))
        )
        copies, picture = _add_streams(output, film, target, encoding, source, first.streams.video[0])
        span = replace(span, lead=_lead(film, target, parts, span))
        chapters = _write_tags(output, film, target, span)
        output.start_encoding()
        pictures = _picture_packets(film, parts, span, picture)
        others = _other_packets(source, copies, span) if source is not None else iter(())
        packets: Counter[int] = Counter()
        texts = [_texts(film, copy, copy.texts, span) for copy in copies.values() if copy.texts is not None]
        # In the order of time, so that the muxer need not hold one stream back for another.
        for packet in heapq.merge(pictures, others, *texts, key=_seconds):
            packets[packet.stream_index] += packet.size > 0  # FLAC ends with one that only tells its header
            output.mux_one(packet)
    kinds = {picture.index: "film"} | {copy.stream.index: copy.carried.stream.kind for copy in copies.values()}
    return Written([(kind, packets[index]) for index, kind in sorted(kinds.items())], chapters)


def _lead(film: Film, target: Target, parts: Parts, span: Span) -> Fraction:
    """How far before zero the result would begin, where the container has no such times.

    Sound of MP4 begins before zero, by what its encoder needs to get going.  Matroska counts from zero: all streams
    move later together, which FFmpeg would do too, but without the chapters.
    """
    if target.container not in ("matroska", "webm"):
        return Fraction(0)
    begins = [parts.pieces[0].ticks[0] * film.time_base - span.shift]
    # Where the stream itself tells what it needs, Matroska has a place for it.
    sounds = {
        carried.stream.index
        for carried in target.carried
        if carried.stream.kind == "audio" and carried.stream.codec != "opus"
    }
    if film.container not in ("matroska", "webm") and sounds:
        with open_film(film.path) as source:
            for packet in islice(source.demux(), _LOOKED_AT):
                if packet.stream_index in sounds and packet.size and packet.pts is not None and packet.time_base:
                    when = packet.pts * packet.time_base
                    if span.holds(float(when)):
                        begins.append(when - span.shift)
    return max(-min(begins), Fraction(0))


_LOOKED_AT = 500
"""Packets at the beginning of a film among which each stream has its earliest."""


def try_out(film: Film, target: Target, encoding: Encoding) -> str | None:
    """None when the muxer accepts the streams of the result together; otherwise what it says.

    A film of one black frame is written, in memory: what would fail at the end fails here.
    """
    try:
        with ExitStack() as stack:
            coded = io.BytesIO()
            with av.open(coded, "w", format="matroska") as piece:
                stream = piece.add_stream(encoding.encoder.library, rate=encoding.rate)
                assert isinstance(stream, VideoStream)
                encoding.configure(stream.codec_context)
                piece.mux(stream.encode(black_frame(encoding)))
                piece.mux(stream.encode(None))
            coded.seek(0)
            source = stack.enter_context(open_film(film.path)) if target.carried else None
            first = stack.enter_context(av.open(coded, "r"))
            output = stack.enter_context(av.open(io.BytesIO(), "w", format=target.container))
            picture = _add_streams(output, film, target, encoding, source, first.streams.video[0])[1]
            _write_tags(output, film, target, WHOLE)
            output.start_encoding()
            for packet in first.demux(first.streams.video[0]):
                if packet.size:
                    packet.stream = picture
                    output.mux_one(packet)
    except (av.FFmpegError, OSError, ValueError) as error:
        return str(getattr(error, "strerror", None) or error)
    return None


def _options(target: Target) -> dict[str, str]:
    if target.container in ("mp4", "mov"):
        return {"movflags": "+faststart"}
    return {"reserve_index_space": "65536"} if target.container == "matroska" else {}


@dataclass(slots=True)
class _Copy:
    """One stream on its way over."""

    carried: Carried
    stream: av.stream.Stream
    sound: FlacConverter | None = None
    texts: SubtitleConverter | None = None


def _add_streams(
    output: OutputContainer,
    film: Film,
    target: Target,
    encoding: Encoding,
    source: InputContainer | None,
    coded: VideoStream,
) -> tuple[dict[int, _Copy], VideoStream]:
    """The result's streams in the order of the source's."""
    copies: dict[int, _Copy] = {}
    carried = {item.stream.index: item for item in target.carried}
    same = target.container == film.container
    picture: VideoStream | None = None
    for stream in film.streams:
        if stream.index == film.stream:
            picture = _add_picture(output, film, target, encoding, coded, same)
        elif stream.index in carried and source is not None:
            item = carried[stream.index]
            if item.how == "attach":
                data = source.streams.attachments[_place(film, stream.index)].data
                tags = {key.lower(): value for key, value in stream.tags.items()}
                name = tags.get("filename", f"attachment-{stream.index}")
                output.add_attachment(name, tags.get("mimetype", "application/octet-stream"), data)
                continue
            if item.how == "cover" and target.container == "matroska":
                _attach_cover(output, film, item)
                continue
            copy = _add_copy(output, item, source.streams[stream.index])
            copy.stream.metadata.update(kept_tags(stream.tags, target.container, same_container=same))
            copy.stream.disposition = Disposition(stream.disposition)
            copies[stream.index] = copy
    assert picture is not None
    return copies, picture


def _place(film: Film, index: int) -> int:
    """Which attachment it is among the attachments."""
    return [stream.index for stream in film.streams if stream.kind == "attachment"].index(index)


def _add_picture(
    output: OutputContainer, film: Film, target: Target, encoding: Encoding, coded: VideoStream, same: bool
) -> VideoStream:
    stream = output.add_stream_from_template(coded, opaque=True)
    context = stream.codec_context
    stream.time_base = film.time_base
    context.framerate = encoding.rate
    if encoding.aspect is not None:
        context.sample_aspect_ratio = encoding.aspect
    if target.container in ("mp4", "mov"):
        if encoding.encoder.codec == "hevc":
            context.codec_tag = "hvc1"  # players of Apple know no other
        elif encoding.encoder.codec == "prores":
            context.codec_tag = coded.codec_context.codec_tag
    if film.turn is not None:
        stream.set_display_matrix(film.turn)
    stream.metadata.update(kept_tags(film.own.tags, target.container, same_container=same))
    for key in [key for key in stream.metadata if key.lower() == "alpha_mode"]:
        del stream.metadata[key]
    if encoding.alpha_beside:
        stream.metadata["alpha_mode"] = "1"
    stream.disposition = Disposition(film.own.disposition)
    return stream


def _add_copy(output: OutputContainer, item: Carried, source: av.stream.Stream) -> _Copy:
    if item.how == "convert" and isinstance(source, AudioStream):
        sound = output.add_stream(item.codec, rate=source.codec_context.sample_rate)
        assert isinstance(sound, AudioStream)
        return _Copy(item, sound, sound=FlacConverter(source, sound.codec_context))
    if item.how == "convert":
        assert isinstance(source, SubtitleStream)
        converter = SubtitleConverter(source, item.codec)
        stream = output.add_stream({"subrip": "srt"}.get(item.codec, item.codec))
        context = stream.codec_context
        assert isinstance(context, SubtitleCodecContext)
        context.subtitle_header = converter.header
        stream.time_base = source.time_base
        return _Copy(item, stream, texts=converter)
    return _Copy(item, add_copy(output, source))


def _attach_cover(output: OutputContainer, film: Film, item: Carried) -> None:
    kind = {"mjpeg": "jpeg"}.get(item.stream.codec, item.stream.codec)
    tags = {key.lower(): value for key, value in item.stream.tags.items()}
    output.add_attachment(
        tags.get("filename", f"cover.{kind.replace('jpeg', 'jpg')}"),
        tags.get("mimetype", f"image/{kind}"),
        cover_of(film, item.stream.index),
    )


def cover_of(film: Film, index: int) -> bytes:
    """The picture file that a film carries as its cover."""
    with open_film(film.path) as source:
        for packet in source.demux(source.streams[index]):
            if packet.size:
                return bytes(packet)
    raise MediaError(f"The cover of {film.path.name} is empty; it cannot be copied.")


def _write_tags(output: OutputContainer, film: Film, target: Target, span: Span) -> int:
    """Tags and chapters; how many chapters there are."""
    output.metadata.update(kept_tags(film.tags, target.container, same_container=target.container == film.container))
    chapters: list[AnyChapter] = [
        {
            "id": number,
            "start": round(start * 1_000_000_000),
            "end": round(end * 1_000_000_000),
            "time_base": Fraction(1, 1_000_000_000),
            "metadata": dict(chapter.tags),
        }
        for number, chapter in enumerate(film.chapters, 1)
        for start, end in _chapter_times(chapter, span)
    ]
    if chapters:
        output.set_chapters(chapters)
    return len(chapters)


def _chapter_times(chapter: Chapter, span: Span) -> list[tuple[Fraction, Fraction]]:
    """Start and end within the span; none when it lies outside."""
    start, end = chapter.start - span.shift, chapter.end - span.shift
    if span.end is not None:
        end = min(end, Fraction(span.end) - span.shift)
    start = max(start, Fraction(0)) if span.start else start
    return [(start, end)] if end > start else []


def _picture_packets(film: Film, parts: Parts, span: Span, stream: VideoStream) -> Iterator[AnyPacket]:
    ticks = [when for piece in parts.pieces for when in piece.ticks]
    shift = round(span.shift / film.time_base)
    last = parts.pieces[-1].last_duration or (ticks[-1] - ticks[-2] if len(ticks) > 1 else 1)
    usual = max(round(1 / film.rate / film.time_base), 1)
    delay = max(place - coded.frame for place, coded in enumerate(coded_packets(parts)))
    for place, coded in enumerate(coded_packets(parts)):
        packet = coded.packet
        packet.pts = ticks[coded.frame] - shift
        # As every encoder does: the n-th packet is decoded when the frame ``delay`` before the n-th is shown.
        decoded = place - delay
        packet.dts = (ticks[decoded] if decoded >= 0 else ticks[0] + decoded * usual) - shift
        following = coded.frame + 1
        packet.duration = ticks[following] - ticks[coded.frame] if following < len(ticks) else last
        packet.time_base = film.time_base
        packet.stream = stream
        yield packet


def _other_packets(source: InputContainer, copies: dict[int, _Copy], span: Span) -> Iterator[AnyPacket]:
    """Covers, copied packets, and sound that becomes another kind."""
    taken = {index: copy for index, copy in copies.items() if copy.texts is None}
    if not taken:
        return
    undated: dict[int, list[AnyPacket]] = {}
    for packet in source.demux([source.streams[index] for index in taken]):
        if not packet.size:
            continue
        copy = taken[packet.stream_index]
        if copy.carried.how == "cover":
            packet.stream = copy.stream
            yield packet
            continue
        for dated in _dated(packet, undated):
            yield from _ready(dated, copy, span)
    for index, waiting in undated.items():
        for packet in waiting:
            packet.dts = packet.pts
            yield from _ready(packet, taken[index], span)
    for copy in taken.values():
        for packet in copy.sound.rest() if copy.sound is not None else ():
            yield _placed(packet, copy, span)


def _ready(packet: AnyPacket, copy: _Copy, span: Span) -> Iterator[AnyPacket]:
    """A packet of the source, if it lies in the span, as it is written."""
    when = packet.pts if packet.pts is not None else packet.dts
    if when is None or not span.holds(float(when * packet.time_base)):
        return
    if copy.carried.stream.codec == "mov_text" and bytes(packet) == _NO_TEXT:
        return
    for ready in copy.sound.convert(packet) if copy.sound is not None else (packet,):
        yield _placed(ready, copy, span)


_NO_TEXT = b"\0\0"
"""What MP4 fills the pauses between texts with; its muxer does so by itself."""


def _placed(packet: AnyPacket, copy: _Copy, span: Span) -> AnyPacket:
    """In the result's stream, and at its time."""
    if span.shift:
        shift = round(span.shift / packet.time_base)
        packet.pts = packet.pts - shift if packet.pts is not None else None
        packet.dts = packet.dts - shift if packet.dts is not None else None
    packet.stream = copy.stream
    return packet


def _texts(film: Film, copy: _Copy, converter: SubtitleConverter, span: Span) -> Iterator[AnyPacket]:
    """Subtitles that become another kind, read ahead: how long one is shown depends on the next."""
    with open_film(film.path) as source:
        packets: list[AnyPacket] = [
            packet
            for packet in source.demux(source.streams[copy.carried.stream.index])
            if packet.size and packet.pts is not None and span.holds(float(packet.pts * packet.time_base))
        ]
        for packet in converter.convert(packets):
            yield _placed(packet, copy, span)


def _dated(packet: AnyPacket, undated: dict[int, list[AnyPacket]]) -> list[AnyPacket]:
    """Matroska leaves the first packets of reordered pictures without a decoding time: counted back from the next."""
    waiting = undated.setdefault(packet.stream_index, [])
    if packet.dts is None:
        waiting.append(packet)
        return []
    for back, earlier in enumerate(reversed(waiting), 1):
        earlier.dts = packet.dts - back
    undated[packet.stream_index] = []
    return [*waiting, packet]


def _seconds(packet: AnyPacket) -> float:
    when = packet.dts if packet.dts is not None else packet.pts
    return float(when * packet.time_base) if when is not None else float("-inf")
