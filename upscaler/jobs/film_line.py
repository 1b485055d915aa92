"""Frames on their way: decoded, enlarged and written at the same time, each by its own thread.

A stage that fails ends the line, and its error is raised: nothing waits for a thread that is gone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from upscaler.engine.frames import Enlarged
from upscaler.jobs import budget
from upscaler.jobs.film_plan import FilmWork
from upscaler.jobs.pipe import Pipe, run_stages
from upscaler.jobs.process import yield_to_network
from upscaler.media.films.colour import Floats, split_excess, to_rgb
from upscaler.media.films.reader import Frame
from upscaler.media.films.sources import frames_of

if TYPE_CHECKING:
    from upscaler.jobs.session import Session

_AHEAD = 16  # frames that wait for the network, or for the encoder

Enlarge = Callable[[Sequence[Floats], bool], list[Enlarged]]
"""Frames, and whether they begin a piece -> the frames enlarged by the recipe's networks."""


@dataclass(frozen=True, slots=True)
class Ready:
    """A decoded frame, in the colours that networks take."""

    frame: Frame
    """Its planes are gone: only number, times and damage are left."""

    pixels: Floats
    """H,W or H,W,C in 0..1."""

    excess: Floats | None
    """What of the colours lies beyond 0..1; it goes around the network."""

    @property
    def nbytes(self) -> int:
        return self.pixels.nbytes + (self.excess.nbytes if self.excess is not None else 0)


@dataclass(frozen=True, slots=True)
class Made:
    """A frame of the result, as the networks left it."""

    ready: Ready
    enlarged: Enlarged


def ready_frames(work: FilmWork, skip: int, *, deinterlace: bool) -> Iterator[Ready]:
    """The frames of a work, decoded and converted."""
    span = work.span
    duration = None if span.end is None else span.end - (span.start or 0.0)
    for frame in frames_of(work.film, start=span.start, duration=duration, deinterlace=deinterlace, skip=skip):
        yield ready_frame(frame, work)


def ready_frame(frame: Frame, work: FilmWork) -> Ready:
    pixels = to_rgb(frame.planes, work.coding)
    colours = work.coding.layout.colours
    bare = Frame(frame.index, frame.ticks, frame.duration, frame.layout, [], frame.damaged)
    if work.coding.layout.alpha:
        inside, excess = split_excess(np.ascontiguousarray(pixels[..., :colours]))
        return Ready(bare, np.dstack((inside, pixels[..., colours:])), excess)
    inside, excess = split_excess(pixels)
    return Ready(bare, inside, excess)


def run_line(
    frames: Iterator[Ready],
    enlarge: Enlarge,
    write: Callable[[Made], None],
    session: Session,
    *,
    group: int,
    piece: int,
    on_cpu: bool,
) -> None:
    """Decoder -> pipe -> network (the caller's thread) -> pipe -> encoder.

    Args:
        frames: what is decoded; runs in a thread of its own.
        enlarge: gets ``group`` frames at a time, fewer only at the end of a piece, so that the same frames always go
            together.
        write: takes each result in order, in a thread of its own.
        session: is asked whether to go on.
        group: a divisor of ``piece``.
        piece: frames after which nothing of the earlier ones may be used.
        on_cpu: the network computes on the processor, where the other stages are to get what it leaves.
    """
    line = _Line(frames, write, session, on_cpu=on_cpu)
    line.run(enlarge, group, piece)


class _Line:
    def __init__(
        self, frames: Iterator[Ready], write: Callable[[Made], None], session: Session, *, on_cpu: bool
    ) -> None:
        self._on_cpu = on_cpu
        self._frames = frames
        self._write = write
        self._session = session
        waiting = budget.waiting(session.settings.memory)
        self._decoded: Pipe[Ready] = Pipe(_AHEAD, waiting)
        self._enlarged: Pipe[Made] = Pipe(_AHEAD, waiting)

    def run(self, enlarge: Enlarge, group: int, piece: int) -> None:
        worked = run_stages(
            "film",
            self._decode,
            self._decoded,
            lambda: self._enlarge(enlarge, group, piece),
            self._enlarged,
            self._encode,
        )
        self._session.worked("films", worked)

    def _decode(self) -> None:
        if self._on_cpu:
            yield_to_network()
        for ready in self._frames:
            self._session.check()
            self._decoded.put(ready, ready.nbytes)
        self._decoded.end()

    def _enlarge(self, enlarge: Enlarge, group: int, piece: int) -> None:
        waiting: list[Ready] = []
        while (ready := self._decoded.get()) is not None:
            waiting.append(ready)
            if len(waiting) == group or (ready.frame.index + 1) % piece == 0:
                self._pass_on(waiting, enlarge, piece)
                waiting = []
        if waiting:
            self._pass_on(waiting, enlarge, piece)

    def _pass_on(self, waiting: list[Ready], enlarge: Enlarge, piece: int) -> None:
        self._session.check()
        larger = enlarge([ready.pixels for ready in waiting], waiting[0].frame.index % piece == 0)
        for ready, enlarged in zip(waiting, larger, strict=True):
            self._enlarged.put(Made(ready, enlarged), enlarged.nbytes)

    def _encode(self) -> None:
        if self._on_cpu:
            yield_to_network()
        while (made := self._enlarged.get()) is not None:
            self._write(made)
