"""Doing what was planned for a film: piece by piece, so that a run that was killed is gone on with."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import numpy as np

from upscaler.jobs import events
from upscaler.jobs.film_enlarger import Enlarger
from upscaler.jobs.film_frames import run_frames, run_preview
from upscaler.jobs.film_line import Made, ready_frames, run_line
from upscaler.jobs.film_plan import FilmWork
from upscaler.jobs.film_shown import Shown
from upscaler.jobs.film_state import (
    SourceState,
    alone,
    expected_total,
    made_by,
    no_frame,
    report,
    say_beginning,
)
from upscaler.jobs.session import Session
from upscaler.jobs.work import Item
from upscaler.media.convert import converted, parse_colour
from upscaler.media.files import NewFile
from upscaler.media.films import clips
from upscaler.media.films.colour import Coding, Colour, Floats
from upscaler.media.films.encoders import ENCODERS, Encoding
from upscaler.media.films.formats import Plane, layout_of
from upscaler.media.films.mux import write_film
from upscaler.media.films.planes import PlaneMaker
from upscaler.media.films.segments import Parts, PieceWriter, decoded_frames
from upscaler.media.films.verify import check_film


def run_films(items: Sequence[Item], session: Session) -> None:
    """See ``jobs.work.Kind.run``."""
    for item in items:
        session.check()
        session.started(item)
        with session.guarded([item]):
            work, output = item.work, item.output
            assert isinstance(work, FilmWork)
            assert output is not None  # the plan has seen to it
            {"film": _film, "clip": _clip, "frames": run_frames, "preview": run_preview}[work.form](
                item, work, output, session
            )


def _film(item: Item, work: FilmWork, output: Path, session: Session) -> None:
    encoding, target = work.encoding, work.target
    assert encoding is not None
    assert target is not None
    background = parse_colour(session.settings.background)

    maker = PlaneMaker(encoding.coding, encoding.height, encoding.width)

    def coded(shown: Shown) -> list[Plane]:
        def rows(first: int, last: int) -> Floats:
            pixels = shown.rows(first, last)[:, : encoding.width]
            if pixels.shape[2] in (2, 4) and not encoding.coding.layout.alpha:
                return converted(pixels, pixels.shape[2] - 1, "float32", background)
            if pixels.shape[2] in (1, 3) and encoding.coding.layout.alpha:
                return np.dstack((pixels, np.ones(pixels.shape[:2], np.float32)))
            return pixels

        return maker.update(rows, shown.changed[: encoding.height])

    def join(parts: Parts, part: Path) -> None:
        check_film(part, output, encoding, write_film(work.film, target, encoding, parts, part, work.span))

    _by_pieces(item, work, output, session, encoding, coded, join)


def _clip(item: Item, work: FilmWork, output: Path, session: Session) -> None:
    """An animated picture is one piece that no one can go on with: its frames lie without loss in others until then."""

    def coded(shown: Shown) -> list[Plane]:
        whole = converted(shown.pixels(), 4, "uint8", (255, 255, 255))
        return [np.ascontiguousarray(whole[..., index]) for index in range(4)]

    def join(parts: Parts, part: Path) -> None:
        film = work.film
        lengths = _milliseconds(parts, film.time_base, film.rate)
        shown = [
            clips.Shown(np.dstack(planes), length)
            for planes, length in zip(decoded_frames(parts), lengths, strict=True)
        ]
        clips.write_clip(part, work.clip, shown, loops=clips.loops_of(film.path) if film.clip else 0)
        clips.check_clip(part, output, work.clip, shown)

    encoding = Encoding(
        encoder=ENCODERS["ffv1"],
        format="bgra",
        width=work.full_width,
        height=work.full_height,
        rate=Fraction(25),
        coding=Coding(layout_of("gbrap"), 0, full_range=True),
        colour=Colour(matrix=0, primaries=1, transfer=13, full_range=True, range_known=True),
        crf=None,
        preset=None,
        gop=_CLIP_PIECE,
    )
    _by_pieces(item, work, output, session, encoding, coded, join)


_CLIP_PIECE = 24
"""Frames of an animated picture that are lost at most when a run is killed."""


def _milliseconds(parts: Parts, time_base: Fraction, rate: Fraction) -> list[int]:
    """How long each frame is shown: until the next one, the last one for its own time."""
    ticks = [when for piece in parts.pieces for when in piece.ticks]
    lengths = [after - before for before, after in pairwise(ticks)]
    last = parts.pieces[-1].last_duration
    return [round(length * time_base * 1000) for length in (*lengths, last or 1 / rate / time_base)]


# --- pieces -----------------------------------------------------------------------------------------------------------


def _by_pieces(
    item: Item,
    work: FilmWork,
    output: Path,
    session: Session,
    encoding: Encoding,
    coded: Callable[[Shown], list[Plane]],
    join: Callable[[Parts, Path], None],
) -> None:
    """Makes what no earlier run has made, and the output from it.

    ``coded`` turns a frame (of the work's full size) into the planes that ``encoding`` takes; ``join`` writes all
    pieces into one checked file.
    """
    enlarger = Enlarger(work, session, item)
    parts = Parts(output)
    with alone(output), SourceState(work) as state:
        try:
            now = enlarger.computed_by
            anew = parts.open(made_by(work, encoding, session), enlarger.choose, now)
            by = parts.computed_by, now
            say_beginning(item, work, output, session, anew=anew, done=parts.frames, by=by)
            enlarger.settle(parts.choices)
            _make_pieces(item, work, encoding, coded, parts, enlarger, session)
            if not parts.frames:
                raise no_frame(item.name)
            session.tell(events.Progress(item.number, parts.frames, parts.frames, "joining"))
            with NewFile(output) as new:
                join(parts, new.part)
                state.write_receipt(new.part, output, session)
                new.commit()
            report(item, session, parts.frames, parts.pieces)
            parts.remove()
        finally:
            if not parts.pieces:
                parts.remove()
    session.finished(item, output.stat().st_size)


def _make_pieces(
    item: Item,
    work: FilmWork,
    encoding: Encoding,
    coded: Callable[[Shown], list[Plane]],
    parts: Parts,
    enlarger: Enlarger,
    session: Session,
) -> None:
    """All pieces that are not there yet."""
    writing: PieceWriter | None = None
    shown, planes = Shown(work), list[Plane]()

    def finish() -> None:
        nonlocal writing
        if writing is not None:
            reused, computed = enlarger.counts()
            writing.finish(reused=reused, computed=computed)
            writing = None

    def write(made: Made) -> None:
        nonlocal writing, planes
        frame = made.ready.frame
        writing = writing or PieceWriter(parts, encoding)
        shown.take(made)
        planes = coded(shown) if shown.changed.any() else planes
        writing.write(planes, frame.ticks, frame.duration, frame.damaged)
        done = frame.index + 1
        session.tell(events.Progress(item.number, done, expected_total(work, done, frame.ticks)))
        if writing.frames == encoding.gop:
            finish()

    try:
        run_line(
            ready_frames(work, parts.frames, deinterlace=session.settings.film.deinterlace),
            enlarger.enlarge,
            write,
            session,
            group=enlarger.group,
            piece=encoding.gop,
            on_cpu=enlarger.on_cpu,
        )
        finish()
    finally:
        if writing is not None:
            writing.abandon()
