"""The process that enlarges.  It alone imports torch, so the window never waits for an import or an interpreter lock.

The window sends orders; the process answers each with any number of ``Told`` and exactly one ``Done`` or ``Refused``.
It does one order at a time, in the order in which they came, and hears of pauses and cancellations at once.
"""

from __future__ import annotations

import queue
import signal
import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Literal

from upscaler.errors import Cancelled, UpscalerError
from upscaler.jobs.control import Control
from upscaler.jobs.plan import Request, make_plan
from upscaler.jobs.settings import Settings

Region = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class JobOrder:
    """Plan and run a job.  Told: the plan's items, then events; done: the report."""

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
    """Fetch the weights of a model.  Told: ``Downloading``; done: None."""

    name: str
    scale: float | None


Order = JobOrder | PreviewOrder | DownloadOrder


@dataclass(frozen=True, slots=True)
class Downloading:
    """Of a file, ``total`` bytes in all (None: unknown), ``done`` are here."""

    name: str
    done: int
    total: int | None


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
    orders: queue.Queue[tuple[int, Order] | None] = queue.Queue()
    controls: dict[int, Control] = {}
    threading.Thread(target=_listen, args=(link, orders, controls), daemon=True).start()
    sending = threading.Lock()

    def send(answer: Answer) -> None:
        with sending:
            link.send(answer)

    while (entry := orders.get()) is not None:
        number, order = entry
        try:
            _answer(number, order, controls[number], send)
        except (OSError, EOFError):
            return  # the window is gone
        del controls[number]


def _listen(link: Connection, orders: queue.Queue[Any], controls: dict[int, Control]) -> None:
    """Take orders and commands as they come; at the link's end, stop everything."""
    try:
        while True:
            number, what = link.recv()
            if isinstance(what, str):
                control = controls.get(number)
                if control is not None:
                    {"pause": control.pause, "resume": control.resume, "cancel": control.cancel}[what]()
            else:
                controls[number] = Control()
                orders.put((number, what))
    except (OSError, EOFError):
        for control in list(controls.values()):
            control.cancel()
        orders.put(None)


def _answer(number: int, order: Order, control: Control, send: Callable[[Answer], None]) -> None:
    def tell(what: object) -> None:
        send(Told(number, what))

    answer: Answer
    try:
        if control.cancelled:
            raise Cancelled("Stopped before it began.")
        match order:
            case JobOrder():
                result: object = _run_job(order, control, tell)
            case PreviewOrder():
                result = _make_preview(order, control)
            case DownloadOrder():
                result = _download(order, control, tell)
        answer = Done(number, result)
    except UpscalerError as error:
        answer = Refused(number, str(error))
    except Exception as error:  # our own mistake; the window must live on, and say what happened
        answer = Refused(number, f"{type(error).__name__}: {error}")
    send(answer)


def _run_job(order: JobOrder, control: Control, tell: Tell) -> object:
    from upscaler.jobs import run

    plan = make_plan(order.request, order.settings)
    plan.models.told_of_download = _downloading(control, tell)
    tell(plan.items)
    return run(plan, tell=tell, control=control)


def _make_preview(order: PreviewOrder, control: Control) -> object:
    from upscaler.jobs.preview import preview
    from upscaler.jobs.recipes import Models

    pixels = _pixels(order.path, order.path.stat().st_mtime_ns)
    return preview(pixels, order.region, Models(order.settings), stop=control.stop)


@lru_cache(maxsize=1)
def _pixels(path: Path, _changed: int) -> Any:
    from upscaler.media.still import read_picture

    return read_picture(path).pixels


def _download(order: DownloadOrder, control: Control, tell: Tell) -> None:
    from upscaler.models.catalogue import catalogue
    from upscaler.models.store import weights_store

    weights_store(tell=_downloading(control, tell)).fetch(catalogue().find(order.name, order.scale))


def _downloading(control: Control, tell: Tell) -> Callable[[str, int, int | None], None]:
    def told(name: str, done: int, total: int | None) -> None:
        if control.cancelled:
            raise Cancelled("The download was stopped; it goes on from there the next time.")
        tell(Downloading(name, done, total))

    return told
