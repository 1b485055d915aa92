"""One run of a plan: who is told what, what became of each item, and how it can be stopped."""

from __future__ import annotations

import logging
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from upscaler._version import __version__
from upscaler.engine.events import Event as EngineEvent
from upscaler.engine.events import Fallback, TileDone
from upscaler.errors import Cancelled, MediaError, RoomError, UpscalerError
from upscaler.jobs import events
from upscaler.jobs.control import Control
from upscaler.jobs.pipe import Shut
from upscaler.jobs.plan import Plan
from upscaler.jobs.report import ItemReport, Report
from upscaler.jobs.stages import Worked, told
from upscaler.jobs.work import Item
from upscaler.media.files import DiskFull

if TYPE_CHECKING:
    from upscaler.engine.verify import TileCheck

_LOG = logging.getLogger("upscaler")


class Session:
    """Passed to each kind of work.  May be used from several threads."""

    def __init__(
        self, plan: Plan, tell: Callable[[events.Event], None], control: Control, *, verify_tiles: bool = False
    ) -> None:
        self.verify_tiles = verify_tiles
        self.plan = plan
        self.settings = plan.settings
        self.models = plan.models
        self.control = control
        self._tell = tell
        self._lock = threading.Lock()
        self._begun = time.perf_counter()
        self._started: dict[int, float] = {}
        self._worst = 0
        self.report = Report(
            version=__version__,
            settings=msgspec.to_builtins(plan.settings),
            items=[_blank(item) for item in plan.items],
            warnings=list(plan.notes),
        )

    def tell(self, event: events.Event) -> None:
        with self._lock:
            self._tell(event)

    def check(self) -> None:
        """Waits while the job is paused.  Raises Cancelled if it was cancelled."""
        if self.control.stop():
            raise Cancelled("Stopped.")

    def downloading(self, file: str, done: int, total: int | None) -> None:
        """What the store is given as ``tell``: ends a download when the job is cancelled."""
        self.check()
        self.tell(events.Downloading(file, done, total))

    def engine_teller(self, items: Callable[[], list[Item]]) -> Callable[[EngineEvent], None]:
        """What the engine is given as ``tell`` while it works on what ``items`` returns."""

        def tell(event: EngineEvent) -> None:
            concerned = items()
            if isinstance(event, Fallback) and event.picture is not None:
                concerned = concerned[event.picture : event.picture + 1]
            for item in concerned:
                if isinstance(event, TileDone):
                    self.tell(events.Progress(item.number, event.done, event.total))
                else:
                    self.report.items[item.number].fallbacks.append(event.sentence)
                    self.tell(events.Fallback(item.number, event.sentence))

        return tell

    def started(self, item: Item) -> None:
        self._started[item.number] = time.perf_counter()
        self.tell(events.Started(item.number, item.name, item.target))
        for sentence in item.work.warnings if item.work else ():
            self.warned(item, sentence)

    def warned(self, item: Item, sentence: str) -> None:
        self.report.items[item.number].warnings.append(sentence)
        self.tell(events.Warned(item.number, sentence))

    def worked(self, kind: str, worked: Worked) -> None:
        """Notes how long each stage was at work for some inputs of a kind."""
        stages = self.report.stages
        stages[kind] = stages.get(kind, Worked()) + worked

    def tiles_compared(self, item: Item, check: TileCheck) -> None:
        """Notes how far the tiles of a picture are from the whole."""
        self.report.items[item.number].tile_check = msgspec.to_builtins(check)
        equal = "equal" if check.largest == 0 else f"differ by at most {check.largest:.2g} of white from"
        self.warned(item, f"The tiles {equal} the whole picture ({check.psnr:.0f} dB, seams {check.seam:.3f}).")

    def finished(self, item: Item, size: int) -> None:
        """``size``: bytes of the output."""
        row = self.report.items[item.number]
        row.state, row.bytes = "finished", size
        row.seconds = time.perf_counter() - self._started.get(item.number, self._begun)
        self.tell(events.Finished(item.number, item.target, row.seconds))

    def failed(self, item: Item, error: UpscalerError | str) -> None:
        row = self.report.items[item.number]
        row.state, row.sentence = "failed", str(error)
        if isinstance(error, UpscalerError):
            _LOG.debug("%s", error, exc_info=error)
        self._worst = max(self._worst, error.exit_code if isinstance(error, UpscalerError) else 1)
        self.tell(events.Failed(item.number, item.name, str(error)))

    @contextmanager
    def guarded(self, items: Sequence[Item], failing: Callable[[], None] = lambda: None) -> Iterator[None]:
        """What goes wrong in here is the failure of ``items``; the others go on.

        ``failing`` is called before they are reported.  A full disk and ``Cancelled`` end the job: they are raised.
        """
        try:
            yield
            return
        except (Cancelled, Shut):
            raise
        except DiskFull as error:
            full = self.no_room(items[0], error)
            self.failed(items[0], full)
            raise full from error
        except UpscalerError as error:
            told = error
        except MemoryError as error:
            told = RoomError(f"{items[0].name} does not fit into memory; --memory and a smaller --tile may help.")
            told.__cause__ = error
        except Exception as error:
            # Our own mistake; a night's work is not lost to it.
            told = MediaError(f"{items[0].name} could not be enlarged ({type(error).__name__}: {error}).")
            told.__cause__ = error
        failing()
        for item in items:
            self.failed(item, told)

    def no_room(self, item: Item, error: DiskFull) -> DiskFull:
        """The error of a full disk with what the user wants to know: how far it came, and how to go on."""
        folder = item.output.parent if item.output is not None else Path(tempfile.gettempdir())
        needed = item.work.expected_bytes if item.work is not None else 0
        free = shutil.disk_usage(folder).free if folder.exists() else 0
        done = self.report.count("finished")
        return DiskFull(
            f"No room on the disk of {folder}: about {_size(needed)} needed for {item.name}, {_size(free)} free. "
            f"{done} of {len(self.plan.to_do)} are done; the same command goes on from there."
        )

    def skipped(self, item: Item, sentence: str) -> None:
        row = self.report.items[item.number]
        row.state, row.sentence = "skipped", sentence
        self.tell(events.Skipped(item.number, item.name, sentence))

    def completed(self, error: UpscalerError | None) -> Report:
        """The last word; ``error`` is what ended the job early, if anything did."""
        report = self.report
        if isinstance(error, Cancelled):
            done = f"{report.count('finished')} of {len(self.plan.to_do)} are done"
            error = Cancelled(f"Stopped: {done}, nothing is half done, and the same command goes on from there.")
        report.engines = self.models.engines
        if self.control.was_paused or not report.count("finished"):
            report.stages = {}  # waiting for the user is nobody's work, and failures tell nothing of speed
        report.bounds = [told(kind, worked) for kind, worked in report.stages.items()]
        report.seconds = time.perf_counter() - self._begun
        report.exit_code = error.exit_code if error else self._worst
        report.error = str(error) if error else ""
        counts = (report.count("finished"), report.count("failed"), report.count("skipped"))
        self.tell(events.Completed(*counts, report.seconds, report.exit_code))
        return report


def _size(count: int) -> str:
    return f"{count / 1e9:.1f} GB" if count >= 1e8 else f"{count / 1e6:.1f} MB"


def _blank(item: Item) -> ItemReport:
    work = item.work
    if work is None:
        return ItemReport(source=item.name, output="")
    return ItemReport(
        source=item.name,
        output=item.target,
        kind=work.kind,
        width=work.width,
        height=work.height,
        out_width=work.out_width,
        out_height=work.out_height,
        models=[f"{step.model} x{step.scale:g}" for step in work.recipe.steps],
    )
