"""Frames of a film as PNG: all of them, numbered, so that other tools can join; or one, to look at before the rest."""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice
from pathlib import Path

from upscaler.errors import MediaError
from upscaler.jobs import events
from upscaler.jobs.film_enlarger import Enlarger
from upscaler.jobs.film_line import Made, ready_frame, ready_frames, run_line
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
from upscaler.media.convert import converted
from upscaler.media.films import folders, patterns
from upscaler.media.films.colour import Floats
from upscaler.media.films.made_frames import MadeFrames
from upscaler.media.films.sources import frames_of
from upscaler.media.picture import Metadata, Picture
from upscaler.media.writing import write_picture

_PIECE = 48
"""Frames after which nothing of the earlier ones is used; a multiple of every group."""


def run_frames(item: Item, work: FilmWork, output: Path, session: Session) -> None:
    """Writes each frame as soon as it is made; a run that was killed is gone on with after the last whole one."""
    enlarger = Enlarger(work, session, item)
    made = MadeFrames(output)
    # A graphics card may round by the place in a group: there, what is gone on with begins where groups do.
    step = 1 if enlarger.group == 1 else _PIECE
    with alone(output), SourceState(work) as state:
        try:
            now = enlarger.computed_by
            anew = made.open(made_by(work, None, session), enlarger.choose, step, now)
            by = made.computed_by, now
            say_beginning(item, work, output, session, anew=anew, done=len(made.frames), by=by)
            enlarger.settle(made.choices)
            _make_frames(item, work, output, made, enlarger, session)
            if not made.frames:
                raise no_frame(item.name)
            made.remove_others()
            folders.write_times(
                output,
                work.film.time_base,
                [frame.ticks for frame in made.frames],
                made.frames[-1].duration,
                lambda part: state.write_receipt(part, patterns.times_beside(output), session),
            )
            report(item, session, len(made.frames), made.frames)
            made.remove_journal()
        finally:
            if not made.frames:
                made.remove_journal()
    session.finished(item, sum(frame.size for frame in made.frames))


def _make_frames(
    item: Item, work: FilmWork, output: Path, made: MadeFrames, enlarger: Enlarger, session: Session
) -> None:
    """All frames that are not there yet."""
    shown = Shown(work)

    def write(result: Made) -> None:
        frame = result.ready.frame

        def noted(part: Path) -> None:
            reused, computed = enlarger.counts()
            made.add(
                part,
                ticks=frame.ticks,
                duration=frame.duration,
                damaged=frame.damaged,
                reused=reused,
                computed=computed,
            )

        shown.take(result)
        _write_frame(shown.pixels(), work, patterns.numbered(output, frame.index + 1), noted)
        done = frame.index + 1
        session.tell(events.Progress(item.number, done, expected_total(work, done, frame.ticks)))

    frames = ready_frames(work, len(made.frames), deinterlace=session.settings.film.deinterlace)
    run_line(frames, enlarger.enlarge, write, session, group=enlarger.group, piece=_PIECE, on_cpu=enlarger.on_cpu)


def run_preview(item: Item, work: FilmWork, output: Path, session: Session) -> None:
    """One frame, before and after."""
    when = session.settings.film.preview or 0.0
    frame = next(islice(frames_of(work.film, start=when), 1), None)
    if frame is None:
        raise MediaError(f"{item.name} has ended at {when:g} s; --preview takes an earlier time.")
    enlarger = Enlarger(work, session, item)
    enlarger.settle(enlarger.choose())
    ready = ready_frame(frame, work)
    shown = Shown(work)
    shown.take(Made(ready, enlarger.enlarge([ready.pixels], True)[0]))
    plain = ready.pixels if ready.pixels.ndim == 3 else ready.pixels[..., None]
    _write_frame(plain, work, output.with_name(f"{output.stem}_before{output.suffix}"))
    _write_frame(shown.pixels(), work, output)
    with SourceState(work) as state:
        state.write_receipt(output, output, session)
    session.report.items[item.number].frames = 1
    session.finished(item, output.stat().st_size)


def _write_frame(pixels: Floats, work: FilmWork, path: Path, noted: Callable[[Path], None] | None = None) -> None:
    """One frame as PNG, in the depth of the film, with its primaries and transfer where the film tells them."""
    dtype = "uint8" if work.film.layout.depth == 8 else "uint16"
    colour = work.film.colour
    known = colour.primaries not in (0, 2) and colour.transfer not in (0, 2)
    metadata = Metadata(png_colour=((b"cICP", bytes((colour.primaries, colour.transfer, 0, 1))),) if known else ())
    picture = Picture(converted(pixels, pixels.shape[2], dtype, (255, 255, 255)), metadata, "png")
    write_picture(picture, path, noted=noted)
