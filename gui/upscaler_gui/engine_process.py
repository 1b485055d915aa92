"""The process that enlarges.  It alone imports torch, so the window never waits for an import or an interpreter lock.

The window sends orders; the process answers each with any number of ``Told`` and exactly one ``Done`` or ``Refused``.
It does one order at a time, in the order in which they came, and hears of pauses and cancellations at once.
"""

from __future__ import annotations

import contextlib
import queue
import signal
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Literal

from upscaler.errors import Cancelled, UpscalerError
from upscaler.jobs import events
from upscaler.jobs.control import Control
from upscaler.jobs.plan import Plan, Request, make_plan
from upscaler.jobs.process import prepare, rest
from upscaler.jobs.recipes import Models
from upscaler.jobs.settings import Settings
from upscaler.jobs.work import Item
from upscaler_gui.awake import awake

Region = tuple[int, int, int, int]

AT_ONCE = 200
"""Rows in one message: many small ones keep the window fluid."""

NICE = 10
"""Of this process, where systems count so: 0 is usual, 19 the most."""


@dataclass(frozen=True, slots=True)
class PlanOrder:
    """Look at all inputs.  Told: ``PlannedRow``s in tuples; done: an ``Outlook``."""

    request: Request
    settings: Settings


@dataclass(frozen=True, slots=True)
class JobOrder:
    """Plan and run a job.  Told: ``PlannedRow``s in tuples, then ``Loading``, then events; done: the report."""

    request: Request
    settings: Settings


@dataclass(frozen=True, slots=True)
class PreviewOrder:
    """Enlarge a region (of the input) of a file.  Done: a ``Preview``."""

    path: Path
    region: Region
    settings: Settings


@dataclass(frozen=True, slots=True)
class DownloadOrder:
    """Fetch the weights of a model, at all its scales.  Told: ``events.Downloading``; done: None."""

    name: str


Order = PlanOrder | JobOrder | PreviewOrder | DownloadOrder


@dataclass(frozen=True, slots=True)
class PlannedRow:
    """What the plan says of one input.  Sizes are (width, height), None where it cannot be read."""

    number: int
    source: Path
    output: Path | None
    size_in: tuple[int, int] | None
    size_out: tuple[int, int] | None
    film: bool
    sentence: str
    """Why it will fail or be skipped, or what will be lost."""


@dataclass(frozen=True, slots=True)
class Outlook:
    """What a job will do as a whole."""

    files: int
    sizes: tuple[int, int, int, int] | None
    """Width and height before and after, if they are the same for all."""

    megapixels_in: float | None
    """None where there are films: what they cost is not known from their size."""

    megapixels_out: float
    models: tuple[str, ...]
    """As ``span x4``."""

    reason: str
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Loading:
    """The plan is made; the model is being loaded."""


@dataclass(frozen=True, slots=True)
class Told:
    number: int
    what: object


@dataclass(frozen=True, slots=True)
class Done:
    number: int
    result: object


@dataclass(frozen=True, slots=True)
class Refused:
    """It failed as a whole; the sentence says why."""

    number: int
    sentence: str


Answer = Told | Done | Refused
Command = Literal["pause", "resume", "cancel"]
Tell = Callable[[object], None]


