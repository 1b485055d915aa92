"""Still pictures: decoded, enlarged and encoded at the same time, each by its own thread."""

from __future__ import annotations

import logging
import shutil
import sys
import tempfile
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from upscaler.errors import Cancelled, MediaError, UsageError
from upscaler.jobs import budget, receipts
from upscaler.jobs.pipe import Pipe, Shut, run_stages
from upscaler.jobs.recipes import Models, Step
from upscaler.jobs.settings import Settings
from upscaler.jobs.sizes import out_edge, target_size, wanted_scale
from upscaler.jobs.work import File, Item, Work
from upscaler.media import formats
from upscaler.media.convert import converted, parse_colour
from upscaler.media.files import remove_leftovers
from upscaler.media.picture import Header, Metadata, Pixels
from upscaler.media.resample import resized_rows
from upscaler.media.rows import ArraySource, IteratorSource, open_rows
from upscaler.media.still import read_header, read_metadata, read_picture
from upscaler.media.writing import QUALITY, FileSink, Form, enlarged_metadata

if TYPE_CHECKING:
    from upscaler.engine import Upscaler
    from upscaler.jobs.session import Session

_LOG = logging.getLogger("upscaler")

_AHEAD = 8  # pictures that wait for the network, or for the encoder
_BY_ROWS = 64_000_000  # pixels of an input above which it is decoded by rows, where its format allows it
_SMALL = 512 * 512  # pixels: pictures up to this share calls of the network


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureWork(Work):
    header: Header
    form: Form
    """Of the output."""


def takes(file: File, head: bytes) -> bool:
    """Pictures are what is left: so what is nothing at all is told in their words."""
    return True


def prepare(file: File, settings: Settings, models: Models, named: Path | None) -> PictureWork:
    """What will be done to a picture.  See ``jobs.work.Kind``."""
    header = read_header(file, most_pixels=round(settings.max_megapixels * 1e6))
    target = _format(header, settings, named)
    width, height = target_size(header.width, header.height, settings)
    if sentence := formats.too_large(target, width, height):
        raise MediaError(f"{_name(file)} was left out: {sentence}")
    recipe = models.recipe(wanted_scale(header.width, header.height, settings))
    channels, dtype = formats.held(target, header.channels, header.dtype)
    lossless = _lossless(header, target, settings)
    raw = width * height * channels * np.dtype(dtype).itemsize
    parse_colour(settings.background)
    return PictureWork(
        kind="pictures",
        width=header.width,
        height=header.height,
        out_width=width,
        out_height=height,
        suffix=_suffix(file, target, named),
        recipe=recipe,
        expected_bytes=_expected(raw, lossless),
        warnings=(
            *header.notes,
            *formats.losses(header, target, settings.background),
            *_beside_the_budget(raw, target, settings),
        ),
        header=header,
        form=Form(
            format=target,
            width=width,
            height=height,
            channels=channels,
            dtype=dtype,
            quality=QUALITY if settings.quality is None else settings.quality,
            lossless=lossless,
        ),
    )


def tidy(folder: Path, to_do: Collection[Path]) -> None:
    """Removes what killed runs left.  See ``jobs.work.Kind``."""
    remove_leftovers(folder)


def run(items: Sequence[Item], session: Session) -> None:
    """Does all pictures.  See ``jobs.work.Kind``."""
    _Line(items, session).run()


def _name(file: File) -> str:
    return str(file) if isinstance(file, Path) else "The picture from the standard input"


def _format(header: Header, settings: Settings, named: Path | None) -> formats.Format:
    by_name = formats.of_suffix(named.suffix) if named is not None else None
    if settings.format == "keep":
        return by_name or formats.kept(header)
    chosen = formats.named(settings.format)
    if by_name not in (None, chosen):
        raise UsageError(f"-o {named} and -f {settings.format} contradict one another; leave one of them out.")
    return chosen


def _suffix(file: File, target: formats.Format, named: Path | None) -> str:
    """The output's ending: as the user wrote it where it means the right format."""
    for path in (named, file):
        if isinstance(path, Path) and formats.of_suffix(path.suffix) == target:
            return path.suffix
    return target.suffixes[0]


def _lossless(header: Header, target: formats.Format, settings: Settings) -> bool:
    if settings.lossless and not target.lossless:
        raise UsageError(f"{target.title} cannot be written without loss here; png, tiff, webp and jxl can.")
    if not target.lossy:
        return True
    kept = settings.format == "keep" and settings.quality is None and header.lossless
    return settings.lossless or (kept and target.lossless)


