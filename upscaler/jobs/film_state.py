"""Unfinished work on a film: who is at it, from which source and with which settings, and how far it has come."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Protocol, Self

import av
import msgspec
from filelock import FileLock, Timeout

from upscaler._version import __version__
from upscaler.errors import MediaError
from upscaler.jobs import events, receipts
from upscaler.jobs.film_plan import FilmWork
from upscaler.jobs.session import Session
from upscaler.jobs.work import Item
from upscaler.media.films import folders
from upscaler.media.films.encoders import Encoding
from upscaler.media.films.journal import PARTS, folder_of
from upscaler.media.films.patterns import is_pattern, times_beside

_LOCK = ".lock"
"""End of the name of the file that a run holds while it makes a film."""


class SourceState:
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
def alone(output: Path) -> Iterator[None]:
    """Two runs that make the same film would destroy each other's pieces."""
    output.parent.mkdir(parents=True, exist_ok=True)
    place = output.with_name(f".{output.name}{_LOCK}")
    lock = FileLock(place)
    try:
        lock.acquire(timeout=0)
    except Timeout as error:
        raise MediaError(f"Another run is making {output} already; wait for it, or choose another output.") from error
    try:
        yield
    finally:
        with suppress(OSError):  # Windows removes no file that is open; there the lock's own release removes it
            place.unlink(missing_ok=True)
        lock.release()


def remove_done(folder: Path, to_do: Collection[Path]) -> None:
    """Removes what a run leaves that is killed at its last step: journal, pieces and lock of films that are whole.

    Not those of films ``to_do``, which stand there whole and are to be replaced by one that was begun.
    """
    ends = (PARTS, _LOCK)
    left = [path.name for path in folder.glob(".*") if path.name.endswith(ends)]
    for name in {name[1:].removesuffix(PARTS).removesuffix(_LOCK) for name in left}:
        output = folder / name
        if output not in to_do and receipts.made_by_us(times_beside(output) if is_pattern(output) else output):
            with suppress(MediaError), alone(output):  # unless it is another run's that is just ending
                shutil.rmtree(folder_of(output), ignore_errors=True)


def made_by(work: FilmWork, encoding: Encoding | None, session: Session) -> str:
    """A hash of all that the finished part of a film depends on.  ``encoding``: None for frames, which are PNG."""
    settings = session.settings
    facts: dict[str, object] = {
        "source": _source_facts(work),
        "settings": receipts.fingerprint(settings),
        "tile": settings.tile,
        "models": [step.identity for step in work.recipe.steps],
        "size": [work.full_width, work.full_height],
        "colour": repr(work.coding) + repr(work.film.colour),
        "versions": [__version__, av.__version__],
    }
    if encoding is not None:
        facts |= {
            "coded size": [encoding.width, encoding.height],
            "encoder": [encoding.encoder.name, encoding.format, str(encoding.rate), encoding.gop, encoding.options()],
            "coded colour": repr(encoding.coding) + repr(encoding.colour) + repr(encoding.aspect),
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


def say_beginning(
    item: Item, work: FilmWork, output: Path, session: Session, *, anew: bool, done: int, by: tuple[str, str]
) -> None:
    """Tells where the work begins, if not at the beginning.

    ``anew``: an earlier run's work no longer fits; ``by``: what computed then, and what does now.
    """
    if anew:
        session.warned(item, f"{output.name} was begun from another source or with other settings; it starts anew.")
    elif done:
        then, now = by
        if then not in ("", now):
            session.warned(
                item, f"{output.name} was begun by {then} and goes on by {now}: its parts may differ by rounding."
            )
        session.tell(events.Progress(item.number, done, expected_total(work, done, None), "going on"))


def no_frame(name: str) -> MediaError:
    return MediaError(f"{name} holds no frame in the part that was asked for; it was left out.")


def expected_total(work: FilmWork, done: int, ticks: int | None) -> int:
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


class Counted(Protocol):
    """A part of a film, as the journal has it."""

    @property
    def damaged(self) -> int: ...
    @property
    def reused(self) -> int: ...
    @property
    def computed(self) -> int: ...


def report(item: Item, session: Session, frames: int, parts: Sequence[Counted]) -> None:
    """Fills the report's row for a film, and says what was damaged."""
    damaged = sum(part.damaged for part in parts)
    reused, computed = sum(part.reused for part in parts), sum(part.computed for part in parts)
    row = session.report.items[item.number]
    row.frames, row.damaged_frames = frames, damaged
    row.reused = round(reused / (reused + computed), 4) if reused + computed else 0.0
    if damaged:
        were = "frame was" if damaged == 1 else "frames were"
        session.warned(item, f"{item.name} is damaged: {damaged} {were} concealed, all times are kept.")
