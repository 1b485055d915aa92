"""Doing what was planned for a film: piece by piece, so that a run that was killed is gone on with."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Self

import av
import msgspec
import numpy as np
from filelock import FileLock, Timeout

from upscaler._version import __version__
from upscaler.errors import MediaError
from upscaler.jobs import events, receipts
from upscaler.jobs.film_enlarger import Enlarger
from upscaler.jobs.film_line import Made, ready_frame, ready_frames, run_line
from upscaler.jobs.film_plan import FilmWork
from upscaler.jobs.session import Session
from upscaler.jobs.work import Item
from upscaler.media.convert import converted, parse_colour
from upscaler.media.files import NewFile, remove_leftovers
from upscaler.media.films import clips, folders, patterns
from upscaler.media.films.colour import Floats, from_rgb
from upscaler.media.films.encoders import Encoding
from upscaler.media.films.mux import write_film
from upscaler.media.films.segments import PARTS, Parts, PieceWriter
from upscaler.media.films.sources import frames_of
from upscaler.media.films.verify import check_film
from upscaler.media.picture import Metadata, Picture, Pixels
from upscaler.media.writing import write_picture


def run_films(items: Sequence[Item], session: Session) -> None:
    """See ``jobs.work.Kind.run``."""
    for folder in {item.output.parent for item in items if item.output is not None}:
        remove_leftovers(folder)
        _remove_done(folder)
    for item in items:
        session.check()
        session.started(item)
        with session.guarded([item]):
            work, output = item.work, item.output
            assert isinstance(work, FilmWork)
            assert output is not None  # the plan has seen to it
            {"film": _film, "clip": _clip, "frames": _frames, "preview": _preview}[work.form](
                item, work, output, session
            )


def _remove_done(folder: Path) -> None:
    """The pieces of films that are whole: what a run leaves that is killed at its very last step."""
    for parts in folder.glob(f".*{PARTS}"):
        output = folder / parts.name[1 : -len(PARTS)]
        if output.exists() and receipts.made_by_us(output):
            shutil.rmtree(parts, ignore_errors=True)


# --- films ------------------------------------------------------------------------------------------------------------


def _film(item: Item, work: FilmWork, output: Path, session: Session) -> None:
    encoding, target = work.encoding, work.target
    assert encoding is not None
    assert target is not None
    enlarger = Enlarger(work, session, item)
    parts = Parts(output)
    with _alone(parts, output), _SourceState(work) as state:
        if parts.open(_made_by(work, encoding, session), enlarger.choose):
            session.warned(item, f"{output.name} was begun from another source or with other settings; it starts anew.")
        elif parts.frames:
            session.tell(events.Progress(item.number, parts.frames, _total(work, parts.frames, None), "going on"))
        enlarger.settle(parts.choices)
        _make_pieces(item, work, encoding, parts, enlarger, session)
        if not parts.frames:
            raise MediaError(f"{item.name} holds no frame in the part that was asked for; it was left out.")
        session.tell(events.Progress(item.number, parts.frames, parts.frames, "joining"))
        with NewFile(output) as new:
            written = write_film(work.film, target, encoding, parts, new.part, work.span)
            check_film(new.part, output, encoding, written)
            state.write_receipt(new.part, output, session)
            new.commit()
        _report(item, parts, session)
        parts.remove()
    session.finished(item, output.stat().st_size)


class _SourceState:
    """What the source is before it is read, for the receipt: hashed beside the work, since films are large."""

    def __init__(self, work: FilmWork) -> None:
        self._work = work
        self._pool = ThreadPoolExecutor(1)
        self._state = None if work.film.container == "frames" else self._pool.submit(receipts.state_of, work.film.path)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)

    def write_receipt(self, part: Path, output: Path, session: Session) -> None:
        if self._state is not None:
            path, recipe = self._work.film.path, self._work.recipe
            receipts.write_receipt(path, self._state.result(), output, session.settings, recipe, part=part)


@contextmanager
def _alone(parts: Parts, output: Path) -> Iterator[None]:
    """Two runs that make the same film would destroy each other's pieces."""
    output.parent.mkdir(parents=True, exist_ok=True)
    place = parts.folder.with_suffix(".lock")
    lock = FileLock(place)
    try:
        lock.acquire(timeout=0)
    except Timeout as error:
        raise MediaError(f"Another run is making {output} already; wait for it, or choose another output.") from error
    try:
        yield
    finally:
        if not parts.pieces:
            parts.remove()
        place.unlink(missing_ok=True)
        lock.release()


