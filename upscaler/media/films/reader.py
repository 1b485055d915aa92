"""Frames of a film, each at its own time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TypeVar

import av
from av.filter import Graph

from upscaler.errors import MediaError
from upscaler.media.films.film import Film, decoder_of, open_film
from upscaler.media.films.formats import Layout, Plane, planes_of


@dataclass(frozen=True, slots=True)
class Frame:
    """One decoded frame."""

    index: int
    """Counted from 0 in the order of display, within the part that was asked for."""

    ticks: int
    """When it is shown, in the film's ``time_base``."""

    duration: int
    """For how long, in the same unit; 0: not known."""

    layout: Layout
    planes: list[Plane]
    damaged: bool = False
    """Some of it was made up because the stream is damaged here."""


def read_frames(
    film: Film, *, start: float | None = None, duration: float | None = None, deinterlace: bool = False, skip: int = 0
) -> Iterator[Frame]:
    """All frames in the order of display: as many as the file holds, damaged ones concealed.

    Args:
        film: as ``describe`` gave it.
        start: seconds on the film's clock; earlier frames are left out.
        duration: seconds from ``start`` (or from the first frame).
        deinterlace: each woven frame becomes the picture of its first moment (bwdif).
        skip: so many frames are decoded but not given, for a run that goes on.  They are decoded, not jumped over,
            since what a damaged or open group of pictures gives depends on what came before.
    """
    shown = _within(_in_order(_decoded(film, start, deinterlace)), film, start, duration)
    for index, moment in enumerate(shown):
        if index < skip:
            continue
        layout, planes = planes_of(moment.frame)
        if layout != film.layout or planes[0].shape != (film.height, film.width):
            layout, planes = planes_of(moment.frame.reformat(film.width, film.height, film.format, threads=1))
        yield Frame(index, moment.ticks, moment.duration, layout, planes, moment.damaged)


@dataclass(frozen=True, slots=True)
class _Moment:
    """A frame as the decoder gave it, or (``frame`` of its neighbour) one that it could not."""

    frame: av.VideoFrame
    ticks: int
    duration: int
    damaged: bool


def _decoded(film: Film, start: float | None, deinterlace: bool) -> Iterator[av.VideoFrame | _Gap]:
    """Frames of the decoder, and gaps where a packet gave none."""
    with open_film(film.path) as container:
        stream = container.streams[film.stream]
        assert isinstance(stream, av.video.stream.VideoStream)
        decoder = decoder_of(stream)
        if start:
            container.seek(int(start / film.time_base), stream=stream)
        weaver = _Deinterlacer(stream) if deinterlace else None
        for packet in _packets(container, stream):
            try:
                frames = decoder.decode(packet)
            except av.InvalidDataError:
                if packet is not None:
                    yield _Gap(packet.pts if packet.pts is not None else packet.dts, packet.duration or 0)
                frames = []
            for frame in frames:
                yield from weaver.give(frame) if weaver else (frame,)
        if weaver:
            yield from weaver.rest()


T = TypeVar("T", Frame, _Moment)


@dataclass(frozen=True, slots=True)
class _Gap:
    ticks: int | None
    duration: int


def _packets(
    container: av.container.InputContainer, stream: av.video.stream.VideoStream
) -> Iterator[av.Packet[av.video.stream.VideoStream] | None]:
    """All packets, then None, which makes a decoder give what it holds back."""
    try:
        for packet in container.demux(stream):
            if packet.size:
                yield packet
    except (av.InvalidDataError, av.EOFError):
        pass  # the file ends in the middle of something: what came before is good
    yield None


def _in_order(items: Iterator[av.VideoFrame | _Gap]) -> Iterator[_Moment]:
    """Gaps filled with the frame before (or, at the beginning, after) them; times made to rise."""
    gaps: list[_Gap] = []
    last: _Moment | None = None
    for item in items:
        if isinstance(item, _Gap):
            gaps.append(item)
            continue
        ticks = item.pts if item.pts is not None else item.dts
        if ticks is None:
            ticks = 0 if last is None else last.ticks + max(last.duration, 1)
        earlier = sorted(gap.ticks for gap in gaps if gap.ticks is not None and gap.ticks < ticks)
        gaps = [gap for gap in gaps if gap.ticks is None or gap.ticks >= ticks]
        for when in earlier:
            last = _Moment(last.frame if last else item, _after(last, when), 0, True)
            yield last
        last = _Moment(item, _after(last, ticks), item.duration or 0, bool(item.is_corrupt))
        yield last
    for gap in sorted(gaps, key=lambda gap: (gap.ticks is None, gap.ticks)):
        if last is not None:
            last = replace(last, ticks=_after(last, gap.ticks), duration=gap.duration, damaged=True)
            yield last


def _after(last: _Moment | None, ticks: int | None) -> int:
    if last is None:
        return ticks or 0
    if ticks is None:
        return last.ticks + max(last.duration, 1)
    return max(ticks, last.ticks + 1)


def _within(moments: Iterator[T], film: Film, start: float | None, duration: float | None) -> Iterator[T]:
    end: float | None = None
    for moment in moments:
        seconds = float(moment.ticks * film.time_base)
        if start is not None and seconds < start - _HALF_A_MILLISECOND:
            continue
        if duration is not None:
            end = (start if start is not None else seconds) + duration if end is None else end
            if seconds >= end - _HALF_A_MILLISECOND:
                return
        yield moment


def within(
    frames: Iterator[Frame], film: Film, start: float | None, duration: float | None, skip: int
) -> Iterator[Frame]:
    """The frames of that part, numbered from 0, without the first ``skip``."""
    for index, frame in enumerate(_within(frames, film, start, duration)):
        if index >= skip:
            yield replace(frame, index=index)


_HALF_A_MILLISECOND = 0.0005
"""Times are given in decimals, and stand in ticks of a millisecond at most."""


class _Deinterlacer:
    """bwdif: as many frames out as in, each at the time of its own."""

    def __init__(self, stream: av.video.stream.VideoStream) -> None:
        self._graph = Graph()
        self._graph.link_nodes(
            self._graph.add_buffer(template=stream),
            self._graph.add("bwdif", "mode=send_frame:parity=auto:deint=all"),
            self._graph.add("buffersink"),
        ).configure()
        self._waiting: list[av.VideoFrame] = []

    def give(self, frame: av.VideoFrame) -> Iterator[av.VideoFrame]:
        self._waiting.append(frame)
        self._graph.push(frame)
        yield from self._ready()

    def rest(self) -> Iterator[av.VideoFrame]:
        self._graph.push(None)
        yield from self._ready()

    def _ready(self) -> Iterator[av.VideoFrame]:
        while True:
            try:
                result = self._graph.pull()
            except (BlockingIOError, EOFError):
                return
            if not isinstance(result, av.VideoFrame):
                raise MediaError("The deinterlacer gave something that is no frame.")
            woven = self._waiting.pop(0)
            result.pts, result.duration = woven.pts, woven.duration
            yield result