def serve(link: Connection) -> None:
    """The process's main function: until the window closes its end of the link."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C in a terminal is the window's to answer
    _step_back()
    prepare()
    _Server(link).run()


def _step_back() -> None:
    """The desktop goes first: this process gets what others leave of the processor.  Its threads inherit that."""
    import psutil

    process = psutil.Process()
    with contextlib.suppress(OSError, psutil.Error):  # where it is not allowed, it is worth no word
        windows = sys.platform == "win32"
        process.nice(psutil.BELOW_NORMAL_PRIORITY_CLASS if windows else max(process.nice(), NICE))


class _Server:
    """Does one order after the other."""

    def __init__(self, link: Connection) -> None:
        self._link = link
        self._sending = threading.Lock()
        self._orders: queue.Queue[tuple[int, Order] | None] = queue.Queue()
        self._controls: dict[int, Control] = {}
        self._control = Control()
        """The hand on the order that is being done."""

    def run(self) -> None:
        threading.Thread(target=self._listen, daemon=True).start()
        while (entry := self._orders.get()) is not None:
            number, order = entry
            self._control = self._controls[number]
            try:
                self._answer(number, order)
            except (OSError, EOFError):
                return  # the window is gone
            del self._controls[number]
            rest()

    def _listen(self) -> None:
        """Take orders and commands as they come; at the link's end, stop everything."""
        try:
            while True:
                number, what = self._link.recv()
                if isinstance(what, str):
                    control = self._controls.get(number)
                    if control is not None:
                        {"pause": control.pause, "resume": control.resume, "cancel": control.cancel}[what]()
                else:
                    self._controls[number] = Control()
                    self._orders.put((number, what))
        except (OSError, EOFError):
            for control in list(self._controls.values()):
                control.cancel()
            self._orders.put(None)

    def _send(self, answer: Answer) -> None:
        with self._sending:
            self._link.send(answer)

    def _answer(self, number: int, order: Order) -> None:
        def tell(what: object) -> None:
            self._send(Told(number, what))

        answer: Answer
        try:
            self._check("Stopped before it began.")
            answer = Done(number, self._do(order, tell))
        except UpscalerError as error:
            answer = Refused(number, str(error))
        except Exception as error:  # our own mistake; the window must live on, and say what happened
            answer = Refused(number, f"{type(error).__name__}: {error}")
        self._send(answer)

    def _do(self, order: Order, tell: Tell) -> object:
        match order:
            case PlanOrder():
                plan = self._plan(order.request, order.settings, tell)
                return _outlook(plan)
            case JobOrder():
                from upscaler.jobs import run

                plan = self._plan(order.request, order.settings, tell)
                tell(Loading())
                with awake():
                    return run(plan, tell=tell, control=self._control)
            case PreviewOrder():
                from upscaler.jobs.preview import preview

                models = _models(order.settings)
                models.told_of_download = self._downloading(tell)
                pixels = _pixels(order.path, order.path.stat().st_mtime_ns)
                return preview(pixels, order.region, models, stop=lambda: self._control.stop())
            case DownloadOrder():
                self._download(order, tell)
                return None

    def _plan(self, request: Request, settings: Settings, tell: Tell) -> Plan:
        def told(event: events.Event) -> None:
            self._check("The download was stopped; it goes on from there the next time.")
            tell(event)

        plan = make_plan(request, settings, tell=told)
        self._check("Stopped before anything was begun.")
        rows = [_row(item) for item in plan.items]
        for first in range(0, len(rows), AT_ONCE):
            tell(tuple(rows[first : first + AT_ONCE]))
        return plan

    def _download(self, order: DownloadOrder, tell: Tell) -> None:
        from upscaler.models.catalogue import catalogue
        from upscaler.models.store import weights_store

        store = weights_store(tell=self._downloading(tell))
        for entry in catalogue().rows(order.name):
            if entry.files:
                store.fetch(entry)
        _models.cache_clear()  # what is chosen automatically may be another model now

    def _check(self, sentence: str) -> None:
        if self._control.cancelled:
            raise Cancelled(sentence)

    def _downloading(self, tell: Tell) -> Callable[[str, int, int | None], None]:
        def told(file: str, done: int, total: int | None) -> None:
            self._check("The download was stopped; it goes on from there the next time.")
            tell(events.Downloading(file, done, total))

        return told


@lru_cache(maxsize=4)
def _models(settings: Settings) -> Models:
    """Kept, so that the next look at another place comes at once; as many as are compared with one another."""
    return Models(settings)


@lru_cache(maxsize=1)
def _pixels(path: Path, _changed: int) -> Any:
    from upscaler.media.still import read_picture

    return read_picture(path).pixels


def _row(item: Item) -> PlannedRow:
    assert isinstance(item.source, Path)  # the window reads no standard input
    work = item.work
    return PlannedRow(
        number=item.number,
        source=item.source,
        output=item.output,
        size_in=(work.width, work.height) if work else None,
        size_out=(work.out_width, work.out_height) if work else None,
        film=work is not None and work.kind == "films",
        sentence=item.problem or item.skip or "\n".join(work.warnings if work else ()),
    )


def _outlook(plan: Plan) -> Outlook:
    works = [item.work for item in plan.to_do if item.work is not None]
    sizes = {(w.width, w.height, w.out_width, w.out_height) for w in works}
    films = any(work.kind == "films" for work in works)
    return Outlook(
        files=len(works),
        sizes=sizes.pop() if len(sizes) == 1 else None,
        megapixels_in=None if films else sum(w.width * w.height for w in works) / 1e6,
        megapixels_out=sum(w.out_width * w.out_height for w in works) / 1e6,
        models=tuple(plan.models.names),
        reason=plan.models.reason,
        notes=tuple(plan.notes),
    )