def _make_pieces(
    item: Item, work: FilmWork, encoding: Encoding, parts: Parts, enlarger: Enlarger, session: Session
) -> None:
    """All pieces that are not there yet."""
    writing: PieceWriter | None = None
    background = parse_colour(session.settings.background)

    def finish() -> None:
        nonlocal writing
        if writing is not None:
            reused, computed = enlarger.counts()
            writing.finish(reused=reused, computed=computed)
            writing = None

    def write(made: Made) -> None:
        nonlocal writing
        frame = made.ready.frame
        writing = writing or PieceWriter(parts, encoding)
        pixels = made.pixels(work)[: encoding.height, : encoding.width]
        writing.write(_planes(pixels, encoding, background), frame.ticks, frame.duration, frame.damaged)
        done = frame.index + 1
        session.tell(events.Progress(item.number, done, _total(work, done, frame.ticks)))
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
        )
        finish()
    finally:
        if writing is not None:
            writing.abandon()


def _planes(pixels: Floats, encoding: Encoding, background: tuple[int, int, int]) -> list[Pixels]:
    layout = encoding.coding.layout
    if pixels.shape[2] in (2, 4) and not layout.alpha:
        pixels = converted(pixels, pixels.shape[2] - 1, "float32", background)
    elif layout.alpha and pixels.shape[2] in (1, 3):
        pixels = np.dstack((pixels, np.ones(pixels.shape[:2], np.float32)))
    return from_rgb(pixels, encoding.coding)


def _total(work: FilmWork, done: int, ticks: int | None) -> int:
    """How many frames there will be, by the time that has passed; the header's number only where they agree."""
    film = work.film
    said = film.frames or 0
    if film.seconds and ticks is not None:
        begin = work.span.start or 0.0
        end = min(film.seconds, work.span.end) if work.span.end is not None else film.seconds
        passed = float(ticks * film.time_base) - begin
        whole = max(end - begin, 1e-3)
        by_time = round(done * max(whole / max(passed + 1 / float(film.rate), 1e-3), 1.0))
        said = said if said and abs(by_time - said) <= 0.1 * said else by_time
    return max(said, done)


def _report(item: Item, parts: Parts, session: Session) -> None:
    row = session.report.items[item.number]
    row.frames = parts.frames
    row.damaged_frames = sum(piece.damaged for piece in parts.pieces)
    reused, computed = sum(p.reused for p in parts.pieces), sum(p.computed for p in parts.pieces)
    row.reused = round(reused / (reused + computed), 4) if reused + computed else 0.0
    if row.damaged_frames:
        frames = "frame was" if row.damaged_frames == 1 else "frames were"
        session.warned(item, f"{item.name} is damaged: {row.damaged_frames} {frames} concealed, all times are kept.")


def _made_by(work: FilmWork, encoding: Encoding, session: Session) -> str:
    """A hash of all that the pieces depend on."""
    settings = session.settings
    facts = {
        "source": _source_facts(work),
        "settings": receipts.fingerprint(settings),
        "tile": settings.tile,
        "models": [step.identity for step in work.recipe.steps],
        "size": [work.full_width, work.full_height, encoding.width, encoding.height],
        "encoder": [encoding.encoder.name, encoding.format, str(encoding.rate), encoding.gop, encoding.options()],
        "colour": repr(encoding.coding) + repr(encoding.colour) + repr(encoding.aspect),
        "versions": [__version__, av.__version__],
    }
    return hashlib.sha256(msgspec.json.encode(facts, order="sorted")).hexdigest()


_SAMPLES, _SAMPLE = 16, 1 << 16