def _beside_the_budget(raw: int, target: formats.Format, settings: Settings) -> Iterator[str]:
    """A sentence where an encoder that wants the whole picture needs more than the user allowed for what waits."""
    if settings.memory is not None and not target.by_rows and raw > budget.waiting(settings.memory):
        yield (
            f"{target.title} is coded from the whole picture, {raw / 1e6:.0f} MB of memory beside --memory; "
            "png, tiff and jpg are written by rows."
        )


def _expected(raw: int, lossless: bool) -> int:
    return raw * 6 // 10 if lossless else raw // 6


# --- the assembly line --------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Job:
    """One picture on its way."""

    item: Item
    work: PictureWork
    source: ArraySource | IteratorSource
    metadata: Metadata
    before: receipts.FileState | None
    failed: bool = False
    """What follows of it is not needed."""


@dataclass(slots=True)
class _Rows:
    """Finished rows of a picture, in the form of the output; ``last`` ends it."""

    job: _Job
    rows: Pixels
    last: bool


class _Line:
    """Decoder -> pipe -> network (the caller's thread) -> pipe -> encoder."""

    def __init__(self, items: Sequence[Item], session: Session) -> None:
        self._items = items
        self._session = session
        self._waiting = budget.waiting(session.settings.memory)
        self._decoded: Pipe[_Job] = Pipe(_AHEAD, self._waiting)
        self._enlarged: Pipe[_Rows] = Pipe(4 * _AHEAD, self._waiting)
        self._at: list[Item] = []
        """What the network is at."""

    def run(self) -> None:
        worked = run_stages("picture", self._decode, self._decoded, self._enlarge, self._enlarged, self._encode)
        self._session.worked("pictures", worked)

    # Decoder

    def _decode(self) -> None:
        for item in self._items:
            self._session.check()
            with self._one_item(item):
                job = self._open(item)
                self._decoded.put(job, job.work.header.bytes if isinstance(job.source, ArraySource) else 0)
        self._decoded.end()

    def _open(self, item: Item) -> _Job:
        work = item.work
        assert isinstance(work, PictureWork)
        before = receipts.state_of(item.source) if isinstance(item.source, Path) else None
        header = work.header
        large = header.width * header.height > _BY_ROWS or header.bytes > self._waiting
        if isinstance(item.source, Path) and large:
            source = open_rows(item.source, header)
            if source is not None:
                return _Job(item, work, source, read_metadata(item.source), before)
        picture = read_picture(item.source, most_pixels=round(self._session.settings.max_megapixels * 1e6))
        if (picture.width, picture.height) != (work.width, work.height):
            raise MediaError(f"{item.name} has changed since the job was planned; it was left out.")
        return _Job(item, work, ArraySource(picture.pixels), picture.metadata, before)

    # Network

    def _enlarge(self) -> None:
        while (job := self._decoded.get()) is not None:
            jobs = [job, *self._companions(job)]
            self._at = [each.item for each in jobs]
            for item in self._at:
                self._session.started(item)
            for each, rows in zip(jobs, self._rows_of_all(jobs), strict=True):
                with self._one_item(each.item, each):
                    if self._session.verify_tiles:
                        self._compare_tiles(each)
                    self._pass_on(each, rows or self._rows_of(each))

    def _rows_of_all(self, jobs: list[_Job]) -> list[Iterator[Pixels] | None]:
        """The enlarged pictures, made together; None for what is better done alone."""
        if len(jobs) > 1:
            whole = [each.source.read(0, each.source.height) for each in jobs]
            try:
                results = self._upscaler(jobs[0].work.recipe.steps[0]).upscale_many(whole)
                return [iter([result]) for result in results]
            except (Cancelled, Shut):
                raise
            except Exception as error:
                # Alone, only the one that it is about will fail.
                _LOG.debug("Pictures could not be enlarged together.", exc_info=error)
        return [None] * len(jobs)

    def _compare_tiles(self, job: _Job) -> None:
        from upscaler.engine.verify import verify_tiles

        if isinstance(job.source, ArraySource):
            model = self._session.models.model(job.work.recipe.steps[0])
            s = self._session.settings
            check = verify_tiles(
                model,
                job.source.read(0, job.source.height),
                device=s.device,
                precision=s.precision,
                exact=s.exact,
                seed=job.item.number,
            )
            self._session.tiles_compared(job.item, check)

    def _companions(self, job: _Job) -> Iterator[_Job]:
        """Small pictures that are decoded already and go through the same network: they share its calls."""

        def fits(other: _Job) -> bool:
            return (
                isinstance(other.source, ArraySource)
                and other.work.width * other.work.height <= _SMALL
                and other.work.recipe.steps == job.work.recipe.steps
                and (other.source.channels, other.source.dtype) == (job.source.channels, job.source.dtype)
            )

        if fits(job) and len(job.work.recipe.steps) == 1:
            while (other := self._decoded.get_now(fits)) is not None:
                yield other

    def _rows_of(self, job: _Job) -> Iterator[Pixels]:
        source = job.source
        for step in job.work.recipe.steps:
            source = _enlarged(source, self._upscaler(step))
        return source.all()

    def _upscaler(self, step: Step) -> Upscaler:
        teller = self._session.engine_teller(lambda: self._at)
        return self._session.models.upscaler(step, tell=teller, stop=self._session.control.stop)

    def _pass_on(self, job: _Job, rows: Iterator[Pixels]) -> None:
        """Brings rows to their exact size and form, and hands them to the encoder."""
        form, recipe = job.work.form, job.work.recipe
        size = (job.work.height, job.work.width)
        for step in recipe.steps:
            size = (out_edge(size[0], step.scale), out_edge(size[1], step.scale))
        background = parse_colour(self._session.settings.background)
        done = 0
        for band in resized_rows(rows, size, (form.height, form.width)):
            if job.failed:
                return
            ready = converted(band, form.channels, form.dtype, background)
            done += len(ready)
            self._enlarged.put(_Rows(job, ready, last=done == form.height), ready.nbytes)

    # Encoder

    def _encode(self) -> None:
        sink: FileSink | None = None
        writing: _Job | None = None
        try:
            while (part := self._enlarged.get()) is not None:
                job = part.job
                if sink is not None and job is not writing:
                    sink.abandon()  # its picture failed half-way
                    sink = None
                self._session.check()
                with self._one_item(job.item, job):
                    if not job.failed:
                        sink, writing = sink or self._sink(job), job
                        sink.write(part.rows)
                        if part.last:
                            sink.commit(partial(self._note, job))
                            self._committed(job, sink)
                            sink = None
        finally:
            if sink is not None:
                sink.abandon()

    def _sink(self, job: _Job) -> FileSink:
        work, settings = job.work, self._session.settings
        metadata = enlarged_metadata(job.metadata, work.out_width, work.out_height, strip=settings.strip_metadata)
        if (work.form.channels < 3) != (work.header.channels < 3):
            metadata = replace(metadata, icc=None)  # a profile for gray says nothing about colours, nor the other way
        path = job.item.output
        if path is None:
            path = Path(tempfile.mkdtemp(prefix="upscaler-")) / f"out{work.suffix}"
        return FileSink(path, work.form, metadata)

    def _note(self, job: _Job, part: Path) -> None:
        source, output = job.item.source, job.item.output
        if isinstance(source, Path) and output is not None and job.before is not None:
            settings = self._session.settings.for_pictures()
            receipts.write_receipt(source, job.before, output, settings, job.work.recipe, part=part)

    def _committed(self, job: _Job, sink: FileSink) -> None:
        size = sink.path.stat().st_size
        if job.item.output is None:
            with sink.path.open("rb") as file:
                shutil.copyfileobj(file, sys.stdout.buffer)
            sys.stdout.buffer.flush()
            shutil.rmtree(sink.path.parent, ignore_errors=True)
        self._session.finished(job.item, size)

    # All three

    @contextmanager
    def _one_item(self, item: Item, *jobs: _Job) -> Iterator[None]:
        """What goes wrong in here concerns ``jobs`` (or ``item``, before it is one); the others go on."""

        def fail() -> None:
            for job in jobs:
                job.failed = True

        with self._session.guarded([job.item for job in jobs] or [item], fail):
            yield


def _enlarged(source: ArraySource | IteratorSource, upscaler: Upscaler) -> IteratorSource:
    scale = upscaler.model.scale
    height, width = out_edge(source.height, scale), out_edge(source.width, scale)
    return IteratorSource(lambda: upscaler.upscale_rows(source), height, width, source.channels, str(source.dtype))