def _source_facts(work: FilmWork) -> list[object]:
    """Size, time and a hash of places all over the file: to hash a film as a whole takes minutes."""
    if work.film.container == "frames":
        files = folders.files_of(work.film.path)
        return [[path.name, path.stat().st_size, path.stat().st_mtime_ns] for path in files]
    stat = work.film.path.stat()
    digest = hashlib.sha256()
    with work.film.path.open("rb") as file:
        for index in range(_SAMPLES):
            file.seek(index * max(stat.st_size - _SAMPLE, 0) // (_SAMPLES - 1))
            digest.update(file.read(_SAMPLE))
    return [stat.st_size, stat.st_mtime_ns, digest.hexdigest()]


# --- animated pictures, frames, previews ------------------------------------------------------------------------------


def _each(item: Item, work: FilmWork, session: Session, write: Callable[[Made], None]) -> Enlarger:
    """Every frame through the line, in one go."""
    enlarger = Enlarger(work, session, item)
    enlarger.settle(enlarger.choose())

    def told(made: Made) -> None:
        write(made)
        done = made.ready.frame.index + 1
        session.tell(events.Progress(item.number, done, _total(work, done, made.ready.frame.ticks)))
        row = session.report.items[item.number]
        row.frames, row.damaged_frames = done, row.damaged_frames + made.ready.frame.damaged

    frames = ready_frames(work, 0, deinterlace=session.settings.film.deinterlace)
    run_line(frames, enlarger.enlarge, told, session, group=enlarger.group, piece=1 << 30)
    reused, computed = enlarger.counts()
    session.report.items[item.number].reused = round(reused / (reused + computed), 4) if reused + computed else 0.0
    return enlarger


def _clip(item: Item, work: FilmWork, output: Path, session: Session) -> None:
    shown: list[clips.Shown] = []
    first: list[int] = []
    film = work.film

    def write(made: Made) -> None:
        pixels = converted(made.pixels(work), 4, "uint8", (255, 255, 255))
        frame = made.ready.frame
        first.append(frame.ticks)
        length = round(frame.duration * film.time_base * 1000)
        if len(first) > 1:
            earlier = round((frame.ticks - first[-2]) * film.time_base * 1000)
            shown[-1] = replace(shown[-1], milliseconds=earlier)
        shown.append(clips.Shown(pixels, length or round(1000 / film.rate)))

    _each(item, work, session, write)
    if not shown:
        raise MediaError(f"{item.name} holds no frame in the part that was asked for; it was left out.")
    with NewFile(output) as new, _SourceState(work) as state:
        clips.write_clip(new.part, work.clip, shown, loops=clips.loops_of(film.path) if film.clip else 0)
        clips.check_clip(new.part, output, work.clip, shown)
        state.write_receipt(new.part, output, session)
        new.commit()
    session.finished(item, output.stat().st_size)


def _frames(item: Item, work: FilmWork, output: Path, session: Session) -> None:
    times: list[int] = []
    last = 0

    def write(made: Made) -> None:
        nonlocal last
        times.append(made.ready.frame.ticks)
        last = made.ready.frame.duration
        _write_frame(made.pixels(work), work, patterns.numbered(output, len(times)))

    _each(item, work, session, write)
    if not times:
        raise MediaError(f"{item.name} holds no frame in the part that was asked for; it was left out.")
    folders.write_times(output, work.film.time_base, times, last)
    session.finished(item, sum(patterns.numbered(output, n + 1).stat().st_size for n in range(len(times))))


def _preview(item: Item, work: FilmWork, output: Path, session: Session) -> None:
    when = session.settings.film.preview or 0.0
    frame = next(islice(frames_of(work.film, start=when), 1), None)
    if frame is None:
        raise MediaError(f"{item.name} has ended at {when:g} s; --preview takes an earlier time.")
    enlarger = Enlarger(work, session, item)
    enlarger.settle(enlarger.choose())
    ready = ready_frame(frame, work)
    made = Made(ready, enlarger.enlarge([ready.pixels], True)[0])
    plain = ready.pixels if ready.pixels.ndim == 3 else ready.pixels[..., None]
    _write_frame(plain, work, output.with_name(f"{output.stem}_before{output.suffix}"))
    _write_frame(made.pixels(work), work, output)
    with _SourceState(work) as state:
        state.write_receipt(output, output, session)
    session.report.items[item.number].frames = 1
    session.finished(item, output.stat().st_size)


def _write_frame(pixels: Floats, work: FilmWork, path: Path) -> None:
    """One frame as PNG, in the depth of the film, with its primaries and transfer where the film tells them."""
    dtype = "uint8" if work.film.layout.depth == 8 else "uint16"
    colour = work.film.colour
    known = colour.primaries not in (0, 2) and colour.transfer not in (0, 2)
    metadata = Metadata(png_colour=((b"cICP", bytes((colour.primaries, colour.transfer, 0, 1))),) if known else ())
    write_picture(Picture(converted(pixels, pixels.shape[2], dtype, (255, 255, 255)), metadata, "png"), path)
